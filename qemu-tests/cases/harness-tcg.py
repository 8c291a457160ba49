# SPDX-License-Identifier: GPL-2.0
"""QEMU without VMX: boots, takes what is delivered, and its gdb line works."""

import shutil
import socket

from lib.case import VM, check, equal, skip

if not shutil.which('qemu-system-x86_64'):
    skip('QEMU is not installed')
vm = VM(load=None, backend='tcg', cpus=2)
equal(vm.sh('grep -cw vmx /proc/cpuinfo; true'), '0\n', 'CPUs with VMX')
equal(vm.sh('steptest 3'), 'steptest: right\n', 'a delivered program')
vm.sh('ttyecho /dev/ttyS1')
with socket.create_connection(('127.0.0.1', vm.gdb_port), timeout=10) as client:
    client.sendall(b'$g#67')
    check(client.recv(1) == b'$', 'the gdb line does not answer')
vm.dmesg_clean()
