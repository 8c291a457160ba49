// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that a user program has no business with: prints for each which signal, trap number
 * and error code came of it. What it prints does not depend on whether a hypervisor is below the
 * kernel. User space.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int signal_number;
static volatile long trap, error;

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	signal_number = number;
	trap = uc->uc_mcontext.gregs[REG_TRAPNO];
	error = uc->uc_mcontext.gregs[REG_ERR];
	siglongjmp(back, 1);
}

static uint64_t operand[2];

#define RARE(name, text)                                                                           \
	static void name(void)                                                                     \
	{                                                                                          \
		asm volatile(text                                                                  \
			     :                                                                     \
			     : "a"(0), "c"(operand), "d"(0), "b"(0)                                \
			     : "memory", "cc", "rsi", "rdi");                                      \
	}

RARE(vmcall, "vmcall")
RARE(vmlaunch, "vmlaunch")
RARE(vmresume, "vmresume")
RARE(vmxon, "vmxon (%%rcx)")
RARE(vmxoff, "vmxoff")
RARE(vmclear, "vmclear (%%rcx)")
RARE(vmptrld, "vmptrld (%%rcx)")
RARE(vmptrst, "vmptrst (%%rcx)")
RARE(vmread, "vmread %%rdx, %%rsi")
RARE(vmwrite, "vmwrite %%rdx, %%rdx")
RARE(vmfunc, "vmfunc")
RARE(invept, "invept (%%rcx), %%rdx")
RARE(invvpid, "invvpid (%%rcx), %%rdx")
RARE(getsec, "getsec")
RARE(invd, "invd")
RARE(wbinvd, "wbinvd")
RARE(xsetbv, "xor %%ecx, %%ecx\n mov $7, %%eax\n xsetbv")
RARE(rdmsr, "mov $0x10, %%ecx\n rdmsr")
RARE(wrmsr, "mov $0x79, %%ecx\n wrmsr")
RARE(mov_cr0, "mov %%rax, %%cr0")
RARE(mov_cr4, "mov %%cr4, %%rax")
RARE(mov_dr7, "mov %%dr7, %%rax")
RARE(clts, "clts")
RARE(hlt, "hlt")
RARE(out, "mov $0x2f8, %%edx\n out %%al, %%dx")
RARE(int_0x90, "int $0x90")
RARE(int1, ".byte 0xf1")
RARE(int3, "int3")
RARE(ud2, "ud2")
RARE(divide, "div %%ecx\n div %%ebx")
RARE(null, "mov (%%rbx), %%rax")
RARE(not_canonical, "mov $1, %%rax\n shl $62, %%rax\n mov (%%rax), %%rax")
RARE(cpuid, "cpuid")

static const struct {
	const char *name;
	void (*run)(void);
} instructions[] = {
#define ROW(name)                                                                                  \
	{                                                                                          \
#name, name                                                                        \
	}
	ROW(vmcall),  ROW(vmlaunch),	  ROW(vmresume), ROW(vmxon),   ROW(vmxoff), ROW(vmclear),
	ROW(vmptrld), ROW(vmptrst),	  ROW(vmread),	 ROW(vmwrite), ROW(vmfunc), ROW(invept),
	ROW(invvpid), ROW(getsec),	  ROW(invd),	 ROW(wbinvd),  ROW(xsetbv), ROW(rdmsr),
	ROW(wrmsr),   ROW(mov_cr0),	  ROW(mov_cr4),	 ROW(mov_dr7), ROW(clts),   ROW(hlt),
	ROW(out),     ROW(int_0x90),	  ROW(int1),	 ROW(int3),    ROW(ud2),    ROW(divide),
	ROW(null),    ROW(not_canonical), ROW(cpuid),
};

int main(void)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGTRAP, SIGFPE, SIGBUS };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	unsigned int i;

	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	for (i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		signal_number = 0;
		if (!sigsetjmp(back, 1))
			instructions[i].run();
		if (signal_number)
			printf("%s: %s, trap %ld, error %#lx\n", instructions[i].name,
			       sigabbrev_np(signal_number), trap, error);
		else
			printf("%s: nothing\n", instructions[i].name);
	}
	return 0;
}
