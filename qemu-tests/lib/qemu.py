# SPDX-License-Identifier: GPL-2.0
"""QEMU: with KVM where the host has nested VMX; with TCG (no VMX at all) to see hvgdb refuse."""

from lib import guest

# kvm=off: with KVM's paravirtual interfaces the guest would make hypercalls of its own.
CPU = {'kvm': 'host,kvm=off', 'tcg': 'max'}


def prepare(config, folder):
    guest.boot_files(config['kernel'], config['cmdline'], folder)


def command(config, folder, ports):
    serial = []
    for name in ('console', 'gdb', 'channel'):
        serial += ['-chardev', f'socket,id={name},host=127.0.0.1,port={ports[name]},nodelay=on', '-serial', f'chardev:{name}']
    return ['qemu-system-x86_64', '-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'pc',
            '-accel', config['backend'], '-cpu', config['cpu'] or CPU[config['backend']], '-smp', str(config['cpus']),
            '-m', str(config['memory']), *serial, '-kernel', 'vmlinuz', '-initrd', 'initrd', '-append', config['cmdline'],
            '-drive', 'file=disk.img,if=ide,index=0,format=raw,cache=writethrough,file.locking=off'], {}
