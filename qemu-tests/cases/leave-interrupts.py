# SPDX-License-Identifier: GPL-2.0
"""No interrupt is lost where a CPU leaves VMX while a rule has each timer interrupt go through root: the rule counts as
many as the kernel, and offline and online, or rmmod, in mid-flight leave every CPU's timer alive (one lost timer
interrupt would be the last, for each sets up the next)."""

import re

from lib.case import VM, check, match

TIMER = 'ec'
CPU1 = '/sys/devices/system/cpu/cpu1/online'
ROUNDS, UNLOADS = 10, 4
BUSY = 'spin 0 >/dev/null 2>&1 & spin 1 >/dev/null 2>&1 & '


def timer_counts(vm):
    """Each CPU's local timer interrupts, as the kernel counts them."""
    return [int(n) for n in re.findall(r'\d+', vm.sh('grep LOC: /proc/interrupts').split('Local')[0])]


def armed(vm):
    vm.sh(f"hvgdbctl event add '!interrupt {TIMER}'")


def ticks_go_on(vm, what):
    before = timer_counts(vm)
    vm.sh('taskset 1 sleep 0.3; taskset 2 sleep 0.3')
    after = timer_counts(vm)
    check(all(b < a for b, a in zip(before, after)), f'a CPU has no timer any more after {what}', before, after)


def hits(vm):
    return int(match(vm.sh('hvgdbctl event list'), r'hits (\d+)', 'the list').group(1))


def counts_agree(vm):
    """The list is read on both sides of the kernel's counts, which therefore lie between."""
    first, before, second = hits(vm), sum(timer_counts(vm)), hits(vm)
    vm.sh('sleep 1')
    third, after, fourth = hits(vm), sum(timer_counts(vm)), hits(vm)
    check(third - second > 50, 'the rule counted hardly anything', second, third)
    check(third - second <= after - before <= fourth - first, 'interrupts were lost or doubled',
          (first, second, third, fourth), (before, after))


vm = VM(cpus=2)
vm.sh(BUSY)
armed(vm)
counts_agree(vm)
for _ in range(ROUNDS):
    vm.sh(f'echo 0 > {CPU1} && echo 1 > {CPU1}')
ticks_go_on(vm, 'offline and online')
counts_agree(vm)
for _ in range(UNLOADS):
    vm.sh('killall hvgdbctl; while pidof hvgdbctl >/dev/null; do usleep 10000; done; rmmod hvgdb')
    ticks_go_on(vm, 'rmmod')
    vm.load()
    armed(vm)
counts_agree(vm)
vm.sh('killall spin')
vm.dmesg_clean()
