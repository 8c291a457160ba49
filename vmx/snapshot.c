// SPDX-License-Identifier: GPL-2.0
/*
 * A halted CPU's state in memory, where any CPU can read and change it: taken when the CPU parks,
 * written back (what was changed) when it is released. Root, each CPU for itself.
 */
#include "root.h"
#include "instr.h"

/* What only the CPU itself can read. */
static void take_system(struct vcpu *vcpu, struct snapshot *snap)
{
	unsigned int n;

	snap->cr0 = vmread(GUEST_CR0);
	snap->cr2 = get_cr2();
	snap->cr3 = vmread(GUEST_CR3);
	snap->cr4 = vmread(GUEST_CR4);
	snap->cr8 = get_cr8();
	snap->efer = vmread(GUEST_IA32_EFER);
	for (n = 0; n < DEBUG_SLOTS; n++)
		snap->dr[n] = debug_regs_read(vcpu, n);
	snap->dr6 = get_dr6();
	snap->dr7 = debug_regs_read_dr7(vcpu);
	snap->ldtr = vmread(GUEST_LDTR_SELECTOR);
	snap->tr = vmread(GUEST_TR_SELECTOR);
	snap->gdtr = vmread(GUEST_GDTR_BASE);
	snap->idtr = vmread(GUEST_IDTR_BASE);
}

void snapshot_take(struct vcpu *vcpu)
{
	struct snapshot *snap = &vcpu->snap;

	snap->regs = vcpu->regs;
	snap->rsp = vmread(GUEST_RSP);
	snap->rip = vmread(GUEST_RIP);
	snap->rflags = vmread(GUEST_RFLAGS);
	take_system(vcpu, snap);
	snap->cs = vmread(GUEST_CS_SELECTOR);
	snap->ss = vmread(GUEST_SS_SELECTOR);
	snap->ds = vmread(GUEST_DS_SELECTOR);
	snap->es = vmread(GUEST_ES_SELECTOR);
	snap->fs = vmread(GUEST_FS_SELECTOR);
	snap->gs = vmread(GUEST_GS_SELECTOR);
	snap->fs_base = vmread(GUEST_FS_BASE);
	snap->gs_base = vmread(GUEST_GS_BASE);
	fxsave(&snap->fpu);
	snap->dirty = 0;
}

/*
 * A new RIP belongs to another instruction: what blocked interrupts behind the old one, or let it
 * sleep, is over. Interrupts switched off with blocking by STI left would fail the VM entry.
 */
static void restore_general(struct vcpu *vcpu)
{
	const struct snapshot *snap = &vcpu->snap;
	u64 blocking = GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS;

	vcpu->regs = snap->regs;
	vmwrite(GUEST_RSP, snap->rsp);
	vmwrite(GUEST_RIP, snap->rip);
	vmwrite(GUEST_RFLAGS, snap->rflags);
	if (snap->dirty & SNAPSHOT_RIP)
		vmwrite(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	else if (snap->rflags & HV_EFLAGS_IF)
		blocking = 0;
	else
		blocking = GUEST_INTR_STATE_STI;
	if (blocking)
		vmwrite(GUEST_INTERRUPTIBILITY_INFO,
			vmread(GUEST_INTERRUPTIBILITY_INFO) & ~blocking);
}

static void restore_debug(struct vcpu *vcpu)
{
	unsigned int n;

	for (n = 0; n < DEBUG_SLOTS; n++)
		debug_regs_write(vcpu, n, vcpu->snap.dr[n]);
	set_dr6(vcpu->snap.dr6);
	debug_regs_write_dr7(vcpu, vcpu->snap.dr7);
}

void snapshot_restore(struct vcpu *vcpu)
{
	const struct snapshot *snap = &vcpu->snap;

	if (snap->dirty & (SNAPSHOT_GENERAL | SNAPSHOT_RIP))
		restore_general(vcpu);
	if (snap->dirty & SNAPSHOT_FPU)
		fxrstor_safe(&snap->fpu);
	if (snap->dirty & SNAPSHOT_BASES) {
		vmwrite(GUEST_FS_BASE, snap->fs_base);
		vmwrite(GUEST_GS_BASE, snap->gs_base);
	}
	if (snap->dirty & SNAPSHOT_DEBUG)
		restore_debug(vcpu);
}
