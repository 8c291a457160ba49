# SPDX-License-Identifier: GPL-2.0
"""The peer of `make bench`: a small Linux with KGDB, built once from Debian's linux-source and kept in the cache.

It runs in QEMU without VT-x, for only what passes on its line is counted: kgdboc on one serial port, behind the same
counting relay as hvgdb's machines. Debian's own kernels are built without KGDB.
"""

import atexit
import os
import pathlib
import select
import shutil
import socket
import subprocess
import tempfile
import threading

from lib import apt, cache, guest, line

SOURCE = 'linux-source-6.1'
PACKAGES = ['flex', 'bison', 'libelf-dev', 'bc']

# On top of tinyconfig: what a static program needs, two CPUs, one serial port for KGDB, symbols for gdb.
CONFIG = """
CONFIG_64BIT=y
CONFIG_SMP=y
CONFIG_X86_MPPARSE=y
CONFIG_PRINTK=y
CONFIG_TTY=y
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_MAGIC_SYSRQ=y
CONFIG_KGDB=y
CONFIG_KGDB_SERIAL_CONSOLE=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_BINFMT_ELF=y
CONFIG_MULTIUSER=y
CONFIG_POSIX_TIMERS=y
CONFIG_FUTEX=y
CONFIG_PROC_FS=y
CONFIG_KALLSYMS=y
CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE=y
# CONFIG_DEBUG_INFO_NONE is not set
CONFIG_DEBUG_INFO_DWARF4=y
CONFIG_FRAME_POINTER=y
CONFIG_UNWINDER_FRAME_POINTER=y
# CONFIG_RANDOMIZE_BASE is not set
"""


def unpack(into):
    for deb in apt.download([SOURCE], into):
        cache.run('dpkg-deb', '-x', deb, into)
        deb.unlink()
    archive = next(into.glob('usr/src/linux-source-*.tar.xz'))
    cache.run('tar', '-x', '-C', into, '--strip-components=1', '-f', archive)


def build(into):
    cache.say('building a kernel with KGDB, once (about ten minutes)')
    cache.run(cache.TESTS / 'install-deps', *PACKAGES)
    source = into / 'source'
    source.mkdir()
    unpack(source)
    make = ['nice', 'make', '-s', '-C', source, f'-j{os.cpu_count()}']
    cache.run(*make, 'tinyconfig')
    with open(source / '.config', 'a') as config:
        config.write(CONFIG)
    cache.run(*make, 'olddefconfig')
    settings = (source / '.config').read_text()
    for line in CONFIG.split('\n'):
        if line.startswith('CONFIG_') and line not in settings:
            raise cache.Failure(f'{SOURCE} does not take {line}')
    cache.run(*make, 'bzImage')
    shutil.copy(source / 'arch/x86/boot/bzImage', into / 'bzImage')
    shutil.copy(source / 'vmlinux', into / 'vmlinux')
    shutil.rmtree(source)


def kernel():
    """A folder with bzImage and vmlinux."""
    return cache.once(cache.folder('kgdb') / guest.digest(SOURCE, CONFIG), build)


def initramfs():
    source = cache.TESTS / 'bench-kgdb-init.c'

    def make(into):
        cache.run('gcc', '-O2', '-Wall', '-static', '-o', into / 'init', source)
    built = cache.once(cache.folder('programs') / guest.digest('bench-kgdb-init', source.read_bytes()), make)
    archive = guest.Cpio()
    archive.add('init', 0o100755, (built / 'init').read_bytes())
    return archive.finish()


class Relay(threading.Thread):
    """Passes the line on between gdb and the emulator, and counts."""

    def __init__(self, upstream):
        super().__init__(daemon=True)
        self.upstream = upstream
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.to_guest, self.to_gdb = line.Direction('to-guest'), line.Direction('to-gdb')
        self.start()

    def run(self):
        gdb, _ = self.server.accept()
        for sock in (gdb, self.upstream):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = {gdb: (self.upstream, self.to_guest), self.upstream: (gdb, self.to_gdb)}
        while True:
            for sock in select.select(list(ways), [], [])[0]:
                data = sock.recv(65536)
                if not data:
                    return
                other, direction = ways[sock]
                other.sendall(direction.feed(data))

    def total(self):
        return self.to_guest.bytes + self.to_gdb.bytes


class Machine:
    """The KGDB kernel in QEMU, waiting for gdb at relay.port before its first program runs."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        initrd = pathlib.Path(self.folder.name) / 'initrd'
        initrd.write_bytes(initramfs())
        listener = socket.create_server(('127.0.0.1', 0))
        command = ['qemu-system-x86_64', '-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'pc', '-accel', 'tcg',
                   '-smp', '2', '-m', '128', '-chardev', f'socket,id=gdb,host=127.0.0.1,port={listener.getsockname()[1]}',
                   '-serial', 'chardev:gdb', '-serial', f'file:{self.folder.name}/console', '-kernel', kernel() / 'bzImage', '-initrd', initrd,
                   '-append', 'console=ttyS1,115200 kgdboc=ttyS0,115200 kgdbwait rodata=off rdinit=/init']
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        atexit.register(self.end)
        self.relay = Relay(listener.accept()[0])
        listener.close()

    def console(self):
        return (pathlib.Path(self.folder.name) / 'console').read_text(errors='replace')

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()
