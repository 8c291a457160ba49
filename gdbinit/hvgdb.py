# SPDX-License-Identifier: GPL-2.0
"""For gdb on the developer's machine: settings that make a serial line quick, and the `hv` commands.

    (gdb) source /usr/share/hvgdb/hvgdb.py        (or a line in ~/.gdbinit)
    (gdb) help hv

Works with stock gdb 12 and later. hvgdb itself needs nothing of this: it is for comfort and speed. What each setting
does is in docs/gdbinit.md; the one to remember is that the first shows the code in the file, not in memory.
"""

import os
import re
import sys
import types

import gdb
import gdb.FrameDecorator
import gdb.unwinder

KERNEL_HALF = 0xffff800000000000
# Kernels before 6.15 link per-CPU variables at 0, far from everything else.
KERNEL_IMAGE = 0xffffffff80000000

SETTINGS = [
    # Code and constants come from vmlinux instead of the line: no code reads at each stop.
    'set trust-readonly-sections on',
    # Memory comes in larger pieces, and stays cached until the guest runs again.
    'set dcache line-size 256',
    'set dcache size 4096',
    # Files are here, not on the target: no question about that, and no warning.
    'set sysroot /',
    # A halt that takes long (a CPU that does not answer) is no lost line.
    'set remotetimeout 10',
    'set tcp connect-timeout 30',
]


def address(symbol):
    """Where gdb believes a symbol to be."""
    return int(gdb.parse_and_eval(f'(unsigned long)&{symbol}'))


for setting in SETTINGS:
    gdb.execute(setting)
# Only what lies in such a region is cached. It may be said before the target is there. The user half stays as it is, for
# there are devices that programs map; but gdb would not touch it at all without the first line.
gdb.execute('set mem inaccessible-by-default off')
if f'{KERNEL_HALF:#x}' not in gdb.execute('info mem', to_string=True):
    gdb.execute(f'mem {KERNEL_HALF:#x} 0 rw cache', to_string=True)


# Per-CPU variables


def unsigned(value):
    return int(value) & (1 << 64) - 1


def percpu_address(symbol, cpu):
    where = address(symbol)
    start = address('__per_cpu_start')
    if start < KERNEL_IMAGE:
        # Linked at 0, but gdb moved it with the rest by what KASLR chose.
        where -= start
    return unsigned(gdb.parse_and_eval(f'__per_cpu_offset[{cpu}]') + where)


def percpu_value(symbol, cpu):
    kind = gdb.parse_and_eval(symbol).type
    return gdb.Value(percpu_address(symbol, cpu)).cast(kind.pointer()).dereference()


def cpu_of(thread):
    # Not gdb's own number: it does not count CPUs that are offline.
    return thread.ptid[1] - 1


def selected_cpu():
    thread = gdb.selected_thread()
    if thread is None:
        raise gdb.GdbError('Nothing is attached.')
    return cpu_of(thread)


def all_cpus():
    return sorted(cpu_of(thread) for thread in gdb.selected_inferior().threads())


class PercpuFunction(gdb.Function):
    """$hv_percpu(NAME [, CPU]): a per-CPU variable of the kernel; without CPU that of the selected thread.

    print $hv_percpu("current_task")->comm
    print $hv_percpu("cpu_number", 1)"""

    def __init__(self):
        super().__init__('hv_percpu')

    def invoke(self, name, cpu=None):
        return percpu_value(name.string(), selected_cpu() if cpu is None else int(cpu))


# Commands


