// SPDX-License-Identifier: GPL-2.0
/* spin [CPU [SECONDS]]: keeps a CPU busy in user mode; for ever without SECONDS. User space. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile unsigned long spin_count;

/* A breakpoint here is hit at each turn. */
__attribute__((noinline)) static void spin_turn(void)
{
	spin_count++;
}

int main(int argc, char **argv)
{
	cpu_set_t set;

	if (argc > 1 && atoi(argv[1]) >= 0) {
		CPU_ZERO(&set);
		CPU_SET(atoi(argv[1]), &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("spin: sched_setaffinity");
			return 1;
		}
	}
	if (argc > 2)
		alarm(atoi(argv[2]));
	for (;;)
		spin_turn();
}
