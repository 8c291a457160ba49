# SPDX-License-Identifier: GPL-2.0
"""A process with a hardware watchpoint of its own (ptrace) keeps it while rules on debug registers stop gdb at the
kernel's accesses, and after them. Filters for register and direction count only what they name; a suppressed write
leaves the register as it was."""

from lib.case import VM, check, equal, match

WRITES = 3


def watcher(vm, register):
    """What the program prints."""
    return vm.sh(f'watcher {register} {WRITES}; true').strip()


def rules(session):
    """{text of the rule: (hits, suppressed)}"""
    lines = session.run('monitor events').splitlines()
    return {text.strip(): tuple(int(line.split(word)[1].split()[0]) for word in ('hits ', 'suppressed '))
            for line, text in zip(lines[::2], lines[1::2])}


def with_rules(vm, session, *texts, register):
    """What the watcher prints, and the counters of the rules, while gdb continues at every stop."""
    for text in texts:
        match(session.run(f'monitor {text}'), r'^rule 0x\w+: ', text)
    session.begin('continue')
    output = watcher(vm, register)
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    counters = rules(session)
    session.run('monitor events c all')
    return output, counters


vm = VM(cpus=2)
right = f'watcher: {WRITES} of {WRITES} stops, status 0'
equal(watcher(vm, 0), right, 'the watchpoint without rules')

session = vm.gdb_session()
session.run('handle SIGUSR2 nostop noprint pass')
names = ['!dr reg 1 access w', '!dr reg 1 access r', '!dr reg 2', '!dr reg 7 access w', '!dr reg 6 access r', '!dr reg 6',
         '!dr access w', '!dr access rw', '!dr']
output, counters = with_rules(vm, session, *names, register=1)
equal(output, right, 'the watchpoint under rules')
hits = {name: counters[name][0] for name in names}
check(hits['!dr reg 1 access w'] >= 1, 'DR1 was never written', hits)
equal((hits['!dr reg 1 access r'], hits['!dr reg 2']), (0, 0), 'reads of DR1, accesses to DR2')
check(hits['!dr reg 7 access w'] >= 2, 'DR7 was not switched on and off', hits)
check(WRITES <= hits['!dr reg 6 access r'] < hits['!dr reg 6'], 'each #DB reads DR6 and clears it', hits)
check(hits['!dr access w'] < hits['!dr'] == hits['!dr access rw'], 'writes are not all accesses', hits)

# A stop tells the access in full; continue emulates it.
session.run('handle SIGUSR2 stop print pass')
session.run('monitor !dr reg 2 access w')
session.begin('continue')
work = vm.background(f'watcher 2 {WRITES}')
stop = session.finish()
match(stop, 'SIGUSR2', 'the stop at a write of DR2')
match(stop, r'^hvgdb: write of dr2 from r\w+, value 0x[1-9a-f]\w+ \(pre\), rip 0xffffffff\w+, ring 0, .*\(watcher\)', 'its line')
match(session.run('monitor event'), r'^write of dr2 .*\(watcher\)', 'monitor event')
match(session.run('x/i $pc'), r'mov +%r\w+,%d[br]2', 'the instruction')
session.run('monitor events c all')
session.begin('continue')
equal(work.wait()[0].strip(), right, 'the watchpoint whose register was written with gdb looking on')
session.interrupt()
session.finish()

# Writes of DR3 never happen: it stays 0, and nobody writes to that address.
session.run('handle SIGUSR2 nostop noprint nopass')
output, counters = with_rules(vm, session, '!dr reg 3 access w', register=3)
equal(output, f'watcher: 0 of {WRITES} stops, status 0', 'the watchpoint that was never set')
hits, suppressed = counters['!dr reg 3 access w']
check(hits >= 1 and hits == suppressed, 'not every write of DR3 was suppressed', counters)

session.quit()
equal(watcher(vm, 3), right, 'the watchpoint after all rules')
vm.dmesg_clean()
