/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of outputs: where records of rules go. It lies in memory that the reader of the rings
 * maps (kmod/uapi/hvgdb_ring.h), who opens the files and sockets and tells how that went; here are
 * only names, and what of each rule belongs to which.
 *
 * Runs in VMX root while every CPU is halted, and in user-space tests. Calls memset, memcpy,
 * rsp_text_*().
 */
#ifndef HVGDB_EVENTS_OUTPUTS_H
#define HVGDB_EVENTS_OUTPUTS_H

#include "rules.h"
#include "uapi/hvgdb_ring.h"

struct outputs {
	struct hvgdb_area *area;	   /* NULL: there are no outputs */
	const struct hvgdb_reader *reader; /* what it says is shown, and not believed */
	u32 open;			   /* set of the numbers of open outputs */
	u32 gdb;			   /* of these, gdb's own */
	u32 serial;
};

enum output_verb {
	OUTPUT_LIST,
	OUTPUT_CREATE,
	OUTPUT_OPEN,
	OUTPUT_CLOSE,
	OUTPUT_ROTATE,
	OUTPUT_REMOVE,
};

/* `output ...` as it was typed; spans point into the line. */
struct output_command {
	u8 verb;   /* enum output_verb */
	u8 kind;   /* enum hvgdb_output_kind */
	u8 format; /* enum hvgdb_output_format */
	struct rule_span name, address;
};

/* Carries a command out; false: nothing is changed, and a line in out says why. */
bool outputs_run(struct outputs *outputs, const struct event_rules *rules,
		 const struct output_command *command, struct rsp_text *out);

/* Turns spec->output[] into spec->outputs; false: a line in out names the one that is not there. */
bool outputs_resolve(const struct outputs *outputs, struct rule_spec *spec, struct rsp_text *out);

#endif
