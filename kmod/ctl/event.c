// SPDX-License-Identifier: GPL-2.0
/* `hvgdbctl event`: rules without gdb, by the same lines that `monitor` takes. User space. */
#include <string.h>

#include "ctl.h"

/* What `event VERB` is as a line; the words behind it follow. */
static const struct verb {
	const char *word, *line;
	bool takes_more;
} verbs[] = {
	{ "add", "", true },
	{ "list", "events", false },
	{ "enable", "events e ", true },
	{ "disable", "events d ", true },
	{ "clear", "events c ", true },
};

static const struct verb *find_verb(const char *word, bool more)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(word, verbs[i].word) && verbs[i].takes_more == more)
			return &verbs[i];
	return NULL;
}

/* `event add '!dr pid 490'`: the rest is one line, quoted or not. */
static int run(int argc, char **argv)
{
	const struct verb *verb = argc > 1 ? find_verb(argv[1], argc > 2) : NULL;
	static char typed[HVGDB_LINE_MAX + 1], line[HVGDB_LINE_MAX + 1], why[HVGDB_LINE_MAX + 1];

	if (!verb)
		fail(EXIT_USAGE, "event add LINE | list | enable ID|all | disable ID|all | "
				 "clear ID|all");
	strcpy(typed, verb->line);
	if (!text_append_words(typed, sizeof(typed), argc - 2, argv + 2))
		fail(EXIT_USAGE, "the line is longer than %d characters", HVGDB_LINE_MAX);
	if (!text_expand(typed, line, sizeof(line), why))
		fail(EXIT_FAILED, "%s", why);
	return device_command_print(line);
}

const struct command event_command = {
	.name = "event",
	.usage = "event add LINE\n"
		 "event list\n"
		 "event enable|disable|clear ID|all",
	.summary = "make, list and remove rules without gdb",
	.help = "LINE is a rule as gdb's `monitor` takes it; quote it for the shell:\n"
		"    hvgdbctl event add '!dr pid 0n490 script { printf(\"DR access\\n\"); }'\n"
		"Numbers in rules are hexadecimal, 0n is decimal. `hvgdbctl watch` shows what\n"
		"they match and what scripts print.\n",
	.run = run,
};
