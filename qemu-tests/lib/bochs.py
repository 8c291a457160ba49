# SPDX-License-Identifier: GPL-2.0
"""Bochs 3.0: its configuration, and snapshots of booted guests that are restored in a fraction of a second."""

import json
import os
import pathlib
import re
import shutil
import socket
import struct
import threading
import time

from lib import assets, cache, guest

DEFAULT_CPU = 'corei7_haswell_4770'
# Ticks of emulated time a second. A low value makes serial ports cheap; this one also boots fastest.
IPS = 20000000
KEEP_SNAPSHOTS = 12
LIBRARIES = 'usr/lib/x86_64-linux-gnu'

# These tell Linux a TSC frequency in CPUID that has nothing to do with Bochs' time: a second would take minutes.
WRONG_FREQUENCY = ('skylake', 'cnl', 'icelake', 'tigerlake', 'sapphire', 'arrow')


# Its MONITOR misses writes of a CPU that wrote to that page before: an idle CPU sleeps on (docs/bochs.md).
IDLE = 'idle=halt'


def extra_cmdline(cpu):
    return f'{IDLE} tsc_early_khz={IPS // 1000}' if any(name in cpu for name in WRONG_FREQUENCY) else IDLE


def cpu_line(cpu, cpus):
    """cpu: MODEL or MODEL,-feature,+feature."""
    model, *changes = cpu.split(',')
    text = f'cpu: model={model}, count={cpus}, ips={IPS}, reset_on_triple_fault=0, ignore_bad_msrs=1'
    for sign, option in (('-', 'exclude_features'), ('+', 'add_features')):
        names = [change[1:] for change in changes if change[0] == sign]
        if names:
            text += f', {option}="{", ".join(names)}"'
    return text


def bochsrc(config, ports):
    share = assets.bochs() / 'usr/share/bochs'
    memory = config['memory']
    serial = ''.join(f'com{number}: enabled=1, mode=socket-client, dev=127.0.0.1:{ports[name]}\n'
                     for number, name in enumerate(('console', 'gdb', 'channel'), 1))
    return f'''config_interface: textconfig
display_library: rfb, options="timeout=0"
{cpu_line(config['cpu'], config['cpus'])}
memory: guest={memory}, host={memory}
romimage: file={share}/BIOS-bochs-latest
vgaromimage: file={share}/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
ata0-master: type=disk, path=disk.img, mode=flat
ata1-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
{serial}speaker: enabled=0
port_e9_hack: enabled=1
log: bochs.log
panic: action=fatal
error: action=report
info: action=report
clock: sync=none
'''


def preload():
    source = cache.TESTS / 'lib/bochs_preload.c'

    def make(into):
        cache.run('gcc', '-O2', '-Wall', '-fPIC', '-shared', '-o', into / 'preload.so', source)
    return cache.once(cache.folder('programs') / guest.digest('preload', source.read_bytes()), make) / 'preload.so'


def command(config, folder, ports):
    root = assets.bochs()
    libraries = root / LIBRARIES
    if 'snapshot' in config:
        adapt(folder / 'restore/config', ports)
        how = ['-r', 'restore']
    else:
        (folder / 'bochsrc').write_text(bochsrc(config, ports))
        how = ['-f', 'bochsrc']
    argv = [libraries / 'ld-linux-x86-64.so.2', '--preload', preload(),
            '--library-path', f'{libraries}:/{LIBRARIES}', root / 'usr/bin/bochs-bin', '-q', *how]
    return [str(word) for word in argv], {'LTDL_LIBRARY_PATH': str(libraries / 'bochs/plugins'),
                                          'BXSHARE': str(root / 'usr/share/bochs')}


def adapt(path, ports):
    text = path.read_text()
    for number, name in enumerate(('console', 'gdb', 'channel'), 1):
        text, changed = re.subn(rf'^(com{number}:.*dev="?127\.0\.0\.1:)\d+', rf'\g<1>{ports[name]}', text, flags=re.M)
        if not changed:
            raise cache.Failure(f'no com{number} in {path}: the snapshot cannot be restored; use --fresh')
    path.write_text(text)


def prepare(config, folder):
    """For a boot without snapshot."""
    guest.boot_image(config['kernel'], config['cmdline'], folder / 'boot.iso')


def snapshot_name(config):
    plain = {key: config[key] for key in ('kernel', 'cpus', 'cpu', 'memory', 'cmdline')}
    ports = dict.fromkeys(('console', 'gdb', 'channel'), 0)
    return guest.digest(assets.bochs_version(), json.dumps(plain, sort_keys=True), bochsrc(config, ports),
                        guest.initramfs(config['kernel']))


