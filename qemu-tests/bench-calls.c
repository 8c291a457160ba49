// SPDX-License-Identifier: GPL-2.0
/*
 * bench-calls: what one sched_get_priority_min costs in ticks of the TSC, as a user sees it. bench-calls fault: what
 * one #UD with a signal handler costs. The smallest of many runs, for the others were interrupted.
 * bench-calls openat N: that many calls of openat, which fail at once; prints how many had the right result.
 * Guest, user space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define RUNS 60
#define TIMES 20

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void call(long number)
{
	syscall(SYS_sched_get_priority_min, 1000 + number, 2 * number);
}

static void fault(long number)
{
	asm volatile("ud2" : : "r"(number));
}

static void step_over(int signal, siginfo_t *info, void *context)
{
	ucontext_t *state = context;

	state->uc_mcontext.gregs[REG_RIP] += 2;
}

static uint64_t measure(void (*run)(long number))
{
	uint64_t start = read_tsc();

	for (long i = 0; i < TIMES; i++)
		run(i);
	return read_tsc() - start;
}

static int open_often(long times)
{
	long right = 0;

	for (long i = 0; i < times; i++)
		right += syscall(SYS_openat, AT_FDCWD, "", O_RDONLY) == -1 && errno == ENOENT;
	printf("%ld of %ld right\n", right, times);
	return right != times;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = step_over, .sa_flags = SA_SIGINFO };
	uint64_t least = UINT64_MAX, ticks;

	if (argc == 3 && !strcmp(argv[1], "openat"))
		return open_often(atol(argv[2]));
	sigaction(SIGILL, &action, NULL);
	for (int i = 0; i < RUNS; i++) {
		ticks = measure(argc > 1 ? fault : call);
		if (ticks < least)
			least = ticks;
	}
	printf("%.2f\n", (double)least / TIMES);
	return 0;
}
