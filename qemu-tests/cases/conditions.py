# SPDX-License-Identifier: GPL-2.0
"""Conditions and dprintf run in root: what does not concern gdb costs no halt and no byte on the line."""

from lib.case import VM, check, equal, match

FUNCTION = '__x64_sys_sched_get_priority_max'
CALLS = 5000

vm = VM(cpus=2)
session = vm.gdb_session()
session.run('set breakpoint condition-evaluation target')
session.run(f'break {FUNCTION} if regs->di == 77')
session.begin('continue')
vm.sh('true')
vm.stats(reset=True)
output = vm.sh(f'syscalls {CALLS} 0 & syscalls {CALLS} 1 & wait', timeout=100)
equal(output.count(f'{CALLS} of {CALLS} right'), 2, 'programs that were not disturbed')
stats = vm.stats()
equal((stats['to-gdb']['bytes'], stats['to-guest']['bytes']), (0, 0), f'bytes on the line for {2 * CALLS} misses')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C after the misses')

# The same breakpoint with a condition that holds.
session.run('condition 1 regs->di != 77')
session.begin('continue')
work = vm.background('syscalls 1 0')
match(session.finish(), f'hit Breakpoint 1, .*{FUNCTION}', 'the stop whose condition holds')
session.run('delete')

session.run('set dprintf-style agent')
session.run(r'dprintf do_fchmodat,"chmod to %o of %s\n", mode, filename')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program that was stopped')
vm.sh('touch /tmp/file; chmod 600 /tmp/file; chmod 644 /tmp/file')
session.interrupt()
text = session.finish()
check('chmod to 600 of /tmp/file' in text and 'chmod to 644 of /tmp/file' in text, 'dprintf printed something else:', text)
session.quit()
vm.dmesg_clean()
