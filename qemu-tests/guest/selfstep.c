// SPDX-License-Identifier: GPL-2.0
/*
 * selfstep [ROUNDS]: a program that steps itself with the trap flag, and one that is stepped with
 * ptrace, over instructions that a hypervisor emulates or that hold a trap back. Prints where each
 * trap came; it is the same whatever is below the kernel. All rounds must agree. User space.
 *
 * SYSCALL is not among them: the emulator takes its trap in the kernel.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define MOST 400

extern char step_first[], step_last[], step_fault[], step_after_fault[];

struct history {
	unsigned int number;
	struct {
		int offset, code;
	} traps[MOST];
};

static struct history now;
char step_source[16], step_target[16];

static void note(struct history *history, uint64_t rip, int code)
{
	if (history->number < MOST) {
		history->traps[history->number].offset = rip - (uint64_t)step_first;
		history->traps[history->number].code = code;
	}
	history->number++;
}

/* SIGSEGV comes of the XSETBV, which is passed over. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	note(&now, regs[REG_RIP], number == SIGTRAP ? info->si_code : -number);
	if (number == SIGSEGV)
		regs[REG_RIP] = (greg_t)step_after_fault;
}

__attribute__((noipa)) static void instructions(uint64_t trap_flag)
{
	asm volatile("pushfq\n or %0, (%%rsp)\n popfq\n"
		     "step_first: nop\n"
		     "xor %%eax, %%eax\n cpuid\n"
		     "xor %%ecx, %%ecx\n xgetbv\n"
		     "rdtsc\n"
		     /* An emulated instruction in the shadow of MOV SS. */
		     "mov %%ss, %%eax\n mov %%eax, %%ss\n cpuid\n"
		     "mov %%ss, %%eax\n mov %%eax, %%ss\n nop\n"
		     "mov $1, %%eax\n cpuid\n xor %%ecx, %%ecx\n mov $7, %%eax\n cpuid\n"
		     "int3\n"
		     "nop\n"
		     "xor %%ecx, %%ecx\n xor %%edx, %%edx\n mov $7, %%eax\n"
		     "step_fault: xsetbv\n"
		     "step_after_fault: nop\n"
		     "lea step_source(%%rip), %%rsi\n lea step_target(%%rip), %%rdi\n mov $4, "
		     "%%ecx\n rep movsb\n"
		     ".byte 0xf1\n"
		     "xor %%eax, %%eax\n cpuid\n"
		     "pushfq\n andq $~0x100, (%%rsp)\n popfq\n"
		     "step_last: nop\n"
		     :
		     : "r"(trap_flag)
		     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r11", "memory", "cc");
}

static void step_myself(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	now.number = 0;
	instructions(0x100);
}

static void be_stepped(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	instructions(0);
	_exit(0);
}

/* What came at a stop is delivered but for the traps of the steps themselves, which ptrace takes.
 */
static void step_child(void)
{
	struct user_regs_struct regs;
	int status, child = fork();

	if (!child)
		be_stepped();
	now.number = 0;
	waitpid(child, &status, 0);
	for (;;) {
		ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
		if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
			return;
		ptrace(PTRACE_GETREGS, child, NULL, &regs);
		if (WSTOPSIG(status) == SIGSEGV) {
			note(&now, regs.rip, -SIGSEGV);
			regs.rip = (uint64_t)step_after_fault;
			ptrace(PTRACE_SETREGS, child, NULL, &regs);
		} else if (regs.rip >= (uint64_t)step_first && regs.rip <= (uint64_t)step_last) {
			note(&now, regs.rip, WSTOPSIG(status));
		}
	}
}

static void show(const char *title, const struct history *history)
{
	unsigned int i;

	printf("%s: %u traps:", title, history->number);
	for (i = 0; i < history->number && i < MOST; i++)
		printf(" %d/%d", history->traps[i].offset, history->traps[i].code);
	putchar('\n');
}

static int rounds_agree(const char *title, void (*step)(void), int rounds)
{
	static struct history first;
	int round;

	for (round = 0; round < rounds; round++) {
		step();
		if (!round) {
			first = now;
			show(title, &first);
		} else if (memcmp(&first.number, &now.number, sizeof(now.number)) ||
			   memcmp(first.traps, now.traps, now.number * sizeof(*now.traps))) {
			printf("round %d differs: ", round);
			show(title, &now);
			return 0;
		}
	}
	return 1;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	int same = rounds_agree("trap flag", step_myself, rounds);

	fflush(stdout);
	signal(SIGTRAP, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	same &= rounds_agree("ptrace", step_child, rounds);
	puts(same ? "selfstep: all rounds agree" : "selfstep: rounds differ");
	return !same;
}
