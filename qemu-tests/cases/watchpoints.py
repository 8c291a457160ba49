# SPDX-License-Identifier: GPL-2.0
"""watch, rwatch, awatch and hbreak on every CPU, in the kernel and in one process of two, by the debug registers that the
guest leaves free; the guest's own go on (perf, ptrace), and it reads what it wrote."""

from lib.case import VM, check, equal, match, symbol, until

TIME_LIMIT = 180
GE = 1 << 9
PRINTK = '/proc/sys/kernel/printk'
CALL = '__x64_sys_sched_get_priority_max'
VARIABLE = f"*(long *){symbol('hwbreak', 'other'):#x}"
RIGHT = r'hwbreak: right, \d+ rounds'

# To the write, an instruction at a time.
STEPS = r'''
hits = []
def stopped(event):
    if isinstance(event, gdb.BreakpointEvent):
        hits.extend(breakpoint.expression for breakpoint in event.breakpoints)
gdb.execute('tbreak do_proc_dointvec_conv')
gdb.execute('continue', to_string=True)
gdb.events.stop.connect(stopped)
for steps in range(300):
    gdb.execute('stepi', to_string=True)
    if hits:
        break
gdb.events.stop.disconnect(stopped)
result = hits, int(gdb.parse_and_eval('console_printk[0]'))
'''


def registers(vm):
    """DR6 and DR7 of one CPU. Linux leaves GE set where it once had a breakpoint."""
    text = vm.sh('taskset 1 sh -c "echo dr7 > /sys/module/exotic/parameters/run && cat /sys/module/exotic/parameters/run"')
    dr6, dr7 = (int(word, 16) for word in text.split())
    return dr6, dr7 & ~GE


def interrupt(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def stopped_by(vm, session, command, pattern, what):
    """The stop that a command of the guest runs into, and that it goes on from."""
    session.begin('continue')
    work = vm.background(command)
    text = session.finish()
    match(text, pattern, what)
    session.begin('continue')
    equal(work.wait()[1], 0, f'status of {command}')
    interrupt(session)
    return text


def writes_and_reads(vm, session):
    session.run('watch console_printk[0]')
    for cpu, value in (0, 5), (1, 6):
        text = stopped_by(vm, session, f'taskset {1 << cpu} sh -c "echo {value} > {PRINTK}"',
                          rf'Thread {cpu + 1} hit Hardware watchpoint 1: console_printk\[0\]\s+Old value = \d+\s+'
                          rf'New value = {value}', f'watch on CPU {cpu}')
        match(text, 'in do_proc_dointvec_conv', 'where it stopped')
    session.begin('continue')
    vm.sh(f'cat {PRINTK}')
    interrupt(session)
    session.run('delete')
    session.run('awatch console_printk[0]')
    stopped_by(vm, session, f'cat {PRINTK}', r'Hardware access \(read/write\) watchpoint 2: .*\s+Value = 6', 'awatch')
    session.run('delete')
    session.run('rwatch console_printk[0]')
    stopped_by(vm, session, f'cat {PRINTK}', r'Hardware read watchpoint 3: .*\s+Value = 6', 'rwatch')
    session.run('delete')


def steps(vm, session):
    """The write is one of the instructions that are stepped over."""
    session.run('watch console_printk[0]')
    session.begin_python(STEPS)
    work = vm.background(f'echo 7 > {PRINTK}')
    equal(list(session.finish_python(120)), [['console_printk[0]'], 7], 'the watchpoint that a step hit, and its value')
    session.run('delete')
    session.begin('continue')
    equal(work.wait()[1], 0, 'status of the write')
    interrupt(session)


def hardware_breakpoints(vm, session):
    session.run(f'hbreak *{CALL} if ((struct pt_regs *)$rdi)->di == 2')
    session.begin('continue')
    vm.sh('syscalls 300 0; syscalls 300 1')
    before = vm.stats()
    vm.sh('syscalls 1000')
    after = vm.stats()
    equal(after['to-gdb'], before['to-gdb'], 'what 1000 calls without the condition told gdb')
    interrupt(session)
    session.run('delete')
    session.run(f'hbreak *{CALL}')
    session.begin('continue')
    work = vm.background('syscalls 3 1')
    for hit in range(3):
        match(session.finish(), r'Breakpoint \d+, .*sched_get_priority_max', f'hit {hit}')
        match(session.run('info threads'), r'^\* 2 ', 'the CPU of the hit')
        session.begin('continue')
    match(work.wait()[0], '3', 'the program')
    interrupt(session)
    session.run('delete')


def one_process(vm, session):
    """Two run the same program; the variable of one of them is watched."""
    session.begin('continue')
    works = [vm.background(f'taskset {1 << cpu} hwbreak 100000', timeout=300) for cpu in range(2)]
    until(lambda: len(vm.status('pidof hwbreak')[0].split()) >= 2, 20, 'the programs do not run')
    # Their children are younger, and leave their page tables to the next ones.
    parents = sorted(f'{int(pid):x}' for pid in vm.sh('pidof hwbreak').split())[:2]
    interrupt(session)
    session.run('break *__x64_sys_getppid')
    for _ in range(200):
        match(session.run('continue'), r'hit Breakpoint', 'a system call of one of them')
        pid = session.run('monitor ? print($pid);')
        if pid in parents:
            break
    check(pid in parents, f'{pid} is none of the processes:', parents)
    session.run('delete')
    session.run(f'watch {VARIABLE}')
    for _ in range(6):
        match(session.run('continue'), r'Hardware watchpoint \d+: .*\s+Old value = \d+\s+New value = \d+', 'its stop')
        equal(session.run('monitor ? print($pid);'), pid, 'the process')
    session.run('delete')
    session.begin('continue')
    vm.sh('touch /tmp/hwbreak.end')
    for work in works:
        match(work.wait()[0], RIGHT, 'the counts of perf and ptrace beside a watchpoint')
    vm.sh('rm /tmp/hwbreak.end')
    interrupt(session)


def too_many(vm, session):
    for index in range(4):
        session.run(f'watch console_printk[{index}]')
    session.begin('continue')
    vm.sh('true')
    interrupt(session)
    session.run(f'hbreak *{CALL}')
    refusal = session.run('continue')
    match(refusal, r'Could not insert hardware (watch|break)point', 'the fifth')
    match(session.run('monitor why'), 'no debug register is free: a CPU has four', 'monitor why')
    session.run('delete')


vm = VM(cpus=2, load=None)
vm.insert('exotic')
native = registers(vm)
vm.load()
session = vm.gdb_session()
writes_and_reads(vm, session)
steps(vm, session)
hardware_breakpoints(vm, session)
session.run('watch console_printk[3]')
session.begin('continue')
equal(registers(vm), native, 'DR6 and DR7 as the guest reads them')
match(vm.sh('hwbreak 1'), RIGHT, 'the guest beside a watchpoint that is not hit')
interrupt(session)
session.run('delete')
too_many(vm, session)
one_process(vm, session)
session.run('watch console_printk[0]')
check('detached' in session.run('detach'), 'detaching')
vm.sh(f'echo 4 > {PRINTK}')
vm.sh('killall hvgdbctl; while pidof hvgdbctl; do sleep 0.1; done; rmmod hvgdb')
equal(registers(vm), native, 'DR6 and DR7 after all')
vm.dmesg_clean()
