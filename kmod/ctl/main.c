// SPDX-License-Identifier: GPL-2.0
/* hvgdbctl, the controller of hvgdb: finds the command and gives help. User space. */
#include <string.h>

#include "ctl.h"

static const struct command *const commands[] = {
	&attach_command, &event_command,  &script_command, &output_command, &forward_command,
	&serve_command,	 &status_command, &trace_command,  &watch_command,
};

/* Each of the command's usage lines, with what stands before it. */
static void print_usage(FILE *out, const struct command *command, const char *before)
{
	const char *line = command->usage;
	size_t length;

	while (*line) {
		length = strcspn(line, "\n");
		fprintf(out, "%s hvgdbctl %.*s\n", before, (int)length, line);
		before = "      ";
		line += length + (line[length] == '\n');
	}
}

static void print_help(FILE *out)
{
	const char *before = "usage:";

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		print_usage(out, commands[i], before);
		before = "      ";
	}
	fputc('\n', out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`hvgdbctl COMMAND --help` says more; so does hvgdbctl(8).\n", out);
}

static int print_command_help(const struct command *command)
{
	print_usage(stdout, command, "usage:");
	printf("\n%c%s.\n", command->summary[0] - 'a' + 'A', command->summary + 1);
	if (command->help)
		printf("\n%s", command->help);
	return 0;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int help(int argc, char **argv)
{
	const struct command *command = argc > 2 ? find(argv[2]) : NULL;

	if (command)
		return print_command_help(command);
	print_help(stdout);
	return 0;
}

/* getopt() begins its own messages with argv[0]. */
static int run(const struct command *command, int argc, char **argv)
{
	char name[64];
	int status;

	snprintf(name, sizeof(name), "hvgdbctl %s", command->name);
	argv[0] = name;
	status = command->run(argc, argv);
	if (status == EXIT_USAGE)
		print_usage(stderr, command, "usage:");
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc > 1 && (is_help(argv[1]) || !strcmp(argv[1], "help")))
		return help(argc, argv);
	command = argc > 1 ? find(argv[1]) : NULL;
	if (!command) {
		if (argc > 1)
			complain("there is no command `%s`", argv[1]);
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (argc > 2 && is_help(argv[2]))
		return print_command_help(command);
	return run(command, argc - 1, argv + 1);
}
