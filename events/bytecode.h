/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction set of conditions, commands, collections and scripts: gdb's agent expressions,
 * and above 0x7f our own instructions for scripts. Owns how an instruction is encoded and what it
 * does to the stack, for the verifier, the interpreter and the script compiler. Runs in VMX root
 * and in user space; calls nothing.
 */
#ifndef HVGDB_EVENTS_BYTECODE_H
#define HVGDB_EVENTS_BYTECODE_H

#include "base.h"

/* Numbers are gdb's (its manual, "Bytecode Descriptions"); operands are big-endian. */
enum bytecode {
	BC_FLOAT = 0x01,
	BC_ADD = 0x02,
	BC_SUB = 0x03,
	BC_MUL = 0x04,
	BC_DIV_SIGNED = 0x05,
	BC_DIV_UNSIGNED = 0x06,
	BC_REM_SIGNED = 0x07,
	BC_REM_UNSIGNED = 0x08,
	BC_LSH = 0x09,
	BC_RSH_SIGNED = 0x0a,
	BC_RSH_UNSIGNED = 0x0b,
	BC_TRACE = 0x0c,
	BC_TRACE_QUICK = 0x0d,
	BC_LOG_NOT = 0x0e,
	BC_BIT_AND = 0x0f,
	BC_BIT_OR = 0x10,
	BC_BIT_XOR = 0x11,
	BC_BIT_NOT = 0x12,
	BC_EQUAL = 0x13,
	BC_LESS_SIGNED = 0x14,
	BC_LESS_UNSIGNED = 0x15,
	BC_EXT = 0x16,
	BC_REF8 = 0x17,
	BC_REF16 = 0x18,
	BC_REF32 = 0x19,
	BC_REF64 = 0x1a,
	BC_REF_FLOAT = 0x1b,
	BC_REF_DOUBLE = 0x1c,
	BC_REF_LONG_DOUBLE = 0x1d,
	BC_L_TO_D = 0x1e,
	BC_D_TO_L = 0x1f,
	BC_IF_GOTO = 0x20,
	BC_GOTO = 0x21,
	BC_CONST8 = 0x22,
	BC_CONST16 = 0x23,
	BC_CONST32 = 0x24,
	BC_CONST64 = 0x25,
	BC_REG = 0x26,
	BC_END = 0x27,
	BC_DUP = 0x28,
	BC_POP = 0x29,
	BC_ZERO_EXT = 0x2a,
	BC_SWAP = 0x2b,
	BC_GETV = 0x2c,
	BC_SETV = 0x2d,
	BC_TRACEV = 0x2e,
	BC_TRACENZ = 0x2f,
	BC_TRACE16 = 0x30,
	BC_INVALID = 0x31,
	BC_PICK = 0x32,
	BC_ROT = 0x33,
	BC_PRINTF = 0x34,

	/* Our own, for scripts: never taken from gdb. */
	BC_LOCAL_GET = 0x80,  /* [1 slot] (-> v) */
	BC_LOCAL_SET = 0x81,  /* [1 slot] (v ->) */
	BC_CALL = 0x82,	      /* [1 arguments][1 function] (first … last -> v) */
	BC_CALL_TEXT = 0x83,  /* [1 arguments][1 function][2 length][text]: with a literal */
	BC_REG_SET = 0x84,    /* [2 register] (v ->) */
	BC_GLOBAL_GET = 0x85, /* [2 number] (-> v) */
	BC_GLOBAL_SET = 0x86, /* [2 number] (v ->) */
	BC_GLOBAL_ADD = 0x87, /* [2 number] (v -> sum): atomic */
	BC_LOCAL_ADDR = 0x88, /* [1 slot] (-> address in EXPR_SPACE_LOCALS) */
	BC_INDEX = 0x89,      /* [2 limit] (i -> i): fails unless i is below the limit */
	BC_GO_SUB = 0x8a,     /* [1 arguments][2 target] (first … last -> v): slots 0 … of a frame */
	BC_RETURN = 0x8b,     /* (v ->): v is what BC_GO_SUB gives; in the main program, the end */
	BC_FRAME = 0x8c,      /* [1 arguments][1 size]: the slots of this frame, zero but for those */
	BC_PRINT = 0x8d,      /* [1 arguments][2 length][text]: printf, the first argument deepest */
	BC_NR = 0x8e,
};

enum bytecode_flags {
	BC_KNOWN = 0x01,
	BC_FLOATING = 0x02, /* known, and refused: root has no FPU of its own */
	BC_COLLECTS = 0x04, /* puts something into the trace buffer */
	BC_PRINTS = 0x08,
	BC_SETS = 0x10,	   /* changes a trace state variable */
	BC_PRIVATE = 0x20, /* our own */
	BC_ARGS = 0x40,	   /* pops as many more as its first operand byte says */
	BC_TEXT = 0x80,	   /* its last two operand bytes are the length of the text behind them */
};

/* One row an opcode. */
struct bytecode_row {
	const char *name;
	u8 operand; /* bytes of operands, without the text */
	u8 pops, pushes;
	u8 flags; /* enum bytecode_flags; 0 for what is no instruction */
};

/* One instruction, taken from a program. */
struct bytecode_insn {
	const struct bytecode_row *row;
	u8 op;
	u8 args;	/* with BC_ARGS */
	u16 pops;	/* row->pops and args */
	u32 size;	/* of the whole instruction */
	u64 operand;	/* all bytes as one number, but for the arguments and the length of a text */
	const u8 *text; /* with BC_TEXT */
	u16 text_len;
};

/* The row of an opcode; never NULL, its flags are 0 if there is no such instruction. */
const struct bytecode_row *bytecode_row(u8 op);

/*
 * The instruction at pc. False if it does not lie within the program wholly, or is none; floating
 * point counts as one.
 */
bool bytecode_decode(const u8 *code, size_t len, size_t pc, struct bytecode_insn *insn);

#endif