def prepare_restored(config, folder, snapshot):
    """Everything but the configuration is only read (memory.ram is copied by Bochs), so it is shared."""
    restore = folder / 'restore'
    restore.mkdir()
    for path in snapshot.iterdir():
        (restore / path.name).symlink_to(path)
    (restore / 'config').unlink()
    shutil.copy(snapshot / 'config', restore / 'config')
    (folder / 'boot.iso').symlink_to(snapshot / 'boot.iso')
    if config.get('vmx_off'):
        lock_vmx_off(restore, config['cpus'])
    if config.get('strict_msrs'):
        refuse_unknown_msrs(restore / 'config')


def lock_vmx_off(restore, cpus):
    """As a BIOS does that disables VMX: IA32_FEATURE_CONTROL is locked without the enable bit."""
    for number in range(cpus):
        path = restore / f'cpu{number}'
        text, changed = re.subn(r'(ia32_feature_ctrl = )0x00000005', r'\g<1>0x00000001', path.read_text())
        if not changed:
            raise cache.Failure(f'no IA32_FEATURE_CONTROL in {path}')
        path.unlink()
        path.write_text(text)


def refuse_unknown_msrs(path):
    """Linux boots without, and reads some that Bochs lacks at every tick; here they are to fault."""
    text, changed = re.subn('ignore_bad_msrs=1', 'ignore_bad_msrs=0', path.read_text())
    if not changed:
        raise cache.Failure(f'no ignore_bad_msrs in {path}')
    path.write_text(text)


class Vnc:
    """Just enough of a VNC client to press Bochs' suspend button and to answer its questions."""

    def __init__(self, port):
        self.sock = socket.create_connection(('127.0.0.1', port), timeout=10)
        self.sock.sendall(self.take(12))        # its own protocol version (3.3) back
        self.take(4)                            # no authentication
        self.sock.sendall(b'\1')
        self.width, self.height = struct.unpack('>HH', self.take(4))
        self.take(16)
        self.take(struct.unpack('>I', self.take(4))[0])
        self.sock.settimeout(None)
        # The server stalls when nobody reads what it sends.
        threading.Thread(target=self.discard, daemon=True).start()
        self.sock.sendall(struct.pack('>BBHi', 2, 0, 1, 0))
        self.refresh()

    def take(self, count):
        data = b''
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise cache.Failure("Bochs' VNC server closed the connection")
            data += more
        return data

    def discard(self):
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass

    def refresh(self):
        self.sock.sendall(struct.pack('>BBHHHH', 3, 0, 0, 0, self.width, self.height))
        time.sleep(0.3)

    def click(self, x, y):
        for button in (0, 1, 0):
            self.sock.sendall(struct.pack('>BBHH', 5, button, x, y))
            time.sleep(0.15)

    def type(self, text):
        for key in [*text.encode(), 0xff0d]:
            for down in (1, 0):
                self.sock.sendall(struct.pack('>BBHI', 4, down, 0, key))
                time.sleep(0.03)


def save(log, target):
    """Saves the running Bochs whose log file is `log` into the empty folder `target`. Bochs ends by that."""
    ports = re.findall(r'listening for connections on port (\d+)', log.read_text(errors='replace'))
    if not ports:
        raise cache.Failure('Bochs has no VNC server: no snapshot can be taken')
    vnc = Vnc(int(ports[-1]))
    vnc.click(vnc.width - 48, 10)
    time.sleep(0.6)
    vnc.refresh()
    vnc.type(str(target))
    wait_complete(target)
    vnc.type('n')
    mend_plugin_order(target / 'config')


def wait_complete(target):
    """The disks' files come last; a busy host may pause before them for longer than any quiet time."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        times = [path.stat().st_mtime for path in target.iterdir()]
        if all((target / name).exists() for name in ('config', 'memory.ram', 'pci_ide.buffer1')) and time.time() - max(times) > 0.5:
            return
        time.sleep(0.1)
    raise cache.Failure('Bochs did not write its snapshot')


def mend_plugin_order(path):
    """Timers are saved by number, and a fresh start loads usb_uhci last, a restore in this line's order."""
    text = path.read_text().replace(' usb_uhci=true,', '').replace('unmapped=true', 'unmapped=true, usb_uhci=true')
    path.write_text(text)


def last_words(folder):
    """What of Bochs' log explains an end: failed entries and panics first, then the last lines."""
    path = folder / 'bochs.log'
    if not path.exists():
        return ''
    lines = path.read_text(errors='replace').splitlines()
    telling = [text for text in lines if re.search(r'VMENTER FAIL|VMFAIL|PANIC|3rd \(', text)]
    return '\n'.join(telling[:10] + ['...'] * bool(telling) + lines[-15:])
