// SPDX-License-Identifier: GPL-2.0
/*
 * `hvgdbctl watch`: shows what rules record, as it comes; outputs that are open get theirs
 * meanwhile, for the rings have one reader. User space.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "forward.h"

static enum hvgdb_output_format format = HVGDB_FORMAT_TEXT;
static char line[FORMAT_MAX];

static void show_losses(const struct format_clock *clock, const struct hvgdb_record *record)
{
	const struct hvgdb_loss *loss;
	size_t length;

	for (unsigned int i = 0; i < HVGDB_NR_LOSSES; i++) {
		loss = &record->lost.loss[i];
		if (!loss->count)
			continue;
		length = format_loss(clock, format, record->tsc, record->cpu, loss->rule,
				     loss->count, line);
		fwrite(line, 1, length, stdout);
	}
}

/* False: nobody reads our output any more. */
static bool show(const struct format_clock *clock, const struct message *message)
{
	if (!message)
		return !fflush(stdout);
	if (message->record->type == HVGDB_RECORD_LOST)
		show_losses(clock, message->record);
	else
		fwrite(line, 1, format_message(clock, format, message, line), stdout);
	return !ferror(stdout);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return EXIT_USAGE;
		format = HVGDB_FORMAT_JSON;
	}
	if (optind != argc) {
		complain("watch takes no arguments, and there is \"%s\"", argv[optind]);
		return EXIT_USAGE;
	}
	forward_and_show(show);
	return 0;
}

const struct command watch_command = {
	.name = "watch",
	.usage = "watch [--json]",
	.summary = "show events and the texts of scripts as they come",
	.help = "Every rule that matches is shown, with or without outputs; open outputs get\n"
		"what is for them as well. Stays until it is stopped. What came faster than it\n"
		"could be written is counted, and said where it is missing.\n\n"
		"  --json     an object a line, for programs\n",
	.run = run,
};
