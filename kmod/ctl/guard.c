// SPDX-License-Identifier: GPL-2.0
/*
 * Gives the line back when hvgdbctl cannot: a child that waits for its parent's end. It holds the
 * tty and one end of a pipe; the kernel closes the other end, whatever the parent dies of.
 * User space.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "line.h"

static int dismissal = -1; /* our end of the pipe */
static pid_t guard;

__attribute__((noreturn)) static void stand_guard(int alarm, const struct tty *tty,
						  const char *lock, pid_t parent)
{
	sigset_t all;
	ssize_t length;
	char word;

	/* A signal for all of the session or the control group ends the parent, not us. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "hvgdbctl-guard");
	do
		length = read(alarm, &word, 1);
	while (length < 0 && errno == EINTR);
	if (length == 1)
		_exit(0);
	tty_restore(tty);
	lock_drop(lock, parent);
	warn("process %d was killed; %s is given back", parent, tty->name);
	_exit(0);
}

void guard_start(const struct tty *tty, const char *lock)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		fail(EXIT_FAILED, "pipe: %s", strerror(errno));
	guard = fork();
	if (guard < 0)
		fail(EXIT_FAILED, "fork: %s", strerror(errno));
	if (!guard) {
		close(ends[1]);
		stand_guard(ends[0], tty, lock, parent);
	}
	close(ends[0]);
	dismissal = ends[1];
}

void guard_dismiss(void)
{
	if (write(dismissal, "", 1) == 1)
		waitpid(guard, NULL, 0);
	close(dismissal);
}
