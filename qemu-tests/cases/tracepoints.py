# SPDX-License-Identifier: GPL-2.0
"""Tracepoints of stock gdb: what they collect, conditions, steps, pass counts, variables; beside breakpoints."""

import tempfile

from lib.case import VM, check, equal, match, symbol

TIME_LIMIT = 180
FUNCTION = '__x64_sys_sched_get_priority_min'   # tracecalls alone calls it, with numbers from 1000 up
OTHER = '__x64_sys_sched_get_priority_max'      # of syscalls, with 1

vm = VM(cpus=2)
session = vm.gdb_session()


def trace(*lines):
    """Defines one tracepoint anew, with its actions."""
    session.run('delete')
    session.run('delete tvariables')
    return define(*lines)


def define(place, *actions):
    number = match(session.run(f'trace {place}'), r'^Tracepoint (\d+)', 'trace').group(1)
    session.run('\n'.join(['actions', *actions, 'end']))
    return int(number)


def record(*commands):
    """Runs commands in the guest while tracing goes on, and stops the guest again."""
    session.run('tstart')
    session.begin('continue')
    for command in commands:
        vm.sh(command)
    session.interrupt()
    return session.finish()


def frames(expression):
    """(tracepoint, value) of the expression in every frame, in order."""
    session.begin_python(f'''
import re
result = []
gdb.execute('tfind none', to_string=True)
number = 0
while True:
    found = re.search(rf'trace frame {{number}}, tracepoint (\d+)', gdb.execute(f'tfind {{number}}', to_string=True))
    if not found:
        break
    result.append((int(found.group(1)), int(gdb.parse_and_eval({expression!r}))))
    number += 1
gdb.execute('tfind none', to_string=True)
''')
    return [tuple(pair) for pair in session.finish_python(120)]


# What is collected, one frame a call, and no byte on the line meanwhile.
number = trace(FUNCTION, 'collect $regs, $locals, regs->di')
session.run('tstart')
session.begin('continue')
vm.sh('true')
vm.stats(reset=True)
vm.sh('tracecalls 25 0')
stats = vm.stats()
equal(stats['to-gdb']['bytes'] + stats['to-guest']['bytes'], 0, 'bytes on the line for 25 hits')
session.interrupt()
session.finish()
match(session.run('tstatus'), r'Collected 25 trace frames', 'tstatus')
match(session.run('info tracepoints'), r'already hit 25 times', 'info tracepoints')
session.run('tstop')
equal(frames('regs->di'), [(number, 1000 + i) for i in range(25)], 'what the frames have')
match(session.run('tstatus'), r'Trace stopped by a tstop command', 'tstatus after tstop')

# Looking for frames.
address = match(session.run(f'print/x (long)&{FUNCTION}'), r'0x[0-9a-f]+', 'address').group()
for command, found in ((f'tfind pc {address}', 0), (f'tfind tracepoint {number}', 1), ('tfind', 2), ('tfind -', 1),
                       (f'tfind range {address},{address}+1', 2), ('tfind 24', 24), ('tfind start', 0)):
    match(session.run(command), rf'Found trace frame {found}, tracepoint {number}', command)
for command in (f'tfind outside {address},{address}+1', 'tfind 25', 'tfind tracepoint 99', 'tfind pc 0x1234'):
    check('Found trace' not in session.run(command), f'{command} found a frame')
session.run('tfind 3')
text = session.run('tdump')
check('regs->di = 1003' in text and 'rip ' in text and 'xmm0' in text, 'tdump shows something else:', text)
check('unavailable' in session.run(f'x/8xb {address}+0x100000').lower()
      or 'Cannot access' in session.run('x/xb 0xffff888000001000'), 'memory that no frame has can be read')
session.run('tfind none')
check('0x' in session.run('x/8xb $rsp'), 'after `tfind none` the memory is not the machine\'s')

# A trace file has the same.
with tempfile.NamedTemporaryFile(suffix='.tf') as file:
    match(session.run(f'tsave {file.name}'), 'Trace data saved', 'tsave')
    reader = vm.gdb_session(symbols=False, attach=False)
    reader.run(f'target tfile {file.name}')
    match(reader.run('tfind 7'), r'Found trace frame 7, tracepoint \d+', 'tfind in the file')
    # struct pt_regs: di is at 112.
    match(reader.run('print *(long *)($rdi + 112)'), r'= 1007$', 'frame 7 of the file')
    match(reader.run('tstatus'), r'Collected 25 trace frames', 'tstatus of the file')
    reader.kill()

# A condition, on the calls of both CPUs.
trace(f'{FUNCTION} if regs->di % 10 == 3', 'collect regs->di')
record('tracecalls 50 0 & tracecalls 50 1 2000 & wait')
session.run('tstatus')
match(session.run('info tracepoints'), r'already hit 10 times', 'hits of the condition')
session.run('tstop')
equal(sorted(value for _, value in frames('regs->di')), [base + 10 * i + 3 for base in (1000, 2000) for i in range(5)],
      'frames of the condition')

