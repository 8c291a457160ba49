# SPDX-License-Identifier: GPL-2.0
"""An output on the developer's machine (`hv output`): events of a rule wait below the kernel without a halt, and are in
a file there after the next stop; those that found no room are told of."""

import json
import pathlib
import tempfile

from lib.case import VM, check, equal, match

INIT_FILE = pathlib.Path(__file__).resolve().parent.parent.parent / 'gdbinit/hvgdb.py'
EVENTS = 200
FLOOD = 3000

folder = tempfile.TemporaryDirectory()
lines, trace = (pathlib.Path(folder.name) / name for name in ('lines', 'trace'))
vm = VM(cpus=2)
vm.sh('touch /tmp/go')
session = vm.gdb_session()
session.run(f'source {INIT_FILE}')
equal(session.run(f'hv output create lines file {lines} format json'), '', 'the answer to create')
session.run(f'hv output create trace fifo {folder.name}/pipe')
match(session.run('hv output create lines file /x'), 'there is an output with this name', 'the same name again')
match(session.run('hv output create more disk /x'), 'is not file', 'a kind that there is none of')
session.run('hv output remove trace')
session.run(f'hv output create trace file {trace} format trace')
session.run('hv output open lines')
session.run('hv output open trace')
match(session.run('monitor !exception ud cpl 3 sc on skip on output { lines, trace }'), 'recorded', 'the rule')
session.begin('continue')
vm.sh(f'faults ud {EVENTS}; true')
check(not session.text.count('SIG'), 'the rule stopped gdb', session.text)
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
seen = [json.loads(line) for line in lines.read_text().splitlines()]
equal(len(seen), EVENTS, 'events in the file after the stop')
equal({(event['name'], event['answer'], event['comm'], event['cpl']) for event in seen}, {('#ud', 'skipped', 'faults', 3)}, 'what they are')
equal(sorted(event['tsc'] for event in seen), [event['tsc'] for event in seen], 'their order')

# More than wait for gdb.
session.begin('continue')
vm.sh(f'taskset 1 faults ud {FLOOD}; true')
session.interrupt()
session.finish(100)
seen = [json.loads(line) for line in lines.read_text().splitlines()[EVENTS:]]
lost = sum(event['count'] for event in seen if event['type'] == 'lost')
check(lost > 0, 'nothing was lost')
equal(sum(event['type'] == 'event' for event in seen) + lost, FLOOD, 'events that came and events that are told as lost')
match(session.run('hv output'), rf'lines .* sent {EVENTS + FLOOD - lost}, lost {lost}$', 'the list')
session.run('monitor events c all')
session.run('hv output close trace')
marks = [row for row in json.loads(trace.read_text()) if row['ph'] == 'i']
check(len(marks) > EVENTS, 'the trace has fewer events', len(marks))
session.quit()
vm.dmesg_clean()
