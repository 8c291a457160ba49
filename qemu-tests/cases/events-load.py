# SPDX-License-Identifier: GPL-2.0
"""Page faults by the thousand under a rule whose condition is false; rules of every kind under load on four CPUs, added and
removed at random: everything is delivered and the counts add up. (qemu-tests/events-load does it for ten minutes.)"""

from lib import eventload
from lib.case import VM

TIME_LIMIT = 240

vm = VM(cpus=4, load='unsafe_code=1')
eventload.many_page_faults(vm, 50)
eventload.everything(vm, 4, 12)
vm.dmesg_clean()
