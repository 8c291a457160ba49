# SPDX-License-Identifier: GPL-2.0
"""Native code of rules: conditions decide, code sees and changes the guest's registers and keeps a buffer; what faults or
does not end is ended, told, and costs the rule, not the machine; pools that are full name their module parameter."""

from lib.case import VM, check, equal, match, symbol

TRUE, FALSE = '31 c0 ff c0', '31 c0'                # xor eax, eax; inc eax
CONTEXT_IS_UD = '48 83 fe 06 0f 94 c0 0f b6 c0'     # cmp rsi, 6; sete al; movzx eax, al
RAX_HIGH = '48 8b 07 48 c1 e8 20 48 f7 d8'          # mov rax, [rdi]; shr rax, 32; neg rax
# Each puts something into rcx of the guest, or rax.
COUNT = '48 ff 07 48 8b 07 48 89 46 08'             # inc [rdi]; mov rax, [rdi]; mov [rsi+8], rax
CONTEXT = '48 89 16'                                # mov [rsi], rdx
STACK = '48 89 e0 83 e0 0f 48 89 06'                # mov rax, rsp; and eax, 15; mov [rsi], rax
SEE_RSP = '48 8b 46 20 48 89 06'                    # mov rax, [rsi+0x20]; mov [rsi], rax
NO_BUFFER = '48 89 3e'                              # mov [rsi], rdi
FIVE = '48 c7 46 08 05 00 00 00'                    # mov [rsi+8], 5: rcx
SPOIL = '48 c7 46 08 77 00 00 00'                   # mov [rsi+8], 0x77: rcx

# mov eax, GUEST_CR0; vmread rcx, rax; or ecx, 8; vmwrite rax, rcx
SET_TS = 'b8 00 68 00 00 0f 78 c1 83 c9 08 0f 79 c1'

# Code that cannot end well, and what is said about it.
BAD = [
    (f'code {{ {SPOIL} 0f 0b }}', r'its code faulted, vector 0x6 \(ud\) at byte 0x8'),
    (f'code {{ {SPOIL} 48 31 c0 48 8b 00 }}', r'its code faulted, vector 0xe \(pf\) at byte 0xb'),
    ('code { cc }', r'its code faulted, vector 0x3 \(bp\) at byte 0x1'),
    ('code { 48 31 e4 50 }', r'its code faulted, vector 0x\w+ \(\w+\)'),                 # xor rsp, rsp; push rax
    ('code { e8 fb ff ff ff }', r'its code faulted, vector 0x\w+ \(\w+\)'),              # calls itself
    ('code { 48 31 c0 ff e0 }', r'its code faulted, vector 0xe \(pf\) at a place outside of it'),
    ('code { fb 0f 0b }', r'its code faulted, vector 0x\w+ \(\w+\)'),                    # sti; ud2
    (f'condition {{ {SPOIL} f7 f1 0f 0b }}', r'its condition faulted, vector'),
    ('code { eb fe }', r'its code did not end within 100 ms'),
    ('condition { fa f4 eb fd }', r'its condition did not end within 100 ms'),           # cli; hlt
]


def hits(session):
    return [int(line.split(' hits ')[1].split()[0]) for line in session.run('monitor events').splitlines() if ' hits ' in line]


def rule(session, text):
    match(session.run(f'monitor {text}'), r'^rule 0x\w+: ', text)


