# SPDX-License-Identifier: GPL-2.0
"""Breakpoints outside of the kernel's own text: in a program, where other programs at the same address go on
undisturbed, and in a module, which may go with a breakpoint in it."""

import pathlib
import tempfile

from lib import assets, guest
from lib.case import VM, equal, match, symbol

TIME_LIMIT = 120
CALL = '__x64_sys_sched_get_priority_max'
MARK = symbol('regcheck', 'reg_mark')
TURN = symbol('spin', 'spin_turn')


def number(text):
    return int(match(text, r'(0x[0-9a-f]+)', 'a number').group(1), 16)


def proceed_to(session, what, pattern=r'hit Breakpoint', timeout=60):
    return match(session.finish(timeout), pattern, what)


def in_program(vm):
    """The program is current on CPU 1 when the breakpoint is set. Another one of it runs on CPU 0 all the time."""
    session = vm.gdb_session()
    session.run(f'add-symbol-file {guest.program_with_symbols("regcheck")}')
    session.run(f'break *{CALL}')
    session.begin('continue')
    work = vm.background('regcheck 1 40')
    proceed_to(session, 'the call')
    session.run('delete')
    session.run('thread 2')
    session.run('break *reg_mark')
    session.begin('continue')
    other = vm.background('regcheck 0 40')
    for _ in range(10):
        proceed_to(session, 'the mark', r'Thread 2 hit Breakpoint \d+, .*(reg_mark|round_trip)')
        equal(number(session.run('output/x $rip')), MARK, 'rip')
        match(session.run('x/i $rip'), r'nop', 'the instruction under the breakpoint')
        session.run('thread 2')
        session.begin('continue')
    proceed_to(session, 'the mark')
    session.run('delete')
    session.begin('continue')
    output, status = work.wait()
    equal((status, output.count('answer 99')), (0, 40), 'status and rounds of the program with the breakpoint')
    output, status = other.wait()
    equal((status, output.count('answer 99')), (0, 40), 'status and rounds of the other one')
    session.interrupt()
    session.finish()
    session.quit()


def program_goes_away(vm):
    """The program ends, and its page goes to others, with the breakpoint in it."""
    session = vm.gdb_session()
    session.run(f'break *{CALL}')
    session.begin('continue')
    work = vm.background('regcheck 1 1')
    proceed_to(session, 'the call')
    session.run('delete')
    session.run('thread 2')
    # Never executed: the first instruction of another program at this address.
    session.run(f'break *{MARK + 0x100:#x}')
    session.begin('continue')
    equal(work.wait()[1], 0, 'status of the program')
    vm.sh('forker 50; pfcheck 5; regcheck 0 5; regcheck 1 5; steptest 3', timeout=60)
    session.interrupt()
    proceed_to(session, 'the stop after Ctrl-C', 'SIGINT')
    session.quit()
    vm.sh('forker 20; regcheck 0 5; regcheck 1 5')


def use_loop(vm):
    return vm.background('for i in 1 2 3; do losetup /dev/loop0 /tmp/image && losetup -d /dev/loop0 || exit 1; done')


def in_module(vm, folder):
    """The loop driver: its ioctls are called by losetup only. As a user would do it, with the module's symbols."""
    vm.modprobe('loop')
    vm.sh('dd if=/dev/zero of=/tmp/image bs=64k count=1 2>/dev/null')
    path = pathlib.Path(folder) / 'loop.ko'
    path.write_bytes(assets.modules_with_dependencies(vm.machine.config['kernel'], ['loop'])['loop'])
    session = vm.gdb_session()
    session.begin('continue')
    section = vm.sh('cat /sys/module/loop/sections/.text').strip()
    session.interrupt()
    session.finish()
    session.run(f'add-symbol-file {path} {section}')
    session.run('break *lo_ioctl')
    address = number(session.run('output/x (unsigned long)&lo_ioctl'))
    session.begin('continue')
    work = use_loop(vm)
    for _ in range(3):
        proceed_to(session, 'the function in the module', r'hit Breakpoint \d+, .*lo_ioctl')
        equal(number(session.run('output/x (unsigned long)$rip')), address, 'rip')
        session.begin('continue')
    session.finish()
    # From now on the stops are gdb's own business.
    session.run('ignore 1 1000')
    session.begin('continue')
    equal(work.wait()[1], 0, 'status of losetup')
    return session


def module_goes_away(vm, session):
    """rmmod while the breakpoint is armed; its memory goes to the next module."""
    vm.sh('rmmod loop')
    vm.modprobe('loop')
    vm.sh('for i in 1 2 3 4 5; do rmmod loop; insmod /tmp/modules/loop.ko; done')
    equal(use_loop(vm).wait()[1], 0, 'status of losetup with the module loaded again')
    vm.sh('rmmod loop')
    session.interrupt()
    proceed_to(session, 'the stop after Ctrl-C', 'SIGINT')
    # gdb has not been told that the module went. It wants its breakpoint back, learns better, and goes on without.
    session.begin('continue')
    vm.sh('forker 20')
    session.interrupt()
    proceed_to(session, 'the reason why there is no breakpoint', 'page tables of the guest do not map this address')
    session.quit()


vm = VM(cpus=2)
in_program(vm)
program_goes_away(vm)
with tempfile.TemporaryDirectory() as folder:
    module_goes_away(vm, in_module(vm, folder))
vm.sh('syscalls 1000')
vm.dmesg_clean()
