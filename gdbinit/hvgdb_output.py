# SPDX-License-Identifier: GPL-2.0
"""Outputs on the developer's machine: `hv output create|open|close|remove`, in the words of `monitor output`.

Rules that name such an output are recorded below the kernel, without a halt, and wait there until gdb fetches them:
at every stop, and with `hv output fetch`. (While the guest runs gdb may not ask it anything, and what comes by itself can
only be console text.) What finds no room is counted, and said where it is missing. For a stream without stops make the
output in the guest, with `monitor output create NAME tcp HOST:PORT`.

The layout of a record is kmod/uapi/hvgdb_ring.h.
"""

import json
import os
import socket
import stat
import struct

import gdb

RECORD = 128
HEAD = struct.Struct('<QQIHHII')
EVENT = struct.Struct('<9B B2x III16sQQQ')
LOSS = struct.Struct('<IIQ')
TYPE_EVENT, TYPE_TEXT, TYPE_LOST = 1, 2, 3
MORE = 1
KINDS = ['exception', 'interrupt', 'dr']
TRACKS = ['exceptions', 'interrupts', 'debug registers', 'texts', 'lost']
ANSWERS = ['delivered', 'suppressed', 'skipped', 'stopped']
NAMES = {0: 'de', 1: 'db', 2: 'nmi', 3: 'bp', 4: 'of', 5: 'br', 6: 'ud', 7: 'nm', 8: 'df', 10: 'ts', 11: 'np', 12: 'ss', 13: 'gp',
         14: 'pf', 16: 'mf', 17: 'ac', 18: 'mc', 19: 'xm', 20: 've', 21: 'cp'}
FORMATS = ['text', 'json', 'trace']
# What a receiver that does not take anything may hold up gdb's stops.
PATIENCE = 2


def event_fields(body):
    kind, stage, vector, cpl, answer, has_error, dr, direction, _gpr, _real, error, pid, tid, comm, rip, address, value = EVENT.unpack_from(body)
    fields = {'kind': KINDS[kind]}
    if kind == 2:
        fields['name'] = f'{"read" if direction else "write"} dr{dr}'
    else:
        fields['name'] = '#' + NAMES[vector] if kind == 0 and vector in NAMES else f'{vector:#x}'
    fields['stage'] = 'post' if stage else 'pre'
    if kind != 2:
        fields['vector'] = vector
    if has_error:
        fields['error'] = error
    if kind == 0 and vector in (1, 14):
        fields['address'] = f'{address:#x}'
    if kind == 2:
        fields.update(register=dr, value=f'{value:#x}')
    fields.update(rip=f'{rip:#x}', cpl=cpl, pid=pid, tid=tid, comm=comm.split(b'\0')[0].decode('latin-1'), answer=ANSWERS[answer])
    return fields


def messages(data):
    """(outputs, dictionary) of each message in the records; a text may have several."""
    text = {}
    for at in range(0, len(data), RECORD):
        sequence, tsc, cpu, kind, flags, rule, outputs = HEAD.unpack_from(data, at)
        body = data[at + HEAD.size:at + RECORD]
        head = {'tsc': tsc, 'cpu': cpu, 'seq': sequence, 'rule': rule}
        if kind == TYPE_EVENT:
            yield outputs, {**head, 'type': 'event', **event_fields(body)}
        elif kind == TYPE_TEXT:
            text[cpu] = text.get(cpu, '') + body[4:4 + int.from_bytes(body[:4], 'little')].decode('latin-1')
            if not flags & MORE:
                yield outputs, {**head, 'type': 'text', 'text': text.pop(cpu)}
        elif kind == TYPE_LOST:
            for number in range(6):
                lost_rule, lost_outputs, count = LOSS.unpack_from(body, number * LOSS.size)
                if count:
                    yield lost_outputs, {**head, 'type': 'lost', 'rule': lost_rule, 'count': count}


