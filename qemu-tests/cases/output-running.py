# SPDX-License-Identifier: GPL-2.0
"""Text that breakpoints print while the guest runs (dprintf) arrives in order and complete without a halt: through the
controller, in whole packets, also around stops that come in the middle of one. A controller that does not fetch it, or
none at all, costs halts and no line; one that is killed costs the packet that it had in hand. What finds no room is
told of where it is missing."""

import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 180
FUNCTION = '__x64_sys_sched_get_priority_max'
CALLS = 200
STOPS = 5
FLOOD = 2000
PACKET = 256  # characters of text in one


def calls(vm, count):
    vm.sh(f'numbered {count} 0 & numbered {count} 1 & wait', timeout=100)


def numbers(text, cpu):
    return [int(number) - 1000000 * (cpu + 1) for number in re.findall(rf'^call ({cpu + 1}\d{{6}})$', text, re.M)]


def complete(text, counts):
    """Every call of each CPU, once and in order; nothing but them."""
    for cpu, count in enumerate(counts):
        equal(numbers(text, cpu), list(range(count)), f'calls on CPU {cpu}')


def in_order(text):
    """How many calls there are of each CPU, none twice."""
    for cpu in 0, 1:
        seen = numbers(text, cpu)
        equal(seen, sorted(set(seen)), f'the order of calls on CPU {cpu}')
    return [len(numbers(text, cpu)) for cpu in (0, 1)]


def told_lost(text):
    return sum(int(count) for count in re.findall(r'^hvgdb: (\d+) messages are lost here$', text, re.M))


def wait_for_lines(session, count):
    """Until so many have come; what gdb has printed stays in the session."""
    until(lambda: session.text.count('call ') >= count, 60, f'fewer than {count} lines')


def stop(session, timeout=60):
    """Ctrl-C, and what gdb has printed up to the stop."""
    session.interrupt()
    text = session.finish(timeout)
    match(text, 'SIGINT', 'the stop')
    return text + '\n'


def attach(vm):
    session = vm.gdb_session()
    session.run('set dprintf-style agent')
    session.run(rf'dprintf {FUNCTION},"call %lu\n", regs->di')
    session.begin('continue')
    vm.sh('true')
    return session


def begin_endless(vm):
    """A call every now and then on each CPU, until enough()."""
    vm.sh('rm -f /tmp/enough; (numbered 1000000 0 5000 & numbered 1000000 1 5000 & wait) >/tmp/calls 2>&1 &')


def enough(vm):
    """Ends them: how many there were on each CPU."""
    vm.sh('touch /tmp/enough; until [ $(wc -l </tmp/calls) = 2 ]; do sleep 0.1; done')
    return [int(match(vm.sh('cat /tmp/calls'), rf'^{cpu}: (\d+) calls', 'calls').group(1)) for cpu in (0, 1)]


def check_no_halt(vm, session):
    before = vm.halts()
    calls(vm, CALLS)
    wait_for_lines(session, 2 * CALLS)
    equal(vm.halts() - before, 0, 'halts for text that the controller brought')
    complete(stop(session), [CALLS, CALLS])


def check_stops(vm, session):
    """In the middle of packets: the packet is ended, what was said before the stop comes before it."""
    session.begin('continue')
    begin_endless(vm)
    text = ''
    for _ in range(STOPS):
        # Since this continue: gdb must not be interrupted at its prompt.
        wait_for_lines(session, 20)
        text += stop(session)
        session.begin('continue')
    counts = enough(vm)
    wait_for_lines(session, sum(counts) - text.count('call '))
    complete(text + stop(session), counts)


def check_halts(vm, session):
    """Halts of our own, some while a CPU is at the breakpoint: a call is one hit all the same."""
    session.begin('continue')
    before = vm.halts()
    # No more lines than wait for the line at once.
    vm.sh('for i in $(seq 300); do echo events; done >/tmp/halts; hvgdbctl script /tmp/halts >/dev/null & '
          'for i in $(seq 30); do numbered 30 1 >/dev/null; done; wait', timeout=60)
    check(vm.halts() - before >= 300, 'there were hardly any halts', vm.halts(), before)
    wait_for_lines(session, 900)
    equal(numbers(stop(session), 1), 30 * list(range(30)), 'calls while there were halts')


def check_standing(vm, session):
    """The controller stands still: root halts after a while and sends by itself."""
    session.begin('continue')
    before = vm.halts()
    vm.sh('kill -STOP $(pidof hvgdbctl)')
    calls(vm, 20)
    wait_for_lines(session, 40)
    check(vm.halts() > before, 'nobody has brought the text')
    vm.sh('kill -CONT $(pidof hvgdbctl)')
    complete(stop(session), [20, 20])


def check_flood(vm, session):
    """More than the line can carry and the rings can hold."""
    session.begin('continue')
    calls(vm, FLOOD)
    text = stop(session, 100)
    lost = told_lost(text)
    check(lost > 0, 'nothing was lost of more than the rings hold')
    equal(sum(in_order(text)) + lost, 2 * FLOOD, 'lines that came and lines that are told as lost')


def check_killed(vm, session):
    """The controller dies in the middle; the next one goes on, and gdb has not noticed."""
    session.begin('continue')
    begin_endless(vm)
    for kills in 1, 2, 3:
        wait_for_lines(session, 40 * kills)
        pid = match(vm.sh('hvgdbctl status'), r'held by .* \(pid (\d+)\)', 'the controller').group(1)
        vm.sh(f'kill -9 {pid}; while ls /run/lock | grep -q LCK; do sleep 0.1; done; '
              'hvgdbctl attach ttyS1 >>/tmp/hvgdbctl.log 2>&1 </dev/null & '
              'until hvgdbctl status | grep -q "held by"; do sleep 0.1; done')
    wait_for_lines(session, 160)
    counts = enough(vm)
    vm.sh('numbered 1 0')
    until(lambda: session.text.count('call 1000000') == 2, 60, 'the last call is not told of')
    text = stop(session)
    first, _, last = text.rpartition('call 1000000\n')
    seen, lost = in_order(first), told_lost(text)
    missing = sum(counts) - sum(seen) - lost
    check(0 <= missing <= 3 * PACKET // len('call 1000000\n'), f'{missing} lines are missing', counts, seen, lost)


def check_alone(vm):
    """Nobody but root: every line costs a halt, none is lost."""
    vm.sh('kill $(pidof hvgdbctl); sleep 1; rmmod hvgdb; insmod /hvgdb/hvgdb.ko uart=io,0x2f8')
    session = attach(vm)
    calls(vm, 20)
    complete(stop(session), [20, 20])
    session.quit()


vm = VM(cpus=2)
session = attach(vm)
check_no_halt(vm, session)
check_stops(vm, session)
check_halts(vm, session)
check_standing(vm, session)
check_flood(vm, session)
check_killed(vm, session)
session.quit()
check_alone(vm)
vm.dmesg_clean()
