# SPDX-License-Identifier: GPL-2.0
"""The trace buffer: full, circular, ordered across CPUs, kept when gdb leaves, and shown to the next gdb."""

import base64
import re
import tempfile

from lib.case import VM, check, equal, match, until

TIME_LIMIT = 180
FUNCTION = '__x64_sys_sched_get_priority_min'   # tracecalls alone calls it, with numbers from 1000 up

vm = VM(cpus=2, load='trace_pool=64')
session = vm.gdb_session()


def define(*actions):
    session.run('delete')
    number = match(session.run(f'trace {FUNCTION}'), r'^Tracepoint (\d+)', 'trace').group(1)
    session.run('\n'.join(['actions', *actions, 'end']))
    return int(number)


def record(command):
    session.run('tstart')
    session.begin('continue')
    vm.sh(command)
    session.interrupt()
    return session.finish()


def values(gdb, expression='regs->di'):
    gdb.begin_python(f'''
result = []
while 'trace frame %d,' % len(result) in gdb.execute('tfind %d' % len(result), to_string=True):
    result.append(int(gdb.parse_and_eval({expression!r})))
gdb.execute('tfind none', to_string=True)
''')
    return gdb.finish_python(180)


def status(gdb, pattern, what):
    return match(gdb.run('tstatus'), pattern, what)


# Both CPUs at once: each one's calls are in order, and they are mixed as they happened.
define('collect regs->di')
record('tracecalls 100 0 1000 & tracecalls 100 1 5000 & wait')
session.run('tstop')
found = values(session)
equal(sorted(found), [*range(1000, 1100), *range(5000, 5100)], 'calls of two CPUs')
check([v for v in found if v < 5000] == [*range(1000, 1100)] and [v for v in found if v >= 5000] == [*range(5000, 5100)],
      'the calls of one CPU are out of order:', found)
turns = sum((a < 5000) != (b < 5000) for a, b in zip(found, found[1:]))
check(turns > 2, 'the CPUs took no turns:', found)

# Full: it ends, says so at once and names the parameter; what came later is not there.
define('collect $regs, regs->di')
text = record('tracecalls 200 0')
check('trace_pool' in text, 'gdb is not told that the buffer is full:', text)
text = session.run('tstatus')
kept, made = map(int, match(text, r'Buffer contains (\d+) trace frames \(of (\d+) created total\)', 'tstatus').groups())
check('buffer was full' in text and 40 < kept < made == kept + 1, 'tstatus of a full buffer:', text)
equal(values(session), [*range(1000, 1000 + kept)], 'frames of a full buffer')

# Circular: the last ones are there.
session.run('set circular-trace-buffer on')
text = record('tracecalls 200 0')
check('trace_pool' not in text, 'a circular buffer was full:', text)
text = session.run('tstatus')
kept, made = map(int, match(text, r'Buffer contains (\d+) trace frames \(of (\d+) created total\)', 'tstatus').groups())
equal(made, 200, 'frames made')
session.run('tstop')
equal(values(session), [*range(1200 - kept, 1200)], 'frames of a circular buffer')
session.run('set circular-trace-buffer off')
session.run('set trace-buffer-size 1000000')
text = session.run('tstart') + session.run('monitor why')
check('trace_pool' in text, 'a size that is not there is not refused with the parameter:', text)
session.run('tstop')
session.run('set trace-buffer-size -1')

# gdb leaves: the trace ends with it ...
define('collect regs->di')
session.run('tvariable $seen = 0')
session.run('tstart')
session.quit()
vm.sh('tracecalls 5 0')
session = vm.gdb_session()
text = session.run('tstatus')
check('disconnect' in text and 'Collected 0 trace frames' in text, 'tstatus after a gdb that left:', text)

# ... or goes on, and the next gdb knows it all.
session.run('delete')
session.run('set disconnected-tracing on')
define('collect regs->di', 'teval $seen = $seen + 1')
session.run('tvariable $seen = 100')
session.run('tstart')
check('stop it first' in session.run('tsave -r /tmp/running.tf'), 'a trace that goes on is to be saved')
session.quit()
vm.sh('tracecalls 5 1')
session = vm.gdb_session()
status(session, r'Trace is running on the target.\n(.*\n)*Collected 5 trace frames', 'tstatus of the next gdb')
text = session.run('info tracepoints')
check(FUNCTION in text and 'collect regs->di' in text and 'teval $seen' in text, 'the definition was not kept:', text)
equal(match(session.run('print $seen'), r'= (\d+)', 'variable').group(1), '105', '$seen')
session.begin('continue')
vm.sh('tracecalls 5 0')
session.interrupt()
session.finish()
session.run('tstop')
equal(values(session), [*range(1000, 1005)] * 2, 'frames before and after')

# Saved on the machine itself, at gdb's word: the controller writes when the machine runs, and tells what became of it.
for outcome in (r'tsave: \d+ bytes of frames in /tmp/wanted.tf', 'tsave: /tmp/wanted.tf: File exists'):
    text = session.run('tsave -r /tmp/wanted.tf')
    check('when the machine runs again' in text, 'tsave -r:', text)
    session.begin('continue')
    until(lambda: re.search(f'^hvgdb: {outcome}', session.text, re.M), 20, f'gdb is not told what became of it: {outcome}')
    session.interrupt()
    session.finish()
session.quit()

# And by hand; read by a gdb elsewhere.
match(vm.sh('hvgdbctl trace save /tmp/trace.tf'), r'^\d+ bytes of frames', 'hvgdbctl trace save')
equal(vm.sh('cmp /tmp/trace.tf /tmp/wanted.tf'), '', 'what the two files differ in')
check(vm.status('hvgdbctl trace save /tmp/trace.tf')[1] == 1, 'a file that is there is written over')
with tempfile.NamedTemporaryFile(suffix='.tf') as file:
    file.write(base64.b64decode(vm.sh('base64 /tmp/trace.tf')))
    file.flush()
    reader = vm.gdb_session(symbols=False, attach=False)
    reader.run(f'target tfile {file.name}')
    # struct pt_regs: di is at 112.
    equal(values(reader, '*(long *)($rdi + 112)'), [*range(1000, 1005)] * 2, 'frames of the file')
    match(reader.run('tstatus'), r'Collected 10 trace frames', 'tstatus of the file')
    reader.kill()
vm.dmesg_clean()
