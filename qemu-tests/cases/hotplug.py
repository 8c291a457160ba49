# SPDX-License-Identifier: GPL-2.0
"""A CPU goes offline and comes online again while gdb is attached and breakpoints are armed: no planted byte is met
by a CPU that runs natively, the list of CPUs follows, and the CPU that came back is under the debugger's control."""

import pathlib
import re
import tempfile

from lib.case import VM, check, equal, match, symbol

TIME_LIMIT = 120
CALL = '__x64_sys_sched_get_priority_max'
MARK, TURNS = symbol('caller', 'caller_mark'), symbol('caller', 'caller_turns')
ROUNDS = 100
CPU1 = '/sys/devices/system/cpu/cpu1/online'


def threads(session):
    return re.findall(r'Thread (\d+) \(', session.run('info threads'))


def offline_and_online(vm, rounds):
    vm.sh(f'for i in $(seq {rounds}); do echo 0 > {CPU1} || exit 1; echo 1 > {CPU1} || exit 2; done', timeout=110)


def break_in(session):
    session.interrupt()
    match(session.finish(), r'SIGINT', 'the stop after Ctrl-C')


def list_follows(vm, session):
    equal(threads(session), ['1', '2'], 'CPUs at the beginning')
    session.begin('continue')
    vm.sh(f'echo 0 > {CPU1}')
    break_in(session)
    equal(threads(session), ['1'], 'CPUs with CPU 1 offline')
    session.begin('continue')
    vm.sh(f'echo 1 > {CPU1}')
    break_in(session)
    equal(threads(session), ['1', '2'], 'CPUs with CPU 1 online again')


def with_breakpoint(vm, session):
    """Armed, but not hit, during the rounds; afterwards CPU 1 hits it."""
    session.run(f'break *{CALL}')
    session.begin('continue')
    offline_and_online(vm, ROUNDS)
    work = vm.background('syscalls 1 1')
    # gdb's own number for it is a new one, for the thread had gone.
    match(session.finish(), r'hit Breakpoint', 'the stop of the CPU that came back')
    match(session.run('info threads'), r'^\* +\d+ +Thread 2 \(CPU 1, kernel', 'the CPU that hit the breakpoint')
    equal(threads(session), ['1', '2'], 'CPUs after all that')
    session.run('delete')
    session.begin('continue')
    equal(work.wait()[1], 0, 'status of the program')
    break_in(session)


COUNTER = """
class Counter(gdb.Breakpoint):
    count = 0
    def stop(self):
        self.count += 1
        return os.path.exists(FLAG)

counter = Counter('schedule')
gdb.execute('continue', to_string=True)
result = counter.count
counter.delete()
"""


def with_schedule(vm, session):
    """One round with a breakpoint that every CPU meets on its way down and up, until a file says that it is done."""
    with tempfile.TemporaryDirectory() as folder:
        flag = pathlib.Path(folder) / 'done'
        session.begin_python(f'import os\nFLAG = {str(flag)!r}\n' + COUNTER)
        vm.sh(f'echo 0 > {CPU1} && echo 1 > {CPU1}', timeout=100)
        flag.touch()
        hits = session.finish_python()
    check(hits > 20, f'schedule was hit {hits} times only')
    return hits


def in_program(vm, session):
    """A breakpoint in a program is an INT3 in its memory, for every CPU to meet. Its condition is never true, and the
    program meets it all the time, on the CPU that goes and comes too: one met natively would kill the program."""
    session.run(f'break *{CALL}')
    session.begin('continue')
    work = vm.background('spin 0 >/dev/null & caller; killall spin', timeout=200)
    match(session.finish(), r'hit Breakpoint', 'the stop in the program')
    session.run('delete')
    session.run(f'break *{MARK} if *(long *){TURNS} == -1')
    session.begin('continue')
    offline_and_online(vm, 10)
    vm.sh('touch /tmp/caller.stop')
    output, status = work.wait()
    turns = int(match(output, r'caller: (\d+) turns', 'the verdict of the program').group(1))
    equal(status, 0, 'status of the program')
    check(turns > 50, f'the program made {turns} turns only')
    break_in(session)
    session.run('delete')
    return turns


vm = VM(cpus=2)
session = vm.gdb_session()
list_follows(vm, session)
with_breakpoint(vm, session)
hits = with_schedule(vm, session)
turns = in_program(vm, session)
session.quit()
offline_and_online(vm, 2)
check('Thread 2' in vm.gdb('info threads'), 'gdb cannot attach after all that')
vm.sh('syscalls 100 0; syscalls 100 1')
vm.dmesg_clean()
print(f'schedule was hit {hits} times; the program passed its breakpoint {turns} times')
