// SPDX-License-Identifier: GPL-2.0
/*
 * NMIs that root sends into the guest for its own reasons, and what the guest does with them: after
 * a long halt the watchdogs are told that no time was lost by the kernel's fault (root injects the
 * NMI ahead of the timer interrupts that wait); and where a kick may have swallowed an NMI of the
 * guest's, root injects one that nobody may be waiting for, which must not be reported as unknown
 * (D11). Guest kernel, NMI context.
 */
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include <asm/nmi.h>
#include "faults.h"
#include "kmod.h"

/* Long enough for every grace period that the halt held up to end. */
#define STALL_SILENCE (10 * HZ)

/* Exported, but declared only in a header of the RCU code's own. */
extern int rcu_cpu_stall_suppress;

static DEFINE_PER_CPU(bool, maybe_nobodys);
static atomic_t long_halts;

static bool silenced; /* by us; the user may have done so before */

static void end_silence(struct work_struct *work);
static DECLARE_DELAYED_WORK(silence_work, end_silence);

/* A further halt may have ended just now: its jiffies have made this timer expire early. */
static void end_silence(struct work_struct *work)
{
	if (atomic_xchg(&long_halts, 0)) {
		mod_delayed_work(system_wq, &silence_work, STALL_SILENCE);
	} else if (silenced) {
		silenced = false;
		rcu_cpu_stall_suppress = 0;
	}
}

/* Called now and then from process context: NMI context may not start a timer. */
void nmi_after_halt(void)
{
	if (atomic_xchg(&long_halts, 0))
		mod_delayed_work(system_wq, &silence_work, STALL_SILENCE);
}

static bool calm = true;
module_param_named(calm_watchdogs, calm, bool, 0600);
MODULE_PARM_DESC(calm_watchdogs, "tell the kernel's watchdogs that a halt was no lockup (on)");

static void calm_watchdogs(void)
{
	if (!READ_ONCE(calm))
		return;
	touch_softlockup_watchdog();
	touch_nmi_watchdog();
	reset_hung_task_detector();
	atomic_set(&long_halts, 1);
	if (!rcu_cpu_stall_suppress) {
		rcu_cpu_stall_suppress = 1;
		silenced = true;
	}
}

static int on_any_nmi(unsigned int type, struct pt_regs *regs)
{
	struct vcpu *vcpu = machine.vcpu[smp_processor_id()];
	bool maybe;

	/* A kick that crossed this CPU's leaving arrives here. */
	if (READ_ONCE(vcpu->life) < VCPU_RUNNING && xchg(&vcpu->nmi_due, 0))
		return NMI_HANDLED;
	maybe = xchg(&vcpu->guest_nmi_maybe, 0);
	__this_cpu_write(maybe_nobodys, maybe);
	if (!xchg(&vcpu->guest_nmi_calm, 0))
		return NMI_DONE;
	calm_watchdogs();
	/* One of the guest's own may come before ours: that is not ours to claim. */
	return maybe ? NMI_HANDLED : NMI_DONE;
}

static int on_unknown_nmi(unsigned int type, struct pt_regs *regs)
{
	return __this_cpu_read(maybe_nobodys) ? NMI_HANDLED : NMI_DONE;
}

int nmi_register(void)
{
	int error =
		fault_here() ? -ENOMEM : register_nmi_handler(NMI_LOCAL, on_any_nmi, 0, "hvgdb");

	if (error)
		return error;
	error = fault_here() ? -ENOMEM
			     : register_nmi_handler(NMI_UNKNOWN, on_unknown_nmi, 0, "hvgdb");
	if (error)
		unregister_nmi_handler(NMI_LOCAL, "hvgdb");
	return error;
}

void nmi_unregister(void)
{
	unregister_nmi_handler(NMI_UNKNOWN, "hvgdb");
	unregister_nmi_handler(NMI_LOCAL, "hvgdb");
	cancel_delayed_work_sync(&silence_work);
	if (silenced)
		rcu_cpu_stall_suppress = 0;
}
