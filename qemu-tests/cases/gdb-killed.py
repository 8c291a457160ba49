# SPDX-License-Identifier: GPL-2.0
"""gdb dies (SIGKILL), with the guest halted, running, or running into a breakpoint: the next gdb carries on, and
without a next gdb the guest goes on by itself after orphan_timeout, with no breakpoint left in it."""

import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 120
FUNCTION = '__x64_sys_sched_get_priority_max'
BYTES = 16


def address_of(session, name):
    return int(match(session.run(f'output/x (unsigned long)&{name}'), r'^(0x[0-9a-f]+)$', name).group(1), 16)


def in_memory(vm, address):
    """What the running kernel sees at an address."""
    return vm.sh(f'kread {address:x} {BYTES}').strip()


def stop_at_call(vm, session):
    session.run(f'break *{FUNCTION}')
    session.begin('continue')
    work = vm.background('syscalls 20 1')
    match(session.finish(), r'hit Breakpoint', 'the stop')
    return work


def killed_while_halted(vm):
    session = vm.gdb_session()
    work = stop_at_call(vm, session)
    before = session.run('info registers')
    session.kill()
    check(work.running(), 'the guest ran on after gdb was killed at a stop')
    session = vm.gdb_session()
    match(session.run('thread'), r'Current thread is 2', 'the CPU that had stopped')
    equal(session.run('info registers'), before, 'registers that the second gdb sees')
    equal(address_of(session, FUNCTION), int(session.run('output/x (unsigned long)$pc'), 16), 'where the second gdb finds the guest')
    session.begin('continue')
    # The first gdb's breakpoint went with it.
    equal(work.wait(), (work.result[0], 0), 'the program that had been stopped')
    session.interrupt()
    match(session.finish(), r'SIGINT', 'the stop after Ctrl-C')
    session.quit()


def killed_while_running(vm):
    session = vm.gdb_session()
    session.begin('continue')
    vm.sh('true')
    session.kill()
    vm.sh('syscalls 10')
    session = vm.gdb_session()
    match(session.run('info threads'), r'Thread 2', 'the list of CPUs in the next gdb')
    session.begin('continue')
    vm.sh('true')
    session.interrupt()
    match(session.finish(), r'SIGINT', 'the stop after Ctrl-C')
    session.quit()


def orphans(vm):
    return vm.sh('dmesg').count('nobody answers on the debug line')


def one_orphan(vm):
    """A breakpoint left behind is hidden from the kernel's own eyes, but each call would be another orphaned stop."""
    vm.sh('syscalls 20 0; syscalls 20 1')
    # Longer than orphan_timeout, and than root's lines take to the kernel log.
    vm.sh('sleep 5')
    equal(orphans(vm), 1, 'orphaned stops')


def orphaned(vm):
    """A stop that nobody acknowledges."""
    session = vm.gdb_session()
    address = address_of(session, FUNCTION)
    session.begin('continue')
    clean = in_memory(vm, address)
    session.interrupt()
    session.finish()
    session.run(f'break *{FUNCTION}')
    session.begin('continue')
    equal(in_memory(vm, address), clean, 'the function with its breakpoint, which is hidden from the kernel')
    session.kill()
    equal(vm.sh('syscalls 20 1', timeout=60).count('20 of 20 right'), 1, 'programs that ran after the orphaned stop')
    until(lambda: orphans(vm), 20, 'no line about it in the kernel log')
    one_orphan(vm)
    equal(in_memory(vm, address), clean, 'the function after the orphaned stop')
    return address, clean


def detach_leaves_nothing(vm, address, clean):
    """Detached while a program calls the function all the time."""
    session = vm.gdb_session()
    work = stop_at_call(vm, session)
    session.run(f'break *do_sys_openat2')
    session.begin('continue')
    session.finish()
    match(session.run('detach'), r'detached', 'the answer to detach')
    equal(work.wait()[1], 0, 'status of the program that was stopped when gdb detached')
    equal(in_memory(vm, address), clean, 'the function after the detach')
    session.quit()
    output = vm.gdb(f'x/{BYTES}xb {address:#x}')
    seen = ''.join(re.findall(r'\t0x([0-9a-f]{2})', output))
    equal(seen, clean, 'the function as another gdb sees it')


vm = VM(cpus=2, load='orphan_timeout=3')
killed_while_halted(vm)
killed_while_running(vm)
detach_leaves_nothing(vm, *orphaned(vm))
one_orphan(vm)
vm.sh('syscalls 1000')
vm.dmesg_clean()
