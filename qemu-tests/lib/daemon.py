# SPDX-License-Identifier: GPL-2.0
"""The background process of one machine: runs the emulator and holds the other ends of its serial ports.

com1 is the console (to console.log, and to and from whoever connects to the console port), com2 the gdb line (relayed to whoever connects to the gdb port), com3 the
command channel. `vm` talks to it by the socket `control` in the machine's folder: one JSON object each way.
Started as: daemon.py FOLDER. Ends on SIGTERM or on the request "stop", and takes the emulator with it.
"""

import ctypes
import json
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib import backends, cache, channel, line  # noqa: E402

TICK = 0.1
# How long a command may take to die after it was killed for being late.
GRACE = 3
# An idle guest in Bochs still takes a whole CPU of the host: it is stopped when nobody has wanted anything of it
# for so many seconds, and goes on with the next command or gdb. Its clock does not notice.
IDLE = 120


class Stop(Exception):
    pass


class Peer:
    """A connected socket that never blocks: what cannot be sent at once waits."""

    def __init__(self, daemon, sock, receive, closed):
        sock.setblocking(False)
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.daemon, self.sock, self.receive, self.closed = daemon, sock, receive, closed
        self.pending = b''
        daemon.selector.register(sock, selectors.EVENT_READ, self.ready)

    def ready(self, mask):
        if mask & selectors.EVENT_WRITE:
            self.send(b'')
        if mask & selectors.EVENT_READ and self.sock:
            self.read()

    def read(self):
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if data:
            self.receive(data)
        else:
            self.close()

    def send(self, data):
        if not self.sock:
            return
        self.pending += data
        try:
            while self.pending:
                self.pending = self.pending[self.sock.send(self.pending):]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.pending else 0)
        self.daemon.selector.modify(self.sock, events, self.ready)

    def close(self):
        if self.sock:
            self.daemon.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None
            self.closed()


class Request:
    """One connection to the control socket."""

    def __init__(self, daemon, sock):
        self.daemon = daemon
        self.text = b''
        self.check = None      # called each tick until it returns the answer
        self.abandoned = lambda: None
        self.peer = Peer(daemon, sock, self.receive, self.closed)

    def receive(self, data):
        self.text += data
        if self.text.endswith(b'\n'):
            self.daemon.handle(self, json.loads(self.text))

    def answer(self, **fields):
        self.check = None
        self.abandoned = lambda: None
        self.peer.send(json.dumps(fields).encode() + b'\n')
        self.peer.close()

    def closed(self):
        self.daemon.requests.discard(self)
        self.daemon.last_use = time.monotonic()
        self.abandoned()


