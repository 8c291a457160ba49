// SPDX-License-Identifier: GPL-2.0
/*
 * Sends NMIs to a CPU and counts what becomes of them. Guest kernel, for tests.
 *
 *	target		the CPU that gets them
 *	paced		write N: sends N, each after the one before has been handled
 *	storm		write N: sends N and waits for none
 *	sent, handled	so many; an NMI for which none was sent is left to the kernel, which then
 *			complains of an unknown reason
 *	late		paced ones that nobody handled within 5 s
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/sched/clock.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#define LATE_NS (5ULL * NSEC_PER_SEC)

static uint target;
module_param(target, uint, 0600);

static atomic_t outstanding, sent, handled;
static uint late;
module_param(late, uint, 0400);

/* As the kernel counts: two that were merged into one are two that have been dealt with. */
static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	int number;

	if (smp_processor_id() != READ_ONCE(target))
		return NMI_DONE;
	number = atomic_xchg(&outstanding, 0);
	if (number)
		atomic_inc(&handled);
	return number;
}

static void send(void)
{
	atomic_inc(&outstanding);
	atomic_inc(&sent);
	apic->send_IPI(target, NMI_VECTOR);
}

static bool await_all(void)
{
	u64 since = local_clock();

	while (atomic_read(&outstanding)) {
		if (local_clock() - since > LATE_NS)
			return false;
		cpu_relax();
	}
	return true;
}

static int send_all(const char *text, bool paced)
{
	uint number;
	int error = kstrtouint(text, 0, &number);

	if (error || !cpu_online(target))
		return error ?: -ENXIO;
	for (; number && !signal_pending(current); number--) {
		send();
		if (paced && !await_all())
			late++;
		cond_resched();
	}
	return 0;
}

static int set_paced(const char *text, const struct kernel_param *kp)
{
	return send_all(text, true);
}

static int set_storm(const char *text, const struct kernel_param *kp)
{
	return send_all(text, false);
}

static int get_counter(char *text, const struct kernel_param *kp)
{
	return sprintf(text, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops paced_ops = { .set = set_paced };
static const struct kernel_param_ops storm_ops = { .set = set_storm };
static const struct kernel_param_ops counter_ops = { .get = get_counter };

module_param_cb(paced, &paced_ops, NULL, 0200);
module_param_cb(storm, &storm_ops, NULL, 0200);
module_param_cb(sent, &counter_ops, &sent, 0400);
module_param_cb(handled, &counter_ops, &handled, 0400);

static int __init nmis_init(void)
{
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "nmis");
}

static void __exit nmis_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "nmis");
}

module_init(nmis_init);
module_exit(nmis_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hvgdb tests: sends NMIs and counts them");
