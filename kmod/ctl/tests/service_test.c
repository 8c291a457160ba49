// SPDX-License-Identifier: GPL-2.0
/* Being a service: signals, systemd's socket, and a line given back by the guard. User space. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod/ctl/ctl.h"
#include "kmod/ctl/line.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

/* systemd's end, bound to a name; an '@' stands for the zero of abstract names. */
static int listen_as(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, name);
	if (*name == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(sock, (struct sockaddr *)&address,
			      offsetof(struct sockaddr_un, sun_path) + strlen(name)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return sock;
}

static void expect_word(int sock, const char *word)
{
	char text[256];
	ssize_t length = recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_true(length > 0);
	text[length] = '\0';
	assert_string_equal(text, word);
}

static void test_notify(void **state)
{
	char name[64], path[] = "/tmp/hvgdb-service-test-XXXXXX";
	int sock;

	(void)state;
	snprintf(name, sizeof(name), "@hvgdb-service-test-%d", getpid());
	sock = listen_as(name);
	notify_ready("line %d", 7);
	expect_word(sock, "READY=1\nSTATUS=line 7");
	close(sock);

	close(mkstemp(path));
	unlink(path);
	sock = listen_as(path);
	notify_stopping();
	expect_word(sock, "STOPPING=1");
	close(sock);
	unlink(path);

	/* Nobody there, or no systemd: that is no reason to end. */
	unsetenv("NOTIFY_SOCKET");
	notify_ready("alone");
}

static void test_signals(void **state)
{
	int ends[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		catch_signals();
		/* Before the wait: it must not be missed. */
		raise(SIGTERM);
		if (stop_signal || wait_for(ends[0], POLLIN) || stop_signal != SIGTERM)
			_exit(1);
		_exit(wait_for(ends[0], POLLIN));
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	child = fork();
	if (!child) {
		catch_signals();
		_exit(write(ends[1], "", 1) != 1 || !wait_for(ends[0], POLLIN));
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
}

/* A terminal to be held, and a descriptor of it that stays. */
static int open_terminal(struct tty *tty)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	assert_int_equal(ptsname_r(master, tty->path, sizeof(tty->path)), 0);
	strcpy(tty->name, "pts");
	slave = open(tty->path, O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	return slave;
}

/* A controller that takes the terminal and then waits; what it waits for is to be killed. */
__attribute__((noreturn)) static void take_and_wait(struct tty *tty, const char *folder, int ready)
{
	char lock[128], why[WHY_MAX];

	if (!lock_take(folder, tty->name, lock, sizeof(lock), why, sizeof(why)) ||
	    !tty_open(tty, why, sizeof(why)))
		_exit(1);
	guard_start(tty, lock);
	if (!tty_set_raw(tty, B57600, why, sizeof(why)) || write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void test_guard(void **state)
{
	char folder[] = "/tmp/hvgdb-guard-test-XXXXXX", lock[128], byte;
	struct termios before = { 0 }, now = { 0 };
	struct tty tty;
	int ready[2], slave = open_terminal(&tty);
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(lock, sizeof(lock), "%s/LCK..pts", folder);
	tcgetattr(slave, &before);
	assert_true(before.c_lflag & ICANON);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	if (!child)
		take_and_wait(&tty, folder, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	tcgetattr(slave, &now);
	assert_false(now.c_lflag & ICANON);
	assert_int_equal(access(lock, F_OK), 0);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* The guard holds the other end of this pipe too: it has gone when the pipe ends. */
	assert_int_equal(read(ready[0], &byte, 1), 0);
	tcgetattr(slave, &now);
	assert_memory_equal(&now, &before, sizeof(now));
	assert_int_equal(access(lock, F_OK), -1);
	close(ready[0]);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
