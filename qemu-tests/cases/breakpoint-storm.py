# SPDX-License-Identifier: GPL-2.0
"""A breakpoint in a system call that all CPUs make all the time: every call stops gdb, none is lost, none is doubled."""

from lib.case import VM, equal, symbol

TIME_LIMIT = 120

# The shell calls getppid too, but not from the function syscall().
SCRIPT = '''
def caller():
    """The user's address that the system call returns to: pt_regs.ip."""
    regs = int(gdb.parse_and_eval('(unsigned long)$rdi'))
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(regs + 128, 8)), 'little')

stops = []
gdb.events.stop.connect(stops.append)
hits = {}
while sum(hits.values()) < WANTED:
    gdb.execute('continue', to_string=True)
    if not isinstance(stops.pop(), gdb.BreakpointEvent):
        hits['other stops'] = hits.get('other stops', 0) + 1
    elif SYSCALL <= caller() < SYSCALL + 0x40:
        thread = str(gdb.selected_thread().num)
        hits[thread] = hits.get(thread, 0) + 1
gdb.execute('delete')
result = hits
'''


def run(cpus, calls):
    vm = VM(cpus=cpus)
    session = vm.gdb_session()
    session.run('break *__x64_sys_getppid')
    session.begin_python(SCRIPT.replace('WANTED', str(calls * cpus)).replace('SYSCALL', str(symbol('syscalls', 'syscall'))))
    work = vm.background(' '.join(f'syscalls {calls} {cpu} &' for cpu in range(cpus)) + ' wait', timeout=100)
    hits = session.finish_python(100)
    equal(hits, {str(cpu + 1): calls for cpu in range(cpus)}, 'stops of each CPU')
    session.quit()
    output, status = work.wait()
    equal(status, 0, 'status of the programs')
    equal(output.count(f'{calls} of {calls} right'), cpus, 'programs that were not disturbed')
    vm.sh('syscalls 1000')
    vm.dmesg_clean()
    vm.down()


run(2, 500)
run(1, 100)
run(4, 50)
