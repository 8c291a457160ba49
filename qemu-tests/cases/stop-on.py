# SPDX-License-Identifier: GPL-2.0
"""`monitor stop-on panic,oops on`: a kernel that oopses or panics stops to gdb at the place, with a backtrace, and goes
on afterwards; without gdb nothing stops."""

from lib import build
from lib.case import VM, check, equal, match, until

DO = '/proc/crashme'


def goes_on(vm, session):
    """After its stop the panic runs its course, and Ctrl-C still halts."""
    session.begin('continue')
    until(lambda: 'end Kernel panic' in vm.console(), 60, 'the panic does not go on')
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C after the panic')
    session.quit()
    vm.down()


def words(session):
    """The switch itself: what it says, and what it says to nonsense."""
    def says(arguments, pattern):
        match(session.run(f'monitor stop-on {arguments}'), pattern, f'stop-on {arguments}')
    says('', r'^panic off, oops off$')
    says('panic,oops on', r'^panic on, oops on$')
    says('oops off', r'^panic on, oops off$')
    says('panics on', r'^stop-on knows panic and oops, with a comma between them\. usage: stop-on panic,oops on\|off')
    says('panic', r'^stop-on wants on or off at the end\. usage: ')
    says('panic,oops maybe', r'^stop-on wants on or off')
    says('', r'^panic on, oops off$')
    says('panic, oops on', r'^panic on, oops on$')
    match(session.run('monitor help'), r'^stop-on .*panic,oops', 'the help')


def module_symbols(vm, session):
    text = vm.sh('cat /sys/module/crashme/sections/.text').strip()
    session.interrupt()
    match(session.finish(), 'SIGINT', 'the stop after Ctrl-C')
    session.run(f'add-symbol-file {build.test_module_file("crashme", vm.machine.config["kernel"])} {text}')
    session.begin('continue')


def oopses(vm):
    return vm.sh('dmesg').count('end trace')


def null_pointer(vm, session):
    """The stop is at the instruction that faulted, with its registers and all that called it."""
    work = vm.background(f'echo null > {DO}', timeout=60)
    text = session.finish()
    match(text, r'^hvgdb: the kernel oopses; this is where .*: Oops$', 'the console line')
    match(text, r'received signal SIGABRT', 'the stop')
    match(session.run('x/i $pc'), r'crashme_null.*movl? .*0x1234', 'the instruction that faulted')
    text = session.run('backtrace')
    match(text, r'^#0 .*crashme_null.*\n(.*\n)*#\d+ .*crashme_write.*\n(.*\n)*#\d+ .*(vfs_write|do_syscall_64)', 'the backtrace')
    check('Could not write' in (text := session.run('set $rax = 0x77')) or 'error' in text.lower(), 'a register of the fault was written', text)
    session.begin('continue')
    check(work.wait()[1] != 0, 'the program that made the kernel oops goes on as if nothing had happened')
    equal(oopses(vm), 1, 'oopses in the kernel log')


def bug(vm, session):
    work = vm.background(f'echo bug > {DO}', timeout=60)
    match(session.finish(), r'the kernel oopses(.*\n)*.*SIGABRT', 'the stop of a BUG()')
    match(session.run('backtrace 3'), r'^#0 .*crashme_bug', 'where BUG() is')
    session.begin('continue')
    work.wait()


def nobody_there(vm, session):
    """The switch outlives the session, but without gdb it does nothing."""
    session.interrupt()
    match(session.finish(), 'SIGINT', 'the stop after Ctrl-C')
    session.quit()
    before = oopses(vm)
    vm.status(f'echo null > {DO}')
    equal(oopses(vm), before + 1, 'oopses in the kernel log without gdb')
    session = vm.gdb_session()
    match(session.run('monitor stop-on'), r'^panic on, oops on$', 'the switch in the next session')
    session.run('monitor stop-on oops off')
    session.begin('continue')
    vm.status(f'echo null > {DO}')
    equal(oopses(vm), before + 2, 'oopses in the kernel log with the switch off')
    return session


def panics(vm, session):
    """The machine dies, but not before gdb has seen it; afterwards Ctrl-C still works."""
    vm.background('echo c > /proc/sysrq-trigger', timeout=60)
    text = session.finish()
    match(text, r'received signal SIGABRT', 'the stop in panic()')
    match(text, r'^hvgdb: the kernel panics: sysrq triggered crash', 'the console line')
    check('Kernel panic' not in vm.console(), 'the kernel has panicked before gdb was told')
    match(session.run('backtrace'), r'^#0 +panic .*\n#1 .*sysrq_handle_crash', 'the backtrace')
    goes_on(vm, session)


def own_breakpoint():
    """With a breakpoint of gdb's own on panic() there is one stop, gdb's."""
    vm = VM(cpus=1)
    session = vm.gdb_session()
    session.run('monitor stop-on panic on')
    session.run('break *panic')
    session.begin('continue')
    vm.background('echo c > /proc/sysrq-trigger', timeout=60)
    text = session.finish()
    match(text, r'Breakpoint 1, .*panic', 'the stop at the breakpoint')
    check('SIGABRT' not in text, 'the stop is told twice', text)
    goes_on(vm, session)


vm = VM(cpus=2)
vm.insert('crashme')
session = vm.gdb_session()
words(session)
session.begin('continue')
module_symbols(vm, session)
null_pointer(vm, session)
bug(vm, session)
session = nobody_there(vm, session)
panics(vm, session)
own_breakpoint()
