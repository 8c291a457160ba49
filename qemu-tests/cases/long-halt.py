# SPDX-License-Identifier: GPL-2.0
"""The machine is halted for a minute of its own time, with all of Linux' watchdogs on: afterwards it goes on, its
clock has moved on, its programs are unhurt, and no watchdog takes the debugger for a fault."""

import time

from lib import rsp
from lib.case import VM, check, equal

TIME_LIMIT = 120
SECONDS = 60


def clock(vm):
    return float(vm.sh('cat /proc/uptime').split()[0])


def halt(vm, seconds):
    """Halts for so many seconds of ours; returns how many that were for the guest."""
    before = clock(vm)
    client = rsp.Client(vm.gdb_port)
    client.attach()
    time.sleep(seconds)
    client.detach()
    return clock(vm) - before


def complaints_without_the_cure(vm):
    """hvgdb leaves the watchdogs alone, and they take a halt for a lockup: so they are alive."""
    vm.sh('echo 0 > /sys/module/hvgdb/parameters/calm_watchdogs; echo 2 > /proc/sys/kernel/watchdog_thresh')
    lasted, seconds = 0, 1
    while lasted < 8 and seconds < 100:
        lasted = halt(vm, seconds)
        seconds *= 2
    log = vm.sh('sleep 1; dmesg')
    check('soft lockup' in log, f'no watchdog complains of a halt of {lasted} s without the cure', log[-1000:])
    vm.sh('echo 10 > /proc/sys/kernel/watchdog_thresh; echo 1 > /sys/module/hvgdb/parameters/calm_watchdogs; dmesg -c')


vm = VM(cpus=2, stalls=True, cmdline='plain')
equal(vm.sh('cat /proc/sys/kernel/watchdog /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress'), '1\n0\n',
      'soft-lockup watchdog on, RCU stall reports suppressed')
source = vm.sh('cat /sys/devices/system/clocksource/clocksource0/current_clocksource')
complaints_without_the_cure(vm)
vm.sh('tscs 1')
work = vm.background('pfcheck 200 && forker 200', timeout=100)
lasted, seconds = 0, 5
while lasted < SECONDS:
    # Only the guest's clock tells how fast it ran meanwhile.
    seconds = seconds if not lasted else seconds * SECONDS / lasted * 1.1
    check(seconds < 110, f'{SECONDS} s of the guest would take more than {seconds:.0f} s')
    lasted = halt(vm, seconds)
    check(lasted > 0, 'the clock in the guest did not move on')
output, status = work.wait()
equal(status, 0, 'status of the programs')
vm.sh('syscalls 1000; tscs 1; sleep 3')
equal(vm.sh('cat /sys/devices/system/clocksource/clocksource0/current_clocksource'), source, 'clock source of the guest')
vm.dmesg_clean()
print(f'{lasted:.1f} s of the guest in {seconds:.1f} s')
