# SPDX-License-Identifier: GPL-2.0
"""Filters of rules: of two processes only the asked one counts, with its threads, also inside a pid namespace; and so with
cores, rings, ranges of RIP, addresses and error codes; gdb stops as often as the rules say."""

from lib.case import VM, equal, match, symbol, until

UD = symbol('faults', 'fault_ud')


def counted(vm, session, rules, works):
    """Hits of each rule after the programs, which see everything."""
    for rule in rules:
        match(session.run(f'monitor !exception {rule}'), r'^rule 0x\w+: ', rule)
    session.begin('continue')
    vm.sh('touch /tmp/go')
    for work in works:
        output, status = work.wait()
        equal(status, 0, f'status of a program that printed {output!r}')
    vm.sh('rm /tmp/go')
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    lines = [line for line in session.run('monitor events').splitlines() if ' hits ' in line]
    session.run('monitor events c all')
    return [int(line.split(' hits ')[1].split()[0]) for line in lines]


vm = VM(cpus=2)
program = 'faults ud 5 gp 4'
first, pid = vm.waiting(f'taskset 1 {program}', 'first')
second, other = vm.waiting(f'taskset 2 {program}', 'second')
session = vm.gdb_session()
session.run('handle SIGILL SIGSEGV nostop noprint pass')
rules = {f'ud pid {pid:x}': 5, f'ud pid 0n{other}': 5, 'ud': 10, 'ud pid all': 10,
         'ud core 0': 5, 'ud core 1': 5, f'ud core 0 pid {pid:x}': 5, f'ud core 1 pid {pid:x}': 0,
         'ud cpl 3': 10, 'ud cpl 0': 0, 'gp core 1': 4,
         f'ud rip {UD:x} {UD:x}': 10, f'ud rip {UD + 1:x} {UD + 100:x}': 0, f'pid {pid:x} rip 400000 600000 ud': 5}
equal(dict(zip(rules, counted(vm, session, rules, [first, second]))), rules, 'hits')

# Page faults: the exception bitmap's mask and match can name these alone, so that the kernel's own do not exit.
session.begin('continue')
first, pid = vm.waiting('faults read 3 write 4 fetch 5', 'third')
session.interrupt()
session.finish()
rules = {'pf addr 10000000 10000fff': 3, 'pf addr 10001000 10001000 pfec 2 2': 4, 'pf addr 10001001 10001fff': 0,
         'pf addr 10000000 10002fff pfec 10 10': 5, 'pf addr 10000000 10002fff pfec 2 0': 8,
         f'pf pid {pid:x} addr 10000000 10002fff': 12, 'pf addr 10000000 10002fff pfec 4 0': 0}
equal(dict(zip(rules, counted(vm, session, rules, [first]))), rules, 'hits of page faults')

# The first use of a page: each is a fault, which the kernel answers without the program.
session.begin('continue')
first, pid = vm.waiting('faults touch 8', 'fourth')
session.interrupt()
session.finish()
rules = {f'pf pid {pid:x} addr 600000000000 600000007fff pfec 7 6': 8, f'pf pid {pid:x} addr 600000002000 600000003fff': 2}
equal(dict(zip(rules, counted(vm, session, rules, [first]))), rules, 'hits of first uses')

# A pid is the process as everybody else sees it: its threads belong to it, and in a namespace it is not 1.
session.begin('continue')
first = vm.background('crowd 4')
pid, child = map(int, until(lambda: vm.status('cat /tmp/crowd 2>/dev/null')[0].split(), 20, 'crowd does not start'))
session.interrupt()
session.finish()
rules = {f'ud pid {pid:x}': 8, f'ud pid {child:x}': 4, 'ud pid 1': 0, 'ud': 12}
equal(dict(zip(rules, counted(vm, session, rules, [first]))), rules, 'hits in threads and in a namespace')
session.quit()
vm.dmesg_clean()
vm.down()

# Four CPUs, two processes on all of them.
vm = VM(cpus=4)
works = [vm.waiting(f'taskset {1 << cpu:x} faults ud {20 + cpu}', f'on{cpu}') for cpu in range(4)]
roams, pid = vm.waiting('faults ud 40 gp 30', 'roams')
session = vm.gdb_session()
session.run('handle SIGILL SIGSEGV nostop noprint pass')
rules = {f'ud core {cpu} pid {process:x}': 20 + cpu for cpu, (_, process) in enumerate(works)}
rules |= {f'ud pid {process:x}': 20 + cpu for cpu, (_, process) in enumerate(works)}
rules |= {f'ud core 0 pid {works[1][1]:x}': 0, f'ud pid {pid:x}': 40, f'gp pid {pid:x}': 30, 'gp': 30}
for rule in list(rules):
    match(session.run(f'monitor !exception {rule} persist'), '^rule 0x', rule)
# With nobody to stop they count on their own.
session.quit()
vm.sh('touch /tmp/go')
for work in [*(work for work, _ in works), roams]:
    equal(work.wait()[1], 0, 'status of a program on four CPUs')
session = vm.gdb_session()
lines = [line for line in session.run('monitor events').splitlines() if ' hits ' in line]
equal(dict(zip(rules, [int(line.split(' hits ')[1].split()[0]) for line in lines])), rules, 'hits on four CPUs')
session.quit()
vm.dmesg_clean()
