// SPDX-License-Identifier: GPL-2.0
/*
 * Exits of instructions that ask about or change the processor itself: CPUID, XSETBV, control
 * registers, INVD, and the VMX instructions, which the guest does not have. Root.
 */
#include "root.h"
#include "instr.h"
#include "pure/exits.h"

enum vmx_verdict exit_cpuid(struct vcpu *vcpu)
{
	struct guest_regs *regs = &vcpu->regs;
	u32 leaf = regs->rax, subleaf = regs->rcx;
	u32 out[4];

	run_cpuid(out, leaf, subleaf);
	cpuid_filter(leaf, subleaf, vmread(GUEST_CR4), out);
	regs->rax = out[0];
	regs->rbx = out[1];
	regs->rcx = out[2];
	regs->rdx = out[3];
	return VERDICT_SKIP;
}

static bool in_user_mode(void)
{
	return vmread(GUEST_SS_AR_BYTES) >> HV_AR_DPL_SHIFT & 3;
}

/*
 * See "XSETBV-Set Extended Control Register"; the CPU has checked CR4.OSXSAVE. Its check of CPL
 * should come before the exit, too, but not everywhere it does.
 */
enum vmx_verdict exit_xsetbv(struct vcpu *vcpu)
{
	struct guest_regs *regs = &vcpu->regs;
	u64 value = (u32)regs->rax | regs->rdx << 32;
	u32 supported[4];

	run_cpuid(supported, 0xd, 0);
	if (in_user_mode() ||
	    !xsetbv_valid(regs->rcx, value, (u64)supported[3] << 32 | supported[0]) ||
	    !xsetbv_safe(regs->rcx, value)) {
		vmx_inject_fault(vcpu, HV_VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	return VERDICT_SKIP;
}

/* INVD would throw away what root and the guest have in the caches; write it back instead. */
enum vmx_verdict exit_invd(struct vcpu *vcpu)
{
	if (in_user_mode()) {
		vmx_inject_fault(vcpu, HV_VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	asm volatile("wbinvd" : : : "memory");
	return VERDICT_SKIP;
}

enum vmx_verdict exit_vmx_instruction(struct vcpu *vcpu)
{
	vmx_inject_fault(vcpu, HV_VECTOR_UD, 0);
	return VERDICT_RESUME;
}

/* The kernel's emergency path (panic, kexec) executes VMXOFF where CR4.VMXE is set: give way. */
enum vmx_verdict exit_vmxoff(struct vcpu *vcpu)
{
	if (in_user_mode())
		return exit_vmx_instruction(vcpu);
	/* The other CPUs may run; a byte at a time can be taken out under them. */
	vcpu->machine->plant_holds++;
	breakpoint_unplant_all(vcpu->machine);
	vmx_skip(vcpu);
	return VERDICT_LEAVE;
}

static struct cr_write cr_state(struct vcpu *vcpu, u64 value)
{
	u64 cr0_mask = vmread(CR0_GUEST_HOST_MASK), cr4_mask = vmread(CR4_GUEST_HOST_MASK);
	struct cr_write write = {
		.value = value,
		.cr0 = (vmread(GUEST_CR0) & ~cr0_mask) | (vmread(CR0_READ_SHADOW) & cr0_mask),
		.cr4 = (vmread(GUEST_CR4) & ~cr4_mask) | (vmread(CR4_READ_SHADOW) & cr4_mask),
		.cr3 = vmread(GUEST_CR3),
		.efer = vmread(GUEST_IA32_EFER),
		.code64 = vmread(GUEST_CS_AR_BYTES) & HV_AR_L,
	};

	return write;
}

static enum vmx_verdict write_result(struct vcpu *vcpu, enum cr_verdict verdict,
				     const struct cr_write *write, u32 real, u32 shadow)
{
	if (verdict == CR_WRITE_UNSUPPORTED)
		return VERDICT_FATAL;
	if (verdict == CR_WRITE_GP) {
		vmx_inject_fault(vcpu, HV_VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	vmwrite(real, write->real);
	vmwrite(shadow, write->shadow);
	return VERDICT_SKIP;
}

static enum vmx_verdict write_cr0(struct vcpu *vcpu, u64 value)
{
	struct cr_write write = cr_state(vcpu, value);

	write.fixed0 = vcpu->machine->caps.cr0_fixed0;
	write.fixed1 = vcpu->machine->caps.cr0_fixed1;
	return write_result(vcpu, cr0_write(&write), &write, GUEST_CR0, CR0_READ_SHADOW);
}

static enum vmx_verdict write_cr4(struct vcpu *vcpu, u64 value)
{
	struct cr_write write = cr_state(vcpu, value);

	write.fixed0 = vcpu->machine->caps.cr4_fixed0;
	write.fixed1 = vcpu->machine->caps.cr4_fixed1;
	return write_result(vcpu, cr4_write(&write), &write, GUEST_CR4, CR4_READ_SHADOW);
}

enum vmx_verdict exit_cr(struct vcpu *vcpu)
{
	struct cr_qual qual = cr_qual_decode(vmread(EXIT_QUALIFICATION));
	u64 cr0;

	switch (qual.access) {
	case CR_MOV_TO:
		if (qual.cr == 0)
			return write_cr0(vcpu, vmx_read_gpr(vcpu, qual.gpr));
		if (qual.cr == 4)
			return write_cr4(vcpu, vmx_read_gpr(vcpu, qual.gpr));
		return VERDICT_FATAL;
	case CR_CLTS:
	case CR_LMSW:
		cr0 = cr_state(vcpu, 0).cr0;
		return write_cr0(vcpu, qual.access == CR_CLTS
					       ? cr0_after_clts(cr0)
					       : cr0_after_lmsw(cr0, qual.lmsw_source));
	default:
		return VERDICT_FATAL;
	}
}
