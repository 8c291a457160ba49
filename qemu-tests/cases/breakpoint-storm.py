# SPDX-License-Identifier: GPL-2.0
"""A breakpoint in a system call that all CPUs make all the time: every call stops gdb, none is lost, none is doubled."""

from lib.case import VM, equal, symbol

TIME_LIMIT = 120

# The shell calls getppid too, but not from the function syscall().
SCRIPT = '''
def caller():
    """The user's address that the system call returns to."""
    regs = int(gdb.parse_and_eval('$rdi'))
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(regs + 128, 8)), 'little')

gdb.execute('break *__x64_sys_getppid', to_string=True)
hits = {}
while sum(hits.values()) < WANTED:
    stop = gdb.execute('continue', to_string=True)
    if 'Breakpoint 1,' not in stop:
        hits['other: ' + stop] = 1
        break
    if SYSCALL <= caller() < SYSCALL + 0x40:
        thread = str(gdb.selected_thread().num)
        hits[thread] = hits.get(thread, 0) + 1
gdb.execute('delete')
result = hits
'''


def run(cpus, calls):
    vm = VM(cpus=cpus)
    # All that this starts waits for a byte before it calls anything.
    vm.sh('mkfifo /tmp/go')
    work = vm.background('; '.join([f'{{ read x < /tmp/go; exec syscalls {calls} {cpu}; }} &' for cpu in range(cpus)])
                         .replace('&;', '&') + ' wait', timeout=100)
    opener = vm.background('usleep 300000; ' + ' '.join(f'echo > /tmp/go;' for cpu in range(cpus)), timeout=100)
    script = SCRIPT.replace('WANTED', str(calls * cpus)).replace('SYSCALL', str(symbol('syscalls', 'syscall')))
    hits = vm.gdb_python(script, timeout=100)
    equal(hits, {str(cpu + 1): calls for cpu in range(cpus)}, 'stops of each CPU')
    opener.wait()
    output, status = work.wait()
    equal(status, 0, 'status of the programs')
    equal(output.count(f'{calls} of {calls} right'), cpus, 'programs that were not disturbed')
    vm.sh('syscalls 1000')
    vm.dmesg_clean()
    vm.down()


run(2, 500)
run(1, 100)
run(4, 50)
