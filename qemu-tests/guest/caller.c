// SPDX-License-Identifier: GPL-2.0
/*
 * A system call that nobody else makes, so that a debugger finds us; then passes the label
 * caller_mark a thousand times a second, on any CPU, until /tmp/caller.stop exists. Prints how
 * often. User space.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

volatile long caller_turns;

__attribute__((noinline)) static void turn(void)
{
	asm volatile(".globl caller_mark\ncaller_mark: nop" : : : "memory");
	caller_turns++;
}

int main(void)
{
	syscall(SYS_sched_get_priority_max, SCHED_FIFO);
	while (access("/tmp/caller.stop", F_OK)) {
		turn();
		usleep(1000);
	}
	printf("caller: %ld turns\n", caller_turns);
	return 0;
}
