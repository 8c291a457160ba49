// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to CPUs and modules while hvgdb is loaded: hotplug, reboot, sleep, unloading
 * modules. Guest kernel, process context (the callbacks of the hotplug machinery run on the CPU
 * they are about).
 *
 * A CPU that comes or goes runs natively for a while, and there a planted int3 would be an oops. So
 * the planted bytes are held out of memory (D12) from before the CPU starts until it is in the
 * guest, and from before it leaves the guest until it is dead.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include "compat.h"
#include "faults.h"
#include "kmod.h"
#include "hypercall.h"

static int prepare_state, online_state;

static int cpu_comes(unsigned int cpu)
{
	hypercall(HYPERCALL_PLANT_HOLD, 0, 0);
	return 0;
}

static int cpu_is_gone(unsigned int cpu)
{
	hypercall(HYPERCALL_PLANT_RELEASE, 0, 0);
	return 0;
}

static int cpu_is_up(unsigned int cpu)
{
	int error = launch_this_cpu();

	if (error) {
		pr_err("CPU %u cannot be taken over: %s; it stays offline\n", cpu,
		       machine.vcpu[cpu]->launch_error_text);
		return error;
	}
	hypercall(HYPERCALL_PLANT_RELEASE, 0, 0);
	return 0;
}

static int cpu_goes_down(unsigned int cpu)
{
	hypercall(HYPERCALL_PLANT_HOLD, 0, 0);
	leave_this_cpu();
	return 0;
}

static int on_reboot(struct notifier_block *block, unsigned long event, void *data)
{
	hypercall(HYPERCALL_PLANT_HOLD, 0, 0);
	leave_all();
	return NOTIFY_OK;
}

static int on_sleep(struct notifier_block *block, unsigned long event, void *data)
{
	if (event != PM_SUSPEND_PREPARE && event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	pr_err("the machine cannot sleep while hvgdb is loaded: rmmod hvgdb first\n");
	return notifier_from_errno(-EBUSY);
}

/*
 * The kernel is about to stop this CPU for good, or to start another kernel (panic, kdump, kexec,
 * emergency restart). NMI context or interrupts off, on each CPU by itself, maybe more than once.
 */
static void on_emergency(void)
{
	if (READ_ONCE(machine.vcpu[raw_smp_processor_id()]->life) < VCPU_RUNNING)
		return;
	hypercall(HYPERCALL_PLANT_HOLD, 0, 0);
	leave_this_cpu();
}

static void drop_module(const struct module *mod)
{
	unsigned int nr;
	u64 base, size;

	for (nr = 0; compat_module_memory(mod, nr, &base, &size); nr++)
		if (size)
			hypercall(HYPERCALL_DROP_RANGE, base, base + size);
}

static int on_module(struct notifier_block *block, unsigned long event, void *data)
{
	if (event == MODULE_STATE_GOING)
		drop_module(data);
	return NOTIFY_OK;
}

static struct notifier_block reboot_block = { .notifier_call = on_reboot, .priority = INT_MIN };
static struct notifier_block sleep_block = { .notifier_call = on_sleep };
static struct notifier_block module_block = { .notifier_call = on_module };

/* Caller holds the CPU hotplug lock, and all online CPUs are in the guest. */
int life_register(void)
{
	prepare_state = fault_here() ? -ENOMEM
				     : cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN,
									    "hvgdb:prepare",
									    cpu_comes, cpu_is_gone);
	if (prepare_state < 0)
		return prepare_state;
	online_state =
		fault_here()
			? -ENOMEM
			: cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN, "hvgdb:online",
							       cpu_is_up, cpu_goes_down);
	if (online_state < 0) {
		__cpuhp_remove_state_cpuslocked(prepare_state, false);
		return online_state;
	}
	compat_emergency_register(on_emergency);
	register_reboot_notifier(&reboot_block);
	register_pm_notifier(&sleep_block);
	register_module_notifier(&module_block);
	return 0;
}

/* Caller holds the CPU hotplug lock. */
void life_unregister(void)
{
	unregister_module_notifier(&module_block);
	unregister_pm_notifier(&sleep_block);
	unregister_reboot_notifier(&reboot_block);
	compat_emergency_unregister(on_emergency);
	__cpuhp_remove_state_cpuslocked(online_state, false);
	__cpuhp_remove_state_cpuslocked(prepare_state, false);
}
