// SPDX-License-Identifier: GPL-2.0
/*
 * unitrun CAPABILITIES COMMAND...: starts a command as a service manager does: with no more than these capabilities
 * (numbers with commas), no new privileges, a socket for its notifications and its messages in a journal's form.
 * Prints "notified: WORDS" as they come, and at the end "exit N" or "signal N". SIGTERM is passed on. User space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_CAPABILITY 63

static int is_listed(const char *list, int number)
{
	char *end;

	for (; *list; list = *end ? end + 1 : end)
		if (strtol(list, &end, 10) == number)
			return 1;
	return 0;
}

static int listen_for_words(pid_t self)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/notify.%d", self);
	unlink(address.sun_path);
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)))
		exit(2);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("JOURNAL_STREAM", "1:1", 1);
	return sock;
}

static void become(const char *capabilities, char **command)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i <= LAST_CAPABILITY; i++)
		if (!is_listed(capabilities, i) && prctl(PR_CAPBSET_DROP, i) && errno != EINVAL)
			_exit(126);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execvp(command[0], command);
	_exit(127);
}

static void show_words(int sock)
{
	char text[512];
	ssize_t length = recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT);

	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	if (length > 0)
		printf("notified: %.*s\n", (int)length, text);
}

int main(int argc, char **argv)
{
	struct signalfd_siginfo info;
	struct pollfd wait[2];
	sigset_t heeded;
	pid_t child;
	int status;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&heeded);
	sigaddset(&heeded, SIGTERM);
	sigaddset(&heeded, SIGCHLD);
	sigprocmask(SIG_BLOCK, &heeded, NULL);
	wait[0] = (struct pollfd){ .fd = signalfd(-1, &heeded, SFD_CLOEXEC), .events = POLLIN };
	wait[1] = (struct pollfd){ .fd = listen_for_words(getpid()), .events = POLLIN };
	child = fork();
	if (!child)
		become(argv[1], argv + 2);
	printf("main process %d\n", child);
	for (;;) {
		poll(wait, 2, -1);
		if (wait[1].revents)
			show_words(wait[1].fd);
		if (!wait[0].revents)
			continue;
		if (read(wait[0].fd, &info, sizeof(info)) == sizeof(info) && info.ssi_signo == SIGTERM)
			kill(child, SIGTERM);
		else if (waitpid(child, &status, WNOHANG) == child)
			break;
	}
	show_words(wait[1].fd);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
	return 0;
}
