/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what gdb defined, and what happens when one is hit. Definitions change only while
 * all CPUs are halted; hits come from all CPUs at once, and each writes to its own ring. The
 * functions above "hits" are those that struct rsp_trace_ops asks for, and int is enum rsp_error.
 * Runs in VMX root and in user space; calls only the operations of struct trace_ops.
 */
#ifndef HVGDB_EVENTS_TRACEPOINTS_H
#define HVGDB_EVENTS_TRACEPOINTS_H

#include "expr.h"
#include "rsp.h"
#include "trace.h"
#include "trace_buffer.h"

#define TRACE_POINTS	256
#define TRACE_VARIABLES 64
#define TRACE_CONSTANTS 32
#define TRACE_NOTE	128

struct trace_point {
	unsigned int number;
	u64 addr;
	bool enabled, complete;
	u64 steps, pass;
	u64 hits, bytes; /* in the buffer, ever */
	u64 errors;	 /* conditions that failed, and counted as true; collections cut short */
	u8 last_error;	 /* enum expr_result */
	u32 condition, condition_len; /* in the pool */
	u32 first, last;	      /* records in the pool: offset + 1, 0 for none */
};

struct trace_variable {
	unsigned int number;
	u64 value, initial;
	bool builtin;
	u32 name, name_len; /* in the pool */
};

struct trace_owner {
	/*
	 * What is to be hit has changed: plant the tracepoints that tracepoints_wanted() names, and
	 * no others. An error refuses what gdb wanted.
	 */
	int (*plant)(void *owner);
	/* Microseconds since 1970, or 0. */
	u64 (*now)(void *owner);
	/* As in struct rsp_ops, of any CPU: what is constant. */
	int (*read_mem)(void *owner, u64 addr, u8 *buf, size_t len, size_t *done);
	/* As in struct rsp_trace_ops; the trace does not run. */
	int (*save)(void *owner, const u8 *name, size_t len, const char **what_happens);
};

struct tracepoints {
	const struct trace_owner *owner_ops;
	void *owner;
	struct trace_buffer buffer;
	unsigned int (*reg_size)(unsigned int reg);
	u8 *pool; /* conditions, actions, sources, names: emptied by QTinit */
	u32 pool_size, pool_used;

	struct trace_point points[TRACE_POINTS];
	unsigned int nr_points;
	struct trace_variable variables[TRACE_VARIABLES];
	unsigned int nr_variables;
	struct {
		u64 start, end;
	} constants[TRACE_CONSTANTS];
	unsigned int nr_constants;
	u8 notes[RSP_TRACE_NR_NOTES][TRACE_NOTE];
	u8 note_len[RSP_TRACE_NR_NOTES];

	bool running, circular, stay;
	u8 end; /* enum rsp_trace_end */
	unsigned int end_point;
	u64 limit;		    /* of each ring, 0: none */
	u64 started, ended;	    /* microseconds; the owner's, if it knows */
	u64 raw_number, raw_offset; /* a frame, and where it begins in the file */
	u64 raw_created;

	u64 step_limit; /* of while-stepping; 0: none. The caller's, with the sentence that refuses */
	const char *too_many_steps;

	struct expr_check check;
};

/*
 * owner_ops and owner are set by the caller, behind this. pool_size 0: nothing can be defined.
 * Rings are initialised by the caller. reg_size is rsp_reg_size, which events/ does not link to.
 */
void tracepoints_init(struct tracepoints *t, struct trace_ring *rings, unsigned int cpus, u8 *pool,
		      u32 pool_size, unsigned int (*reg_size)(unsigned int reg));

void tracepoints_forget(struct tracepoints *t);
int tracepoints_define(struct tracepoints *t, struct rsp_tracepoint *point);
int tracepoints_add_action(struct tracepoints *t, unsigned int number, u64 addr,
			   struct rsp_trace_action *action);
int tracepoints_complete(struct tracepoints *t, unsigned int number, u64 addr);
int tracepoints_add_source(struct tracepoints *t, unsigned int number, u64 addr,
			   const struct rsp_trace_source *source);
