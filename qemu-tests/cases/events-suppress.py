# SPDX-License-Identifier: GPL-2.0
"""What becomes of an event that stopped gdb: continue and any signal deliver it, signal 0 and `sc on` suppress it, by
the rules of exceptions and of MOV DR; detach, the next gdb, and nobody at all deliver what was held."""

from lib.case import VM, equal, match, symbol

UD, BP = symbol('faults', 'fault_ud'), symbol('faults', 'fault_bp')

vm = VM(cpus=2, load='orphan_timeout=5')
vm.sh('touch /tmp/go')


def stop_at(session, rule, command, signal):
    """The program in the background, stopped at its first event."""
    session.run('monitor events c all')
    match(session.run(f'monitor !{rule}'), r'^rule 0x\w+: ', rule)
    session.begin('continue')
    work = vm.background(command)
    match(session.finish(), f'signal {signal},' if signal else 'stopped', f'the stop for "{rule}"')
    return work


def counters(session):
    """(hits, suppressed) of the only rule."""
    found = match(session.run('monitor events'), r'hits (\d+)  suppressed (\d+)  lost 0 ', 'the list')
    return int(found.group(1)), int(found.group(2))


def ends(session, work, wanted, hits, suppressed, what):
    """The program ends as wanted while gdb waits; nothing else stops."""
    equal(work.wait()[0].strip(), wanted, what)
    session.interrupt()
    match(session.finish(), 'SIGINT', f'{what}: the end')
    equal(counters(session), (hits, suppressed), f'{what}: hits and suppressed')


def one_answer(session, rule, command, signal, answer, wanted, suppressed, what):
    """One event, one answer of gdb."""
    work = stop_at(session, rule, command, signal)
    session.begin(answer)
    ends(session, work, wanted, 1, suppressed, what)


session = vm.gdb_session()

# Delivered: what the signal is does not matter, but that there is one.
for answer in ('continue', 'signal SIGILL', 'signal SIGUSR1'):
    one_answer(session, 'exception ud', 'faults ud 1', 'SIGILL', answer, 'faults: ud: 1 of 1', 0, answer)

# Suppressed faults run again, unless the user moves RIP or the rule says skip.
work = stop_at(session, 'exception ud', 'faults ud 1', 'SIGILL')
match(session.run('signal 0'), 'signal SIGILL,', 'the same instruction again')
equal(int(session.run('print/d $pc').split('= ')[1]), UD, 'RIP of a suppressed fault')
session.run('set $pc += 2')
session.begin('signal 0')
ends(session, work, 'faults: ud: 0 of 1', 2, 2, 'a suppressed #UD with RIP moved')
one_answer(session, 'exception ud skip on', 'faults ud 1', 'SIGILL', 'signal 0', 'faults: ud: 0 of 1', 1, 'skip on')

# Suppressed #BP is skipped by itself.
work = stop_at(session, 'exception bp rip 400000 500000', 'faults bp 1', 'SIGEMT')
equal(int(session.run('print/d $pc').split('= ')[1]), BP, 'RIP of #BP')
session.begin('signal 0')
ends(session, work, 'faults: bp: 0 of 1', 1, 1, 'a suppressed #BP')

# A page fault that is suppressed once and comes again, then is delivered.
work = stop_at(session, 'exception pf addr 10000000 10000fff', 'faults read 1', 'SIGSEGV')
match(session.run('signal 0'), 'signal SIGSEGV,', 'the same page fault again')
session.begin('continue')
ends(session, work, 'faults: read: 1 of 1', 2, 1, 'a page fault suppressed once')

# MOV DR: the debug register stays 0, so the child never stops.
session.run('handle SIGUSR2 nopass')
work = stop_at(session, 'dr reg 0 access w', 'watcher 0 1', 'SIGUSR2')
session.run('handle SIGUSR2 nostop noprint nopass')
session.begin('continue')
equal(work.wait()[0].strip(), 'watcher: 0 of 1 stops, status 0', 'a watchpoint whose register is never written')
session.interrupt()
session.finish()
hits, suppressed = counters(session)
equal(hits, suppressed, 'writes of DR0 and those suppressed')

# A rule with sc on stops with signal 0 and suppresses; `events sc off` overrides it, `events sc on` the signal.
work = stop_at(session, 'exception ud sc on skip on', 'faults ud 2', None)
session.run('monitor events sc off')
match(session.run('continue'), 'stopped', 'the second #UD')
session.begin('continue')
ends(session, work, 'faults: ud: 1 of 2', 2, 1, 'sc on, once overridden')
work = stop_at(session, 'exception ud skip on', 'faults ud 2', 'SIGILL')
session.run('monitor events sc on')
match(session.run('continue'), 'SIGILL', 'the second #UD')
session.begin('continue')
ends(session, work, 'faults: ud: 1 of 2', 2, 1, 'suppressed by events sc on')

# Timer interrupts are delivered: each sets up the next. (So Linux cannot do without one: none is suppressed here.)
TIMER = 0xec
session.run('monitor events c all')
session.run(f'monitor !interrupt {TIMER:x} core 0')
session.run('handle SIGUSR1 stop print pass')
for _ in range(3):
    match(session.run('continue'), 'SIGUSR1', 'a timer interrupt')
equal(counters(session), (3, 0), 'timer interrupts and those suppressed')

# Whoever leaves delivers.
work = stop_at(session, 'exception ud', 'faults ud 1', 'SIGILL')
session.run('detach')
equal(work.wait()[0].strip(), 'faults: ud: 1 of 1', 'detach delivers')
session.quit()

session = vm.gdb_session()
work = stop_at(session, 'exception ud', 'faults ud 1', 'SIGILL')
session.kill()
session = vm.gdb_session()
equal(session.run('monitor events'), 'no rules', 'the next gdb finds the rules of the one that was killed')
session.begin('continue')
equal(work.wait()[0].strip(), 'faults: ud: 1 of 1', 'the next gdb delivers')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C of the next gdb')

# gdb is killed while it waits: nobody acknowledges the stop.
match(session.run('monitor !exception ud'), '^rule 0x', 'the last rule')
session.begin('continue')
vm.sh('true')
session.kill()
equal(vm.status('faults ud 1', timeout=60)[0].strip(), 'faults: ud: 1 of 1', 'a stop that nobody acknowledges delivers')
vm.dmesg_clean()
