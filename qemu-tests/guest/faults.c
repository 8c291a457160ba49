// SPDX-License-Identifier: GPL-2.0
/*
 * faults KIND COUNT ...: waits for the file /tmp/go, then causes each kind of exception that many times. Its
 * handlers count what is delivered and go on behind the instruction. Prints "faults: KIND: D of COUNT" for each kind
 * and ends with status 0 if everything was delivered, by the right signal. User space.
 *
 * read, write, fetch are page faults at 0x10000000, 0x10001000, 0x10002000; touch writes to COUNT pages from 0x20000000
 * on that were never used, whose page faults no handler sees.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define HIDDEN	((char *)0x10000000)
#define CONST	((char *)0x10001000)
#define NO_CODE ((char *)0x10002000)
#define TOUCHED ((char *)0x20000000)
#define PAGE	4096L
#define FLAG_AC 0x40000

/* Causes one exception; the handler goes on at the label 1, also if the exception never comes. */
#define CAUSE(name, insn, ...)                                                                     \
	asm volatile("lea 1f(%%rip), %%rax\n mov %%rax, %0\n"                                      \
		     ".globl " name "\n" name ": " insn "\n1:"                                     \
		     : "=m"(behind)                                                                \
		     : __VA_ARGS__                                                                 \
		     : "rax", "rcx", "cc", "memory")

static volatile uint64_t behind;
static volatile int delivered, signal_wanted;

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)info;
	if (number == signal_wanted)
		delivered++;
	c->uc_mcontext.gregs[REG_RIP] = behind;
	c->uc_mcontext.gregs[REG_EFL] &= ~FLAG_AC;
	c->uc_mcontext.fpregs->cwd = 0x37f;
	c->uc_mcontext.fpregs->swd = 0;
	c->uc_mcontext.fpregs->mxcsr = 0x1f80;
}

static void cause_de(void)
{
	static const uint32_t zero;

	CAUSE("fault_de", "divl %1", "m"(zero), "d"(0));
}

static void cause_bp(void)
{
	CAUSE("fault_bp", "int3", "m"(behind));
}

static void cause_ud(void)
{
	CAUSE("fault_ud", "ud2", "m"(behind));
}

static void cause_gp(void)
{
	CAUSE("fault_gp", "hlt", "m"(behind));
}

static void cause_read(void)
{
	CAUSE("fault_read", "mov (%1), %%eax", "r"(HIDDEN));
}

static void cause_write(void)
{
	CAUSE("fault_write", "movb $1, (%1)", "r"(CONST));
}

static void cause_fetch(void)
{
	CAUSE("fault_fetch", "jmp *%1", "r"(NO_CODE));
}

static void cause_mf(void)
{
	static const uint16_t unmasked = 0x360, masked = 0x37f;

	asm volatile("fninit\n fldcw %0\n fldz\n fld1\n fdivp" : : "m"(unmasked));
	CAUSE("fault_mf", "fwait", "m"(behind));
	asm volatile("fnclex\n fldcw %0\n ffree %%st" : : "m"(masked));
}

static void cause_ac(void)
{
	static const char bytes[16] __attribute__((aligned(16)));

	CAUSE("fault_ac_on", "lea -128(%%rsp), %%rsp\n pushfq\n orl $0x40000, (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp",
	      "m"(behind));
	CAUSE("fault_ac", "mov 1(%1), %%ecx", "r"(bytes));
	CAUSE("fault_ac_off", "lea -128(%%rsp), %%rsp\n pushfq\n andl $~0x40000, (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp",
	      "m"(behind));
}

static void cause_xm(void)
{
	static const uint32_t unmasked = 0x1d80, masked = 0x1f80;
	static const float zero = 0, one = 1;

	asm volatile("ldmxcsr %0\n movss %1, %%xmm0" : : "m"(unmasked), "m"(one) : "xmm0");
	CAUSE("fault_xm", "divss %1, %%xmm0", "m"(zero));
	asm volatile("ldmxcsr %0" : : "m"(masked));
}

static void cause_touch(void)
{
	static long number;

	TOUCHED[PAGE * number++] = 1;
	delivered++;
}

static const struct {
	const char *name;
	int signal;
	void (*cause)(void);
} kinds[] = {
	{ "de", SIGFPE, cause_de },	  { "bp", SIGTRAP, cause_bp },	    { "ud", SIGILL, cause_ud },
	{ "gp", SIGSEGV, cause_gp },	  { "read", SIGSEGV, cause_read },  { "write", SIGSEGV, cause_write },
	{ "fetch", SIGSEGV, cause_fetch }, { "mf", SIGFPE, cause_mf },	    { "ac", SIGBUS, cause_ac },
	{ "xm", SIGFPE, cause_xm },	  { "touch", 0, cause_touch },
};

/* False if anything was not delivered. */
static int run(const char *name, int count)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].name, name); i++)
		;
	if (i == sizeof(kinds) / sizeof(kinds[0])) {
		printf("faults: there is no kind %s\n", name);
		return 0;
	}
	delivered = 0;
	signal_wanted = kinds[i].signal;
	for (int n = 0; n < count; n++)
		kinds[i].cause();
	printf("faults: %s: %d of %d\n", name, delivered, count);
	return delivered == count;
}

static void *map(char *where, long pages, int protection)
{
	return mmap(where, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void prepare(void)
{
	static const int signals[] = { SIGFPE, SIGTRAP, SIGILL, SIGSEGV, SIGBUS };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	if (map(HIDDEN, 1, PROT_NONE) == MAP_FAILED || map(CONST, 1, PROT_READ) == MAP_FAILED ||
	    map(NO_CODE, 1, PROT_READ | PROT_WRITE) == MAP_FAILED ||
	    map(TOUCHED, 1024, PROT_READ | PROT_WRITE) == MAP_FAILED)
		exit(2);
	(void)*(volatile char *)CONST;
	*(volatile char *)NO_CODE = 1;
}

int main(int argc, char **argv)
{
	int right = 1;

	prepare();
	while (access("/tmp/go", F_OK))
		usleep(20000);
	for (int i = 1; i + 1 < argc; i += 2)
		right &= run(argv[i], atoi(argv[i + 1]));
	return !right;
}
