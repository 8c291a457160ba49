// SPDX-License-Identifier: GPL-2.0
/* /dev/hvgdb as hvgdbctl's commands use it. User space. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl.h"

int device_open(void)
{
	int device = open(HVGDB_DEVICE, O_RDWR | O_CLOEXEC);

	if (device < 0)
		fail(EXIT_FAILED, "%s: %s", HVGDB_DEVICE,
		     errno == ENOENT	  ? "not there; load the module first (modprobe hvgdb)"
		     : errno == ESHUTDOWN ? "hvgdb is about to be unloaded (force_unload is on)"
		     : errno == EPERM || errno == EACCES
			     ? "only root may, with the capability CAP_SYS_RAWIO"
			     : strerror(errno));
	return device;
}

int device_command(int device, const char *line, const char **answer, size_t *length)
{
	static char text[HVGDB_TEXT_MAX];
	struct hvgdb_command command = {
		.size = sizeof(command),
		.line_length = strlen(line),
		.line = (uintptr_t)line,
		.text = (uintptr_t)text,
	};

	if (command.line_length > HVGDB_LINE_MAX)
		fail(EXIT_USAGE, "the line is longer than %d characters", HVGDB_LINE_MAX);
	if (ioctl(device, HVGDB_COMMAND, &command))
		fail(EXIT_FAILED, "%s: %s", HVGDB_DEVICE, strerror(errno));
	*answer = text;
	*length = command.text_length;
	return command.result;
}

int device_command_print(const char *line)
{
	const char *answer;
	size_t length;
	int refused = device_command(device_open(), line, &answer, &length);

	fwrite(answer, 1, length, refused ? stderr : stdout);
	return refused ? EXIT_FAILED : 0;
}
