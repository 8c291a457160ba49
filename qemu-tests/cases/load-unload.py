# SPDX-License-Identifier: GPL-2.0
"""hvgdb is loaded and unloaded 50 times under load: the programs notice nothing and all memory comes back."""

import re

from lib.case import VM, check, equal

TIME_LIMIT = 120
ROUNDS = 50

# Ended by the flag file, so that each program finishes its round and prints its verdict.
BUSY = ('renice -n 10 $$; touch /tmp/busy; for work in "forker 20" "pfcheck 2" "syscalls 200" "steptest 5"; do '
        'while [ -e /tmp/busy ]; do $work; done >>/tmp/out.${work%% *} 2>&1 & done; '
        'spin 0 >/dev/null 2>&1 & spin 1 >/dev/null 2>&1 & wait')
CYCLE = ('insmod /hvgdb/hvgdb.ko || exit 1; hvgdbctl attach ttyS1 >/tmp/ctl 2>&1 & '
         'while [ ! -s /tmp/ctl ]; do usleep 1000; done; '
         '[ -c /dev/hvgdb ] || exit 2; kill $!; wait $!; > /tmp/ctl; rmmod hvgdb || exit 3; ')


def free_memory(vm):
    """MemFree and Slab in KiB, with nothing running and nothing cached."""
    text = vm.sh('sync; echo 3 > /proc/sys/vm/drop_caches; cat /proc/meminfo')
    return {name: int(re.search(rf'^{name}: +(\d+)', text, re.M).group(1)) for name in ('MemFree', 'Slab', 'VmallocUsed')}


def cycles(vm, count):
    output, status = vm.status(f'for i in $(seq {count}); do {CYCLE} done', timeout=110)
    equal((status, output), (0, ''), f'status and output of {count} rounds (1: insmod, 2: no device, 3: rmmod)')


def end(vm, work):
    vm.sh('rm /tmp/busy; killall spin')
    work.wait()
    for name in ('forker', 'pfcheck', 'syscalls', 'steptest'):
        lines = vm.sh(f'cat /tmp/out.{name}').splitlines()
        wrong = [line for line in lines if not (found := re.search(r'(\d+) of (\d+) ', line)) and 'right' not in line
                 or found and found.group(1) != found.group(2)]
        check(lines and not wrong, f'{name} noticed something', *(wrong or ['it printed nothing']))


def run(cpus, rounds):
    vm = VM(cpus=cpus, load=None, stalls=True)
    cycles(vm, 1)
    before = free_memory(vm)
    work = vm.background(BUSY, timeout=115)
    cycles(vm, rounds)
    end(vm, work)
    after = free_memory(vm)
    for name, sign in (('MemFree', -1), ('Slab', 1), ('VmallocUsed', 1)):
        lost = sign * (after[name] - before[name])
        # One load takes more than 2 MiB; what the guest's own caches do is less than that in all.
        check(lost < 2048, f'{name} is worse by {lost} KiB after {rounds} rounds', before, after)
    vm.load()
    check('Thread 1' in vm.gdb('info threads'), 'gdb cannot attach after all that')
    vm.dmesg_clean()
    print(f'{cpus} CPUs: {before} before, {after} after')
    vm.down()


run(2, ROUNDS)
run(1, 5)
