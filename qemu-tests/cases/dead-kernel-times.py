# SPDX-License-Identifier: GPL-2.0
"""Ctrl-C reaches a dead kernel within a second of the guest's own time, whatever it died of: no controller, one that is
stopped, real-time programs that starve all others, interrupts off on all CPUs or on one for which the others wait, an
NMI handler that does not return, a panic.

The 0x03 follows the resume in the same breath, and hvgdb keeps the TSC of both: no host's delay is in the figures.
"""

import time

from lib import inside, rsp
from lib.case import VM, check, equal, until

TIME_LIMIT = 240
LIMIT_MS = 1000


class Inside:
    """Where hvgdb and the test module keep what this case looks at."""

    def __init__(self, vm, dead=True):
        self.machine, = inside.addresses(vm, 'machine')
        self.release, self.dead = inside.addresses(vm, 'dead_release', 'dead_cpus') if dead else (0, 0)
        self.vcpus, self.khz, self.halted, self.ran = inside.offsets(
            vm, ('machine', 'vcpu'), ('machine', 'tsc_khz'), ('vcpu', 'halted_since'), ('vcpu', 'ran_since'))


class Debugger(inside.Client):
    """A conversation; the machine is halted when it begins."""

    def __init__(self, vm, known):
        super().__init__(vm.gdb_port, timeout=30)
        self.known = known
        self.attach()

    def ran_for(self):
        """Milliseconds of the guest's between the last resume and this halt, on the CPU where they were most."""
        known = self.known
        khz = self.read(known.machine + known.khz)
        vcpus = [self.read(known.machine + known.vcpus + 8 * cpu) for cpu in range(2)]
        return max((self.read(vcpu + known.halted) - self.read(vcpu + known.ran)) / khz for vcpu in vcpus)

    def rip(self, thread):
        self.expect(f'Hg{thread:x}', 'OK')
        return int.from_bytes(bytes.fromhex(self.ask('p10')), 'little')

    def interrupt_at_once(self, what):
        """Resume and 0x03 together, thrice."""
        times = []
        for _ in range(3):
            data = b'vCont;c'
            self.sock.sendall(b'$' + data + b'#' + rsp.checksum(data) + b'\x03')
            self.acknowledgement()
            equal(self.stop()['signal'], 2, f'{what}: the signal of Ctrl-C')
            times.append(self.ran_for())
        print(f'{what}: ' + ', '.join(f'{time:.0f} ms' for time in times))
        check(max(times) < LIMIT_MS, f'{what}: later than a second of the guest', times)

    def halt(self):
        self.interrupt()
        return self.stop()

    def until_dead(self, cpus):
        """The module counts the CPUs that spin."""
        for _ in range(50):
            self.resume()
            # While it lives, Ctrl-C comes so fast that nothing else gets done.
            time.sleep(0.3)
            self.halt()
            found = self.read(self.known.dead, 4)
            if found == cpus:
                return
        check(False, 'the kernel did not die', found)


def dies(vm, known, way, cpus):
    debugger = Debugger(vm, known)
    debugger.resume()
    work = vm.background(f'echo {way} | taskset 1 tee /sys/module/dead/parameters/run', timeout=200)
    debugger.halt()
    debugger.until_dead(cpus)
    debugger.interrupt_at_once(way)
    equal(debugger.read(known.dead, 4), cpus, f'{way}: CPUs that are dead')
    debugger.write(known.release, 1, 4)
    debugger.detach()
    equal(work.wait()[1], 0, f'{way}: the way back')
    vm.sh('syscalls 100')


def at_once(vm, known, what):
    debugger = Debugger(vm, known)
    debugger.interrupt_at_once(what)
    debugger.detach()


def controller_is_stopped(vm, known):
    vm.sh('killall -STOP hvgdbctl')
    at_once(vm, known, 'controller stopped')
    vm.sh('killall -CONT hvgdbctl')


def starved():
    """Each CPU has a program that nobody can preempt."""
    vm = VM(cpus=2)
    known = Inside(vm, dead=False)
    vm.sh('echo -1 > /proc/sys/kernel/sched_rt_runtime_us')
    debugger = Debugger(vm, known)
    debugger.resume()
    vm.background('realtime spin 1 & realtime spin 0', timeout=200)
    for _ in range(3):
        time.sleep(0.5)
        debugger.halt()
        debugger.resume()
    debugger.halt()
    debugger.interrupt_at_once('starved')
    check(all(debugger.rip(thread) < 1 << 47 for thread in (1, 2)), 'a CPU is not in the program that starves it')
    debugger.close()
    vm.down()


def no_controller():
    vm = VM(cpus=2, load=None)
    vm.sh('insmod /hvgdb/hvgdb.ko uart=io,0x2f8')
    at_once(vm, Inside(vm, dead=False), 'no controller')
    vm.sh('syscalls 100')
    vm.dmesg_clean()
    vm.down()


def panicked(vm, known):
    vm.background('echo c > /proc/sysrq-trigger', timeout=60)
    until(lambda: 'end Kernel panic' in vm.console(), 60, 'the kernel has not panicked')
    debugger = Debugger(vm, known)
    debugger.interrupt_at_once('panicked')
    debugger.close()
    vm.down()


no_controller()
vm = VM(cpus=2)
vm.insert('dead')
known = Inside(vm)
controller_is_stopped(vm, known)
dies(vm, known, 'irqs-off', 2)
dies(vm, known, 'one-off', 1)
dies(vm, known, 'nmi', 2)
vm.dmesg_clean(allow='stall|soft lockup|took too long|Call Trace|CSD')
panicked(vm, known)
starved()