# while-stepping: the hit and five steps of each call, each where the last one led.
trace(FUNCTION, 'collect regs->di', 'while-stepping 5', 'collect $regs', 'end')
record('tracecalls 3 1')
match(session.run('tstatus'), r'Collected 18 trace frames', 'frames with while-stepping')
session.run('tstop')
places = [value for _, value in frames('(long)$pc')]
equal([places[i] for i in (0, 6, 12)], [int(address, 16) - (1 << 64)] * 3, 'where the hits are')
check(len(set(places[:6])) == 6 and places[:6] == places[6:12] == places[12:], 'the steps went elsewhere:', places)
trace(FUNCTION, 'while-stepping 10001', 'collect $regs', 'end')
session.run('tstart')
match(session.run('monitor why'), 'at most 10000 instructions', 'why so many steps are refused')

# A pass count ends it, a variable counts.
trace(FUNCTION, 'collect regs->di')
session.run('passcount 7')
text = record('tracecalls 20 0')
check('pass count' in text, 'gdb is not told while it waits:', text)
text = session.run('tstatus')
check('Collected 7 trace frames' in text and 'trace stopped' in text.lower(), 'tstatus after the pass count:', text)
session.run('delete')
session.run('tvariable $calls = 5')
define(f'{FUNCTION} if ($calls = $calls + 1) > 7', 'collect regs->di, $calls', 'teval $calls = $calls + 10')
record('tracecalls 4 1')
equal(int(match(session.run('print $calls'), r'= (\d+)', 'variable').group(1)), 5 + 4 + 2 * 10, '$calls')
session.run('tstop')
equal([value for _, value in frames('$calls')], [8, 19], '$calls in the frames')

# A breakpoint's condition sees it as well. Tracepoint, second tracepoint and breakpoint at one address.
session.run('delete')
first = define(FUNCTION, 'collect regs->di')
second = define(FUNCTION, 'collect $rdi', 'teval $calls = $calls + 1')
session.run(f'break {FUNCTION} if $calls == 8')
session.run('tstart')
session.begin('continue')
work = vm.background('tracecalls 9 0')
match(session.finish(), rf'Breakpoint \d+, .*{FUNCTION}', 'the breakpoint beside the tracepoints')
equal(int(match(session.run('print regs->di'), r'= (\d+)', 'argument').group(1)), 1002, 'call at which it stopped')
match(session.run('tstatus'), 'Collected 6 trace frames', 'frames at the stop')
session.run('delete ' + match(session.run('info breakpoints'), r'^(\d+) +breakpoint', 'its number').group(1))
session.run('stepi')
match(session.run('tstatus'), 'Collected 6 trace frames', 'frames after the step')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program')
session.interrupt()
session.finish()
match(session.run('tstatus'), 'Collected 18 trace frames', 'two tracepoints at one address')
session.run('tstop')
equal([pair[0] for pair in frames('(long)$pc')], [first, second] * 9, 'frames of two tracepoints')

# Enabled, disabled and made while tracing runs.
session.run('delete')
first = define(FUNCTION, 'collect regs->di')
session.run('tstart')
session.run(f'disable {first}')
session.begin('continue')
vm.sh('tracecalls 3 0')
session.interrupt()
session.finish()
match(session.run('tstatus'), 'Collected 0 trace frames', 'frames of a disabled tracepoint')
session.run(f'enable {first}')
# gdb sends it at once, before it has actions of its own.
session.run('set default-collect regs->di')
second = int(match(session.run(f'trace {OTHER}'), r'^Tracepoint (\d+)', 'trace while tracing').group(1))
session.begin('continue')
vm.sh('tracecalls 3 0; syscalls 2 1')
session.interrupt()
session.finish()
session.run('tstop')
equal(frames('regs->di'), [(first, 1000), (first, 1001), (first, 1002), (second, 1), (second, 1)],
      'frames after enabling one and making another')

# A rule collects like a tracepoint, whose own place is switched off here.
session.run('delete')
number = define(FUNCTION, 'collect $rip, $rsp')
session.run(f'disable {number}')
match(session.run(f'monitor !exception ud trace 0n{number}'), f'collects like tracepoint {number}', 'the rule')
session.run('tstart')
session.begin('continue')
vm.sh('touch /tmp/go; faults ud 6; tracecalls 2 0')
session.interrupt()
session.finish()
session.run('tstop')
equal(frames('(long)$pc'), [(number, symbol('faults', 'fault_ud'))] * 6, 'frames of a rule')
match(session.run('monitor events'), 'hits 6 ', 'hits of the rule')
session.quit()
vm.dmesg_clean()
