#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Splits a serial line that gdb and the console of the debugged machine share.

    hvsplit.py /dev/ttyUSB0 --gdb 3333          the console's text appears here
    gdb -ex 'target remote localhost:3333' vmlinux

LINE is a serial device, or HOST:PORT of a terminal server (ser2net in raw mode, socat). Runs on the developer's machine;
on the other one `hvgdbctl attach ttyS0 --share` holds the line. What is a packet of the remote protocol (its check sum
says so) goes to gdb, everything else is text. Text that looks like the beginning of a packet is held back for half a
second at most. The console is for reading: what is typed would be read by hvgdb, not by a shell.
"""

import argparse
import os
import selectors
import socket
import sys
import termios
import time
import tty

PATIENCE = 0.5          # seconds in which an unfinished packet has to go on
LONGEST = 0x8000        # no packet of hvgdb's is longer; what is, is text
HEX = b'0123456789abcdefABCDEF'


class Packets:
    """Finds packets in what gdb sends, to know how many acknowledgements it expects."""

    def __init__(self):
        self.data = None

    def feed(self, data):
        """The contents of the packets that end in data."""
        for byte in data:
            if byte == ord('$'):
                self.data = bytearray()
            elif byte == ord('#') and self.data is not None:
                yield bytes(self.data)
                self.data = None
            elif self.data is not None:
                self.data.append(byte)


class Splitter:
    """Bytes of the line in, bytes for gdb and for the console out. Knows no sockets and no clock."""

    def __init__(self):
        self.reset()

    def reset(self):
        """There is no gdb, or a new one."""
        self.from_gdb = Packets()
        self.candidate = b''    # what may become a packet, from its '$' on
        self.awaited = 0        # acknowledgements
        self.no_ack = False
        self.leaves_acks = False    # gdb has asked for no more: true from the next reply on

    def gdb_sent(self, data):
        for packet in self.from_gdb.feed(data):
            if packet.startswith(b'qSupported'):
                self.no_ack = False
                self.awaited = 0
            self.leaves_acks = packet == b'QStartNoAckMode'
            if not self.no_ack:
                self.awaited += 1

    def line_sent(self, data):
        """(for gdb, for the console)."""
        packets, text = bytearray(), bytearray()
        data = bytearray(data)
        at = 0
        while at < len(data):
            byte = data[at:at + 1]
            at += 1
            if self.candidate:
                rejected = self.continue_packet(byte, packets)
                if rejected:
                    # Its '$' was text; what follows may hold an acknowledgement, or the next '$'.
                    text += rejected[:1]
                    data[:at] = rejected[1:]
                    at = 0
            elif byte == b'$':
                self.candidate = b'$'
            elif byte in b'+-' and self.awaited:
                self.awaited -= 1
                packets += byte
            else:
                text += byte
        return bytes(packets), bytes(text)

    def continue_packet(self, byte, packets):
        """What is no packet after all, or nothing."""
        if byte == b'$':
            rejected, self.candidate = self.candidate, b''
            return rejected + byte
        self.candidate += byte
        mark = self.candidate.find(b'#')
        behind = len(self.candidate) - mark - 1
        if len(self.candidate) > LONGEST or (mark >= 0 and behind and byte not in HEX):
            rejected, self.candidate = self.candidate, b''
            return rejected
        if mark < 0 or behind < 2:
            return b''
        whole, self.candidate = self.candidate, b''
        if sum(whole[1:mark]) & 0xff != int(whole[mark + 1:], 16):
            return whole
        packets += whole
        if self.leaves_acks:
            self.no_ack, self.leaves_acks, self.awaited = True, False, 0
        return b''

    def give_up(self):
        """The line is silent: what was held back is text."""
        held, self.candidate = self.candidate, b''
        return held


def open_line(name, baud):
    """A file descriptor of the serial device or terminal server."""
    host, colon, port = name.rpartition(':')
    if colon and not os.path.exists(name):
        sock = socket.create_connection((host or 'localhost', int(port)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock.detach()
    descriptor = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    speed = getattr(termios, f'B{baud}', None)
    if speed is None:
        raise SystemExit(f'hvsplit: --baud {baud} is no rate of this system')
    tty.setraw(descriptor)
    settings = termios.tcgetattr(descriptor)
    settings[2] = settings[2] & ~(termios.CRTSCTS | termios.CSTOPB) | termios.CLOCAL | termios.CREAD
    settings[4] = settings[5] = speed
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    os.set_blocking(descriptor, True)
    return descriptor


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data):]


class End:
    """Where gdb or the reader of the console comes in: a TCP port on this machine, or a pseudo terminal."""

    def __init__(self, selector, where, what, received, changed=lambda: None):
        self.selector, self.received, self.changed = selector, received, changed
        self.peer = None
        if where == 'pty':
            self.peer, self.held = os.openpty()
            tty.setraw(self.held)
            os.set_blocking(self.peer, False)
            selector.register(self.peer, selectors.EVENT_READ, self.ready)
            print(f'hvsplit: {what} at {os.ttyname(self.held)}', file=sys.stderr, flush=True)
            self.is_pty = True
            return
        self.is_pty = False
        self.server = socket.create_server(('127.0.0.1', int(where)))
        selector.register(self.server, selectors.EVENT_READ, self.accept)
        print(f'hvsplit: {what} at localhost:{self.server.getsockname()[1]}', file=sys.stderr, flush=True)

    def accept(self):
        sock = self.server.accept()[0]
        if self.peer is not None:
            # One at a time: whoever is there stays.
            sock.close()
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = sock.detach()
        self.changed()
        self.selector.register(self.peer, selectors.EVENT_READ, self.ready)

    def ready(self):
        try:
            data = os.read(self.peer, 65536)
        except OSError:
            data = b''
        if data:
            self.received(data)
        elif not self.is_pty:
            self.leave()

    def leave(self):
        self.selector.unregister(self.peer)
        os.close(self.peer)
        self.peer = None
        self.changed()

    def send(self, data):
        """A reader of the console that does not read, or has gone, must not stop gdb; gdb always reads."""
        if self.peer is None or not data:
            return
        try:
            write_all(self.peer, data)
        except BlockingIOError:
            pass
        except OSError:
            self.leave()


class Output:
    """The console's text on our own standard output."""

    def send(self, data):
        if data:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()


