// SPDX-License-Identifier: GPL-2.0
/*
 * The only program of the KGDB kernel in `make bench`: system calls for ever, whose first argument counts up, so that
 * a condition on it says how many went before. User space, first process.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	for (long number = 0;; number++)
		syscall(SYS_sched_get_priority_min, number, number * 2);
}
