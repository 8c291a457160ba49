# SPDX-License-Identifier: GPL-2.0
"""The serial line between gdb and the guest: passes bytes on, counts them, and spoils them when a test asks for it."""

import time


class Direction:
    """One way of the line. feed() takes what arrives and returns what leaves."""

    def __init__(self, name):
        self.name = name
        self.faults = []
        self.paused = False
        self.held = b''
        self.reset()

    def reset(self):
        self.bytes = 0
        self.packets = 0

    def add_fault(self, action, what, count, skip):
        """action: corrupt or drop; what: byte or packet; `skip` of them pass first, then `count` are hit."""
        self.faults.append(Fault(action, what, count, skip))

    def feed(self, data):
        self.bytes += len(data)
        # A '$' inside a packet is escaped, so each one that is seen begins a packet.
        self.packets += data.count(b'$')
        for fault in self.faults:
            data = fault.apply(data)
        self.faults = [fault for fault in self.faults if fault.left]
        if self.paused:
            self.held += data
            return b''
        return data

    def resume(self):
        self.paused = False
        data, self.held = self.held, b''
        return data


class Fault:
    def __init__(self, action, what, count, skip):
        self.action, self.what, self.left, self.skip = action, what, count, skip
        self.position = None    # inside a packet: how many bytes since its '$'
        self.trailer = 0        # bytes of the check sum still to come

    def apply(self, data):
        return b''.join(self.byte(value) for value in data) if self.left else data

    def byte(self, value):
        if self.what == 'packet':
            return self.packet_byte(value)
        return self.spoil(value) if self.counts() else bytes([value])

    def counts(self):
        """Whether this byte or packet is one of those to be hit."""
        if self.skip:
            self.skip -= 1
            return False
        if self.left:
            self.left -= 1
            return True
        return False

    def packet_byte(self, value):
        if self.position is None:
            if value != ord('$') or not self.left or not self.may_begin():
                return bytes([value])
            self.position = 0
        else:
            self.position += 1
        spoilt = self.spoil(value) if self.action == 'drop' or self.position == 1 else bytes([value])
        self.track_end(value)
        return spoilt

    def may_begin(self):
        if self.skip:
            self.skip -= 1
            return False
        return True

    def track_end(self, value):
        """The packet ends two characters after its '#'; only then is it counted as hit."""
        if self.trailer:
            self.trailer -= 1
            if not self.trailer:
                self.position = None
                self.left -= 1
        elif value == ord('#'):
            self.trailer = 2

    def spoil(self, value):
        return b'' if self.action == 'drop' else bytes([value ^ 0x01])


class Line:
    """Both ways, with an optional log of the raw traffic."""

    def __init__(self):
        self.to_guest = Direction('to-guest')
        self.to_gdb = Direction('to-gdb')
        self.log = None

    def directions(self, name):
        return [d for d in (self.to_guest, self.to_gdb) if name in ('both', d.name)]

    def feed(self, direction, data):
        if self.log:
            print(f'{time.time():.6f} {direction.name} {data!r}', file=self.log, flush=True)
        return direction.feed(data)

    def log_to(self, path):
        if self.log:
            self.log.close()
        self.log = open(path, 'a') if path else None

    def stats(self, reset):
        result = {d.name: {'bytes': d.bytes, 'packets': d.packets} for d in (self.to_guest, self.to_gdb)}
        if reset:
            self.to_guest.reset()
            self.to_gdb.reset()
        return result
