# SPDX-License-Identifier: GPL-2.0
"""The peer of `make bench`: a small Linux with KGDB, built once from Debian's linux-source and kept in the cache.

It runs in QEMU without VT-x, for only what passes on its line is counted: kgdboc on one serial port, behind the same
counting relay as hvgdb's machines. Debian's own kernels are built without KGDB.
"""

import os
import pathlib
import shutil
import subprocess

from lib import apt, cache, guest

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
