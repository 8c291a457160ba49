// SPDX-License-Identifier: GPL-2.0
/*
 * Queues vectors in root, in every state in which a CPU may hold them back, and checks when they
 * come and that each comes once. hvgdb has to be loaded with test_vectors=1. Guest kernel, for
 * tests.
 *
 *	echo NAME >/sys/module/vectors/parameters/run
 *	cat /sys/module/vectors/parameters/run		"right", or what was wrong
 *
 * The vectors are those for which the kernel counts and does nothing else.
 */
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/prandom.h>
#include <asm/hardirq.h>
#include <asm/irq_vectors.h>
#include <asm/nmi.h>
#include "hypercall.h"
#include "run_param.h"

#define BLOCKED_BY_STI	  1
#define BLOCKED_BY_MOV_SS 2
#define BLOCKED_BY_NMI	  8
#define NMI		  2
#define RANDOM_ROUNDS	  20000

static const u8 vectors[] = { POSTED_INTR_VECTOR, POSTED_INTR_WAKEUP_VECTOR,
			      POSTED_INTR_NESTED_VECTOR, X86_PLATFORM_IPI_VECTOR };

static u32 taken[ARRAY_SIZE(vectors)];
static volatile unsigned int nmis, wanted_nmis;
static volatile u64 queue_in_nmi; /* a vector to queue from the next NMI's handler */

static u32 count(unsigned int i)
{
	switch (i) {
	case 0:
		return this_cpu_read(irq_stat.kvm_posted_intr_ipis);
	case 1:
		return this_cpu_read(irq_stat.kvm_posted_intr_wakeup_ipis);
	case 2:
		return this_cpu_read(irq_stat.kvm_posted_intr_nested_ipis);
	default:
		return this_cpu_read(irq_stat.x86_platform_ipis);
	}
}

static void remember(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		taken[i] = count(i);
	nmis = 0;
}

static u32 came(unsigned int i)
{
	return count(i) - taken[i];
}

static __always_inline u64 queue(u64 vector, u64 blocking)
{
	u64 answer = HYPERCALL_MAGIC;

	asm volatile("vmcall"
		     : "+a"(answer)
		     : "D"(HYPERCALL_QUEUE), "S"(vector), "d"(blocking)
		     : "memory");
	return answer;
}

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	u64 vector;

	if (!wanted_nmis)
		return NMI_DONE;
	nmis++;
	wanted_nmis--;
	vector = queue_in_nmi;
	if (vector) {
		queue_in_nmi = 0;
		queue(vector, 0);
		queue(vectors[0], 0);
	}
	return NMI_HANDLED;
}

static bool equal(const char *what, u32 found, u32 expected)
{
	if (found == expected)
		return true;
	sprintf(result, "%s: %u instead of %u\n", what, found, expected);
	return false;
}

/* In all of these interrupts are off when they begin, and on again when they end. */

static bool interrupts_on(void)
{
	local_irq_enable();
	queue(vectors[0], 0);
	return equal("with IF=1, at once", came(0), 1);
}

static bool interrupts_off(void)
{
	unsigned int i, held = 0;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		queue(vectors[i], 0);
		/* A second one of the same vector is none, as in the local APIC. */
		queue(vectors[i], 0);
		held += came(i);
	}
	local_irq_enable();
	asm volatile("nop; nop");
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		if (!equal("after STI", came(i), 1))
			return false;
	return equal("with IF=0", held, 0);
}

/* VMCALL in the shadow of STI or MOV SS: root's skip ends the shadow. */
static bool in_shadows(void)
{
	u64 answer = HYPERCALL_MAGIC;

	asm volatile("sti; vmcall"
		     : "+a"(answer)
		     : "D"(HYPERCALL_QUEUE), "S"((u64)vectors[0]), "d"(0ULL)
		     : "memory");
	if (!equal("VMCALL behind STI", came(0), 1))
		return false;
	answer = HYPERCALL_MAGIC;
	asm volatile("mov %%ss, %%ecx; mov %%ecx, %%ss; vmcall"
		     : "+a"(answer)
		     : "D"(HYPERCALL_QUEUE), "S"((u64)vectors[1]), "d"(0ULL)
		     : "rcx", "memory");
	return equal("VMCALL behind MOV SS", came(1), 1);
}

/* With blocking left by root: one instruction, which reads the counter, comes before the interrupt.
 */
static bool blocked_by(const char *what, u64 blocking)
{
	u32 __percpu *counter = (u32 __percpu *)&irq_stat.kvm_posted_intr_ipis;
	u64 answer = HYPERCALL_MAGIC;
	u32 first, second, before = count(0);

	local_irq_enable();
	asm volatile("vmcall\n mov (%[counter]), %[first]\n mov (%[counter]), %[second]"
		     : "+a"(answer), [first] "=&r"(first), [second] "=&r"(second)
		     : "D"(HYPERCALL_QUEUE), "S"((u64)vectors[0]),
		       "d"(blocking), [counter] "r"(this_cpu_ptr(counter))
		     : "memory");
	return equal(what, first - before, 0) &&
	       equal("behind the next instruction", second - before, 1);
}

