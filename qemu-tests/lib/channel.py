# SPDX-License-Identifier: GPL-2.0
"""The host's end of the command channel: frames to and from guest/agent.c, which describes their form."""

import time
import zlib

HEADER = 29
MAX_PAYLOAD = 65535


def frame(kind, number, payload=b''):
    fields = b'%c%08x%08x' % (ord(kind), number, len(payload))
    return b'~HV' + fields + b'%08x\n' % zlib.crc32(payload, zlib.crc32(fields)) + payload


class Decoder:
    """Feeds on bytes, yields (kind, number, payload); skips what is no valid frame."""

    def __init__(self):
        self.buffer = b''

    def feed(self, data):
        self.buffer += data
        while True:
            start = self.buffer.find(b'~')
            if start < 0:
                self.buffer = b''
                return
            self.buffer = self.buffer[start:]
            if len(self.buffer) < HEADER:
                return
            try:
                kind, number, size, crc = self.header()
            except ValueError:
                self.buffer = self.buffer[1:]
                continue
            if len(self.buffer) < HEADER + size:
                return
            payload = self.buffer[HEADER:HEADER + size]
            if zlib.crc32(payload, zlib.crc32(self.buffer[3:20])) != crc:
                self.buffer = self.buffer[1:]
                continue
            self.buffer = self.buffer[HEADER + size:]
            yield kind, number, payload

    def header(self):
        head = self.buffer[:HEADER]
        size = int(head[12:20], 16)
        if not head.startswith(b'~HV') or not head.endswith(b'\n') or size > MAX_PAYLOAD:
            raise ValueError
        return chr(head[3]), int(head[4:12], 16), size, int(head[20:28], 16)


class Command:
    """One command that runs in the guest."""

    def __init__(self, number, done):
        self.number, self.done, self.output = number, done, b''


class Channel:
    """Commands under way. `write` sends bytes to the guest; results go to the callbacks given to start()."""

    def __init__(self, write):
        self.write = write
        self.decoder = Decoder()
        self.commands = {}
        # The agent takes rising numbers only; the one in a snapshot has seen those of an earlier channel.
        self.last = int(time.time())
        self.ready = False

    def ping(self):
        self.write(frame('P', 0))

    def start(self, text, done):
        """Calls done(output, status) at the end; status is None when the line damaged the output."""
        self.last += 1
        command = self.commands[self.last] = Command(self.last, done)
        self.write(frame('C', self.last, text.encode()))
        return command

    def kill(self, command):
        if command.number in self.commands:
            self.write(frame('K', command.number))

    def feed(self, data):
        for kind, number, payload in self.decoder.feed(data):
            command = self.commands.get(number)
            if kind == 'P':
                self.ready = True
            elif kind == 'O' and command:
                command.output += payload
            elif kind == 'E' and command:
                del self.commands[number]
                status, size = (int(word) for word in payload.split())
                command.done(command.output, status if size == len(command.output) else None)
