/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, as gdb speaks of them: what a target that has them must provide (struct
 * rsp_trace_ops). Pointers into the packet are good for the call only. Runs in VMX root and in
 * user-space tests.
 */
#ifndef HVGDB_RSP_TRACE_H
#define HVGDB_RSP_TRACE_H

#include "base.h"

#define RSP_NO_FRAME (~0ull)

/* A tracepoint is known by its number and one of its addresses. */
struct rsp_tracepoint {
	unsigned int number;
	u64 addr;
	bool enabled;
	u64 steps; /* while-stepping; 0: none */
	u64 pass;  /* tracing stops after so many hits; 0: never */
	const u8 *condition;
	size_t condition_len; /* 0: none */
	const char *why;      /* out, with RSP_EPROGRAM: a sentence that stays, or NULL */
};

enum rsp_trace_action_kind {
	RSP_TRACE_REGISTERS, /* .mask */
	RSP_TRACE_MEMORY,    /* .len bytes at .offset from register .reg, or from 0 */
	RSP_TRACE_EXPRESSION /* .code */
};

struct rsp_trace_action {
	u8 kind;       /* enum rsp_trace_action_kind */
	bool stepping; /* of every step, not of the hit */
	u64 mask;      /* bit n: register n of the description */
	int reg;       /* -1: none */
	u64 offset, len;
	const u8 *code;
	size_t code_len;
	const char *why; /* out, as above */
};

enum rsp_trace_source_kind { RSP_TRACE_AT, RSP_TRACE_COND, RSP_TRACE_CMD, RSP_TRACE_NR_SOURCES };

/* The user's own words, for a gdb that connects later; in pieces if it is long. */
struct rsp_trace_source {
	u8 kind; /* enum rsp_trace_source_kind */
	u64 start, total;
	const u8 *text;
	size_t len;
};

struct rsp_trace_variable {
	unsigned int number;
	u64 value;
	bool builtin; /* the target's own */
	const u8 *name;
	size_t name_len;
};

enum rsp_trace_end {
	RSP_TRACE_NEVER_RUN,
	RSP_TRACE_STOPPED, /* tstop */
	RSP_TRACE_FULL,
	RSP_TRACE_DISCONNECTED,
	RSP_TRACE_PASSED, /* pass count of .tracepoint */
	RSP_TRACE_FAILED, /* .why */
};

struct rsp_trace_status {
	bool running, circular, disconnected; /* the last: goes on when gdb leaves */
	u8 end;				      /* enum rsp_trace_end, if it does not run */
	unsigned int tracepoint;	      /* that ended it */
	const char *why;
	u64 frames, created; /* there, and ever made */
	u64 size, free;	     /* bytes */
	u64 started, ended;  /* microseconds since 1970; 0 is not known */
};

enum rsp_trace_option { RSP_TRACE_CIRCULAR, RSP_TRACE_SIZE, RSP_TRACE_STAY };

enum rsp_trace_note { RSP_TRACE_USER, RSP_TRACE_NOTES, RSP_TRACE_TSTOP, RSP_TRACE_NR_NOTES };

enum rsp_trace_how {
	RSP_TRACE_BY_NUMBER, /* a */
	/* The rest is looked for behind the frame at hand. */
	RSP_TRACE_BY_PC,    /* a */
	RSP_TRACE_BY_POINT, /* a is the tracepoint's number */
	RSP_TRACE_INSIDE,   /* a <= pc <= b */
	RSP_TRACE_OUTSIDE,
};

struct rsp_trace_find {
	u8 how; /* enum rsp_trace_how */
	u64 a, b;
	u64 from;		 /* in: first number looked at; out: the number found */
	unsigned int tracepoint; /* out */
};

/* One thing of those that a new gdb is told: a tracepoint, one of its actions or sources. */
struct rsp_trace_item {
	char kind; /* T, A or Z */
	struct rsp_tracepoint point;
	struct rsp_trace_action action;
	struct rsp_trace_source source;
};

/* int is an enum rsp_error throughout; target is what rsp_ops.trace_target() gave. All are needed.
 */
struct rsp_trace_ops {
	/* Forget all tracepoints, variables and frames. */
	void (*init)(void *target);

	/* A tracepoint, then its actions and sources in gdb's order; complete() after the actions.
	 */
	int (*define)(void *target, struct rsp_tracepoint *point);
	int (*add_action)(void *target, unsigned int number, u64 addr,
			  struct rsp_trace_action *action);
	int (*complete)(void *target, unsigned int number, u64 addr);
	int (*add_source)(void *target, unsigned int number, u64 addr,
			  const struct rsp_trace_source *source);
	int (*define_variable)(void *target, const struct rsp_trace_variable *variable);
	/* Memory that never changes, and may be read while a frame is looked at; first: no other.
	 */
	int (*add_constant)(void *target, bool first, u64 start, u64 end);

	int (*start)(void *target);
	void (*stop)(void *target);
	int (*enable)(void *target, unsigned int number, u64 addr, bool enabled);
	int (*set_option)(void *target, unsigned int option, u64 value);
	int (*set_note)(void *target, unsigned int note, const u8 *text, size_t len);

	void (*status)(void *target, struct rsp_trace_status *status);
	size_t (*note)(void *target, unsigned int note, const u8 **text);
	int (*point_status)(void *target, unsigned int number, u64 addr, u64 *hits, u64 *bytes);
	/* What is defined, by index; false behind the last. */
	bool (*item)(void *target, unsigned int index, struct rsp_trace_item *item);
	bool (*variable)(void *target, unsigned int index, struct rsp_trace_variable *variable);

	/* False if there is none; then everything is as before. */
	bool (*find)(void *target, struct rsp_trace_find *find);
	/* Of a frame that was found; RSP_NO_FRAME for get_variable: the value now. */
	int (*frame_reg)(void *target, u64 frame, unsigned int reg, u8 *value);
	int (*frame_mem)(void *target, u64 frame, u64 addr, u8 *buf, size_t len, size_t *done);
	bool (*frame_range)(void *target, u64 frame, unsigned int index, u64 *addr, u64 *len);
	bool (*frame_variable)(void *target, u64 frame, unsigned int index, unsigned int *number);
	bool (*get_variable)(void *target, u64 frame, unsigned int number, u64 *value);
	/* Has somebody write it all into a file, later; says who and when. */
	int (*save)(void *target, const u8 *name, size_t len, const char **what_happens);
	/* The frames as they stand in a trace file; 0 at the end. */
	size_t (*raw)(void *target, u64 offset, u8 *buf, size_t len);
};

#endif
