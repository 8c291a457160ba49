// SPDX-License-Identifier: GPL-2.0
/*
 * pfcheck N: maps fresh memory N times, faults its pages in by writing, changes protection, takes the SIGSEGV,
 * and checks every word. Prints how many rounds were right. User space.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGES 64
#define WORDS (PAGES * 4096 / sizeof(uint64_t))

static sigjmp_buf after_fault;
static void *volatile fault_address;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	fault_address = info->si_addr;
	siglongjmp(after_fault, 1);
}

/* Writing to a read-only page has to fault at the very address. */
static int write_faults(volatile uint64_t *word)
{
	fault_address = NULL;
	if (!sigsetjmp(after_fault, 1)) {
		*word = 0;
		return 0;
	}
	return fault_address == word;
}

static int one_round(uint64_t seed)
{
	uint64_t *memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int good = memory != MAP_FAILED;

	for (size_t i = 0; good && i < WORDS; i++)
		memory[i] = seed * 0x9e3779b97f4a7c15 + i;
	good = good && !mprotect(memory, PAGES * 4096, PROT_READ) && write_faults(memory + seed % WORDS);
	for (size_t i = 0; good && i < WORDS; i++)
		good = memory[i] == seed * 0x9e3779b97f4a7c15 + i;
	munmap(memory, PAGES * 4096);
	return good;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int count = argc > 1 ? atoi(argv[1]) : 10, good = 0;

	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < count; i++)
		good += one_round(i + 1);
	printf("pfcheck: %d of %d rounds right\n", good, count);
	return good != count;
}
