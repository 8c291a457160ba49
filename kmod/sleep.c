// SPDX-License-Identifier: GPL-2.0
/*
 * The machine sleeps (D25). Suspend to idle: CPUs only idle, nothing is to be done. Suspend to RAM:
 * the other CPUs go by hotplug (life.c), and the last one leaves VMX here, with interrupts off, and
 * comes back first. Hibernation is refused: the image would hold CPUs in the guest, and the kernel
 * that reads it back knows nothing of hvgdb. Guest kernel; between suspend and resume nothing may
 * sleep or allocate.
 */
#include <linux/cpumask.h>
#include <linux/notifier.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include "kmod.h"
#include "compat.h"

static bool sleeping; /* between the notifier's PREPARE and POST */
static bool untold;   /* a CPU stayed native, and gdb has not been told */

/* CPUs that run natively because they could not be taken over again. Each holds planted bytes. */
static struct cpumask native_cpus;

bool sleep_leaves_native(unsigned int cpu)
{
	if (!sleeping)
		return false;
	pr_err("CPU %u cannot be taken over again: %s. It runs natively: gdb does not see it, and "
	       "breakpoints in programs stay out of memory\n",
	       cpu, machine.vcpu[cpu]->launch_error_text);
	if (!cpumask_test_and_set_cpu(cpu, &native_cpus))
		plant_hold();
	untold = true;
	return true;
}

bool sleep_left_native(void)
{
	return !cpumask_empty(&native_cpus);
}

void sleep_forget_native(unsigned int cpu)
{
	if (cpumask_test_and_clear_cpu(cpu, &native_cpus))
		plant_release();
}

static int before_sleep(void)
{
	plant_hold();
	leave_now();
	return 0;
}

static void after_sleep(void)
{
	unsigned int cpu = smp_processor_id();

	note_time(&machine);
	if (launch_this_cpu()) {
		sleep_leaves_native(cpu);
	} else {
		sleep_forget_native(cpu);
		root_call(HYPERCALL_LINE_AWAKE, 0, 0);
	}
	plant_release();
}

static void tell_gdb(void)
{
	static const char text[] =
		"hvgdb: after the sleep not every CPU could be taken over again; "
		"the kernel log says why\n";

	if (xchg(&untold, false))
		root_call(HYPERCALL_NOTICE, (u64)text, 0);
}

static int on_sleep(struct notifier_block *block, unsigned long event, void *data)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		pr_err("the machine cannot hibernate while hvgdb is loaded: rmmod hvgdb first\n");
		return notifier_from_errno(-EBUSY);
	case PM_SUSPEND_PREPARE:
		sleeping = true;
		return NOTIFY_OK;
	case PM_POST_SUSPEND:
		sleeping = false;
		tell_gdb();
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block sleep_block = { .notifier_call = on_sleep };

/* Registered last: first to go to sleep, last to wake up, with all of the kernel's state in place.
 */
COMPAT_DEFINE_SYSCORE(sleep_syscore, before_sleep, after_sleep);

void sleep_register(void)
{
	register_pm_notifier(&sleep_block);
	compat_syscore_register(&sleep_syscore);
}

void sleep_unregister(void)
{
	compat_syscore_unregister(&sleep_syscore);
	unregister_pm_notifier(&sleep_block);
}
