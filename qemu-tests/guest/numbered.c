// SPDX-License-Identifier: GPL-2.0
/*
 * numbered COUNT CPU [PAUSE]: calls sched_get_priority_max() on that CPU with the numbers from 1000000 * (CPU + 1) on,
 * so that whoever looks on can see whether a call is missing. With PAUSE, in microseconds, it waits that long behind
 * each, and ends early when the file /tmp/enough exists. Prints "CPU: N calls". User space.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1, cpu = argc > 2 ? atol(argv[2]) : 0;
	long pause = argc > 3 ? atol(argv[3]) : 0, i;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return 1;
	for (i = 0; i < count && !(pause && !access("/tmp/enough", F_OK)); i++) {
		syscall(SYS_sched_get_priority_max, 1000000 * (cpu + 1) + i);
		if (pause)
			usleep(pause);
	}
	printf("%ld: %ld calls\n", cpu, i);
	return 0;
}