int tracepoints_define_variable(struct tracepoints *t, const struct rsp_trace_variable *variable);
int tracepoints_add_constant(struct tracepoints *t, bool first, u64 start, u64 end);
int tracepoints_start(struct tracepoints *t, u64 now);
void tracepoints_stop(struct tracepoints *t, u8 end, unsigned int point, u64 now);
int tracepoints_enable(struct tracepoints *t, unsigned int number, u64 addr, bool enabled);
int tracepoints_set_option(struct tracepoints *t, unsigned int option, u64 value);
int tracepoints_set_note(struct tracepoints *t, unsigned int note, const u8 *text, size_t len);

void tracepoints_status(const struct tracepoints *t, struct rsp_trace_status *status);
size_t tracepoints_note(const struct tracepoints *t, unsigned int note, const u8 **text);
int tracepoints_point_status(struct tracepoints *t, unsigned int number, u64 addr, u64 *hits,
			     u64 *bytes);
bool tracepoints_item(const struct tracepoints *t, unsigned int index, struct rsp_trace_item *item);
bool tracepoints_variable(const struct tracepoints *t, unsigned int index,
			  struct rsp_trace_variable *variable);

bool tracepoints_find(struct tracepoints *t, struct rsp_trace_find *find);
int tracepoints_frame_reg(struct tracepoints *t, u64 frame, unsigned int reg, u8 *value);
int tracepoints_frame_mem(struct tracepoints *t, u64 frame, u64 addr, u8 *buf, size_t len,
			  size_t *done);
/* May the machine's memory stand for what the frame does not have? */
bool tracepoints_is_constant(const struct tracepoints *t, u64 addr, size_t len);
bool tracepoints_frame_range(struct tracepoints *t, u64 frame, unsigned int index, u64 *addr,
			     u64 *len);
bool tracepoints_frame_variable(struct tracepoints *t, u64 frame, unsigned int index,
				unsigned int *number);
bool tracepoints_get_variable(struct tracepoints *t, u64 frame, unsigned int number, u64 *value);
size_t tracepoints_raw(struct tracepoints *t, u64 offset, u8 *buf, size_t len);

bool tracepoints_wanted(const struct tracepoints *t, const struct trace_point *point);

/* The operations for struct rsp_ops, with a struct tracepoints as their target. */
extern const struct rsp_trace_ops tracepoints_rsp_ops;

/* gdb has left: without disconnected tracing this is the end. */
void tracepoints_disconnect(struct tracepoints *t, u64 now);

/*
 * Hits.
 */

struct trace_ops {
	/* rsp_reg_size(reg) bytes; EXPR_NO_REGISTER if it cannot be had. */
	enum expr_result (*read_reg)(void *ctx, unsigned int reg, u8 *value);
	/* As in struct expr_ops. */
	enum expr_result (*read_mem)(void *ctx, u64 addr, void *buf, size_t len);
};

/* The CPU that hit, as it is now. */
struct trace_hit {
	const struct trace_ops *ops;
	void *ctx;
	struct expr_machine *machine; /* this CPU's */
	unsigned int cpu;	      /* from 0: whose ring */
	u64 tsc, pc, now;
};

/* Any of that number if addr is ~0 (rules with `trace N`); NULL if there is none. */
struct trace_point *tracepoints_lookup(struct tracepoints *t, unsigned int number, u64 addr);

/* Returns how many instructions are to be stepped, each followed by tracepoints_step(). */
u64 tracepoints_hit(struct tracepoints *t, struct trace_point *point, const struct trace_hit *hit);
/* left: steps that are still to come. False: they are not, tracing has ended. */
bool tracepoints_step(struct tracepoints *t, struct trace_point *point, const struct trace_hit *hit,
		      u64 left);

/* A rule that collects like this tracepoint has matched; whether it is enabled says nothing. */
void tracepoints_event(struct tracepoints *t, struct trace_point *point,
		       const struct trace_hit *hit);

/* Counts what the caller could not do for a tracepoint. */
void tracepoints_failed(struct trace_point *point, enum expr_result why);

/* Trace state variables, for other programs than those of tracepoints. */
enum expr_result tracepoints_get(struct tracepoints *t, unsigned int number, u64 *value);
enum expr_result tracepoints_set(struct tracepoints *t, unsigned int number, u64 value);

#endif
