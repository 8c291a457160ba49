// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the running CPUs into VMX non-root and gives them back: all or none. Two phases, because
 * only the first can fail for ordinary reasons: every CPU prepares and votes, then all launch.
 * Guest kernel, in process context; the per-CPU parts run in IPIs with interrupts off.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/smp.h>
#include <asm/smp.h>
#include <asm/tlbflush.h>
#include "faults.h"
#include "kmod.h"
#include "host.h"
#include "instr.h"
#include "vmcs.h"

static struct vcpu *this_vcpu(void)
{
	return machine.vcpu[smp_processor_id()];
}

static void launch_failed(struct vcpu *vcpu, int error, const char *what)
{
	vcpu->launch_error = error;
	vcpu->launch_error_text = what;
}

static void undo_prepare(struct vcpu *vcpu)
{
	vmclear(vcpu->vmcs_phys);
	vmxoff();
	cr4_clear_bits_irqsoff(X86_CR4_VMXE);
	vcpu->life = VCPU_ABSENT;
}

/* Probed at load; a CPU that was off or asleep is set up by the firmware once more. */
static bool firmware_allows(void)
{
	const u64 needed = FEAT_CTL_LOCKED | FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX;
	u64 value;

	return !rdmsrl_safe(MSR_IA32_FEAT_CTL, &value) && (value & needed) == needed;
}

/* Phase 1: VMXON and a VMCS that lacks only the guest's state. */
static void prepare_this_cpu(void *unused)
{
	struct vcpu *vcpu = this_vcpu();

	launch_failed(vcpu, 0, NULL);
	if (!firmware_allows()) {
		launch_failed(vcpu, -EPERM, "the firmware has not switched VMX on here");
		return;
	}
	vcpu->apic_id = this_cpu_read(x86_cpu_to_apicid);
	*(u32 *)vcpu->vmxon_page = machine.caps.basic & 0x7fffffff;
	*(u32 *)vcpu->vmcs_page = machine.caps.basic & 0x7fffffff;
	cr4_set_bits_irqsoff(X86_CR4_VMXE);
	if (fault_here() || !vmxon(vcpu->vmxon_phys)) {
		cr4_clear_bits_irqsoff(X86_CR4_VMXE);
		launch_failed(vcpu, -EIO, "VMXON failed");
		return;
	}
	vcpu->life = VCPU_NATIVE;
	invept_all();
	if (fault_here() || !vmclear(vcpu->vmcs_phys) || !vmptrld(vcpu->vmcs_phys) ||
	    !vmcs_prepare(vcpu)) {
		undo_prepare(vcpu);
		launch_failed(vcpu, -EIO, "the VMCS could not be written");
	}
}

/* Phase 2: from the VMLAUNCH on this very function runs in the guest. */
static void launch_prepared_cpu(void *unused)
{
	struct vcpu *vcpu = this_vcpu();

	if (fault_here() || !vmcs_capture_guest(vcpu)) {
		launch_failed(vcpu, -EIO, "the CPU's state does not fit a VMCS");
		return;
	}
	vcpu->life = VCPU_RUNNING;
	if (vmx_launch()) {
		vcpu->life = VCPU_NATIVE;
		launch_failed(vcpu, -EIO, "VMLAUNCH failed");
		pr_err("CPU %u: VM-instruction error %llu\n", vcpu->cpu,
		       vmread(VM_INSTRUCTION_ERROR));
	}
}

/*
 * Leaving. Root may hold interrupts and NMIs that it has taken from the hardware and that the guest
 * could not be given yet. So it first stops taking any (QUIET), the guest is given the rest as soon
 * as it has interrupts on, and only then the CPU leaves. Where that cannot be waited for root puts
 * them back into the local APIC.
 */
#define LEAVE_ROUNDS 1000

struct leaving {
	bool at_once;
	atomic_t waiting; /* CPUs that still have something to be given */
};

static void be_quiet(void *unused)
{
	root_call(HYPERCALL_QUIET, 0, 0);
}

