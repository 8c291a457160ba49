# SPDX-License-Identifier: GPL-2.0
"""A bare client of the remote serial protocol, for what gdb is too slow or too polite to do."""

import socket
import time

from lib.machine import PATIENCE


class LineError(Exception):
    """Nothing, or nothing sensible, came from the stub."""


def checksum(data):
    return b'%02x' % (sum(data) & 0xff)


def expand(data):
    """Undoes the run-length encoding."""
    out, at = bytearray(), 0
    while at < len(data):
        if data[at] == ord('*') and at + 1 < len(data):
            out += out[-1:] * (data[at + 1] - 29)
            at += 1
        else:
            out.append(data[at])
        at += 1
    return bytes(out)


class Client:
    """Speaks strictly: any byte outside of packets and acknowledgements is kept in `noise`, and nothing is ever
    sent twice. `naks` counts what the stub did not understand."""

    def __init__(self, port, timeout=20):
        self.sock = socket.create_connection(('127.0.0.1', port), timeout=timeout * PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout * PATIENCE
        self.data = b''
        self.noise = b''
        self.naks = 0
        self.acks = True

    def close(self):
        self.sock.close()

    def byte(self):
        if not self.data:
            try:
                self.data = self.sock.recv(65536)
            except TimeoutError:
                raise LineError(f'nothing came for {self.timeout} s; before that: {self.noise!r}') from None
            if not self.data:
                raise LineError('the line was closed')
        byte, self.data = self.data[:1], self.data[1:]
        return byte

    def acknowledgement(self):
        """Waits for the '+' of the packet just sent."""
        while True:
            byte = self.byte()
            if byte == b'+':
                return
            if byte == b'-':
                self.naks += 1
                raise LineError('the stub did not understand a packet')
            self.noise += byte

    def receive(self):
        """The next packet's contents."""
        while True:
            byte = self.byte()
            if byte == b'$':
                break
            self.noise += byte
        packet = b''
        while (byte := self.byte()) != b'#':
            packet += byte
        found = self.byte() + self.byte()
        if found != checksum(packet):
            raise LineError(f'wrong checksum {found!r} of {packet!r}')
        if self.acks:
            self.sock.sendall(b'+')
        return expand(packet).decode('latin-1')

    def send(self, packet):
        packet = packet if isinstance(packet, bytes) else packet.encode()
        self.sock.sendall(b'$' + packet + b'#' + checksum(packet))
        if self.acks:
            self.acknowledgement()

    def ask(self, packet):
        self.send(packet)
        return self.receive()

    def attach(self, acks=True):
        """What gdb says first; afterwards the guest is halted."""
        supported = self.ask('qSupported:multiprocess-;swbreak+;hwbreak+;vContSupported+')
        if not acks:
            self.expect('QStartNoAckMode', 'OK')
            self.acks = False
        return supported

    def expect(self, packet, answer):
        found = self.ask(packet)
        if found != answer:
            raise LineError(f'{packet} was answered with {found!r} instead of {answer!r}')

    def stop(self):
        """The next stop reply as a dictionary: signal, thread, rip and what else it says."""
        text = self.receive()
        fields = dict(field.split(':', 1) for field in text[3:].split(';') if field)
        if text[:1] != 'T':
            raise LineError(f'{text!r} is no stop reply')
        return {'signal': int(text[1:3], 16), 'thread': int(fields['thread'], 16),
                'rip': int.from_bytes(bytes.fromhex(fields['10']), 'little'), 'fields': fields}

    def resume(self, action='vCont;c'):
        self.send(action)

    def interrupt(self):
        self.sock.sendall(b'\x03')

    def detach(self):
        self.expect('D', 'OK')
        self.close()
