# SPDX-License-Identifier: GPL-2.0
"""What runs in the guest: its programs, the initramfs, the boot image, and the archives delivered on its disk."""

import hashlib
import io
import os
import pathlib
import subprocess
import stat
import tarfile
import time

from lib import assets, cache

SOURCES = cache.TESTS / 'guest'
BUSYBOX = pathlib.Path('/bin/busybox')
# The disk on which files are delivered is an IDE one with every emulator.
DISK_DRIVERS = ['ata_piix', 'sd_mod']
FOLDERS = ['bin', 'dev', 'drivers', 'hvgdb', 'proc', 'root', 'share', 'sys', 'tmp']


def digest(*parts):
    value = hashlib.sha256()
    for part in parts:
        value.update(part if isinstance(part, bytes) else str(part).encode())
        value.update(b'\0')
    return value.hexdigest()[:16]


def program(source):
    """The static binary built from guest/NAME.c, kept in the cache by the source's contents."""
    text = source.read_bytes()

    def make(into):
        cache.run('gcc', '-O2', '-g', '-Wall', '-static', '-pthread', '-o', into / source.stem, source)
        cache.run('strip', '-o', into / 'stripped', into / source.stem)
    built = cache.once(cache.folder('programs') / digest(source.stem, text), make)
    return built / 'stripped'


def program_with_symbols(name):
    return program(SOURCES / (name + '.c')).parent / name


def labels(name):
    """{label: address} in a test program."""
    lines = subprocess.run(['nm', program_with_symbols(name)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in lines.splitlines() if len(line.split()) == 3}


def workloads():
    """{name: file} of the test programs."""
    return {source.stem: program(source) for source in sorted(SOURCES.glob('*.c')) if source.stem != 'agent'}


class Cpio:
    """Writes the "newc" archive that the kernel unpacks as its first root file system."""

    def __init__(self):
        self.out = io.BytesIO()
        self.inode = 0

    def add(self, name, mode, data=b'', device=(0, 0)):
        self.inode += 1
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
        self.out.write(b'070701' + ''.join(f'{field:08x}' for field in fields).encode())
        self.out.write(name.encode() + b'\0')
        self.pad()
        self.out.write(data)
        self.pad()

    def pad(self):
        self.out.write(bytes(-self.out.tell() % 4))

    def finish(self):
        self.add('TRAILER!!!', 0)
        return self.out.getvalue()


def initramfs(kernel):
    """Its bytes. Nothing of hvgdb itself is in it, so that snapshots outlive edits of the module."""
    if not BUSYBOX.exists():
        raise cache.Failure('busybox-static is not installed (qemu-tests/install-deps installs it)')
    archive = Cpio()
    for name in FOLDERS:
        archive.add(name, stat.S_IFDIR | (0o1777 if name == 'tmp' else 0o755))
    archive.add('dev/console', stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add('init', stat.S_IFREG | 0o755, (SOURCES / 'init').read_bytes())
    archive.add('bin/agent', stat.S_IFREG | 0o755, program(SOURCES / 'agent.c').read_bytes())
    archive.add('bin/busybox', stat.S_IFREG | 0o755, BUSYBOX.read_bytes())
    for applet in cache.run(BUSYBOX, '--list').split():
        if applet != 'busybox':
            archive.add('bin/' + applet, stat.S_IFLNK | 0o777, b'busybox')
    for path in sorted(drivers(kernel).iterdir()):
        archive.add(f'drivers/{path.name}', stat.S_IFREG | 0o644, path.read_bytes())
    return archive.finish()


def drivers(kernel):
    """The folder with the modules that init loads, numbered in their order."""
    def make(into):
        for number, (name, contents) in enumerate(assets.modules_with_dependencies(kernel, DISK_DRIVERS).items()):
            (into / f'{number:02}-{name}.ko').write_bytes(assets.stripped(contents))
    return cache.once(cache.folder('drivers') / kernel, make)


def boot_files(kernel, cmdline, into):
    """Puts vmlinuz and initrd into the folder."""
    os.link(assets.kernel(kernel) / 'boot' / ('vmlinuz-' + kernel), into / 'vmlinuz')
    (into / 'initrd').write_bytes(initramfs(kernel))
    (into / 'isolinux.cfg').write_text(f'DEFAULT linux\nLABEL linux\n  KERNEL vmlinuz\n  INITRD initrd\n  APPEND {cmdline}\n')


def boot_image(kernel, cmdline, iso):
    """Writes a CD image that boots the kernel (Bochs has no direct way)."""
    tree = iso.with_suffix('.tree')
    tree.mkdir()
    boot_files(kernel, cmdline, tree)
    for loader in ('/usr/lib/ISOLINUX/isolinux.bin', '/usr/lib/syslinux/modules/bios/ldlinux.c32'):
        if not os.path.exists(loader):
            raise cache.Failure(f'{loader} is missing (qemu-tests/install-deps installs it)')
        (tree / os.path.basename(loader)).write_bytes(pathlib.Path(loader).read_bytes())
    cache.run('xorriso', '-as', 'mkisofs', '-quiet', '-o', iso, '-b', 'isolinux.bin', '-c', 'boot.cat', '-no-emul-boot',
              '-boot-load-size', '4', '-boot-info-table', tree)
    for path in tree.iterdir():
        path.unlink()
    tree.rmdir()


class Delivery:
    """A tar archive to be unpacked in the guest's root folder."""

    def __init__(self):
        self.out = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.out, mode='w', format=tarfile.GNU_FORMAT)

    def add(self, path, name, mode=None):
        """Adds a file or a whole folder as `name`."""
        def adjust(info):
            info.uid = info.gid = 0
            info.uname = info.gname = ''
            if mode is not None:
                info.mode = mode
            return info
        self.tar.add(os.path.realpath(path), str(name).lstrip('/'), filter=adjust)

    def add_bytes(self, data, name, mode=0o644):
        info = tarfile.TarInfo(str(name).lstrip('/'))
        info.size, info.mode, info.mtime = len(data), mode, int(time.time())
        self.tar.addfile(info, io.BytesIO(data))

    def finish(self):
        self.tar.close()
        return self.out.getvalue()
