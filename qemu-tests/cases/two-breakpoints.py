# SPDX-License-Identifier: GPL-2.0
"""CPUs that hit breakpoints in the same instant: each hit is reported, one after the other."""

from lib.case import VM, check, equal

CALLS = 40
ALONE, SHARED = '__x64_sys_sched_get_priority_max', 'do_sys_openat2'

# ALONE is called by the two programs only, once a round; SHARED also by whatever opens a file.
SCRIPT = f'''
def pc(thread):
    thread.switch()
    return int(gdb.parse_and_eval('(unsigned long)$pc'))

events, stops = [], []
gdb.events.stop.connect(events.append)
alone = int(gdb.parse_and_eval('(unsigned long)&{ALONE}'))
shared = int(gdb.parse_and_eval('(unsigned long)&{SHARED}'))
while sum(pcs[thread] == alone for thread, good, pcs in stops) < 2 * {CALLS}:
    gdb.execute('continue', to_string=True)
    thread = gdb.selected_thread()
    stops.append((thread.num, isinstance(events.pop(), gdb.BreakpointEvent),
                  {{other.num: pc(other) for other in gdb.selected_inferior().threads()}}))
    thread.switch()
gdb.execute('delete')
result = [alone, shared, stops]
'''


vm = VM(cpus=2)
session = vm.gdb_session()
session.run(f'break *{ALONE}')
session.run(f'break *{SHARED}')
session.begin_python(SCRIPT)
work = vm.background(f'syscalls {CALLS} 0 & syscalls {CALLS} 1 & wait')
alone, shared, stops = session.finish_python(100)
session.quit()

# A CPU that had arrived too stops there next, if not at once: an interrupt that waited during the halt comes first.
expected, together = {}, []
for thread, is_breakpoint, pcs in stops:
    here, there = pcs[str(thread)], pcs[str(3 - thread)]
    check(is_breakpoint and here in (alone, shared), f'a stop of CPU {thread - 1} that is no breakpoint hit', pcs)
    equal(here, expected.pop(thread, here), f'where CPU {thread - 1} stops next, which had arrived at a breakpoint')
    if there in (alone, shared):
        expected[3 - thread] = there
        together.append((here, there))

check(together, 'the CPUs were never at breakpoints at the same time: this run shows nothing')
check(any(one != other for one, other in together), 'the CPUs were never at two different breakpoints at the same time',
      together)
for cpu in (0, 1):
    equal(sum(thread == cpu + 1 and pcs[str(thread)] == alone for thread, _, pcs in stops), CALLS, f'hits of CPU {cpu}')
output, status = work.wait()
equal((status, output.count(f'{CALLS} of {CALLS} right')), (0, 2), 'status and number of undisturbed programs')
vm.dmesg_clean()
print(f'{len(stops)} stops, {len(together)} times both CPUs at once')
