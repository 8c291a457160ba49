# SPDX-License-Identifier: GPL-2.0
"""Filters of rules: of two processes only the asked one counts, and so with cores, rings, ranges of RIP, addresses and
error codes; gdb stops as often as the rules say."""

from lib.case import VM, equal, match, symbol, until

UD = symbol('faults', 'fault_ud')


def start(vm, command, name):
    """The program, waiting for /tmp/go, and its pid."""
    work = vm.background(f'echo $$ > /tmp/{name}; exec {command}')
    return work, int(until(lambda: vm.status(f'cat /tmp/{name} 2>/dev/null')[0].strip(), 20, f'{name} does not start'))


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
first, pid = start(vm, f'taskset 1 {program}', 'first')
second, other = start(vm, f'taskset 2 {program}', 'second')
session = vm.gdb_session()
session.run('handle SIGILL SIGSEGV nostop noprint pass')
rules = {f'ud pid {pid:x}': 5, f'ud pid 0n{other}': 5, 'ud': 10, 'ud pid all': 10,
         'ud core 0': 5, 'ud core 1': 5, f'ud core 0 pid {pid:x}': 5, f'ud core 1 pid {pid:x}': 0,
         'ud cpl 3': 10, 'ud cpl 0': 0, 'gp core 1': 4,
         f'ud rip {UD:x} {UD:x}': 10, f'ud rip {UD + 1:x} {UD + 100:x}': 0, f'pid {pid:x} rip 400000 600000 ud': 5}
equal(dict(zip(rules, counted(vm, session, rules, [first, second]))), rules, 'hits')

# Page faults: the exception bitmap's mask and match can name these alone, so that the kernel's own do not exit.
session.begin('continue')
first, pid = start(vm, 'faults read 3 write 4 fetch 5', 'third')
session.interrupt()
session.finish()
rules = {'pf addr 10000000 10000fff': 3, 'pf addr 10001000 10001000 pfec 2 2': 4, 'pf addr 10001001 10001fff': 0,
         'pf addr 10000000 10002fff pfec 10 10': 5, 'pf addr 10000000 10002fff pfec 2 0': 8,
         f'pf pid {pid:x} addr 10000000 10002fff': 12, 'pf addr 10000000 10002fff pfec 4 0': 0}
equal(dict(zip(rules, counted(vm, session, rules, [first]))), rules, 'hits of page faults')

# The first use of a page: each is a fault, which the kernel answers without the program.
session.begin('continue')
first, pid = start(vm, 'faults touch 8', 'fourth')
session.interrupt()
session.finish()
rules = {f'pf pid {pid:x} addr 20000000 20007fff pfec 7 6': 8, f'pf pid {pid:x} addr 20002000 20003fff': 2}
equal(dict(zip(rules, counted(vm, session, rules, [first]))), rules, 'hits of first uses')
session.quit()
vm.dmesg_clean()
