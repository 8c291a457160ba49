# SPDX-License-Identifier: GPL-2.0
"""What gdb writes is what the guest sees: arguments, results, registers, xmm registers, variables of a program.
What cannot be read or written is an error that changes nothing. Each CPU is read through its own page tables."""

import re

from lib.case import VM, check, equal, match, symbol

FUNCTION = '__x64_sys_sched_get_priority_max'
MARK, VARIABLE = symbol('regcheck', 'reg_mark'), symbol('regcheck', 'reg_variable')
# pt_regs.di, the first argument of the system call
ARGUMENT = '*(long *)($rdi + 112)'
NO_ACCESS = r'Cannot access memory at address'


def value(session, expression):
    return int(match(session.run(f'output/x {expression}'), r'^0x([0-9a-f]+)$', expression).group(1), 16)


def proceed(session):
    session.begin('continue')


def hit(session, what, thread=2):
    match(session.finish(), rf'Thread {thread} hit Breakpoint', what)


def end_of_mapping(session, address):
    """The first address above that cannot be read, at a page boundary."""
    page = (address | 0xfff) + 1
    while re.search('0x', (answer := session.run(f'x/1xb {page:#x}'))) and not re.search(NO_ACCESS, answer):
        page += 0x1000
        check(page < address + (1 << 22), 'the stack has no end', answer)
    return page


def refused(session, command):
    match(session.run(command), NO_ACCESS, command)


def check_limits(session):
    """In user mode: what is not there cannot be read or written."""
    for address in (0, 0x8, 0x7ffffffff000, 0x800000000000, 0x8000000000000000, 0xffff7ffffffffff8, 0xfffffffffffffff8):
        refused(session, f'x/1xg {address:#x}')
        refused(session, f'set {{long}}{address:#x} = 1')
    end = end_of_mapping(session, value(session, '$rsp'))
    before = value(session, f'*(unsigned long *){end - 8:#x}')
    refused(session, f'x/2xg {end - 8:#x}')
    refused(session, f'python gdb.selected_inferior().read_memory({end - 8}, 16)')
    refused(session, f'python gdb.selected_inferior().write_memory({end - 8}, b"x" * 16)')
    equal(value(session, f'*(unsigned long *){end - 8:#x}'), before, 'the bytes before the end after a refused write')


def change_everything(vm, session):
    session.run(f'break *{FUNCTION}')
    proceed(session)
    work = vm.background('regcheck 1 3')

    hit(session, 'the first call')
    equal(value(session, ARGUMENT), 1, 'the argument (SCHED_FIFO)')
    session.run(f'set var {ARGUMENT} = 0')
    session.run(f'break *{MARK:#x}')
    proceed(session)
    hit(session, 'the mark in user code')
    equal(value(session, '$rip'), MARK, 'rip in user code')
    equal(value(session, '$rbx'), 0xb0b0b0b0b0b0b0b0, 'rbx')
    equal(value(session, '$xmm3.uint128'), 0x33333333444444441111111122222222, 'xmm3')
    pid = value(session, f'*(unsigned long *){VARIABLE:#x}') - 0x5a5a5a5a00000000
    session.run('set var $rbx = 0x123456789abcdef0')
    session.run('set var $r15 = -1')
    session.run('set var $xmm3.v2_int64[1] = 0x0f0e0d0c0b0a0908')
    session.run('set var $mxcsr = 0x5f80')
    session.run(f'set var *(unsigned long *){VARIABLE:#x} = 0x7777')
    check_limits(session)
    proceed(session)

    hit(session, 'the second call')
    # As if the function returned at once.
    session.run('set var $rax = 4242')
    session.run('set var $rip = *(unsigned long *)$rsp')
    session.run('set var $rsp = $rsp + 8')
    proceed(session)
    hit(session, 'the mark in user code')
    session.run('delete')
    proceed(session)
    output, status = work.wait()
    equal(status, 0, 'status of regcheck')
    common = f'variable 5a5a5a5a{pid:08x}'
    equal(output.splitlines(), [
        'rbx 123456789abcdef0 r15 ffffffffffffffff xmm3 0f0e0d0c0b0a09081111111122222222 mxcsr 5f80 '
        'variable 0000000000007777 answer 0',
        f'rbx b0b0b0b0b0b0b0b0 r15 f0f0f0f0f0f0f0f0 xmm3 33333333444444441111111122222222 mxcsr 5f80 {common} answer 4242',
        f'rbx b0b0b0b0b0b0b0b0 r15 f0f0f0f0f0f0f0f0 xmm3 33333333444444441111111122222222 mxcsr 5f80 {common} answer 99',
    ], 'what the program saw')


def variable_of(session, thread):
    """The program's variable as that CPU sees it, None if another process runs there."""
    session.run(f'thread {thread}')
    found = re.search(r'^0x5a5a5a5a([0-9a-f]{8})$', session.run(f'output/x *(unsigned long *){VARIABLE:#x}'), re.M)
    return found and int(found.group(1), 16)


def own_page_tables(vm, session):
    session.interrupt()
    session.finish()
    session.run(f'break *{FUNCTION}')
    proceed(session)
    work = vm.background('regcheck 0 200 >/tmp/0 & regcheck 1 200 >/tmp/1 & wait')
    seen = {1: set(), 2: set()}
    both = 0
    # An idle CPU still has the page tables of the process that ran there last: only the CPU that makes
    # the call is known to be in its own program.
    for _ in range(100):
        here = int(match(session.finish(), r'Thread (\d) hit Breakpoint', 'the stop').group(1))
        pid, other = variable_of(session, here), variable_of(session, 3 - here)
        seen[here].add(pid)
        both += other in seen[3 - here] and other != pid
        proceed(session)
        if both > 3:
            break
    session.finish()
    check(both, 'the programs were never current on both CPUs at once: this run shows nothing')
    equal([len(seen[1]), len(seen[2]), len(seen[1] | seen[2])], [1, 1, 2], f'processes seen through CPU 0, CPU 1, both {seen}')
    session.run('delete')
    session.quit()
    equal(work.wait()[1], 0, 'status of the programs')
    for cpu, pids in ((0, seen[1]), (1, seen[2])):
        equal(vm.sh(f'grep -c "5a5a5a5a{pids.pop():08x} answer 99" /tmp/{cpu}'), '200\n', f'lines of the program on CPU {cpu}')


vm = VM(cpus=2)
session = vm.gdb_session()
change_everything(vm, session)
own_page_tables(vm, session)
vm.dmesg_clean()
