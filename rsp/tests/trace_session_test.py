#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Conditions, commands and tracepoints: stock gdb against the stub with the real interpreter and trace buffer.

The fake target runs the loop of gdb_session_test.py on three CPUs, so rax of all goes up by one a round. Prints PASS or
FAIL a check.
"""

import os
import subprocess
import sys
import tempfile

from gdb_session_test import COMPLAINTS, Checks, Session, build

CELL = "*(long *)$rbx"


def script(directory, text):
    """A gdb script with more than a line to a command, as the command that runs it."""
    path = os.path.join(directory, f"script{len(os.listdir(directory))}")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return f"source {path}"


def conditions(checks, port):
    session = Session(port, [
        f"break *store if $rax == 50 && {CELL} == 49", "continue", "print $rax", f"print {CELL}", "info breakpoints",
        "delete",
        "set dprintf-style agent", r'dprintf *again,"rax %d at %p%c\n",$rax,$rbx,33', "break *store if $rax == 52",
        "continue", "delete",
        "hbreak *store if $rax / ($rax - 60) == 3", "continue", "print $rax", "delete",
        "break *store if $rax == 90", "continue", "condition 5 $rax == 95", "continue", "print $rax", "condition 5",
        "continue", "print $rax", "detach"])
    out = session.output
    checks.check("conditions: no complaint from gdb",
                 not COMPLAINTS.search(out.replace("Error in testing breakpoint condition", "")), out)
    checks.match("a condition of two parts, evaluated by the target",
                 r"hit Breakpoint 1,.*\$1 = 50.*\$2 = 49.*== 49 \(target evals\)\s+breakpoint already hit 1 time", out)
    checks.match("dprintf of three CPUs, then the breakpoint",
                 r"(rax 50 at 0xffff888000001100!\n){3}(rax 51 at 0xffff888000001100!\n){3}.*hit Breakpoint 3", out)
    checks.match("a condition that fails is true, and gdb's own check goes on", r"hit Breakpoint 4,.*\$3 = (60|80)", out)
    checks.match("conditions changed and taken away", r"\$4 = 95.*\$5 = 9[56]", out)


TRACE = """
tvariable $n = 7
trace *store if $rax % 2 == 0
actions
collect $regs, *(long *)$rbx
teval $n = $n + 1
while-stepping 2
collect $rip, $rax
end
end
trace *again if $rax > 104
actions
collect $rax, $n
end
passcount 12 2
"""

LOOK = """
tfind start
print $rax
print *(long *)$rbx
tdump
tfind tracepoint 2
print $rax
print $rbx
print $n
tfind range store,store
tfind pc again
tfind 5
tfind none
"""

RUN = ["thread apply all set var $rax = 100", "thread apply all set var $pc = _text"]
BATCH = ["gdb", "-nx", "-q", "-batch"]


def tracing(checks, port, directory):
    saved = os.path.join(directory, "saved")
    session = Session(port, RUN + [
        script(directory, TRACE), "break *store if $rax == 110", "tstart", "tstatus", "tsave -r /a.tf", "continue", "tstatus",
        "tstop", script(directory, LOOK), "info tracepoints", "print $n", f"tsave {saved}",
        "tsave -r /a.tf", "tsave -r /b.tf", "detach"])
    out = session.output
    checks.check("tracing: no complaint from gdb", not COMPLAINTS.search(out.replace("Target returns error code '.", "")), out)
    checks.match("tstatus while it runs", r"Trace is running on the target\.\s+Collected 0 trace frames", out)
    checks.match("the pass count ends it", r"Trace stopped by tracepoint 2\.\s+Collected 48 trace frames", out)
    checks.match("tfind start, and what the frame has",
                 r"Found trace frame 0, tracepoint 1\s+\$1 = 102\s+\$2 = 101", out)
    checks.match("tdump", r"Data collected at tracepoint 1, trace frame 0:\s+rax +0x66 .*rip +0xf+81000005.*"
                 r"\*\(long \*\)\$rbx = 101", out)
    checks.match("tfind tracepoint, a register that was not collected, a variable that was",
                 r"Found trace frame 18, tracepoint 2\s+\$3 = 105\s+\$4 = <unavailable>\s+\$5 = 13", out)
    checks.match("tfind range, pc and number",
                 r"Found trace frame 21, tracepoint 1\s+Found trace frame 27, tracepoint 1\s+"
                 r"Found trace frame 5, tracepoint 1\s+No longer looking at any trace frame", out)
    checks.match("hits, bytes and the value of the variable",
                 r"already hit 12 times\s+trace buffer usage 9024 bytes.*already hit 12 times.*\$6 = 19", out)
    checks.match("tsave -r: refused while it runs, taken, nobody there", r"code '\.the trace goes on: stop it first.*"
                 r"hvgdb: somebody writes it\s+Target returns error code '\.hvgdbctl attach is not there", out)
    offline = subprocess.run(BATCH + ["-ex", f"target tfile {saved}", "-ex", "tfind start", "-ex", "print $rax", "-ex",
                                      "x/gd $rbx", "-ex", "tfind 47", "-ex", "print $rax", "-ex", "tfind 48"],
                             capture_output=True, text=True, check=False)
    checks.match("a trace file that gdb saved", r"frame 0, tracepoint 1\s+\$1 = 102\s+0xffff888000001100:\s+101\s+"
                 r"Found trace frame 47, tracepoint 2\s+\$2 = 108.*", offline.stdout + offline.stderr)


CIRCULAR = """
delete
set disconnected-tracing on
set circular-trace-buffer on
set trace-buffer-size 16384
set trace-user somebody
set trace-notes what for
trace *again
actions
collect $regs
end
tstart
"""


def leaving(checks, port, directory):
    left = Session(port, RUN + [script(directory, CIRCULAR), "detach"])
    checks.check("leaving: no complaint from gdb", not COMPLAINTS.search(left.output), left.output)
    back = Session(port, ["info tracepoints", "tstatus", "disable 1", "tstop", "tfind start", "tfind -", "tfind none",
                          "set disconnected-tracing off", "detach"])
    out = back.output
    checks.check("a new gdb: no complaint", not COMPLAINTS.search(out), out)
    checks.match("a new gdb learns of the tracepoint",
                 r"1 +tracepoint +keep y .*collect \$regs.*installed on target", out)
    checks.match("it has gone on, and the oldest frames have given way",
                 r"Trace is running on the target.*Buffer contains \d+ trace frames \(of \d{3,} created total\).*"
                 r"Trace will continue if GDB disconnects.*Trace buffer is circular", out)
    checks.match("user and notes", r"Trace user is somebody.*Trace notes: what for", out)
    checks.match("frames of it", r"Found trace frame 0, tracepoint 1", out)


ERRORS = [
    # A jump out of the program, in a condition; `add` on an empty stack, in an action.
    "maint packet QTinit", "maint packet QTDP:1:ffffffff81000005:E:0:0:X4,210fff27", "monitor why",
    "maint packet QTDP:1:ffffffff81000005:E:0:0-", "maint packet QTDP:-1:ffffffff81000005:X1,02", "monitor why",
    "maint packet QTDP:-2:ffffffff81000005:X1,02", "maint packet QTBuffer:size:10000000", "monitor why", "detach",
]


def errors(checks, port):
    out = Session(port, ERRORS).output
    checks.match("sentences", r"E10.*cannot be run: the program runs or jumps over its end.*OK.*E10.*"
                 r"cannot be run: the stack does not have as many values.*E08.*"
                 r"the trace buffer is smaller than this", out)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as directory:
        server, guest = build(directory)
        with subprocess.Popen([server, "5", guest, "agent"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as stub:
            port = int(stub.stdout.readline())
            conditions(checks, port)
            tracing(checks, port, directory)
            leaving(checks, port, directory)
            errors(checks, port)
            try:
                stub.wait(10)
            except subprocess.TimeoutExpired:
                stub.terminate()
            checks.check("stub ends without a word", stub.wait() == 0, stub.stderr.read())
    print("FAILED" if checks.failed else "ALL PASS")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
