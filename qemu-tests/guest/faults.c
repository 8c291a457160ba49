// SPDX-License-Identifier: GPL-2.0
/*
 * faults KIND COUNT ...: waits for the file /tmp/go, then causes each kind of exception that many times. Its
 * handlers count what is delivered and go on behind the instruction. Before it waits it writes its pid to the file that
 * the variable READY names: setting up its pages causes page faults too. Prints "faults: KIND: D of COUNT" for each kind
 * and ends with status 0 if everything was delivered, by the right signal. User space.
 *
 * np loads a segment of the LDT that is not present; of and br run INTO and BOUND in a 32-bit code segment; db is a
 * single step; kread and kwrite are page faults of the kernel at the same places as read and write; drread and drwrite
 * try MOV DR in user mode; nm is FNOP, which faults if somebody has set CR0.TS for the UD2 before it, and nobody sees.
 * read, write, fetch are page faults at 0x10000000, 0x10001000, 0x10002000; touch writes to COUNT pages from
 * 0x600000000000 on that were never used, whose page faults no handler sees.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define HIDDEN	((char *)0x10000000)
#define CONST	((char *)0x10001000)
#define NO_CODE ((char *)0x10002000)
#define TOUCHED ((char *)0x600000000000) /* no heap comes there, also before hold_still() */
#define TOUCHED_PAGES 8192
#define LOW_STACK ((char *)0x18000000) /* addresses of 32-bit code have 32 bits */
#define STACK_PAGES 16
#define PAGE	4096L
#define FLAG_AC 0x40000
#define FLAG_TF 0x100

/* Causes one exception; the handler goes on at the label 1, also if the exception never comes. */
#define CAUSE(name, insn, ...)                                                                     \
	asm volatile("lea 1f(%%rip), %%rax\n mov %%rax, %0\n"                                      \
		     ".globl " name "\n" name ": " insn "\n1:"                                     \
		     : "=m"(behind)                                                                \
		     : __VA_ARGS__                                                                 \
		     : "rax", "rcx", "cc", "memory")

/* The same with something before and something after, which the handler does not leave out. */
#define CAUSE_AROUND(before, name, insn, after)                                                    \
	asm volatile("lea 1f(%%rip), %%rax\n mov %%rax, %0\n" before "\n"                          \
		     ".globl " name "\n" name ": " insn "\n1: " after                              \
		     : "=m"(behind)                                                                \
		     :                                                                             \
		     : "rax", "rcx", "cc", "memory")

static volatile uint64_t behind;
static volatile int delivered, signal_wanted;

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)info;
	/* It would run into the same fault again, for ever. */
	if (!signal_wanted)
		_exit(3);
	if (number == signal_wanted)
		delivered++;
	c->uc_mcontext.gregs[REG_RIP] = behind;
	c->uc_mcontext.gregs[REG_EFL] &= ~(FLAG_AC | FLAG_TF);
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

static void cause_db(void)
{
	CAUSE_AROUND("lea -128(%%rsp), %%rsp\n pushfq\n orl $0x100, (%%rsp)\n popfq\n nop", "fault_db", "nop",
		     "pushfq\n andl $~0x100, (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp");
}

static void cause_ss(void)
{
	CAUSE_AROUND("lea -128(%%rsp), %%rsp\n push %%rbp\n mov $1, %%rbp\n ror $1, %%rbp", "fault_ss", "mov (%%rbp), %%rcx",
		     "pop %%rbp\n lea 128(%%rsp), %%rsp");
}

/*
 * A far call to 32-bit code on a stack of its own. Whatever the change of mode does to registers, they come back from
 * the old stack. The handler goes on behind the instruction, in the same segment.
 */
