# SPDX-License-Identifier: GPL-2.0
"""Rules of every kind under load, and whether their counts add up, for qemu-tests/events-load, which runs
as long as it is told."""

import random
import time

from lib.case import check, equal, match

TIMER, RESCHEDULE = 0xec, 0xfd
PAGES = 64                                          # that pfcheck touches in a round
# What the programs cause in each round, under the rules that watch all of it.
ROUND = {'ud': 40, 'de': 30, 'gp': 20, 'bp': 20, 'read': 30, 'of': 10, 'br': 10}
WATCHED = {'read': 'pf addr 10000000 10000fff'}
NOTHING = 'code { 90 }'

# Rules that come and go. Those without code stop gdb, which passes everything on.
PASSING = ['!exception ud', '!exception de cpl 3', '!exception pf addr 10000000 10000fff condition { 31 c0 }', '!exception bp core 1',
           f'!exception {NOTHING}', f'!exception pf pfec 2 2 {NOTHING}', f'!exception gp stage all {NOTHING}',
           f'!interrupt {TIMER:x} {NOTHING}', f'!interrupt {RESCHEDULE:x} core 0 {NOTHING}', f'!interrupt {TIMER:x} condition {{ 31 c0 }}',
           f'!dr {NOTHING}', '!dr reg 0 access w', f'!dr reg 6 access r stage post {NOTHING}', f'!exception nmi {NOTHING}']


def hits(session):
    """{id: hits}; no rule has failed, suppressed anything, or lost count."""
    lines = [line for line in session.run('monitor events').splitlines() if ' hits ' in line]
    bad = [line for line in lines if '  suppressed 0  lost 0  ' not in line or line.split()[1] == 'failed']
    check(not bad, 'rules that suppressed, lost or failed:', *bad)
    return {int(line.split()[0], 16): int(line.split(' hits ')[1].split()[0]) for line in lines}


def add(session, text):
    return int(match(session.run(f'monitor {text}'), r'^rule 0x(\w+): ', text).group(1), 16)


def halt(session):
    session.interrupt()
    match(session.finish(120), 'SIGINT', 'Ctrl-C')


def many_page_faults(vm, rounds):
    """Each is seen by a rule whose condition is false, and the guest gets it all the same."""
    session = vm.gdb_session()
    never = add(session, '!exception pf condition { 31 c0 }')
    seen = add(session, f'!exception pf pfec 6 6 {NOTHING}')
    session.begin('continue')
    output = vm.sh(f'pfcheck {rounds}', timeout=60 + rounds)
    halt(session)
    found = hits(session)
    session.quit()
    match(output, rf'\b{rounds} of {rounds}\b', 'what pfcheck says')
    equal(found[never], 0, 'hits of a rule whose condition is false')
    check(found[seen] >= PAGES * rounds, f'{found[seen]} write faults of user mode were seen, not {PAGES * rounds}')
    return found[seen]


def change(session, chance, mine):
    """One thing that somebody may do to the rules."""
    what = chance.random()
    if what < 0.5 or not mine:
        mine.append(add(session, chance.choice(PASSING)))
    elif what < 0.8:
        session.run(f'monitor events c {mine.pop(chance.randrange(len(mine))):x}')
    else:
        session.run(f'monitor events {chance.choice("ed")} {chance.choice(mine):x}')


def everything(vm, cpus, seconds, seed=1):
    """Programs on all CPUs, rules that come and go; returns the rounds that the programs ran."""
    chance = random.Random(seed)
    session = vm.gdb_session()
    session.run('handle all nostop noprint pass')
    session.run('handle SIGINT stop print nopass')
    base = {kind: add(session, f'!exception {WATCHED.get(kind, kind)} cpl 3 {NOTHING}') for kind in ROUND}
    registers = add(session, f'!dr {NOTHING}')
    vm_command = ('touch /tmp/go; rounds=0; while [ ! -e /tmp/enough ]; do taskset {mask:x} faults {kinds} || exit 1; '
                  'taskset {mask:x} watcher 0 2 > /dev/null || exit 2; rounds=$((rounds + 1)); done; echo rounds $rounds')
    kinds = ' '.join(f'{kind} {count}' for kind, count in ROUND.items())
    session.begin('continue')
    works = [vm.background(vm_command.format(mask=1 << cpu, kinds=kinds), timeout=4 * seconds + 300) for cpu in range(cpus)]
    mine, end, changes = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.1, 0.6))
        halt(session)
        for _ in range(chance.randrange(1, 5)):
            change(session, chance, mine)
            changes += 1
        if len(mine) > 12:
            session.run(f'monitor events c {mine.pop(0):x}')
        session.begin('continue')
    halt(session)
    hits(session)
    for number in mine:
        session.run(f'monitor events c {number:x}')
    session.begin('continue')
    vm.sh('touch /tmp/enough')
    rounds = 0
    for work in works:
        output, status = work.wait()
        equal(status, 0, f'status (1: an exception was lost, 2: a debug register) of programs that printed\n{output[-300:]}')
        rounds += int(match(output, r'rounds (\d+)', 'the rounds').group(1))
    halt(session)
    found = hits(session)
    session.quit()
    equal({kind: found[number] for kind, number in base.items()}, {kind: count * rounds for kind, count in ROUND.items()},
          f'hits after {rounds} rounds')
    check(found[registers] > 0, 'no access to a debug register was seen')
    return rounds, changes
