# SPDX-License-Identifier: GPL-2.0
"""Ctrl-C and a new gdb reach a kernel that cannot help: no controller, interrupts off everywhere, panicked.

Root notices by itself (the poll of the line behind the VMX preemption timer), within a second of the guest's time.
"""

from lib.case import VM, check, equal, match, until

OFF = r'''
flags = {}
for thread in gdb.selected_inferior().threads():
    thread.switch()
    gdb.execute('set $eflags = (unsigned)$eflags & ~0x200')
    flags[thread.num] = [int(gdb.parse_and_eval('(unsigned)$eflags')), int(gdb.parse_and_eval('(unsigned)$cs'))]
result = flags
'''


def controller_stopped(vm):
    vm.sh('killall -STOP hvgdbctl')
    check('Thread 2' in vm.gdb('info threads'), 'gdb cannot attach while the controller is stopped')
    vm.sh('killall -CONT hvgdbctl')


def stop_running(session):
    """continue, and Ctrl-C once it runs; returns what gdb says."""
    session.begin('continue')
    until(lambda: 'Continuing.' in session.text, 10, 'gdb does not continue')
    session.interrupt()
    return session.finish()


def in_user_mode(session):
    """Ctrl-C until both CPUs are in the programs that spin (the controller's CPU is in the kernel for a moment)."""
    for _ in range(40):
        stop_running(session)
        if session.run('info threads').count(', user)') == 2:
            return
    check(False, 'the CPUs were never both in user mode')


def interrupts_off(vm):
    """Two programs spin; with IF=0 nothing gets the CPUs away from them, not even the serial interrupt."""
    vm.sh('killall -STOP hvgdbctl; (spin 0 & spin 1 &) >/dev/null 2>&1')
    session = vm.gdb_session()
    in_user_mode(session)
    session.begin_python(OFF)
    flags = session.finish_python()
    check(all(not flags[cpu][0] & 0x200 for cpu in flags), 'interrupts are not off', flags)
    match(stop_running(session), 'SIGINT', 'Ctrl-C with interrupts off on all CPUs')
    equal(session.run('info threads').count(', user)'), 2, 'CPUs that still spin in user mode')
    for thread in (1, 2):
        session.run(f'thread {thread}')
        session.run('set $eflags = (unsigned)$eflags | 0x200')
    session.quit()
    vm.sh('killall spin; killall -CONT hvgdbctl')
    vm.dmesg_clean(allow='stall|soft lockup')


def panicked(vm):
    vm.background('echo c > /proc/sysrq-trigger', timeout=60)
    until(lambda: 'end Kernel panic' in vm.console(), 60, 'the kernel has not panicked')
    text = vm.gdb('info threads\nbacktrace')
    match(text, r'panic \(fmt=', 'panic() in the backtrace of a dead kernel')
    match(text, r'sysrq_handle_crash', 'what made it panic')


vm = VM(cpus=2)
controller_stopped(vm)
interrupts_off(vm)
panicked(vm)
