# SPDX-License-Identifier: GPL-2.0
"""The machine sleeps with hvgdb loaded and gdb attached: suspend to idle and to RAM, in the stages of
/sys/power/pm_test and for real; afterwards every CPU is in the guest and breakpoints hit. Hibernation is refused.

On Debian's full kernel; the cloud kernel has no pm_test. Bochs' suspend to RAM resets the CPUs and comes back through
the firmware's wake-up vector.
"""

import time

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 240
KERNEL = '6.1.0-56-amd64'
CALL = '__x64_sys_sched_get_priority_max'
STAGES = [('freeze', 'freezer devices platform'), ('mem', 'freezer devices platform processors core none')]


def break_in(session):
    session.interrupt()
    match(session.finish(), r'SIGINT', 'the stop after Ctrl-C')


def everything_works(vm, session, what):
    """gdb waits in a continue: each CPU in turn hits the breakpoint, and the program's own."""
    for cpu in (0, 1):
        work = vm.background(f'syscalls 1 {cpu}')
        match(session.finish(), r'hit Breakpoint 1,', f'the breakpoint on CPU {cpu} after {what}')
        match(session.run('info threads'), rf'^\* +\d+ +Thread {cpu + 1} \(CPU {cpu}', f'who hit it after {what}')
        session.begin('continue')
        equal(work.wait()[1], 0, f'status of the program on CPU {cpu} after {what}')


def stages(vm, session):
    for state, names in STAGES:
        for stage in names.split():
            vm.sh(f'echo {stage} > /sys/power/pm_test && echo {state} > /sys/power/state')
            everything_works(vm, session, f'{state}, {stage}')


def to_idle(vm, session):
    """Every CPU idles until the command channel's serial port wakes them."""
    vm.sh('echo none > /sys/power/pm_test; echo enabled > /sys/class/tty/ttyS2/power/wakeup')
    before = int(vm.sh('cat /sys/power/suspend_stats/success'))
    work = vm.background('echo freeze > /sys/power/state')
    time.sleep(2)
    check(work.running(), 'suspend to idle did not wait')
    # A byte that comes too early, before the port sleeps too, wakes nobody.
    while work.running():
        vm.background('true')
        time.sleep(2)
    equal(work.wait(), ('', 0), 'suspend to idle')
    check(int(vm.sh('cat /sys/power/suspend_stats/success')) > before, 'the machine did not sleep')
    everything_works(vm, session, 'suspend to idle')


def hibernation(vm):
    output, status = vm.status('echo disk > /sys/power/state')
    check(status != 0 and 'busy' in output, 'hibernation is not refused with EBUSY', output)
    match(vm.sh('dmesg'), r'hvgdb: the machine cannot hibernate while hvgdb is loaded: rmmod hvgdb first', 'the reason')


vm = VM(cpus=2, kernel=KERNEL)
vm.sh('echo 1 > /sys/module/suspend/parameters/pm_test_delay')
hibernation(vm)
session = vm.gdb_session()
session.run(f'break *{CALL}')
session.begin('continue')
stages(vm, session)
to_idle(vm, session)
break_in(session)
session.run('delete')
session.quit()
hibernation(vm)
vm.sh('syscalls 100 0; syscalls 100 1')
vm.sh('rmmod hvgdb; echo core > /sys/power/pm_test; echo mem > /sys/power/state')
# "suspend debug:" is no BUG.
vm.dmesg_clean(allow='PM: suspend debug: Waiting')
