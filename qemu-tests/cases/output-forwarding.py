# SPDX-License-Identifier: GPL-2.0
"""100,000 events go to a file, to a FIFO whose reader sleeps and to a TCP receiver that dies and comes back, all at
once: what each receives, and what it is told was lost, add up to the hits of the rule, in order. The same after a ring
was full, and after the controller was killed again and again: nothing is told twice. Nothing of it stops the guest."""

import json
import os
import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 240
EVENTS = int(os.environ.get('HVGDB_TEST_EVENTS', 100000))
# A ring of 64 K records takes one CPU's half of them; the flood is more than that.
PAGES = 2048
FLOOD = 70000
KILLS = 6
KILLED = 24000
RULE = '!exception ud cpl 3 sc on skip on output { log, pipe, far }'
PORT = 4711


def listed(vm):
    """{name: (sent, lost)}"""
    text = vm.sh('sleep 0.2; hvgdbctl output')
    return {name: (int(sent), int(lost)) for name, sent, lost in
            re.findall(r'^(\w+) .* sent (\d+), waiting \d+, lost (\d+)$', text, re.M)}


def counted(vm):
    """(hits, lost) of the rule, as root counts them."""
    found = match(vm.sh('hvgdbctl event list'), r'hits (\d+)(?:.*?\blost (\d+))?', 'the rule')
    return int(found.group(1)), int(found.group(2) or 0)


def settled(vm, name, wanted):
    """(sent, lost) as soon as they add up."""
    def adds_up():
        now = listed(vm).get(name, (0, 0))
        check(sum(now) <= wanted, f'{name} accounts for more events than there were', now, wanted)
        return now if sum(now) == wanted else None
    return until(adds_up, 60, f'{name} does not account for {wanted} events')


def report(text):
    """What a receiver printed: events, losses it was told of, torn lines, disorder."""
    found = match(text, r'events (\d+) lost (\d+) torn (\d+) disorder (\d+)', 'report of a receiver')
    return [int(value) for value in found.groups()]


def last_seen(text, which):
    return dict(re.findall(r'(\d+):(\d+)', match(text, rf'{which}((?: \d+:\d+)*)', which).group(1)))


