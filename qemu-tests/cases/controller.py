# SPDX-License-Identifier: GPL-2.0
"""hvgdbctl attach as a service: which lines it takes and why not others, who else uses the line, lock files, settings
given back at its end and after kill -9; and kill -9 at any time leaves guest, line, rules and even gdb's session usable."""

import random

from lib import inside, rsp
from lib.case import VM, check, equal, match, until

TIME_LIMIT = 180
KILLS = 12
# Never as the only command of a shell: stty would get the line as its controlling terminal and hang it up at its end.
SETTINGS = 'stty -F /dev/ttyS1 -g; cat /sys/class/tty/ttyS1/flags'


def refuses(arguments, pattern, status=1):
    output, found = vm.status(f'hvgdbctl {arguments}')
    equal(found, status, f'status of hvgdbctl {arguments}, which said {output!r}')
    match(output, pattern, f'hvgdbctl {arguments}')


def start(arguments='ttyS1'):
    """Process id of a controller that is ready."""
    pid = vm.sh(f'hvgdbctl attach {arguments} >/tmp/ctl.log 2>&1 </dev/null & echo $!').strip()
    until(lambda: 'is the debug line' in vm.sh('cat /tmp/ctl.log'), 10, 'the controller does not say that it is ready')
    return pid


def ended(pid):
    until(lambda: vm.status(f'kill -0 {pid} 2>/dev/null || ! pidof hvgdbctl')[1] == 0 and 'none' in vm.sh('hvgdbctl status'), 10,
          'the line is still armed')


vm = VM(cpus=2, load=None)
vm.sh('mkdir -p /run/lock; stty -F /dev/ttyS1 19200 crtscts clocal echo icanon')
refuses('attach ttyS1', r'/dev/hvgdb: not there; load the module first')
vm.sh('insmod /hvgdb/hvgdb.ko')
before = vm.sh(SETTINGS)

# Command lines that make no sense.
for line in ('', 'nonsense', 'attach', 'attach ttyS1 ttyS2', 'attach --what ttyS1', 'attach ttyS1 --baud 300', 'event',
             'event add', 'event list all', 'status now', 'serve', 'serve --pty --tcp 1', 'serve --tcp 70000', 'serve --tcp x'):
    refuses(line, r'^(usage|hvgdbctl)', 2)
for line in ('--help', 'help attach', 'attach --help', 'serve -h'):
    match(vm.sh(f'hvgdbctl {line}'), r'^usage: hvgdbctl', f'hvgdbctl {line}')

# Lines that cannot be, and why.
refuses('attach ttyS0', r"the kernel's console is on ttyS0.*--share")
refuses('attach ttyS3', r'no UART behind ttyS3')
refuses('attach tty1', r'tty1 is no serial port')
refuses('attach null', r'/dev/null is not a terminal line')
refuses('attach ttyS77', r'/dev/ttyS77: No such file')
vm.sh('(sleep 1000 </dev/ttyS1 & echo $! >/tmp/sleeper)')
refuses('attach ttyS1', rf'ttyS1 is open in \w+ \(pid {vm.sh("cat /tmp/sleeper").strip()}\).*kill')
vm.sh('kill $(cat /tmp/sleeper)')
refuses('attach ttyS1 --baud 4000000', r'does not run at 4000000 baud: its clock is too slow')
equal(vm.sh(SETTINGS), before, 'settings of the line after refusals')

# Held by another program, by a file of one that is gone, by ourselves.
vm.sh('printf "%10d\\n" 1 >/run/lock/LCK..ttyS1')
refuses('attach ttyS1', r'ttyS1 is in use by process 1, says /run/lock/LCK..ttyS1')
vm.sh('printf "%10d\\n" 999999 >/run/lock/LCK..ttyS1')
pid = start('/dev/ttyS1 --baud 57600')
equal(vm.sh('cat /run/lock/LCK..ttyS1'), f'{int(pid):10d}\n', 'the lock file')
check('speed 57600' in vm.sh('stty -F /dev/ttyS1; true'), 'the line has another speed')
match(vm.sh('hvgdbctl status'), rf'debug line: ttyS1 \(I/O port 0x2f8\), 57600 baud, held by hvgdbctl \(pid {pid}\)', 'status')
refuses('attach ttyS1', rf'ttyS1 is in use by process {pid}')
refuses('attach ttyS0 --share', rf'the debug line is held by hvgdbctl \(pid {pid}\)')
vm.sh(f'kill {pid}')
ended(pid)
equal(vm.sh(SETTINGS), before, 'settings of the line after SIGTERM')
check('LCK' not in vm.sh('ls /run/lock'), 'the lock file stays behind')

