# SPDX-License-Identifier: GPL-2.0
"""Interrupts of devices under rules, all at once: the serial ports', the disk's, the timer's and those between CPUs. What a
rule counts, the kernel counts, to the last one; what is read from the disk is right; with the last rule the exits end."""

from lib.case import VM, check, equal, match

SERIAL, DISK = 4, 14
TIMER, RESCHEDULE = 0xec, 0xfd
READS = 60

# Signals from CPU 1 to a program that runs on CPU 0: each is an interrupt between them.
SIGNALS = ("rm -f /tmp/enough; taskset 1 sh -c 'trap : USR1; touch /tmp/traps; until [ -e /tmp/enough ]; do :; done' & "
           "until [ -e /tmp/traps ]; do usleep 10000; done; "
           "taskset 2 sh -c 'for i in $(seq 50); do kill -USR1 '$!'; usleep 2000; done'; touch /tmp/enough; wait")

# [(vector, counted)] of an interrupt line on CPU 0; counted by the kernel on that CPU.
LINES = '''
def per_cpu(address, cpu):
    offsets = gdb.parse_and_eval('(unsigned long)__per_cpu_offset[%d]' % cpu)
    return int(address) + int(offsets)

def lines(numbers):
    start = per_cpu(gdb.parse_and_eval('(unsigned long)&vector_irq - (unsigned long)&fixed_percpu_data'), 0)
    vectors = gdb.parse_and_eval('*(unsigned long (*)[256])%d' % start)
    found = {}
    for vector in range(0x20, 256):
        desc = int(vectors[vector])
        # Unused vectors hold small numbers, positive and negative.
        if desc < 0xffff800000000000 or desc > 0xfffffffffffff000:
            continue
        desc = gdb.parse_and_eval('*(struct irq_desc *)%d' % desc)
        number = int(desc['irq_data']['irq'])
        if number in numbers:
            count = gdb.parse_and_eval('*(unsigned int *)%d' % per_cpu(int(desc['kstat_irqs']), 0))
            found[number] = (vector, int(count))
    return found
'''


def kernel_counts(session):
    """[count] of the serial port, the disk, the timer and rescheduling on CPU 0, and the vectors of the first two."""
    session.begin_python(LINES + f'''
stat = per_cpu(gdb.parse_and_eval('(unsigned long)&irq_stat - (unsigned long)&fixed_percpu_data'), 0)
stat = gdb.parse_and_eval('*(irq_cpustat_t *)%d' % stat)
found = lines([{SERIAL}, {DISK}])
result = [found[{SERIAL}], found[{DISK}], int(stat['apic_timer_irqs']), int(stat['irq_resched_count'])]
''')
    (serial, serial_count), (disk, disk_count), timer, reschedule = session.finish_python()
    return [serial_count, disk_count, timer, reschedule], [serial, disk]


def hits(session):
    return [int(line.split(' hits ')[1].split()[0]) for line in session.run('monitor events').splitlines() if ' hits ' in line]


def halted(session):
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')


def exits(session):
    return int(match(session.run('monitor stats'), r'\bEXTERNAL_INTERRUPT (\d+)', 'monitor stats').group(1))


vm = VM(cpus=2, load='unsafe_code=1')
vm.sh(f'for irq in {SERIAL} {DISK}; do echo 1 > /proc/irq/$irq/smp_affinity; done')
# An affinity takes effect with the next interrupt.
READ = 'dd if=/dev/sda iflag=direct bs=4k count={} skip={} 2>/dev/null | md5sum'
right = [vm.sh(READ.format(READS, 8 * part)) for part in range(4)]
session = vm.gdb_session()
_, vectors = kernel_counts(session)
for vector in (*vectors, TIMER, RESCHEDULE):
    match(session.run(f'monitor !interrupt {vector:x} core 0 code {{ 90 }}'), '^rule 0x', f'vector {vector:#x}')
before, again = kernel_counts(session)
equal(again, vectors, 'vectors')

session.begin('continue')
signals = vm.background(SIGNALS)
for part in range(4):
    equal(vm.sh(READ.format(READS, 8 * part)), right[part], 'what was read from the disk')
    vm.sh('seq 200 > /dev/ttyS0')
equal(signals.wait()[1], 0, 'status of the programs that send and take signals')

# An interrupt on its way is counted by the rule already; one that is lost would be missing for ever.
for _ in range(20):
    halted(session)
    after, again = kernel_counts(session)
    seen = hits(session)
    delivered = [count - earlier for count, earlier in zip(after, before)]
    if seen == delivered:
        break
    session.begin('continue')
    vm.sh('true')
equal(again, vectors, 'vectors at the end')
equal(seen, delivered, 'interrupts that rules saw, and those that the kernel counted')
check(seen[0] >= 50 and seen[1] >= 4 * READS and seen[2] >= 20 and seen[3] >= 20, 'too few interrupts to show anything', seen)
print('serial, disk, timer, rescheduling:', *seen)

# Without a rule there is no exit.
session.run('monitor events c all')
before = exits(session)
session.begin('continue')
equal(vm.sh(READ.format(READS, 0)), right[0], 'what was read without rules')
halted(session)
equal(exits(session), before, 'exits for interrupts after the last rule went')
session.quit()
vm.dmesg_clean()
