# SPDX-License-Identifier: GPL-2.0
"""A breakpoint in a system call that all CPUs make all the time: every call stops gdb, none is lost, none is doubled.

With gdb itself, and 1000 times more with a bare client that does what gdb does: take the breakpoint out, step over
the instruction, put it back, continue.
"""

from lib import rsp
from lib.case import VM, check, equal

TIME_LIMIT = 120
FUNCTION = '__x64_sys_sched_get_priority_max'

SCRIPT = '''
stops, hits = [], {}
gdb.events.stop.connect(stops.append)
while sum(hits.values()) < WANTED:
    gdb.execute('continue', to_string=True)
    good = isinstance(stops.pop(), gdb.BreakpointEvent)
    name = str(gdb.selected_thread().num) if good else 'other'
    hits[name] = hits.get(name, 0) + 1
address = int(gdb.parse_and_eval('(unsigned long)$pc'))
gdb.execute('delete')
result = [hits, address]
'''


def workload(vm, cpus, calls):
    return vm.background(' '.join(f'syscalls {calls} {cpu} &' for cpu in range(cpus)) + ' wait', timeout=100)


def judge(work, hits, cpus, calls):
    equal(hits, {str(cpu + 1): calls for cpu in range(cpus)}, 'stops of each CPU')
    output, status = work.wait()
    equal(status, 0, 'status of the programs')
    equal(output.count(f'{calls} of {calls} right'), cpus, 'programs that were not disturbed')


def with_gdb(vm, cpus, calls):
    """Returns the breakpoint's address."""
    session = vm.gdb_session()
    session.run(f'break *{FUNCTION}')
    session.begin_python(SCRIPT.replace('WANTED', str(calls * cpus)))
    work = workload(vm, cpus, calls)
    hits, address = session.finish_python(100)
    session.quit()
    judge(work, hits, cpus, calls)
    return address


def resume_with(client, packet, resume):
    """Both packets at once, which saves half of the time; returns the stop."""
    client.send(packet)
    client.send(resume)
    equal(client.receive(), 'OK', packet)
    return client.stop()


def with_client(vm, cpus, calls, address):
    client = rsp.Client(vm.gdb_port)
    client.attach(acks=False)
    client.expect(f'Z0,{address:x},1', 'OK')
    client.resume()
    work = workload(vm, cpus, calls)
    hits = {}
    stop = client.stop()
    while stop:
        check('swbreak' in stop['fields'] and stop['rip'] == address, 'a stop that is no breakpoint hit', stop)
        thread = stop['thread']
        hits[str(thread)] = hits.get(str(thread), 0) + 1
        step = resume_with(client, f'z0,{address:x},1', f'vCont;s:{thread:x}')
        check(step['thread'] == thread and step['rip'] != address, 'the step went wrong', stop, step)
        stop = None
        if sum(hits.values()) < calls * cpus:
            stop = resume_with(client, f'Z0,{address:x},1', 'vCont;c')
    client.detach()
    judge(work, hits, cpus, calls)


def run(cpus, gdb_calls, client_calls):
    vm = VM(cpus=cpus)
    address = with_gdb(vm, cpus, gdb_calls)
    with_client(vm, cpus, client_calls, address)
    vm.sh('syscalls 1000')
    vm.dmesg_clean()
    vm.down()


run(2, 30, 500)
run(1, 10, 50)
run(4, 5, 25)
