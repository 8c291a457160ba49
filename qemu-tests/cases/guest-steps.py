# SPDX-License-Identifier: GPL-2.0
"""A program that steps itself with the trap flag, or that ptrace steps, gets the same traps in the same places as
without hvgdb: over instructions that root emulates, in the shadow of MOV SS, beside halts and under rules."""

from lib.case import VM, check, equal, match, until


def traps(vm, rounds):
    output = vm.sh(f'selfstep {rounds}', timeout=100)
    match(output, 'all rounds agree', 'the rounds')
    return output


def beside_halts(vm):
    work = vm.background('taskset 2 selfstep 300', timeout=200)
    vm.sh('taskset 1 sh -c "i=0; while [ $i -lt 300 ]; do read x < /sys/module/hvgdb/parameters/bench_halt; i=$((i+1)); done"')
    session = vm.gdb_session()
    session.halt_again(5)
    session.quit()
    output, status = work.wait()
    equal(status, 0, f'status of the program beside halts: {output}')
    return output


def under_rules(vm, wanted):
    """Each #DB, #GP and #BP exits and is given back."""
    session = vm.gdb_session()
    for vector in ('db', 'gp', 'bp'):
        match(session.run(f'monitor !exception {vector} pid 1'), 'rule', f'the rule on {vector}')
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
    equal(traps(vm, 3), wanted, 'traps under rules')
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    session.run('monitor events c all')
    session.quit()


vm = VM(cpus=2, load=None)
wanted = traps(vm, 3)
check('trap flag: 3' in wanted and 'ptrace: 3' in wanted, 'hardly any traps', wanted)
# The emulator lets a trap of the program's come in the kernel's entry, of which the kernel complains once.
vm.sh('dmesg -c >/dev/null')
vm.load()
equal(traps(vm, 3), wanted, 'traps with hvgdb loaded')
equal(beside_halts(vm), wanted, 'traps beside halts')
under_rules(vm, wanted)
vm.dmesg_clean()
