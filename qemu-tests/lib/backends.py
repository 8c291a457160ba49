# SPDX-License-Identifier: GPL-2.0
"""Chooses the emulator and its kernel command line."""

import os
import pathlib

from lib import bochs, qemu

NAMES = ['auto', 'kvm', 'bochs', 'tcg']

# What every guest needs, and what only skips work at boot. KASLR stays on.
BASE = 'console=ttyS0,115200 quiet loglevel=3 cryptomgr.notests=1 random.trust_cpu=on ipv6.disable=1'
# This quarters the time to boot, but hides things: tests of time and of mitigations say `--cmdline plain`.
QUICK = BASE + (' mitigations=off tsc=reliable audit=0 lsm= nowatchdog no_timer_check rcupdate.rcu_expedited=1 '
                'initcall_blacklist=load_system_certificate_list')


def kvm_usable():
    """/dev/kvm alone says nothing: it may exist on a machine without VMX."""
    flags = pathlib.Path('/proc/cpuinfo').read_text().split('flags', 1)[-1].split('\n', 1)[0]
    nested = pathlib.Path('/sys/module/kvm_intel/parameters/nested')
    return ('vmx' in flags.split() and os.access('/dev/kvm', os.R_OK | os.W_OK)
            and nested.exists() and nested.read_text().strip() in 'Y1')


def choose(name):
    if name != 'auto':
        return name
    return 'kvm' if kvm_usable() else 'bochs'


def cmdline(style, cpu, append):
    words = [QUICK if style == 'quick' else BASE, bochs.extra_cmdline(cpu) if cpu else '', append]
    return ' '.join(word for word in words if word)


def command(config, folder, ports):
    """(argv, environment) to start the emulator of a prepared machine."""
    return (bochs if config['backend'] == 'bochs' else qemu).command(config, folder, ports)
