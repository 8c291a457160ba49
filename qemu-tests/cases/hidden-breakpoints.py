# SPDX-License-Identifier: GPL-2.0
"""A breakpoint in the kernel's text is not in what the guest reads there, so its own patching of text goes on.

ftrace compares the bytes that it is about to replace and warns when they are not what it left there. It patches the
first instruction of a function that has a breakpoint on that very address; both work afterwards, and after the end.
"""

from lib.case import VM, check, equal, match

FUNCTION = 'do_fchmodat'
TRACING = '/sys/kernel/tracing'

vm = VM(cpus=2)
vm.sh(f'mount -t tracefs none {TRACING} 2>/dev/null; cat {TRACING}/current_tracer; touch /tmp/file')

session = vm.gdb_session()
address = match(session.run(f'print/x (long)&{FUNCTION}'), r'0x[0-9a-f]+', 'address of the function').group()
session.run(f'break *{FUNCTION}')
session.begin('continue')
vm.sh(f'cd {TRACING} && echo {FUNCTION} > set_ftrace_filter && echo function > current_tracer')

work = vm.background('chmod 600 /tmp/file')
match(session.finish(), f'hit Breakpoint 1, .*{FUNCTION}', 'the breakpoint on a function that is traced')
check('call' in session.run(f'x/i {address}'), 'gdb does not see what ftrace has written')
session.begin('continue')
equal(work.wait()[1], 0, 'status of chmod')
equal(vm.sh(f'grep -c {FUNCTION} {TRACING}/trace').strip(), '1', 'entries in the trace')

vm.sh(f'cd {TRACING} && echo nop > current_tracer && echo > set_ftrace_filter')
work = vm.background('chmod 644 /tmp/file')
match(session.finish(), 'hit Breakpoint 1', 'the breakpoint after the tracing')
check('nop' in session.run(f'x/i {address}'), 'gdb does not see that ftrace has taken its call back')
session.run('delete')
session.run('detach')
session.kill()
equal(work.wait()[1], 0, 'status of chmod')

vm.sh('chmod 600 /tmp/file')
vm.dmesg_clean()
