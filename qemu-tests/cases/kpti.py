# SPDX-License-Identifier: GPL-2.0
"""Page tables of the user's own (KPTI), with PCIDs and without, and programs with a GS base of their own: exits,
halts, breakpoints in the entry code and in a program, steps over the switch of CR3."""

import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 240

# From the entry of a system call to the C code: over SWAPGS and the switch of CR3.
ENTRY = r'''
gdb.execute('set trust-readonly-sections off')
gdb.execute('break entry_SYSCALL_64')
gdb.execute('continue', to_string=True)
gdb.execute('delete')
code, gs = [], []
for _ in range(80):
    insn = gdb.selected_frame().architecture().disassemble(int(gdb.parse_and_eval('(unsigned long)$pc')))[0]['asm']
    code.append(insn)
    gs.append(int(gdb.parse_and_eval('(unsigned long)$gs_base')))
    gdb.execute('stepi', to_string=True)
    if gdb.selected_frame().name() == 'do_syscall_64':
        break
result = [code, gs, gdb.selected_frame().name()]
'''


def entry(vm, pti):
    work = vm.background('syscalls 2000', timeout=100)
    code, gs, function = vm.gdb_python(ENTRY)
    equal(function, 'do_syscall_64', f'where the steps lead: {code}')
    equal(len(set(gs)), 2, f'GS bases on the way: {[hex(base) for base in gs]}')
    equal(any(re.search(r'mov +%r..,%cr3', insn) for insn in code), pti, f'a step over a load of CR3: {code}')
    equal(work.wait()[1], 0, 'status of the program that was stepped')


def with_breakpoints(vm):
    """They are hit all the time, and the programs do not notice."""
    work = vm.background('usergs 4', timeout=100)
    session = vm.gdb_session()
    session.run('break *entry_SYSCALL_64 if 0')
    session.run('break *asm_exc_int3 if 0')
    session.run('break __x64_sys_getppid if 0')
    for _ in range(5):
        session.begin('continue')
        until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
        # It says so before it has planted anything, and may lose a SIGINT that it gets meanwhile.
        vm.sh('true')
        session.interrupt()
        match(session.finish(), 'SIGINT', 'Ctrl-C')
    session.run('delete')
    session.quit()
    output, status = work.wait()
    match(output, 'usergs: right', 'the programs')
    print(output.strip())


def machine(append, pti, pcid):
    vm = VM(cpus=2, append=append)
    equal('PTI' in vm.sh('cat /sys/devices/system/cpu/vulnerabilities/meltdown'), pti, f'{append}: KPTI is live')
    equal(' pcid' in vm.sh('grep -m 1 ^flags /proc/cpuinfo'), pcid, f'{append}: PCIDs are live')
    match(vm.sh('usergs 1'), 'usergs: right', 'the programs')
    entry(vm, pti)
    with_breakpoints(vm)
    vm.sh('forker 20; pfcheck 20; syscalls 1000')
    vm.dmesg_clean()
    vm.down()


machine('pti=on', True, True)
machine('pti=on nopcid', True, False)
