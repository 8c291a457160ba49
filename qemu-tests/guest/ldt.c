// SPDX-License-Identifier: GPL-2.0
/*
 * ldt CPU: keeps a selector of a local descriptor table in ES and GS, as programs of Wine's do, until
 * /tmp/enough is there; says whether both and what they lead to stayed. User space.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SELECTOR 7 /* entry 0, in the LDT, for user mode */
#define MAGIC	 0x1d7

static int make_descriptor(uint32_t base)
{
	struct user_desc desc;

	memset(&desc, 0, sizeof(desc));
	desc.base_addr = base;
	desc.limit = 0xfff;
	desc.seg_32bit = 1;
	desc.useable = 1;
	return syscall(SYS_modify_ldt, 1, &desc, sizeof(desc));
}

static int is_right(void)
{
	uint16_t es, gs;
	uint32_t value;

	asm volatile("mov %%es, %0" : "=r"(es));
	asm volatile("mov %%gs, %0" : "=r"(gs));
	asm volatile("movl %%gs:0, %0" : "=r"(value));
	return es == SELECTOR && gs == SELECTOR && value == MAGIC;
}

int main(int argc, char **argv)
{
	unsigned long rounds = 0, wrong = 0;
	uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(argc > 1 ? atoi(argv[1]) : 0, &cpus);
	if (word == MAP_FAILED || sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	*word = MAGIC;
	if (make_descriptor((uintptr_t)word)) {
		perror("modify_ldt");
		return 1;
	}
	asm volatile("mov %0, %%es; mov %0, %%gs" : : "r"(SELECTOR));
	do
		wrong += !is_right();
	while (++rounds % 100000 || access("/tmp/enough", F_OK));
	printf("%s\n", wrong ? "wrong" : "right");
	return !!wrong;
}
