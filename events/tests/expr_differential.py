#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random C expressions, evaluated by gdb itself and, compiled by gdb, by the interpreter: the values must be equal.

One gdb run on a small process writes the bytecode (what `maint agent-eval` lists, assembled again) and its own
value of each expression, and then the memory and the registers; expr/runner.c does the rest.
Usage: expr_differential.py [COUNT [SEED]]
"""

import os
import random
import re
import struct
import subprocess
import sys
import tempfile

try:
    import gdb
except ImportError:
    gdb = None

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

PROGRAM = """
struct item { int a : 3; unsigned b : 5; long c; short d[4]; struct item *next; };
signed char sc = -7; unsigned char uc = 200;
short ss = -1234; unsigned short us = 54321;
int si = -123456; unsigned ui = 3000000000u;
long sl = -1234567890123; unsigned long ul = 0xf123456789abcdef;
_Bool yes = 1;
enum color { RED, GREEN = 5, BLUE = 70000 } color = BLUE;
int arr[8] = { 1, -2, 3, -4, 5, -6, 2147483647, -2147483647 - 1 };
unsigned char bytes[8] = "pagemap";
struct item second = { 3, 30, 4, { 9, 8, 7, 6 }, 0 };
struct item first = { -2, 17, 99, { -1, 2, -3, 4 }, &second };
struct item *ps = &first, *null;
int *pi = &arr[3];
unsigned long zero;

__attribute__((noinline)) int stop(int argument, long *pointer)
{
	int local = argument * 3;

	return local + *pointer; /* stop here */
}

int main(void)
{
	long there = 42;

	return stop(7, &there);
}
"""

# Of the runner's registers these are given: up to gs. No other is an integer that programs read here.
REGISTERS, GENERAL = 59, 24

# name: (opcode, bytes of its operand), numbered as in gdb's manual and not as in bytecode.h.
OPCODES = {
    "add": (0x02, 0), "sub": (0x03, 0), "mul": (0x04, 0), "div_signed": (0x05, 0), "div_unsigned": (0x06, 0),
    "rem_signed": (0x07, 0), "rem_unsigned": (0x08, 0), "lsh": (0x09, 0), "rsh_signed": (0x0a, 0),
    "rsh_unsigned": (0x0b, 0), "log_not": (0x0e, 0), "bit_and": (0x0f, 0), "bit_or": (0x10, 0), "bit_xor": (0x11, 0),
    "bit_not": (0x12, 0), "equal": (0x13, 0), "less_signed": (0x14, 0), "less_unsigned": (0x15, 0), "ext": (0x16, 1),
    "ref8": (0x17, 0), "ref16": (0x18, 0), "ref32": (0x19, 0), "ref64": (0x1a, 0), "if_goto": (0x20, 2),
    "goto": (0x21, 2), "const8": (0x22, 1), "const16": (0x23, 2), "const32": (0x24, 4), "const64": (0x25, 8),
    "reg": (0x26, 2), "end": (0x27, 0), "dup": (0x28, 0), "pop": (0x29, 0), "zero_ext": (0x2a, 1), "swap": (0x2b, 0),
    "pick": (0x32, 1), "rot": (0x33, 0),
}

VARIABLES = ["sc", "uc", "ss", "us", "si", "ui", "sl", "ul", "(int)yes", "(int)color", "zero", "argument", "local",
             "*pointer", "*pi", "first.a", "ps->b", "ps->c", "ps->next->a", "second.d[2]", "(long)$rip", "$rdi",
             "(long)$rsp", "$cs",
             "(long)$rbp"]
TYPES = ["char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long",
         "unsigned long"]


class Generator:
    """Expressions of integers and of pointers to int.

    Left out is what gdb 13 compiles to something else than it computes itself: differences of pointers (divided as
    unsigned), shifts of operands of two types (converted to the larger) or to the left within an int (not cut),
    (_Bool) (not made 0 or 1), ?: of two types (that of the last operand is taken), a register in front of a comma
    (popped, but never pushed: refused), and constants divided by zero (0).
    """

    def __init__(self, seed):
        self.random = random.Random(seed)

    def constant(self):
        bits = self.random.choice((1, 3, 7, 8, 15, 16, 31, 32, 40, 62))
        value = self.random.getrandbits(bits)
        return self.random.choice((str(value), hex(value), f"{value}u", f"{value}l", f"{value}ul", f"-{value}l",
                                   "(int)GREEN", "sizeof(first)", "sizeof(int)"))

    def pointer(self, depth):
        index = self.number(depth - 1) if depth > 0 else "2"
        return self.random.choice(("pi", "&arr[5]", f"(pi + (({index}) & 3))", f"&arr[({index}) & 7]",
                                   f"(&arr[7] - (({index}) & 7))", "(int *)pointer", "&si"))

    def leaf(self):
        return self.constant() if self.random.random() < 0.3 else self.random.choice(VARIABLES)

    def binary(self, depth):
        operator = self.random.choice(("+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", ">", "<=",
                                       ">=", "&&", "||", ","))
        left, right = self.number(depth - 1), self.number(depth - 1)
        if operator in ("<<", ">>"):
            kind = self.random.choice(("long", "unsigned long") + (("int", "unsigned int") if operator == ">>" else ()))
            left, right = f"({kind})({left})", f"(({kind})({right}) & 31)"
        if operator == ",":
            left = f"({left} + 1)"
        if operator in ("/", "%"):
            right = f"({right} + zero)"
        return f"({left} {operator} {right})"

    def other(self, depth):
        pointer, kind = self.pointer(depth - 1), self.random.choice(TYPES)
        return self.random.choice((
            f"({self.number(depth - 1)} ? ({kind})({self.number(depth - 1)}) : ({kind})({self.number(depth - 1)}))",
            f"({kind})({self.number(depth - 1)})",
            f"{self.random.choice('-~!')}({self.number(depth - 1)})",
            f"arr[({self.number(depth - 1)}) & 7]",
            f"bytes[({self.number(depth - 1)}) & 7]",
            f"*({pointer})",
            f"({pointer} {self.random.choice(('==', '!=', '<', '>='))} {self.pointer(depth - 1)})",
            f"*(unsigned short *)((char *)&arr[0] + (({self.number(depth - 1)}) & 15))",
            "null->c", "*(char *)zero"))

    def number(self, depth):
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf()
        return self.binary(depth) if self.random.random() < 0.6 else self.other(depth)

    def expression(self):
        return self.number(self.random.randint(1, 4))


def assemble(listing):
    code = b""
    for line in listing.splitlines():
        words = line.split()
        if not words or not words[0].isdigit():
            continue
        opcode, size = OPCODES[words[1]]
        code += bytes([opcode])
        if size:
            code += (int(words[2]) & (1 << 8 * size) - 1).to_bytes(size, "big")
        if words[1] == "end":
            return code
    raise ValueError(f"no end in {listing}")


def gdb_value(expression):
    try:
        value = gdb.parse_and_eval(expression)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            value = value.cast(gdb.lookup_type("unsigned long"))
        return f"{int(value) & (1 << 64) - 1:x}"
    except gdb.MemoryError:
        return "error"
    except gdb.error as error:
        return "error" if "Division by zero" in str(error) else None


def gdb_code(expression):
    try:
        return assemble(gdb.execute(f"maint agent-eval {expression}", to_string=True)).hex()
    except gdb.error:
        return None


def dump(path):
    """All registers in gdb's order, and all memory that can be read."""
    inferior = gdb.selected_inferior()
    with open(path, "wb") as out:
        names = [register.name for register in gdb.selected_frame().architecture().registers()][:GENERAL]
        for name in names:
            text = gdb.execute(f"output/x ${name}", to_string=True)
            out.write(struct.pack("<Q", int(text, 16)))
        out.write(bytes(8 * (REGISTERS - GENERAL)))
        for line in open(f"/proc/{inferior.pid}/maps", encoding="ascii"):
            start, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            start, end = int(start, 16), int(end, 16)
            if mode.startswith("r") and "[v" not in line:
                out.write(struct.pack("<QQ", start, end - start))
                out.write(inferior.read_memory(start, end - start))


