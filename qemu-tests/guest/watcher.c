// SPDX-License-Identifier: GPL-2.0
/*
 * watcher REGISTER COUNT: a parent that puts hardware watchpoints (ptrace) on variables of its child, one for each debug
 * register up to REGISTER. The child writes COUNT times to the last variable only. Prints "watcher: S of COUNT stops,
 * status X", X being the child's; status 0 if the child stopped behind each write for that register. User space.
 *
 * Both have a real-time priority: time goes on while gdb thinks, and to be preempted at each stop of gdb's would be
 * another round of accesses to debug registers, without end.
 *
 * Linux hands out the registers in this order, from DR0 on, whatever numbers ptrace gives them.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* Writes of 2 bytes to the variables. */
static void watch(pid_t pid, int last)
{
	unsigned long control = 0;

	for (int reg = 0; reg <= last; reg++) {
		poke(pid, reg, (unsigned long)&watched[reg]);
		control |= 1ul << 2 * reg | 5ul << (16 + 4 * reg);
		poke(pid, 7, control);
	}
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

	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 });
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
