/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of text about events is carried out: `monitor` and hvgdbctl's ioctl come through here and
 * nowhere else.
 *
 * Runs in VMX root and in user-space tests. Calls parse_*(), rules_*() and rsp_text_*().
 */
#ifndef HVGDB_EVENTS_COMMAND_H
#define HVGDB_EVENTS_COMMAND_H

#include "outputs.h"
#include "parse.h"

struct command_env {
	struct parse_env parse;
	enum rule_origin origin; /* RULE_MONITOR or RULE_IOCTL */
	void *ctx;
	/* Name of the process with that tgid; false if there is none. NULL: not known. */
	bool (*process_name)(void *ctx, u32 pid, char comm[EVENT_COMM_SIZE]);
	struct outputs *outputs; /* NULL: there are none */
	/*
	 * Turns spec->script into spec->program. On failure a line is in error. NULL: scripts are
	 * refused.
	 */
	bool (*compile)(void *ctx, struct rule_spec *spec, struct rsp_text *error);
	/* Why rules that stop gdb are refused; NULL: they are not. */
	const char *no_break;
	/* events sc on|off for the event at hand; false: no event is held. NULL: never one. */
	bool (*event_sc)(void *ctx, bool on);
	/* event: appends the last event of the current CPU. NULL: never one. */
	void (*event_show)(void *ctx, struct rsp_text *out);
};

enum command_result {
	COMMAND_OK,
	COMMAND_ERROR,	 /* one line in out; nothing is changed */
	COMMAND_UNKNOWN, /* no command of ours; out is untouched */
};

enum command_result command_run(struct event_rules *rules, const struct command_env *env,
				const char *line, size_t len, struct rsp_text *out);

#endif