def interrupt(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def number(session, register):
    return int(match(session.run(f'print/d (unsigned long)(${register})'), r'= (\d+)$', register).group(1))


vm = VM(cpus=2, load='unsafe_code=1 code_pool=4096 buffer_pool=4096 max_rules=12')
vm.sh('touch /tmp/go')
session = vm.gdb_session()

# Conditions: nothing stops for one that is false.
session.run('handle SIGILL SIGFPE nostop noprint pass')
wanted = {f'ud condition {{ {FALSE} }}': 0, f'ud condition {{ {TRUE} }}': 5, f'condition {{ {CONTEXT_IS_UD} }} cpl 3': 5,
          f'de condition {{ {RAX_HIGH} }}': 0, f'de condition {{{TRUE}}}': 3}
for text in wanted:
    rule(session, f'!exception {text}')
session.begin('continue')
equal(vm.sh('faults ud 5 de 3').splitlines(), ['faults: ud: 5 of 5', 'faults: de: 3 of 3'], 'the program under conditions')
interrupt(session)
equal(dict(zip(wanted, hits(session))), wanted, 'hits of conditions')
session.run('monitor events c all')

# Code: registers, context, a buffer that starts as zeros and lasts.
session.run('handle SIGILL stop print pass')
for code, wanted in ((CONTEXT, 6), (STACK, 8), (NO_BUFFER, 0), (SEE_RSP, '(unsigned long)$rsp')):
    rule(session, f'!exception ud buffer 100 code {{ {COUNT} {code} }}' if code != NO_BUFFER else f'!exception ud code {{ {code} }}')
    rule(session, '!exception ud')
    session.begin('continue')
    work = vm.background('faults ud 2')
    for count in (1, 2):
        match(session.finish(), 'SIGILL', f'stop {count}')
        equal(number(session, f'rax == {wanted}'), 1, f'what {code} saw')
        if code != NO_BUFFER:
            equal(number(session, 'rcx'), count, 'the count in the buffer')
        session.begin('continue')
    equal(work.wait()[0].strip(), 'faults: ud: 2 of 2', 'the program')
    interrupt(session)
    equal(hits(session), [2, 2], 'hits')
    session.run('monitor events c all')

# With code nothing stops, whatever the rule says of suppression.
rule(session, '!exception ud sc on skip on code { 90 }')
session.begin('continue')
equal(vm.status('faults ud 300')[0].strip(), 'faults: ud: 0 of 300', 'a program whose #UD are skipped')
interrupt(session)
match(session.run('monitor events'), ' hits 300  suppressed 300 ', 'suppressed ones')
session.run('monitor events c all')

# Of several rules the last one made decides.
for tails, delivered in ((('sc on skip on', 'sc off'), 2), (('sc off', 'sc on skip on'), 0)):
    for tail in tails:
        rule(session, f'!exception ud {tail} code {{ 90 }}')
    session.begin('continue')
    equal(vm.status('faults ud 2')[0].strip(), f'faults: ud: {delivered} of 2', f'the program under {tails}')
    interrupt(session)
    equal(hits(session), [2, 2], 'hits of both rules')
    session.run('monitor events c all')

# Actions of a rule run in the order in which they stand there, and rules in the order in which they were made.
twice = 'script { @rcx = @rcx * 2; }'
for actions, seen in ((f'code {{ {FIVE} }} {twice}', 'a'), (f'{twice} code {{ {FIVE} }}', '5')):
    rule(session, f'!exception ud {actions}')
    rule(session, '!exception ud script { .seen = @rcx; }')
    session.begin('continue')
    equal(vm.sh('faults ud 1').strip(), 'faults: ud: 1 of 1', f'the program under {actions}')
    interrupt(session)
    equal(session.run('monitor ? printf("%llx", .seen);').strip(), seen, f'what the second rule sees after {actions}')
    session.run('monitor events c all')

# Bad code: the rule goes, the guest gets its exception and keeps its registers, gdb is told and does not stop.
for text, told in BAD:
    rule(session, f'!exception ud {text}')
    session.begin('continue')
    equal(vm.sh('faults ud 3').strip(), 'faults: ud: 3 of 3', f'the program under {text}')
    session.interrupt()
    output = session.finish()
    match(output, rf'^hvgdb: rule 0x\w+ is disabled: {told}', f'what gdb is told of {text}')
    match(output, 'SIGINT', 'Ctrl-C')
    match(session.run('monitor events'), rf'^0x\w+  failed  monitor  .*; disabled: {told}', 'the list')
    session.run('monitor events c all')

# The guest's registers are those of before; the stop of another rule is not lost.
rule(session, f'!exception ud code {{ {SPOIL} 0f 0b }}')
rule(session, '!exception ud')
session.begin('continue')
work = vm.background('faults ud 1')
output = session.finish()
match(output, r'is disabled: its code faulted', 'the failure')
match(output, 'SIGILL', 'the stop')
check(number(session, 'rcx') != 0x77, 'a register that was changed before the fault stays changed')
# Enabled again it is tried again.
session.run('monitor events e all')
session.begin('continue')
equal(work.wait()[0].strip(), 'faults: ud: 1 of 1', 'the program')
interrupt(session)
session.run('monitor events c all')

# What no program can cause by itself: the code sets CR0.TS, so that the next instruction is #NM. The kernel wonders.
session.run('monitor events c all')
place = symbol('faults', 'fault_nm_set')
rule(session, f'!exception ud rip {place:x} {place:x} sc on skip on code {{ {SET_TS} }}')
rule(session, '!exception nm')
session.begin('continue')
work = vm.background('faults nm 2')
for _ in range(2):
    match(session.finish(), r'exception 0x7 \(nm\)[^$]*SIGILL', 'the stop at #NM')
    equal(number(session, 'pc'), symbol('faults', 'fault_nm'), 'where #NM came')
    session.begin('continue')
work.wait()
interrupt(session)
equal(hits(session), [2, 2], 'hits')
session.run('monitor events c all')

# Pools: what does not fit is refused with the parameter's name, and leaves nothing behind.
for text, parameter in ((f'!exception ud code {{ {"90" * 3000} }}', None), (f'!exception ud code {{ {"90" * 1500} }}', 'code_pool'),
                        ('!exception ud buffer f00', None), ('!exception ud buffer 200', 'buffer_pool')):
    answer = session.run(f'monitor {text}')
    match(answer, rf'load the module with a larger {parameter}=' if parameter else '^rule 0x', text[:40])
for _ in range(10):
    rule(session, '!dr reg 3')
match(session.run('monitor !dr reg 2'), r'larger max_rules=', 'one rule too many')
equal(len(hits(session)), 12, 'rules')
session.run('monitor events c all')
rule(session, f'!exception ud code {{ {"90" * 3000} }}')
session.quit()
match(vm.sh('dmesg'), r'hvgdb: rule 0x\w+ is disabled: its code did not end within 100 ms', 'the kernel log')
vm.dmesg_clean(allow='hvgdb: rule|WARNING: .*exc_device_not_available|Call Trace')

vm.sh('killall hvgdbctl; until rmmod hvgdb; do usleep 50000; done 2>/dev/null')
for parameters, told in (('max_rules=1025', 'from 1 to 1024'), ('code_pool=100', 'from 4096 to 1048576'),
                         ('script_pool=1', 'from 4096'), ('buffer_pool=4294967295', 'from 4096 to 67108864')):
    match(vm.refuses(parameters), rf'{parameters}: give a number {told}', parameters)
vm.load('unsafe_code=1 code_pool=1048576 max_rules=256 script_pool=1048576 buffer_pool=1048576')
equal(vm.sh('cat /sys/module/hvgdb/parameters/max_rules').strip(), '256', 'the parameter as it is')
