// SPDX-License-Identifier: GPL-2.0
/* `hvgdbctl output`: the outputs of rules, by the same lines that `monitor` takes. User space. */
#include "ctl.h"

static int run(int argc, char **argv)
{
	char line[HVGDB_LINE_MAX + 1] = "output ";

	/* argv[0] is for getopt(), and more than the name. */
	if (!text_append_words(line, sizeof(line), argc - 1, argv + 1))
		fail(EXIT_USAGE, "the line is longer than %d characters", HVGDB_LINE_MAX);
	return device_command_print(line);
}

const struct command output_command = {
	.name = "output",
	.usage = "output\n"
		 "output create NAME file|namedpipe|tcp|unix ADDRESS [format text|json|trace]\n"
		 "output open|close|rotate|remove NAME",
	.summary = "where records of rules go, and how much of it arrived",
	.help = "Without a word it lists the outputs. A rule names up to five of them:\n"
		"    hvgdbctl event add '!dr output { log, far }'\n"
		"ADDRESS is a path, or HOST:PORT with a numeric HOST. The trace format opens in\n"
		"Perfetto's viewer. Somebody has to run `hvgdbctl forward` or `hvgdbctl attach`.\n",
	.run = run,
};
