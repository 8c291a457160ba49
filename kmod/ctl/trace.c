// SPDX-License-Identifier: GPL-2.0
/*
 * `hvgdbctl trace`: a stopped trace becomes a file on the machine itself, as gdb's tsave writes it;
 * over a serial line a large one would take hours. Asks root what a gdb would ask, through the
 * local session. User space.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "packet.h"

/* What `attach` calls us with. */
#define TELL "save-and-tell"

#define PART 0x1f00 /* bytes of frames asked for at a time: in hex they fit a packet */

static char reply[HVGDB_LOCAL_OUT_MAX + 1];

static void call_root(int device, struct hvgdb_local *local)
{
	if (!ioctl(device, HVGDB_LOCAL, local))
		return;
	if (errno == EBUSY)
		fail(EXIT_FAILED, "%s (pid %d) serves a gdb on this machine: end it first",
		     local->holder.name, local->holder.pid);
	fail(EXIT_FAILED, "%s: %s", HVGDB_DEVICE, strerror(errno));
}

/* The answer, in reply, and its length. */
static long ask(int device, const char *question)
{
	static char bytes[HVGDB_LOCAL_OUT_MAX];
	struct hvgdb_local local = { .size = sizeof(local) };
	char packet[128];
	long length;

	local.in = (uintptr_t)packet;
	local.in_length = packet_write(question, packet, sizeof(packet));
	local.out = (uintptr_t)bytes;
	call_root(device, &local);
	length = packet_read(bytes, local.out_length, reply, sizeof(reply));
	if (length < 0 || reply[0] == 'E')
		fail(EXIT_FAILED, "hvgdb did not answer %s", question);
	return length;
}

static void open_session(int device)
{
	static char bytes[HVGDB_LOCAL_OUT_MAX];
	struct hvgdb_local local = { .size = sizeof(local), .reset = 1, .out = (uintptr_t)bytes };

	call_root(device, &local);
}

/* How registers lie in a frame: each line of the description is one of the header's. */
static void write_description(int device, FILE *file)
{
	char question[64];
	size_t offset = 0;
	bool begins = true;
	long length;

	do {
		snprintf(question, sizeof(question), "qXfer:features:read:target.xml:%zx,1000",
			 offset);
		length = ask(device, question);
		offset += length - 1;
		for (const char *p = reply + 1; *p; p++) {
			if (begins)
				fputs("tdesc ", file);
			fputc(*p, file);
			begins = *p == '\n';
		}
	} while (reply[0] == 'm');
	if (!begins)
		fputc('\n', file);
}

/* Lists come an item a packet, until `l`. */
static void write_list(int device, FILE *file, const char *word, const char *first,
		       const char *next)
{
	for (ask(device, first); reply[0] && strcmp(reply, "l"); ask(device, next))
		fprintf(file, "%s %s\n", word, reply);
}

/* A frame begins with two bytes of number, four of size, and the registers between R and the rest.
 */
static void write_header(int device, FILE *file)
{
	fputs("\x7fTRACE0\n", file);
	ask(device, "g");
	fprintf(file, "R %zx\n", strlen(reply) / 2);
	ask(device, "qTStatus");
	if (reply[0] != 'T')
		fail(EXIT_FAILED, "this hvgdb has no tracepoints");
	if (reply[1] == '1')
		fail(EXIT_FAILED, "the trace goes on: stop it first (tstop in gdb)");
	fprintf(file, "status %s\n", reply + 1);
	write_list(device, file, "tsv", "qTfV", "qTsV");
	write_list(device, file, "tp", "qTfP", "qTsP");
	write_description(device, file);
	fputc('\n', file);
}

/* Returns how many bytes there were. */
static unsigned long long write_frames(int device, FILE *file)
{
	static const char end[4];
	unsigned long long offset = 0;
	char question[64];
	long length;

	for (;;) {
		snprintf(question, sizeof(question), "qTBuffer:%llx,%x", offset, PART);
		ask(device, question);
		if (!strcmp(reply, "l"))
			break;
		length = packet_unhex(reply);
		if (length <= 0)
			fail(EXIT_FAILED, "the trace buffer could not be read");
		fwrite(reply, length, 1, file);
		offset += length;
	}
	fwrite(end, sizeof(end), 1, file);
	return offset;
}

static int save(const char *path)
{
	int device = device_open();
	FILE *file = fopen(path, "wex");
	unsigned long long size;

	if (!file)
		fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
	open_session(device);
	write_header(device, file);
	size = write_frames(device, file);
	if (fflush(file) || ferror(file) || fclose(file))
		fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
	printf("%llu bytes of frames in %s; in gdb: target tfile %s\n", size, path, path);
	return 0;
}

/* To gdb, the last line of what a process said; from "hvgdbctl: " on it is for people here. */
static void give_notice(const char *text)
{
	struct hvgdb_notice notice = { .size = sizeof(notice) };
	const char *line = strrchr(text, '\n');

	line = line ? line + 1 : text;
	if (!strncmp(line, "hvgdbctl: ", 10))
		line += 10;
	snprintf(notice.text, sizeof(notice.text), "tsave: %.480s", line);
	for (char *p = notice.text; *p; p++)
		if (!isascii(*p) || !isprint(*p))
			*p = '?';
	if (ioctl(device_open(), HVGDB_NOTICE, &notice))
		fail(EXIT_FAILED, "%s: %s", HVGDB_DEVICE, strerror(errno));
}

/* Saves in a child, and tells gdb what it said, be it a failure. */
static int save_and_tell(const char *path)
{
	char text[1024];
	size_t length = 0;
	ssize_t n;
	int ends[2];

	if (pipe(ends))
		fail(EXIT_FAILED, "pipe: %s", strerror(errno));
	if (!fork()) {
		unsetenv("JOURNAL_STREAM");
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		exit(save(path));
	}
	close(ends[1]);
	while (length < sizeof(text) - 1 &&
	       (n = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += n;
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	give_notice(length ? text : "hvgdbctl ended without a word");
	wait(NULL);
	return 0;
}

void trace_save_beside(const char *path)
{
	pid_t child = fork();
	sigset_t none;

	/* Nobody waits for the grandchild; exec closes the tty and the device. */
	if (child) {
		waitpid(child, NULL, 0);
		return;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!fork())
		execl("/proc/self/exe", "hvgdbctl", "trace", TELL, path, NULL);
	_exit(0);
}

static int run(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "save"))
		return save(argv[2]);
	if (argc == 3 && !strcmp(argv[1], TELL))
		return save_and_tell(argv[2]);
	complain("trace takes save FILE");
	return EXIT_USAGE;
}

const struct command trace_command = {
	.name = "trace",
	.usage = "trace save FILE",
	.summary = "write what tracepoints collected into a file",
	.help = "The trace has to be stopped. FILE must not be there yet; gdb reads it with\n"
		"`target tfile FILE`, here or on another machine.\n",
	.run = run,
};
