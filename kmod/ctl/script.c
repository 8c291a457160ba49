// SPDX-License-Identifier: GPL-2.0
/* `hvgdbctl script`: carries out a file of commands about rules and events. User space. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* All of a file, however long: a pipe tells no size. */
static char *read_all(const char *name)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	size_t size = 0, length = 0;
	char *text = NULL;

	if (!file)
		fail(EXIT_FAILED, "%s: %s", name, strerror(errno));
	do {
		size += 65536;
		text = realloc(text, size);
		if (!text)
			fail(EXIT_FAILED, "%s is too long", name);
		length += fread(text + length, 1, size - length - 1, file);
	} while (length == size - 1);
	if (ferror(file))
		fail(EXIT_FAILED, "%s: %s", name, strerror(errno));
	text[length] = '\0';
	if (strlen(text) != length)
		fail(EXIT_FAILED, "%s is no text", name);
	return text;
}

static int carry_out(const char *name, const char *text)
{
	static char command[HVGDB_LINE_MAX + 1], line[HVGDB_LINE_MAX + 1], why[HVGDB_LINE_MAX + 1];
	unsigned int number = 1, begin;
	int device = device_open();
	const char *answer;
	size_t length;

	while (text_next(&text, &number, &begin, command, sizeof(command), why)) {
		if (!text_expand(command, line, sizeof(line), why))
			break;
		if (device_command(device, line, &answer, &length)) {
			fail(EXIT_FAILED, "%s:%u: %.*s", name, begin,
			     (int)(length && answer[length - 1] == '\n' ? length - 1 : length),
			     answer);
		}
		fwrite(answer, 1, length, stdout);
	}
	if (*why)
		fail(EXIT_FAILED, "%s:%u: %s", name, begin, why);
	return 0;
}

static int run(int argc, char **argv)
{
	if (argc != 2 || (argv[1][0] == '-' && argv[1][1])) {
		complain("script takes one file, or - for the standard input");
		return EXIT_USAGE;
	}
	return carry_out(argv[1], read_all(argv[1]));
}

const struct command script_command = {
	.name = "script",
	.usage = "script FILE|-",
	.summary = "carry out a file of rules and other commands",
	.help = "One command a line, as `monitor` and `hvgdbctl event add` take it:\n\n"
		"    # whoever reads DR7, once a line\n"
		"    output create reads file /var/log/dr7 format json\n"
		"    output open reads\n"
		"    !dr reg 7 access r output { reads }\n"
		"    !exception ud script {\n"
		"        printf(\"%s at %llx\\n\", $pname, $rip);\n"
		"    }\n\n"
		"A command goes on behind its line as long as a brace is open, or with a "
		"backslash\n"
		"at the end. # and // begin comments. `script { file:PATH }` takes the script from "
		"a\n"
		"file. The first command that is refused ends it, with its line; those before it\n"
		"are done.\n",
	.run = run,
};
