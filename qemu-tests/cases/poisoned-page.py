# SPDX-License-Identifier: GPL-2.0
"""A page that the kernel has taken out of use (hardware poison) is not touched: gdb is told that it is no memory.

Root does not map such a page, so touching it would end the CPU that runs the debug loop.
"""

from lib.case import VM, check, match

# The cloud kernel knows no poison.
vm = VM(cpus=2, load=None, kernel='6.1.0-56-amd64')
address = int(vm.sh('poison'), 16)
vm.load()
session = vm.gdb_session()
base = int(match(session.run('print/x page_offset_base'), r'0x[0-9a-f]+', 'where the kernel maps memory').group(), 16)
text = session.run(f'x/gx {base + address:#x}')
match(text, 'Cannot access memory at address', 'a word of the poisoned page')
match(session.run('monitor why'), 'RAM', 'the reason')
for neighbour in (address - 8, address + 4096):
    match(session.run(f'x/gx {base + neighbour:#x}'), r':\s+0x[0-9a-f]{16}', 'a word beside the poisoned page')
text = session.run(f'x/4gx {base + address - 16:#x}')
match(text, r':\s+0x[0-9a-f]{16}\s+0x[0-9a-f]{16}', 'words that end where the poisoned page begins')
check('Cannot access' in text, 'the rest is no memory', text)
session.run('detach')
session.quit()
vm.dmesg_clean()
