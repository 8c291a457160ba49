# SPDX-License-Identifier: GPL-2.0
"""After a sleep a CPU cannot be taken over again: it runs natively, log and gdb are told, and gdb goes on with the
others, also when the native CPU is the one that reads gdb's bytes. Offline and online brings it back."""

from lib.case import VM, check, equal, match

TIME_LIMIT = 180
KERNEL = '6.1.0-56-amd64'
CALL = '__x64_sys_sched_get_priority_max'
CPU1 = '/sys/devices/system/cpu/cpu1/online'
GOOD, BAD = 'machine.vcpu[1]->vmxon_phys - 1', 'machine.vcpu[1]->vmxon_phys + 1'


def break_in(session, what):
    session.interrupt()
    match(session.finish(), 'SIGINT', f'the stop after Ctrl-C {what}')


def interrupts_go_to(vm, cpu):
    vm.sh(f'irq=$(grep -m1 ttyS1 /proc/interrupts | cut -d: -f1); echo {1 << cpu} > /proc/irq/${{irq##* }}/smp_affinity')


def hit_on(vm, session, cpu):
    session.run(f'break *{CALL}')
    session.begin('continue')
    work = vm.background(f'syscalls 1 {cpu}')
    match(session.finish(), r'hit Breakpoint \d+,', f'the breakpoint on CPU {cpu}')
    session.run('delete')
    session.begin('continue')
    equal(work.wait()[1], 0, f'status of the program on CPU {cpu}')


vm = VM(cpus=2, kernel=KERNEL)
vm.sh('echo 1 > /sys/module/suspend/parameters/pm_test_delay')
session = vm.gdb_session()
sections = match(session.run('monitor symbols'), r'^add-symbol-file \S+ (.*)$', 'the symbols').group(1)
session.run(f'add-symbol-file {vm.machine.module} {sections}')
session.run(f'set var machine.vcpu[1]->vmxon_phys = {BAD}')
session.begin('continue')
vm.sh('echo processors > /sys/power/pm_test; echo mem > /sys/power/state')
match(vm.sh('dmesg'), r'hvgdb: CPU 1 cannot be taken over again: VMXON failed\. It runs natively', 'the log')

for cpu in (0, 1):
    interrupts_go_to(vm, cpu)
    break_in(session, f'with the interrupt on CPU {cpu}')
    threads = session.run('info threads')
    check('CPU 0' in threads and 'CPU 1' not in threads, 'who is there', threads)
    hit_on(vm, session, 0)
break_in(session, 'the second time')

match(session.run('x/s linux_banner'), 'Linux version', 'memory')

# What was wrong with it is over.
session.run(f'set var machine.vcpu[1]->vmxon_phys = {GOOD}')
session.begin('continue')
vm.sh(f'echo 0 > {CPU1} && echo 1 > {CPU1}')
break_in(session, 'with both CPUs')
match(session.run('info threads'), r'CPU 1, ', 'CPU 1 is back')
hit_on(vm, session, 1)
break_in(session, 'at the end')
session.run('detach')
session.quit()
vm.sh('killall hvgdbctl; while pidof hvgdbctl >/dev/null; do usleep 10000; done; rmmod hvgdb; syscalls 100 0; syscalls 100 1')
vm.dmesg_clean(allow='PM: suspend debug: Waiting')
