// SPDX-License-Identifier: GPL-2.0
/*
 * Carries bytes between a serial port of the guest and a TCP port on loopback or a terminal: the
 * harness holds the other end of the serial port, so what runs outside reaches a server inside.
 * User space. Usage: relay TTY PORT|PATH
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static int open_tty(const char *path)
{
	int tty = open(path, O_RDWR | O_NOCTTY);
	struct termios raw;

	if (tty < 0 || tcgetattr(tty, &raw)) {
		perror(path);
		exit(1);
	}
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&raw, B115200);
	tcsetattr(tty, TCSANOW, &raw);
	return tty;
}

static int open_port(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, sock = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(sock, (struct sockaddr *)&address, sizeof(address))) {
		perror("connect");
		exit(1);
	}
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return sock;
}

static void carry(int from, int to)
{
	char bytes[4096];
	ssize_t length = read(from, bytes, sizeof(bytes)), done, at;

	if (length <= 0)
		exit(0);
	for (at = 0; at < length; at += done)
		if ((done = write(to, bytes + at, length - at)) <= 0)
			exit(0);
}

int main(int argc, char **argv)
{
	struct pollfd ends[2];

	if (argc != 3)
		return 2;
	ends[0].fd = open_tty(argv[1]);
	ends[1].fd = argv[2][0] == '/' ? open_tty(argv[2]) : open_port(atoi(argv[2]));
	ends[0].events = ends[1].events = POLLIN;
	while (poll(ends, 2, -1) > 0)
		for (int end = 0; end < 2; end++)
			if (ends[end].revents)
				carry(ends[end].fd, ends[!end].fd);
	return 1;
}
