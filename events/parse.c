// SPDX-License-Identifier: GPL-2.0
/*
 * Event commands by name, and the grammar of those that manage rules. See parse.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memset and rsp_text_*().
 */
#include "chars.h"
#include "parse_in.h"

#define USAGE_TAIL                                                                                 \
	"[pid P|all] [core C] [rip FROM TO] [cpl N] [imm yes|no] [sc on|off] "                     \
	"[stage pre|post|all] [buffer N] [script { }] [condition { hex }] [code { hex }] "         \
	"[output { name, ... }] [trace N] [persist]"

static bool parse_end(struct parse_in *in)
{
	if (in_word(in))
		return in_fail_word(in, "nothing was to follow");
	return in_end(in);
}

static bool parse_id(struct parse_in *in, struct parse_command *command)
{
	u64 id;

	if (!in_need(in, "the id of a rule, or all"))
		return false;
	command->all = in_is(&in->word, "all");
	if (command->all)
		return parse_end(in);
	if (!in_number(&in->word, &id) || id > 0xffffffff)
		return in_fail_word(in, "is neither the id of a rule nor all");
	command->id = id;
	return parse_end(in);
}

static bool parse_events(struct parse_in *in, struct parse_command *command)
{
	static const struct {
		const char *name;
		u8 what;
	} verbs[] = {
		{ "e", PARSE_EVENTS_ENABLE },
		{ "d", PARSE_EVENTS_DISABLE },
		{ "c", PARSE_EVENTS_CLEAR },
	};
	size_t i;

	command->what = PARSE_EVENTS_LIST;
	if (!in_word(in))
		return parse_end(in);
	if (in_is(&in->word, "sc")) {
		command->what = PARSE_EVENTS_SC;
		return in_need_choice(in, "on", "off", &command->on) && parse_end(in);
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!in_is(&in->word, verbs[i].name))
			continue;
		command->what = verbs[i].what;
		return parse_id(in, command);
	}
	return in_fail_word(in, "is not e, d, c or sc");
}

enum verb {
	VERB_EXCEPTION = EVENT_EXCEPTION,
	VERB_INTERRUPT = EVENT_INTERRUPT,
	VERB_DR = EVENT_DR,
	VERB_EVENTS,
	VERB_EVENT,
	VERB_OUTPUT,
	NR_VERBS,
};

static const struct {
	const char *name, *usage, *help;
} verbs[NR_VERBS] = {
	[VERB_EXCEPTION] = { "!exception",
			     "!exception [vector] [pfec MASK VALUE] [addr FROM TO] "
			     "[skip on|off] " USAGE_TAIL,
			     "tell of exceptions, 0 to 0x1f or pf, gp, ud ..." },
	[VERB_INTERRUPT] = { "!interrupt", "!interrupt vector " USAGE_TAIL,
			     "tell of an external interrupt, 0x20 to 0xff" },
	[VERB_DR] = { "!dr", "!dr [reg N] [access r|w|rw] " USAGE_TAIL,
		      "tell of MOV to and from debug registers" },
	[VERB_EVENTS] = { "events", "events [e|d|c id|all] | events sc on|off",
			  "list, enable, disable, clear rules; suppress the event at hand or not" },
	[VERB_EVENT] = { "event", "event", "the last event of this CPU" },
	[VERB_OUTPUT] = { "output",
			  "output | output create NAME file|namedpipe|tcp|unix ADDRESS "
			  "[format text|json|trace] | output create NAME gdb | "
			  "output open|close|rotate|remove NAME",
			  "where records of rules go, and how much of it arrived" },
};

/* The ! is optional. */
static unsigned int find_verb(const struct rule_span *word)
{
	unsigned int i;

	for (i = 0; i < NR_VERBS; i++)
		if (in_is(word, verbs[i].name) ||
		    (verbs[i].name[0] == '!' && in_is(word, verbs[i].name + 1)))
			break;
	return i;
}

const char *parse_usage(const char *command)
{
	struct rule_span word = { command, rsp_strlen(command) };
	unsigned int verb = find_verb(&word);

	return verb < NR_VERBS ? verbs[verb].usage : NULL;
}

void parse_help(struct rsp_text *out)
{
	unsigned int i;

	for (i = 0; i < NR_VERBS; i++) {
		rsp_text_add(out, verbs[i].name);
		rsp_text_add(out, " - ");
		rsp_text_add(out, verbs[i].help);
		rsp_text_add(out, "\n");
	}
}

static bool parse_verb(struct parse_in *in, unsigned int verb, struct parse_command *command)
{
	if (in->len > PARSE_LINE_MAX)
		return in_fail_word(in, "the line is longer than 8191 characters");
	if (verb == VERB_EVENTS)
		return parse_events(in, command);
	if (verb == VERB_EVENT) {
		command->what = PARSE_EVENT;
		return parse_end(in);
	}
	if (verb == VERB_OUTPUT) {
		command->what = PARSE_OUTPUT;
		return parse_output_command(in, &command->output);
	}
	command->what = PARSE_RULE;
	command->spec.kind = verb;
	return parse_rule(in, &command->spec);
}

enum parse_result parse_line(const char *line, size_t len, const struct parse_env *env,
			     struct parse_command *command, struct rsp_text *error)
{
	struct parse_in in = { .line = line, .len = len, .env = env, .error = error };
	unsigned int verb = NR_VERBS;

	memset(command, 0, sizeof(*command));
	if (in_word(&in))
		verb = find_verb(&in.word);
	if (verb == NR_VERBS)
		return PARSE_UNKNOWN;
	in.usage = verbs[verb].usage;
	return parse_verb(&in, verb, command) ? PARSE_OK : PARSE_ERROR;
}