# Killed: another process gives the line back.
pid = start()
check(vm.sh(SETTINGS) != before, 'the line has its old settings while it is the debug line')
vm.sh(f'kill -9 {pid}')
ended(pid)
until(lambda: 'LCK' not in vm.sh('ls /run/lock'), 5, 'the lock file stays behind kill -9')
equal(vm.sh(SETTINGS), before, 'settings of the line after kill -9')
until(lambda: vm.status('pidof hvgdbctl')[1] != 0, 5, 'the guard does not end')

# kill -9 under a gdb with a breakpoint in memory and a rule: its session goes on with the next controller. Meanwhile
# nobody could be told of the breakpoint, so it stops nobody.
random.seed(1)
pid = start()
address = int(vm.sh('grep " version_proc_show$" /proc/kallsyms').split()[0], 16)
client = rsp.Client(vm.gdb_port)
client.attach()
client.expect(f'Z0,{address:x},1', 'OK')
client.resume()
match(vm.sh("hvgdbctl event add '!exception ud'"), r'rule 0x1', 'the rule')
for number in range(KILLS):
    vm.sh(f'usleep {random.randrange(100000)}; kill -9 {pid}')
    ended(pid)
    vm.sh('cat /proc/version')
    pid = start()
    work = vm.background('cat /proc/version')
    stop = client.stop()
    equal(stop['rip'], address, f'RIP at the breakpoint after kill {number + 1}')
    client.expect(f'z0,{address:x},1', 'OK')
    client.resume(f'vCont;s:{stop["thread"]:x}')
    client.stop()
    client.expect(f'Z0,{address:x},1', 'OK')
    client.resume()
    equal(work.wait()[1], 0, 'status of the program that was stopped')
match(vm.sh('hvgdbctl event list'), r'exception 0x6 \(ud\)', 'the rule after all')

# A range step that ends while there is no controller ends unheard, and leaves the session as it is.
vm.insert('exotic')
begin, end = inside.addresses(vm, 'exotic_wait_begin', 'exotic_wait_end')
client.interrupt()
client.stop()
client.expect(f'Z0,{begin:x},1', 'OK')
client.resume()
work = vm.background('echo "wait 500" | taskset 2 tee /sys/module/exotic/parameters/run >/dev/null', timeout=60)
equal(client.stop()['rip'], begin, 'RIP at the loop')
client.expect(f'z0,{begin:x},1', 'OK')
client.resume(f'vCont;r{begin:x},{end:x}:2;c')
vm.sh(f'kill -9 {pid}')
ended(pid)
check(work.running(), 'the loop was too short to kill the controller in it')
equal(work.wait()[1], 0, 'status of the loop')
pid = start()
work = vm.background('cat /proc/version')
equal(client.stop()['rip'], address, 'RIP at the breakpoint after a range that ended unheard')
client.expect(f'z0,{address:x},1', 'OK')
client.resume()
equal(work.wait()[1], 0, 'status of the program that was stopped')
client.interrupt()
equal(client.stop()['signal'], 2, 'signal of Ctrl-C')
client.detach()
vm.sh(f'kill {pid}')
ended(pid)
equal(vm.sh(SETTINGS), before, 'settings of the line at the end')
vm.sh('rmmod hvgdb')

# A line given at load comes back when a controller ends.
check(vm.status('insmod /hvgdb/hvgdb.ko uart=io,0x3240')[1] != 0, 'a port without UART is taken')
match(vm.sh('dmesg | tail -n 3'), r'uart=io,0x3240: no UART answers', 'the kernel log')
vm.sh('insmod /hvgdb/hvgdb.ko uart=io,0x2f8')
match(vm.sh('hvgdbctl status'), r'I/O port 0x2f8, given at load', 'status with uart=')
pid = start()
match(vm.sh('hvgdbctl status'), rf'held by hvgdbctl \(pid {pid}\)', 'status with a controller')
vm.sh(f'kill {pid}')
until(lambda: 'given at load' in vm.sh('hvgdbctl status'), 10, 'the line of uart= does not come back')
vm.sh('rmmod hvgdb')
vm.dmesg_clean()
