# SPDX-License-Identifier: GPL-2.0
"""reboot -f with hvgdb loaded, gdb attached and a controller that has the line: gdb is told, every CPU leaves VMX, and
the firmware gets all of them. In Bochs it ends there (docs/bochs.md); elsewhere the machine comes up again."""

from lib.case import VM, check, match, until


def firmware_has_all_cpus(vm):
    """Only there is IA32_FEATURE_CONTROL written a second time, on each CPU."""
    log = (vm.machine.folder / 'bochs.log').read_text(errors='replace')
    return all(f'[CPU{cpu}  ] WRMSR: IA32_FEATURE_CONTROL_MSR VMX lock bit is set' in log for cpu in (0, 1))


def comes_up_again(vm):
    until(lambda: 'hvgdb-guest: up' in vm.console(), 100, 'the machine does not come up again')
    until(lambda: vm.status('true')[1] == 0, 30, 'the machine does not answer')
    vm.machine.deliver_everything()
    vm.load()
    check('Thread 2' in vm.gdb('info threads'), 'gdb cannot attach after the reboot')
    vm.dmesg_clean()


vm = VM(cpus=2)
session = vm.gdb_session()
session.run('break *__x64_sys_sched_get_priority_max if $rdi == 12345')
session.begin('continue')
vm.sh('true')
vm.background('reboot -f', timeout=30)
match(session.finish(), r'\[Inferior 1 \(.*\) exited normally\]', 'what gdb is told')
session.quit()
until(lambda: 'reboot: Restarting system' in vm.console(), 30, 'the kernel does not reboot')
if vm.machine.config['backend'] == 'bochs':
    until(lambda: firmware_has_all_cpus(vm), 60, 'the firmware does not get all CPUs')
else:
    comes_up_again(vm)
