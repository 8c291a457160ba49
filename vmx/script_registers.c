// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of scripts: live ones of the CPU that runs the script, or those of a halted CPU.
 * Root.
 */
#include "root.h"
#include "instr.h"
#include "script_context.h"

/*
 * Where the address of a page fault waits until it is delivered, which is when it gets into CR2: a
 * script need not know. NULL: this is no page fault.
 */
static u64 *fault_address(const struct script_context *context)
{
	const struct event *event = context->event;
	struct inject_in *in;

	if (!event || event->kind != EVENT_EXCEPTION || event->vector != EVENT_VECTOR_PF)
		return NULL;
	in = vmx_inject(context->vcpu);
	if (event->stage == EVENT_PRE)
		return &in->exit_qual;
	return in->has_event && in->event.vector == EVENT_VECTOR_PF ? &in->event.payload : NULL;
}

static u64 read_cr2(const struct script_context *context)
{
	const u64 *address = fault_address(context);

	return address ? *address : get_cr2();
}

static void write_cr2(const struct script_context *context, u64 value)
{
	u64 *address = fault_address(context);

	if (address)
		*address = value;
	else
		set_cr2(value);
}

/* Fields of the VMCS, one row a register; 0: somewhere else. */
static const u16 fields[SCRIPT_NR_BASES] = {
	[SCRIPT_CR0] = GUEST_CR0,	  [SCRIPT_CR3] = GUEST_CR3,
	[SCRIPT_EFER] = GUEST_IA32_EFER,  [SCRIPT_CS] = GUEST_CS_SELECTOR,
	[SCRIPT_DS] = GUEST_DS_SELECTOR,  [SCRIPT_ES] = GUEST_ES_SELECTOR,
	[SCRIPT_FS] = GUEST_FS_SELECTOR,  [SCRIPT_GS] = GUEST_GS_SELECTOR,
	[SCRIPT_SS] = GUEST_SS_SELECTOR,  [SCRIPT_LDTR] = GUEST_LDTR_SELECTOR,
	[SCRIPT_TR] = GUEST_TR_SELECTOR,  [SCRIPT_FS_BASE] = GUEST_FS_BASE,
	[SCRIPT_GS_BASE] = GUEST_GS_BASE, [SCRIPT_GDTR] = GUEST_GDTR_BASE,
	[SCRIPT_IDTR] = GUEST_IDTR_BASE,
};

/* The bits that hvgdb keeps to itself are shown as the guest last wrote them. */
static u64 guest_cr4(void)
{
	u64 mask = vmread(CR4_GUEST_HOST_MASK);

	return (vmread(GUEST_CR4) & ~mask) | (vmread(CR4_READ_SHADOW) & mask);
}

static u64 get_elsewhere(const struct script_context *context, enum script_base base)
{
	switch (base) {
	case SCRIPT_CR2:
		return read_cr2(context);
	case SCRIPT_CR4:
		return guest_cr4();
	case SCRIPT_CR8:
		return get_cr8();
	case SCRIPT_DR0:
	case SCRIPT_DR1:
	case SCRIPT_DR2:
	case SCRIPT_DR3:
		return debug_regs_read(context->vcpu, base - SCRIPT_DR0);
	case SCRIPT_DR7:
		return debug_regs_read_dr7(context->vcpu);
	default:
		return get_dr6();
	}
}

/* The registers of a halted CPU are in its snapshot. */
static u64 *halted_register(struct vcpu *vcpu, enum script_base base)
{
	struct snapshot *snap = &vcpu->snap;

	switch (base) {
	case SCRIPT_RSP:
		return &snap->rsp;
	case SCRIPT_RIP:
		return &snap->rip;
	case SCRIPT_RFLAGS:
		return &snap->rflags;
	case SCRIPT_CR0:
		return &snap->cr0;
	case SCRIPT_CR3:
		return &snap->cr3;
	case SCRIPT_CR4:
		return &snap->cr4;
	case SCRIPT_CR2:
		return &snap->cr2;
	case SCRIPT_CR8:
		return &snap->cr8;
	case SCRIPT_EFER:
		return &snap->efer;
	case SCRIPT_DR0:
	case SCRIPT_DR1:
	case SCRIPT_DR2:
	case SCRIPT_DR3:
		return &snap->dr[base - SCRIPT_DR0];
	case SCRIPT_DR6:
		return &snap->dr6;
	case SCRIPT_DR7:
		return &snap->dr7;
	case SCRIPT_GDTR:
		return &snap->gdtr;
	case SCRIPT_IDTR:
		return &snap->idtr;
	case SCRIPT_FS_BASE:
		return &snap->fs_base;
	case SCRIPT_GS_BASE:
		return &snap->gs_base;
	default:
		return base <= SCRIPT_R15 ? &snap->regs.rax + base : NULL;
	}
}

