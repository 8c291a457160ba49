# SPDX-License-Identifier: GPL-2.0
"""A machine that hvgdb cannot run on: insmod ends with one sentence and an errno of its own, the guest goes on."""

import errno
import os
import shutil

from lib.case import VM, check, equal, match

TIME_LIMIT = 120
UNRELATED = {'hvgdb: loading out-of-tree module taints kernel.',
             'hvgdb: module verification failed: signature and/or required key missing - tainting kernel'}
# What busybox' insmod prints for the errnos that mean something to a user.
NO_DEVICE, NO_ACCESS, BUSY = 'No such device', 'Permission denied', 'Device or resource busy'


def refused(vm, sentence, error, parameters=''):
    output, status = vm.status(f'insmod /hvgdb/hvgdb.ko {parameters}')
    check(status, 'hvgdb loaded, but should have refused')
    match(output, error, 'what insmod printed')
    # busybox tries a second way to load a module when the first fails, so there may be two of the same.
    said = {line.split('] ', 1)[1] for line in vm.sh('dmesg').splitlines() if '] hvgdb: ' in line} - UNRELATED
    equal(len(said), 1, f'different lines in the kernel log {said}')
    match(said.pop(), sentence, 'the reason')
    equal(vm.sh('lsmod | grep -c hvgdb; ls /dev/hvgdb 2>&1 | grep -c "No such"').split(), ['0', '1'], 'what is left of hvgdb')
    vm.sh('syscalls 200; forker 10')
    vm.dmesg_clean()
    vm.sh('dmesg -c >/dev/null')


def no_vmx():
    if not shutil.which('qemu-system-x86_64'):
        print('QEMU is not installed: no test without VMX')
        return
    vm = VM(load=None, backend='tcg', cpus=2)
    refused(vm, r'offers no VMX', NO_DEVICE)
    vm.down()


def firmware_off():
    vm = VM(load=None, vmx_off=True, backend='bochs')
    refused(vm, r'firmware has switched VMX off and locked it', NO_ACCESS)
    vm.down()


def kvm_loaded():
    vm = VM(load=None, cpus=2)
    vm.modprobe('kvm_intel')
    refused(vm, r'VMX is in use.*rmmod kvm_intel', BUSY)
    vm.sh('rmmod kvm_intel')
    vm.load()
    check('CPU 1' in vm.gdb('info threads'), 'gdb cannot attach once KVM is gone')
    vm.dmesg_clean()
    vm.down()


def no_ept():
    """The CPU lacks other controls too, but this is the one that its owner can know of."""
    vm = VM(load=None, backend='bochs', cpu='core2_penryn_t9600')
    refused(vm, r'this CPU has no EPT', f'{os.strerror(errno.ENOSYS)}|does not support requested operation')
    vm.down()


kvm_loaded()
firmware_off()
no_vmx()
no_ept()
