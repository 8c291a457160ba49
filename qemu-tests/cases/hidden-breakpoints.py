# SPDX-License-Identifier: GPL-2.0
"""A breakpoint in the kernel's text is not in what the guest reads there, so its own patching of text goes on.

ftrace compares the bytes that it is about to replace and warns when they are not what it left there. It patches the
first instruction of a function that has a breakpoint on that very address; both work afterwards, and after the end.
The kernel's own INT3 (a kprobe) below a breakpoint whose condition is false is the kernel's to handle.
"""

import re

from lib.case import VM, check, equal, match

FUNCTION = 'do_fchmodat'
TRACING = '/sys/kernel/tracing'

PROBE = f'{TRACING}/events/hv/below/enable'


def chmods(vm, count):
    vm.sh('for i in $(seq %d); do chmod 600 /tmp/file; done' % count, timeout=20)


def probe_below_condition(vm):
    """The second instruction behind ftrace's: a probe at the first would be ftrace's affair."""
    session = vm.gdb_session()
    session.run('set breakpoint condition-evaluation target')
    lines = session.run(f'x/8i {FUNCTION}').splitlines()
    place = [match(line, r'0x[0-9a-f]+', 'address of an instruction').group() for line in lines
             if not re.search(r'nop|endbr|call', line)][1]
    session.run(f'break *{place} if $rdi == 0x123456')
    session.begin('continue')
    vm.sh(f'echo 0 > /proc/sys/debug/kprobes-optimization; cd {TRACING} && echo > trace && '
          f'echo "p:hv/below {place}" > kprobe_events && echo 1 > {PROBE}')
    chmods(vm, 5)
    equal(vm.sh(f'grep -c below: {TRACING}/trace').strip(), '5', 'hits of the kprobe below the breakpoint')
    vm.sh(f'echo 0 > {PROBE}')
    chmods(vm, 2)
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    match(session.run('info breakpoints'), r'stop only if', 'the breakpoint')
    session.run('condition 1 1')
    session.begin('continue')
    work = vm.background(f'echo 1 > {PROBE}; chmod 644 /tmp/file')
    match(session.finish(), 'hit Breakpoint 1', 'the breakpoint above the kprobe')
    session.begin('continue')
    equal(work.wait()[1], 0, 'status of chmod')
    equal(vm.sh(f'grep -c below: {TRACING}/trace').strip(), '6', 'hits of the kprobe, with a stop before it')
    session.interrupt()
    session.finish()
    session.quit()
    vm.sh(f'echo 0 > {PROBE}; echo > {TRACING}/kprobe_events')


vm = VM(cpus=2)
vm.sh(f'mount -t tracefs none {TRACING} 2>/dev/null; cat {TRACING}/current_tracer; touch /tmp/file')

session = vm.gdb_session()
address = match(session.run(f'print/x (long)&{FUNCTION}'), r'0x[0-9a-f]+', 'address of the function').group()
session.run(f'break *{FUNCTION}')
session.begin('continue')
vm.sh(f'cd {TRACING} && echo {FUNCTION} > set_ftrace_filter && echo function > current_tracer')

work = vm.background('chmod 600 /tmp/file')
match(session.finish(), f'hit Breakpoint 1, .*{FUNCTION}', 'the breakpoint on a function that is traced')
check('call' in session.run(f'x/i {address}'), 'gdb does not see what ftrace has written')
session.begin('continue')
equal(work.wait()[1], 0, 'status of chmod')
equal(vm.sh(f'grep -c {FUNCTION} {TRACING}/trace').strip(), '1', 'entries in the trace')

vm.sh(f'cd {TRACING} && echo nop > current_tracer && echo > set_ftrace_filter')
work = vm.background('chmod 644 /tmp/file')
match(session.finish(), 'hit Breakpoint 1', 'the breakpoint after the tracing')
check('nop' in session.run(f'x/i {address}'), 'gdb does not see that ftrace has taken its call back')
session.run('delete')
session.run('detach')
session.kill()
equal(work.wait()[1], 0, 'status of chmod')

vm.sh('chmod 600 /tmp/file')
probe_below_condition(vm)
vm.dmesg_clean()
