# SPDX-License-Identifier: GPL-2.0
"""A CPU that does not answer the kick: gdb names it so and cannot read its registers, everything else can be debugged,
the guest goes on; and when the CPU comes at last it is there like the others."""

from lib import inside
from lib.case import VM, check, equal, match, until

TIME_LIMIT = 240     # it builds the module

DEAF = '/sys/module/hvgdb/parameters/deaf'
CALL = '__x64_sys_sched_get_priority_max'


def break_in(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def states(session):
    """What `info threads` says of CPU 0 and CPU 1."""
    text = session.run('info threads')
    return [match(text, rf'Thread {cpu + 1} \(CPU {cpu}, ([^)]*)\)', f'CPU {cpu}').group(1) for cpu in (0, 1)]


vm = VM(cpus=2, switches='FAULTS=1')
# What rings the doorbell must not be what is deaf.
vm.sh("for p in $(pidof hvgdbctl); do taskset -p 1 $p >/dev/null || exit 1; done; "
      "irq=$(grep -m1 ttyS1 /proc/interrupts | cut -d: -f1); echo 1 > /proc/irq/${irq##* }/smp_affinity")
session = vm.gdb_session()
check('does not answer' not in states(session), 'a CPU does not answer')
session.begin('continue')
vm.sh(f'echo 1 > {DEAF}')
break_in(session)
here, away = states(session)
check(here.startswith('kernel') or here == 'user', 'CPU 0 is not there', here)
equal(away, 'does not answer', 'CPU 1')
session.run('thread 1')
match(session.run('print/x $rip'), '0x[0-9a-f]+', 'a register of CPU 0')
match(session.run('x/s linux_banner'), 'Linux version', 'memory')
text = session.run('thread 2') + session.run('print/x $rip')
check('<unavailable>' in text.splitlines()[-1], 'a register of a CPU that does not answer', text)
session.run('thread 1')

# A breakpoint is hit by the one that answers; a step is done.
session.run(f'break *{CALL}')
session.begin('continue')
work = vm.background('syscalls 1 0')
match(session.finish(), 'hit Breakpoint 1', 'the breakpoint on CPU 0')
before = session.run('print/x $pc').split()[-1]
session.run('stepi')
check(session.run('print/x $pc').split()[-1] != before, 'no step')
session.run('delete')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program')

# It hears again while gdb sits at the prompt, which writes into hvgdb itself: the next kick brings it in.
base, = inside.addresses(vm, 'machine')
offset, = inside.offsets(vm, ('machine', 'deaf'))
break_in(session)
equal(states(session)[1], 'does not answer', 'CPU 1 at the second stop')
session.run(f'set var *(int *){base + offset:#x} = -1')
until(lambda: states(session)[1] != 'does not answer', 20, 'CPU 1 has not come')
session.run('thread 2')
match(session.run('print/x $rip'), '= 0x[0-9a-f]+', 'a register of CPU 1')
session.begin('continue')
vm.sh('syscalls 100 0; syscalls 100 1')
break_in(session)
check('does not answer' not in states(session), 'a CPU does not answer')
session.run('detach')
session.quit()
vm.sh('syscalls 100 0; syscalls 100 1')
vm.dmesg_clean()
