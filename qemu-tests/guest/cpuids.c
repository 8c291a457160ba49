// SPDX-License-Identifier: GPL-2.0
/* cpuids SECONDS: executes CPUID, which always exits, for so long and prints how often. User space. */
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	unsigned int a, b, c, d;
	unsigned long number = 0;

	for (; time(NULL) < end; number++)
		__cpuid(0, a, b, c, d);
	printf("%lu\n", number);
	return 0;
}
