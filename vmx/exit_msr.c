// SPDX-License-Identifier: GPL-2.0
/*
 * RDMSR and WRMSR that exit: those outside the bitmap's ranges (passed on, with #GP where the CPU
 * refuses), the VMX capabilities (hidden), and what the guest may not write while it is one. Root,
 * but for msr_bitmap_prepare().
 */
#include "root.h"
#include "instr.h"

enum msr_policy {
	MSR_PASS,
	MSR_FAULT, /* #GP: as on a CPU without it */
	MSR_LOCKED_OFF,
	MSR_IGNORE_WRITE,
};

static enum msr_policy read_policy(u32 msr)
{
	if (msr >= HV_MSR_IA32_VMX_BASIC && msr <= HV_MSR_IA32_VMX_LAST)
		return MSR_FAULT;
	if (msr == HV_MSR_IA32_FEATURE_CONTROL)
		return MSR_LOCKED_OFF;
	return MSR_PASS;
}

/*
 * Microcode cannot be loaded in VMX non-root operation; the kernel then sees an unchanged revision.
 */
static enum msr_policy write_policy(u32 msr)
{
	if (msr >= HV_MSR_IA32_VMX_BASIC && msr <= HV_MSR_IA32_VMX_LAST)
		return MSR_FAULT;
	if (msr == HV_MSR_IA32_FEATURE_CONTROL)
		return MSR_FAULT;
	if (msr == HV_MSR_IA32_BIOS_UPDT_TRIG)
		return MSR_IGNORE_WRITE;
	return MSR_PASS;
}

enum vmx_verdict exit_msr_read(struct vcpu *vcpu)
{
	struct guest_regs *regs = &vcpu->regs;
	u32 msr = regs->rcx;
	u64 value = HV_FEATURE_CONTROL_LOCKED;
	enum msr_policy policy = read_policy(msr);

	if (policy == MSR_FAULT || (policy == MSR_PASS && !msr_read_safe(msr, &value))) {
		vmx_inject_fault(vcpu, HV_VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	regs->rax = (u32)value;
	regs->rdx = value >> 32;
	return VERDICT_SKIP;
}

enum vmx_verdict exit_msr_write(struct vcpu *vcpu)
{
	struct guest_regs *regs = &vcpu->regs;
	u32 msr = regs->rcx;
	u64 value = (u32)regs->rax | regs->rdx << 32;
	enum msr_policy policy = write_policy(msr);

	if (policy == MSR_FAULT || (policy == MSR_PASS && !msr_write_safe(msr, value))) {
		vmx_inject_fault(vcpu, HV_VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	if (mtrrs_is_one(msr))
		mtrrs_written(vcpu);
	return VERDICT_SKIP;
}

/*
 * See "MSR-Bitmap Address": 1 KiB each for reads of low and high MSRs, then writes of low and high.
 */
static void intercept(u8 *bitmap, u32 msr, bool write)
{
	bitmap[(write ? 0x800 : 0) + msr / 8] |= 1 << msr % 8;
}

void msr_bitmap_prepare(u8 *bitmap)
{
	u32 msr;

	for (msr = HV_MSR_IA32_VMX_BASIC; msr <= HV_MSR_IA32_VMX_LAST; msr++) {
		intercept(bitmap, msr, false);
		intercept(bitmap, msr, true);
	}
	intercept(bitmap, HV_MSR_IA32_FEATURE_CONTROL, false);
	intercept(bitmap, HV_MSR_IA32_FEATURE_CONTROL, true);
	intercept(bitmap, HV_MSR_IA32_BIOS_UPDT_TRIG, true);
	for (msr = HV_MSR_IA32_MTRR_PHYSBASE0; msr <= HV_MSR_IA32_MTRR_DEF_TYPE; msr++)
		if (mtrrs_is_one(msr))
			intercept(bitmap, msr, true);
}
