# SPDX-License-Identifier: GPL-2.0
"""A program in the guest writes to the debug line's tty while gdb halts and resumes 100 times: all of its text
arrives, in order and outside of packets, and no packet suffers."""

from lib import rsp
from lib.case import VM, check, equal

TIME_LIMIT = 120
HALTS = 100
BLOCKS = 20     # of 4 KiB each
TEXT = ''.join(f'{number:08d} ......\n' for number in range(BLOCKS * 256)).encode()


def text_after(client, amount):
    """Waits for so much text while the guest runs."""
    while len(client.noise) < amount:
        client.noise += client.byte()


def halt_and_resume(client):
    """True if text was on its way at this halt."""
    client.interrupt()
    stop = client.stop()
    equal(stop['signal'], 2, 'the signal after Ctrl-C')
    before = len(client.noise)
    for _ in range(3):
        check(len(client.ask('g')) > 300, 'the registers are incomplete')
    equal(len(client.noise), before, 'bytes of the program while the machine was halted')
    client.resume()
    return before < len(TEXT)


vm = VM(cpus=2)
client = rsp.Client(vm.gdb_port)
client.attach(acks=False)
client.resume()
work = vm.background(f'console-writer /dev/ttyS1 {BLOCKS}', timeout=100)
amid = 0
for number in range(HALTS):
    text_after(client, number * len(TEXT) // HALTS // 2 + 1)
    amid += halt_and_resume(client)
check(amid > HALTS * 0.9, f'{amid} of {HALTS} halts only came amid the text: this run shows little')
text_after(client, len(TEXT))
equal(work.wait()[1], 0, 'status of the program')
client.interrupt()
client.stop()
client.detach()
wrong = next((at for at in range(len(TEXT)) if client.noise[at:at + 1] != TEXT[at:at + 1]), len(TEXT))
equal(client.noise[wrong - 32:wrong + 64], TEXT[wrong - 32:wrong + 64], f'the text around byte {wrong} of {len(TEXT)}')
equal(len(client.noise), len(TEXT), 'length of the text')
vm.sh('syscalls 100')
vm.dmesg_clean()
print(f'{amid} of {HALTS} halts amid the text')
