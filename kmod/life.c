// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to CPUs and modules while hvgdb is loaded: hotplug, reboot, emergencies, unloading
 * modules. (Sleep is sleep.c.) Guest kernel, process context (the callbacks of the hotplug
 * machinery run on the CPU they are about).
 *
 * A CPU that comes or goes runs natively for a while, and there a planted int3 would be an oops. So
 * the planted bytes are held out of memory (D12) from before the CPU starts until it is in the
 * guest, and from before it leaves the guest until it is dead.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include "compat.h"
#include "faults.h"
#include "kmod.h"

static int prepare_state, online_state;

static bool over; /* the machine goes down: CPUs stay native */

/* Where nobody is in the guest any more nobody is in root either, and the count is free. */
void plant_hold(void)
{
	if (root_call(HYPERCALL_PLANT_HOLD, 0, 0) == ROOT_GONE)
		machine.plant_holds++;
}

void plant_release(void)
{
	if (root_call(HYPERCALL_PLANT_RELEASE, 0, 0) == ROOT_GONE)
		machine.plant_holds--;
}

static int cpu_comes(unsigned int cpu)
{
	plant_hold();
	return 0;
}

static int cpu_is_gone(unsigned int cpu)
{
	sleep_forget_native(cpu);
	plant_release();
	return 0;
}

static int cpu_is_up(unsigned int cpu)
{
	int error = over ? 0 : launch_this_cpu();

	if (error && !sleep_leaves_native(cpu)) {
		pr_err("CPU %u cannot be taken over: %s; it stays offline\n", cpu,
		       machine.vcpu[cpu]->launch_error_text);
		return error;
	}
	plant_release();
	return 0;
}

static int cpu_goes_down(unsigned int cpu)
{
	plant_hold();
	leave_this_cpu();
	return 0;
}

static int on_reboot(struct notifier_block *block, unsigned long event, void *data)
{
	over = true;
	root_call(HYPERCALL_DISARM, 1, 0);
	plant_hold();
	leave_all();
	return NOTIFY_OK;
}

static bool is_last_guest(unsigned int self)
{
	unsigned int cpu;

	for (cpu = 0; cpu < machine.nr_cpus; cpu++)
		if (cpu != self && machine.vcpu[cpu] &&
		    READ_ONCE(machine.vcpu[cpu]->life) >= VCPU_RUNNING)
			return false;
	return true;
}

/*
 * The kernel is about to stop this CPU for good, or to start another kernel (panic, kdump, kexec,
 * emergency restart). NMI context or interrupts off, on each CPU by itself, maybe more than once.
 */
static void on_emergency(void)
{
	unsigned int self = raw_smp_processor_id();

	if (READ_ONCE(machine.vcpu[self]->life) < VCPU_RUNNING)
		return;
	/* Nothing is left that could answer gdb. */
	if (is_last_guest(self))
		root_call(HYPERCALL_DISARM, 1, 0);
	plant_hold();
	leave_now();
}

static void drop_module(const struct module *mod)
{
	unsigned int nr;
	u64 base, size;

	for (nr = 0; compat_module_memory(mod, nr, &base, &size); nr++)
		if (size)
			root_call(HYPERCALL_DROP_RANGE, base, base + size);
}

static int on_module(struct notifier_block *block, unsigned long event, void *data)
{
	if (event == MODULE_STATE_GOING)
		drop_module(data);
	return NOTIFY_OK;
}

static struct notifier_block reboot_block = { .notifier_call = on_reboot, .priority = INT_MIN };
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
	oops_register();
	sleep_register();
	register_module_notifier(&module_block);
	return 0;
}

/* Caller holds the CPU hotplug lock. */
void life_unregister(void)
{
	unregister_module_notifier(&module_block);
	sleep_unregister();
	oops_unregister();
	unregister_reboot_notifier(&reboot_block);
	compat_emergency_unregister(on_emergency);
	__cpuhp_remove_state_cpuslocked(online_state, false);
	__cpuhp_remove_state_cpuslocked(prepare_state, false);
}
