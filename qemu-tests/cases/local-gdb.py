# SPDX-License-Identifier: GPL-2.0
"""A gdb that runs on the machine it looks at (hvgdbctl serve): registers and stacks of a moment, memory as it is, moments
anew by Ctrl-C, rules; everything that would halt the machine is refused with a sentence; the machine runs all the time.
Stock gdb is outside here: its bytes reach the guest's loopback by the console's serial port."""

import re

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 150
NO_HALT = r'this gdb runs on the machine that it looks at, so nothing may halt it'


def connect(where):
    """A gdb at a port or terminal of the guest's."""
    vm.sh(f'(relay /dev/ttyS0 {where} >/tmp/relay.log 2>&1 </dev/null & echo $! >/tmp/relay.pid)')
    session = vm.gdb_session(attach=False)
    session.run(f'target remote localhost:{vm.console_port}')
    return session


def disconnect(session):
    session.run('detach')
    session.quit()
    vm.status('kill $(cat /tmp/relay.pid); killall relay')


vm = VM(cpus=2)
vm.sh('(hvgdbctl serve --tcp 1234 >/tmp/serve.log 2>&1 </dev/null & echo $! >/tmp/serve.pid)')
until(lambda: 'localhost:1234' in vm.sh('cat /tmp/serve.log'), 10, 'serve does not say where it serves')

# Another one is told who serves.
output, status = vm.status('hvgdbctl serve --pty')
equal(status, 1, f'status of a second serve, which said {output!r}')
pid = vm.sh('cat /tmp/serve.pid').strip()
match(output, rf'hvgdbctl \(pid {pid}\) serves a gdb already', 'the second serve')

# One CPU spins in a program; the moment shows it, and its stack stays true while the machine goes on.
vm.sh('(spin 1 >/dev/null 2>&1 &)')
gdb = connect(1234)
threads = gdb.run('info threads')
equal(len(re.findall(r'CPU \d, ', threads)), 2, f'CPUs in {threads}')
before = vm.sh('cat /proc/uptime').split()[0]
registers = gdb.run('info registers rip rsp')
check(vm.sh('cat /proc/uptime').split()[0] > before, 'the guest stands still under a local gdb')
equal(gdb.run('info registers rip rsp'), registers, 'the registers of one moment')
if re.search(r'CPU 1, user', threads):
    gdb.run('thread 2')
    match(gdb.run('x/i $pc'), r'=> 0x\w+:\s+\w+', 'code of the process that runs on CPU 1')
gdb.run('thread 1')
match(threads, r'CPU 0, kernel', 'CPU 0, which serves gdb')
first = gdb.run('x/128gx $rsp')
vm.sh('ls -lR /proc/sys/kernel >/dev/null')
gdb.run('maintenance flush dcache')
equal(gdb.run('x/128gx $rsp'), first, 'the stack of the moment')
match(gdb.run('print init_task.comm'), r'"swapper/0', 'memory of the kernel')

# Memory is as it is now, and can be written.
tick = gdb.run('output jiffies')
vm.sh('usleep 50000')
gdb.run('maintenance flush dcache')
check(int(gdb.run('output jiffies')) > int(tick), 'jiffies stand still')
gdb.run('set var panic_timeout = 77')
equal(vm.sh('cat /proc/sys/kernel/panic').strip(), '77', 'panic_timeout as gdb wrote it')

# What would halt.
gdb.run('break schedule')
match(gdb.run('continue'), r'Cannot insert breakpoint 1', 'continue with a breakpoint')
match(gdb.run('monitor why'), NO_HALT, 'monitor why behind the breakpoint')
gdb.run('delete')
match(gdb.run('stepi'), r'hvgdb: stepping would halt the machine', 'stepi')
match(gdb.run('monitor why'), NO_HALT, 'monitor why behind stepi')
match(gdb.run('set $rax = 5'), r'Could not write register', 'a write to a register')
vm.sh('grep -c processor /proc/cpuinfo')

# Tracepoints.
gdb.run('trace version_proc_show')
gdb.run('actions\ncollect $regs\nend')
gdb.run('tstart')
vm.sh('cat /proc/version; cat /proc/version')
gdb.run('tstop')
match(gdb.run('tstatus'), r'Collected 2 trace frames', 'the state of tracing')
match(gdb.run('tfind start'), r'version_proc_show', 'the first trace frame')
match(gdb.run('print $rip'), r'<version_proc_show', 'a register of the frame')
gdb.run('tfind none')
gdb.run('delete')

# A line is armed, so a breaking rule is taken (and stops only a gdb there).
match(gdb.run('monitor !exception ud'), r'^rule 0x1: exception 0x6 \(ud\), break', 'a rule')
check('rule' not in gdb.run('monitor events c all'), 'the rule is not removed')

# continue waits for Ctrl-C, which gives a new moment.
gdb.begin('continue')
vm.sh('usleep 300000')
gdb.interrupt()
match(gdb.finish(), r'SIGINT', 'Ctrl-C')
gdb.run('info threads')

# gdb on the line is not disturbed by the one here, and sees no moment of it.
main = vm.gdb_session()
match(main.run('print init_task.pid'), r'= 0', 'gdb on the line')
main.run('break do_sys_openat2')
main.begin('continue')
opened = vm.background('cat /proc/version')
match(main.finish(), r'Breakpoint \d', 'a breakpoint of gdb on the line')
main.run('delete')
main.run('detach')
main.quit()
equal(opened.wait()[1], 0, 'status of the program that was stopped')
match(gdb.run('print init_task.comm'), r'"swapper/0', 'the local gdb afterwards')
match(vm.sh('hvgdbctl status'), rf'served by hvgdbctl \(pid {pid}\)', 'status')
disconnect(gdb)

# A new gdb after one that was killed, then the terminal.
gdb = connect(1234)
gdb.begin('continue')
vm.sh('usleep 200000')
gdb.kill()
vm.status('killall relay')
gdb = connect(1234)
match(gdb.run('print init_task.comm'), r'"swapper/0', 'a gdb behind one that was killed')
disconnect(gdb)
vm.sh(f'kill {pid}')
until(lambda: vm.status(f'kill -0 {pid}')[1] != 0, 10, 'serve does not end')
vm.sh('(hvgdbctl serve --pty >/tmp/serve.log 2>&1 </dev/null &)')
path = until(lambda: re.search(r'/dev/pts/\d+', vm.sh('cat /tmp/serve.log')), 10, 'serve does not name its terminal').group(0)
gdb = connect(path)
match(gdb.run('info threads'), r'CPU 1, ', 'gdb at the terminal')
disconnect(gdb)
vm.status('killall hvgdbctl')

# Local mode: with no line armed a rule that could only stop is refused, and says what to do.
until(lambda: 'none' in vm.sh('hvgdbctl status'), 10, 'the line is still armed')
output, status = vm.status("hvgdbctl event add '!exception pf'")
equal(status, 1, f'status of a breaking rule, which said {output!r}')
match(output, r'no debug line is armed.*a script \{ \}', 'a breaking rule in local mode')
equal(vm.sh('hvgdbctl event list').strip(), 'no rules', 'rules afterwards')
vm.sh('killall spin')
vm.dmesg_clean()
