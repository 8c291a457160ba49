# SPDX-License-Identifier: GPL-2.0
"""rmmod while gdb is attached is refused, and forced by a parameter: gdb hears of an end, no planted byte stays behind,
and the controller goes. Where the controller has ended, nobody can be told, and rmmod goes through."""

from lib.case import VM, check, equal, match, until

FORCE = '/sys/module/hvgdb/parameters/force_unload'
CALL = '__x64_sys_sched_get_priority_max'


def refused(vm):
    output, status = vm.status('rmmod hvgdb')
    check(status and 'temporarily unavailable' in output, 'rmmod is not refused', output)


def gone(vm):
    vm.sh('rmmod hvgdb && syscalls 100 0 && syscalls 100 1')
    equal(vm.sh('lsmod | grep -c hvgdb || true').strip(), '0', 'modules that are left')


def said(vm, text):
    check(text in vm.sh('sleep 2; dmesg'), f'no line about it in the kernel log: {text}')


def with_breakpoints(vm):
    """gdb waits, with a breakpoint in the kernel and one in a program, which are never hit meanwhile."""
    session = vm.gdb_session()
    session.run(f'break *{CALL} if $rdi == 12345')
    session.begin('continue')
    vm.sh('true')
    return session


def ended(session):
    match(session.finish(), r'\[Inferior 1 \(.*\) exited normally\]', 'what gdb is told')
    session.quit()


def forced(vm):
    session = with_breakpoints(vm)
    refused(vm)
    said(vm, 'hvgdb: gdb is attached, rmmod is refused meanwhile')
    vm.sh(f'echo 1 > {FORCE}', timeout=20)
    ended(session)
    until(lambda: vm.status('pidof hvgdbctl')[1], 10, 'a controller is left')
    check('about to be unloaded' in vm.status('hvgdbctl attach ttyS1')[0], 'a controller attaches after force_unload')
    gone(vm)


def taken_back(vm):
    """After 0 everything is as before."""
    vm.load()
    vm.sh(f'echo 1 > {FORCE}; echo 0 > {FORCE}; rmmod hvgdb')
    vm.load()
    check('Thread 2' in vm.gdb('info threads'), 'gdb cannot attach any more')


def stopped_controller(vm):
    """One that cannot be asked to end any more is killed, and whoever guards it puts the line back."""
    session = with_breakpoints(vm)
    holders = vm.sh('for p in $(pidof hvgdbctl); do ls -l /proc/$p/fd | grep -q /dev/hvgdb && echo $p; done; true').split()
    check(holders, 'nobody holds /dev/hvgdb')
    vm.sh(f"kill -STOP {' '.join(holders)}")
    vm.sh(f'echo 1 > {FORCE}', timeout=20)
    ended(session)
    until(lambda: vm.status('pidof hvgdbctl')[1], 10, 'a controller is left')
    gone(vm)
    vm.load()


def end_controller(vm):
    # Its child may be gone before killall comes to it.
    vm.status('killall hvgdbctl')
    until(lambda: vm.status('pidof hvgdbctl')[1], 10, 'the controller goes on')


def controller_ends(vm):
    session = with_breakpoints(vm)
    end_controller(vm)
    vm.sh('syscalls 10')
    gone(vm)
    session.kill()


def status_of_gdb(vm):
    return match(vm.sh('hvgdbctl status'), r'^gdb: +(.*)$', 'the status').group(1)


def suspended_and_forced(vm):
    """force_unload ends a session also where no controller is left; without it the next one finds it."""
    for force, found in (('', 'attached'), (f'echo 1 > {FORCE}; echo 0 > {FORCE};', 'not attached')):
        vm.load()
        session = with_breakpoints(vm)
        end_controller(vm)
        vm.sh(f'{force} hvgdbctl attach ttyS1 >/tmp/ctl.log 2>&1 </dev/null &')
        until(lambda: 'is the debug line' in vm.sh('cat /tmp/ctl.log'), 10, 'the controller does not attach')
        equal(status_of_gdb(vm), found, f"gdb's session with the next controller{', after force_unload' if force else ''}")
        end_controller(vm)
        gone(vm)
        session.kill()


def without_controller(vm):
    """Nothing holds the module but gdb itself."""
    vm.sh('insmod /hvgdb/hvgdb.ko uart=io,0x2f8')
    session = with_breakpoints(vm)
    refused(vm)
    session.interrupt()
    match(session.finish(), 'SIGINT', 'the stop after Ctrl-C')
    session.quit()
    gone(vm)
    vm.sh('insmod /hvgdb/hvgdb.ko uart=io,0x2f8')
    session = with_breakpoints(vm)
    vm.sh(f'echo 1 > {FORCE}')
    ended(session)
    gone(vm)


vm = VM(cpus=2)
equal(vm.sh(f'cat {FORCE}').strip(), 'N', 'force_unload at load')
forced(vm)
taken_back(vm)
stopped_controller(vm)
controller_ends(vm)
suspended_and_forced(vm)
without_controller(vm)
output, status = vm.status('insmod /hvgdb/hvgdb.ko force_unload=1')
check(status and 'Invalid' in output, 'force_unload is accepted at load', output)
vm.dmesg_clean()
