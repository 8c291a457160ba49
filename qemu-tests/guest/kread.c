// SPDX-License-Identifier: GPL-2.0
/* kread ADDRESS LENGTH: kernel memory in hex, as the running kernel itself sees it (/proc/kcore). User space. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The place in the file of a kernel address; 0 if there is none. */
static off_t place_of(int core, uint64_t address, size_t length)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (pread(core, &header, sizeof(header), 0) != sizeof(header))
		return 0;
	for (int i = 0; i < header.e_phnum; i++) {
		if (pread(core, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) != sizeof(segment))
			return 0;
		if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address + length <= segment.p_vaddr + segment.p_memsz)
			return segment.p_offset + (address - segment.p_vaddr);
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t address = argc > 2 ? strtoull(argv[1], NULL, 16) : 0;
	size_t length = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	unsigned char *bytes = malloc(length);
	int core = open("/proc/kcore", O_RDONLY);
	off_t place = core >= 0 ? place_of(core, address, length) : 0;

	if (!length || !place || pread(core, bytes, length, place) != (ssize_t)length) {
		fprintf(stderr, "kread ADDRESS LENGTH: cannot be read\n");
		return 1;
	}
	for (size_t i = 0; i < length; i++)
		printf("%02x", bytes[i]);
	printf("\n");
	return 0;
}
