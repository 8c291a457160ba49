# SPDX-License-Identifier: GPL-2.0
"""Every point at which the load can fail fails once, and each time all is as before: the error reaches insmod, memory
comes back, VMX is off, there is no device, and the next load works. Then CPUs that lack what hvgdb needs, or can do
without.

Of the hundreds of pages that are allocated one after the other every 16th fails; HVGDB_TEST_EVERYTHING=1 (make
check-long) fails each."""

import os
import re

from lib.case import VM, check, equal, match

TIME_LIMIT = 300     # it builds the module
EVERYTHING = bool(os.environ.get('HVGDB_TEST_EVERYTHING'))
STRIDE = f'fail_stride={1 if EVERYTHING else 16} unsafe_code=1'

# What CPUs pretend to lack, a word of the refusal, and what busybox' insmod makes of the errno.
REQUIRED = [('procbased2:1', 'this CPU has no EPT', 'does not support requested operation'),
            ('pinbased:3', 'lacks a VMX control that hvgdb needs: NMI exiting', 'Operation not supported'),
            ('pinbased:5', 'lacks a VMX control that hvgdb needs: virtual NMIs', 'Operation not supported'),
            ('procbased:27', 'lacks a VMX control that hvgdb needs: monitor trap flag', 'Operation not supported'),
            ('procbased:28', 'lacks a VMX control that hvgdb needs: use MSR bitmaps', 'Operation not supported'),
            ('exit:21', 'lacks a VMX control that hvgdb needs: load IA32_EFER', 'Operation not supported'),
            ('ept_vpid_cap:20', "this CPU's EPT lacks what hvgdb needs: INVEPT", 'out of domain|argument')]
# Without these it works, and a breakpoint is hit: execute-only pages; those and pages of 1 GiB, the preemption timer,
# unrestricted guest.
OPTIONAL = ['ept_vpid_cap:0', 'ept_vpid_cap:0,ept_vpid_cap:17,pinbased:6,procbased2:7']
CALL = '__x64_sys_sched_get_priority_max'


def memory(vm):
    """KiB that are free or easily had, with nothing cached."""
    text = vm.sh('sync; echo 3 > /proc/sys/vm/drop_caches; cat /proc/meminfo')
    return {name: int(re.search(rf'^{name}: +(\d+)', text, re.M).group(1)) for name in ('MemFree', 'Slab', 'VmallocUsed')}


def lost(before, after):
    return max(before['MemFree'] - after['MemFree'], after['VmallocUsed'] - before['VmallocUsed'])


def nothing_left(vm):
    equal(vm.status('grep ^hvgdb /proc/modules; ls /dev/hvgdb 2>/dev/null')[0], '', 'what is left of hvgdb')


def usable(vm):
    """gdb's breakpoint is hit on the other CPU, and the end is clean."""
    session = vm.gdb_session()
    session.run(f'break *{CALL}')
    session.begin('continue')
    work = vm.background('syscalls 1 1')
    match(session.finish(), 'hit Breakpoint 1', 'the breakpoint')
    session.run('delete')
    session.run('detach')
    session.quit()
    equal(work.wait()[1], 0, 'status of the program')
    vm.sh('killall hvgdbctl; while pidof hvgdbctl >/dev/null; do usleep 10000; done; rmmod hvgdb')


def load_at_each_point(vm):
    """How many there were; after them it has loaded."""
    vm.sh(f'dmesg -c >/dev/null; insmod /hvgdb/hvgdb.ko fail_each=1 {STRIDE} 2>/tmp/insmod || {{ cat /tmp/insmod; exit 1; }}',
          timeout=200)
    points = int(match(vm.sh('dmesg'), r'hvgdb: the load failed at (\d+) points in turn', 'the last line').group(1))
    vm.sh('syscalls 100; rmmod hvgdb')
    return points


def every_point(vm):
    # What the first ones leave in the kernel's caches is not counted.
    load_at_each_point(vm)
    before = memory(vm)
    points = load_at_each_point(vm)
    check(points > 40, f'only {points} points')
    gone = lost(before, memory(vm))
    # One load takes several MiB.
    check(gone < 512, f'{gone} KiB are gone after {points} failed loads')
    print(f'{points} points, {gone} KiB')
    return points


def real_loads(vm, points):
    """A few of them as users see them: insmod fails, and the same module loads right after."""
    before = memory(vm)
    for point in (1, points // 2, *range(points - 9, points + 1)):
        output, status = vm.status(f'insmod /hvgdb/hvgdb.ko fail_at={point} {STRIDE}')
        check(status and re.search('Cannot allocate memory|Input/output error', output), f'insmod at point {point}', output)
        nothing_left(vm)
    gone = lost(before, memory(vm))
    check(gone < 1024, f'{gone} KiB are gone after insmods that failed')
    vm.load()
    usable(vm)


def lacking(vm):
    for lack, sentence, errno in REQUIRED:
        vm.sh('dmesg -c >/dev/null')
        output, status = vm.status(f'insmod /hvgdb/hvgdb.ko lack={lack}')
        check(status, f'it loaded although the CPUs lack {lack}')
        match(output, errno, f'what insmod printed without {lack}')
        match(vm.sh('dmesg'), f'hvgdb: .*{sentence}', f'the reason without {lack}')
        nothing_left(vm)
    for lack in OPTIONAL:
        vm.load(f'lack={lack}')
        usable(vm)


vm = VM(cpus=2, load=None, switches='FAULTS=1')
real_loads(vm, every_point(vm))
lacking(vm)
vm.dmesg_clean()
