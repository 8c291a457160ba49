# SPDX-License-Identifier: GPL-2.0
"""A line that corrupts and drops bytes: whatever is damaged is sent again, with either party's packets, and gdb's
session survives. With acknowledgements, and without, where a session must end no worse than with an error."""

from lib import rsp
from lib.case import VM, check, equal, match

TIME_LIMIT = 120
FUNCTION = '__x64_sys_sched_get_priority_max'
DAMAGE = [(action, packets, direction) for direction in ('to-guest', 'to-gdb')
          for action, packets in (('corrupt', False), ('corrupt', True), ('drop', True))]


def with_acknowledgements(vm):
    session = vm.gdb_session(attach=False)
    session.run('set remote noack-packet off')
    session.run('set remotetimeout 1')
    session.run(f'target remote localhost:{vm.gdb_port}')
    wanted = session.run('info registers')
    memory = session.run('x/8xg $rsp & ~0xfff')
    for action, packets, direction in DAMAGE:
        vm.fault(action, packets=packets, skip=2, direction=direction)
        what = f'after {action} of a {"packet" if packets else "byte"} {direction}'
        session.run('maint flush register-cache')
        equal(session.run('info registers'), wanted, f'registers {what}')
        equal(session.run('x/8xg $rsp & ~0xfff'), memory, f'memory {what}')
    session.run(f'break *{FUNCTION}')
    # The stop reply itself is damaged: nothing but the acknowledgement shows it.
    vm.fault('corrupt', packets=True, skip=2, direction='to-gdb')
    session.begin('continue')
    work = vm.background('syscalls 1 1')
    match(session.finish(), r'hit Breakpoint', 'the stop on a damaged line')
    session.run('delete')
    session.run('detach')
    session.quit()
    equal(work.wait()[1], 0, 'status of the program')


def without_acknowledgements(vm):
    """The stub answers a damaged packet with '-' and then with an error; a later packet works."""
    session = vm.gdb_session(symbols=False)
    before = session.run('info registers rip')
    for action in ('corrupt', 'drop'):
        vm.fault(action, packets=True, skip=1)
        session.run('set remotetimeout 1')
        session.run('maint flush register-cache')
        session.run('x/2xg $rsp')
        session.run('maint flush register-cache')
        equal(session.run('info registers rip'), before, f'rip after {action} without acknowledgements')
    session.quit()


def lost_break_in(vm):
    """The very first packet is damaged: gdb sends it again."""
    vm.fault('corrupt', packets=True)
    match(vm.gdb('info threads', symbols=False), r'Thread 2', 'the CPUs after a damaged first packet')
    vm.fault('drop', packets=True)
    match(vm.gdb('info threads', symbols=False), r'Thread 2', 'the CPUs after a lost first packet')


def hostile(vm):
    """Noise, halves of packets, a packet that is too long, a closed line in the middle of a packet."""
    for noise in (b'\x00\xff\x7f' * 300, b'$', b'$qSupp', b'$' + b'A' * 20000, b'$g#00' * 20, b'#' * 50 + b'-' * 50,
                  b'\x03' * 20, b'$qSupported#37$g#67$m0,'):
        client = rsp.Client(vm.gdb_port)
        client.sock.sendall(noise)
        client.close()
        client = rsp.Client(vm.gdb_port)
        quiet(client)
        check('PacketSize' in first_packet(client), f'no session after {noise[:20]!r}')
        client.sock.settimeout(client.timeout)
        client.detach()
    vm.sh('syscalls 100')


def quiet(client):
    """Waits until what the noise led to has all arrived: a packet in it may have been a good one."""
    client.data = b''
    client.sock.settimeout(1)
    try:
        while client.sock.recv(4096):
            pass
    except TimeoutError:
        client.sock.settimeout(client.timeout)


def first_packet(client):
    """As gdb does: sends its first packet until it is understood."""
    for _ in range(5):
        client.sock.settimeout(2)
        try:
            return client.ask('qSupported:swbreak+')
        except rsp.LineError:
            quiet(client)
    return ''


vm = VM(cpus=2)
with_acknowledgements(vm)
without_acknowledgements(vm)
lost_break_in(vm)
hostile(vm)
vm.sh('syscalls 1000')
vm.dmesg_clean()
