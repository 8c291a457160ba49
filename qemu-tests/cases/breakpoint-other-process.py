# SPDX-License-Identifier: GPL-2.0
"""A breakpoint in a program stays with that program: gdb takes it out and puts it back at every stop, also at stops
in which another process is current, one that has other code at the address or none."""

from lib.case import VM, equal, match, symbol

TIME_LIMIT = 120
CALL = '__x64_sys_sched_get_priority_max'
MARK = symbol('regcheck', 'reg_mark')
ROUNDS = 30


def proceed(session):
    session.begin('continue')


vm = VM(cpus=2)
session = vm.gdb_session()
session.run(f'break *{CALL}')
proceed(session)
work = vm.background(f'regcheck 1 {ROUNDS}')
match(session.finish(), r'hit Breakpoint 1', 'the call')
session.run('delete')
session.run(f'break *{MARK:#x}')
proceed(session)
match(session.finish(), r'hit Breakpoint 2', 'the mark')

# Stops in the kernel while another program is current, which has other code at the mark.
session.run(f'break *{CALL} thread 1')
proceed(session)
other = vm.background('syscalls 20 0; steptest 20')
kinds = {2: 0, 3: 0}
while min(kinds.values()) < 6:
    number = int(match(session.finish(), r'hit Breakpoint (\d+)', 'a stop').group(1))
    kinds[number] += 1
    if number == 2:
        match(session.run('x/i $rip'), rf'{MARK:#x}', 'the place of the stop')
        match(session.run('info threads'), r'^\* +2 +Thread 2 \(CPU 1, user', 'the CPU of the stop')
    proceed(session)
session.finish()
session.run('delete')
proceed(session)
output, status = work.wait()
equal((status, output.count('answer 99')), (0, ROUNDS), 'status and rounds of the program with the breakpoint')
output, status = other.wait()
equal((status, output.count('20 of 20 right') + output.count('steptest: right')), (0, 2), 'status and verdicts of other programs')
session.interrupt()
session.finish()
session.quit()
vm.dmesg_clean()
print(kinds)