class HvCommand(gdb.Command):
    """Commands for a kernel below which hvgdb runs."""

    def __init__(self):
        super().__init__('hv', gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class PercpuCommand(gdb.Command):
    """hv percpu NAME: prints a per-CPU variable of every CPU."""

    def __init__(self):
        super().__init__('hv percpu', gdb.COMMAND_DATA, gdb.COMPLETE_SYMBOL)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError('Which variable? hv percpu NAME')
        for cpu in all_cpus():
            print(f'CPU {cpu}: {percpu_address(argument, cpu):#x} {percpu_value(argument, cpu).format_string(summary=False)}')


def current_task(cpu):
    # Since 6.2 the task is a member of a larger per-CPU structure.
    try:
        return percpu_value('current_task', cpu)
    except gdb.error:
        return percpu_value('pcpu_hot', cpu)['current_task']


class CurrentCommand(gdb.Command):
    """hv current: which task each CPU runs."""

    def __init__(self):
        super().__init__('hv current', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for cpu in all_cpus():
            task = current_task(cpu)
            print(f'CPU {cpu}: pid {int(task["tgid"])} tid {int(task["pid"])} {task["comm"].string()} ({int(task):#x})')


# Modules


def modules():
    """(name, {section: address}) of each loaded module."""
    kind = gdb.lookup_type('struct module')
    offset = next(field.bitpos // 8 for field in kind.fields() if field.name == 'list')
    head = gdb.parse_and_eval('modules')
    link = head['next']
    while int(link) != int(head.address):
        module = gdb.Value(int(link) - offset).cast(kind.pointer()).dereference()
        yield module['name'].string(), sections(module)
        link = link.dereference()['next']


def sections(module):
    table = module['sect_attrs'].dereference()
    found = {}
    for number in range(int(table['nsections'])):
        row = table['attrs'][number]
        found[row['battr']['attr']['name'].string()] = int(row['address'])
    return found


def module_files(folders):
    """{name: path} of the module files in these folders; the first one wins."""
    found = {}
    for folder in folders:
        if os.path.isfile(folder):
            found.setdefault(re.sub(r'\.ko.*', '', os.path.basename(folder)).replace('-', '_'), folder)
        for where, _, names in os.walk(os.path.expanduser(folder)):
            for name in names:
                if re.search(r'\.ko(\.debug)?$', name):
                    found.setdefault(re.sub(r'\.ko.*', '', name).replace('-', '_'), os.path.join(where, name))
    return found


class ModulesCommand(gdb.Command):
    """hv modules: the loaded modules and where their code is."""

    def __init__(self):
        super().__init__('hv modules', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for name, where in modules():
            print(f'{where.get(".text", 0):#018x} {name}')


class SymbolsCommand(gdb.Command):
    """hv symbols FOLDER|FILE.ko...: loads the symbols of the modules whose .ko files are found there.

    Needs the modules that run, uncompressed and with debugging information."""

    def __init__(self):
        super().__init__('hv symbols', gdb.COMMAND_DATA, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        folders = gdb.string_to_argv(argument)
        if not folders:
            raise gdb.GdbError('Where are the .ko files? hv symbols FOLDER|FILE.ko...')
        files = module_files(folders)
        for name, where in modules():
            if name not in files:
                continue
            words = [f'-s {section} {at:#x}' for section, at in where.items()
                     if re.match(r'\.(text|data|rodata|bss|init\.text|exit\.text)$', section) and section != '.text']
            gdb.execute(f'add-symbol-file "{files[name]}" {where.get(".text", 0):#x} {" ".join(words)}', to_string=True)
            print(f'{name}: {files[name]}')


# Rules with scripts from files: root can read none.


SCRIPT_FILE = re.compile(r'(?<![^\s}])script\s*\{\s*file:\s*([^}]*?)\s*\}')
INCLUDE = re.compile(r'^[ \t]*#include[ \t]*"([^"\n]+)".*\n?', re.M)
INCLUDES = 8
# What a packet holds.
RULE_LENGTH = 8191


def script_text(path, depth=0):
    """A script with what it includes, from the folder of the file that says so."""
    if depth > INCLUDES:
        raise gdb.GdbError(f'{path}: more than {INCLUDES} files include each other.')
    try:
        with open(os.path.expanduser(path), encoding='utf-8', errors='surrogateescape') as file:
            text = file.read()
    except OSError as problem:
        raise gdb.GdbError(f'{path}: {problem.strerror}.') from None
    folder = os.path.dirname(path)
    text += '' if text.endswith('\n') else '\n'
    return INCLUDE.sub(lambda found: script_text(os.path.join(folder, found.group(1)), depth + 1), text)


def with_scripts(line):
    """The line with the text of each `script { file:... }` in its place."""
    return SCRIPT_FILE.sub(lambda found: f'script {{{script_text(found.group(1))}}}', line)


def monitor(line):
    """What hvgdb answers to `monitor LINE`; the line may have line ends in it, which gdb's own command cannot send."""
    data = line.encode('utf-8', 'surrogateescape')
    if len(data) > RULE_LENGTH:
        raise gdb.GdbError(f'The line is longer than {RULE_LENGTH} characters.')
    connection = gdb.selected_inferior().connection
    if not hasattr(connection, 'send_packet'):
        # gdb before 12: in one line, so a comment to the end of its line has to go.
        return gdb.execute('monitor ' + re.sub(r'("(?:\\.|[^"\\\n])*")|//[^\n]*', r'\1', line).replace('\n', ' '), to_string=True)
    reply = connection.send_packet(b'qRcmd,' + data.hex().encode())
    return '' if reply == b'OK' else bytes.fromhex(reply.decode()).decode('utf-8', 'replace')


class RuleCommand(gdb.Command):
    """hv rule LINE: the same as `monitor LINE`, but `script { file:PATH }` in it takes the script from a file here.

    hv rule !exception pf script { file:faults.hvs }"""

    def __init__(self):
        super().__init__('hv rule', gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError('Which rule? hv rule !exception pf script { file:PATH }')
        print(monitor(with_scripts(argument)), end='')


# Events: gdb shows no more of a stop than its signal, and scripts cannot add to gdb.events.


NUMBERS = ['vector', 'error', 'address', 'context', 'rip', 'cpl', 'cpu', 'pid', 'tid', 'reg', 'real', 'gpr', 'value']
EXCEPTIONS = ['#DE', '#DB', 'NMI', '#BP', '#OF', '#BR', '#UD', '#NM', '#DF', None, '#TS', '#NP', '#SS', '#GP', '#PF', None,
              '#MF', '#AC', '#MC', '#XM', '#VE', '#CP']
GPRS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', *(f'r{number}' for number in range(8, 16))]


class Event:
    """One event that a rule stopped at: attributes kind ('exception', 'interrupt', 'dr'), stage ('pre', 'post'), comm, rules
    (a list of ids), and numbers: vector, error, address, context, rip, cpl, cpu, pid, tid, reg, gpr, value, access ('r', 'w').
    What this kind of event does not have is None."""

    def __init__(self, fields):
        self.kind, self.stage, self.access = fields['kind'], fields['stage'], fields.get('access')
        for name in NUMBERS:
            setattr(self, name, int(fields[name], 16) if name in fields else None)
        self.comm = bytes.fromhex(fields.get('comm', '')).decode(errors='replace')
        self.rules = [int(word, 16) for word in fields.get('rules', '').split(',') if word.strip()]

    def what(self):
        if self.kind == 'interrupt':
            return f'external interrupt {self.vector:#x}'
        if self.kind == 'dr':
            direction = f'from DR{self.reg} to {GPRS[self.gpr]}' if self.access == 'r' else f'to DR{self.reg} from {GPRS[self.gpr]}'
            return f'MOV {direction}' + (f', value {self.value:#x}' if self.value is not None else '')
        name = EXCEPTIONS[self.vector] if self.vector < len(EXCEPTIONS) else None
        text = name or f'exception {self.vector:#x}'
        if self.vector == 14:
            cause = [word for bit, word in ((1, 'present'), (2, 'write'), (4, 'user'), (16, 'fetch')) if self.error & bit]
            return f'{text} at {self.address:#x} ({", ".join(cause) or "kernel read, not present"})'
        return text + (f', error code {self.error:#x}' if self.error is not None else '')

    def __str__(self):
        rules = f', rule {", ".join(f"{number:#x}" for number in self.rules)}' if self.rules else ''
        return f'{self.what()} in {self.comm} (pid {self.pid}) on CPU {self.cpu}, ring {self.cpl}, rip {self.rip:#x}, stage {self.stage}{rules}'


class EventRegistry:
    """Like those of gdb.events: connect(function) has it called with an Event at each stop for one; disconnect(function)."""

    def __init__(self):
        self.functions = []

    def connect(self, function):
        self.functions.append(function)

    def disconnect(self, function):
        self.functions.remove(function)

    def tell(self, event):
        for function in list(self.functions):
            function(event)


def query(packet):
    """The target's answer to a packet of hvgdb's own; None if it knows nothing of it."""
    connection = gdb.selected_inferior().connection
    if not hasattr(connection, 'send_packet'):
        return None
    answer = connection.send_packet(packet).decode(errors='replace')
    return None if not answer or re.fullmatch(r'E[0-9a-f]{2}|E\..*', answer) else answer


def held_event(thread=None):
    """The event that a thread's CPU holds, None if there is none."""
    thread = thread or gdb.selected_thread()
    answer = query(f'qHvgdb.Event:{thread.ptid[1]:x}') if thread else None
    if not answer or answer == 'none':
        return None
    return Event(dict(field.split(':', 1) for field in answer.split(';') if field))


def set_variables(event):
    """$_hv_vector and its siblings; void where this stop has none."""
    values = {name: getattr(event, name, None) for name in [*NUMBERS, 'kind', 'stage', 'access', 'comm']}
    for name, value in values.items():
        if isinstance(value, int):
            value = gdb.Value(value).cast(gdb.lookup_type('unsigned long'))
        gdb.set_convenience_variable(f'_hv_{name}', value)
    gdb.set_convenience_variable('_hv', str(event) if event else None)


def may_be_event(stop):
    """Whether it is worth a question to the target."""
    if isinstance(stop, gdb.BreakpointEvent):
        # A watchpoint may be on the event page.
        return any(kept.type in (gdb.BP_ACCESS_WATCHPOINT, gdb.BP_READ_WATCHPOINT) for kept in stop.breakpoints)
    if isinstance(stop, gdb.SignalEvent):
        return stop.stop_signal != 'SIGINT'
    # Without a signal: a step, or an event that is suppressed or on its way.
    return 'after being stepped' not in gdb.execute('info program', to_string=True)


def on_stop(stop):
    event = held_event() if may_be_event(stop) else None
    set_variables(event)
    if event:
        print(f'{event}')
        events.tell(event)


# hvgdb.events in scripts that `import hvgdb`, plain `events` in the interpreter that sourced this file.
events = EventRegistry()
gdb.events.stop.connect(on_stop)
sys.modules.setdefault('hvgdb', sys.modules[__name__] if __name__ != '__main__' else types.SimpleNamespace())
if __name__ == '__main__':
    hvgdb = sys.modules['hvgdb']
    hvgdb.events, hvgdb.held_event, hvgdb.Event = events, held_event, Event


# Backtraces: the kernel's entry code has no unwind information for gdb. Without what follows, a backtrace ends in
# words of the stack that are no return addresses, or where an interrupt changed to a stack of its own.


ENTRIES = re.compile(r'entry_SYSCALL_64|asm_(exc|sysvec)_\w+|asm_common_interrupt|asm_spurious_interrupt|ret_from_fork')
PT_REGS = ['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8', 'rax', 'rcx', 'rdx', 'rsi', 'rdi', None,
           'rip', 'cs', 'eflags', 'rsp', 'ss']
PAGE = 1 << 12
# How far above its own stack pointer a handler's return to the entry code may be.
SEARCH = 48


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


def words(where, count):
    """That many words of the stack."""
    kind = gdb.lookup_type('unsigned long').array(count - 1).pointer()
    return where.cast(kind).dereference()


def array(value):
    """The elements of a gdb.Value that is one."""
    return [value[number] for number in range(value.type.range()[1] + 1)]


def is_entry(pc):
    return pc >= KERNEL_IMAGE and ENTRIES.fullmatch(gdb.execute(f'info symbol {pc - 1:#x}', to_string=True).split(' ')[0])


class EntryUnwinder(gdb.unwinder.Unwinder):
    """From entry code to what it interrupted, through the struct pt_regs that is on top of the stack then."""

    def __init__(self):
        super().__init__('hvgdb')

    def __call__(self, pending):
        # The innermost frame may be anywhere in the entry code; in a caller all is in its place.
        if pending.level() == 0:
            return None
        sp, pc = pending.read_register('rsp'), pending.read_register('rip')
        if is_entry(unsigned(pc)):
            return self.leave_kernel(pending, sp, pc)
        if unsigned(sp) % PAGE == PAGE - 8:
            return self.leave_irq_stack(pending, sp, pc)
        return None

    def leave_kernel(self, pending, sp, pc):
        regs = words(sp, len(PT_REGS))
        info = pending.create_unwind_info(FrameId(sp, pc))
        for number, name in enumerate(PT_REGS):
            if name:
                info.add_saved_register(name, regs[number].cast(pending.read_register(name).type))
        return info

    def leave_irq_stack(self, pending, sp, pc):
        """The first word of that stack says where the other one ended; somewhere above is the return to the entry."""
        old = words(sp, 1)[0]
        if int(old) < KERNEL_HALF or int(old) % 8:
            return None
        try:
            found = [int(word) for word in array(words(old, SEARCH))]
        except gdb.MemoryError:
            # Less than that is left up to the end of the stack, or this is no such place.
            return None
        for number, word in enumerate(found):
            if is_entry(word):
                info = pending.create_unwind_info(FrameId(old.cast(sp.type), pc))
                info.add_saved_register('rip', gdb.Value(word).cast(pc.type))
                info.add_saved_register('rsp', (old + 8 * (number + 1)).cast(sp.type))
                return info
        return None


class Nameless(gdb.FrameDecorator.FrameDecorator):
    """A frame for which there is no symbol, shown as gdb does."""

    def function(self):
        return '??'


class KernelFilter:
    """`backtrace` ends with the address in the process: its stack is no business of the kernel's symbols."""

    def __init__(self):
        self.name = 'hvgdb'
        self.priority = 10
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        from_kernel = False
        for frame in frames:
            pc = frame.inferior_frame().pc()
            if pc:
                yield frame if frame.inferior_frame().name() else Nameless(frame)
            if pc < KERNEL_HALF and from_kernel:
                return
            from_kernel = pc >= KERNEL_HALF


gdb.unwinder.register_unwinder(None, EntryUnwinder(), True)
KernelFilter()

HvCommand()
PercpuFunction()
PercpuCommand()
CurrentCommand()
ModulesCommand()
SymbolsCommand()
RuleCommand()

# Outputs of rules on this machine.
gdb.execute('source ' + os.path.join(os.path.dirname(os.path.realpath(__file__)), 'hvgdb_output.py'))
