# SPDX-License-Identifier: GPL-2.0
"""With hvgdb loaded, gdb attached and breakpoints planted the kernel crashes, on CPU 0 and on CPU 1, and a real crash
kernel comes up; kexec starts another kernel, which gets all CPUs; gdb is told that what it debugged has ended. Linux 6.1
executes VMXOFF by itself, 6.12 calls the module."""

import stat
import tempfile

from lib import assets, backends, guest
from lib.case import VM, match, until

TIME_LIMIT = 480     # it may build for another kernel
MEMORY, RESERVED = 512, 'crashkernel=128M'
FUNCTION = '__x64_sys_sched_get_priority_max'


def deliver(vm):
    """The kernel itself once more, and an initramfs whose first process says that it is there."""
    archive = guest.Cpio()
    for name in ('dev', 'proc'):
        archive.add(name, stat.S_IFDIR | 0o755)
    archive.add('dev/console', stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add('init', stat.S_IFREG | 0o755, guest.workloads()['newborn'].read_bytes())
    kernel = vm.machine.config['kernel']
    vm.put(assets.kernel(kernel) / 'boot' / f'vmlinuz-{kernel}', '/tmp/vmlinuz')
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(archive.finish())
        initrd.flush()
        vm.put(initrd.name, '/tmp/initrd')


def load(vm, how, more=''):
    """Loads the second kernel; with `now` it starts."""
    line = backends.cmdline('quick', vm.machine.config['cpu'], more)
    return f"kexec {how} /tmp/vmlinuz /tmp/initrd '{line}'"


def attach(vm):
    """gdb waits, with breakpoints in the kernel and in a program that runs."""
    session = vm.gdb_session()
    session.run(f'break *{FUNCTION} if $rdi == 12345')
    session.begin('continue')
    vm.sh('true')
    return session


def comes_up(vm, session, cpus, vmcore):
    until(lambda: 'newborn:' in vm.console(), 120, 'the second kernel does not come up')
    match(vm.console(), rf'newborn: {cpus} CPUs, vmcore {vmcore}, vmx 1', 'what it says')
    match(session.finish(), r'\[Inferior 1 \(.*\) exited normally\]', 'what gdb is told')
    session.quit()


def crashes(cpu, more, cpus, kernel=None):
    vm = VM(cpus=2, memory=MEMORY, append=RESERVED, kernel=kernel)
    deliver(vm)
    vm.sh(load(vm, 'crash', more))
    session = attach(vm)
    vm.background(f"taskset {1 << cpu:x} sh -c 'echo c > /proc/sysrq-trigger'", timeout=60)
    comes_up(vm, session, cpus, 1)
    vm.down()


def kexec():
    vm = VM(cpus=2, memory=MEMORY, append=RESERVED)
    deliver(vm)
    session = attach(vm)
    vm.background(load(vm, 'now'), timeout=60)
    comes_up(vm, session, 2, 0)
    vm.down()


crashes(0, '', 2)
# A crash kernel that starts on another than the boot CPU cannot wake that one up.
crashes(1, 'nr_cpus=1', 1)
kexec()
crashes(0, '', 2, assets.newest('6.12', 'cloud-amd64'))
