# SPDX-License-Identifier: GPL-2.0
"""Each kind of exception, caused a known number of times by one process: its rule counts exactly these, gdb stops at
each with the kind's signal and at the instruction that caused it, passes it on, and the process's own handlers see
every one; suppressed, they see none and the process ends. MOV DR in user mode is a #GP and no access."""

from lib.case import VM, check, equal, match, symbol

IN_KERNEL = 'kernel'

# What the program causes, how often, the rule for it, gdb's signal, and where RIP is.
KINDS = [
    ('de', 3, 'de', 'SIGFPE', 'fault_de'),
    ('ud', 4, 'ud', 'SIGILL', 'fault_ud'),
    ('bp', 5, 'bp', 'SIGEMT', 'fault_bp'),
    ('gp', 3, f'gp rip {symbol("faults", "fault_gp"):x} {symbol("faults", "fault_gp"):x}', 'SIGSEGV', 'fault_gp'),
    ('of', 3, 'of', 'SIGSEGV', 'fault_of'),
    ('br', 4, 'br', 'SIGSEGV', 'fault_br'),
    ('db', 3, 'db', 'SIGEMT', 'fault_db'),
    ('ss', 2, 'ss', 'SIGSEGV', 'fault_ss'),
    ('np', 3, 'np', 'SIGSEGV', 'fault_np'),
    ('drread', 2, f'gp rip {symbol("faults", "fault_drread"):x} {symbol("faults", "fault_drread"):x}', 'SIGSEGV', 'fault_drread'),
    ('drwrite', 3, f'gp rip {symbol("faults", "fault_drwrite"):x} {symbol("faults", "fault_drwrite"):x}', 'SIGSEGV', 'fault_drwrite'),
    ('kread', 3, 'pf addr 10000000 10000fff pfec 1f 0', 'SIGSEGV', IN_KERNEL),
    ('kwrite', 4, 'pf addr 10001000 10001fff pfec 1f 3', 'SIGSEGV', IN_KERNEL),
    ('read', 4, 'pf addr 10000000 10000fff pfec 1f 4', 'SIGSEGV', 'fault_read'),
    ('write', 5, 'pf addr 10001000 10001fff pfec 1f 7', 'SIGSEGV', 'fault_write'),
    ('fetch', 3, 'pf addr 10002000 10002fff pfec 1f 15', 'SIGSEGV', None),
    ('mf', 4, 'mf', 'SIGFPE', 'fault_mf'),
    ('ac', 5, 'ac', 'SIGBUS', 'fault_ac'),
    ('xm', 3, 'xm', 'SIGFPE', 'fault_xm'),
]

STOPS = f'''
signals, result = [], []
gdb.events.stop.connect(lambda event: signals.append(getattr(event, 'stop_signal', str(event))))
for _ in range(TOTAL):
    gdb.execute('continue', to_string=True)
    pc = int(gdb.parse_and_eval('(unsigned long)$pc'))
    result.append((signals.pop(), '{IN_KERNEL}' if pc >> 63 else pc))
'''


def hits(session):
    return [int(line.split('hits ')[1].split()[0]) for line in session.run('monitor events').splitlines() if 'hits' in line]


vm = VM(cpus=2, load='unsafe_code=1')
# An emulator may not know every fault: what does not arrive without rules is left out, and said.
KINDS = [kind for kind in KINDS if not vm.status(f'touch /tmp/go; faults {kind[0]} 1')[1] or print(f'no {kind[0]} here')]
vm.sh('rm /tmp/go')
work, pid = vm.waiting('faults ' + ' '.join(f'{name} {count}' for name, count, *_ in KINDS))
session = vm.gdb_session()
session.run('handle all stop print pass')
for name, _, rule, *_ in KINDS:
    match(session.run(f'monitor !exception {rule} pid {pid:x}'), rf'^rule 0x\w+: .*pid 0x{pid:x} = {pid} \(faults\).*break$', name)
# The kernel's own, in the handler of #DB, are none of the program's.
match(session.run(f'monitor !dr pid {pid:x} cpl 3 code {{ 90 }}'), '^rule 0x', 'MOV DR')

session.begin_python(f'TOTAL = {sum(count for _, count, *_ in KINDS)}\n{STOPS}')
vm.sh('touch /tmp/go')
stops = session.finish_python(100)
wanted = [(signal, place if place == IN_KERNEL else symbol('faults', place) if place else 0x10002000)
          for _, count, _, signal, place in KINDS for _ in range(count)]
equal([tuple(stop) for stop in stops], wanted, 'signals and places of the stops')

session.begin('continue')
output, status = work.wait()
session.interrupt()
match(session.finish(), 'SIGINT', 'there are more stops than exceptions')
for name, count, *_ in KINDS:
    check(f'faults: {name}: {count} of {count}\n' in output, f'not every #{name} was delivered:', output)
equal(status, 0, 'status of the program')
equal(hits(session), [count for _, count, *_ in KINDS] + [0], 'hits of the rules, the last one that of MOV DR')

# Suppressed, and faults skipped: none arrives, and the program ends. (A fetch has no instruction to skip.)
session.run('monitor events c all')
quiet = [kind for kind in KINDS if kind[0] != 'fetch']
vm_program = 'faults ' + ' '.join(f'{name} {count}' for name, count, *_ in quiet)
for name, _, rule, *_ in quiet:
    skip = '' if name in ('bp', 'of', 'db') else 'skip on'
    match(session.run(f'monitor !exception {rule} sc on {skip} code {{ 90 }}'), '^rule 0x', name)
session.begin('continue')
output = vm.status(vm_program)[0].splitlines()
session.interrupt()
match(session.finish(), 'SIGINT', 'a stop of a rule that has code')
equal(output, [f'faults: {name}: 0 of {count}' for name, count, *_ in quiet], 'what the program got of suppressed exceptions')
counters = [line for line in session.run('monitor events').splitlines() if 'hits' in line]
for (name, count, *_), line in zip(quiet, counters):
    # Nobody hears of the single step, so TF stays set for the instructions behind it.
    number = r'(\d+)' if name == 'db' else f'({count})'
    match(line, rf' hits {number}  suppressed \1 ', f'hits and suppressed of {name}')

# Without rules nothing stops, and what the program sees is the same.
session.run('monitor events c all')
session.begin('continue')
equal(vm.status('touch /tmp/go; faults de 100 bp 100 read 100 ud 100')[1], 0, 'status of the program without rules')
session.interrupt()
match(session.finish(), 'SIGINT', 'a stop without a rule')

# What no program can cause: an interrupt whose stack is behind the end of the TSS.
session.begin('continue')
vm.insert('exotic')
session.interrupt()
session.finish()
match(session.run('monitor !exception ts'), '^rule 0x', 'the rule on #TS')
session.begin('continue')
work = vm.background('echo tss 2 > /sys/module/exotic/parameters/run; cat /sys/module/exotic/parameters/run')
match(session.finish(), r'exception 0xa \(ts\), error code 0x40 \(pre\)[^$]*SIGSEGV', 'the stop at #TS')
match(session.run('continue'), r'exception 0xa \(ts\)[^$]*SIGSEGV', 'the second')
session.begin('continue')
equal(work.wait()[0].strip(), 'right', 'what the kernel got of #TS')
session.interrupt()
match(session.finish(), 'SIGINT', 'a third #TS')
equal(hits(session), [2], 'hits of the rule on #TS')
session.quit()
vm.dmesg_clean()
