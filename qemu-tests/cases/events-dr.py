# SPDX-License-Identifier: GPL-2.0
"""A process with a hardware watchpoint of its own (ptrace) keeps it while rules on debug registers stop gdb at the
kernel's accesses, and after them. Filters for register and direction count only what they name; a suppressed write
leaves the register as it was. The kernel's accesses to each register are counted to the last one; perf's breakpoints and
the registers that an NMI's report shows are among them."""

from lib.case import VM, check, equal, match, symbol

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

# Actions see which access it is: the register, bit 4 for a read, the general register.
session.run('monitor !dr reg 6 access r script { .read = $context; }')
session.run('monitor !dr reg 2 access w script { .write = $context; }')
session.begin('continue')
equal(watcher(vm, 2), right, 'the watchpoint under scripts')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
read, write = (int(word, 16) for word in session.run('monitor ? printf("%llx %llx", .read, .write);').split())
equal((read & 0xff, write & 0xff), (0x16, 0x02), 'accesses that scripts saw')
check(read >> 8 < 16 and write >> 8 < 16, 'general registers', read, write)
session.run('monitor events c all')

# perf sets up breakpoints as well, and they count what they should.
session.run('handle SIGUSR2 stop print pass')
session.run('monitor !dr reg 0 access w')
session.begin('continue')
work = vm.background('hwbreak 0')
match(session.finish(), rf'write of dr0 from r\w+, value {symbol("hwbreak", "counted"):#x} .*\(hwbreak\)', "the write of perf's breakpoint")
session.run('handle SIGUSR2 nostop noprint pass')
session.begin('continue')
match(work.wait()[0], 'hwbreak: right', 'breakpoints of perf and ptrace whose registers were written with gdb looking on')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
session.run('monitor events c all')

# Each register, written and read by the kernel a known number of times, and once more to leave it as it was. Then DR6 is
# read and DR7 is written as DR4 and DR5, which do not exist with CR4.DE: that comes before any rule.
COUNT = 5
session.begin('continue')
vm.insert('exotic')
session.interrupt()
session.finish()
wanted = {f'!dr reg {reg} access {access}': (COUNT + 1, 0) for reg in (0, 1, 2, 3, 6, 7) for access in 'rw'}
wanted |= {f'!dr reg {reg}': (COUNT, 0) for reg in (4, 5)}
wanted |= {'!dr reg 6 access r': (2 * COUNT + 2, 0), '!dr reg 7 access r': (COUNT + 2, 0), '!dr reg 7 access w': (2 * COUNT + 1, 0)}
for text in (*wanted, '!exception ud cpl 0'):
    match(session.run(f'monitor {text}'), '^rule 0x', text)
session.run('handle SIGILL nostop noprint pass')
session.begin('continue')
equal(vm.sh(f'echo drs {COUNT} > /sys/module/exotic/parameters/run; cat /sys/module/exotic/parameters/run').strip(), 'right',
      'what the kernel wrote to each register, and read')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
equal(rules(session), wanted | {'!exception ud cpl 0': (2 * COUNT, 0)}, 'accesses of the kernel')
session.run('monitor events c all')

# The report of an idle CPU, in an NMI, shows its debug registers. (What enters and leaves an NMI uses DR7 as well.)
wanted = {f'!dr core 1 access r reg {reg}': (1, 0) for reg in (0, 1, 2, 3, 6)}
for text in wanted:
    match(session.run(f'monitor {text}'), '^rule 0x', text)
session.begin('continue')
vm.sh('echo 1 > /sys/module/nmi_backtrace/parameters/backtrace_idle; taskset 1 sh -c "sleep 0.1; echo l > /proc/sysrq-trigger"')
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
equal(rules(session), wanted, 'registers that the report of an idle CPU shows')

session.quit()
equal(watcher(vm, 3), right, 'the watchpoint after all rules')
vm.dmesg_clean(allow='Call Trace|NMI backtrace')
