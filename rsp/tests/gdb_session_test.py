#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Stock gdb against the stub with the fake target, over TCP through a proxy that counts bytes.

`monitor mark NAME` in a gdb script starts a section of the count. Prints PASS or FAIL a check.
"""

import glob
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RSP = os.path.dirname(HERE)
EVENTS = os.path.join(os.path.dirname(RSP), "events")
LINKED = 0xFFFFFFFF80200000  # the fake target runs the program elsewhere, as with KASLR

# In C, because of gdb's habits: it looks for epilogues by itself in what an assembler made.
PROGRAM = """
__attribute__((naked)) void _text(void)
{
	asm(".cfi_undefined rip");
	asm("nop; nop; inc %rax");
	asm(".globl store; store: mov %rax, (%rbx)");
	asm("nop");
	asm(".globl again; again: jmp _text; .fill 200, 1, 0x90");
}
"""

# What gdb says when a stub is wrong.
COMPLAINTS = re.compile(
    r"warning|error|instead of Ack|[Ii]nvalid|Ignoring|malformed|Cannot|Remote (failure|replied)|"
    r"Reply contains|not supported by|truncated|timed out", re.I)


class Checks:
    def __init__(self):
        self.failed = 0

    def check(self, name, good, detail=""):
        print(("PASS " if good else "FAIL ") + name)
        if not good:
            self.failed += 1
            print("     " + str(detail).replace("\n", "\n     "))

    def match(self, name, pattern, text):
        self.check(name, re.search(pattern, text, re.S), f"no /{pattern}/ in:\n{text}")


class Proxy:
    """One connection. sections[NAME] = [bytes, packets of gdb's]."""

    def __init__(self, port):
        self.server_port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sections = {}
        self.section = "connect"
        self.on_packet = lambda section, packet: None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def count(self, data, packets):
        entry = self.sections.setdefault(self.section, [0, 0])
        entry[0] += len(data)
        entry[1] += packets

    def from_gdb(self, data, stub):
        for piece in re.findall(rb"\$[^#]*#..|[^$]+|.", data, re.S):
            if piece.startswith(b"$qRcmd,6d61726b20"):  # "mark "
                self.section = None
                name = bytes.fromhex(piece[17:-3].decode()).decode()
                self.next_section = name
            else:
                if self.section is None:
                    self.section = self.next_section
                self.count(piece, piece.startswith(b"$"))
            stub.sendall(piece)
            self.on_packet(self.section, piece)

    def from_stub(self, stub, gdb):
        try:
            while data := stub.recv(65536):
                if self.section is not None:
                    self.count(data, 0)
                gdb.sendall(data)
        except OSError:
            pass

    def run(self):
        gdb, _ = self.listener.accept()
        stub = socket.create_connection(("127.0.0.1", self.server_port))
        back = threading.Thread(target=self.from_stub, args=(stub, gdb), daemon=True)
        back.start()
        try:
            while data := gdb.recv(65536):
                self.from_gdb(data, stub)
        except OSError:
            pass
        stub.shutdown(socket.SHUT_RDWR)  # close() alone says nothing while the thread reads
        back.join()
        for connection in (stub, gdb, self.listener):
            connection.close()


def gdb_command(port, script, debug, acks):
    command = ["gdb", "-nx", "-q", "-batch", "-ex", "set sysroot /", "-ex", "set pagination off",
               "-ex", "set architecture i386:x86-64"]
    if acks:
        command += ["-ex", "set remote noack-packet off"]
    if debug:
        command += ["-ex", "set debug remote 1"]
    command += ["-ex", f"target remote 127.0.0.1:{port}"]
    for line in script:
        command += ["-ex", line]
    return command


class Session:
    """One run of gdb; interrupt: the section in which a resume is followed by Ctrl-C."""

    def __init__(self, server_port, script, debug=False, acks=False, interrupt=None, kill=None):
        self.proxy = Proxy(server_port)
        self.proxy.on_packet = self.packet
        self.interrupt = interrupt
        self.kill = kill
        self.gdb = subprocess.Popen(gdb_command(self.proxy.port, script, debug, acks), text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT)
        try:
            self.output = self.gdb.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            self.gdb.kill()
            self.output = self.gdb.communicate()[0] + "\n(gdb hangs)"
        self.proxy.thread.join(5)

    def packet(self, section, packet):
        if not packet.startswith(b"$vCont;"):
            return
        if section == self.interrupt:
            threading.Timer(0.3, self.gdb.send_signal, [signal.SIGINT]).start()
        if section == self.kill:
            threading.Timer(0.3, self.gdb.kill).start()


def build(directory):
    source = os.path.join(directory, "guest.c")
    guest = os.path.join(directory, "vmlinux")
    server = os.path.join(directory, "stub_server")
    with open(source, "w", encoding="ascii") as file:
        file.write(PROGRAM)
    subprocess.run(["gcc", "-g", "-O1", "-fcf-protection=none", "-nostdlib", "-static",
                    "-Wl,-N", "-Wl,--no-warn-rwx-segments", "-Wl,--build-id=none",
                    f"-Wl,-Ttext={LINKED:#x}", "-Wl,-e,_text", source, "-o", guest], check=True)
    subprocess.run(["gcc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra",
                    "-fsanitize=address,undefined", "-I" + os.path.dirname(RSP), "-I" + RSP,
                    "-I" + EVENTS, "-I" + HERE, os.path.join(HERE, "stub_server.c"),
                    os.path.join(HERE, "fake_target.c"), os.path.join(HERE, "fake_trace.c"),
                    os.path.join(HERE, "agent", "stub_agent.c"),
                    *glob.glob(os.path.join(RSP, "*.c")), *glob.glob(os.path.join(EVENTS, "expr_*.c")),
                    *glob.glob(os.path.join(EVENTS, "trace*.c")),
                    os.path.join(EVENTS, "bytecode.c"), "-o", server], check=True)
    return server, guest


FIRST = [
    "monitor mark threads", "info threads",
    "monitor mark registers", "info registers",
    "monitor mark other", "print $xmm0", "print $eflags", "print $mxcsr", "print $st0",
    "print $fs_base", "ptype $xmm1", "info symbol $pc", "x/4xw $sp",
    "set var *(long *)$sp = 0x1122334455667788", "x/4xw $sp",
    "set var $rax = 0x1234", "print/x $rax",
    "print $xmm3.v4_int32 = {1, 2, 3, 4}", "print $xmm3.v4_int32",
    "dump binary memory /dev/null 0xffff888000001000 0xffff888000003000",
    "stepi",
    "monitor mark stepi", "stepi",
    "monitor mark next", "next",
    "monitor mark breakpoint", "break *store", "continue", "print/x $rax", "continue",
    "print/x $rax", "delete",
    "monitor mark hardware", "hbreak *again", "continue", "delete",
    "monitor mark thread", "thread 2", "set var $pc = (long)&again", "info symbol $pc", "stepi",
    "info symbol $pc",
    "thread 1", "monitor mark watch", "watch *(long *)0xffff888000001100", "continue", "delete",
    "monitor mark help", "monitor help", "monitor nonsense",
    "monitor mark interrupt", "continue",
    "monitor mark detach", "detach",
]


def check_first(checks, session):
    out = session.output
    complaints = [line for line in out.splitlines()
                  if COMPLAINTS.search(line) and not line.startswith("why ")]
    checks.check("no complaint from gdb", not complaints, "\n".join(complaints[:20]))
    for name, pattern in (
            ("connect reads vmlinux and relocates it", r"_text \(\) at .*guest\.c"),
            ("info threads",
             r"\* 1 +Thread 1 \(CPU 0, idle\).*  2 +Thread 2 .*  3 +Thread 4 \(CPU 3\)"),
            ("info registers", r"rip +0xffffffff81000000.*gs_base +0xffff888000001040"),
            ("xmm0 has its views", r"v4_float = .*uint128 = 0"),
            ("eflags has its flags", r"= \[ PF ZF IF \]"),
            ("mxcsr has its flags", r"= \[ IM DM ZM OM UM PM \]"),
            ("xmm's type", r"union vec128 \{\s+v4f v4_float;"),
            ("write memory", r"0x55667788\s+0x11223344"),
            ("write register", r"= 0x1234\n"),
            ("write xmm", r"= \{1, 2, 3, 4\}.*= \{1, 2, 3, 4\}"),
            ("software breakpoint", r"hit Breakpoint 1, .*guest\.c:6.*hit Breakpoint 1, .*= 0x"),
            ("hardware breakpoint", r"hit Breakpoint 2, .*guest\.c:8"),
            ("thread switch", r"Switching to thread 2.*_text \+ 9 in.*_text in section"),
            ("watchpoint", r"Hardware watchpoint 3.*Old value = .*New value = "),
            ("monitor help", r"help \[command\].*why .*hello"),
            ("monitor nonsense", r"no such monitor command"),
            ("Ctrl-C", r"received signal SIGINT"),
            ("detach", r"Remote target\) detached"),
    ):
        checks.match(name, pattern, out)


def check_counts(checks, proxy):
    for name, count in proxy.sections.items():
        print(f"     {name}: {count[0]} bytes, {count[1]} packets")
    size, packets = proxy.sections["stepi"]
    checks.check(f"stepi: {size} bytes <= 450, {packets} packets <= 5",
                 size <= 450 and packets <= 5)
    size, packets = proxy.sections["next"]
    checks.check(f"next: {size} bytes <= 325, {packets} packets <= 4", size <= 325 and packets <= 4)
    size, packets = proxy.sections["connect"]
    checks.check(f"connect: {size} bytes <= 5371, {packets} packets <= 20",
                 size <= 5371 and packets <= 20)


# More hardware breakpoints than the fake target takes.
ERRORS = ["print *(int *)0"] + [f"hbreak *{addr:#x}" for addr in range(0x10, 0x19)]


def run_sessions(checks, port):
    first = Session(port, FIRST, interrupt="interrupt")
    check_first(checks, first)
    check_counts(checks, first.proxy)

    logged = Session(port, ["stepi", "info registers rip", "monitor mark leave", "continue"],
                     debug=True, kill="leave")
    checks.check("no complaint with the remote log on",
                 not re.search(r"warning|instead of Ack|Ignoring|timed out|Bad checksum",
                               logged.output, re.I), logged.output)
    checks.match("log shows the session", r"Packet received: T05thread:1;06:", logged.output)

    third = Session(port, ["info registers rip", "info threads", "stepi", "detach"])
    checks.match("gdb after a killed one that waited", r"rip +0x.*CPU 1, idle.*detached",
                 third.output)
    checks.check("it has nothing to complain", not COMPLAINTS.search(third.output), third.output)

    acks = Session(port, ["stepi", "maint packet Z0,0,1", "monitor mark go", "continue", "detach"],
                   acks=True, interrupt="go")
    checks.match("with acks", r"hvgdb: the page tables.*SIGINT.*detached", acks.output)
    checks.check("nothing to complain with acks", not COMPLAINTS.search(acks.output), acks.output)

    errors = Session(port, ERRORS + ["continue"])
    checks.match("full table", r"Could not insert hardware breakpoint", errors.output)

    line = Session(port, ["maint packet Z0,0,1", "monitor mark go", "continue", "monitor why",
                          "detach"], interrupt="go")
    checks.match("text of an error at the next resume",
                 r"E06.*hvgdb: the page tables of the guest do not map this address\s.*SIGINT",
                 line.output)
    checks.match("monitor why", r"\nE06: the page tables", line.output)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as directory:
        server, guest = build(directory)
        with subprocess.Popen([server, "6", guest], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as stub:
            run_sessions(checks, int(stub.stdout.readline()))
            try:
                stub.wait(10)
            except subprocess.TimeoutExpired:
                stub.terminate()
            checks.check("stub ends without a word", stub.wait() == 0, stub.stderr.read())
    print("FAILED" if checks.failed else "ALL PASS")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
