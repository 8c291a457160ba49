# SPDX-License-Identifier: GPL-2.0
"""For gdb on the developer's machine: settings that make a serial line quick, and the `hv` commands.

    (gdb) source /usr/share/hvgdb/hvgdb.py        (or a line in ~/.gdbinit)
    (gdb) help hv

Works with stock gdb 12 and later. hvgdb itself needs nothing of this: it is for comfort and speed. What each setting
does is in docs/gdbinit.md; the one to remember is that the first shows the code in the file, not in memory.
"""

import os
import re

import gdb

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


def settle():
    """After `target remote`: the kernel's half of the address space may be cached."""
    regions = gdb.execute('info mem', to_string=True)
    if f'{KERNEL_HALF:#x}' not in regions:
        gdb.execute(f'mem {KERNEL_HALF:#x} 0 rw cache', to_string=True)


for setting in SETTINGS:
    gdb.execute(setting)
for kind in ('remote', 'extended-remote'):
    # Through a function: gdb runs the hook also for `gdb -ex "target remote ..."`.
    gdb.execute(f'define target hookpost-{kind}\npython hv_settle()\nend')
hv_settle = settle


# Per-CPU variables


def percpu_address(symbol, cpu):
    where = address(symbol)
    start = address('__per_cpu_start')
    if start < KERNEL_IMAGE:
        # Linked at 0, but gdb moved it with the rest by what KASLR chose.
        where -= start
    return (int(gdb.parse_and_eval(f'__per_cpu_offset[{cpu}]')) + where) & (1 << 64) - 1


def percpu_value(symbol, cpu):
    kind = gdb.parse_and_eval(symbol).type
    return gdb.Value(percpu_address(symbol, cpu)).cast(kind.pointer()).dereference()


def selected_cpu():
    thread = gdb.selected_thread()
    if thread is None:
        raise gdb.GdbError('Nothing is attached.')
    return thread.ptid[1] - 1 if thread.ptid[1] else thread.num - 1


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
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
            cpu = thread.num - 1
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
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
            task = current_task(thread.num - 1)
            print(f'CPU {thread.num - 1}: pid {int(task["tgid"])} tid {int(task["pid"])} {task["comm"].string()} '
                  f'({int(task):#x})')


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


HvCommand()
PercpuFunction()
PercpuCommand()
CurrentCommand()
ModulesCommand()
SymbolsCommand()
