# SPDX-License-Identifier: GPL-2.0
"""Local mode: no gdb and no line. Rules from a file, watched as they come, as text and as JSON, in order and complete;
breaking rules are refused; mistakes in files are told with their line."""

import json

from lib.case import VM, check, equal, match, symbol, until

TIME_LIMIT = 120
EVENTS = 200

RULES = '''# what this test wants to see
output create log file /tmp/log format json
output open log

!exception ud \\
    pid PID output { log }
// the end
'''


def script(text, status=0):
    vm.sh(f"cat >/tmp/rules <<'END'\n{text}\nEND")
    output, found = vm.status('hvgdbctl script /tmp/rules')
    equal(found, status, f'status of hvgdbctl script, which said {output!r}')
    return output


def start_faults():
    """Process id of a program that waits, and then causes so many #UD."""
    return vm.sh(f'rm -f /tmp/go; faults ud {EVENTS} >/tmp/faults 2>&1 </dev/null & echo $!').strip()


def watch(options=''):
    vm.sh(f'hvgdbctl watch {options} >/tmp/watch 2>/tmp/watch.err </dev/null &')
    until(lambda: vm.status('pidof hvgdbctl')[1] == 0, 10, 'watch does not run')
    vm.sh('usleep 300000')


def end_watch(lines):
    until(lambda: int(vm.sh('wc -l </tmp/watch')) >= lines, 30, f'watch shows fewer than {lines} lines')
    vm.status('killall hvgdbctl')
    until(lambda: vm.status('pidof hvgdbctl')[1] != 0, 10, 'watch does not end')
    return vm.sh('cat /tmp/watch')


vm = VM(cpus=2, load=None)
vm.sh('insmod /hvgdb/hvgdb.ko')

# What is wrong with a file is told with its line; what stands before it is done.
match(script('events\n\n!exception pf\n', 1), r'/tmp/rules:3: this rule would stop gdb, but no debug line is armed', 'a breaking rule')
match(script('!exception nonsense', 1), r'/tmp/rules:1: .*nonsense', 'a mistake')
match(script('!dr script {\n  x;\n', 1), r'/tmp/rules:1: the \{ of this command has no \}', 'a brace without an end')
match(vm.status('hvgdbctl script /nowhere')[0], r'/nowhere: No such file', 'a file that is not there')

# One rule by file for one program, whose events all come in order.
pid = start_faults()
out = script(RULES.replace('PID', f'0n{pid}'))
match(out, r'rule 0x\w+: exception 0x6 \(ud\)', 'the rule')
watch()
output, status = vm.status('hvgdbctl watch')
equal(status, 1, f'status of a second watch, which said {output!r}')
match(output, r'process \d+ reads the events already', 'a second watch')
vm.sh('touch /tmp/go')
text = end_watch(EVENTS)
equal(text.count('exception 0x6 (ud)'), EVENTS, 'events that watch shows')
check(f'= {pid}' in text or f'pid {pid}' in text or f'{int(pid):x}' in text, 'the process is not named', text[:500])

# The output got the same, while watch had the rings.
lines = [json.loads(line) for line in vm.sh('cat /tmp/log').splitlines()]
equal(sum(line.get('vector') in (6, '0x6', '6') for line in lines), EVENTS, f'events in the output, of which the first is {lines[:1]}')

# As JSON, what nobody but a watcher gets: events and texts of a script whose rule has no output.
pid = start_faults()
vm.sh('hvgdbctl event clear all')
vm.sh(f"hvgdbctl event add '!exception ud pid 0n{pid} script {{ printf(\"at %llx\\n\", @rip); }}'")
watch('--json')
vm.sh('touch /tmp/go')
shown = [json.loads(line) for line in end_watch(2 * EVENTS).splitlines()]
equal([line['type'] for line in shown].count('event'), EVENTS, 'events that watch --json shows')
address = f'at {symbol("faults", "fault_ud"):x}\n'
equal([line['text'] for line in shown if line['type'] == 'text'], EVENTS * [address], 'texts that watch --json shows')
times = [float(line['time']) for line in shown]
equal(times, sorted(times), 'order of the events')

# A reader that goes away ends it.
pid = start_faults()
vm.sh('hvgdbctl event clear all')
vm.sh(f"hvgdbctl event add '!exception ud pid 0n{pid} output {{ log }}'")
vm.sh('(hvgdbctl watch 2>/dev/null | head -n 1 >/tmp/watch) </dev/null &')
until(lambda: vm.status('pidof hvgdbctl')[1] == 0, 10, 'watch does not run')
vm.sh('sleep 0.3; touch /tmp/go')
until(lambda: vm.status('pidof hvgdbctl')[1] != 0, 20, 'watch goes on without a reader')
vm.sh('hvgdbctl event clear all; hvgdbctl output remove log')
vm.sh('rmmod hvgdb')
vm.dmesg_clean()
