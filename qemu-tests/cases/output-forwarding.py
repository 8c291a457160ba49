# SPDX-License-Identifier: GPL-2.0
"""Some 20,000 events (HVGDB_TEST_EVENTS=100000 for more) go to a file, to a FIFO whose reader sleeps and to a TCP receiver that dies and comes back, all at once:
what each receives, and what it is told was lost, add up to the hits of the rule, in order. The same after the rings were
full and after the controller was killed. Nothing of it stops the guest."""

import os
import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 180
EVENTS = int(os.environ.get('HVGDB_TEST_EVENTS', 20000))
# Each CPU's ring holds 16 records for every 10 of its share of EVENTS; the flood is more than both hold.
PAGES = 512 * EVENTS // 20000
FLOOD = 3 * EVENTS
RULE = '!exception ud cpl 3 sc on skip on output {{ {} }}'
PORT = 4711


def listed(vm):
    """{name: (sent, lost)}"""
    text = vm.sh('hvgdbctl output')
    return {name: (int(sent), int(lost)) for name, sent, lost in re.findall(r'^(\w+) .* sent (\d+), lost (\d+)$', text, re.M)}


def hits(vm):
    return int(match(vm.sh('hvgdbctl event list'), r'hits (\d+)', 'the rule').group(1))


def cause(vm, count):
    """Half of them on each CPU, and nobody is told of them but the rule."""
    vm.sh(f'for cpu in 0 1; do taskset $((1 << cpu)) faults ud {count // 2} & done; wait; true', timeout=300)


def settled(vm, name, wanted):
    until(lambda: sum(listed(vm)[name]) == wanted, 100, f'{name} does not account for {wanted} events: {listed(vm)}')
    return listed(vm)[name]


def report(text):
    """What a receiver printed."""
    found = match(text, r'events (\d+) lost (\d+) torn (\d+) disorder (\d+)', 'report of a receiver')
    return [int(value) for value in found.groups()]


def last_seen(text, which):
    return dict(re.findall(r'(\d+):(\d+)', match(text, rf'{which}((?: \d+:\d+)*)', which).group(1)))


vm = VM(cpus=2, load=f'ring_pages={PAGES}')
vm.sh('touch /tmp/go; ip link set lo up')
vm.sh('mkfifo /tmp/pipe')
vm.sh(f'hvgdbctl output create log file /tmp/log format json; hvgdbctl output create pipe fifo /tmp/pipe format json;'
      f'hvgdbctl output create far tcp 127.0.0.1:{PORT} format json')
for name in ('log', 'pipe', 'far'):
    vm.sh(f'hvgdbctl output open {name}')
vm.sh(f"hvgdbctl event add '{RULE.format('log, pipe, far')}'")

# Dies behind some, comes back; the FIFO's reader sleeps until the others have everything.
vm.sh(f'(receiver tcp {PORT} {EVENTS // 5}; sleep 1; receiver tcp {PORT}) >/tmp/far.out 2>&1 &')
vm.sh('receiver fifo /tmp/pipe /tmp/wake >/tmp/pipe.out 2>&1 &')
cause(vm, EVENTS)
equal(hits(vm), EVENTS, 'hits of the rule')
sent = {name: settled(vm, name, EVENTS) for name in ('log', 'far')}
vm.sh('touch /tmp/wake')
sent['pipe'] = settled(vm, 'pipe', EVENTS)
equal(sent['log'], (EVENTS, 0), 'sent to the file and lost: the rings are large enough for all')
check(sent['pipe'][1] > 0, 'the FIFO lost nothing although nobody read', sent)
vm.sh('touch /tmp/stop')

log = report(vm.sh('receiver file /tmp/log', timeout=60))
equal(log, [EVENTS, 0, 0, 0], 'events, lost, torn lines and disorder in the file')
pipe = report(until(lambda: vm.sh('cat /tmp/pipe.out'), 60, 'the reader of the FIFO does not end'))
equal(pipe, [sent['pipe'][0], sent['pipe'][1], 0, 0], 'the same of the FIFO')
far = until(lambda: (lambda text: text if text.count('events') == 2 else '')(vm.sh('cat /tmp/far.out')), 60,
            'the receiver does not end').splitlines()
before, after = report(far[0]), report(far[1])
equal(before[0], EVENTS // 5, 'events of the receiver that died')
equal((before[3], after[3], after[2]), (0, 0, 0), 'disorder, and torn lines of the one that came back')
# What its kernel had taken for it died with the receiver, at the place where one ends and the other begins.
died = EVENTS - before[0] - after[0] - sent['far'][1]
check(0 <= died < 1000, f'{died} events went down with the receiver', far, sent)
equal(before[1] + after[1], sent['far'][1], 'losses told in the stream')
for cpu, seq in last_seen(far[1], 'first').items():
    check(int(seq) > int(last_seen(far[0], 'last').get(cpu, -1)), 'the second receiver got what the first had', *far)

# More than the rings hold, while the controller does not run; then it goes on. Nothing is told twice.
vm.sh('rm -f /tmp/log /tmp/stop; hvgdbctl output close pipe; hvgdbctl output close far; hvgdbctl output rotate log; sleep 1')
vm.sh('kill -STOP $(cat /tmp/forward.pid 2>/dev/null || hvgdbctl output | sed -n "s/^forwarded by process //p") ; true')
cause(vm, FLOOD)
equal(hits(vm), EVENTS + FLOOD, 'hits after the flood')
vm.sh('kill -CONT $(hvgdbctl output | sed -n "s/^forwarded by process //p")')
total = settled(vm, 'log', EVENTS + FLOOD)
slots = 1 << (32 * PAGES).bit_length() - 1
check(FLOOD - total[1] <= 2 * slots, 'more than the rings hold', total)
vm.sh('touch /tmp/stop')
log = report(vm.sh('receiver file /tmp/log', timeout=60))
equal(log, [total[0] - EVENTS, total[1], 0, 0], 'events, losses told, torn lines and disorder after the flood')

# The controller dies while events come: the guest, the line and the rules are as before, the next one goes on.
vm.sh('hvgdbctl output remove pipe 2>/dev/null; rm -f /tmp/log /tmp/stop; hvgdbctl output rotate log; sleep 1')
base = settled(vm, 'log', EVENTS + FLOOD)
work = vm.background(f'for cpu in 0 1; do taskset $((1 << cpu)) faults ud {EVENTS // 2} & done; wait; true', timeout=300)
vm.sh('sleep 0.2; kill -9 $(hvgdbctl output | sed -n "s/^forwarded by process //p")')
work.wait()
check('enabled' in vm.sh('hvgdbctl event list'), 'the rule is gone')
match(vm.gdb('info threads', symbols=False), 'Thread 2', 'gdb after the controller was killed')
vm.sh('hvgdbctl forward >/tmp/forward.log 2>&1 &')
total = settled(vm, 'log', 2 * EVENTS + FLOOD)
vm.sh('touch /tmp/stop')
log = report(vm.sh('receiver file /tmp/log', timeout=60))
# What had been written when it died, but not counted yet, is told of as lost too.
check(log[0] + log[1] >= EVENTS and log[0] >= total[0] - base[0], 'events or losses are missing', log, base, total)
equal(log[2:], [0, 0], 'torn lines and disorder after the kill')

# A second reader is told who the first is.
output, status = vm.status('hvgdbctl forward')
check(status == 1 and re.search(r'process \d+ reads the events already', output), 'two readers', output)
vm.dmesg_clean()
