# SPDX-License-Identifier: GPL-2.0
"""As many breakpoints as there can be, in more pages than can be hidden: all are planted and hit; one more is refused
with a sentence, nothing else happens, and the kernel's text is whole when they have gone."""

import re

from lib import cache
from lib.case import VM, check, equal, match

TIME_LIMIT = 120
LIMIT, HIDDEN_PAGES = 256, 32
CALL = '__x64_sys_sched_get_priority_max'
PAGE, TEXT = 4096, 0xffffffff81000000


def never_called(vm):
    """Addresses, as linked, of 32-bit system calls, of which the guest makes none. Those without arguments are also the
    64-bit ones."""
    listing = cache.run('nm', vm.symbols)
    found = {name: int(address, 16) for address, name in re.findall(r'^(\w+) T (__(?:ia32|x64)_sys_\w+)$', listing, re.M)}
    used = {address for name, address in found.items() if name.startswith('__x64')}
    return sorted({address for name, address in found.items() if name.startswith('__ia32')} - used)


def text(vm, addresses):
    """What the running kernel sees there."""
    return vm.sh(f"for a in {' '.join(f'{address:x}' for address in addresses)}; do kread $a 16; done")


def insert_and_hit(vm, session):
    session.begin('continue')
    work = vm.background('syscalls 1 1')
    match(session.finish(), r'hit Breakpoint 1,', 'the breakpoint among all others')
    return work


vm = VM(cpus=2)
session = vm.gdb_session()
session.run('set breakpoint always-inserted on')
calls = never_called(vm)[:LIMIT]
check(len(calls) == LIMIT, f'only {len(calls)} functions')
pages = len({address // PAGE for address in calls})
check(pages > 2 * HIDDEN_PAGES, f'only {pages} pages')
moved = int(match(session.run('output/x (unsigned long)&_text'), '(0x[0-9a-f]+)', 'an address').group(1), 16) - TEXT
addresses = [address + moved for address in calls]
session.begin('continue')
before = text(vm, addresses)
session.interrupt()
session.finish()

session.run(f'break *{CALL}')
for address in addresses[:-1]:
    session.run(f'break *{address:#x}')
work = insert_and_hit(vm, session)
session.run('disable 1')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program')
session.interrupt()
session.finish()

session.run('enable 1')
told = session.run(f'break *{addresses[-1]:#x}')
if 'Cannot insert' not in told:
    told = session.run('continue')
match(told, f'Cannot insert breakpoint {LIMIT + 1}', 'one breakpoint too many')
match(session.run('monitor why'), 'no room for another breakpoint', 'the reason')
session.run(f'delete {LIMIT + 1}')
work = insert_and_hit(vm, session)

session.run('delete')
session.begin('continue')
equal(work.wait()[1], 0, 'status of the program')
equal(text(vm, addresses), before, "the kernel's text")
session.interrupt()
session.finish()
session.run('detach')
session.quit()
vm.dmesg_clean()
