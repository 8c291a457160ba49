# SPDX-License-Identifier: GPL-2.0
"""The checking build sees what the emulator cannot show: an INVEPT that is left out on purpose stops the CPU with the
rule's name, at the first entry after the change of the EPT that demanded it."""

from lib.case import VM, check, match

TIME_LIMIT = 240     # it builds the module
CALL = '__x64_sys_sched_get_priority_max'

vm = VM(cpus=2, switches='CHECKING=1')
session = vm.gdb_session()
session.run(f'break *{CALL}')
session.begin('continue')
work = vm.background('syscalls 2')
match(session.finish(), 'hit Breakpoint 1', 'the breakpoint, with the INVEPTs done')
session.run('delete')
session.begin('continue')
work.wait()
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')

session.begin('continue')
vm.sh('echo 1 > /sys/module/hvgdb/parameters/forget_invept')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C with nothing owed')
session.run(f'break *{CALL}')
text = session.run('continue')
match(text, r'^hvgdb: a rule of VM entries is broken, the guest cannot go on:', 'the sentence')
match(text, r'^the EPT has changed, and this CPU has done no INVEPT since 0x', 'the name of the rule')
match(text, r'^EPT_POINTER 0x[0-9a-f]+$', 'a field of the VMCS')
check('SIGABRT' in text, 'not a stop for good', text)
check('cannot go on' in session.run('continue'), 'the guest goes on')
