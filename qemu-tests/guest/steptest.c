// SPDX-License-Identifier: GPL-2.0
/*
 * steptest [ROUNDS]: instructions that debuggers get wrong, between the labels step_begin and step_end, with
 * results that it checks itself. Prints "steptest: right" when nobody disturbed them. User space.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TF 0x100

static volatile int traps;
static const char source[24] = "rep movs copies 24 bytes";
static char target[24];

static struct {
	uint64_t flags, popped, cpuid_max, pid, loops, after_ss;
} got;

static void on_trap(int signal)
{
	(void)signal;
	traps++;
}

__attribute__((noinline)) static void odd_instructions(void)
{
	const char *from = source;
	char *to = target;
	uint64_t count = sizeof(source), leaf = 0, b, c = 0, d, number = 39 /* getpid */;

	asm volatile(".globl step_begin\nstep_begin: pushfq\n pop %0" : "=r"(got.flags) : : "memory");
	asm volatile(".globl step_popf\nstep_popf: push %1\n popfq\n pushfq\n pop %0" : "=r"(got.popped) : "r"(got.flags | 1) : "cc", "memory");
	asm volatile(".globl step_movs\nstep_movs: rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
	asm volatile(".globl step_cpuid\nstep_cpuid: cpuid" : "+a"(leaf), "=b"(b), "+c"(c), "=d"(d));
	got.cpuid_max = leaf;
	asm volatile(".globl step_int3\nstep_int3: int3" : : : "memory");
	/* No event may come between the load of SS and the next instruction. */
	asm volatile(".globl step_ss\nstep_ss: mov %%ss, %%eax\n mov %%eax, %%ss\n mov $42, %0" : "=r"(got.after_ss) : : "rax", "memory");
	asm volatile(".globl step_syscall\nstep_syscall: syscall" : "+a"(number) : : "rcx", "r11", "memory");
	got.pid = number;
	asm volatile(".globl step_loop\nstep_loop: xor %%eax, %%eax\n mov $10, %%ecx\n1: inc %%rax\n loop 1b" : "=a"(got.loops) : : "rcx", "cc");
	asm volatile(".globl step_end\nstep_end: nop");
}

static int wrong(const char *what)
{
	printf("steptest: wrong: %s\n", what);
	return 1;
}

static int check(int round)
{
	if (got.flags & TF || got.popped & TF)
		return wrong("pushf shows the trap flag");
	if (!(got.popped & 1))
		return wrong("popf lost the carry flag");
	if (memcmp(source, target, sizeof(source)))
		return wrong("rep movs");
	if (got.cpuid_max < 1)
		return wrong("cpuid");
	if (traps != round + 1)
		return wrong("int3 gave no SIGTRAP, or too many");
	if (got.after_ss != 42)
		return wrong("the instruction after mov ss");
	if (got.pid != (uint64_t)getpid())
		return wrong("syscall");
	return got.loops == 10 ? 0 : wrong("loop");
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;

	signal(SIGTRAP, on_trap);
	for (int i = 0; i < rounds; i++) {
		memset(target, 0, sizeof(target));
		odd_instructions();
		if (check(i))
			return 1;
	}
	puts("steptest: right");
	return 0;
}
