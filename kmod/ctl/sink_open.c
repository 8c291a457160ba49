// SPDX-License-Identifier: GPL-2.0
/* How the other end of an output is reached: files, FIFOs, sockets. See sink.h. User space. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink.h"

#define CONNECT_MS    5000
#define UNANSWERED_MS 10000 /* data that the receiver's kernel does not acknowledge */
#define ASIDE_MAX     10000

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

/* HOST:PORT, HOST a numeric address (in brackets, for IPv6) or localhost. 0: it is none. */
static socklen_t parse_tcp(const char *text, union address *address)
{
	const char *colon = strrchr(text, ':');
	char host[HVGDB_ADDRESS_SIZE];
	size_t length = colon ? colon - text : 0;
	uint16_t port;

	if (!length)
		return 0;
	port = htons(atoi(colon + 1));
	if (text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	memcpy(host, text, length);
	host[length] = 0;
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1",
		      &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = port;
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) != 1)
		return 0;
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = port;
	return sizeof(address->v6);
}

static socklen_t parse_unix(const char *path, union address *address)
{
	if (strlen(path) >= sizeof(address->local.sun_path))
		return 0;
	memset(address, 0, sizeof(*address));
	address->local.sun_family = AF_UNIX;
	strcpy(address->local.sun_path, path);
	return sizeof(address->local);
}

static int await_connection(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t length = sizeof(int);
	int error = ETIMEDOUT;

	if (poll(&wait, 1, CONNECT_MS) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static void notice_death(int fd)
{
	int on = 1, limit = UNANSWERED_MS;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
}

static int connect_to(const union address *address, socklen_t length)
{
	int fd, error = 0;

	if (!length)
		return -EADDRNOTAVAIL;
	fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, &address->any, length))
		error = errno == EINPROGRESS ? await_connection(fd) : errno;
	if (error) {
		close(fd);
		return -error;
	}
	if (address->any.sa_family != AF_UNIX)
		notice_death(fd);
	return fd;
}

/*
 * Also for reading: so the FIFO keeps what is in it while readers come and go, and never breaks.
 */
static int open_pipe(const char *path)
{
	struct stat status;
	int fd;

	if (mkfifo(path, 0600) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && S_ISFIFO(status.st_mode))
		return fd;
	close(fd);
	return -EEXIST;
}

int sink_connect(enum hvgdb_output_kind kind, const char *address)
{
	union address to;

	switch (kind) {
	case HVGDB_OUTPUT_PIPE:
		return open_pipe(address);
	case HVGDB_OUTPUT_TCP:
		return connect_to(&to, parse_tcp(address, &to));
	case HVGDB_OUTPUT_UNIX:
		return connect_to(&to, parse_unix(address, &to));
	default:
		return -EINVAL;
	}
}

/* A trace that ended properly is opened again at its end. */
static void continue_file(int fd, off_t size, const char *epilogue)
{
	size_t length = strlen(epilogue);
	char end[8] = "";

	if (length && size >= (off_t)length &&
	    pread(fd, end, length, size - length) == (ssize_t)length &&
	    !memcmp(end, epilogue, length) && ftruncate(fd, size - length))
		warn("a trace cannot be continued: %s", strerror(errno));
}

/* What a controller was writing when it was killed, perhaps in the middle of a line. */
static void cut_back(int fd, off_t *size, const struct hvgdb_progress *found)
{
	if ((uint64_t)*size <= found->end || (uint64_t)*size > found->intended)
		return;
	if (ftruncate(fd, found->end))
		warn("a file cannot be continued: %s", strerror(errno));
	else
		*size = found->end;
}

int sink_open_file(const char *path, enum hvgdb_output_format format,
		   const struct hvgdb_progress *found, bool *empty)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return -EISNAM;
	}
	cut_back(fd, &status.st_size, found);
	*empty = !status.st_size;
	continue_file(fd, status.st_size, format_epilogue(format));
	return fd;
}

void sink_move_aside(const char *path, int file)
{
	char aside[HVGDB_ADDRESS_SIZE + 8];
	struct stat here, there;

	/* Whoever rotates logs may have moved it already. */
	if (stat(path, &there) || fstat(file, &here) || here.st_dev != there.st_dev ||
	    here.st_ino != there.st_ino)
		return;
	for (unsigned int i = 1; i < ASIDE_MAX; i++) {
		snprintf(aside, sizeof(aside), "%s.%u", path, i);
		if (!link(path, aside)) {
			unlink(path);
			return;
		}
		if (errno != EEXIST)
			break;
	}
	warn("%s cannot be moved aside: %s", path, strerror(errno));
}
