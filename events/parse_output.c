// SPDX-License-Identifier: GPL-2.0
/*
 * The grammar of `output`: HyperDbg's create, open and close, and what hvgdb adds. See parse.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls rsp_text_*().
 */
#include "chars.h"
#include "parse_in.h"

static const struct {
	const char *name;
	u8 verb;
} verbs[] = {
	{ "create", OUTPUT_CREATE }, { "open", OUTPUT_OPEN },	  { "close", OUTPUT_CLOSE },
	{ "rotate", OUTPUT_ROTATE }, { "remove", OUTPUT_REMOVE },
};

static const struct {
	const char *name;
	u8 kind;
} kinds[] = {
	{ "file", HVGDB_OUTPUT_FILE }, { "namedpipe", HVGDB_OUTPUT_PIPE },
	{ "fifo", HVGDB_OUTPUT_PIPE }, { "tcp", HVGDB_OUTPUT_TCP },
	{ "unix", HVGDB_OUTPUT_UNIX }, { "gdb", HVGDB_OUTPUT_GDB },
};

static const struct {
	const char *name;
	u8 format;
} formats[] = {
	{ "text", HVGDB_FORMAT_TEXT },
	{ "json", HVGDB_FORMAT_JSON },
	{ "trace", HVGDB_FORMAT_TRACE },
};

/* Names stand between commas and braces elsewhere. */
static bool parse_name(struct parse_in *in, struct rule_span *name)
{
	size_t i;

	if (!in_need(in, "the name of an output"))
		return false;
	for (i = 0; i < in->word.len; i++)
		if (in->word.p[i] == ',' || in->word.p[i] <= ' ' || in->word.p[i] > '~')
			return in_fail_word(in, "is no name: letters, digits and signs but commas");
	*name = in->word;
	return true;
}

/* The port is decimal. */
static bool is_host_and_port(const struct rule_span *word)
{
	size_t at = word->len;
	u32 port = 0, scale = 1;

	while (at && word->p[at - 1] >= '0' && word->p[at - 1] <= '9' && scale < 1000000) {
		port += (word->p[--at] - '0') * scale;
		scale *= 10;
	}
	return at > 1 && word->p[at - 1] == ':' && port && port <= 0xffff;
}

static bool parse_address(struct parse_in *in, struct output_command *command)
{
	if (command->kind == HVGDB_OUTPUT_GDB)
		return true;
	if (!in_need(in, command->kind == HVGDB_OUTPUT_TCP ? "HOST:PORT" : "a path"))
		return false;
	command->address = in->word;
	if (command->kind == HVGDB_OUTPUT_TCP)
		return is_host_and_port(&in->word) ||
		       in_fail_word(in, "is not HOST:PORT with a decimal port");
	return in->word.p[0] == '/' ||
	       in_fail_word(in, "is not a path from the root: the controller may run anywhere");
}

static bool parse_kind(struct parse_in *in, struct output_command *command)
{
	size_t i;

	if (!in_need(in, "file, namedpipe, tcp, unix or gdb"))
		return false;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (in_is(&in->word, kinds[i].name))
			command->kind = kinds[i].kind;
	return command->kind || in_fail_word(in, "is not file, namedpipe, tcp, unix or gdb");
}

static bool parse_format(struct parse_in *in, struct output_command *command)
{
	size_t i;

	if (!in_word(in))
		return in_end(in);
	if (!in_is(&in->word, "format"))
		return in_fail_word(in, "only format text|json|trace may follow");
	if (!in_need(in, "text, json or trace"))
		return false;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!in_is(&in->word, formats[i].name))
			continue;
		command->format = formats[i].format;
		return in_word(in) ? in_fail_word(in, "nothing was to follow") : in_end(in);
	}
	return in_fail_word(in, "is not text, json or trace");
}

bool parse_output_command(struct parse_in *in, struct output_command *command)
{
	size_t i;

	command->verb = OUTPUT_LIST;
	if (!in_word(in))
		return in_end(in);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (in_is(&in->word, verbs[i].name))
			command->verb = verbs[i].verb;
	if (command->verb == OUTPUT_LIST)
		return in_fail_word(in, "is not create, open, close, rotate or remove");
	if (!parse_name(in, &command->name))
		return false;
	if (command->verb == OUTPUT_CREATE)
		return parse_kind(in, command) && parse_address(in, command) &&
		       parse_format(in, command);
	return in_word(in) ? in_fail_word(in, "nothing was to follow") : in_end(in);
}
