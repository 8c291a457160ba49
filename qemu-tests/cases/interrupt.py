# SPDX-License-Identifier: GPL-2.0
"""Ctrl-C in gdb stops every CPU, whatever it does: idle, in a user loop, in the kernel. With 2, 1 and 4 CPUs.
One that comes early, between two steps or again and again is heard as well."""

import re
import time

from lib import rsp
from lib.case import VM, check, equal, match

TIME_LIMIT = 120


def busy(vm, cpus, command):
    """Starts the command on each CPU; returns what ends it."""
    vm.sh(' '.join(f'{{ exec taskset {1 << cpu:x} {command}; }} >/dev/null 2>&1 & echo $! >> /tmp/busy;'
                   for cpu in range(cpus)))
    return lambda: vm.sh('kill $(cat /tmp/busy); rm /tmp/busy')


def stop_once(vm, session, cpus, wait=0.0):
    """One continue and Ctrl-C; returns `info threads`."""
    session.begin('continue')
    # The guest answers, so it runs. What the shell did for it is over some time later.
    vm.sh('true')
    time.sleep(wait)
    session.interrupt()
    output = session.finish(30)
    match(output, r'received signal SIGINT', 'the stop after Ctrl-C')
    threads = session.run('info threads')
    for thread in range(1, cpus + 1):
        match(threads, rf'^\*? +{thread} +Thread {thread} \(CPU {thread - 1}, (user|kernel)', 'the list of CPUs')
    check(len(re.findall(r'Thread \d+ \(CPU', threads)) == cpus, f'not {cpus} threads', threads)
    return threads


def addresses(session):
    return [int(pc, 16) for pc in re.findall(r'= .*?(0x[0-9a-f]+)', session.run('thread apply all -q p/x $pc'))]


def run(cpus):
    vm = VM(cpus=cpus)
    session = vm.gdb_session()
    # What answered the test may still be at its end at first.
    for wait in 0, 0.2, 0.5, 1, 2, 4:
        threads = stop_once(vm, session, cpus, wait)
        idle = ', user' not in threads
        if idle and wait:
            break
    check(idle, 'an idle guest is in user mode', threads)

    session.begin('continue')
    end = busy(vm, cpus, 'spin')
    session.interrupt()
    session.finish()
    # One CPU is in the controller's system call, for it took the line's interrupt; any may be in a timer interrupt.
    spinning = 0
    for wait in 0.2, 0.5, 0.5, 1, 1, 2, 4, 8:
        threads = stop_once(vm, session, cpus, wait)
        pcs = addresses(session)
        check(len(pcs) == cpus, f'not {cpus} program counters', threads, pcs)
        users = sum(pc < 1 << 47 for pc in pcs)
        check(threads.count(', user)') == users, 'the thread names do not tell who is in user mode', threads, pcs)
        spinning += users >= cpus - 1
        if spinning == 2:
            break
    check(spinning == 2, f'{spinning} times all CPUs but one were in user mode although all spin')

    session.begin('continue')
    end()
    end = busy(vm, cpus, 'dd if=/dev/zero of=/dev/null bs=1M')
    session.interrupt()
    session.finish()
    in_kernel = 0
    for _ in range(3):
        stop_once(vm, session, cpus)
        in_kernel += all(pc >> 63 for pc in addresses(session))
    check(in_kernel, 'not once were all CPUs in the kernel although all run dd')
    session.begin('continue')
    end()
    session.interrupt()
    session.finish()
    session.quit()
    vm.sh('syscalls 1000 0')
    vm.dmesg_clean()
    vm.down()


def early(vm):
    """gdb may send a Ctrl-C before the packet that lets the machine run; one behind the answer to another is none."""
    client = rsp.Client(vm.gdb_port)
    client.attach()
    client.resume()
    client.interrupt()
    equal(client.stop()['signal'], 2, 'the stop after Ctrl-C')
    client.interrupt()
    rip = client.ask('p10')
    client.interrupt()
    for action in 'vCont;c', 'vCont;s:1;c':
        client.resume(action)
        found = client.stop()
        equal(found['signal'], 2, f'the answer to {action} behind a Ctrl-C')
        equal(client.ask('p10'), rip, f'the program counter of CPU 0 after {action} behind a Ctrl-C')
        client.interrupt()
    client.interrupt()
    client.resume('vCont;s:1')
    equal(client.stop()['signal'], 2, 'the answer to a step behind two Ctrl-C')
    client.resume('vCont;s:1')
    equal(client.stop()['signal'], 5, 'the answer to the step after it')
    client.detach()


def stepping(vm):
    """gdb is told of a million steps one by one; the first Ctrl-C ends them."""
    session = vm.gdb_session()
    for _ in range(3):
        session.begin('stepi 1000000')
        time.sleep(0.3)
        session.interrupt()
        match(session.finish(30), 'received signal SIGINT', 'Ctrl-C among steps')
    session.quit()


for number in (2, 1, 4):
    run(number)
machine = VM(cpus=2)
early(machine)
stepping(machine)
machine.dmesg_clean()
