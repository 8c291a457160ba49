// SPDX-License-Identifier: GPL-2.0
/*
 * hvgdbctl's messages. To a person: "hvgdbctl: text" on stderr. To systemd, which takes stderr into
 * its journal: the text behind a priority, as sd-daemon(3) has it. User space.
 */
#include <stdlib.h>

#include "ctl.h"

enum priority {
	PRIORITY_ERROR = 3,
	PRIORITY_WARNING = 4,
	PRIORITY_INFO = 6,
};

/* In one piece: the journal, and whoever shares the terminal, gets whole lines. */
static void message(enum priority priority, const char *format, va_list args)
{
	char text[2048];
	int length;

	fflush(stdout);
	if (getenv("JOURNAL_STREAM"))
		length = snprintf(text, sizeof(text), "<%d>", priority);
	else
		length = snprintf(text, sizeof(text), "hvgdbctl: ");
	length += vsnprintf(text + length, sizeof(text) - length - 1, format, args);
	if (length > (int)sizeof(text) - 2)
		length = sizeof(text) - 2;
	text[length++] = '\n';
	fwrite(text, 1, length, stderr);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(PRIORITY_INFO, format, args);
	va_end(args);
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(PRIORITY_WARNING, format, args);
	va_end(args);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(PRIORITY_ERROR, format, args);
	va_end(args);
}

void fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(PRIORITY_ERROR, format, args);
	va_end(args);
	exit(status);
}
