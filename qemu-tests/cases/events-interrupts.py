# SPDX-License-Identifier: GPL-2.0
"""External interrupts and NMIs under rules: none is lost, what is suppressed is not delivered and ended, so that the next
one comes and, without the rule, is delivered. (No emulated line comes again at its EOI: storms are tested as functions.)"""

from lib.case import VM, check, equal, match, until

TIMER, RESCHEDULE, SPURIOUS = 0xec, 0xfd, 0xff


def counts(vm, name):
    """What the kernel counted on each CPU."""
    line = match(vm.sh('cat /proc/interrupts'), rf'^ *{name}: +((?:\d+ +)+)', name).group(1)
    return [int(word) for word in line.split()]


def rules(session):
    """[(hits, suppressed)]"""
    return [tuple(int(line.split(word)[1].split()[0]) for word in (' hits ', ' suppressed '))
            for line in session.run('monitor events').splitlines() if ' hits ' in line]


def halted(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def word(session, name, cpu):
    return int(match(session.run(f'print/d *(unsigned int *)((char *)&irq_stat - (char *)&fixed_percpu_data'
                                 f' + __per_cpu_offset[{cpu}] + (long)&((irq_cpustat_t *)0)->{name})'), r'= (\d+)$', name).group(1))


# A timer that ticks by itself: one that sets up the next would end with the first that is suppressed.
vm = VM(cpus=2, load='unsafe_code=1', append='nohz=off highres=off')
session = vm.gdb_session()

# Timer and IPIs at full rate, seen by rules that do nothing: what they count, the kernel counts.
for text in (f'!interrupt {TIMER:x} core 1', f'!interrupt {RESCHEDULE:x} core 1'):
    match(session.run(f'monitor {text} code {{ 90 }}'), '^rule 0x', text)
session.run('monitor events d all')
session.begin('continue')
vm.sh('true')
halted(session)


def observed(session):
    return [word(session, name, 1) for name in ('apic_timer_irqs', 'irq_resched_count')]


before = observed(session)
session.run('monitor events e all')
session.begin('continue')
vm.sh('for i in $(seq 200); do taskset 2 true; done')
halted(session)
hits = [hit for hit, _ in rules(session)]
delivered = [after - count for after, count in zip(observed(session), before)]
check(all(0 <= hit - count <= 1 for hit, count in zip(hits, delivered)), 'interrupts seen and those delivered', hits, delivered)
check(hits[0] > 100, 'the timer did not tick', hits)
session.run('monitor events c all')

# Suppressed: none is delivered, and each is ended, or no other would come.
match(session.run(f'monitor !interrupt {TIMER:x} core 1 sc on code {{ 90 }}'), '^rule', 'the rule')
before = word(session, 'apic_timer_irqs', 1)
session.begin('continue')
vm.sh('taskset 1 usleep 1500000')
halted(session)
(hit, suppressed), = rules(session)
check(hit == suppressed > 50, 'hits and suppressed', hit, suppressed)
equal(word(session, 'apic_timer_irqs', 1), before, 'timer interrupts that CPU 1 got while they were suppressed')
session.run('monitor events c all')
session.begin('continue')
until(lambda: counts(vm, 'LOC')[1] > before + 20, 20, 'the timer does not tick again on CPU 1')
halted(session)

# By hand, one at a time.
session.run('handle SIGUSR1 stop print pass')
match(session.run(f'monitor !interrupt {TIMER:x} core 1'), '^rule', 'the rule')
before = word(session, 'apic_timer_irqs', 1)
for command in ('continue', 'signal 0', 'signal 0', 'continue', 'signal SIGUSR1', 'signal 0', 'signal SIGILL'):
    match(session.run(command), 'SIGUSR1', f'the stop after {command}')
equal(rules(session), [(7, 3)], 'hits and suppressed')
# The first `continue` had nothing to deliver; the last interrupt may have come before the one before it was counted.
check(word(session, 'apic_timer_irqs', 1) - before in (2, 3), 'not three timer interrupts were delivered')
session.run('monitor events c all')

# NMIs: the other CPU gets one for each dump of stacks that is asked for. hvgdb's own are not seen.
STACKS = "taskset 1 sh -c 'for i in $(seq {}); do echo l > /proc/sysrq-trigger; done'"
for text in ('!exception 2', '!exception nmi core 0', '!exception nmi core 1', '!exception cpl 0', '!exception nmi core 1 sc on'):
    match(session.run(f'monitor {text} code {{ 90 }}'), '^rule 0x', text)
last = match(session.run('monitor events'), r'^0x(\w+) .*sc on', 'the rule').group(1)
session.run(f'monitor events d {last}')
before = word(session, '__nmi_count', 1)
session.begin('continue')
vm.sh(STACKS.format(5))
for _ in range(3):
    halted(session)
    session.begin('continue')
    vm.sh('true')
halted(session)
found = rules(session)
equal([hit for hit, _ in found[:3]] + [found[4][0]], [5, 0, 5, 0], 'NMIs that rules saw')
# A kick that may have swallowed one is followed by one more (D11), which nobody but hvgdb claims.
check(word(session, '__nmi_count', 1) - before >= 5, 'not every NMI was delivered')

# gdb stops at one with SIGUSR1; whoever waits for a suppressed one waits in vain.
session.run('monitor events c all')
match(session.run('monitor !exception nmi'), '^rule', 'the rule')
DUMPS = 'dmesg | grep -c "NMI backtrace for cpu 1"'
session.begin('continue')
vm.sh('dmesg -c > /dev/null')
work = vm.background(STACKS.format(2))
match(session.finish(), r'exception 0x2 \(nmi\).*CPU 1[^$]*Thread 2 received signal SIGUSR1', 'the stop at an NMI')
match(session.run('continue'), 'SIGUSR1', 'the next')
session.begin('signal 0')
work.wait()
halted(session)
equal(rules(session), [(2, 1)], 'NMIs and those suppressed')
session.quit()
equal(int(vm.sh(DUMPS)), 1, 'dumps by CPU 1 since the log was emptied')
vm.dmesg_clean(allow='hvgdb: rule|Call Trace|NMI backtrace')