def check_three(vm):
    """File, FIFO and TCP; dies behind some, comes back; the FIFO's reader sleeps until the others have everything."""
    vm.sh(f'(receiver tcp {PORT} {EVENTS // 5}; sleep 1; receiver tcp {PORT}) >/tmp/far.out 2>&1 &')
    vm.sh('receiver fifo /tmp/pipe /tmp/wake >/tmp/pipe.out 2>&1 &')
    vm.sh(f'for cpu in 0 1; do taskset $((1 << cpu)) faults ud {EVENTS // 2} & done; wait; true', timeout=100)
    equal(counted(vm), (EVENTS, 0), 'hits of the rule, and those that a ring has lost')
    sent = {name: settled(vm, name, EVENTS) for name in ('log', 'far')}
    vm.sh('touch /tmp/wake')
    sent['pipe'] = settled(vm, 'pipe', EVENTS)
    equal(sent['log'], (EVENTS, 0), 'sent to the file and lost: the rings are large enough for all')
    check(sent['pipe'][1] > 0, 'the FIFO lost nothing although nobody read', sent)
    vm.sh('touch /tmp/stop')

    log = report(vm.sh('receiver file /tmp/log', timeout=60))
    equal(log, [EVENTS, 0, 0, 0], 'events, lost, torn lines and disorder in the file')
    pipe = report(until(lambda: vm.sh('cat /tmp/pipe.out'), 60, 'the reader of the FIFO does not end'))
    equal(pipe, [*sent['pipe'], 0, 0], 'the same of the FIFO')
    far = until(lambda: (lambda text: text if text.count('events') == 2 else '')(vm.sh('cat /tmp/far.out')), 60,
                'the receiver does not end').splitlines()
    before, after = report(far[0]), report(far[1])
    equal(before[0], EVENTS // 5, 'events of the receiver that died')
    equal((before[3], after[3], after[2]), (0, 0, 0), 'disorder, and torn lines of the one that came back')
    # What its kernel had taken for it died with the receiver, at the place where one ends and the other begins.
    died = sent['far'][0] - before[0] - after[0]
    check(0 <= died < 30000, f'{died} events went down with the receiver', far, sent)
    equal(before[1] + after[1], sent['far'][1], 'losses told in the stream')
    for cpu, seq in last_seen(far[1], 'first').items():
        check(int(seq) > int(last_seen(far[0], 'last').get(cpu, -1)), 'the second receiver got what the first had', *far)


def begin_anew(vm):
    """An empty file for what comes."""
    vm.sh('hvgdbctl output rotate log; until [ -e /tmp/log.1 ] && [ -e /tmp/log ]; do sleep 0.1; done; rm /tmp/log.1')


def check_flood(vm):
    """More than a ring holds, while the controller does not run; then it goes on."""
    before = counted(vm)[0]
    begin_anew(vm)
    vm.sh('kill -STOP $(hvgdbctl output | sed -n "s/^forwarded by process //p")')
    vm.sh(f'taskset 1 faults ud {FLOOD}; true', timeout=60)
    hits, lost = counted(vm)
    equal(hits - before, FLOOD, 'hits in the flood')
    equal(FLOOD - lost, 32 * PAGES, 'records in a ring that was full')
    vm.sh('kill -CONT $(hvgdbctl output | sed -n "s/^forwarded by process //p")')
    total = settled(vm, 'log', hits)
    equal(total[1], lost, 'losses that the output tells of and those that root counts')
    equal(report(vm.sh('receiver file /tmp/log', timeout=60)), [FLOOD - lost, lost, 0, 0],
          'events, losses told, torn lines and disorder after the flood')


def check_kills(vm):
    """The controller dies while events come, again and again: the guest, the line and the rules are as before, each
    next one goes on where the last one was, and what went down with that is told of."""
    before = counted(vm)[0]
    begin_anew(vm)
    base = settled(vm, 'log', before)
    vm.sh(f'(for cpu in 0 1; do taskset $((1 << cpu)) faults ud {KILLED // 2} & done; wait; touch /tmp/caused) '
          '>/dev/null 2>&1 &')
    kill = 'kill -9 $(hvgdbctl output | sed -n "s/^forwarded by process //p")'
    for nr in range(KILLS):
        # Each is killed as soon as the file grows, which is in the middle of its work.
        vm.sh(f'size=$(stat -c %s /tmp/log); until [ $(stat -c %s /tmp/log) != $size ] || [ -e /tmp/caused ]; do :; done; '
              f'usleep {3000 * nr}; {kill}; (hvgdbctl forward >>/tmp/forward.log 2>&1 &) ; '
              'until hvgdbctl output | grep -q "^forwarded by"; do :; done')
        if nr == KILLS // 2:
            match(vm.gdb('info threads', symbols=False), 'Thread 2', 'gdb after the controller was killed')
    vm.sh('until [ -e /tmp/caused ]; do sleep 0.1; done', timeout=60)
    hits = counted(vm)[0]
    equal(hits - before, KILLED, 'hits while the controller was killed')
    check('enabled' in vm.sh('hvgdbctl event list'), 'the rule is gone')
    total = settled(vm, 'log', hits)
    equal(report(vm.sh('receiver file /tmp/log', timeout=60)), [total[0] - base[0], total[1] - base[1], 0, 0],
          'events, losses told, torn lines and disorder after the kills')


def check_timeline(vm):
    """What the Perfetto viewer opens: an array of trace events, a process for each CPU, a track for each kind."""
    vm.sh('hvgdbctl event clear all; hvgdbctl output create line file /tmp/line format trace; hvgdbctl output open line; '
          "hvgdbctl event add '!exception ud cpl 3 sc on skip on output { line }'")
    vm.sh('for cpu in 0 1; do taskset $((1 << cpu)) faults ud 50; done; true')
    settled(vm, 'line', 100)
    vm.sh('hvgdbctl output close line; until tail -n 1 /tmp/line | grep -q "^]"; do sleep 0.1; done')
    rows = json.loads(vm.sh('cat /tmp/line'))
    cpus = {row['pid']: row['args']['name'] for row in rows if row['name'] == 'process_name'}
    tracks = {(row['pid'], row['tid']): row['args']['name'] for row in rows if row['name'] == 'thread_name'}
    marks = [row for row in rows if row['ph'] != 'M']
    equal({(row['ph'], row['s'], row['name'], row['cat']) for row in marks}, {('i', 't', '#ud', 'exception')}, 'the events')
    equal({tracks[row['pid'], row['tid']] for row in marks}, {'exceptions'}, 'names of their tracks')
    equal([sum(cpus[row['pid']] == f'CPU {cpu}' for row in marks) for cpu in (0, 1)], [50, 50], 'events of each CPU')
    equal(sorted(row['ts'] for row in marks), [row['ts'] for row in marks], 'their times')


vm = VM(cpus=2, load=f'ring_pages={PAGES}')
vm.sh('touch /tmp/go; ip link set lo up; mkfifo /tmp/pipe')
vm.sh(f'hvgdbctl output create log file /tmp/log format json; hvgdbctl output create pipe fifo /tmp/pipe format json;'
      f'hvgdbctl output create far tcp 127.0.0.1:{PORT} format json')
for name in ('log', 'pipe', 'far'):
    vm.sh(f'hvgdbctl output open {name}')
vm.sh(f"hvgdbctl event add '{RULE}'")
check_three(vm)
vm.sh('hvgdbctl output close pipe; hvgdbctl output close far')
check_flood(vm)
check_kills(vm)
check_timeline(vm)

# A second reader is told who the first is.
output, status = vm.status('hvgdbctl forward')
check(status == 1 and re.search(r'process \d+ reads the events already', output), 'two readers', output)
vm.dmesg_clean()
