// SPDX-License-Identifier: GPL-2.0
/*
 * receiver file PATH | fifo PATH FILE | tcp PORT [EVENTS]: takes JSON lines of `hvgdbctl forward` and prints
 * what it makes of them: "events E lost L torn T disorder D first CPU:SEQ,... last CPU:SEQ,...".
 *
 * fifo opens the FIFO and sleeps until FILE exists before it reads. tcp takes one connection after the other; with EVENTS it dies behind
 * that many, with what it has not read yet. fifo and tcp end when there is nothing to read and the file /tmp/stop
 * exists. Lines have to come in the order of their tsc, and by rising seq on each CPU. User space.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CPUS 8

static unsigned long events, lost, torn, disorder, limit = -1ul;
static unsigned long long tsc_before;
static long first[CPUS], last[CPUS];

static char line[65536];
static size_t length;

/* The number behind a name, or -1. */
static long long number(const char *name)
{
	const char *at = strstr(line, name);

	return at ? atoll(at + strlen(name)) : -1;
}

static void take_event(void)
{
	long long cpu = number("\"cpu\":"), seq = number("\"seq\":"), tsc = number("\"tsc\":");

	events++;
	if (cpu < 0 || cpu >= CPUS || seq < 0 || tsc < 0) {
		torn++;
		return;
	}
	disorder += seq <= last[cpu] || (unsigned long long)tsc < tsc_before;
	tsc_before = tsc;
	if (first[cpu] < 0)
		first[cpu] = seq;
	last[cpu] = seq;
}

static void report(void)
{
	printf("events %lu lost %lu torn %lu disorder %lu first", events, lost, torn, disorder);
	for (int cpu = 0; cpu < CPUS; cpu++)
		if (first[cpu] >= 0)
			printf(" %d:%ld", cpu, first[cpu]);
	printf(" last");
	for (int cpu = 0; cpu < CPUS; cpu++)
		if (last[cpu] >= 0)
			printf(" %d:%ld", cpu, last[cpu]);
	printf("\n");
	fflush(stdout);
}

static void take_line(void)
{
	line[length] = 0;
	if (line[0] != '{' || line[length - 1] != '}')
		torn++;
	else if (strstr(line, "\"type\":\"lost\""))
		lost += number("\"count\":");
	else
		take_event();
	length = 0;
	if (events >= limit) {
		report();
		_exit(0);
	}
}

static void take(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n')
			take_line();
		else if (length < sizeof(line) - 1)
			line[length++] = bytes[i];
	}
}

/* Until the end, or until told to stop. False: the other side has closed. */
static int drain(int fd)
{
	static char bytes[65536];
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		if (!poll(&wait, 1, 500)) {
			if (!access("/tmp/stop", F_OK))
				return 1;
			continue;
		}
		n = read(fd, bytes, sizeof(bytes));
		if (n <= 0)
			return 0;
		take(bytes, n);
	}
}

static int listen_at(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1)) {
		perror("receiver");
		exit(1);
	}
	return fd;
}

static void serve(int port)
{
	struct pollfd wait = { .fd = listen_at(port), .events = POLLIN };
	int fd;

	for (;;) {
		if (!poll(&wait, 1, 500)) {
			if (!access("/tmp/stop", F_OK))
				return;
			continue;
		}
		fd = accept(wait.fd, NULL, NULL);
		if (drain(fd))
			return;
		close(fd);
		torn += length > 0;
		length = 0;
	}
}

int main(int argc, char **argv)
{
	memset(first, -1, sizeof(first));
	memset(last, -1, sizeof(last));
	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "tcp")) {
		if (argc > 3)
			limit = atol(argv[3]);
		serve(atoi(argv[2]));
	} else {
		int fd = open(argv[2], O_RDONLY);

		if (fd < 0)
			return 1;
		while (!strcmp(argv[1], "fifo") && argc > 3 && access(argv[3], F_OK))
			usleep(50000);
		drain(fd);
	}
	torn += length > 0;
	report();
	return 0;
}
