# SPDX-License-Identifier: GPL-2.0
"""NMIs that come while a CPU leaves VMX are neither lost nor taken on a wrong stack.

A test module sends NMIs to CPU 1, each after the one before has been handled (one every few hundred instructions),
while hvgdb is unloaded.
"""

from lib.case import VM, check, equal

PARAMETERS = '/sys/module/nmis/parameters'
ROUNDS = 10
CYCLES = (f'for i in $(seq {ROUNDS}); do insmod /hvgdb/hvgdb.ko || exit 1; touch /tmp/now; rmmod hvgdb || exit 2; '
          'rm /tmp/now; done; touch /tmp/enough')
SENDER = f'until [ -e /tmp/enough ]; do if [ -e /tmp/now ]; then echo 200 > {PARAMETERS}/paced; else usleep 1000; fi; done'

# The sender, the target, and who loads and unloads.
vm = VM(cpus=3, load=None)
vm.insert('nmis', 'target=1')
work = vm.background(f"taskset 1 sh -c '{SENDER}'", timeout=110)
output, status = vm.status(f"taskset 4 sh -c '{CYCLES}'", timeout=110)
equal((status, output), (0, ''), f'status and output of {ROUNDS} rounds (1: insmod, 2: rmmod)')
equal(work.wait()[1], 0, 'status of the sender')
sent, handled, late = map(int, vm.sh(f'cd {PARAMETERS}; cat sent handled late').split())
print(f'{sent} NMIs beside {ROUNDS} rounds')
check(sent > 10 * ROUNDS, 'hardly an NMI was sent', sent)
equal((handled, late), (sent, 0), 'NMIs that were handled, and those that took 5 s')
vm.dmesg_clean()
