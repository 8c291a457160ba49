// SPDX-License-Identifier: GPL-2.0
/*
 * The lock file of a serial line, as UUCP, minicom, picocom, cu and others have it: LCK..ttyS0 with
 * the owner's process id. One of a process that is gone is removed. User space.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "line.h"

/* Whoever has just made the file may not have written it yet. */
#define LOOKS	      5
#define LOOK_AGAIN_US 100000

long lock_owner(const char *text, size_t length)
{
	int32_t binary;
	char digits[32] = "", *end;
	long pid;

	/* The old form: the number as it lies in memory. */
	if (length == sizeof(binary) && !isspace((unsigned char)text[0]) &&
	    !isdigit((unsigned char)text[0])) {
		memcpy(&binary, text, sizeof(binary));
		return binary > 0 ? binary : 0;
	}
	memcpy(digits, text, length < sizeof(digits) ? length : sizeof(digits) - 1);
	pid = strtol(digits, &end, 10);
	/* Some write the name of the program behind it. */
	return end > digits && pid > 0 && (!*end || isspace((unsigned char)*end)) ? pid : 0;
}

/* 0: the file says nobody; -1: there is no file. */
static long read_owner(const char *path)
{
	char text[64];
	ssize_t length;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -1;
	length = read(file, text, sizeof(text));
	close(file);
	return length > 0 ? lock_owner(text, length) : 0;
}

/* The file appears with its contents, or not at all. */
static bool create(const char *folder, const char *path)
{
	char temporary[PATH_MAX];
	int file, error;

	snprintf(temporary, sizeof(temporary), "%s/LTMP.%d", folder, getpid());
	file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0)
		return false;
	error = dprintf(file, "%10d\n", getpid()) < 0 || fchmod(file, 0644) ||
		link(temporary, path);
	close(file);
	unlink(temporary);
	return !error;
}

static bool is_gone(long pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* Whether it is worth another try; else why says who has the line. */
static bool clear_stale(const char *path, const char *tty, int look, char *why, size_t size)
{
	long owner = read_owner(path);

	if (owner < 0)
		return true;
	if (owner > 0 && is_gone(owner))
		return !unlink(path) || errno == ENOENT;
	if (owner == 0 && look < LOOKS) {
		usleep(LOOK_AGAIN_US);
		return true;
	}
	if (owner > 0)
		snprintf(why, size, "%s is in use by process %ld, says %s", tty, owner, path);
	else
		snprintf(why, size,
			 "%s is locked by %s, which names no process: remove it if nobody uses "
			 "the line",
			 tty, path);
	return false;
}

bool lock_take(const char *folder, const char *tty, char *path, size_t path_size, char *why,
	       size_t size)
{
	int look;

	snprintf(path, path_size, "%s/LCK..%s", folder, tty);
	for (look = 1; look <= LOOKS; look++) {
		if (create(folder, path))
			return true;
		if (errno == ENOENT || errno == EROFS) {
			/* A system without these files: nobody else would look for ours. */
			*path = '\0';
			return true;
		}
		if (errno != EEXIST) {
			snprintf(why, size, "%s: %s", path, strerror(errno));
			return false;
		}
		if (!clear_stale(path, tty, look, why, size))
			return false;
	}
	snprintf(why, size, "%s comes back as often as it is removed", path);
	return false;
}

void lock_drop(const char *path, long owner)
{
	if (*path && read_owner(path) == owner)
		unlink(path);
}
