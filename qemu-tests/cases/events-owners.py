# SPDX-License-Identifier: GPL-2.0
"""#BP and #DB go to their owners: kprobes and uprobes count theirs, programs get theirs, rules see exactly these, and none
of them is a breakpoint's or a step's of gdb, which works beside them in the same functions."""

from lib.case import VM, check, equal, match, symbol

PROBED = symbol('faults', 'cause_ud')
TEXT = 0x400000                                     # where the file begins in memory
TRACING = '/sys/kernel/tracing'
READS, UDS, INT3S, STEPS = 20, 7, 5, 3


def rules(session):
    """Hits, in the order of the rules."""
    return [int(line.split(' hits ')[1].split()[0]) for line in session.run('monitor events').splitlines() if ' hits ' in line]


def halted(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def workload(vm):
    vm.sh(f'for i in $(seq {READS}); do cat /proc/version; done')
    equal(vm.sh(f'faults ud {UDS} bp {INT3S} db {STEPS}').splitlines(),
          [f'faults: ud: {UDS} of {UDS}', f'faults: bp: {INT3S} of {INT3S}', f'faults: db: {STEPS} of {STEPS}'], 'the program')


def profile(vm, kind):
    """What the guest counted at its only probe of this kind: hits, and misses of a kprobe."""
    return [int(word) for word in vm.sh(f'cat {TRACING}/{kind}_profile').split() if word.isdigit()]


vm = VM(cpus=2, load='unsafe_code=1')
vm.sh('touch /tmp/go')
session = vm.gdb_session()
# Behind the function's first instruction: there kprobes do without INT3. And not optimised to a jump.
offset = int(match(session.run('x/3i version_proc_show'), r'<version_proc_show\+(\d+)>[^\n]*\Z', 'the third instruction').group(1))
place = int(session.run(f'print/x (unsigned long)version_proc_show+{offset}').split('= ')[1], 16)
session.begin('continue')
vm.sh('echo 0 > /proc/sys/debug/kprobes-optimization')
vm.sh(f'echo "p:kernel_probe version_proc_show+{offset}" > {TRACING}/kprobe_events')
vm.sh(f'echo "p:program_probe /hvgdb/faults:{PROBED - TEXT:#x}" > {TRACING}/uprobe_events')
vm.sh(f'for probe in kprobes uprobes; do echo 1 > {TRACING}/events/$probe/enable; done')
halted(session)

match(session.run('break *version_proc_show if $rdi == 1'), '^Breakpoint 1', 'a breakpoint whose condition is false')
texts = [f'bp rip {place:x} {place:x}', f'bp rip {PROBED:x} {PROBED:x}', f'bp rip {symbol("faults", "fault_bp"):x} {symbol("faults", "fault_bp"):x}',
         f'bp rip {place - offset:x} {place - 1:x}', 'bp cpl 3', f'db rip {symbol("faults", "fault_db"):x} {symbol("faults", "fault_db") + 1:x}',
         'db cpl 3']
for text in texts:
    match(session.run(f'monitor !exception {text} code {{ 90 }}'), '^rule 0x', text)
session.begin('continue')
workload(vm)
equal(profile(vm, 'kprobe'), [READS, 0], 'hits and misses of the kprobe')
equal(profile(vm, 'uprobe'), [UDS], 'hits of the uprobe')
halted(session)
found = dict(zip(texts, rules(session)))
# A uprobe runs its instruction elsewhere, under a single step.
equal(list(found.values()), [READS, UDS, INT3S, 0, UDS + INT3S, STEPS, UDS + STEPS], f'hits of {texts}')

# gdb's own, right before the probe: it stops there and steps into the probe's handler, and rules see the probe's alone.
# (With a breakpoint at the very address gdb itself would pass over the probe: it takes the INT3 there for part of the program.)
session.run('delete')
session.run('break *version_proc_show')
session.begin('continue')
work = vm.background('cat /proc/version')
match(session.finish(), r'Breakpoint 2,', 'the stop before the kprobe')
for _ in range(10):
    session.run('stepi')
    if 'asm_exc_int3' in session.run('info symbol $pc'):
        break
match(session.run('info symbol $pc'), '^asm_exc_int3', 'where a step over the INT3 of the kprobe ends')
session.run('delete')
session.begin('continue')
match(work.wait()[0], '^Linux version', 'what the stopped program read')
equal(profile(vm, 'kprobe'), [READS + 1, 0], 'hits and misses of the kprobe after gdb was there')
halted(session)
now = dict(zip(texts, rules(session)))
equal({text: now[text] - found[text] for text in texts}, {text: int(text == texts[0]) for text in texts}, 'further hits')
session.run('monitor events c all')

# Stopped by rules, and passed on: probes go on counting.
session.run('handle SIGEMT nostop noprint pass')
session.run('monitor !exception bp')
session.run('monitor !exception db')
session.begin('continue')
workload(vm)
equal(profile(vm, 'kprobe'), [2 * READS + 1, 0], 'hits and misses of the kprobe while gdb passes them on')
equal(profile(vm, 'uprobe'), [2 * UDS], 'hits of the uprobe while gdb passes them on')
halted(session)
session.quit()
vm.sh(f'for probe in kprobes uprobes; do echo 0 > {TRACING}/events/$probe/enable; done')
workload(vm)
vm.dmesg_clean()
