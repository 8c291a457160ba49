// SPDX-License-Identifier: GPL-2.0
/* `hvgdbctl status`: what hvgdb does at the moment. Halts nothing. User space. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl.h"

static void show_line(const struct hvgdb_status *status)
{
	unsigned long long where = status->line_port ? status->line_port : status->line_memory;
	const char *what = status->line_port ? "I/O port" : "registers at";

	printf("debug line: ");
	if (!where)
		printf("none; `hvgdbctl attach TTY` arms one\n");
	else if (!status->line_baud)
		printf("%s 0x%llx, given at load (uart=)\n", what, where);
	else
		printf("%s (%s 0x%llx), %u baud, held by %s (pid %d)\n", status->line_tty, what,
		       where, status->line_baud, status->line.name, status->line.pid);
	if (where)
		printf("gdb:        %s\n", status->gdb ? "attached" : "not attached");
}

static void show(const struct hvgdb_status *status)
{
	printf("CPUs:       %u of %u are guests\n", status->cpus_online, status->cpus);
	show_line(status);
	if (status->local.name[0])
		printf("local gdb:  served by %s (pid %d)\n", status->local.name,
		       status->local.pid);
	printf("rules:      %u\n", status->rules);
	printf("counters:   %llu exits, %llu halts\n", (unsigned long long)status->exits,
	       (unsigned long long)status->halts);
}

static int run(int argc, char **argv)
{
	struct hvgdb_status status = { .size = sizeof(status) };

	if (argc > 1) {
		complain("status takes no arguments, and there is \"%s\"", argv[1]);
		return EXIT_USAGE;
	}
	if (ioctl(device_open(), HVGDB_STATUS, &status))
		fail(EXIT_FAILED, "%s: %s", HVGDB_DEVICE, strerror(errno));
	show(&status);
	return 0;
}

const struct command status_command = {
	.name = "status",
	.usage = "status",
	.summary = "what hvgdb does at the moment, without halting anything",
	.run = run,
};
