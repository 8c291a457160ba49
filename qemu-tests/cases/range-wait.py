# SPDX-License-Identifier: GPL-2.0
"""A range step over a loop that waits for this CPU's own timer interrupt comes to an end, and ends where the range
ends: after 1000 steps interrupts are let in, and their handlers run freely.

With one CPU nothing else can end the loop; with two, the others run (vCont;r with c) or stay halted (without)."""

from lib import inside, rsp
from lib.case import VM, check, equal

TICKS = 20


def over_the_loop(vm, begin, end, cpu, others='', passed=None):
    """passed: a breakpoint that is never meant, for its condition is 0."""
    client = rsp.Client(vm.gdb_port)
    client.attach()
    if passed:
        client.expect(f'Z0,{passed:x},1;X3,220027', 'OK')
    client.expect(f'Z0,{begin:x},1', 'OK')
    client.resume()
    work = vm.background(f'echo "wait {TICKS}" | taskset {1 << cpu} tee /sys/module/exotic/parameters/run >/dev/null;'
                         'cat /sys/module/exotic/parameters/run', timeout=100)
    stop = client.stop()
    equal((stop['signal'], stop['thread'], stop['rip']), (5, cpu + 1, begin), 'the stop at the loop')
    client.expect(f'z0,{begin:x},1', 'OK')
    for number in range(2):
        # 0x03 ends the first try in the midst, wherever the CPU is; then it goes on.
        client.resume(f'vCont;r{begin:x},{end:x}:{cpu + 1:x}{others}')
        if not number:
            client.interrupt()
            stop = client.stop()
            if stop['rip'] == end:
                break
            check(stop['signal'] in (2, 5), 'the stop after 0x03', stop)
            if not begin <= stop['rip'] < end:
                # In a handler: out of it, and on with the range.
                client.expect(f'Z0,{begin:x},1', 'OK')
                client.resume()
                equal(client.stop()['rip'], begin, 'the loop again')
                client.expect(f'z0,{begin:x},1', 'OK')
    if stop['rip'] != end:
        stop = client.stop()
    equal((stop['signal'], stop['thread']), (5, cpu + 1), 'signal and thread at the end of the range')
    equal(hex(stop['rip']), hex(end), 'where the range step ended')
    client.detach()
    equal(work.wait(), ('right\n', 0), 'the loop itself')


def cpus(number):
    vm = VM(cpus=number)
    vm.insert('exotic')
    begin, end, tick = inside.addresses(vm, 'exotic_wait_begin', 'exotic_wait_end', 'sysvec_apic_timer_interrupt')
    for _ in range(2):
        over_the_loop(vm, begin, end, 0)
        over_the_loop(vm, begin, end, number - 1, ';c')
    over_the_loop(vm, begin, end, 0, passed=tick)
    vm.sh('syscalls 1000')
    vm.dmesg_clean()
    vm.down()


cpus(1)
cpus(2)
