# SPDX-License-Identifier: GPL-2.0
"""The guest's own NMIs come, each once; the kicks with which hvgdb halts CPUs are never seen as NMIs of the guest.

A test module sends NMIs to CPU 1 and counts what arrives: one at a time, where none may be lost or doubled, and as
fast as it can, where those that meet in the CPU's latch become one.
"""

import re

from lib.case import VM, check, equal, match, until

PARAMETERS = '/sys/module/nmis/parameters'
HALTS = 'i=0; while [ $i -lt %d ]; do read x < /sys/module/hvgdb/parameters/bench_halt; i=$((i+1)); done'


def counters(vm):
    values = vm.sh(f'cd {PARAMETERS}; cat sent handled late').split()
    return dict(zip(('sent', 'handled', 'late'), map(int, values)))


def send(vm, how, number):
    """Sends from CPU 0 and returns what that has added to the counters."""
    before = counters(vm)
    vm.sh(f'taskset 1 sh -c "echo {number} > {PARAMETERS}/{how}"')
    return {name: value - before[name] for name, value in counters(vm).items()}


def exact(vm, number, what):
    equal(send(vm, 'paced', number), {'sent': number, 'handled': number, 'late': 0}, what)


def not_unknown(vm):
    check('unknown reason' not in vm.sh('dmesg'), 'an NMI was seen by nobody')


def beside_halts(vm):
    """Exits and breakpoints on the CPU that gets the NMIs; every halt kicks it."""
    work = vm.background('taskset 2 cpuids 4 & taskset 2 syscalls 20000', timeout=100)
    halts = vm.background(f'taskset 1 sh -c "{HALTS % 300}"', timeout=100)
    exact(vm, 5000, 'paced NMIs beside halts')
    halts.wait()
    session = vm.gdb_session()
    session.run('break __x64_sys_getppid if $rdi == 0x123456')
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
    exact(vm, 2000, 'paced NMIs beside breakpoints')
    storm = send(vm, 'storm', 5000)
    check(0 < storm['handled'] <= storm['sent'] == 5000, 'a storm of NMIs', storm)
    exact(vm, 10, 'paced NMIs after a storm')
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C after a storm')
    session.run('delete')
    session.quit()
    equal(work.wait()[1], 0, 'status of the programs beside the NMIs')
    not_unknown(vm)


def halt_and_go_on(session):
    """Ctrl-C reports a CPU that ran; the other was kicked."""
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')


def backtraces(vm):
    """Each CPU reports when the kernel asks by NMI; with gdb attached and after halts."""
    session = vm.gdb_session()
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
    for _ in range(5):
        vm.sh('dmesg -c >/dev/null; echo l > /proc/sysrq-trigger')
        log = vm.sh('dmesg')
        equal(sorted(set(re.findall(r'NMI backtrace for cpu (\d)', log))), ['0', '1'], 'CPUs with a backtrace')
        check('unknown reason' not in log, 'an NMI was seen by nobody', log)
        halt_and_go_on(session)
    session.interrupt()
    session.finish()
    session.quit()


def nmis_taken(vm):
    """By CPU 1, as the kernel counts them."""
    return int(vm.sh('grep NMI: /proc/interrupts').split()[2])


def sent_while_halted(vm, number):
    """CPU 0 alone runs the sender; what CPU 1 gets meanwhile waits. The kernel complains of each: nobody expects it."""
    vm.sh('dmesg -c >/dev/null')
    taken = nmis_taken(vm)
    before = vm.console().count('unknown reason')
    session = vm.gdb_session()
    session.run('set scheduler-locking on')
    session.run('thread 1')
    for _ in range(number):
        session.run('call (void)native_apic_icr_write(0x400, 1)')
    equal(vm.console().count('unknown reason'), before, 'complaints while the CPU is halted')
    session.run('set scheduler-locking off')
    session.quit()
    complaints = len(re.findall(r'unknown reason .* on CPU 1', vm.sh('sleep 0.2; dmesg -c')))
    # After a halt of seconds comes one of hvgdb's own, for the watchdogs; no complaint is about that.
    check(0 <= nmis_taken(vm) - taken - complaints <= 1, 'CPU 1 took more NMIs', nmis_taken(vm) - taken, complaints)
    return complaints


def seen_by_a_rule(vm):
    """A rule on vector 2 stops at the guest's own NMIs and at nothing else."""
    session = vm.gdb_session()
    match(session.run('monitor !exception 2'), r'^rule 0x1: exception 0x2', 'the rule')
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
    halt_and_go_on(session)
    halt_and_go_on(session)
    sender = vm.background(f'taskset 1 sh -c "echo 5 > {PARAMETERS}/paced"', timeout=100)
    for number in range(5):
        text = session.finish()
        match(text, 'SIGUSR1', f'the stop at NMI {number + 1}')
        session.begin('continue')
    equal(sender.wait()[1], 0, 'status of the sender')
    halt_and_go_on(session)
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C: no further NMI')
    match(session.run('monitor events'), r'hits 5 ', 'NMIs that the rule has counted')
    session.run('monitor events c all')
    session.quit()


vm = VM(cpus=2)
vm.insert('nmis', 'target=1')
backtraces(vm)
beside_halts(vm)
equal(sent_while_halted(vm, 1), 1, 'deliveries of the one NMI that was sent to a halted CPU')
equal(sent_while_halted(vm, 3), 2, 'three NMIs for a halted CPU: one handled, one latched, one lost as natively')
before = counters(vm)
seen_by_a_rule(vm)
after = counters(vm)
equal(after['handled'] - before['handled'], 5, 'NMIs that the guest handled under the rule')
exact(vm, 100, 'paced NMIs at the end')
vm.dmesg_clean()
