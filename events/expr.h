/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Expressions: programs in bytecode (bytecode.h) that are verified once and run at every hit of a
 * breakpoint, tracepoint or rule. No allocation, no recursion, no kernel: all memory is the
 * caller's, and all that a program can reach are the operations of struct expr_ops. Runs in VMX
 * root and in user space.
 *
 * The interpreter does not rely on the verifier: a program that was never verified, or was damaged
 * since, ends with an enum expr_result like any other.
 */
#ifndef HVGDB_EVENTS_EXPR_H
#define HVGDB_EVENTS_EXPR_H

#include "base.h"

#define EXPR_CODE_MAX	  8192	/* bytes of a program: what fits a packet, in hex */
#define EXPR_STACK_MAX	  100	/* values; gdbserver has as many */
#define EXPR_LOCALS	  240	/* slots of a script, all frames together */
#define EXPR_CALLS	  16	/* functions of a script in each other */
#define EXPR_STEPS	  10000 /* allowed when the caller names no number */
#define EXPR_COLLECT_MAX  65536 /* bytes of one collection */
#define EXPR_STRING_MAX	  1024	/* bytes of a string that printf looks at */
#define EXPR_PRINT_BUFFER 256	/* what printf gives to ops->print at a time */
#define EXPR_PRINT_MAX	  4096	/* bytes that one printf can give */

/*
 * Where a script sees its own memory: addresses that no page table maps, whatever the CPU. The
 * second byte says which part, the rest is an offset; expr_ops.read_mem has to know.
 */
#define EXPR_SPACE	  (0x01ull << 56)
#define EXPR_SPACE_LOCALS EXPR_SPACE

/* How a run ended; each has a sentence (expr_result_text). A condition that failed is true. */
enum expr_result {
	EXPR_OK,
	EXPR_BAD_CODE, /* no instruction, or it reaches behind the end */
	EXPR_BAD_JUMP, /* out of the program */
	EXPR_OVERFLOW, /* of the stack */
	EXPR_UNDERFLOW,
	EXPR_ENDLESS,	  /* more steps than allowed */
	EXPR_DIVISION,	  /* by zero */
	EXPR_NO_REGISTER, /* no such register, not available, or wider than 64 bits */
	EXPR_UNMAPPED,	  /* the guest's page tables do not map the address */
	EXPR_NOT_RAM,
	EXPR_NO_VARIABLE, /* trace state variable or local slot */
	EXPR_READ_ONLY,
	EXPR_TOO_LONG,	  /* to be collected or printed */
	EXPR_FULL,	  /* trace buffer or output ring */
	EXPR_BAD_FORMAT,  /* of printf */
	EXPR_UNSUPPORTED, /* not in this context */
	EXPR_REFUSED,	  /* a function of a script failed */
	EXPR_INDEX,	  /* beyond an array */
	EXPR_NESTED,	  /* functions in each other, or their variables */
	EXPR_LOCKED,	  /* a spinlock was not free in time */
	EXPR_NR_RESULTS,
};

const char *expr_result_text(enum expr_result result);

/* What this use of a program is allowed to do. */
enum expr_allowed {
	EXPR_MAY_COLLECT = 1,
	EXPR_MAY_PRINT = 2,
	EXPR_MAY_SET = 4,      /* trace state variables */
	EXPR_MAY_PRIVATE = 8,  /* the instructions of scripts */
	EXPR_NEEDS_VALUE = 16, /* every way must end with a value on the stack */
};

#define EXPR_CONDITION	(EXPR_NEEDS_VALUE | EXPR_MAY_SET)
#define EXPR_COMMANDS	(EXPR_MAY_PRINT | EXPR_MAY_SET)
#define EXPR_COLLECTION (EXPR_MAY_COLLECT | EXPR_MAY_SET)
#define EXPR_SCRIPT	(EXPR_MAY_COLLECT | EXPR_MAY_PRINT | EXPR_MAY_SET | EXPR_MAY_PRIVATE)

/* What the verifier found out. */
struct expr_info {
	const char *why; /* of a refused program: a sentence without its full stop, else NULL */
	u32 offset;	 /* where */
	u32 steps;	 /* an upper bound, unless it loops */
	u16 registers;	 /* the highest number read, plus one */
	u8 stack;	 /* the deepest */
	bool loops;	 /* it jumps back: only the step limit ends it for sure */
	bool reads_memory;
	bool collects, prints, sets, private;
};

/* One verification; too large for root's stack. */
struct expr_check {
	u32 allowed;		 /* in: enum expr_allowed */
	u32 registers;		 /* in: valid register numbers are below this */
	struct expr_info info;	 /* out */
	u8 depth[EXPR_CODE_MAX]; /* scratch */
};

/* 0, or -EINVAL with check->info.why and .offset. */
int expr_verify(const u8 *code, size_t len, struct expr_check *check);

/*
 * All that a program can do to the world. Each returns EXPR_OK or why not, which ends the program.
 * Any may be NULL: EXPR_UNSUPPORTED.
 */
struct expr_ops {
	/* Zero-extended. */
	enum expr_result (*read_reg)(void *ctx, unsigned int reg, u64 *value);
	enum expr_result (*write_reg)(void *ctx, unsigned int reg, u64 value);
	/* All of it or nothing; must not fault. Never more than 64 bytes. */
	enum expr_result (*read_mem)(void *ctx, u64 addr, void *buf, size_t len);

	/* Trace state variables. */
	enum expr_result (*get_var)(void *ctx, unsigned int var, u64 *value);
	enum expr_result (*set_var)(void *ctx, unsigned int var, u64 value);

	/* Into the trace frame at hand; len is 1 to EXPR_COLLECT_MAX. */
	enum expr_result (*collect)(void *ctx, u64 addr, size_t len);
	enum expr_result (*collect_var)(void *ctx, unsigned int var);

	/* Text of printf; one printf may come in several parts. len is not 0, there is no NUL. */
	enum expr_result (*print)(void *ctx, u64 channel, const char *text, size_t len);

	/* A function of a script; text is the literal, NULL if there is none. */
	enum expr_result (*call)(void *ctx, unsigned int function, const u64 *args,
				 unsigned int nargs, const u8 *text, size_t text_len, u64 *value);
};

/* Where a function goes back to. */
struct expr_call {
	u32 next;
	u8 base, size; /* of the caller's frame */
	u8 slot;       /* of the value, on the stack */
};

/* What a run works on, one a CPU; too large for root's stack. Nothing needs to be set up. */
struct expr_machine {
	u64 stack[EXPR_STACK_MAX];
	u64 locals[EXPR_LOCALS];
	struct expr_call calls[EXPR_CALLS];
	char text[EXPR_PRINT_BUFFER];
	u64 fault_addr; /* of the memory that could not be read */
	u32 fault_pc;	/* of the instruction that failed */
	u32 steps;	/* done */
};

struct expr_env {
	const struct expr_ops *ops;
	void *ctx;
	struct expr_machine *machine;
	u32 max_steps; /* 0: EXPR_STEPS */
	u64 *globals;  /* of scripts, shared by all CPUs */
	u32 nr_globals;
};

/* value is the top of the stack at the end, 0 if it is empty or the run failed. */
enum expr_result expr_run(const u8 *code, size_t len, const struct expr_env *env, u64 *value);

#endif