class Split:
    def __init__(self, options):
        self.selector = selectors.DefaultSelector()
        self.splitter = Splitter()
        self.line = open_line(options.line, options.baud)
        self.last_byte = 0
        self.selector.register(self.line, selectors.EVENT_READ, self.line_ready)
        self.gdb = End(self.selector, options.gdb, 'gdb', self.gdb_sent, self.gdb_changed)
        if options.console == '-':
            self.console = Output()
        else:
            self.console = End(self.selector, options.console, 'console', lambda data: None)

    def gdb_changed(self):
        self.console.send(self.splitter.give_up())
        self.splitter.reset()

    def gdb_sent(self, data):
        self.splitter.gdb_sent(data)
        write_all(self.line, data)

    def line_ready(self):
        data = os.read(self.line, 65536)
        if not data:
            raise SystemExit('hvsplit: the line was closed')
        self.last_byte = time.monotonic()
        if self.gdb.peer is None:
            self.console.send(data)
            return
        packets, text = self.splitter.line_sent(data)
        self.gdb.send(packets)
        self.console.send(text)

    def run(self):
        while True:
            held = self.splitter.candidate
            for key, _ in self.selector.select(PATIENCE if held else None):
                key.data()
            if self.splitter.candidate and time.monotonic() - self.last_byte > PATIENCE:
                self.console.send(self.splitter.give_up())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('line', metavar='LINE', help='serial device, or HOST:PORT')
    parser.add_argument('--baud', type=int, default=115200, help='of a serial device (default 115200)')
    parser.add_argument('--gdb', default='3333', metavar='PORT|pty', help='where gdb connects (default 3333)')
    parser.add_argument('--console', default='-', metavar='PORT|pty|-', help='where the text goes (default: -, here)')
    try:
        Split(parser.parse_args()).run()
    except (OSError, ValueError) as problem:
        raise SystemExit(f'hvsplit: {problem}') from None
    except KeyboardInterrupt:
        pass


if __name__ == '__main__':
    main()
