// SPDX-License-Identifier: GPL-2.0
/*
 * ioapic PIN [level|edge]: prints the vector (hexadecimal) that the first I/O APIC sends for a pin, after it has set the
 * pin's trigger mode. Needs iomem=relaxed. User space.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define IOAPIC	      0xfec00000
#define REDIRECTION   0x10
#define TRIGGER_LEVEL (1u << 15)
#define MASKED	      (1u << 16)

static volatile uint32_t *ioapic;

static uint32_t get(uint32_t index)
{
	ioapic[0] = index;
	return ioapic[4];
}

static void put(uint32_t index, uint32_t value)
{
	ioapic[0] = index;
	ioapic[4] = value;
}

int main(int argc, char **argv)
{
	int memory = open("/dev/mem", O_RDWR | O_SYNC);
	uint32_t index, entry;

	ioapic = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, IOAPIC);
	if (argc < 2 || ioapic == MAP_FAILED)
		return 2;
	index = REDIRECTION + 2 * atoi(argv[1]);
	entry = get(index);
	if (argc > 2) {
		put(index, entry | MASKED);
		entry = strcmp(argv[2], "level") ? entry & ~TRIGGER_LEVEL : entry | TRIGGER_LEVEL;
		put(index, entry);
	}
	printf("%x\n", entry & 0xff);
	return 0;
}
