// SPDX-License-Identifier: GPL-2.0
/*
 * tscs SECONDS: a thread on each CPU reads the TSC in turn; none may ever see less than the one
 * before did. Prints how many readings there were. User space.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define MOST_CPUS 64

static pthread_spinlock_t lock;
static uint64_t last, worst;
static unsigned long readings, changes;
static long last_cpu;
static time_t end;

static void *read_tscs(void *argument)
{
	long cpu = (long)argument;
	unsigned int aux;
	cpu_set_t set;
	uint64_t now;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (time(NULL) < end) {
		pthread_spin_lock(&lock);
		now = __rdtscp(&aux);
		if (now < last && last - now > worst)
			worst = last - now;
		changes += last_cpu != cpu;
		last_cpu = cpu;
		last = now;
		readings++;
		pthread_spin_unlock(&lock);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MOST_CPUS];

	pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
	end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	for (cpu = 0; cpu < cpus && cpu < MOST_CPUS; cpu++)
		pthread_create(&threads[cpu], NULL, read_tscs, (void *)cpu);
	for (cpu = 0; cpu < cpus && cpu < MOST_CPUS; cpu++)
		pthread_join(threads[cpu], NULL);
	printf("tscs: %s, %lu readings, %lu changes of the CPU, %llu ticks back\n",
	       worst ? "wrong" : "right", readings, changes, (unsigned long long)worst);
	return worst != 0;
}
