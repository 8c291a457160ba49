// SPDX-License-Identifier: GPL-2.0
/*
 * tracecalls N [CPU [FIRST]]: N times sched_get_priority_min (which nobody else here ever calls) with a number that
 * counts up from FIRST, and openat of a missing file whose name has the same number; prints how many had the right
 * result. User space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000, first = argc > 3 ? atol(argv[3]) : 1000, good = 0;
	char name[32];
	cpu_set_t set;

	if (argc > 2) {
		CPU_ZERO(&set);
		CPU_SET(atoi(argv[2]), &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("tracecalls: sched_setaffinity");
			return 1;
		}
	}
	for (long i = first; i < first + count; i++) {
		int right = syscall(SYS_sched_get_priority_min, i) == -1 && errno == EINVAL;

		snprintf(name, sizeof(name), "/missing/%ld", i);
		right &= syscall(SYS_openat, AT_FDCWD, name, O_RDONLY) == -1 && errno == ENOENT;
		good += right;
	}
	printf("tracecalls: pid %d, %ld of %ld right\n", getpid(), good, count);
	return good != count;
}
