// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's end of `vm sh`: runs commands that arrive as frames on a serial port and sends back what they
 * printed and how they ended. Started by /init, user space only, independent of console and gdb line.
 *
 * A frame is "~HV" type(1) id(8 hex) length(8 hex) crc(8 hex) "\n" payload; the crc covers type to length and
 * the payload. Whatever does not check is skipped, so noise on the line costs a frame at most.
 *   host to guest: P ping, C command, K kill command `id`
 *   guest to host: P pong, O some output, E end (payload: "status length-of-output")
 * Output goes to a file, not a pipe: a command may leave processes behind that keep it open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define HEADER 29
#define MAX_PAYLOAD 65536
#define JOBS 32

static struct job {
	pid_t pid;
	uint32_t id;
	int output;
} jobs[JOBS];

static int tty;
static uint32_t last_id;
static char buffer[HEADER + MAX_PAYLOAD];
static size_t filled;

static uint32_t crc32(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *byte = data;

	crc = ~crc;
	while (size--) {
		crc ^= *byte++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void send_all(const char *data, size_t size)
{
	while (size) {
		ssize_t done = write(tty, data, size);

		if (done < 0 && errno != EINTR)
			return;
		if (done > 0) {
			data += done;
			size -= done;
		}
	}
}

static void send_frame(char type, uint32_t id, const char *payload, size_t size)
{
	char header[HEADER + 1];

	snprintf(header, sizeof(header), "~HV%c%08x%08zx", type, id, size);
	sprintf(header + 20, "%08x\n", crc32(crc32(0, header + 3, 17), payload, size));
	send_all(header, HEADER);
	send_all(payload, size);
}

static void finish(struct job *job, int status)
{
	static char chunk[4096];
	ssize_t got;
	size_t total = 0;

	lseek(job->output, 0, SEEK_SET);
	while ((got = read(job->output, chunk, sizeof(chunk))) > 0) {
		send_frame('O', job->id, chunk, got);
		total += got;
	}
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	send_frame('E', job->id, chunk, snprintf(chunk, sizeof(chunk), "%d %zu", status, total));
	close(job->output);
	job->pid = 0;
}

static void reap(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct job *job = jobs; job < jobs + JOBS; job++)
			if (job->pid == pid)
				finish(job, status);
}

static void exec_shell(int output, const char *command)
{
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(output, 1);
	dup2(output, 2);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void start(uint32_t id, const char *command)
{
	struct job *job = jobs;

	if (id <= last_id)
		return;
	last_id = id;
	while (job->pid && job < jobs + JOBS - 1)
		job++;
	if (job->pid) {
		const char *sorry = "agent: too many commands at once\n";

		send_frame('O', id, sorry, strlen(sorry));
		send_frame('E', id, "126 33", 6);
		return;
	}
	job->id = id;
	job->output = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	job->pid = fork();
	if (job->pid == 0)
		exec_shell(job->output, command);
}

static void kill_job(uint32_t id)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->pid && job->id == id)
			kill(-job->pid, SIGKILL);
}

static void handle(char type, uint32_t id, char *payload, size_t size)
{
	char saved = payload[size];

	payload[size] = 0;
	if (type == 'P')
		send_frame('P', id, "", 0);
	else if (type == 'C')
		start(id, payload);
	else if (type == 'K')
		kill_job(id);
	payload[size] = saved;
}

/* Returns how many bytes of the buffer are done with; 0 when a frame is still incomplete. */
static size_t take_frame(void)
{
	char type;
	uint32_t id, size, crc;
	char *start = memchr(buffer, '~', filled);

	if (!start)
		return filled;
	if (start > buffer)
		return start - buffer;
	if (filled < HEADER)
		return 0;
	if (sscanf(buffer, "~HV%c%8x%8x%8x\n", &type, &id, &size, &crc) != 4 || size >= MAX_PAYLOAD)
		return 1;
	if (filled < HEADER + size)
		return 0;
	if (crc != crc32(crc32(0, buffer + 3, 17), buffer + HEADER, size))
		return 1;
	handle(type, id, buffer + HEADER, size);
	return HEADER + size;
}

static void consume(size_t count)
{
	filled -= count;
	memmove(buffer, buffer + count, filled);
}

static void take_frames(void)
{
	size_t done;

	while (filled && (done = take_frame()))
		consume(done);
}

static void receive(void)
{
	/* One byte stays free for the terminating zero that handle() writes. */
	ssize_t got = read(tty, buffer + filled, sizeof(buffer) - 1 - filled);

	if (got <= 0)
		return;
	filled += got;
	take_frames();
}

static void open_tty(const char *name)
{
	struct termios mode;

	tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0 || tcgetattr(tty, &mode)) {
		perror(name);
		exit(1);
	}
	cfmakeraw(&mode);
	mode.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&mode, B115200);
	tcsetattr(tty, TCSANOW, &mode);
}

static void on_child(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_child };
	struct timespec second = { .tv_sec = 1 };
	sigset_t blocked, none;

	open_tty(argc > 1 ? argv[1] : "/dev/ttyS2");
	/* SIGCHLD arrives only while waiting, so none is missed between reap() and ppoll(). */
	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, NULL);

	for (;;) {
		struct pollfd input = { .fd = tty, .events = POLLIN };
		int ready = ppoll(&input, 1, filled ? &second : NULL, &none);

		if (ready > 0)
			receive();
		else if (ready == 0) {
			/* The rest of this frame is not coming: look for the next one. */
			consume(1);
			take_frames();
		}
		reap();
	}
}
