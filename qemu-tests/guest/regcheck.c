// SPDX-License-Identifier: GPL-2.0
/*
 * regcheck [CPU [ROUNDS]]: a system call that nobody else makes, then known values in registers and in reg_variable;
 * at the label reg_mark a debugger may look at them and change them. Prints what it finds afterwards, ROUNDS times. User space.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

volatile uint64_t reg_variable;
static uint64_t rbx, r15, xmm3[2];
static uint32_t mxcsr;

__attribute__((noinline)) static void round_trip(void)
{
	uint64_t loaded[2] = { 0x1111111122222222, 0x3333333344444444 }, stored[2];
	uint64_t b = 0xb0b0b0b0b0b0b0b0, x = 0xf0f0f0f0f0f0f0f0;

	asm volatile("movdqu %4, %%xmm3\n mov %0, %%rbx\n mov %1, %%r15\n"
		     ".globl reg_mark\nreg_mark: nop\n"
		     "mov %%rbx, %0\n mov %%r15, %1\n movdqu %%xmm3, %2\n stmxcsr %3"
		     : "+r"(b), "+r"(x), "=m"(stored), "=m"(mxcsr)
		     : "m"(loaded)
		     : "rbx", "r15", "xmm3", "memory");
	rbx = b;
	r15 = x;
	xmm3[0] = stored[0];
	xmm3[1] = stored[1];
}

int main(int argc, char **argv)
{
	cpu_set_t set;
	int rounds = argc > 2 ? atoi(argv[2]) : 1;

	if (argc > 1) {
		CPU_ZERO(&set);
		CPU_SET(atoi(argv[1]), &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("regcheck: sched_setaffinity");
			return 1;
		}
	}
	for (int i = 0; i < rounds; i++) {
		reg_variable = 0x5a5a5a5a00000000 + getpid();
		long answer = syscall(SYS_sched_get_priority_max, SCHED_FIFO);

		round_trip();
		printf("rbx %016lx r15 %016lx xmm3 %016lx%016lx mxcsr %x variable %016lx answer %ld\n", rbx, r15, xmm3[1],
		       xmm3[0], mxcsr, reg_variable, answer);
		fflush(stdout);
	}
	return 0;
}
