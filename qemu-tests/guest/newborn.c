// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a kernel that another one has started: says on the console how many CPUs
 * that has, whether it has the dump of a crashed one, and whether VMX was left behind switched on.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int has_vmx(void)
{
	char line[4096];
	FILE *file = fopen("/proc/cpuinfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "flags", 5))
			return strstr(line, " vmx ") != NULL;
	return -1;
}

int main(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	printf("newborn: %ld CPUs, vmcore %d, vmx %d\n", sysconf(_SC_NPROCESSORS_ONLN),
	       !access("/proc/vmcore", R_OK), has_vmx());
	fflush(stdout);
	for (;;)
		pause();
}
