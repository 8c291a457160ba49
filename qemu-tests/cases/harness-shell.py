# SPDX-License-Identifier: GPL-2.0
"""Commands in the guest: output, status, several at once, noise in the output, lateness, background processes."""

import time

from lib import cache
from lib.case import VM, check, equal

vm = VM(load=None)
equal(vm.status('echo out; echo err >&2; exit 7'), ('out\nerr\n', 7), 'output and status')
equal(vm.status('kill -9 $$'), ('', 137), 'a command that is killed')
equal(vm.status("printf '~HVE0000000100000004~HV\\001\\377'")[1], 0, 'output that looks like frames')
equal(len(vm.sh('seq 20000')), len(''.join(f'{i}\n' for i in range(1, 20001))), 'length of a long output')
equal(vm.sh('sleep 100000 & echo started'), 'started\n', 'a command that leaves a process behind')

slow = [vm.background(f'sleep {2 + i}; echo {i}') for i in range(4)]
equal(vm.sh('echo quick'), 'quick\n', 'a command while others run')
equal([job.wait()[0] for job in slow], [f'{i}\n' for i in range(4)], 'commands at the same time')

began = time.monotonic()
try:
    vm.sh('echo partial; while :; do :; done', timeout=2)
    check(False, 'an endless command ended')
except cache.Failure as late:
    check('partial' in str(late), 'the output before the time-out is lost', late)
check(time.monotonic() - began < 10, 'the time-out came late')

# Garbage on the command line's tty, as a confused program in the guest might write it.
vm.sh('printf "~HV~~HVO garbage\\n" > /dev/ttyS2')
equal(vm.sh('echo still here'), 'still here\n', 'the channel after garbage')
check('hvgdb-guest: up' in VM(load=None, fresh=True).console(), 'the console is not recorded')
vm.dmesg_clean()
