// SPDX-License-Identifier: GPL-2.0
/*
 * What one CPUID costs, in ticks of the TSC: 1000 of them between two RDTSC, less the same loop without
 * CPUID. The smallest of many runs, for the others were interrupted. Guest, user space.
 */
#include <stdint.h>
#include <stdio.h>

#define RUNS 300
#define TIMES 1000

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t without_cpuid(void)
{
	uint64_t start = read_tsc();

	for (int i = 0; i < TIMES; i++) {
		uint32_t leaf = 0, subleaf = 0;

		asm volatile("" : "+a"(leaf), "+c"(subleaf) : : "ebx", "edx");
	}
	return read_tsc() - start;
}

static uint64_t with_cpuid(void)
{
	uint64_t start = read_tsc();

	for (int i = 0; i < TIMES; i++) {
		uint32_t leaf = 0, subleaf = 0;

		asm volatile("cpuid" : "+a"(leaf), "+c"(subleaf) : : "ebx", "edx");
	}
	return read_tsc() - start;
}

static uint64_t smallest(uint64_t (*measure)(void))
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < RUNS; i++) {
		uint64_t ticks = measure();

		if (ticks < least)
			least = ticks;
	}
	return least;
}

int main(void)
{
	printf("%.2f\n", (double)(smallest(with_cpuid) - smallest(without_cpuid)) / TIMES);
	return 0;
}