def as_text(message):
    if message['type'] == 'text':
        return message['text']
    if message['type'] == 'lost':
        return f'[tsc {message["tsc"]}] hvgdb: {message["count"]} lost here, of rule {message["rule"]:#x}, on CPU {message["cpu"]}\n'
    words = ', '.join(f'{name} {value}' for name, value in message.items() if name not in ('tsc', 'type', 'rule', 'seq'))
    return f'[tsc {message["tsc"]}] rule {message["rule"]:#x}: {words}\n'


def as_trace(message, khz):
    place = {'pid': message['cpu'] + 1}
    track = {'text': 3, 'lost': 4}.get(message['type'])
    if track is None:
        track = KINDS.index(message['kind'])
    place['tid'] = place['pid'] * len(TRACKS) + track
    name = message.get('name') or message.get('text', f'lost {message.get("count")}')[:40]
    args = {key: value for key, value in message.items() if key not in ('tsc', 'cpu', 'type')}
    return ',\n' + json.dumps({'name': name, 'cat': message.get('kind', message['type']), 'ph': 'i', 's': 't',
                               'ts': round(message['tsc'] * 1000 / khz, 3), **place, 'args': args})


class Output:
    """One receiver on this machine. number is that of the output below the kernel."""

    def __init__(self, kind, address, form):
        self.kind, self.address, self.form = kind, address, form
        self.number = self.file = self.problem = None
        self.sent = self.lost = 0
        self.begun = False

    def connect(self):
        if self.kind == 'file':
            return open(self.address, 'ab', buffering=0)
        if self.kind == 'namedpipe':
            if not os.path.exists(self.address):
                os.mkfifo(self.address, 0o600)
            if not stat.S_ISFIFO(os.stat(self.address).st_mode):
                raise OSError(f'{self.address} is no FIFO')
            return os.fdopen(os.open(self.address, os.O_RDWR | os.O_NONBLOCK), 'wb', buffering=0)
        if self.kind == 'tcp':
            host, port = self.address.rsplit(':', 1)
            return socket.create_connection((host.strip('[]'), int(port)), PATIENCE)
        receiver = socket.socket(socket.AF_UNIX)
        receiver.settimeout(PATIENCE)
        receiver.connect(self.address)
        return receiver

    def line(self, message, khz):
        if self.form == 'json':
            return json.dumps(message) + '\n'
        return as_trace(message, khz) if self.form == 'trace' else as_text(message)

    def prologue(self, cpus):
        if self.form != 'trace' or self.begun:
            return ''
        rows = [{'name': 'process_name', 'ph': 'M', 'pid': cpu + 1, 'tid': (cpu + 1) * len(TRACKS), 'args': {'name': f'CPU {cpu}'}}
                for cpu in cpus]
        rows += [{'name': 'thread_name', 'ph': 'M', 'pid': cpu + 1, 'tid': (cpu + 1) * len(TRACKS) + track, 'args': {'name': name}}
                 for cpu in cpus for track, name in enumerate(TRACKS)]
        return '[\n' + ',\n'.join(json.dumps(row) for row in rows)

    def write(self, found, khz, cpus):
        """A receiver that fails loses these messages, and is tried again with the next."""
        events = sum(message['type'] != 'lost' for message in found)
        self.lost += sum(message.get('count', 0) for message in found)
        try:
            self.file = self.file or self.connect()
            data = (self.prologue(cpus) + ''.join(self.line(message, khz) for message in found)).encode('latin-1', 'replace')
            if isinstance(self.file, socket.socket):
                self.file.sendall(data)
            elif self.file.write(data) != len(data):
                raise OSError('the receiver takes no more')
            self.begun, self.problem = True, None
            self.sent += events
        except OSError as problem:
            self.close()
            self.problem = str(problem)
            self.lost += events

    def close(self):
        if self.file:
            self.file.close()
        self.file = None
        # A connection begins anew, a file goes on.
        self.begun = self.begun and self.kind == 'file'

    def end(self):
        if self.form == 'trace' and self.begun and self.kind == 'file':
            with open(self.address, 'ab') as file:
                file.write(b'\n]\n')
        self.close()


