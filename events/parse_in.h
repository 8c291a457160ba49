/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of text from left to right: words, numbers, braces, and the one line of error that points
 * at a word. For parse*.c only.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls rsp_text_*().
 */
#ifndef HVGDB_EVENTS_PARSE_IN_H
#define HVGDB_EVENTS_PARSE_IN_H

#include "parse.h"

struct parse_in {
	const char *line;
	size_t len, at;
	struct rule_span word; /* the last one taken */
	const char *usage;
	const struct parse_env *env;
	struct rsp_text *error;
};

/* Takes the next word; false at the end of the line, or before a brace. */
bool in_word(struct parse_in *in);

/* After the last word: a brace that nobody asked for is an error. */
bool in_end(struct parse_in *in);

/* The same as in_word(), but none is an error: "WORD needs WHAT". */
bool in_need(struct parse_in *in, const char *what);

bool in_is(const struct rule_span *word, const char *name); /* any case */

/* The word as a number, hexadecimal unless it has another prefix; false if it is none. */
bool in_number(const struct rule_span *word, u64 *value);

/* A number up to max, or an error. */
bool in_need_number(struct parse_in *in, const char *what, u64 max, u64 *value);

/* One of two words, or an error. */
bool in_need_choice(struct parse_in *in, const char *yes, const char *no, bool *value);

/* `{ ... }` after the last word: what is between, without blanks at the ends. */
bool in_need_braces(struct parse_in *in, struct rule_span *text);

/* Cuts blanks from both ends. */
void in_trim(struct rule_span *span);

/* Writes the error line; always false. */
bool in_fail(struct parse_in *in, const struct rule_span *where, const char *sentence);
bool in_fail_word(struct parse_in *in, const char *sentence); /* at the last word */

/* parse_rule.c: what follows !exception, !interrupt or !dr. spec->kind is set. */
bool parse_rule(struct parse_in *in, struct rule_spec *spec);

/* parse_output.c: what follows output. */
bool parse_output_command(struct parse_in *in, struct output_command *command);

#endif
