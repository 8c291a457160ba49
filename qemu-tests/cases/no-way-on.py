# SPDX-License-Identifier: GPL-2.0
"""Where the guest cannot go on: an exit that hvgdb does not know dumps the VMCS and stops; a triple fault stops too.

The unknown exit is an INIT that gdb has one CPU send to the other; the triple fault comes of interrupt gates that gdb
takes away.
"""

import re

from lib.case import VM, check, match, until

NO_GATES = [f'set var *(unsigned long *)((char *)&idt_table + 16 * {vector}) = 0' for vector in (8, 11, 13, 14)]


def unknown_exit():
    vm = VM(cpus=2)
    session = vm.gdb_session()
    text = session.run('call (void)native_apic_icr_write(0x4500, 1)')
    if 'not known' not in text:
        # The call returned in the same moment, and its own stop was told first.
        text += session.run('continue')
    match(text, r'this exit is not known', 'the sentence')
    match(text, r'^INIT_SIGNAL 0x3', 'the name of the exit')
    for field in ('GUEST_RIP', 'GUEST_CR3', 'HOST_RIP', 'EXCEPTION_BITMAP', 'EXIT_QUALIFICATION'):
        match(text, fr'^{field} 0x[0-9a-f]+$', 'a field of the VMCS')
    check('CPU 1' in session.run('info threads'), 'gdb cannot look around')
    for command in ('continue', 'stepi'):
        text = session.run(command)
        check('cannot go on' in text and 'SIGABRT' in text, f'{command} after an unknown exit', text)
    vm.down()


def in_the_kernel(vm, rule):
    """gdb at a system call. With a rule on all exceptions each exits and is given back, so it is root that combines
    those that meet."""
    session = vm.gdb_session()
    session.run('break __x64_sys_sched_get_priority_max')
    session.begin('continue')
    vm.background('syscalls 1', timeout=30)
    match(session.finish(), 'Breakpoint 1, ', 'the stop in the kernel')
    session.run('delete')
    if rule:
        match(session.run('monitor !exception pid 1'), 'rule 0x1', 'the rule')
    return session


def double_fault(rule):
    """The stack is gone: a page fault, and another in its delivery. The kernel has a stack for that, and panics."""
    vm = VM(cpus=1)
    session = in_the_kernel(vm, rule)
    session.run('set $rsp = 0xffffc8ffffff0000')
    session.begin('continue')
    until(lambda: re.search('double fault|stack guard page', vm.console()), 60, 'the kernel saw no double fault')
    until(lambda: 'CR2: ffffc8ffff' in vm.console(), 60, 'CR2 is not the address of the stack')
    vm.down()


def triple_fault(rule):
    vm = VM(cpus=1)
    session = in_the_kernel(vm, rule)
    for command in NO_GATES:
        session.run(command)
    session.run('set $rip = 0xffffffffff000000')
    text = session.run('continue')
    match(text, 'SIGABRT', 'the stop of a triple fault')
    match(session.run('print/x $rip'), '0xffffffffff000000', 'where it happened')
    check('cannot go on' in session.run('stepi'), 'a step after a triple fault')
    vm.down()


unknown_exit()
for rule in (False, True):
    double_fault(rule)
    triple_fault(rule)
