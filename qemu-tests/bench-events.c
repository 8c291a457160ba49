// SPDX-License-Identifier: GPL-2.0
/*
 * bench-events ud|pf|dr|loop COUNT: ticks of the TSC for each of COUNT turns. ud: an UD2 and its signal; pf: the first
 * write to a page; dr: a hardware breakpoint (perf) switched on and off; loop: a million empty turns of a loop. Guest,
 * user space.
 */
#define _GNU_SOURCE
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096

static char *fresh;
static int breakpoint;
static long watched;

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static void turn_ud(void)
{
	asm volatile("ud2" ::: "memory");
}

static void turn_pf(void)
{
	madvise(fresh, PAGE, MADV_DONTNEED);
	*(volatile char *)fresh = 1;
}

static void turn_dr(void)
{
	ioctl(breakpoint, PERF_EVENT_IOC_ENABLE, 0);
	ioctl(breakpoint, PERF_EVENT_IOC_DISABLE, 0);
}

static void turn_loop(void)
{
	for (int i = 0; i < 1000000; i++)
		asm volatile("");
}

static void prepare(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W,
		.bp_addr = (uintptr_t)&watched,
		.bp_len = HW_BREAKPOINT_LEN_8,
		.disabled = 1,
	};

	sigaction(SIGILL, &action, NULL);
	fresh = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	breakpoint = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} turns[] = {
	{ "ud", turn_ud }, { "pf", turn_pf }, { "dr", turn_dr }, { "loop", turn_loop },
};

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0;
	void (*turn)(void) = NULL;
	uint64_t start;

	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]) && count; i++)
		if (!strcmp(turns[i].name, argv[1]))
			turn = turns[i].run;
	if (!turn) {
		fprintf(stderr, "usage: bench-events ud|pf|dr|loop COUNT\n");
		return 2;
	}
	prepare();
	if (turn == turn_dr && breakpoint < 0) {
		perror("bench-events: perf_event_open");
		return 2;
	}
	start = read_tsc();
	for (int i = 0; i < count; i++)
		turn();
	printf("%.1f\n", (double)(read_tsc() - start) / count);
	return 0;
}
