# SPDX-License-Identifier: GPL-2.0
"""A debug line whose UART has its registers in memory: root sees what the kernel's driver reads and writes there as it
does at I/O ports, so gdb attaches, breaks in, is told of text without a halt, and no byte is lost; a kernel that reads
no registers any more is broken into; the driver has the line back afterwards. An access that root does not understand
costs the watching and nothing else."""

import re

from lib import rsp
from lib.case import VM, check, equal, match, until

TIME_LIMIT = 150
FUNCTION = '__x64_sys_sched_get_priority_max'
CALLS = 200
ATTACHES = 10
WINDOW = 0xfedc9000


def begin(vm, tty):
    vm.sh(f'hvgdbctl attach {tty} >/tmp/hvgdbctl.log 2>&1 </dev/null & '
          'until grep -q "is the debug line" /tmp/hvgdbctl.log; do '
          'kill -0 $! 2>/dev/null || { cat /tmp/hvgdbctl.log; exit 1; }; usleep 10000; done')


def end(vm):
    vm.sh('kill $(pidof hvgdbctl); while pidof hvgdbctl >/dev/null; do usleep 10000; done')


def check_gdb(vm):
    """gdb attaches and leaves, again and again; each packet of its arrives at the first try."""
    vm.stats(reset=True)
    for _ in range(ATTACHES):
        client = rsp.Client(vm.gdb_port)
        client.attach()
        client.resume()
        client.interrupt()
        equal(client.stop()['signal'], 2, 'signal of Ctrl-C')
        client.detach()


def check_text(vm):
    """Text of a dprintf comes through the driver, and root sees it go."""
    session = vm.gdb_session()
    session.run('set dprintf-style agent')
    session.run(rf'dprintf {FUNCTION},"call %lu\n", regs->di')
    session.begin('continue')
    vm.sh('true')
    before = vm.halts()
    vm.sh(f'numbered {CALLS} 0', timeout=60)
    until(lambda: session.text.count('call ') >= CALLS, 60, 'text is missing')
    equal(vm.halts() - before, 0, 'halts for text')
    session.interrupt()
    text = session.finish()
    equal(re.findall(r'^call (\d+)$', text, re.M), [str(1000000 + i) for i in range(CALLS)], 'the text')
    session.run('delete')
    session.run(f'break {FUNCTION}')
    session.begin('continue')
    work = vm.background('numbered 1 1')
    match(session.finish(), rf'hit Breakpoint .*{FUNCTION}', 'a breakpoint')
    session.run('delete')
    session.begin('continue')
    equal(work.wait()[1], 0, 'status of the program that was stopped')
    session.interrupt()
    session.finish()
    session.quit()


vm = VM(cpus=2, load=None)
vm.insert('mmiouart')
tty = match(vm.sh(f'grep -il 0x{WINDOW:x} /sys/class/tty/*/iomem_base'), r'tty/(ttyS\d+)/', 'the tty').group(1)
vm.sh('insmod /hvgdb/hvgdb.ko')
begin(vm, tty)
match(vm.sh('hvgdbctl status'), rf'{tty} \(registers at 0x{WINDOW:x}\), 115200 baud', 'status')
check_gdb(vm)
check_text(vm)

# What is no MOV: the machine lives, the line too.
vm.sh('echo 1 >/sys/module/mmiouart/parameters/odd')
match(vm.sh('dmesg | tail -n 5'), r'mmiouart: LSR is 60', 'what it has read')
until(lambda: 'it is not watched any more' in vm.sh('dmesg | tail -n 8'), 20, 'the kernel log does not say it')
end(vm)
begin(vm, tty)
check_gdb(vm)
end(vm)

# The tty is the driver's again.
match(vm.sh('hvgdbctl status'), r'debug line: none', 'status without a line')
vm.sh(f'stty -F /dev/{tty} 115200; echo hello >/dev/{tty}')
vm.sh('rmmod hvgdb')

# And without a controller.
output, status = vm.status('insmod /hvgdb/hvgdb.ko uart=mmio32,0xfedca000')
check(status != 0, 'a page without a UART is taken', output)
output, status = vm.status('insmod /hvgdb/hvgdb.ko uart=mmio32,0x100000')
check(status != 0, 'RAM is taken for a UART', output)
vm.sh(f'insmod /hvgdb/hvgdb.ko uart=mmio32,0x{WINDOW:x}')
match(vm.sh('hvgdbctl status'), rf'registers at 0x{WINDOW:x}, given at load', 'status with uart=')
check_gdb(vm)
vm.sh('rmmod hvgdb')
vm.dmesg_clean()
