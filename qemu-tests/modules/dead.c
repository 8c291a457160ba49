// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the kernel dead in several ways, until a debugger sets dead_release. Guest kernel, for
 *tests.
 *
 *	echo NAME >/sys/module/dead/parameters/run
 *
 *	irqs-off	all CPUs spin with interrupts off
 *	one-off		CPU 1 spins with interrupts off, the CPU that asks waits for it
 *	nmi		all CPUs spin in an NMI's handler
 */
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/nmi.h>

/* The debugger's; not static, so that /proc/kallsyms has them. */
volatile int dead_release;
atomic_t dead_cpus;

static atomic_t nmi_wanted;

static void spin(void *unused)
{
	atomic_inc(&dead_cpus);
	while (!dead_release)
		cpu_relax();
	atomic_dec(&dead_cpus);
}

static void irqs_off(void)
{
	on_each_cpu(spin, NULL, 1);
}

static void nothing(void *unused)
{
}

static void one_off(void)
{
	smp_call_function_single(1, spin, NULL, 0);
	while (!atomic_read(&dead_cpus))
		cpu_relax();
	smp_call_function_single(1, nothing, NULL, 1);
}

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	if (atomic_dec_if_positive(&nmi_wanted) < 0)
		return NMI_DONE;
	spin(NULL);
	return NMI_HANDLED;
}

static void nmi(void)
{
	unsigned int cpu, self = get_cpu();

	atomic_set(&nmi_wanted, num_online_cpus());
	for_each_online_cpu(cpu) if (cpu != self) apic->send_IPI(cpu, NMI_VECTOR);
	apic->send_IPI(self, NMI_VECTOR);
	put_cpu();
}

static const struct way {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "irqs-off", irqs_off },
	{ "one-off", one_off },
	{ "nmi", nmi },
};

static int set_run(const char *text, const struct kernel_param *kp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (sysfs_streq(text, ways[i].name)) {
			dead_release = 0;
			ways[i].run();
			return 0;
		}
	return -EINVAL;
}

static const struct kernel_param_ops run_ops = { .set = set_run };

module_param_cb(run, &run_ops, NULL, 0200);

static int __init dead_init(void)
{
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "dead");
}

static void __exit dead_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "dead");
}

module_init(dead_init);
module_exit(dead_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hvgdb tests: dead kernels");
