// SPDX-License-Identifier: GPL-2.0
/*
 * syscalls N [CPU]: N times getppid, sched_get_priority_max (which nobody else here ever calls) and openat of a missing
 * file; prints how many had the right result. User space.
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
	long count = argc > 1 ? atol(argv[1]) : 1000, good = 0;
	pid_t parent = getppid();
	cpu_set_t set;

	if (argc > 2) {
		CPU_ZERO(&set);
		CPU_SET(atoi(argv[2]), &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("syscalls: sched_setaffinity");
			return 1;
		}
	}
	for (long i = 0; i < count; i++) {
		int right = syscall(SYS_getppid) == parent;

		right &= syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99;
		right &= syscall(SYS_openat, AT_FDCWD, "/does/not/exist", O_RDONLY) == -1 && errno == ENOENT;
		good += right;
	}
	printf("syscalls: pid %d, %ld of %ld right\n", getpid(), good, count);
	return good != count;
}
