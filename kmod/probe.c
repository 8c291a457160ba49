// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what every CPU can do and refuses, before anything is touched, a machine that hvgdb cannot
 * run on: one sentence in the kernel log and an errno of its own for each reason. Guest kernel, at
 * load.
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/smp.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>
#include "kmod.h"
#include "compat.h"
#include "faults.h"
#include "instr.h"

struct probe_result {
	struct vmx_caps caps;
	atomic_t different; /* CPUs that do not agree with the first */
	atomic_t vmx_on;    /* CPUs with CR4.VMXE set */
};

static u64 read_msr(u32 msr)
{
	u64 value;

	return rdmsrl_safe(msr, &value) ? 0 : value;
}

static void read_vmx_msrs(struct vmx_caps *caps)
{
	bool true_controls;

	caps->feature_control = read_msr(HV_MSR_IA32_FEATURE_CONTROL);
	caps->basic = read_msr(HV_MSR_IA32_VMX_BASIC);
	true_controls = caps->basic & BIT64(55);
	caps->pinbased = read_msr(true_controls ? HV_MSR_IA32_VMX_TRUE_PINBASED_CTLS
						: HV_MSR_IA32_VMX_PINBASED_CTLS);
	caps->procbased = read_msr(true_controls ? HV_MSR_IA32_VMX_TRUE_PROCBASED_CTLS
						 : HV_MSR_IA32_VMX_PROCBASED_CTLS);
	caps->exit = read_msr(true_controls ? HV_MSR_IA32_VMX_TRUE_EXIT_CTLS
					    : HV_MSR_IA32_VMX_EXIT_CTLS);
	caps->entry = read_msr(true_controls ? HV_MSR_IA32_VMX_TRUE_ENTRY_CTLS
					     : HV_MSR_IA32_VMX_ENTRY_CTLS);
	caps->procbased2 = read_msr(HV_MSR_IA32_VMX_PROCBASED_CTLS2);
	caps->misc = read_msr(HV_MSR_IA32_VMX_MISC);
	caps->cr0_fixed0 = read_msr(HV_MSR_IA32_VMX_CR0_FIXED0);
	caps->cr0_fixed1 = read_msr(HV_MSR_IA32_VMX_CR0_FIXED1);
	caps->cr4_fixed0 = read_msr(HV_MSR_IA32_VMX_CR4_FIXED0);
	caps->cr4_fixed1 = read_msr(HV_MSR_IA32_VMX_CR4_FIXED1);
	caps->ept_vpid_cap = read_msr(HV_MSR_IA32_VMX_EPT_VPID_CAP);
}

static void read_caps(struct vmx_caps *caps)
{
	u32 regs[4];

	memset(caps, 0, sizeof(*caps));
	/* The instruction, not boot_cpu_data: a cached bit hides a hypervisor below us. */
	run_cpuid(regs, 1, 0);
	caps->has_vmx = regs[2] & BIT(5);
	run_cpuid(regs, 0x80000008, 0);
	caps->maxphyaddr = regs[0] & 0xff;
	run_cpuid(regs, 0x80000001, 0);
	caps->rdtscp = regs[3] & BIT(27);
	run_cpuid(regs, 0, 0);
	if (regs[0] >= 7) {
		run_cpuid(regs, 7, 0);
		caps->invpcid = regs[1] & BIT(10);
		caps->waitpkg = regs[2] & BIT(5);
	}
	if (boot_cpu_has(X86_FEATURE_XSAVE)) {
		run_cpuid(regs, 0xd, 1);
		caps->xsaves = regs[0] & BIT(3);
	}
	if (caps->has_vmx)
		read_vmx_msrs(caps);
	fault_caps(caps);
}

static void probe_cpu(void *data)
{
	struct probe_result *result = data;
	struct vmx_caps mine;

	read_caps(&mine);
	if (memcmp(&mine, &result->caps, sizeof(mine)))
		atomic_inc(&result->different);
	if (__read_cr4() & X86_CR4_VMXE)
		atomic_inc(&result->vmx_on);
}

static const char *hypervisor_below(char *name)
{
	u32 regs[4];

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return "";
	run_cpuid(regs, 0x40000000, 0);
	snprintf(name, 48, " (we run under the hypervisor \"%.4s%.4s%.4s\")", (char *)&regs[1],
		 (char *)&regs[2], (char *)&regs[3]);
	return name;
}

static void refuse(const struct vmx_refusal *refusal)
{
	char text[VMX_REFUSAL_TEXT_MAX], name[48];

	pr_err("%s%s\n", vmx_refusal_text(refusal, text, sizeof(text)),
	       refusal->kind == VMX_REFUSED_NO_VMX ? hypervisor_below(name) : "");
}

/*
 * KVM takes VMX whenever a VM starts (and from 6.12 on already when it is loaded), so its mere
 * presence is refused. There is no exported look-up of modules; the set that our own kobject is in
 * will do.
 */
static bool kvm_is_loaded(void)
{
	struct kobject *kvm = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, "kvm_intel");

	kobject_put(kvm);
	return kvm;
}

static int probe_system(void)
{
	if (security_locked_down(LOCKDOWN_DBG_WRITE_KERNEL)) {
		pr_err("the kernel is locked down: a debugger that can write its memory is not "
		       "allowed\n");
		return -EPERM;
	}
	if (compat_memory_encrypted()) {
		pr_err("memory is encrypted (SEV, TDX or SME): not supported\n");
		return -EAFNOSUPPORT;
	}
	/* Exceptions that VM entry injects would need more than root gives them. */
	if (__read_cr4() & HV_CR4_FRED) {
		pr_err("the kernel takes its events by FRED: not supported, boot with fred=off\n");
		return -EPROTONOSUPPORT;
	}
	if (!tsc_khz) {
		pr_err("the kernel does not know how fast the TSC runs: hvgdb measures time by it\n");
		return -ENODATA;
	}
	return 0;
}

int probe_machine(struct machine *m)
{
	struct probe_result result = {};
	struct vmx_controls controls;
	struct vmx_refusal refusal;
	int error = probe_system();

	if (error)
		return error;
	read_caps(&result.caps);
	error = vmx_choose_controls(&result.caps, &controls, &refusal);
	if (error) {
		refuse(&refusal);
		return error;
	}
	on_each_cpu(probe_cpu, &result, 1);
	if (atomic_read(&result.different)) {
		pr_err("the CPUs do not all have the same VMX capabilities\n");
		return -EXDEV;
	}
	if (atomic_read(&result.vmx_on) || kvm_is_loaded()) {
		pr_err("VMX is in use: unload the other hypervisor first (rmmod kvm_intel)\n");
		return -EBUSY;
	}
	m->caps = result.caps;
	m->la57 = __read_cr4() & X86_CR4_LA57;
	m->x2apic = read_msr(MSR_IA32_APICBASE) & X2APIC_ENABLE;
	return 0;
}
