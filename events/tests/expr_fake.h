/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A world for programs: registers, a page of memory with a hole behind it, variables, and a list
 * of what was collected and printed. User space only.
 */
#ifndef HVGDB_EVENTS_EXPR_FAKE_H
#define HVGDB_EVENTS_EXPR_FAKE_H

#include "bytecode.h"
#include "expr.h"

#define EXPR_FAKE_PAGE	 0xffff888000001000ull
#define EXPR_FAKE_MMIO	 0xfee00000ull
#define EXPR_FAKE_REGS	 64
#define EXPR_FAKE_VARS	 8  /* 7 cannot be written */
#define EXPR_FAKE_NO_REG 24 /* an 80-bit one */

struct expr_fake {
	u64 regs[EXPR_FAKE_REGS];
	u64 vars[EXPR_FAKE_VARS];
	u8 page[0x1000];
	unsigned int reads;
	char log[0x4000]; /* "collect ADDR LEN; " and so on */
	size_t log_len;
	char out[0x4000];
	size_t out_len, out_limit, prints;
	u64 channel;
	struct expr_machine machine;
	struct expr_env env;
};

void expr_fake_init(struct expr_fake *fake);

/* Writes a program as text: names of instructions, numbers, "strings" and `label:` and `@label`. */
size_t expr_assemble(u8 *code, size_t size, const char *text);

#endif