static u64 get_halted(const struct script_context *context, enum script_base base)
{
	const struct snapshot *snap = &context->vcpu->snap;
	const u16 selectors[] = { snap->cs, snap->ds, snap->es,	  snap->fs,
				  snap->gs, snap->ss, snap->ldtr, snap->tr };
	const u64 *reg = base == SCRIPT_CR2 ? fault_address(context) : NULL;

	if (!reg)
		reg = halted_register(context->vcpu, base);
	return reg ? *reg : selectors[base - SCRIPT_CS];
}

enum expr_result script_get_register(void *ctx, enum script_base base, u64 *value)
{
	const struct script_context *context = ctx;
	struct vcpu *vcpu = context->vcpu;

	if (script_is_halted(context))
		*value = get_halted(context, base);
	else if (base <= SCRIPT_R15)
		*value = vmx_read_gpr(vcpu, base);
	else if (base == SCRIPT_RIP)
		*value = vmx_inject(vcpu)->rip;
	else if (base == SCRIPT_RFLAGS)
		*value = vmx_inject(vcpu)->rflags;
	else
		*value = fields[base] ? vmread(fields[base]) : get_elsewhere(context, base);
	return EXPR_OK;
}

/* What a VM entry would refuse is refused here. */
static bool address_fits(u64 addr)
{
	unsigned int shift = vmread(GUEST_CR4) & HV_CR4_LA57 ? 7 : 16;

	return (u64)((s64)(addr << shift) >> shift) == addr;
}

static bool rip_fits(const struct script_context *context, u64 rip)
{
	if (script_is_halted(context))
		return address_fits(rip);
	return vmread(GUEST_CS_AR_BYTES) & HV_AR_L ? address_fits(rip) : !(rip >> 32);
}

static bool flags_fit(u64 flags)
{
	const u64 reserved = ~0x3f7fd7ULL | HV_EFLAGS_VM;

	return !(flags & reserved) && (flags & HV_EFLAGS_FIXED);
}

static bool value_fits(const struct script_context *context, enum script_base base, u64 value)
{
	switch (base) {
	case SCRIPT_RIP:
		return rip_fits(context, value);
	case SCRIPT_RFLAGS:
		return flags_fit(value);
	case SCRIPT_FS_BASE:
	case SCRIPT_GS_BASE:
		return address_fits(value);
	case SCRIPT_DR6:
	case SCRIPT_DR7:
		return !(value >> 32);
	default:
		return true;
	}
}

static void set_elsewhere(const struct script_context *context, enum script_base base, u64 value)
{
	switch (base) {
	case SCRIPT_CR2:
		write_cr2(context, value);
		break;
	case SCRIPT_DR0:
	case SCRIPT_DR1:
	case SCRIPT_DR2:
	case SCRIPT_DR3:
		debug_regs_write(context->vcpu, base - SCRIPT_DR0, value);
		break;
	case SCRIPT_DR7:
		debug_regs_write_dr7(context->vcpu, value);
		break;
	case SCRIPT_DR6:
		set_dr6(value);
		break;
	default:
		vmwrite(fields[base], value);
		break;
	}
}

static void set_live(struct vcpu *vcpu, enum script_base base, u64 value)
{
	struct inject_in *in = vmx_inject(vcpu);

	if (base <= SCRIPT_R15) {
		vmx_write_gpr(vcpu, base, value);
	} else if (base == SCRIPT_RIP) {
		in->rip_changed |= in->rip != value;
		in->rip = value;
	} else {
		in->rflags = value;
		/* Interrupts that are off cannot be blocked by STI. */
		if (!(value & HV_EFLAGS_IF))
			in->interruptibility &= ~GUEST_INTR_STATE_STI;
	}
}

/* What has to be written back; 0: a halted CPU's is only looked at. */
static u32 halted_dirt(enum script_base base)
{
	if (base == SCRIPT_RIP)
		return SNAPSHOT_GENERAL | SNAPSHOT_RIP;
	if (base <= SCRIPT_RFLAGS)
		return SNAPSHOT_GENERAL;
	if (base >= SCRIPT_DR0 && base <= SCRIPT_DR7)
		return SNAPSHOT_DEBUG;
	return base == SCRIPT_FS_BASE || base == SCRIPT_GS_BASE ? SNAPSHOT_BASES : 0;
}

static enum expr_result set_halted(struct vcpu *vcpu, enum script_base base, u64 value)
{
	u32 dirt = halted_dirt(base);

	if (!dirt)
		return EXPR_READ_ONLY;
	*halted_register(vcpu, base) = value;
	vcpu->snap.dirty |= dirt;
	return EXPR_OK;
}

enum expr_result script_set_register(void *ctx, enum script_base base, u64 value)
{
	const struct script_context *context = ctx;

	if (!value_fits(context, base, value))
		return EXPR_REFUSED;
	if (script_is_halted(context))
		return set_halted(context->vcpu, base, value);
	if (base > SCRIPT_RFLAGS)
		set_elsewhere(context, base, value);
	else
		set_live(context->vcpu, base, value);
	return EXPR_OK;
}
