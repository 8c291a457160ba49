# SPDX-License-Identifier: GPL-2.0
"""Ctrl-C also comes through while a breakpoint that gdb ignores is hit again and again: the 0x03 then meets a machine
that has just stopped for gdb's own business, and must not be forgotten."""

from lib.case import VM, check, match

vm = VM(cpus=2)
session = vm.gdb_session()
session.run('break schedule')
session.run('ignore 1 1000000')
for _ in range(3):
    before = vm.stats()['to-gdb']['packets']
    session.begin('continue')
    vm.sh('true')
    session.interrupt()
    match(session.finish(20), r'received signal SIGINT', 'the stop after Ctrl-C')
    check(vm.stats()['to-gdb']['packets'] > before + 10, 'the breakpoint was hardly ever hit: this run shows nothing')
session.run('delete')
session.quit()
vm.sh('syscalls 100')
vm.dmesg_clean()
