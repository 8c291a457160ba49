# SPDX-License-Identifier: GPL-2.0
"""Scripts of rules: they count, print, change registers, suppress, inject, stop gdb under a condition, and are ended when
they would not end; typed in one line, and read from files by hvgdbctl and by gdb's Python."""

import tempfile
from pathlib import Path

from lib.case import VM, check, equal, match

TOP = Path(__file__).resolve().parents[2]
# Where `faults touch 300` touches pages, one after the other.
PAGES = 'addr 600000000000 60000012bfff'

# Page faults by process: pairs of pid and count, in memory of the rule.
COUNT = '''spinlock_lock(&.lock);
    for (row = $buffer; poi(row) != 0 && poi(row) != $pid; row += 10) { }
    eq(row, $pid); eq(row + 8, poi(row + 8) + 1); .counts = $buffer;
    spinlock_unlock(&.lock);'''.replace('\n', ' ')
SHOW = 'for (row = .counts; poi(row); row += 10) { printf("%lld:%lld ", poi(row), poi(row + 8)); }'

PRINT = '''
// Lines are counted from the brace on; { and " in comments are text.
#include "tail.hvs"
'''
TAIL = '''/* included { */
.printed++;
printf("fault %lld at %llx by %s }", .printed, @cr2, $pname);
printf("\\n");
'''


def play(command):
    """Lets the machine run until a command in it has ended: what gdb printed meanwhile, and the command's output."""
    session.begin('continue')
    output = vm.status('touch /tmp/go; ' + command)[0]
    session.interrupt()
    return match(session.finish(), r'(?s)(.*)SIGINT', 'gdb stopped, or did not').group(1), output


def rule(text, answer='script'):
    return match(session.run(f'monitor {text}'), rf'^rule 0x(\w+): .*{answer}', 'the rule').group(1)


def clear():
    session.run('monitor events c all')


def rows():
    return session.run('monitor events')


def halts():
    return sum(int(line.split('halts ')[1]) for line in session.run('monitor stats').splitlines() if 'halts ' in line)


def printed(text):
    return [line for line in text.splitlines() if line.startswith('fault ')]


def wanted(count):
    return [f'fault {n + 1} at {0x600000000000 + 4096 * n:x} by faults }}' for n in range(count)]


vm = VM(cpus=2)
vm.sh("mkdir -p /tmp/s; cat > /tmp/s/print.hvs <<'END'" + PRINT + "END\ncat > /tmp/s/tail.hvs <<'END'\n" + TAIL + 'END')
session = vm.gdb_session()
session.run('handle all nostop noprint pass')
session.run('handle SIGINT stop print')

# Counting, on both CPUs at once, without a halt.
rule(f'!exception pf {PAGES} buffer 1000 script {{ {COUNT} }}')
before = halts()
_, output = play('faults touch 300 >/dev/null & echo $! 300; faults touch 200 >/dev/null & echo $! 200; wait')
check(halts() - before <= 4, 'counting halts the machine:', before, halts())
counts = {tuple(map(int, pair.split(':'))) for pair in session.run(f'monitor ? {SHOW}').split()}
equal(counts, {tuple(map(int, line.split())) for line in output.splitlines()}, 'page faults by process')
clear()

# What scripts print comes while the machine runs. hvgdbctl reads the file, and what it includes.
session.begin('continue')
match(vm.sh(f"hvgdbctl event add '!exception pf {PAGES} script {{ file:/tmp/s/print.hvs }}'"), r'^rule 0x2: .*script', 'the file')
equal(vm.status("hvgdbctl event add '!exception pf script { file:/nowhere }'")[1], 1, 'status of a file that is not there')
match(vm.status("hvgdbctl event add '!exception pf script { x = ; }'")[0], r'^script:1:5: ";": a value', 'a mistake')
session.interrupt()
session.finish()
equal(printed(play('faults touch 20')[0]), wanted(20), 'what the script printed')
clear()

# With `imm no` it comes when there is enough of it, on flush() and before a stop; gdb's Python reads the same files.
with tempfile.TemporaryDirectory() as folder:
    Path(folder, 'print.hvs').write_text(PRINT)
    Path(folder, 'tail.hvs').write_text(TAIL)
    Path(folder, 'wrong.hvs').write_text('\n\nx = 1;\ny = z;\n')
    Path(folder, 'long.hvs').write_text(''.join(f'// line {n}: ' + 40 * 'x' + '\n' for n in range(100)) + '.long = 5;\n')
    session.run(f'source {TOP}/gdbinit/hvgdb.py')
    match(session.run(f'hv rule !exception pf {PAGES} imm no script {{ file:{folder}/print.hvs }}'), r'^rule 0x\w+: .*script, imm no',
          'the rule from a file')
    match(session.run(f'hv rule !exception pf script {{ file:{folder}/wrong.hvs }}'), r'^script:4:5: "z": no variable', 'a mistake')
    match(session.run(f'hv rule !exception pf script {{ file:{folder}/nothing }}'), 'No such file', 'no file')
    match(session.run(f'monitor !exception pf script {{ file:{folder}/print.hvs }}'), 'is read by', 'plain monitor')
    rule_of_long = match(session.run(f'hv rule !exception ud script {{ file:{folder}/long.hvs }}'), r'^rule 0x', 'a script of 5 KB')
