/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the interpreter offer to each other. Runs in VMX root and in user space; calls
 * only the operations of struct expr_ops.
 */
#ifndef HVGDB_EVENTS_EXPR_MACHINE_H
#define HVGDB_EVENTS_EXPR_MACHINE_H

#include "bytecode.h"
#include "expr.h"

/* Reads at most this much at a time, and never over a boundary of it: so none crosses a page. */
#define EXPR_CHUNK 64

/* One run. */
struct expr_vm {
	const struct expr_env *env;
	struct expr_machine *machine;
	struct bytecode_insn insn;
	size_t len;   /* of the program */
	u32 pc, next; /* of this instruction, and of the one that follows */
	u32 depth;
	u32 max_steps;
	u32 after;	 /* the depth behind this instruction */
	u8 base, size;	 /* of the frame of locals */
	u8 calls;	 /* that have not returned */
	bool ended, has_locals;
};

/* Reads that cost steps, so that no loop over memory escapes the limit. */
enum expr_result expr_read(struct expr_vm *vm, u64 addr, void *buf, size_t len);

/* The bytes of guest memory one after the other; buf holds those up to the next boundary. */
struct expr_stream {
	struct expr_vm *vm;
	u64 addr; /* of the next byte */
	u8 pos, filled;
	u8 buf[EXPR_CHUNK];
};

void expr_stream_open(struct expr_stream *stream, struct expr_vm *vm, u64 addr);
enum expr_result expr_stream_byte(struct expr_stream *stream, u8 *byte);

/* expr_print.c: printf; the arguments lie that many places behind each other. */
enum expr_result expr_print(struct expr_vm *vm, u64 channel, const u64 *first, int stride);

/* One instruction: s is where the values that it pops begin, and those that it pushes. */
typedef enum expr_result (*expr_instruction)(struct expr_vm *vm, u64 *s);

/* expr_script.c: the instructions of scripts, from BC_LOCAL_GET on. */
extern const expr_instruction expr_script_instructions[BC_NR - BC_LOCAL_GET];

#endif
