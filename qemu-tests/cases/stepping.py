# SPDX-License-Identifier: GPL-2.0
"""Single steps: each is one instruction, goes where the disassembly says, and never enters an interrupt handler.

From a system call's entry through the kernel and back to user mode, with both CPUs' timers running; then over the
instructions that debuggers get wrong, in a program that checks its own results; then over `sti; hlt` of the idle loop.
"""

from lib import guest
from lib.case import VM, check, equal, match

TIME_LIMIT = 240
STEPS = 2000

# What each step's instruction allows: pc -> the addresses that may follow. Decoded once an address.
FOLLOW = r'''
import re

decoded = {}

def reg(name):
    return int(gdb.parse_and_eval('(unsigned long)$' + name))

def word(address):
    return int(gdb.parse_and_eval(f'*(unsigned long *){address}'))

def decode(pc):
    if pc not in decoded:
        insn = gdb.selected_frame().architecture().disassemble(pc)[0]
        decoded[pc] = (re.sub(r'^(ds|cs|bnd|notrack) ', '', insn['asm']), insn['length'])
    return decoded[pc]

def followers(pc, text, length):
    """The addresses that may come next, or None where only the CPU knows (indirect jumps, iret)."""
    name = text.split()[0]
    target = re.search(r'^\S+\s+(0x[0-9a-f]+)', text)
    if name.startswith(('ret',)):
        return {word(reg('rsp'))}
    if name == 'syscall':
        return {int(gdb.parse_and_eval('(unsigned long)&entry_SYSCALL_64'))}
    if name.startswith(('iret', 'sysret')):
        return {reg('rcx')} if name.startswith('sysret') else None
    if name in ('call', 'callq', 'jmp', 'jmpq'):
        return {int(target.group(1), 16)} if target and '*' not in text else None
    if name.startswith(('j', 'loop')):
        return {int(target.group(1), 16), pc + length}
    if name.startswith('rep'):
        return {pc, pc + length}
    return {pc + length}

def symbol(pc):
    return gdb.execute(f'info symbol {pc}', to_string=True).split()[0]
'''

KERNEL = FOLLOW + r'''
gdb.execute('set trust-readonly-sections off')
gdb.execute('break entry_SYSCALL_64')
gdb.execute('continue', to_string=True)
gdb.execute('delete')
wrong, interrupts, faults, users = [], [], 0, 0
for _ in range(STEPS):
    pc = reg('pc')
    text, length = decode(pc)
    allowed = followers(pc, text, length)
    gdb.execute('stepi', to_string=True)
    now = reg('pc')
    users += now < 1 << 47
    if allowed is None or now in allowed:
        continue
    where = symbol(now)
    if 'asm_exc_page_fault' in where:
        faults += 1
    elif re.search('asm_sysvec|asm_common_interrupt|irq_entries', where):
        interrupts.append(f'{pc:#x} {text} -> {where}')
    else:
        wrong.append(f'{pc:#x} {text} -> {now:#x} {where}')
result = [wrong, interrupts, faults, users]
'''.replace('STEPS', str(STEPS))


def script(vm, code, command):
    """Runs Python in gdb, and in the guest the command that it waits for."""
    session = vm.gdb_session()
    session.begin_python(code)
    work = vm.background(command, timeout=200)
    result = session.finish_python(200)
    session.quit()
    return work, result


def through_the_kernel(vm):
    work, (wrong, interrupts, faults, users) = script(vm, KERNEL, 'syscalls 20000 0')
    check(not wrong, 'steps that went where the instruction does not lead:', *wrong)
    check(not interrupts, 'steps that entered an interrupt handler:', *interrupts)
    equal(work.wait()[1], 0, 'status of the program that was stepped')
    print(f'{STEPS} steps in the kernel, {users} of them in user mode, {faults} page faults')


# Steps from one label of steptest to another; a trap or a system call is left by a breakpoint behind it.
ODD = FOLLOW + r'''
begin, syscall, end = LABELS
gdb.execute(f'break __x64_sys_getpid if ((struct pt_regs *)$rdi)->ip == {syscall + 2}')
gdb.execute('continue', to_string=True)
gdb.execute('delete')
gdb.execute(f'tbreak *{begin}')
gdb.execute('continue', to_string=True)
wrong, seen, entered = [], [], []
while reg('pc') != end and len(seen) < 200:
    pc = reg('pc')
    text, length = decode(pc)
    allowed = followers(pc, text, length)
    name = text.split()[0]
    seen.append(name)
    gdb.execute('stepi', to_string=True)
    now = reg('pc')
    if name in ('int3', 'syscall'):
        entered.append(symbol(now))
        gdb.execute(f'tbreak *{pc + length}')
        gdb.execute('continue', to_string=True)
    elif now not in allowed:
        wrong.append(f'{pc:#x} {text} -> {now:#x}')
result = [wrong, seen, entered]
'''


def over_odd_instructions(vm):
    labels = guest.labels('steptest')
    code = ODD.replace('LABELS', repr([labels[name] for name in ('step_begin', 'step_syscall', 'step_end')]))
    work, (wrong, seen, entered) = script(vm, code, 'steptest 2')
    check(not wrong, 'steps that went wrong:', *wrong)
    equal(entered, ['asm_exc_int3', 'entry_SYSCALL_64'], 'what int3 and syscall led to')
    for name, count in (('pushf', 2), ('popf', 1), ('cpuid', 1), ('int3', 1), ('syscall', 1), ('rep', 24), ('loop', 10)):
        equal(seen.count(name), count, f'steps over {name}')
    match(work.wait()[0], 'steptest: right', 'the program noticed the debugger')


IDLE = FOLLOW + r'''
gdb.execute('break *default_idle')
gdb.execute('continue', to_string=True)
gdb.execute('delete')
wrong, seen, flags = [], [], {}
while len(seen) < 30:
    pc = reg('pc')
    text, length = decode(pc)
    allowed = followers(pc, text, length)
    seen.append(text.split()[0])
    gdb.execute('stepi', to_string=True)
    flags[seen[-1]] = bool(int(gdb.parse_and_eval('(unsigned)$eflags')) & 0x200)
    if allowed and reg('pc') not in allowed:
        wrong.append(f'{pc:#x} {text} -> {reg("pc"):#x}')
result = [wrong, seen, flags]
'''


def over_hlt():
    vm = VM(cpus=2, append='idle=halt')
    wrong, seen, flags = vm.gdb_python(IDLE)
    check(not wrong, 'steps that went wrong:', *wrong)
    equal(seen[seen.index('sti'):][:3], ['sti', 'hlt', 'ret'], 'the steps from sti on')
    check(flags['sti'] and not flags['cli'], 'sti or cli had no effect', flags)
    vm.dmesg_clean()
    vm.down()


vm = VM(cpus=2)
over_odd_instructions(vm)
through_the_kernel(vm)
vm.dmesg_clean()
vm.down()
over_hlt()