session.run('monitor ? .printed = 0;')
before = halts()
equal(printed(play('faults touch 300')[0]), wanted(300), 'what the script printed with imm no')
check(halts() - before < 20, 'imm no halts the machine for each text:', before, halts())
clear()

# The address of a page fault is in CR2 in both stages, although the CPU puts it there only when the fault is delivered.
rule(f'!exception pf {PAGES} stage all script {{ printf("fault stage %d %llx\\n", $event_stage, @cr2); }}')
equal(printed(play('faults touch 1')[0]), ['fault stage 0 600000000000', 'fault stage 1 600000000000'], 'CR2 by stage')
clear()

# Registers that a script writes are the guest's: the instruction is stepped over, and the fault is not delivered.
rule('!exception ud cpl 3 script { @rip += 2; @r11 = 5; event_sc(1); .ud++; }')
_, output = play('faults ud 5')
check('faults: ud: 0 of 5' in output, 'the faults were delivered:', output)
equal(session.run('monitor ? print(.ud);'), '5', 'runs of the script')
clear()

# event_sc() alone suppresses a trap; another exception can be put in its place.
rule('!exception bp cpl 3 script { event_sc(1); }')
check('bp: 0 of 3' in play('faults bp 3')[1], 'a suppressed trap was delivered')
clear()
rule('!exception ud cpl 3 script { if (poi(@rip) != 0) { event_sc(1); event_inject_error_code(3, 0n13, 0); } }')
_, output = play('faults ud 3; faults gp 2')
check('ud: 0 of 3' in output and 'gp: 2 of 2' in output, 'an injected #GP did not come in the place of #UD:', output)
clear()

# A script that does not end is ended, told of, and its rule is disabled; the machine goes on.
number = rule('!exception ud cpl 3 script { .runs++; while (1) { } }')
text, output = play('faults ud 3')
match(text, rf'^hvgdb: rule 0x{number} is disabled: its script, in line 1: the program ran longer than allowed', 'the sentence')
check('ud: 3 of 3' in output, 'the faults were not delivered:', output)
match(rows(), r'failed .* hits 1 .*longer than allowed', 'the list of rules')
equal(session.run('monitor ? print(.runs);'), '1', 'runs of a script that does not end')
clear()

# One that reads what is not there is told of once, counted, and runs again.
number = rule('!exception ud cpl 3 script { .tried++; x = poi(1000); .tried = 100; }')
text, _ = play('faults ud 3')
equal(text.count('ended early 1 time, in line 1: the page tables'), 1, 'reports of a script that fails')
match(rows(), r'enabled .*ended early 3 times', 'the list of rules')
equal(session.run('monitor ? print(.tried);'), '3', 'runs of a script that fails')
clear()

# Several rules; one stops gdb under a condition, another is switched off and one cleared by a script.
rule('!exception ud cpl 3 script { .a++; if (.a == 3) { pause(); } }')
victim = rule('!exception ud cpl 3 script { .b++; if (.b == 2) { event_disable($event_id); } }')
doomed = rule('!exception ud cpl 3 script { .c++; if (.c == 4) { event_clear($event_id); } }')
session.run('handle SIGILL stop print pass')
session.begin('continue')
work = vm.background('touch /tmp/go; faults ud 6')
match(session.finish(), 'SIGILL', 'pause() did not stop gdb')
equal(session.run('monitor ? printf("%lld %lld %lld", .a, .b, .c);'), '3 2 3', 'runs at the stop')
session.begin('continue')
output, _ = work.wait()
session.interrupt()
session.finish()
check('ud: 6 of 6' in output, 'the faults were not delivered:', output)
equal(session.run('monitor ? printf("%lld %lld %lld", .a, .b, .c);'), '6 2 4', 'runs at the end')
match(rows(), rf'^0x{victim}  disabled', 'the rule that switched itself off')
check(f'0x{doomed} ' not in rows(), 'the rule that was cleared is still there:', rows())
clear()

# At the prompt a script runs on the CPU that stopped, and its writes reach the registers.
equal(session.run('monitor ? .saved = @rax; @rax = 1234; print(@eax + 1);'), '1235', 'a script at the prompt')
session.run('maint flush register-cache')
equal(int(session.run('output (long)$rax')), 0x1234, 'the register')
session.run('monitor ? @rax = .saved;')
match(session.run('monitor ? print(1 / 0);'), 'script:1: division by zero', 'a failure at the prompt')
session.quit()
vm.dmesg_clean()