def inside_gdb():
    count, seed = int(os.environ["COUNT"]), int(os.environ["SEED"])
    generator = Generator(seed)
    gdb.execute("set confirm off")
    gdb.execute("break stop")
    gdb.execute("run")
    dump(os.environ["DUMP"])
    skipped = 0
    with open(os.environ["PROGRAMS"], "w", encoding="ascii") as out:
        while count > 0:
            expression = generator.expression()
            value, code = gdb_value(expression), gdb_code(expression)
            if value is None or code is None:
                skipped += 1
                continue
            out.write(f"{code} {value} {expression}\n")
            count -= 1
    print(f"skipped {skipped}")
    gdb.execute("kill")


def main():
    count = sys.argv[1] if len(sys.argv) > 1 else "5000"
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    with tempfile.TemporaryDirectory() as directory:
        paths = {name: os.path.join(directory, name) for name in ("process", "runner", "DUMP", "PROGRAMS")}
        subprocess.run(["gcc", "-g", "-O0", "-static", "-xc", "-", "-o", paths["process"]], input=PROGRAM, text=True,
                       check=True)
        sources = [os.path.join(TOP, "events", name + ".c")
                   for name in ("bytecode", "expr_format", "expr_print", "expr_run", "expr_script", "expr_verify")]
        subprocess.run(["gcc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-fsanitize=address,undefined",
                        "-fno-sanitize-recover=all", f"-I{TOP}/rsp", f"-I{TOP}/events",
                        os.path.join(HERE, "expr", "runner.c"), *sources, "-o", paths["runner"]], check=True)
        environment = dict(os.environ, COUNT=count, SEED=seed, DUMP=paths["DUMP"], PROGRAMS=paths["PROGRAMS"])
        run = subprocess.run(["gdb", "-nx", "-q", "-batch", "-x", os.path.abspath(__file__), paths["process"]],
                             env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=60 + int(count) // 20, check=False)
        if "skipped" not in run.stdout:
            print("FAIL gdb evaluates\n" + run.stdout[-2000:])
            return 1
        result = subprocess.run([paths["runner"], paths["DUMP"], paths["PROGRAMS"]], stdout=subprocess.PIPE, text=True,
                                check=False)
    lines = result.stdout.splitlines()
    print("\n".join(lines[:40]))
    good = result.returncode == 0 and lines and lines[-1].split()[0] == count
    print(re.search(r"skipped \d+", run.stdout).group() + " that gdb does not take")
    print(f"{'PASS' if good else 'FAIL'} {count} expressions have the same value in gdb and as bytecode (seed {seed})")
    return 0 if good else 1


if __name__ == "__main__":
    if gdb:
        inside_gdb()
    else:
        sys.exit(main())
