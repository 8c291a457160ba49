// SPDX-License-Identifier: GPL-2.0
/*
 * Who else uses a line: the kernel's console, a getty, any process that has it open. Each would
 * take gdb's bytes or mix its own with them. User space; reads below the folders that it is given.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "line.h"

bool rivals_console(const char *sys, const char *tty)
{
	char path[PATH_MAX], text[256] = "", *word, *rest = text;
	FILE *file;

	snprintf(path, sizeof(path), "%s/class/tty/console/active", sys);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	while ((word = strsep(&rest, " \n")))
		if (!strcmp(word, tty))
			return true;
	return false;
}

/* First line of a file below /proc/PID. */
static bool first_line(const char *process, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", process, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(text, size, file);
	fclose(file);
	text[good ? strcspn(text, "\n") : 0] = '\0';
	return good;
}

/* systemd's unit: the last part of the control group's path, if it is one. */
static void unit_of(const char *process, char *unit, size_t size)
{
	char text[512], *last;

	*unit = '\0';
	if (!first_line(process, "cgroup", text, sizeof(text)))
		return;
	last = strrchr(text, '/');
	if (last && strlen(last) > strlen(".service") &&
	    !strcmp(last + strlen(last) - strlen(".service"), ".service"))
		snprintf(unit, size, "%s", last + 1);
}

/* flags of /proc/PID/fdinfo/FD, octal. */
static bool only_writes(const char *process, const char *fd)
{
	char path[PATH_MAX + 300], line[128];
	unsigned int flags = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/fdinfo/%s", process, fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	if (file)
		fclose(file);
	return (flags & O_ACCMODE) == O_WRONLY;
}

/* Whether the process has the device open; *writes if it never reads from it. */
static bool has_open(const char *process, const char *device, bool *writes)
{
	char path[PATH_MAX + 300], target[PATH_MAX];
	struct dirent *entry;
	ssize_t length;
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/fd", process);
	folder = opendir(path);
	*writes = true;
	while (folder && (entry = readdir(folder))) {
		length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, device))
			continue;
		found = true;
		*writes &= only_writes(process, entry->d_name);
	}
	if (folder)
		closedir(folder);
	return found;
}

bool rivals_process(const char *proc, const char *tty, bool readers_only, struct rival *rival)
{
	char process[PATH_MAX], device[64];
	struct dirent *entry;
	bool found = false, writes;
	DIR *folder = opendir(proc);

	snprintf(device, sizeof(device), "/dev/%s", tty);
	while (folder && !found && (entry = readdir(folder))) {
		rival->pid = atol(entry->d_name);
		if (rival->pid <= 0 || rival->pid == getpid())
			continue;
		snprintf(process, sizeof(process), "%s/%s", proc, entry->d_name);
		found = has_open(process, device, &writes) && !(writes && readers_only);
		if (!found)
			continue;
		if (!first_line(process, "comm", rival->name, sizeof(rival->name)))
			snprintf(rival->name, sizeof(rival->name), "a process");
		unit_of(process, rival->unit, sizeof(rival->unit));
	}
	if (folder)
		closedir(folder);
	return found;
}

void rivals_explain(const struct rival *rival, const char *tty, char *why, size_t size)
{
	int length = snprintf(why, size,
			      "%s is open in %s (pid %ld), which would take gdb's bytes: ", tty,
			      rival->name, rival->pid);

	if (rival->unit[0])
		snprintf(why + length, size - length,
			 "`systemctl stop %s` first, and `systemctl mask` it if it is to stay "
			 "away",
			 rival->unit);
	else
		snprintf(why + length, size - length,
			 "end it first (kill %ld); a getty that init starts again has a line in "
			 "/etc/inittab",
			 rival->pid);
}
