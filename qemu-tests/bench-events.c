// SPDX-License-Identifier: GPL-2.0
/*
 * bench-events ud|dr|loop COUNT: ticks of the TSC for each of COUNT turns. ud: an UD2 and its signal; dr: a hardware
 * breakpoint (perf) switched on and off; loop: a million empty turns of a loop. Guest, user space.
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
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

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
	breakpoint = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

int main(int argc, char **argv)
{
	void (*turn)(void) = argc < 3 || !strcmp(argv[1], "loop") ? turn_loop : *argv[1] == 'u' ? turn_ud : turn_dr;
	int count = argc < 3 ? 1 : atoi(argv[2]);
	uint64_t start;

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
