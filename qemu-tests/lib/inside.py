# SPDX-License-Identifier: GPL-2.0
"""hvgdb's own variables, and those of test modules, as a debugger on the line reads them: for tests that look inside."""

import subprocess

from lib import build, rsp


def offsets(vm, *fields):
    """Of fields of hvgdb's structures, each given as ('machine', 'tsc_khz'); from the debugging information."""
    module = build.module(vm.machine.config['kernel'], vm.machine.config['build'])
    commands = [word for kind, name in fields for word in ('-ex', f'print (long)&((struct {kind} *)0)->{name}')]
    output = subprocess.run(['gdb', '-batch', *commands, str(module)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [int(line.split('=')[1]) for line in output.splitlines() if line.startswith('$')]


def addresses(vm, *names):
    """Of symbols of the guest's kernel and its modules."""
    lines = vm.sh('grep -wE "' + '|'.join(names) + '" /proc/kallsyms').splitlines()
    found = {line.split()[2]: int(line.split()[0], 16) for line in lines}
    return [found[name] for name in names]


class Client(rsp.Client):
    """Reads and writes numbers."""

    def read(self, address, size=8):
        return int.from_bytes(bytes.fromhex(self.ask(f'm{address:x},{size:x}')), 'little')

    def write(self, address, value, size):
        self.expect(f'M{address:x},{size:x}:{value.to_bytes(size, "little").hex()}', 'OK')
