# SPDX-License-Identifier: GPL-2.0
"""The debug registers are the guest's: watchpoints by ptrace and breakpoints by perf count right before, during and
after conversations with gdb, while gdb steps, and with rules on #DB and on MOV DR; so does general detect (DR7.GD)."""

from lib.case import VM, check, equal, match, until

RIGHT = r'hwbreak: right, \d+ rounds'

# In the program, behind a system call, through the next writes that are watched.
STEPS = r'''
users = 0
for _ in range(3):
    gdb.execute('break __x64_sys_getppid')
    gdb.execute('continue', to_string=True)
    gdb.execute('delete')
    gdb.execute('tbreak *(((struct pt_regs *)$rdi)->ip)')
    gdb.execute('continue', to_string=True)
    gdb.execute('delete')
    for _ in range(20):
        gdb.execute('stepi', to_string=True)
        users += int(gdb.parse_and_eval('(unsigned long)$pc')) < 1 << 47
result = users
'''


def general_detect(vm):
    equal(vm.sh('echo gd > /sys/module/exotic/parameters/run && cat /sys/module/exotic/parameters/run').strip(), 'right',
          'one #DB of DR7.GD, and GD clear after it')


def registers(vm):
    return vm.sh('echo dr7 > /sys/module/exotic/parameters/run && cat /sys/module/exotic/parameters/run').strip()


def native(vm):
    match(vm.sh('hwbreak 1'), RIGHT, 'without hvgdb')
    general_detect(vm)
    return registers(vm)


def halted(vm):
    """While gdb halts it again and again, and while it steps through system calls back into the program."""
    work = vm.background('hwbreak 100000', timeout=300)
    session = vm.gdb_session()
    session.halt_again(5)
    session.begin_python(STEPS)
    users = session.finish_python(120)
    check(users > 5, f'only {users} steps were in the program')
    session.quit()
    vm.sh('touch /tmp/hwbreak.end')
    output, status = work.wait()
    vm.sh('rm /tmp/hwbreak.end')
    match(output, RIGHT, 'while gdb halts and steps')


def with_rules(vm):
    """The same exits to hvgdb now, and is given back; a rule that matches no process stops nothing."""
    session = vm.gdb_session()
    match(session.run('monitor !exception db pid 1'), 'rule', 'the rule on #DB')
    match(session.run('monitor !dr pid 1'), 'rule', 'the rule on MOV DR')
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
    match(vm.sh('hwbreak 1'), RIGHT, 'with rules')
    general_detect(vm)
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    session.run('monitor events c all')
    session.quit()


vm = VM(cpus=2, load=None)
vm.insert('exotic')
before = native(vm)
vm.load()
match(vm.sh('hwbreak 1'), RIGHT, 'with hvgdb loaded')
general_detect(vm)
halted(vm)
with_rules(vm)
match(vm.sh('hwbreak 1'), RIGHT, 'after the conversations')
general_detect(vm)
equal(registers(vm), before, 'DR6 and DR7')
vm.dmesg_clean()
