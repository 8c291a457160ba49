# SPDX-License-Identifier: GPL-2.0
"""Rules of every kind made, listed, disabled and removed by hvgdbctl, without gdb: they count and suppress as those of
`monitor` do, gdb and hvgdbctl see the same list, what stops waits for a gdb, and mistakes get the same sentence. With the
last rule of a kind its exits end."""

from lib.case import VM, check, equal, match

NOTHING = 'code { 90 }'
RESCHEDULE = 'fd'
STACKS = "taskset 1 sh -c 'for i in 1 2 3; do echo l > /proc/sysrq-trigger; done'"

# Signals from CPU 1 to a program that runs on CPU 0: each is an interrupt between them.
SIGNALS = ("rm -f /tmp/enough; taskset 1 sh -c 'trap : USR1; touch /tmp/traps; until [ -e /tmp/enough ]; do :; done' & "
           "until [ -e /tmp/traps ]; do usleep 10000; done; "
           "taskset 2 sh -c 'for i in $(seq 50); do kill -USR1 '$!'; usleep 2000; done'; touch /tmp/enough; wait")

# Rules, and the hits and suppressed events of each after workload(). None: some.
RULES = {
    f'!exception ud {NOTHING}': (5, 0),
    f'!exception pf addr 10000000 10000fff {NOTHING}': (3, 0),
    f'!exception bp cpl 3 sc on {NOTHING}': (4, 4),
    '!exception de condition { 31 c0 }': (0, 0),
    '!exception de skip on sc on script { .count = .count + 1; }': (2, 2),
    f'!exception nmi core 1 {NOTHING}': (3, 0),
    f'!interrupt {RESCHEDULE} {NOTHING}': None,
    f'!dr reg 0 access w {NOTHING}': None,
    f'!dr reg 3 access w {NOTHING}': (0, 0),
    '!exception gp': (2, 0),
}


def ctl(vm, words):
    return vm.sh(f"hvgdbctl event {words}")


def workload(vm):
    """Its exceptions are those of RULES; the #GP stops nobody, for there is no gdb."""
    equal(vm.status('faults ud 5 read 3 bp 4 de 2 gp 2')[0].splitlines(),
          ['faults: ud: 5 of 5', 'faults: read: 3 of 3', 'faults: bp: 0 of 4', 'faults: de: 0 of 2', 'faults: gp: 2 of 2'],
          'what the program gets')
    vm.sh(STACKS)
    vm.sh(SIGNALS)
    equal(vm.sh('watcher 0 3').strip(), 'watcher: 3 of 3 stops, status 0', 'a watchpoint under rules')


def counters(text):
    """{rule as it was typed: (hits, suppressed)}"""
    lines = text.splitlines()
    return {typed.strip(): tuple(int(line.split(word)[1].split()[0]) for word in (' hits ', ' suppressed '))
            for line, typed in zip(lines[::2], lines[1::2])}


def exits(session):
    """{reason: exits} of those that rules cause."""
    text = session.run('monitor stats')
    return {reason: int(match(text, rf'\b{reason} (\d+)', 'monitor stats').group(1)) for reason in ('EXTERNAL_INTERRUPT', 'DR_ACCESS')}


vm = VM(cpus=2, load='unsafe_code=1')
vm.sh('touch /tmp/go')
equal(ctl(vm, 'list').strip(), 'no rules', 'the list at first')
for rule in RULES:
    match(ctl(vm, f"add '{rule}'"), r'^rule 0x\w+: ', rule)
workload(vm)
found = counters(ctl(vm, 'list'))
equal(list(found), list(RULES), 'the rules, in the order they were made')
equal({rule: found[rule] for rule, wanted in RULES.items() if wanted}, {rule: wanted for rule, wanted in RULES.items() if wanted},
      'hits and suppressed')
for rule, wanted in RULES.items():
    check(wanted or found[rule][0] > 0, f'no hit of "{rule}"', found)

# Mistakes: one line, what `monitor` says, and nothing is changed.
session = vm.gdb_session()
session.run('handle SIGSEGV stop print pass')
answers = {line: session.run(f'monitor {line}') for line in ('!exception 20', '!interrupt', '!dr reg 8', '!exception ud core 7')}
listed = session.run('monitor events')
equal(list(counters(listed)), list(RULES), 'the list that gdb sees')
check(listed.count('  ioctl  ') == len(RULES), 'the rules are not said to be from hvgdbctl', listed)

# With a gdb the rule that stops does so; hvgdbctl disables it under a gdb that waits.
session.begin('continue')
for line, answer in answers.items():
    output, status = vm.status(f"hvgdbctl event add '{line}'")
    equal(status, 1, f'status after {line}')
    check(answer in output, f'another answer to {line} than from monitor', answer, output)
work = vm.background('faults gp 1')
match(session.finish(), 'received signal SIGSEGV', 'the stop under a rule of hvgdbctl')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program after a stop')
last = match(ctl(vm, 'list'), r'^0x(\w+) .*\(gp\)', 'the rule that stops').group(1)
ctl(vm, f'disable {last}')
equal(vm.status('faults gp 3')[1], 0, 'a program under a disabled rule')
match(ctl(vm, 'list'), rf'^0x{last}  disabled  ioctl  hits 3 ', 'the disabled rule')
ctl(vm, f'enable {last}')
work = vm.background('faults gp 1')
match(session.finish(), 'received signal SIGSEGV', 'the stop under a rule that was enabled again')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program after the second stop')

# They outlive gdb. Without any of a kind there are no exits of that kind.
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
session.quit()
match(ctl(vm, 'list'), rf'^0x{last}  enabled  ioctl  hits 4 ', 'the rule after gdb has left')
session = vm.gdb_session()
before = exits(session)
check(all(before.values()), 'rules without exits', before)
session.begin('continue')
ctl(vm, 'clear all')
equal(ctl(vm, 'list').strip(), 'no rules', 'the list at last')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
before = exits(session)
session.begin('continue')
equal(vm.status('faults ud 5 read 3 bp 4 de 2 gp 2')[1], 0, 'the program without rules')
equal(vm.sh('watcher 0 3').strip(), 'watcher: 3 of 3 stops, status 0', 'a watchpoint without rules')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
equal(exits(session), before, 'exits after the last rule went')
session.quit()
vm.dmesg_clean(allow='Call Trace|NMI backtrace')