#define CAUSE_32(name, insn)                                                                       \
	asm volatile("lea 1f(%%rip), %%rax\n mov %%rax, %0\n"                                      \
		     "lea 2f(%%rip), %%rax\n mov %%eax, %1\n"                                      \
		     "lea -128(%%rsp), %%rsp\n push %%rbx\n push %%rbp\n push %%r12\n push %%r13\n push %%r14\n" \
		     "push %%r15\n mov %%rsp, %2\n mov %3, %%rsp\n"                                \
		     "lcall *%1\n mov %2, %%rsp\n"                                                 \
		     "pop %%r15\n pop %%r14\n pop %%r13\n pop %%r12\n pop %%rbp\n pop %%rbx\n lea 128(%%rsp), %%rsp\n" \
		     "jmp 3f\n .code32\n 2: mov $0x7fffffff, %%eax\n add $1, %%eax\n"              \
		     ".globl " name "\n" name ": " insn "\n1: lret\n .code64\n 3:"                  \
		     : "=m"(behind), "+m"(segment_32), "=m"(old_stack)                             \
		     : "i"(LOW_STACK + PAGE * STACK_PAGES)                                         \
		     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc", "memory")

static struct {
	uint32_t offset;
	uint16_t selector;
} segment_32 = { 0, 0x23 };
static uint64_t old_stack;
uint32_t bounds_32[2] = { 1, 2 };
#define DATA_SEGMENT 0x2b
#define LDT_SELECTOR 7 /* its entry 0, ring 3 */

static void cause_of(void)
{
	CAUSE_32("fault_of", "into");
}

static void cause_br(void)
{
	/* In 64-bit mode DS may be null; 32-bit code cannot read through that. */
	asm volatile("mov %0, %%ds" : : "r"(DATA_SEGMENT));
	CAUSE_32("fault_br", "bound %%eax, bounds_32");
}

static void cause_np(void)
{
	static struct user_desc absent = { .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .seg_not_present = 1 };
	static int made;

	if (!made && syscall(SYS_modify_ldt, 1, &absent, sizeof(absent)))
		exit(2);
	made = 1;
	CAUSE("fault_np", "mov %1, %%fs", "r"(LDT_SELECTOR));
}

/* The kernel's own: it finds out by a fault that it cannot read or write there. */
static void cause_kread(void)
{
	static int pipes[2];

	if (!pipes[0] && pipe(pipes))
		exit(2);
	delivered += ioctl(pipes[0], FIONBIO, HIDDEN) < 0 && errno == EFAULT;
}

static void cause_kwrite(void)
{
	delivered += syscall(SYS_getcpu, CONST, 0, 0) < 0 && errno == EFAULT;
}

static void cause_drread(void)
{
	CAUSE("fault_drread", "mov %%db0, %%rcx", "m"(behind));
}

static void cause_drwrite(void)
{
	CAUSE("fault_drwrite", "mov %%rcx, %%db7", "m"(behind));
}

static void cause_nm(void)
{
	asm volatile(".globl fault_nm_set\n fault_nm_set: ud2\n .globl fault_nm\n fault_nm: fnop");
	delivered++;
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
	{ "xm", SIGFPE, cause_xm },	  { "touch", 0, cause_touch },	    { "db", SIGTRAP, cause_db },
	{ "ss", SIGBUS, cause_ss },	  { "of", SIGSEGV, cause_of },	    { "br", SIGSEGV, cause_br },
	{ "kread", 0, cause_kread },	  { "kwrite", 0, cause_kwrite },    { "nm", 0, cause_nm },
	{ "drread", SIGSEGV, cause_drread }, { "drwrite", SIGSEGV, cause_drwrite },
	{ "np", SIGBUS, cause_np },
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
	    map(LOW_STACK, STACK_PAGES, PROT_READ | PROT_WRITE) == MAP_FAILED ||
	    map(TOUCHED, TOUCHED_PAGES, PROT_READ | PROT_WRITE) == MAP_FAILED)
		exit(2);
	(void)*(volatile char *)CONST;
	*(volatile char *)NO_CODE = 1;
}

static void tell_ready(void)
{
	const char *path = getenv("READY");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%d\n", getpid());
	fclose(file);
}

/* The kernel puts the heap anywhere below 1 GiB, now and then where our own pages are to be. */
static void hold_still(char **argv)
{
	char path[256] = { 0 };
	int now = personality(0xffffffff);

	if (now & ADDR_NO_RANDOMIZE)
		return;
	personality(now | ADDR_NO_RANDOMIZE);
	/* By its path: the process is to keep its name. */
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) > 0)
		execv(path, argv);
	exit(2);
}

int main(int argc, char **argv)
{
	int right = 1;

	hold_still(argv);
	prepare();
	tell_ready();
	while (access("/tmp/go", F_OK))
		usleep(20000);
	for (int i = 1; i + 1 < argc; i += 2)
		right &= run(argv[i], atoi(argv[i + 1]));
	return !right;
}
