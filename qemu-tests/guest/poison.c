// SPDX-License-Identifier: GPL-2.0
/*
 * poison: has the kernel take one page of memory out of use, as after an uncorrectable error, and
 * prints its physical address. User space, as root.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	  4096
#define FRAME	  ((1ULL << 55) - 1)
#define PRESENT	  (1ULL << 63)

static uint64_t physical(const void *address)
{
	uint64_t entry = 0;
	int map = open("/proc/self/pagemap", O_RDONLY);

	pread(map, &entry, sizeof(entry), (uintptr_t)address / PAGE * sizeof(entry));
	close(map);
	return entry & PRESENT ? (entry & FRAME) * PAGE : 0;
}

int main(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t address;

	if (page == MAP_FAILED)
		return 1;
	memset(page, 0x5a, PAGE);
	address = physical(page);
	if (!address || madvise(page, PAGE, MADV_HWPOISON)) {
		perror("poison");
		return 1;
	}
	printf("%llx\n", (unsigned long long)address);
	return 0;
}