class Daemon:
    def __init__(self, folder):
        self.folder = folder
        self.config = json.loads((folder / 'vm.json').read_text())
        self.selector = selectors.DefaultSelector()
        self.line = line.Line()
        self.channel = channel.Channel(self.to_channel)
        self.console = open(folder / 'console.log', 'ab', buffering=0)
        self.requests = set()
        self.ports = {}         # emulator's end of com1 to com3
        self.gdb = None
        self.console_peer = None
        self.death = None       # a sentence once the emulator has ended
        self.asleep = False
        self.last_use = time.monotonic()

    # Sockets

    def listen(self, accepted, port=0):
        server = socket.create_server(('127.0.0.1', port))
        server.setblocking(False)
        self.selector.register(server, selectors.EVENT_READ, lambda mask: accepted(server.accept()[0]))
        return server.getsockname()[1]

    def listen_serial(self, name, receive):
        def accepted(sock):
            self.ports[name] = Peer(self, sock, receive, lambda: self.ports.pop(name, None))
        return self.listen(accepted)

    def listen_control(self):
        # By way of the folder's descriptor, because the path of a UNIX socket may only have 107 characters.
        self.folder_fd = os.open(self.folder, os.O_PATH)
        server = socket.socket(socket.AF_UNIX)
        server.bind(f'/proc/self/fd/{self.folder_fd}/control.new')
        server.listen(16)
        # Whoever sees the name may connect: that works only from here on.
        (self.folder / 'control.new').rename(self.folder / 'control')
        server.setblocking(False)
        self.selector.register(server, selectors.EVENT_READ,
                               lambda mask: self.requests.add(Request(self, server.accept()[0])))

    # The gdb line

    def gdb_connected(self, sock):
        self.wake()
        if self.gdb:
            self.gdb.close()
        self.gdb = Peer(self, sock, self.from_gdb, self.gdb_closed)

    def gdb_closed(self):
        self.gdb = None
        self.last_use = time.monotonic()

    def from_gdb(self, data):
        self.to_port('gdb', self.line.feed(self.line.to_guest, data))

    def from_guest(self, data):
        self.to_gdb(self.line.feed(self.line.to_gdb, data))

    def to_gdb(self, data):
        if self.gdb and data:
            self.gdb.send(data)

    # The console

    def console_connected(self, sock):
        self.wake()
        if self.console_peer:
            self.console_peer.close()
        self.console_peer = Peer(self, sock, lambda data: self.to_port('console', data), self.console_closed)

    def console_closed(self):
        self.console_peer = None
        self.last_use = time.monotonic()

    def from_console(self, data):
        self.console.write(data)
        if self.console_peer:
            self.console_peer.send(data)

    def to_port(self, name, data):
        if name in self.ports and data:
            self.ports[name].send(data)

    def to_channel(self, data):
        self.to_port('channel', data)

    # The emulator

    def start_emulator(self, ports):
        argv, environment = backends.command(self.config, self.folder, ports)
        libc = ctypes.CDLL(None)

        def prepare():
            # Bochs writes to a port whose other end is gone; that must not kill it. And it must not outlive us.
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            libc.prctl(1, signal.SIGKILL)
        with open(self.folder / 'emulator.out', 'ab') as out:
            self.emulator = subprocess.Popen(argv, env={**os.environ, **environment}, cwd=self.folder,
                                             stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                             start_new_session=True, restore_signals=False, preexec_fn=prepare)
        self.emulator_fd = os.pidfd_open(self.emulator.pid)
        self.selector.register(self.emulator_fd, selectors.EVENT_READ, self.emulator_ended)

    def emulator_ended(self, mask):
        self.selector.unregister(self.emulator_fd)
        self.death = f'the emulator has ended with code {self.emulator.wait()}'

    def stop_emulator(self):
        if self.emulator.poll() is None:
            os.killpg(self.emulator.pid, signal.SIGKILL)
            self.emulator.wait()

    def wake(self):
        self.last_use = time.monotonic()
        if self.asleep:
            self.asleep = False
            os.killpg(self.emulator.pid, signal.SIGCONT)

    def sleep_if_idle(self):
        idle = time.monotonic() - self.last_use > IDLE and not self.gdb and not self.console_peer and not self.requests
        if idle and not self.asleep and not self.death and self.config['backend'] == 'bochs' and self.channel.ready:
            self.asleep = True
            os.killpg(self.emulator.pid, signal.SIGSTOP)

    # Requests

    def handle(self, request, fields):
        try:
            getattr(self, 'do_' + fields.pop('do'))(request, **fields)
        except (OSError, TypeError, AttributeError) as problem:
            request.answer(error=f'{type(problem).__name__}: {problem}')

    def do_ready(self, request, timeout):
        deadline = time.monotonic() + timeout

        def check():
            if self.channel.ready:
                return {}
            if self.death:
                return {'error': self.death}
            if time.monotonic() > deadline:
                return {'error': f'the guest did not answer within {timeout:g} seconds'}
            return None
        request.check = check

    def do_sh(self, request, command, timeout):
        if self.death:
            request.answer(error=self.death)
            return

        self.wake()

        def done(output, status):
            answer = {'output': output.decode('latin-1'), 'status': status, 'late': late()}
            if status is None:
                answer['error'] = 'part of the output was lost on the command channel'
            request.answer(**answer)
        started = self.channel.start(command, done)
        deadline = time.monotonic() + timeout

        def late():
            return time.monotonic() > deadline

        def check():
            if self.death:
                return {'error': self.death}
            if time.monotonic() > deadline + GRACE:
                return {'error': f'no answer from the guest within {timeout:g} seconds '
                                 '(it does not run: halted by gdb, hung or very slow)', 'late': True}
            if late() and not hasattr(started, 'killed'):
                started.killed = True
                self.channel.kill(started)
            return None
        request.check = check
        request.abandoned = lambda: self.channel.kill(started)

    def do_stats(self, request, reset):
        request.answer(**self.line.stats(reset), connected=bool(self.gdb))

    def do_fault(self, request, direction, action, what, count, skip):
        for way in self.line.directions(direction):
            way.add_fault(action, what, count, skip)
        request.answer()

    def do_pause(self, request, direction):
        for way in self.line.directions(direction):
            way.paused = True
        request.answer()

    def do_resume(self, request, direction):
        for way in self.line.directions(direction):
            send = self.to_gdb if way is self.line.to_gdb else lambda data: self.to_port('gdb', data)
            send(way.resume())
        request.answer()

    def do_line_log(self, request, path):
        self.line.log_to(path)
        request.answer()

    def do_unplug(self, request):
        if self.gdb:
            self.gdb.close()
        request.answer()

    def do_status(self, request):
        request.answer(death=self.death, ready=self.channel.ready, asleep=self.asleep, gdb=bool(self.gdb), emulator=self.emulator.pid)

    def do_stop(self, request):
        self.stop_emulator()
        request.answer()
        raise Stop

    # The loop

    def tick(self):
        if not self.channel.ready:
            self.channel.ping()
        for request in list(self.requests):
            answer = request.check and request.check()
            if answer is not None:
                request.answer(**answer)

    def run(self):
        ports = {'console': self.listen_serial('console', self.from_console),
                 'gdb': self.listen_serial('gdb', self.from_guest),
                 'channel': self.listen_serial('channel', self.from_channel)}
        gdb_port = self.listen(self.gdb_connected, self.config['gdb_port'])
        console_port = self.listen(self.console_connected)
        self.start_emulator(ports)
        write_whole(self.folder / 'daemon.json', json.dumps(
            {'pid': os.getpid(), 'emulator': self.emulator.pid, 'gdb_port': gdb_port,
             'console_port': console_port}))
        self.listen_control()
        try:
            while True:
                self.turn()
        except Stop:
            pass
        finally:
            self.stop_emulator()

    def from_channel(self, data):
        self.channel.feed(data)
        self.tick()

    def turn(self):
        idle = self.channel.ready and not self.requests
        for key, mask in self.selector.select(IDLE / 4 if idle else TICK):
            key.data(mask)
        self.sleep_if_idle()
        if time.monotonic() >= self.next_tick:
            self.next_tick = time.monotonic() + TICK
            self.tick()

    next_tick = 0


def write_whole(path, text):
    """The file appears with all of its contents or not at all."""
    temporary = path.with_suffix('.new')
    temporary.write_text(text)
    temporary.rename(path)


def terminate(number, frame):
    raise Stop


def main():
    signal.signal(signal.SIGTERM, terminate)
    try:
        Daemon(pathlib.Path(sys.argv[1])).run()
    except (cache.Failure, OSError) as problem:
        print(problem, flush=True)
        return 1
    except Stop:
        pass
    return 0


if __name__ == '__main__':
    sys.exit(main())
