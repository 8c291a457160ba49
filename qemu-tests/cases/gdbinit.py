# SPDX-License-Identifier: GPL-2.0
"""gdbinit/hvgdb.py: its settings leave all memory readable, backtraces come out of the kernel's entry code and end at
the process, per-CPU variables and modules are found in spite of KASLR."""

import pathlib

from lib.case import VM, check, equal, match

INIT_FILE = pathlib.Path(__file__).resolve().parent.parent.parent / 'gdbinit/hvgdb.py'
MODULE = INIT_FILE.parent.parent / 'hvgdb.ko'

vm = VM(cpus=2)
session = vm.gdb_session(attach=False)
session.run(f'source {INIT_FILE}')
session.run(f'target remote localhost:{vm.gdb_port}')

equal([line.split(':')[0] for line in session.run('hv current').splitlines()], ['CPU 0', 'CPU 1'], 'CPUs of hv current')
equal([line[-1] for line in session.run('hv percpu cpu_number').splitlines()], ['0', '1'], 'a per-CPU variable')
match(session.run('print $hv_percpu("cpu_number", 1)'), r'= 1$', '$hv_percpu')
listed = session.run('hv modules')
match(listed, r'^0xffffffff\w+ hvgdb$', 'hvgdb among the modules')
match(session.run(f'hv symbols {MODULE}'), r'^hvgdb: ', 'symbols of hvgdb.ko')
match(session.run('info symbol device_ioctl'), r'^device_ioctl in section', 'a symbol of hvgdb.ko')

session.run('break version_proc_show')
session.begin('continue')
reader = vm.background('cat /proc/version')
match(session.finish(), r'hit Breakpoint 1', 'the breakpoint')
trace = session.run('backtrace')
match(trace, r'in entry_SYSCALL_64', 'the entry code')
check(trace.splitlines()[-1].endswith('in ?? ()') and ' 0x00000000' in trace.splitlines()[-1],
      'the backtrace does not end at the process:', trace)

# The name that the process gave: memory of the user half, which a region for the kernel's half must not hide.
session.run('delete')
session.run('break do_sys_openat2')
session.begin('continue')
opener = vm.background('cat /proc/version')
match(session.finish(), r'filename=0x\w+ "/', 'the name of a file in the memory of a process')

# An interrupt changes the stack; the backtrace goes on on the other one.
session.run('delete')
session.run('break __sysvec_apic_timer_interrupt')
for _ in range(6):
    session.run('continue')
    match(session.run('backtrace'), r'in asm_sysvec_apic_timer_interrupt.*\n#\d+ ', 'what the timer interrupted')
session.run('delete')

# Events: a sentence, variables, a registry.
session.run('python import hvgdb; seen = []; note = lambda event: seen.append(str(event.vector)); hvgdb.events.connect(note)')
for rule in ('!exception pf addr 10000000 10000fff', '!exception ud sc on skip on', '!dr reg 0 access w'):
    match(session.run(f'monitor {rule}'), '^rule 0x', rule)
session.begin('continue')
program = vm.background('touch /tmp/go; faults read 1 ud 1 de 1')
match(session.finish(), r'^#PF at 0x10000000 \(user\) in faults \(pid \d+\) on CPU \d, ring 3, rip 0x\w+, stage pre, rule 0x1$',
      'the sentence about a page fault')
equal([match(session.run(f'output $_hv_{name}'), r'^(.*?)\)?$', name).group(1) for name in ('vector', 'address', 'error', 'cpl', 'kind')],
      ['14', '268435456', '4', '3', '"exception"'], 'convenience variables')
match(session.run('print $_hv'), r'"#PF at 0x10000000 ', '$_hv')
match(session.run('print $_hv_reg'), r'= void', 'a variable that a page fault has not')
match(session.run('continue'), r'^#UD in faults .*, rule 0x2$', 'the sentence about an event without a signal')
match(session.run('stepi'), r'.', 'a step')
match(session.run('print $_hv_vector'), r'= void', 'the variable after a step')
match(session.run('python print(hvgdb.held_event())'), '^None$', 'the event after a step')
session.run('python hvgdb.events.disconnect(note)')
session.run('monitor !exception de')
match(session.run('continue'), r'^#DE in faults', 'the sentence after the script has been disconnected')
session.begin('continue')
program.wait()
watcher = vm.background('watcher 0 1')
match(session.finish(), r'^MOV to DR0 from r\w+, value 0x\w+ in watcher .*, rule 0x3$', 'the sentence about a debug register')
match(session.run('output $_hv_access'), '^"w"', 'the direction')
session.run('monitor events c all')
session.begin('continue')
watcher.wait()
session.interrupt()
match(session.finish(), 'SIGINT', 'Ctrl-C')
equal(session.run('python print(seen)'), "['14', '6']", 'what the script was called with')
session.run('detach')
session.quit()
reader.wait()
opener.wait()
vm.dmesg_clean()
