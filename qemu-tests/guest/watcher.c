// SPDX-License-Identifier: GPL-2.0
/*
 * watcher REGISTER COUNT: a parent that puts a hardware watchpoint (ptrace) on a variable of its child, which then
 * writes to it COUNT times. Waits for the file /tmp/go first. Prints "watcher: S of COUNT stops, value V"; status 0 if
 * the child stopped at each write, behind it, for that register's watchpoint. User space.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* One for each debug register: a register that was never written must not fit by chance. */
static volatile long watched[4];

static void child(int reg, int count)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	for (int i = 0; i < count; i++)
		watched[reg]++;
	_exit(watched[reg] == count ? 0 : 1);
}

static void poke(pid_t pid, int reg, unsigned long value)
{
	if (!ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[reg]), value))
		return;
	perror("watcher: POKEUSER");
	exit(2);
}

static unsigned long peek(pid_t pid, int reg)
{
	return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg[reg]), 0);
}

/* Writes of 8 bytes to the variable. */
static void watch(pid_t pid, int reg)
{
	poke(pid, reg, (unsigned long)&watched[reg]);
	poke(pid, 7, 1ul << 2 * reg | 9ul << (16 + 4 * reg));
}

/* One stop of the child; true if it is the watchpoint's, with the variable changed as often. */
static int right(pid_t pid, int reg, int number, int status)
{
	return WSTOPSIG(status) == SIGTRAP && (peek(pid, 6) & 15) == 1ul << reg &&
	       ptrace(PTRACE_PEEKDATA, pid, &watched[reg], 0) == number;
}

int main(int argc, char **argv)
{
	int reg = argc > 1 ? atoi(argv[1]) & 3 : 0, count = argc > 2 ? atoi(argv[2]) : 1;
	int status, stops = 0;
	pid_t pid;

	while (access("/tmp/go", F_OK))
		usleep(20000);
	pid = fork();
	if (!pid)
		child(reg, count);
	waitpid(pid, &status, 0);
	watch(pid, reg);
	for (;;) {
		ptrace(PTRACE_CONT, pid, 0, 0);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status))
			break;
		stops += right(pid, reg, stops + 1, status);
		poke(pid, 6, 0);
	}
	printf("watcher: %d of %d stops, status %d\n", stops, count, WEXITSTATUS(status));
	return stops != count || status;
}
