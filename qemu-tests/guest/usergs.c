// SPDX-License-Identifier: GPL-2.0
/*
 * usergs SECONDS: threads with GS bases of their own (by arch_prctl, and by WRGSBASE where the
 * kernel allows it) execute what exits and what traps, make system calls, and look whether FS and
 * GS still lead where they did. Prints how often. User space.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <elf.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS		3
#define HWCAP2_FSGSBASE 2

static time_t end;
static unsigned long rounds[THREADS];

struct block {
	uint64_t self, number;
};

static uint64_t read_gs(uint64_t offset)
{
	uint64_t value;

	asm volatile("mov %%gs:(%1), %0" : "=r"(value) : "r"(offset) : "memory");
	return value;
}

static uint64_t gs_base(void)
{
	uint64_t value = 0;

	syscall(SYS_arch_prctl, ARCH_GET_GS, &value);
	return value;
}

static void on_trap(int number)
{
	(void)number;
}

static void set_gs(struct block *block, int fast)
{
	if (fast)
		asm volatile("wrgsbase %0" : : "r"(block));
	else
		syscall(SYS_arch_prctl, ARCH_SET_GS, block);
}

static void disturb(void)
{
	unsigned int a, b, c, d;

	__cpuid(0, a, b, c, d);
	asm volatile("int3");
	getppid();
	__cpuid(1, a, b, c, d);
}

/* FS is the thread's own: a wrong one would not survive the library's first use. */
static void *work(void *argument)
{
	long number = (long)argument;
	int fast = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) && number % 2;
	struct block blocks[2] = { { (uint64_t)&blocks[0], number },
				   { (uint64_t)&blocks[1], number + 100 } };
	pthread_t self = pthread_self();

	while (time(NULL) < end) {
		struct block *block = &blocks[rounds[number] % 2];

		set_gs(block, fast);
		disturb();
		if (read_gs(0) != block->self || read_gs(8) != block->number ||
		    gs_base() != block->self || !pthread_equal(self, pthread_self())) {
			printf("usergs: wrong: thread %ld, round %lu\n", number, rounds[number]);
			exit(1);
		}
		rounds[number]++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	unsigned long sum = 0;
	long i;

	signal(SIGTRAP, on_trap);
	end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += rounds[i];
	}
	printf("usergs: right, %lu rounds%s\n", sum,
	       getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE ? ", WRGSBASE" : "");
	return 0;
}
