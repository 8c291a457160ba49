// SPDX-License-Identifier: GPL-2.0
/*
 * Tells root of an oops, so that it can stop to gdb where the kernel's own code went wrong. Guest
 * kernel, in whatever context that was.
 */
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include "kmod.h"

static void copy_state(struct oops_state *oops, const struct pt_regs *regs)
{
	oops->regs = (struct guest_regs){
		.rax = regs->ax,
		.rcx = regs->cx,
		.rdx = regs->dx,
		.rbx = regs->bx,
		.rbp = regs->bp,
		.rsi = regs->si,
		.rdi = regs->di,
		.r8 = regs->r8,
		.r9 = regs->r9,
		.r10 = regs->r10,
		.r11 = regs->r11,
		.r12 = regs->r12,
		.r13 = regs->r13,
		.r14 = regs->r14,
		.r15 = regs->r15,
	};
	oops->rip = regs->ip;
	oops->rsp = regs->sp;
	oops->rflags = regs->flags;
	oops->cs = regs->cs;
	oops->ss = regs->ss;
}

static int on_die(struct notifier_block *block, unsigned long event, void *data)
{
	const struct die_args *args = data;
	struct oops_state oops;

	if (event != DIE_OOPS || !args->regs)
		return NOTIFY_DONE;
	copy_state(&oops, args->regs);
	strscpy(oops.text, args->str ? args->str : "", sizeof(oops.text));
	root_call(HYPERCALL_OOPS, (u64)&oops, 0);
	return NOTIFY_DONE;
}

/* Before other debuggers. */
static struct notifier_block die_block = { .notifier_call = on_die, .priority = INT_MAX };

int oops_register(void)
{
	return register_die_notifier(&die_block);
}

void oops_unregister(void)
{
	unregister_die_notifier(&die_block);
}
