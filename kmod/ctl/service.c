// SPDX-License-Identifier: GPL-2.0
/*
 * What makes hvgdbctl's lasting commands a service: the signals that end them, and the word to
 * systemd that they are ready (sd_notify(3), without its library). User space.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

volatile sig_atomic_t stop_signal;

static void on_signal(int signal)
{
	stop_signal = signal;
}

/* They come through in wait_for() only: none is missed between the look at it and the wait. */
void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, NULL);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool await_any(struct pollfd *polls, size_t nr, const struct timespec *limit)
{
	sigset_t none, blocked;
	bool ready;

	sigemptyset(&none);
	ready = ppoll(polls, nr, limit, &none) > 0;
	/* Where something is ready all the time ppoll() lets no signal through. */
	sigprocmask(SIG_SETMASK, &none, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	return ready;
}

bool wait_for_any(struct pollfd *polls, size_t nr)
{
	while (!stop_signal)
		if (await_any(polls, nr, NULL))
			return !stop_signal;
	return false;
}

bool wait_for(int fd, short events)
{
	struct pollfd poll = { .fd = fd, .events = events };

	return wait_for_any(&poll, 1);
}

static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int sock;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	/* '@' stands for the zero byte of the abstract name space. */
	if (*path == '@')
		address.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return;
	if (sendto(sock, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   offsetof(struct sockaddr_un, sun_path) + length) < 0)
		warn("systemd does not take the word that this is ready");
	close(sock);
}

void notify_ready(const char *format, ...)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "READY=1\nSTATUS=");
	va_list args;

	va_start(args, format);
	vsnprintf(text + length, sizeof(text) - length, format, args);
	va_end(args);
	notify(text);
}

void notify_stopping(void)
{
	notify("STOPPING=1");
}
