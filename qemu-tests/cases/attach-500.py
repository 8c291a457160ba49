# SPDX-License-Identifier: GPL-2.0
"""gdb attaches and detaches 500 times, a few times for real and else as a bare client: no byte is lost, doubled or
sent again, the registers make sense each time, and the guest works on in between."""

import time

from lib import rsp
from lib.case import VM, check, equal, match

TIME_LIMIT = 120
RAW_ROUNDS, GDB_ROUNDS = 480, 20
REGISTER_DIGITS = 2 * (16 * 8 + 8 + 4)      # rax to rip, eflags


def raw_round(vm, number):
    """One session; its settings vary with the number."""
    client = rsp.Client(vm.gdb_port)
    client.attach(acks=number % 2 == 0)
    check(client.ask('?')[:3] in ('T02', 'T05'), 'no stop in answer to ?')
    check(len(client.ask('g')) > REGISTER_DIGITS, 'the registers are incomplete')
    if number % 7 == 0:
        client.resume()
        vm.sh('true')
        client.interrupt()
        equal(client.stop()['signal'], 2, 'the signal after Ctrl-C')
    client.detach()
    equal(client.noise, b'', f'bytes outside of packets in round {number}')
    return client


def raw_rounds(vm):
    longest = 0
    for number in range(RAW_ROUNDS):
        vm.stats(reset=True)
        began = time.monotonic()
        try:
            raw_round(vm, number)
        except rsp.LineError as problem:
            check(False, f'round {number} of {RAW_ROUNDS}: {problem}')
        longest = max(longest, time.monotonic() - began)
        if number % 50 == 0:
            vm.sh('syscalls 10 0')
    return longest


def gdb_rounds(vm):
    for number in range(GDB_ROUNDS):
        session = vm.gdb_session(symbols=False, attach=False)
        if number % 2:
            session.run('set remote noack-packet off')
        session.run('set debug remote 1')
        log = session.run(f'target remote localhost:{vm.gdb_port}')
        log += session.run('info threads')
        session.run('set debug remote 0')
        log += session.run('detach')
        session.quit()
        match(log, r'Thread 2 \(CPU 1', 'the CPUs')
        match(log, r'detached', 'the answer to detach')
        for trouble in ('Timed out', 'Bad checksum', 'Received Nak', 'Packet instead of Ack', 'Junk', 'Ignoring packet error'):
            check(trouble not in log, f'gdb had trouble with the line in round {number}: {trouble}', log)


vm = VM(cpus=2)
gdb_rounds(vm)
longest = raw_rounds(vm)
vm.sh('syscalls 1000')
vm.dmesg_clean()
print(f'the longest of {RAW_ROUNDS} rounds took {longest:.2f} s')
