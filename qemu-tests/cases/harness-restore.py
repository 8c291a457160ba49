# SPDX-License-Identifier: GPL-2.0
"""Restored machines: two at once, the same boot, apart from each other, with what was delivered to each."""

import pathlib
import tempfile

from lib.case import VM, check, equal

# With times and dates. (The boot id is made when it is first read, of whatever has come in until then.)
FIRST_WORDS = 'dmesg | head -n 150'

with tempfile.TemporaryDirectory() as share:
    (pathlib.Path(share) / 'folder').mkdir()
    content = bytes(range(256)) * 4096
    (pathlib.Path(share) / 'folder/data').write_bytes(content)
    first = VM(load=None, cpus=2, backend='bochs', share=share)
    second = VM(load=None, cpus=2, backend='bochs')
    equal(first.sh(FIRST_WORDS).splitlines(), second.sh(FIRST_WORDS).splitlines(), 'the kernel log of two restored machines')
    equal(len(first.sh(FIRST_WORDS).splitlines()), 150, 'lines of it')
    equal(first.sh('grep -c ^processor /proc/cpuinfo'), '2\n', 'number of CPUs')
    first.sh('touch /tmp/mine')
    equal(second.sh('ls /tmp'), '', 'files of the second machine')
    equal(first.sh('stat -c %s /share/folder/data'), f'{len(content)}\n', 'size of the shared file')
    check(first.gdb_port != second.gdb_port, 'both machines have the same gdb port')
    first.put(pathlib.Path(share) / 'folder/data', '/tmp/again')
    first.sh('cmp /share/folder/data /tmp/again')
    equal(first.sh('ls /hvgdb').split().count('steptest'), 1, 'test programs')
    equal(first.sh('steptest 3; syscalls 100 1; forker 10; pfcheck 2').count('wrong'), 0, 'test programs without hvgdb')
    first.dmesg_clean()
