# SPDX-License-Identifier: GPL-2.0
"""Events as watchpoints on hvgdb_events, with hvgdb.ko's own symbols: gdb names the watchpoint, its table disables,
ignores and deletes it, the record shows the last event, ids and hits outlive the stops; `watch` is refused."""

from lib.case import VM, check, equal, match, symbol

BP = symbol('faults', 'fault_bp')
RECORD = 'hvgdb_events.exception[3]'


def program(vm, count):
    return vm.background(f'faults bp {count}')


def ended(work, count):
    equal(work.wait()[0].strip(), f'faults: bp: {count} of {count}', 'the program')


def interrupt(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def number(session, expression):
    return int(match(session.run(f'print/d {expression}'), r'= (\d+)$', expression).group(1))


def stopped(vm, session, count, pattern, what):
    """The stop of a program that has this many breakpoints, which waits there."""
    session.begin('continue')
    work = program(vm, count)
    match(session.finish(), pattern, what)
    return work


def goes_on(session, work, count, how='continue'):
    """To the program's end, and back to the prompt."""
    session.begin(how)
    ended(work, count)
    interrupt(session)


def undisturbed(vm, session, count):
    """The program runs to its end without a stop."""
    session.begin('continue')
    ended(program(vm, count), count)
    interrupt(session)


vm = VM(cpus=2)
vm.sh('touch /tmp/go')
session = vm.gdb_session()
session.run(f'cd {vm.machine.module.parent}')
line = match(session.run('monitor symbols'), r'^add-symbol-file \S*hvgdb\.ko -s \.text 0x.*$', 'monitor symbols').group(0)
session.run(line)
match(session.run('info symbol &hvgdb_events'), '^hvgdb_events in section', 'the symbol of the event page')

match(session.run(f'awatch {RECORD}'), r'^Hardware access \(read/write\) watchpoint 1: hvgdb_events', 'awatch')
work = stopped(vm, session, 3, rf'hit Hardware access .*watchpoint 1: hvgdb_events\.exception\[3\]', 'the stop')
equal(number(session, '$pc'), BP, 'RIP')
equal([number(session, f'{RECORD}.{field}') for field in ('vector', 'count', 'rip', 'cpl', 'context')], [3, 1, BP, 3, 3],
      'fields of the record')
listed = match(session.run('monitor events'), r'^0x(\w+)  enabled  gdb  hits 1 .* awatch 0x', 'the rule').group(1)
session.run('continue')
session.run('continue')
match(session.run('monitor events'), rf'^0x{listed}  enabled  gdb  hits 3 ', 'id and hits after three stops')
equal(number(session, f'{RECORD}.count'), 3, 'count of the record')
goes_on(session, work, 3)

# gdb's own table: ignore counts, disable, enable.
session.run('ignore 1 4')
work = stopped(vm, session, 5, 'hit Hardware access .*watchpoint 1', 'the stop after four that are ignored')
equal(number(session, f'{RECORD}.count'), 8, 'count of the record after the ignored ones')
goes_on(session, work, 5)
session.run(f'condition 1 {RECORD}.count == 10')
session.begin('continue')
work = program(vm, 3)
match(session.finish(), 'hit Hardware access .*watchpoint 1', 'the stop whose condition is true')
equal(number(session, f'{RECORD}.count'), 10, 'count of the record where the condition is true')
session.begin('continue')
ended(work, 3)
interrupt(session)
session.run('condition 1')
session.run('disable 1')
undisturbed(vm, session, 4)
check('gdb' not in session.run('monitor events'), 'a disabled watchpoint is still a rule')
equal(number(session, f'{RECORD}.count'), 11, 'count of the record without a rule')
session.run('enable 1')
work = stopped(vm, session, 1, 'hit Hardware access .*watchpoint 1', 'the stop of the enabled watchpoint')
goes_on(session, work, 1)
session.run('delete 1')

# One shot.
session.run(f'awatch {RECORD}')
session.run('commands 2\necho one shot\\n\ndelete 2\nend')
work = stopped(vm, session, 3, 'one shot', 'the commands')
equal(session.run('info breakpoints'), 'No breakpoints or watchpoints.', 'the list after the one shot')
equal(number(session, '$pc'), BP, 'RIP at the one shot')
goes_on(session, work, 3)

# rwatch only looks: signal 0 cannot suppress.
session.run(f'rwatch {RECORD}')
work = stopped(vm, session, 1, 'hit Hardware read watchpoint', 'the stop of rwatch')
goes_on(session, work, 1, 'signal 0')
session.run('delete')

# watch is refused; nothing is left behind.
session.run(f'watch {RECORD}')
refusal = session.run('continue')
match(refusal, 'Could not insert hardware watchpoint', 'the refusal')
match(session.run('monitor why'), 'use awatch on the event page', 'monitor why')
session.run('delete')
undisturbed(vm, session, 2)
session.quit()
vm.dmesg_clean()
