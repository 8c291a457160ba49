/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of !exception, !interrupt, !dr, events, event and output: one line of text to a struct, or
 * to one line that says what is wrong with which word. The same for `monitor` and for hvgdbctl.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memset and rsp_text_*().
 */
#ifndef HVGDB_EVENTS_PARSE_H
#define HVGDB_EVENTS_PARSE_H

#include "outputs.h"
#include "rules.h"

#define PARSE_LINE_MAX 8191 /* what a qRcmd packet holds */

enum parse_what {
	PARSE_RULE,	      /* !exception, !interrupt, !dr: .spec */
	PARSE_EVENTS_LIST,    /* events */
	PARSE_EVENTS_ENABLE,  /* events e id|all */
	PARSE_EVENTS_DISABLE, /* events d id|all */
	PARSE_EVENTS_CLEAR,   /* events c id|all */
	PARSE_EVENTS_SC,      /* events sc on|off: .on */
	PARSE_EVENT,	      /* event */
	PARSE_OUTPUT,	      /* output: .output */
};

struct parse_command {
	u8 what; /* enum parse_what */
	bool all;
	bool on;
	u32 id;
	struct rule_spec spec;
	struct output_command output;
};

struct parse_env {
	bool unsafe_code; /* condition { } and code { } are allowed */
	/* NULL: every core is online. */
	bool (*core_online)(void *ctx, u32 core);
	void *ctx;
};

enum parse_result {
	PARSE_OK,
	PARSE_ERROR,   /* error has the line */
	PARSE_UNKNOWN, /* the first word is no command of ours; error is untouched */
};

/* The spans of command->spec point into line. */
enum parse_result parse_line(const char *line, size_t len, const struct parse_env *env,
			     struct parse_command *command, struct rsp_text *error);

/* The usage line of a command ("!dr", "events"), without newline; NULL if it is none of ours. */
const char *parse_usage(const char *command);

/* For `monitor help`: one line a command, its name first. */
void parse_help(struct rsp_text *out);

#endif
