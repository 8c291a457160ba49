# SPDX-License-Identifier: GPL-2.0
"""hvgdb takes CPUs over and gives them back while they run programs whose segments are in a local descriptor table."""

from lib.case import VM, check, equal

ROUNDS = 10
CYCLES = f'for i in $(seq {ROUNDS}); do insmod /hvgdb/hvgdb.ko || exit 1; rmmod hvgdb || exit 2; done'

vm = VM(cpus=2, load=None)
vm.sh('rm -f /tmp/enough')
work = [vm.background(f'ldt {cpu}', timeout=100) for cpu in (0, 1)]
output, status = vm.status(CYCLES, timeout=100)
check(all(each.running() for each in work), 'a program has ended before its time')
equal((status, output), (0, ''), f'status and output of {ROUNDS} rounds (1: insmod, 2: rmmod)')
vm.load()
vm.sh('touch /tmp/enough')
for each in work:
    equal(each.wait(), ('right\n', 0), 'what a program saw of its segments')
vm.dmesg_clean()
