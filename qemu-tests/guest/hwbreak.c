// SPDX-License-Identifier: GPL-2.0
/*
 * hwbreak SECONDS: the CPU's debug registers as programs use them. For so long, or until there is
 * the file /tmp/hwbreak.end, again and again:
 * perf counts writes to a variable and calls of a function; ptrace watches another variable in a
 * child, whose every write must stop it with DR6 saying why. Prints how often and whether all
 * counts were right. User space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITES 50

static volatile uint64_t counted, watched, other;

__attribute__((noinline)) static void called(void)
{
	asm volatile("" : : : "memory");
}

static int wrong(const char *what, long found, long wanted)
{
	printf("hwbreak: wrong: %s: %ld instead of %ld\n", what, found, wanted);
	return 1;
}

static int open_breakpoint(uint64_t address, uint32_t type, uint64_t length)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = type,
		.bp_addr = address,
		.bp_len = length,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	if (fd < 0) {
		perror("hwbreak: perf_event_open");
		exit(1);
	}
	return fd;
}

static long count_of(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return -1;
	close(fd);
	return count;
}

static int with_perf(void)
{
	int writes = open_breakpoint((uint64_t)&counted, HW_BREAKPOINT_W, HW_BREAKPOINT_LEN_8);
	int calls = open_breakpoint((uint64_t)called, HW_BREAKPOINT_X, sizeof(long));
	long found;
	int i;

	for (i = 0; i < WRITES; i++) {
		counted = i;
		called();
		other++;
		getppid();
	}
	found = count_of(writes);
	if (found != WRITES)
		return wrong("writes that perf counted", found, WRITES);
	found = count_of(calls);
	return found == WRITES ? 0 : wrong("calls that perf counted", found, WRITES);
}

static void poke(int child, int number, uint64_t value)
{
	if (ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg) + 8 * number, value))
		perror("hwbreak: PTRACE_POKEUSER");
}

static uint64_t peek(int child, int number)
{
	return ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, u_debugreg) + 8 * number, NULL);
}

static void be_watched(void)
{
	int i;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	for (i = 0; i < WRITES; i++) {
		watched = i;
		other++;
		getppid();
	}
	_exit(0);
}

/* DR3: eight bytes (length 2), writes (type 1), enabled for the task. */
static int with_ptrace(void)
{
	int status, child = fork(), stops = 0;
	uint64_t dr7 = 1 << 6 | 1u << 28 | 2u << 30;

	if (!child)
		be_watched();
	waitpid(child, &status, 0);
	poke(child, 3, (uint64_t)&watched);
	poke(child, 7, dr7);
	for (;;) {
		ptrace(PTRACE_CONT, child, NULL, NULL);
		if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
			break;
		if (WSTOPSIG(status) != SIGTRAP || !(peek(child, 6) & 8))
			return wrong("signal of a watchpoint, or DR6", WSTOPSIG(status), SIGTRAP);
		if (peek(child, 3) != (uint64_t)&watched || (peek(child, 7) & 0xff) != (dr7 & 0xff))
			return wrong("the debug registers themselves", peek(child, 7), dr7);
		stops++;
	}
	return stops == WRITES ? 0 : wrong("stops at the watchpoint", stops, WRITES);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	int rounds = 0;

	do {
		if (with_perf() || with_ptrace())
			return 1;
		rounds++;
	} while (time(NULL) < end && access("/tmp/hwbreak.end", F_OK));
	printf("hwbreak: right, %d rounds of %d\n", rounds, WRITES);
	return 0;
}
