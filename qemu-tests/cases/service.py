# SPDX-License-Identifier: GPL-2.0
"""hvgdbctl as hvgdb@ttyS1.service starts it: the unit's own command with no more than the unit's capabilities, and a
socket for its notifications. It says when it is ready and when it stops, logs with priorities, ends in time, can be
started again after a kill, and tells mistakes that no restart would mend from those that one may. The guest has no
systemd: what that does is done here by unitrun; the rest of the unit is checked by systemd-analyze where there is one."""

import pathlib
import re
import shutil
import subprocess
import tempfile

from lib import cache
from lib.case import VM, check, equal, match, until

UNIT = cache.TOP / 'kmod/ctl/hvgdb@.service'
NUMBERS = {'CAP_DAC_READ_SEARCH': 2, 'CAP_KILL': 5, 'CAP_SYS_RAWIO': 17, 'CAP_SYS_PTRACE': 19}
INFO, ERROR = '<6>', '<3>'

text = UNIT.read_text()


def setting(name):
    return match(text, rf'^{name}=(.*)$', 'the unit').group(1)


def check_statically():
    """With the tools of systemd itself."""
    if not shutil.which('systemd-analyze'):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'hvgdb@ttyS1.service'
        path.write_text(text.replace('/usr/sbin/hvgdbctl', '/bin/true').replace('Documentation=man:hvgdbctl(8)\n', ''))
        done = subprocess.run(['systemd-analyze', 'verify', path], capture_output=True, text=True)
        complaints = [line for line in done.stderr.splitlines() if 'hvgdb' in line]
        check(not complaints and not done.returncode, 'systemd-analyze verify complains:', *complaints)


def command(tty, options=''):
    """What systemd makes of ExecStart."""
    baud = match(setting('Environment'), r'BAUD=(\d+)', 'the environment').group(1)
    path, _, rest = setting('ExecStart').partition(' ')
    equal(pathlib.Path(path).name, 'hvgdbctl', 'the program')
    return 'hvgdbctl ' + rest.replace('%I', tty).replace('${BAUD}', baud).replace('$OPTIONS', options)


def start(vm, tty='ttyS1', options=''):
    numbers = ','.join(str(NUMBERS[name]) for name in setting('CapabilityBoundingSet').split())
    vm.sh(f'rm -f /tmp/unit; unitrun {numbers} {command(tty, options)} >/tmp/unit 2>&1 </dev/null & echo $! >/tmp/pid')


def wait_for(vm, pattern):
    return until(lambda: re.search(pattern, vm.sh('cat /tmp/unit 2>/dev/null; true'), re.M), 20,
                 f'the service does not say /{pattern}/: ' + vm.sh('cat /tmp/unit'))


check_statically()
equal(setting('Type'), 'notify', 'type of the service')
equal(setting('RestartPreventExitStatus'), '2', 'the status that prevents a restart')
vm = VM(cpus=2, load=None)
vm.sh('insmod /hvgdb/hvgdb.ko')
start(vm)
wait_for(vm, r'^notified: READY=1 STATUS=ttyS1 at 115200 baud is the debug line$')
wait_for(vm, rf'^{INFO}ttyS1 is the debug line')
match(vm.gdb('info threads', symbols=False), 'Thread 2', 'gdb on the line of the service')

# Asked to stop.
vm.sh('kill $(cat /tmp/pid)')
wait_for(vm, r'^exit 0$')
match(vm.sh('cat /tmp/unit'), r'^notified: STOPPING=1', 'what it says at its end')
match(vm.sh('cat /tmp/unit'), rf'^{INFO}ttyS1 is given back', 'the log')

# Killed, and started anew as soon as that may be.
start(vm)
pid = wait_for(vm, r'^main process (\d+)$').group(1)
wait_for(vm, r'READY=1')
vm.sh(f'kill -9 {pid}')
wait_for(vm, r'^signal 9$')
vm.sh(f'sleep {setting("RestartSec")}')
start(vm)
wait_for(vm, r'READY=1')
match(vm.gdb('info threads', symbols=False), 'Thread 2', 'gdb on the line of the restarted service')

# A second one for the same line may be started again later; nonsense may not.
vm.sh('mv /tmp/unit /tmp/unit.first; cp /tmp/pid /tmp/pid.first')
start(vm)
wait_for(vm, r'^exit 1$')
match(vm.sh('cat /tmp/unit'), rf'^{ERROR}.*hvgdbctl', 'the reason')
start(vm, 'ttyS2', '--nonsense')
wait_for(vm, r'^exit 2$')
vm.sh('kill $(cat /tmp/pid.first)')
until(lambda: 'exit 0' in vm.sh('cat /tmp/unit.first'), 20, 'the first one does not end')
vm.sh('rmmod hvgdb')
vm.dmesg_clean()