/* An NMI that came before the CPU left, for Linux's handler. It copes with one inside another. */
static void raise_nmi(void)
{
	asm volatile("int $2" : : : "memory");
}

/* Those that came when root had looked for the last time; one may be a kick's. */
static u64 take_late_nmis(struct vcpu *vcpu)
{
	u64 nmis = xchg(&vcpu->root_nmi, 0);

	return nmis && xchg(&vcpu->nmi_due, 0) ? nmis - 1 : nmis;
}

static void leave_guest(struct vcpu *vcpu, struct leaving *leaving)
{
	u64 nmis = root_call(HYPERCALL_LEAVE, leaving->at_once, 0);

	if (nmis == ROOT_GONE)
		return;
	if (nmis == LEAVE_NOT_YET) {
		atomic_inc(&leaving->waiting);
		return;
	}
	cr4_clear_bits_irqsoff(X86_CR4_VMXE);
	for (nmis += take_late_nmis(vcpu); nmis; nmis--)
		raise_nmi();
}

static void give_back_this_cpu(void *data)
{
	struct vcpu *vcpu = this_vcpu();

	if (vcpu->life == VCPU_NATIVE)
		undo_prepare(vcpu);
	else if (vcpu->life != VCPU_ABSENT)
		leave_guest(vcpu, data);
}

static int first_error(void)
{
	struct vcpu *vcpu;
	unsigned int cpu;

	for_each_online_cpu(cpu)
	{
		vcpu = machine.vcpu[cpu];
		if (vcpu->launch_error) {
			pr_err("CPU %u cannot be taken over: %s\n", cpu, vcpu->launch_error_text);
			return vcpu->launch_error;
		}
	}
	return 0;
}

/* Caller holds the CPU hotplug lock, or the machine goes down. */
void leave_all(void)
{
	struct leaving leaving;
	unsigned int round;

	on_each_cpu(be_quiet, NULL, 1);
	for (round = 1; round <= LEAVE_ROUNDS; round++) {
		leaving.at_once = round == LEAVE_ROUNDS;
		atomic_set(&leaving.waiting, 0);
		on_each_cpu(give_back_this_cpu, &leaving, 1);
		if (!atomic_read(&leaving.waiting))
			return;
		usleep_range(50, 100);
	}
}

/* Caller holds the CPU hotplug lock. */
int launch_all(void)
{
	int error;

	on_each_cpu(prepare_this_cpu, NULL, 1);
	error = first_error();
	if (!error) {
		on_each_cpu(launch_prepared_cpu, NULL, 1);
		error = first_error();
	}
	if (error)
		leave_all();
	return error;
}

/* For a CPU that comes online later. Runs there, in its hotplug thread. */
int launch_this_cpu(void)
{
	struct vcpu *vcpu;
	unsigned long flags;
	int error;

	local_irq_save(flags);
	vcpu = this_vcpu();
	prepare_this_cpu(NULL);
	if (!vcpu->launch_error)
		launch_prepared_cpu(NULL);
	error = vcpu->launch_error;
	if (error)
		leave_now();
	local_irq_restore(flags);
	return error;
}

/* For a CPU that goes offline. Runs there, in its hotplug thread. */
void leave_this_cpu(void)
{
	struct leaving leaving;
	unsigned long flags;
	unsigned int round;

	be_quiet(NULL);
	for (round = 1; round <= LEAVE_ROUNDS; round++) {
		leaving.at_once = round == LEAVE_ROUNDS;
		atomic_set(&leaving.waiting, 0);
		local_irq_save(flags);
		give_back_this_cpu(&leaving);
		local_irq_restore(flags);
		if (!atomic_read(&leaving.waiting))
			return;
		usleep_range(50, 100);
	}
}

/* With interrupts off: emergencies, and the last CPU before a sleep. */
void leave_now(void)
{
	struct leaving leaving = { .at_once = true };

	give_back_this_cpu(&leaving);
}
