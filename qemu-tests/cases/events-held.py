# SPDX-License-Identifier: GPL-2.0
"""What each way to go on makes of an event that gdb was stopped by: stepi, finish, jump, a signal of any number, signal 0
and nopass, another selected thread; events of two CPUs at once; the second stage."""

from lib.case import VM, check, equal, match, symbol

UD = symbol('faults', 'fault_ud')


def start(session, rule, command, signal='SIGILL'):
    """The program, stopped at its first event under the rule."""
    session.run('monitor events c all')
    match(session.run(f'monitor !exception {rule}'), '^rule 0x', rule)
    session.begin('continue')
    work = vm.background(command)
    match(session.finish(), f'received signal {signal}', f'the stop of {command}')
    return work


def ends(session, work, text, hits, suppressed=0):
    """gdb has been told to go on: the program ends with that output, and the only rule has these counters."""
    equal(work.wait()[0].strip(), text, 'the program')
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    match(session.run('monitor events'), f' hits {hits}  suppressed {suppressed} ', 'the rule')


def selected(session):
    return int(match(session.run('thread'), r'^\[Current thread is (\d+)', 'thread').group(1))


vm = VM(cpus=2)
vm.sh('touch /tmp/go')
session = vm.gdb_session()
session.run('handle SIGILL SIGSEGV SIGBUS stop print pass')

# A step delivers, and ends before the handler's first instruction.
work = start(session, 'ud', 'faults ud 1')
session.run('stepi')
match(session.run('info symbol $pc'), r'^asm_exc_invalid_op in section', 'where a step over the event ends')
match(session.run('monitor event'), r'^exception 0x6 .*; it was delivered$', 'monitor event after the step')
session.begin('continue')
ends(session, work, 'faults: ud: 1 of 1', 1)

# finish, from the kernel's own page fault: it is delivered, and the function returns with what the kernel made of it.
work = start(session, 'pf addr 10001000 10001fff pfec 1f 3', 'faults kwrite 1', 'SIGSEGV')
place = session.run('info symbol $pc')
match(place, r'^__put_user_', 'the place of the page fault')
match(session.run('finish'), r'Run till exit', 'finish')
check(session.run('info symbol $pc') != place, 'finish did not leave the function', place)
match(session.run('print (int)$rcx'), r'= -14$', 'what the function returned')
session.begin('continue')
ends(session, work, 'faults: kwrite: 1 of 1', 1)

# jump suppresses and goes on elsewhere; any signal delivers; nopass suppresses.
work = start(session, 'ud', 'faults ud 2')
match(session.run(f'jump *{UD + 2:#x}'), 'SIGILL', 'the second #UD after a jump over the first')
match(session.run('monitor event'), r'; gdb decides about it$', 'monitor event')
session.begin('signal SIGBUS')
ends(session, work, 'faults: ud: 1 of 2', 2, 1)
work = start(session, 'ud', 'faults ud 2')
session.run('handle SIGILL nopass')
session.run('set $pc = $pc + 2')
match(session.run('continue'), 'SIGILL', 'the second #UD under nopass')
session.run('handle SIGILL pass')
session.begin('continue')
ends(session, work, 'faults: ud: 1 of 2', 2, 1)

# The event of a thread that is not the selected one is delivered, also by signal 0.
for command in ('continue', 'signal 0'):
    work = start(session, 'ud', 'taskset 2 faults ud 2')
    equal(selected(session), 2, 'the thread of CPU 1')
    session.run('thread 1')
    match(session.run('monitor event'), r'CPU 0', 'monitor event of the other thread')
    match(session.run(command), 'SIGILL', f'the second #UD after {command} with another thread selected')
    session.begin('continue')
    ends(session, work, 'faults: ud: 2 of 2', 2)

# Two CPUs at once: each is told, none is lost, whatever gdb says to the other one.
session.run('monitor events c all')
session.run('monitor !exception ud')
session.begin('continue')
works = [vm.background(f'taskset {mask} faults ud 4') for mask in (1, 2)]
told = []
for command in ('continue', 'stepi', 'continue', 'continue', 'stepi', 'continue', 'continue', None):
    output = session.finish()
    while 'SIGILL' not in output:
        output = session.run('continue')
    told.append(selected(session))
    if command == 'stepi':
        session.run('stepi')
        command = 'continue'
    session.begin(command or 'continue')
for work in works:
    equal(work.wait()[0].strip(), 'faults: ud: 4 of 4', 'a program on one of two CPUs')
session.interrupt()
session.finish()
equal(sorted(told), [1] * 4 + [2] * 4, 'threads of the stops')
match(session.run('monitor events'), ' hits 8  suppressed 0 ', 'the rule')

# Two CPUs at once, and the rule goes while only one of the stops is told: the guest gets the other event, and gdb does not.
for away in 'events c all', 'events d all':
    session.run('monitor events c all')
    session.run('monitor !exception ud')
    session.begin('continue')
    works = [vm.background(f'taskset {mask} faults ud 500') for mask in (1, 2)]
    for stops in range(1000):
        match(session.finish(), 'SIGILL', 'a stop of one of two CPUs')
        session.run(f'thread {3 - selected(session)}')
        if 'it waits to be told' in session.run('monitor event'):
            break
        session.begin('continue')
    check('it waits to be told' in session.run('monitor event'), 'never two events at once')
    session.run(f'monitor {away}')
    session.begin('continue')
    for work in works:
        equal(work.wait()[0].strip(), 'faults: ud: 500 of 500', f'a program after {away}')
    session.interrupt()
    match(session.finish(), 'SIGINT', f'the next stop after {away}')

# The second stage: nothing is left to decide.
session.run('monitor events c all')
session.run('monitor !exception ud stage all')
session.begin('continue')
work = vm.background('faults ud 1')
match(session.finish(), r'\(pre\)[^$]*SIGILL', 'the stop before')
match(session.run('continue'), r'^hvgdb: .*\(post\)', 'the stop after')
match(session.run('monitor events sc on'), 'no event is held that could be suppressed', 'sc in the second stage')
match(session.run('monitor event'), r'\(post\).*; it is on its way$', 'monitor event in the second stage')
session.begin('signal 0')
ends(session, work, 'faults: ud: 1 of 1', 2)
session.run('monitor events c all')
session.run('monitor !dr reg 0 access w stage post')
session.begin('continue')
work = vm.background('watcher 0 1')
match(session.finish(), r'^hvgdb: write of dr0 .*\(post\)', 'the stop after a write of DR0')
session.run('monitor events c all')
session.begin('continue')
equal(work.wait()[0].strip(), 'watcher: 1 of 1 stops, status 0', 'the watchpoint')
session.interrupt()
session.finish()
session.quit()
vm.dmesg_clean()
