// SPDX-License-Identifier: GPL-2.0
/*
 * Leaves VMX on this CPU and puts everything that the VMCS held back into the CPU, as Linux had it.
 * The order matters: an NMI through Linux's IDT needs Linux's GDT, TSS and GS base, one through
 * root's needs root's TSS. So a table of its own is there while these change: its gates count what
 * comes, on the stack at hand, and kmod/ gives that to Linux. Root, on the way out for good.
 */
#include "root.h"
#include "host.h"
#include "instr.h"
#include "offsets.h"

struct leave_state {
	u64 cr0, cr3, cr4, dr7;
	u64 efer, pat, debugctl, sysenter_cs, sysenter_esp, sysenter_eip;
	u64 fs_base, gs_base, tr_base;
	u32 tr_limit;
	u16 tr, ldtr, ds, es, fs, gs;
	struct descriptor_table gdt, idt;
};

static void read_state(struct leave_state *s)
{
	s->cr0 = vmread(GUEST_CR0);
	s->cr3 = vmread(GUEST_CR3);
	s->cr4 = vmread(GUEST_CR4);
	s->dr7 = vmread(GUEST_DR7);
	s->efer = vmread(GUEST_IA32_EFER);
	s->pat = vmread(GUEST_IA32_PAT);
	s->debugctl = vmread(GUEST_IA32_DEBUGCTL);
	s->sysenter_cs = vmread(GUEST_SYSENTER_CS);
	s->sysenter_esp = vmread(GUEST_SYSENTER_ESP);
	s->sysenter_eip = vmread(GUEST_SYSENTER_EIP);
	s->fs_base = vmread(GUEST_FS_BASE);
	s->gs_base = vmread(GUEST_GS_BASE);
	s->tr_base = vmread(GUEST_TR_BASE);
	s->tr_limit = vmread(GUEST_TR_LIMIT);
	s->tr = vmread(GUEST_TR_SELECTOR);
	s->ldtr = vmread(GUEST_LDTR_SELECTOR);
	s->ds = vmread(GUEST_DS_SELECTOR);
	s->es = vmread(GUEST_ES_SELECTOR);
	s->fs = vmread(GUEST_FS_SELECTOR);
	s->gs = vmread(GUEST_GS_SELECTOR);
	s->gdt.base = vmread(GUEST_GDTR_BASE);
	s->gdt.limit = vmread(GUEST_GDTR_LIMIT);
	s->idt.base = vmread(GUEST_IDTR_BASE);
	s->idt.limit = vmread(GUEST_IDTR_LIMIT);
}

static void build_iret_frame(struct vcpu *vcpu)
{
	vcpu->iret_frame[0] = vmread(GUEST_RIP);
	vcpu->iret_frame[1] = vmread(GUEST_CS_SELECTOR);
	vcpu->iret_frame[2] = vmread(GUEST_RFLAGS);
	vcpu->iret_frame[3] = vmread(GUEST_RSP);
	vcpu->iret_frame[4] = vmread(GUEST_SS_SELECTOR);
}

/*
 * LTR wants a descriptor that is not busy, and Linux's GDT is mapped read-only: the TSS is loaded
 * from root's GDT, with the very base and limit that Linux's TR had, before Linux's GDT comes back.
 */
static void load_tr(struct vcpu *vcpu, const struct leave_state *s)
{
	unsigned int slot = s->tr / 8;

	if (slot + 1 >= ARRAY_SIZE(vcpu->gdt))
		return;
	host_set_tss_descriptor(&vcpu->gdt[slot], s->tr_base, s->tr_limit);
	asm volatile("ltr %0" : : "r"(s->tr));
}

static void load_segments(const struct leave_state *s)
{
	asm volatile("lldt %0" : : "r"(s->ldtr));
	asm volatile("mov %0, %%ds" : : "r"((u32)s->ds));
	asm volatile("mov %0, %%es" : : "r"((u32)s->es));
	asm volatile("mov %0, %%fs" : : "r"((u32)s->fs));
	asm volatile("mov %0, %%gs" : : "r"((u32)s->gs));
	msr_write(HV_MSR_FS_BASE, s->fs_base);
	msr_write(HV_MSR_GS_BASE, s->gs_base);
}

/* NMIs that came while this exit was handled belong to those that wait. */
static void collect_nmis(struct vcpu *vcpu)
{
	u64 nmis = __atomic_exchange_n(&vcpu->root_nmi, 0, __ATOMIC_ACQ_REL);

	if (nmis)
		nmi_account(vcpu, nmis);
}

/* Whether something was taken from the hardware that is neither given to the guest nor ended. */
bool leave_must_wait(struct vcpu *vcpu)
{
	const u64 *later = vcpu->irq_later;

	collect_nmis(vcpu);
	apic_end_later(vcpu);
	return nmi_wants_window(vcpu) || inject_holds(&vcpu->inject) ||
	       (later[0] | later[1] | later[2] | later[3]);
}

/*
 * What could not be waited for: interrupts go back into the local APIC, the highest first, as an
 * EOI retires the highest. Returns how many NMIs the guest is still to get.
 */
static u64 give_back_events(struct vcpu *vcpu)
{
	struct inject_in *in = &vcpu->inject;
	int vector;

	while ((vector = inject_highest_irq(in->irq_set)) >= 0) {
		in->irq_set[vector / 64] &= ~BIT64(vector % 64);
		apic_raise_again(vcpu, vector);
	}
	collect_nmis(vcpu);
	return nmi_take_all(vcpu);
}

void vmx_leave(struct vcpu *vcpu)
{
	struct descriptor_table leave_idt;
	struct leave_state s;
	u64 nmis;

	if (vcpu->inject_loaded)
		vmx_sync_guest(vcpu);
	debug_regs_give_back(vcpu);
	nmis = give_back_events(vcpu);
	/* Not where the guest's own VMXOFF is the reason. */
	if (vcpu->exit_reason == EXIT_REASON_VMCALL)
		vcpu->regs.rax = nmis;
	halt_resign(vcpu);
	read_state(&s);
	build_iret_frame(vcpu);
	store_release(&vcpu->life, VCPU_ABSENT);
	vmclear(vcpu->vmcs_phys);
	vmxoff();
	msr_write(HV_MSR_EFER, s.efer);
	msr_write(HV_MSR_IA32_PAT, s.pat);
	msr_write(HV_MSR_IA32_SYSENTER_CS, s.sysenter_cs);
	msr_write(HV_MSR_IA32_SYSENTER_ESP, s.sysenter_esp);
	msr_write(HV_MSR_IA32_SYSENTER_EIP, s.sysenter_eip);
	/* Root's fix-ups work as long as root's own gates are there. */
	msr_write_safe(HV_MSR_IA32_DEBUGCTL, s.debugctl);
	set_cr0(s.cr0);
	/*
	 * CR3 before CR4: setting CR4.PCIDE wants PCID 0 in CR3, so the flags come with a second
	 * load.
	 */
	set_cr3(s.cr3 & ~0xfffULL);
	set_cr4(s.cr4);
	set_cr3(s.cr3);
	leave_idt.base = (u64)vcpu->leave_idt;
	leave_idt.limit = sizeof(vcpu->leave_idt) - 1;
	set_idt(&leave_idt);
	load_tr(vcpu, &s);
	set_gdt(&s.gdt);
	load_segments(&s);
	set_idt(&s.idt);
	set_dr7(s.dr7);
}
