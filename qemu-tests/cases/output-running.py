# SPDX-License-Identifier: GPL-2.0
"""Text that breakpoints print while the guest runs (dprintf) arrives in order and complete without a halt: through the
controller, in whole packets, also around stops that come in the middle of one. A controller that does not fetch it, or
none at all, costs halts and no line. What finds no room is told of where it is missing."""

import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 180
FUNCTION = '__x64_sys_sched_get_priority_max'
CALLS = 400
FLOOD = 3000


def halts(vm):
    return int(match(vm.sh('hvgdbctl status'), r'(\d+) halts', 'the counter of halts').group(1))


def calls(vm, count):
    vm.sh(f'numbered {count} 0 & numbered {count} 1 & wait', timeout=100)


def numbers(text, cpu):
    return [int(number) - 1000000 * (cpu + 1) for number in re.findall(rf'^call ({cpu + 1}\d{{6}})$', text, re.M)]


def complete(text, count=CALLS):
    """Every call of each CPU, once and in order; nothing but them."""
    for cpu in 0, 1:
        equal(numbers(text, cpu), list(range(count)), f'calls on CPU {cpu}')


def wait_for_lines(session, count):
    """Until so many have come; what gdb has printed stays in the session."""
    until(lambda: session.text.count('call ') >= count, 60, f'fewer than {count} lines')


def attach(vm):
    session = vm.gdb_session()
    session.run('set dprintf-style agent')
    session.run(rf'dprintf {FUNCTION},"call %lu\n", regs->di')
    session.begin('continue')
    vm.sh('true')
    return session


vm = VM(cpus=2)
session = attach(vm)
before = halts(vm)
calls(vm, CALLS)
wait_for_lines(session, 2 * CALLS)
equal(halts(vm) - before, 0, 'halts for text that the controller brought')
complete(session.text)
session.interrupt()
complete(session.finish())

# Stops in the middle of packets: the packet is ended, what was said before the stop comes before it.
session.begin('continue')
work = vm.background(f'numbered {CALLS} 0 & numbered {CALLS} 1 & wait', timeout=100)
text = ''
for stop in range(5):
    # Since this continue: gdb must not be interrupted at its prompt.
    wait_for_lines(session, 20)
    session.interrupt()
    part = session.finish()
    match(part, 'SIGINT', 'the stop in the middle')
    text += part + '\n'
    session.begin('continue')
work.wait()
wait_for_lines(session, 2 * CALLS - text.count('call '))
session.interrupt()
complete(text + session.finish())

# The controller stands still: root halts after a while and sends by itself.
session.begin('continue')
vm.sh('kill -STOP $(pidof hvgdbctl)')
calls(vm, 20)
wait_for_lines(session, 40)
vm.sh('kill -CONT $(pidof hvgdbctl)')
session.interrupt()
complete(session.finish(), 20)

# More than the line can carry and the rings can hold.
session.begin('continue')
calls(vm, FLOOD)
session.interrupt()
text = session.finish(100)
for cpu in 0, 1:
    seen = numbers(text, cpu)
    equal(seen, sorted(set(seen)), f'the order of calls on CPU {cpu}')
lost = sum(int(count) for count in re.findall(r'^hvgdb: (\d+) messages are lost here$', text, re.M))
check(lost > 0, 'nothing was lost of more than the rings hold')
equal(len(numbers(text, 0)) + len(numbers(text, 1)) + lost, 2 * FLOOD, 'lines that came and lines that are told as lost')
session.quit()

# Nobody but root: every line costs a halt, none is lost.
vm.sh('kill $(pidof hvgdbctl); sleep 1; rmmod hvgdb; insmod /hvgdb/hvgdb.ko uart=io,0x2f8')
session = attach(vm)
calls(vm, 20)
session.interrupt()
complete(session.finish(), 20)
session.quit()
vm.dmesg_clean()
