# SPDX-License-Identifier: GPL-2.0
"""Interrupts and NMIs that root holds come when the guest may take them, each once, the highest first: with IF clear,
in the shadow of STI and of MOV SS, under blocking by NMI, several at once, at random.

The emulator takes no external-interrupt exit while IF is clear, so a test module queues the vectors by VMCALL."""

import re

from lib.case import VM, check, equal

TESTS = ('interrupts-on', 'interrupts-off', 'in-shadows', 'blocked-by-sti', 'blocked-by-mov-ss', 'sti-without-if',
         'nmi-at-once', 'nmi-blocked', 'inside-nmi', 'at-random')
# As the trace names them, from the highest vector (0xfd) to the lowest (0xf6).
ORDER = ['reschedule', 'call_function', 'call_function_single', 'x86_platform_ipi', 'irq_work']


def run(vm, test):
    return vm.sh(f'echo {test} | taskset 2 tee /sys/module/vectors/parameters/run >/dev/null;'
                 'cat /sys/module/vectors/parameters/run', timeout=100).strip()


def all_tests(vm):
    for test in TESTS:
        equal(run(vm, test), 'right', test)


def in_order(vm):
    tracing = '/sys/kernel/tracing'
    vm.sh(f'cd {tracing}; for name in {" ".join(ORDER)}; do echo 1 > events/irq_vectors/${{name}}_entry/enable; done;'
          'echo > trace; echo 1 > tracing_on')
    equal(run(vm, 'in-order'), 'right', 'in-order')
    trace = vm.sh(f'cd {tracing}; echo 0 > tracing_on; cat trace')
    names = re.findall(r'\[001\].* (\w+)_entry: vector=', trace)
    orders = [names[at:at + len(ORDER)] for at in range(len(names))]
    check(ORDER in orders, 'the vectors came in another order', names)


def refused(vm):
    """Nobody else may do that: without the parameter it is #UD, here in a module's own code."""
    output, status = vm.status('echo interrupts-on > /sys/module/vectors/parameters/run')
    check(status != 0, 'a vector was queued without test_vectors=1', output)
    check('invalid opcode' in vm.sh('dmesg'), 'no #UD in the log')


vm = VM(cpus=2, load='test_vectors=1')
vm.insert('vectors')
all_tests(vm)
in_order(vm)
# The same while CPUs are halted again and again, and kicks come between.
halts = vm.background('taskset 1 sh -c "i=0; while [ $i -lt 500 ]; do read x < /sys/module/hvgdb/parameters/bench_halt; i=$((i+1)); done"')
for _ in range(3):
    all_tests(vm)
halts.wait()
vm.dmesg_clean()
vm.down()
vm = VM(cpus=2)
vm.insert('vectors')
refused(vm)
