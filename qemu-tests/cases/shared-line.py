# SPDX-License-Identifier: GPL-2.0
"""The kernel's console and gdb on one serial port (hvgdbctl attach --share, gdbinit/hvsplit.py): kernel messages and what
a program writes arrive complete, in order and without packets in them, and stock gdb works all the while."""

import atexit
import re
import subprocess
import tempfile

from lib.case import VM, check, equal, match, until
from lib import cache, rsp

TIME_LIMIT = 150
MESSAGES = 300
HALTS = 40


def hvsplit():
    """(process, port for gdb, file with the console's text)."""
    text = tempfile.NamedTemporaryFile()
    news = tempfile.NamedTemporaryFile()
    process = subprocess.Popen([cache.TOP / 'gdbinit/hvsplit.py', f'localhost:{vm.console_port}', '--gdb', '0'],
                               stdin=subprocess.DEVNULL, stdout=text, stderr=news)
    atexit.register(process.kill)
    port = until(lambda: re.search(rb'gdb at localhost:(\d+)', open(news.name, 'rb').read()), 10, 'hvsplit does not start')
    return process, int(port.group(1)), text


vm = VM(cpus=2, load=None)
vm.sh('insmod /hvgdb/hvgdb.ko; echo on >/proc/sys/kernel/printk_devkmsg; dmesg -n 8')
output, status = vm.status('hvgdbctl attach ttyS0')
check(status == 1 and '--share' in output, 'attach takes a console without --share', output)
process, port, text = hvsplit()
vm.sh('hvgdbctl attach ttyS0 --share >/tmp/ctl.log 2>&1 </dev/null &')
until(lambda: 'is the debug line' in vm.sh('cat /tmp/ctl.log'), 10, 'the controller does not say that it is ready')

# A bare client halts and resumes amid the messages.
client = rsp.Client(port)
client.attach()
client.resume()
writer = vm.background(f'i=0; while [ $i -lt {MESSAGES} ]; do echo "<3>line $i: a+b-c costs \\$5 #12, $HOME" >/dev/kmsg; '
                       f'[ $((i % 50)) = 0 ] && echo "program $i" >/dev/ttyS0; i=$((i + 1)); done', timeout=100)
for number in range(HALTS):
    client.interrupt()
    equal(client.stop()['signal'], 2, 'signal of Ctrl-C')
    check(len(client.ask('g')) > 300, 'the registers are incomplete')
    client.resume()
equal(writer.wait()[1], 0, 'status of the writer')
client.interrupt()
client.stop()
client.detach()
equal(client.noise, b'', 'text that came to gdb')
equal(client.naks, 0, 'packets that were damaged')


def lines():
    return open(text.name, 'rb').read().decode(errors='replace').replace('\r', '')


until(lambda: f'line {MESSAGES - 1}:' in lines(), 20, 'the last message does not come')
found = [int(number) for number in re.findall(r'line (\d+): a\+b-c costs \$5 #12, /$', lines(), re.M)]
equal(found, list(range(MESSAGES)), 'the messages on the console')
equal(re.findall(r'^program (\d+)$', lines(), re.M), [str(number) for number in range(0, MESSAGES, 50)], 'lines of the program')
check('T02thread' not in lines() and 'vCont' not in lines(), 'packets on the console:', lines()[-500:])

# Stock gdb, with a message while it has a breakpoint.
gdb = vm.gdb_session(attach=False)
gdb.run(f'target remote localhost:{port}')
gdb.run('break version_proc_show')
gdb.begin('continue')
work = vm.background('echo "<3>before the stop" >/dev/kmsg; cat /proc/version; echo "<3>behind the stop" >/dev/kmsg')
match(gdb.finish(), r'Breakpoint 1,', 'the breakpoint')
match(gdb.run('bt 3'), r'seq_read', 'a backtrace')
gdb.run('delete')
gdb.run('detach')
gdb.quit()
equal(work.wait()[1], 0, 'status of the program that was stopped')
until(lambda: 'behind the stop' in lines(), 10, 'the message behind the stop does not come')
process.kill()
vm.dmesg_clean()
