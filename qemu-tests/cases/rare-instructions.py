# SPDX-License-Identifier: GPL-2.0
"""Instructions that seldom run do what they did before hvgdb was loaded, in the kernel and in programs: unknown MSRs,
XSETBV, INVD, VMX instructions, microcode updates, control registers, MTRRs. KVM finds no VMX and says so."""

from lib import cache, inside
from lib.case import VM, check, equal, match, until

XCR0 = 0x7
CR0 = {'NW': 1 << 29, 'PE': 1, 'PG': 1 << 31, 'WP': 1 << 16, 'AM': 1 << 18, 'NE': 1 << 5}
CR4 = {'PAE': 1 << 5, 'PGE': 1 << 7, 'TSD': 1 << 2, 'DE': 1 << 3, 'LA57': 1 << 12, 'VMXE': 1 << 13, 'reserved': 1 << 31}

# Operation -> answer, whatever is below the kernel.
ALIKE = {
    'rdmsr 0x12345678': '#GP',      # outside the bitmap's ranges: exits
    'rdmsr 0xc0012345': '#GP',
    'rdmsr 0x1234': '#GP',          # inside: the CPU itself, or the emulator, refuses
    'wrmsr 0x12345678 1': '#GP',
    'wrmsr 0xc0012345 1': '#GP',
    'wrmsr 0x1234 1': '#GP',
    'xgetbv 0': f'{XCR0:#x}',
    f'xsetbv 0 {XCR0}': 'right',
    'xsetbv 0 3': 'right',
    'xsetbv 0 1': 'right',
    'xsetbv 0 0': '#GP',            # without the x87
    'xsetbv 0 6': '#GP',
    'xsetbv 0 5': '#GP',            # AVX without SSE
    'xsetbv 0 0x8000000000000007': '#GP',
    'xsetbv 0 0x107': '#GP',
    'xsetbv 1 7': '#GP',
    'xsetbv 0xffffffff 7': '#GP',
    'xgetbv 0 ': f'{XCR0:#x}',
    'cd': 'right',
    'ts': 'right',
    f'cr0 {CR0["NW"]}': '#GP',
    f'cr0 0 {CR0["PE"]}': '#GP',
    f'cr0 0 {CR0["PG"]}': '#GP',
    'cr0 0x100000000': '#GP',
    f'cr0 0 {CR0["AM"]}': 'no fault',
    f'cr4 {CR4["TSD"]}': 'right',
    f'cr4 {CR4["DE"]}': 'right',
    f'cr4 0 {CR4["PGE"]}': 'right',
    f'cr4 0 {CR4["PAE"]}': '#GP',
    f'cr4 {CR4["LA57"]}': '#GP',
    f'cr4 {CR4["reserved"]}': '#GP',
    'cr4 0x8000000000000000': '#GP',
}

# What is different below hvgdb: no VMX, no microcode, and cached data survives INVD.
BELOW = {
    'vmx': 'right',
    'invd': 'right',
    'rdmsr 0x480': '#GP',
    'rdmsr 0x3a': '0x1',            # locked off
    'wrmsr 0x3a 5': '#GP',
    'wrmsr 0x480 0': '#GP',
    'wrmsr 0x79 0x1000': 'no fault',
}


def do(vm, operation):
    return vm.sh(f'echo "{operation}" > /sys/module/exotic/parameters/run && cat /sys/module/exotic/parameters/run').strip()


def answers(vm, table):
    for operation, answer in table.items():
        equal(do(vm, operation), answer, operation)


def under_a_rule(vm, wanted):
    """All exceptions exit and are given back; those in the delivery of a software interrupt among them."""
    session = vm.gdb_session()
    match(session.run('monitor !exception pid 1'), 'rule 0x1', 'the rule')
    session.begin('continue')
    until(lambda: 'Continuing' in session.text, 20, 'gdb does not continue')
    equal(vm.sh('rare'), wanted, 'what programs see under a rule on all exceptions')
    answers(vm, ALIKE)
    session.interrupt()
    match(session.finish(), 'SIGINT', 'Ctrl-C')
    session.run('monitor events c all')
    session.quit()


HOLE = 0x20000000       # no RAM
SIZE = 0x1000000


def memory_type(vm, address):
    """What root's EPT gives to a physical address: the entry that maps it, found by the kernel's direct map."""
    machine, page_offset = inside.addresses(vm, 'machine', 'page_offset_base')
    eptp, = inside.offsets(vm, ('machine', 'eptp'))
    client = inside.Client(vm.gdb_port)
    client.attach()
    direct = client.read(page_offset)
    entry = client.read(machine + eptp)
    for shift in (39, 30, 21, 12):
        entry = client.read(direct + (entry & 0xffffffffff000) + (address >> shift & 511) * 8)
        if shift == 12 or entry & 0x80:
            break
    client.detach()
    return entry >> 3 & 7


def mtrrs(vm):
    """Written below hvgdb, they change the EPT on the spot, and back."""
    before = vm.sh('cat /proc/mtrr')
    outside = memory_type(vm, HOLE)
    check(outside != 1, 'the hole is write-combining already')
    vm.sh(f'echo "base={HOLE:#x} size={SIZE:#x} type=write-combining" > /proc/mtrr')
    match(vm.sh('cat /proc/mtrr'), r'base=0x020000000 .*write-combining', 'the new MTRR')
    equal([memory_type(vm, address) for address in (HOLE - 4096, HOLE, HOLE + SIZE - 4096, HOLE + SIZE)], [outside, 1, 1, outside],
          'memory types around the new MTRR')
    number = match(vm.sh('grep base=0x020000000 /proc/mtrr'), r'^reg(\d+)', 'its number').group(1)
    vm.sh(f'echo "disable={int(number)}" > /proc/mtrr')
    equal(memory_type(vm, HOLE), outside, 'memory type of the hole again')
    equal(vm.sh('cat /proc/mtrr'), before, 'the MTRRs')


def no_kvm(vm):
    try:
        vm.modprobe('kvm-intel')
    except cache.Failure:
        pass
    else:
        check(False, 'KVM was loaded below hvgdb')
    match(vm.sh('dmesg'), r'kvm: (no hardware support|VMX not supported by CPU|support .* disabled)', 'what KVM says')


# Only so do unknown MSRs fault in the emulator (which lacks IA32_DEBUGCTL, too).
vm = VM(cpus=2, load=None, strict_msrs=True)
vm.insert('exotic')
programs = vm.sh('rare')
answers(vm, ALIKE)
vm.load()
answers(vm, ALIKE)
answers(vm, BELOW)
again = vm.sh('rare')
differences = [f'{old} / {new}' for old, new in zip(programs.splitlines(), again.splitlines()) if old != new]
check(not differences, 'programs see the difference (before / with hvgdb)', *differences)
for line in ('vmxoff: ILL, trap 6, error 0', 'vmcall: ILL, trap 6, error 0', 'int_0x90: SEGV, trap 13, error 0x482',
             'xsetbv: SEGV, trap 13, error 0', 'invd: SEGV, trap 13, error 0', 'int1: TRAP, trap 1, error 0'):
    check(line in again, f'not in what programs see: {line}', again)
under_a_rule(vm, programs)
mtrrs(vm)
no_kvm(vm)
# The kernel reads IA32_APERF and IA32_MPERF, which the emulator does not have.
vm.dmesg_clean(allow=r'RDMSR from 0xe[78]|unchecked MSR access error: RDMSR from 0xe[78]|Call Trace')
