# SPDX-License-Identifier: GPL-2.0
"""Who may open /dev/hvgdb; then hostile use of it by many threads (sizes, pointers, numbers, closing in mid-call, fork, dup,
mappings): the kernel does not complain and hvgdb works afterwards."""

from lib.case import VM, check, equal, match

TIME_LIMIT = 150
SEEDS = (1, 2, 3)
SECONDS = 4

vm = VM(cpus=2, load=None)
vm.sh('insmod /hvgdb/hvgdb.ko')
match(vm.sh('ls -l /dev/hvgdb'), r'^crw------- .* 0 ', 'rights of the device')
rights = vm.sh('ioctl-fuzz rights')
match(rights, r'^rings to be written: EACCES$', 'a mapping of the rings that may be written')
match(rights, r'^rings to be read: mapped$', 'a mapping of the rings')
match(rights, r'^rings made writable: EACCES$', 'a mapping of the rings that is to be writable later')
match(rights, r'^without the capability: EPERM$', 'root without CAP_SYS_RAWIO')
match(rights, r'^another user: EACCES$', 'another user')

for seed in SEEDS:
    output = vm.sh(f'ioctl-fuzz {seed} {SECONDS}', timeout=60)
    calls = int(match(output, r'^(\d+) calls', 'ioctl-fuzz').group(1))
    check(calls > 1000, f'only {calls} calls in {SECONDS} s')
    print(f'seed {seed}: {calls} calls')
vm.dmesg_clean()

# All that may be left is rules; nothing is held.
vm.sh('hvgdbctl event clear all')
status = vm.sh('hvgdbctl status')
match(status, r'debug line: none', 'the line after all files are closed')
check('local gdb' not in status, 'somebody holds the local session:', status)
vm.sh('hvgdbctl attach ttyS1 >/tmp/hvgdbctl.log 2>&1 </dev/null & sleep 1')
out = vm.gdb('info threads\nprint init_task.comm')
match(out, r'CPU 1, ', 'gdb afterwards')
match(out, r'swapper/0', 'memory afterwards')
vm.sh('killall hvgdbctl; sleep 1; rmmod hvgdb; insmod /hvgdb/hvgdb.ko; hvgdbctl status; rmmod hvgdb')
vm.dmesg_clean()
