# SPDX-License-Identifier: GPL-2.0
"""One cell of the matrix (qemu-tests/matrix): a kernel on a CPU, on which everything a user does first has to work.

Run by itself with a JSON object as its argument; prints "did STEP" for each step that held, and "note TEXT".
"""

import json
import pathlib
import re
import sys

if __name__ == '__main__':
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib.case import VM, check, equal, match  # noqa: E402

CALL = '__x64_sys_sched_get_priority_max'
TIMER_VECTOR = 'ec'
# The quick command line's words (D21): a cell that had one of them would show less than it says.
HIDING = {'nowatchdog', 'tsc=reliable', 'mitigations=off', 'nokaslr', 'no_timer_check'}
VULNERABILITIES = '/sys/devices/system/cpu/vulnerabilities'


def did(step):
    print('did', step, flush=True)


def live(vm, cell):
    """What the cell is about is really switched on in the guest."""
    words = set(vm.sh('cat /proc/cmdline').split())
    check(not words & HIDING, 'the command line hides things', words & HIDING)
    equal(vm.sh('cat /proc/sys/kernel/watchdog').strip(), '1', 'the kernel\'s watchdog')
    flags = vm.sh('grep -m1 ^flags /proc/cpuinfo').split()
    check('tsc_reliable' not in flags, 'the kernel trusts the TSC without a look')
    check(vm.sh(f'cat {VULNERABILITIES}/spectre_v2').startswith('Mitigation: '), 'no mitigation of Spectre v2')
    # KASLR_FLAG of boot_params.hdr.loadflags: the decompressor says that it chose the place.
    loadflags = int(vm.sh('dd if=/sys/kernel/boot_params/data bs=1 skip=529 count=1 2>/dev/null | od -An -tu1'))
    check(loadflags & 2, 'KASLR is off', loadflags)
    wanted = 'Mitigation: PTI' if cell['pti'] else 'Vulnerable'
    equal(vm.sh(f'cat {VULNERABILITIES}/meltdown').strip(), wanted, 'the state of KPTI')
    equal('pti' in flags, cell['pti'], 'the flag pti')
    equal(vm.sh('nproc').strip(), str(cell['cpus']), 'CPUs of the guest')
    # What the boot said is not hvgdb's doing.
    vm.sh('dmesg -c >/dev/null')


def breakpoints(vm, session, cell):
    """Hit on every CPU, and not in the text that the guest reads."""
    address = int(match(session.run(f'print/x (long)&{CALL}'), r'0x[0-9a-f]+', 'its address').group(), 16)
    session.run(f'break *{CALL}')
    for cpu in range(cell['cpus']):
        session.begin('continue')
        if not cpu:
            check(vm.sh(f'kread {address:x} 1').strip() != 'cc', 'the guest sees the breakpoint in its text')
        work = vm.background(f'syscalls 1 {cpu}')
        match(session.finish(), r'Breakpoint 1, ', f'the breakpoint on CPU {cpu}')
        match(session.run('thread'), rf'\[Current thread is \d+ \(Thread {cpu + 1}\)\]', 'the thread of the stop')
        if cpu == cell['cpus'] - 1:
            steps(session, address)
            session.run('delete')
        session.begin('continue')
        equal(work.wait()[1], 0, 'status of the program')
        interrupt(session)
        print(f'note {cpu + 1} of {cell["cpus"]} CPUs', flush=True)
    did('breakpoint')
    did('stepi')


def steps(session, address):
    places = [address]
    for _ in range(5):
        session.run('stepi')
        places.append(int(match(session.run('print/x $pc'), r'0x[0-9a-f]+', 'the place').group(), 16))
    check(all(here != there for here, there in zip(places, places[1:])), 'a step did not move', *map(hex, places))
    check(address < places[1] <= address + 15, 'the first step went elsewhere', *map(hex, places))


def interrupt(session):
    session.interrupt()
    match(session.finish(), r'received signal SIGINT', 'the stop after Ctrl-C')


def event(vm, session, rule, signal, program):
    """A rule stops gdb with its signal, once; the event is delivered and the program does not notice."""
    match(session.run(f'monitor {rule}'), r'^rule 0x\w+: ', rule)
    session.begin('continue')
    work = vm.background(program)
    match(session.finish(), rf'signal {signal}', f'the stop of {rule}')
    session.run('monitor events c all')
    session.begin('continue')
    output, status = work.wait()
    equal(status, 0, f'status of the program, which printed {output!r}')
    interrupt(session)


def unload(vm):
    vm.sh('killall hvgdbctl; while pidof hvgdbctl >/dev/null; do usleep 10000; done; rmmod hvgdb')
    equal(vm.status('grep -q ^hvgdb /proc/modules || ls /dev/hvgdb 2>/dev/null')[0], '', 'what is left of hvgdb')
    vm.sh('for cpu in $(seq 0 $(($(nproc) - 1))); do syscalls 100 $cpu || exit; done; forker 10')


def works(cell):
    vm = VM(load=None, fresh=True, stalls=True, kernel=cell['kernel'], cpus=cell['cpus'], cpu=cell['cpu'], cmdline='plain',
            append='' if cell['pti'] else 'pti=off', backend='bochs')
    live(vm, cell)
    did('live')
    vm.load()
    did('load')
    session = vm.gdb_session()
    threads = re.findall(r'Thread \d+ \(CPU (\d+), (?:user|kernel)', session.run('info threads'))
    equal(threads, [str(cpu) for cpu in range(cell['cpus'])], 'CPUs that gdb sees')
    did('attach')
    breakpoints(vm, session, cell)
    session.begin('continue')
    vm.sh('true')
    interrupt(session)
    did('Ctrl-C')
    vm_go = 'touch /tmp/go; '
    event(vm, session, '!exception ud', 'SIGILL', vm_go + 'faults ud 1')
    did('!exception')
    event(vm, session, f'!interrupt {TIMER_VECTOR} core 0', 'SIGUSR1', 'taskset 1 usleep 1000')
    did('!interrupt')
    event(vm, session, '!dr reg 0 access w', 'SIGUSR2', 'watcher 0 2')
    did('!dr')
    session.run('detach')
    session.quit()
    vm.sh('syscalls 100')
    did('detach')
    unload(vm)
    did('unload')
    vm.dmesg_clean()
    did('log')
    vm.down()


def refuses(cell):
    """The load ends with this sentence and the guest goes on."""
    vm = VM(load=None, kernel=cell['kernel'], cpus=cell['cpus'], cpu=cell['cpu'], vmx_off=cell['vmx_off'],
            cmdline='quick' if cell['vmx_off'] else 'plain', fresh=not cell['vmx_off'], backend='bochs')
    vm.sh('dmesg -c >/dev/null')
    sentence = match(vm.refuses(), rf'hvgdb: (.*{cell["refusal"]}.*)', 'the refusal').group(1)
    print('note', sentence, flush=True)
    did('refusal')
    equal(vm.status('grep -q ^hvgdb /proc/modules || ls /dev/hvgdb 2>/dev/null')[0], '', 'what is left of hvgdb')
    vm.sh('syscalls 100; forker 10')
    vm.dmesg_clean()
    did('log')
    vm.down()


if __name__ == '__main__':
    description = json.loads(sys.argv[1])
    (refuses if description['refusal'] else works)(description)
