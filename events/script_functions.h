/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of scripts: one row each, by name for the compiler and by number for a run. Runs in
 * VMX root and in user space.
 */
#ifndef HVGDB_EVENTS_SCRIPT_FUNCTIONS_H
#define HVGDB_EVENTS_SCRIPT_FUNCTIONS_H

#include "script_names.h"

struct script_call {
	struct script_run *run;
	const u64 *args;
	u64 value; /* out */
	u8 size;   /* of memory functions: the row's */
	bool physical;
};

/* What the compiler makes of a function; the rest are calls. */
enum script_inline {
	SCRIPT_CALLED,
	SCRIPT_LOAD, /* a read of guest memory, of the row's size */
	SCRIPT_HI,   /* bits 31:16 of what is there */
	SCRIPT_NOT,
	SCRIPT_NEG,
	SCRIPT_REFERENCE,
	SCRIPT_PRINTF,
};

struct script_function {
	const char *name;
	/* One letter an argument: n a number, s a number or "string", w a number or L"string". */
	const char *args;
	bool gives_value;
	u8 how; /* enum script_inline */
	u8 size;
	bool physical;
	enum expr_result (*run)(struct script_call *call);
};

/* Row n, NULL behind the last. */
const struct script_function *script_function(unsigned int n);
int script_find_function(const struct script_word *name);

/* script_memory.c: guest memory and the script's own, in chunks that cost steps. */
enum expr_result script_read(struct script_run *run, bool physical, u64 addr, void *buf,
			     size_t len);
enum expr_result script_write(struct script_run *run, bool physical, u64 addr, const void *buf,
			      size_t len);
enum expr_result script_atomic(struct script_run *run, u64 addr, enum script_atomic op, u64 a,
			       u64 b, u64 *old);

/* Where a script sees what is not its locals. */
#define SCRIPT_SPACE_GLOBALS (EXPR_SPACE | 0x01ull << 48)
#define SCRIPT_SPACE_DATA    (EXPR_SPACE | 0x02ull << 48)
#define SCRIPT_SPACE_NAME    (EXPR_SPACE | 0x03ull << 48)
#define SCRIPT_SPACE_DATE    (EXPR_SPACE | 0x04ull << 48)
#define SCRIPT_SPACE_TIME    (EXPR_SPACE | 0x05ull << 48)

/* script_text.c: functions on memory and strings. */
enum expr_result script_load(struct script_call *call);
enum expr_result script_store(struct script_call *call);
enum expr_result script_low(struct script_call *call);
enum expr_result script_hi_physical(struct script_call *call);
enum expr_result script_memcpy(struct script_call *call);
enum expr_result script_memcmp(struct script_call *call);
enum expr_result script_strlen(struct script_call *call);
enum expr_result script_strcmp(struct script_call *call);
enum expr_result script_strncmp(struct script_call *call);

#endif