static bool by_sti(void)
{
	return blocked_by("blocked by STI", BLOCKED_BY_STI);
}

static bool by_mov_ss(void)
{
	return blocked_by("blocked by MOV SS", BLOCKED_BY_MOV_SS);
}

/* STI's blocking cannot be with IF=0; it must be dropped, not make the VM entry fail. */
static bool sti_without_if(void)
{
	queue(vectors[0], BLOCKED_BY_STI);
	if (!equal("blocked by STI with IF=0", came(0), 0))
		return false;
	local_irq_enable();
	asm volatile("nop; nop");
	return equal("after STI", came(0), 1);
}

static bool nmi_at_once(void)
{
	wanted_nmis = 1;
	queue(NMI, 0);
	return equal("NMI with IF=0, at once", nmis, 1);
}

/* One goes to the handler, one waits; what is beyond that is lost, as without hvgdb. */
static bool nmi_blocked(void)
{
	unsigned int held;

	wanted_nmis = 1;
	queue(NMI, BLOCKED_BY_NMI);
	queue(NMI, 0);
	queue(NMI, 0);
	held = nmis;
	asm volatile("mov %%rsp, %%rax\n mov %%ss, %%ecx\n push %%rcx\n push %%rax\n pushfq\n mov "
		     "%%cs, %%ecx\n push %%rcx\n"
		     "lea 1f(%%rip), %%rax\n push %%rax\n iretq\n 1:\n"
		     :
		     :
		     : "rax", "rcx", "memory");
	return equal("blocked by NMI", held, 0) && equal("after IRET", nmis, 1);
}

/* An NMI's handler is sent another and an interrupt: both wait for its IRET, and the NMI is first.
 */
static bool inside_nmi(void)
{
	wanted_nmis = 2;
	queue_in_nmi = NMI;
	queue(NMI, 0);
	if (!equal("NMIs one after the other", nmis, 2) ||
	    !equal("an interrupt with IF=0", came(0), 0))
		return false;
	local_irq_enable();
	asm volatile("nop; nop");
	return equal("the interrupt after STI", came(0), 1);
}

/* The trap flag and a vector at once: the trap of the VMCALL comes, and the vector is not lost. */
static bool at_random(void)
{
	struct rnd_state seed;
	unsigned int round, i, set;
	u32 expected[ARRAY_SIZE(vectors)] = { 0 }, expected_nmis = 0;
	u64 blocking;

	prandom_seed_state(&seed, 20261120);
	for (round = 0; round < RANDOM_ROUNDS; round++) {
		set = prandom_u32_state(&seed) % 32;
		blocking = prandom_u32_state(&seed) % 4;
		if (prandom_u32_state(&seed) % 2)
			local_irq_enable();
		else
			local_irq_disable();
		for (i = 0; i < ARRAY_SIZE(vectors); i++)
			if (set & 1 << i) {
				/* What was queued last round may wait still: then they are one. */
				local_irq_enable();
				asm volatile("nop; nop");
				if (prandom_u32_state(&seed) % 2)
					local_irq_disable();
				queue(vectors[i], blocking == 3 ? 0 : blocking);
				expected[i]++;
			}
		if (set & 16) {
			wanted_nmis++;
			queue(NMI, 0);
			expected_nmis++;
		}
	}
	local_irq_enable();
	asm volatile("nop; nop; nop");
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		if (!equal("at random", came(i), expected[i]))
			return false;
	return equal("NMIs at random", nmis, expected_nmis);
}

/* Tracing tells the order: irq_vectors events of vectors that the kernel does not mind. */
static bool in_order(void)
{
	static const u8 ordered[] = { IRQ_WORK_VECTOR, RESCHEDULE_VECTOR, X86_PLATFORM_IPI_VECTOR,
				      CALL_FUNCTION_SINGLE_VECTOR, CALL_FUNCTION_VECTOR };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ordered); i++)
		queue(ordered[i], 0);
	local_irq_enable();
	asm volatile("nop; nop");
	return true;
}

static const struct test {
	const char *name;
	bool (*run)(void);
} tests[] = {
	{ "interrupts-on", interrupts_on }, { "interrupts-off", interrupts_off },
	{ "in-shadows", in_shadows },	    { "blocked-by-sti", by_sti },
	{ "blocked-by-mov-ss", by_mov_ss }, { "sti-without-if", sti_without_if },
	{ "nmi-at-once", nmi_at_once },	    { "nmi-blocked", nmi_blocked },
	{ "inside-nmi", inside_nmi },	    { "at-random", at_random },
	{ "in-order", in_order },
};

static int set_run(const char *text, const struct kernel_param *kp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!sysfs_streq(text, tests[i].name))
			continue;
		preempt_disable();
		local_irq_disable();
		remember();
		if (tests[i].run())
			strcpy(result, "right\n");
		local_irq_enable();
		wanted_nmis = 0;
		preempt_enable();
		return 0;
	}
	return -EINVAL;
}

static int __init vectors_init(void)
{
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "vectors");
}

static void __exit vectors_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "vectors");
}

module_init(vectors_init);
module_exit(vectors_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hvgdb tests: vectors queued in root");