outputs = {}


def output_command(line):
    """Not `monitor`: hvgdb.py has that, and gdb gives all its scripts one namespace."""
    return gdb.execute(f'monitor {line}', to_string=True)


def fetch():
    """Takes what has been recorded since, and hands it out."""
    connection = gdb.selected_inferior().connection
    if not outputs or not isinstance(connection, gdb.RemoteTargetConnection):
        return
    data = bytearray()
    while True:
        reply = connection.send_packet('qHvgdb.Records')
        if not reply or reply == b'none' or reply[:1] == b'E':
            break
        data += bytes.fromhex(reply.decode())
    found = list(messages(bytes(data)))
    if not found:
        return
    cpus = sorted({thread.ptid[1] - 1 for thread in gdb.selected_inferior().threads()})
    for output in outputs.values():
        mine = [message for wanted, message in found if output.number is not None and wanted >> output.number & 1]
        if mine:
            output.write(mine, tsc_khz(), cpus)


def tsc_khz():
    """The kernel's own figure; microseconds of a trace need it."""
    try:
        return int(gdb.parse_and_eval('(unsigned int)tsc_khz')) or 1000000
    except gdb.error:
        return 1000000


def fetch_at_stop(_event):
    try:
        fetch()
    except (gdb.error, ValueError) as problem:
        print(f'hvgdb: the records could not be fetched: {problem}')


class OutputCommand(gdb.Command):
    """hv output: outputs of rules on this machine, where gdb runs.

    hv output                                             the list
    hv output create NAME file|namedpipe|tcp|unix ADDRESS [format text|json|trace]
    hv output open|close|remove NAME
    hv output fetch                                       takes what is recorded now; every stop does

    A rule names it like any other: monitor !dr output { NAME }"""

    def __init__(self):
        super().__init__('hv output', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not words:
            self.show()
        elif words == ['fetch']:
            fetch()
        elif words[0] == 'create':
            self.create(words[1:])
        elif words[0] in ('open', 'close', 'remove') and len(words) == 2:
            self.change(*words)
        else:
            raise gdb.GdbError('See `help hv output`.')

    def show(self):
        for name, output in outputs.items():
            print(f'{name}  {output.kind} {output.address}  {output.form}  sent {output.sent}, lost {output.lost}'
                  + (f', {output.problem}' if output.problem else ''))
        if not outputs:
            print('no outputs here')

    def create(self, words):
        form = 'text'
        if len(words) == 5 and words[3] == 'format':
            form = words[4]
            words = words[:3]
        if len(words) != 3 or form not in FORMATS:
            raise gdb.GdbError('hv output create NAME file|namedpipe|tcp|unix ADDRESS [format text|json|trace]')
        name, kind, address = words
        kind = {'fifo': 'namedpipe'}.get(kind, kind)
        if kind not in ('file', 'namedpipe', 'tcp', 'unix'):
            raise gdb.GdbError(f'{kind} is not file, namedpipe, tcp or unix')
        answer = output_command(f'output create {name} gdb')
        if answer:
            raise gdb.GdbError(answer.strip())
        outputs[name] = Output(kind, address if kind == 'tcp' else os.path.expanduser(address), form)

    def change(self, verb, name):
        if name not in outputs:
            raise gdb.GdbError(f'There is no output {name} here: `hv output` lists them.')
        fetch()
        answer = output_command(f'output {verb} {name}')
        if answer:
            raise gdb.GdbError(answer.strip())
        if verb == 'open':
            outputs[name].number = number_of(name)
        else:
            outputs[name].end()
        if verb == 'remove':
            del outputs[name]


def number_of(name):
    """The bit of an output in records: its place in the list below the kernel."""
    for line in output_command('output').splitlines():
        if line.split('  ')[0] == name:
            return int(line.rsplit('number ', 1)[1])
    raise gdb.GdbError(f'{name} is not in the list of outputs')


OutputCommand()
gdb.events.stop.connect(fetch_at_stop)
