# SPDX-License-Identifier: GPL-2.0
"""The gdb line: relayed byte by byte, counted, spoilt on demand, and it survives clients that come and go."""

import os
import socket

from lib.case import VM, check, equal

vm = VM(load=None, backend='bochs')
vm.sh('ttyecho /dev/ttyS1')


def connect():
    return socket.create_connection(('127.0.0.1', vm.gdb_port), timeout=20)


def exchange(client, data, wanted=None):
    """Sends and returns as many bytes as are wanted back."""
    wanted = len(data) if wanted is None else wanted
    client.sendall(data)
    back = b''
    while len(back) < wanted:
        more = client.recv(wanted - len(back))
        check(more, 'the line was closed')
        back += more
    return back


client = connect()
noise = os.urandom(20000)
equal(exchange(client, noise), noise, 'bytes through the line')

vm.stats(reset=True)
exchange(client, b'$qSupported#37$g#67')
stats = vm.stats(reset=True)
equal(stats['to-guest'], {'bytes': 19, 'packets': 2}, 'counted towards the guest')
equal(stats['to-gdb'], {'bytes': 19, 'packets': 2}, 'counted towards gdb')

vm.fault('corrupt', 2, skip=1)
equal(exchange(client, b'abcdef'), b'acbdef', 'two corrupt bytes')
vm.fault('drop', 1, direction='to-gdb')
equal(exchange(client, b'abc', 2), b'bc', 'one dropped byte')
vm.fault('drop', 1, packets=True, skip=1)
equal(exchange(client, b'+$one#00$two#00+$three#00', 17), b'+$one#00+$three#00'[:17], 'a dropped packet')
client.recv(1)
vm.fault('corrupt', 1, packets=True)
equal(exchange(client, b'$abc#00$abc#00'), b'$`bc#00$abc#00', 'a corrupt packet')

vm.pause_line('to-guest')
client.sendall(b'later')
client.settimeout(0.5)
try:
    check(False, 'a paused line passes bytes on', client.recv(1))
except socket.timeout:
    pass
client.settimeout(20)
vm.resume_line('to-guest')
equal(exchange(client, b'', 5), b'later', 'bytes held by a pause')

# A second client takes over, as a plugged-over cable does.
second = connect()
equal(exchange(second, b'second'), b'second', 'the second client')
equal(client.recv(1), b'', 'what the first client sees')
second.close()
vm.sh('echo lost > /dev/ttyS1')
third = connect()
equal(exchange(third, b'third'), b'third', 'a client after that')
