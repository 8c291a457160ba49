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
session.begin('continue')
work = program(vm, 3)
match(session.finish(), rf'hit Hardware access .*watchpoint 1: hvgdb_events\.exception\[3\]', 'the stop')
equal(number(session, '$pc'), BP, 'RIP')
equal([number(session, f'{RECORD}.{field}') for field in ('vector', 'count', 'rip', 'cpl', 'context')], [3, 1, BP, 3, 3],
      'fields of the record')
listed = match(session.run('monitor events'), r'^0x(\w+)  enabled  gdb  hits 1 .* awatch 0x', 'the rule').group(1)
session.run('continue')
session.run('continue')
match(session.run('monitor events'), rf'^0x{listed}  enabled  gdb  hits 3 ', 'id and hits after three stops')
equal(number(session, f'{RECORD}.count'), 3, 'count of the record')
session.begin('continue')
ended(work, 3)
interrupt(session)

# gdb's own table: ignore counts, disable, enable.
session.run('ignore 1 4')
session.begin('continue')
work = program(vm, 5)
match(session.finish(), 'hit Hardware access .*watchpoint 1', 'the stop after four that are ignored')
equal(number(session, f'{RECORD}.count'), 8, 'count of the record after the ignored ones')
session.begin('continue')
ended(work, 5)
interrupt(session)
session.run('disable 1')
undisturbed(vm, session, 4)
check('gdb' not in session.run('monitor events'), 'a disabled watchpoint is still a rule')
equal(number(session, f'{RECORD}.count'), 8, 'count of the record without a rule')
session.run('enable 1')
session.begin('continue')
work = program(vm, 1)
match(session.finish(), 'hit Hardware access .*watchpoint 1', 'the stop of the enabled watchpoint')
session.begin('continue')
ended(work, 1)
interrupt(session)
session.run('delete 1')

# One shot.
session.run(f'awatch {RECORD}')
session.run('commands 2\necho one shot\\n\ndelete 2\nend')
session.begin('continue')
work = program(vm, 3)
match(session.finish(), 'one shot', 'the commands')
equal(session.run('info breakpoints'), 'No breakpoints or watchpoints.', 'the list after the one shot')
equal(number(session, '$pc'), BP, 'RIP at the one shot')
session.begin('continue')
ended(work, 3)
interrupt(session)

# rwatch only looks: signal 0 cannot suppress.
session.run(f'rwatch {RECORD}')
session.begin('continue')
work = program(vm, 1)
match(session.finish(), 'hit Hardware read watchpoint', 'the stop of rwatch')
session.begin('signal 0')
ended(work, 1)
interrupt(session)
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
