// SPDX-License-Identifier: GPL-2.0
/*
 * Fills a CPU's VMCS before the launch: controls, root's state, and the running Linux as the guest.
 * Runs in VMX operation, in the guest kernel with interrupts off; calls nothing of the kernel's.
 */
#include "vmcs.h"
#include "host.h"
#include "instr.h"
#include "offsets.h"
#include "pure/segment.h"

/* Polls of the line per second and CPU (D3). */
#define POLLS_PER_SECOND 5

static bool write_controls(struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;
	const struct vmx_controls *controls = &vcpu->controls;
	bool ok = true;

	ok &= vmwrite(PIN_BASED_VM_EXEC_CONTROL, controls->pin);
	ok &= vmwrite(CPU_BASED_VM_EXEC_CONTROL, controls->cpu);
	ok &= vmwrite(SECONDARY_VM_EXEC_CONTROL, controls->cpu2);
	ok &= vmwrite(VM_EXIT_CONTROLS, controls->exit);
	ok &= vmwrite(VM_ENTRY_CONTROLS, controls->entry);
	ok &= vmwrite(EXCEPTION_BITMAP, 0);
	ok &= vmwrite(PAGE_FAULT_ERROR_CODE_MASK, 0);
	ok &= vmwrite(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	ok &= vmwrite(CR3_TARGET_COUNT, 0);
	ok &= vmwrite(VM_EXIT_MSR_STORE_COUNT, 0);
	ok &= vmwrite(VM_EXIT_MSR_LOAD_COUNT, 0);
	ok &= vmwrite(VM_ENTRY_MSR_LOAD_COUNT, 0);
	ok &= vmwrite(VM_ENTRY_INTR_INFO_FIELD, 0);
	ok &= vmwrite(MSR_BITMAP, m->msr_bitmap_phys);
	ok &= vmwrite(IO_BITMAP_A, m->io_bitmap_a_phys);
	ok &= vmwrite(IO_BITMAP_B, m->io_bitmap_b_phys);
	ok &= vmwrite(EPT_POINTER, m->eptp);
	ok &= vmwrite(TSC_OFFSET, 0);
	if (controls->cpu2 & SECONDARY_EXEC_ENABLE_XSAVES)
		ok &= vmwrite(XSS_EXIT_BITMAP, 0);
	return ok;
}

/* In ticks of the VMX preemption timer: the TSC shifted right by IA32_VMX_MISC[4:0]. */
static u64 poll_period(const struct machine *m, unsigned int ptimer_shift)
{
	u64 ticks = m->tsc_khz * 1000 / POLLS_PER_SECOND >> ptimer_shift;

	return base_min(base_max(ticks, 1), 0xffffffff);
}

static bool write_timer(struct vcpu *vcpu)
{
	vcpu->timer_period = 0;
	if (!vcpu->controls.has_ptimer || !vcpu->controls.has_save_ptimer)
		return true;
	vcpu->controls.pin |= PIN_BASED_VMX_PREEMPTION_TIMER;
	vcpu->controls.exit |= VM_EXIT_SAVE_VMX_PREEMPTION_TIMER;
	vcpu->timer_period = poll_period(vcpu->machine, vcpu->controls.ptimer_shift);
	return vmwrite(VMX_PREEMPTION_TIMER_VALUE, vcpu->timer_period);
}

static bool write_host(struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;
	bool ok = true;

	ok &= vmwrite(HOST_CR0, m->host_cr0);
	ok &= vmwrite(HOST_CR3, m->host_cr3);
	ok &= vmwrite(HOST_CR4, m->host_cr4);
	ok &= vmwrite(HOST_IA32_EFER, m->host_efer);
	ok &= vmwrite(HOST_IA32_PAT, m->host_pat);
	ok &= vmwrite(HOST_CS_SELECTOR, ROOT_CS);
	ok &= vmwrite(HOST_SS_SELECTOR, ROOT_DS);
	ok &= vmwrite(HOST_DS_SELECTOR, 0);
	ok &= vmwrite(HOST_ES_SELECTOR, 0);
	ok &= vmwrite(HOST_FS_SELECTOR, 0);
	ok &= vmwrite(HOST_GS_SELECTOR, 0);
	ok &= vmwrite(HOST_TR_SELECTOR, ROOT_TR);
	ok &= vmwrite(HOST_FS_BASE, 0);
	ok &= vmwrite(HOST_GS_BASE, 0);
	ok &= vmwrite(HOST_TR_BASE, (u64)vcpu->tss);
	ok &= vmwrite(HOST_GDTR_BASE, (u64)vcpu->gdt);
	ok &= vmwrite(HOST_IDTR_BASE, (u64)m->idt);
	ok &= vmwrite(HOST_IA32_SYSENTER_CS, 0);
	ok &= vmwrite(HOST_IA32_SYSENTER_ESP, 0);
	ok &= vmwrite(HOST_IA32_SYSENTER_EIP, 0);
	ok &= vmwrite(HOST_RSP, (u64)(&vcpu->regs + 1));
	ok &= vmwrite(HOST_RIP, (u64)vmx_exit_entry);
	return ok;
}

bool vmcs_prepare(struct vcpu *vcpu)
{
	struct vmx_refusal refusal;

	if (vmx_choose_controls(&vcpu->machine->caps, &vcpu->controls, &refusal))
		return false;
	vcpu->cpu_controls = vcpu->controls.cpu;
	vcpu->step = STEP_NONE;
	vcpu->range_open = false;
	vcpu->away = false;
	vcpu->away_blocks = false;
	vcpu->peek = NULL;
	vcpu->passing = false;
	vcpu->held.active = false;
	vcpu->leaving = false;
	vcpu->shows_oops = false;
	vcpu->panic_told = 0;
	vcpu->rules_generation = 0;
	vcpu->debug.shared = false;
	memset(&vcpu->intercepts, 0, sizeof(vcpu->intercepts));
	vcpu->debug_view = false;
	vcpu->action = (struct rsp_action){ .kind = RSP_CONT };
	vcpu->want = WANT_NOTHING;
	vcpu->halt_wanted = 0;
	vcpu->nmi_due = 0;
	memset(&vcpu->nmi, 0, sizeof(vcpu->nmi));
	vcpu->root_nmi = 0;
	memset(&vcpu->inject, 0, sizeof(vcpu->inject));
	return write_timer(vcpu) && write_controls(vcpu) && write_host(vcpu);
}

struct segment_fields {
	u32 selector, base, limit, ar;
};

static bool write_segment(const struct segment_fields *fields, const struct vmx_segment *segment)
{
	return vmwrite(fields->selector, segment->selector) & vmwrite(fields->base, segment->base) &
	       vmwrite(fields->limit, segment->limit) & vmwrite(fields->ar, segment->ar);
}

#define SEGMENT_FIELDS(name)                                                                       \
	{                                                                                          \
		GUEST_##name##_SELECTOR, GUEST_##name##_BASE, GUEST_##name##_LIMIT,                \
			GUEST_##name##_AR_BYTES                                                    \
	}

/* The order of the fields below. */
enum { CAPTURE_FS = 4, CAPTURE_GS, CAPTURE_LDTR, CAPTURE_TR };

#define SELECTOR_TI 4 /* in the LDT: a program of Wine's or its like was interrupted */

static bool decode_segment(const struct descriptor_table *gdt, unsigned int which, u16 selector,
			   struct vmx_segment *segment)
{
	const u8 *table = (const u8 *)gdt->base;
	struct vmx_segment ldt;

	if (which == CAPTURE_TR)
		return segment_tr(table, gdt->limit, selector, segment);
	if (which == CAPTURE_LDTR || !(selector & SELECTOR_TI))
		return segment_decode(table, gdt->limit, selector, which == CAPTURE_LDTR, segment);
	return segment_decode(table, gdt->limit, get_ldtr(), true, &ldt) &&
	       segment_decode_ldt((const u8 *)ldt.base, ldt.limit, selector, segment);
}

static bool capture_segments(const struct descriptor_table *gdt)
{
	static const struct segment_fields fields[] = {
		SEGMENT_FIELDS(ES), SEGMENT_FIELDS(CS), SEGMENT_FIELDS(SS),   SEGMENT_FIELDS(DS),
		SEGMENT_FIELDS(FS), SEGMENT_FIELDS(GS), SEGMENT_FIELDS(LDTR), SEGMENT_FIELDS(TR),
	};
	const u16 selectors[] = { get_es(), get_cs(), get_ss(),	  get_ds(),
				  get_fs(), get_gs(), get_ldtr(), get_tr() };
	struct vmx_segment segment;
	unsigned int i;
	bool ok = true;

	for (i = 0; i < ARRAY_SIZE(fields) && ok; i++) {
		ok = decode_segment(gdt, i, selectors[i], &segment);
		if (i == CAPTURE_FS)
			segment.base = msr_read(HV_MSR_FS_BASE);
		if (i == CAPTURE_GS)
			segment.base = msr_read(HV_MSR_GS_BASE);
		ok = ok && write_segment(&fields[i], &segment);
	}
	return ok;
}

static bool capture_tables(const struct descriptor_table *gdt)
{
	struct descriptor_table idt;
	bool ok = true;

	get_idt(&idt);
	ok &= vmwrite(GUEST_GDTR_BASE, gdt->base);
	ok &= vmwrite(GUEST_GDTR_LIMIT, gdt->limit);
	ok &= vmwrite(GUEST_IDTR_BASE, idt.base);
	ok &= vmwrite(GUEST_IDTR_LIMIT, idt.limit);
	return ok;
}

/*
 * Linux knows of CR4.VMXE (kmod/ set it through Linux's own bookkeeping), so the shadow shows it:
 * that keeps another hypervisor out. Masked are only the bits that VMX fixes.
 */
static bool capture_control_registers(struct vcpu *vcpu)
{
	const struct vmx_caps *caps = &vcpu->machine->caps;
	u64 cr0 = get_cr0(), cr4 = get_cr4();
	bool ok = true;

	if (vmx_fixed_cr(cr0, caps->cr0_fixed0, caps->cr0_fixed1) != cr0 ||
	    vmx_fixed_cr(cr4, caps->cr4_fixed0, caps->cr4_fixed1) != cr4)
		return false;
	ok &= vmwrite(GUEST_CR0, cr0);
	ok &= vmwrite(CR0_READ_SHADOW, cr0);
	ok &= vmwrite(CR0_GUEST_HOST_MASK, caps->cr0_fixed0);
	ok &= vmwrite(GUEST_CR3, get_cr3());
	ok &= vmwrite(GUEST_CR4, cr4);
	ok &= vmwrite(CR4_READ_SHADOW, cr4);
	ok &= vmwrite(CR4_GUEST_HOST_MASK, caps->cr4_fixed0);
	return ok;
}

static bool capture_msrs(const struct machine *m)
{
	u64 debugctl = m->has_debugctl ? msr_read(HV_MSR_IA32_DEBUGCTL) : 0;
	bool ok = true;

	ok &= vmwrite(GUEST_IA32_EFER, msr_read(HV_MSR_EFER));
	ok &= vmwrite(GUEST_IA32_PAT, msr_read(HV_MSR_IA32_PAT));
	ok &= vmwrite(GUEST_IA32_DEBUGCTL, debugctl);
	ok &= vmwrite(GUEST_SYSENTER_CS, msr_read(HV_MSR_IA32_SYSENTER_CS));
	ok &= vmwrite(GUEST_SYSENTER_ESP, msr_read(HV_MSR_IA32_SYSENTER_ESP));
	ok &= vmwrite(GUEST_SYSENTER_EIP, msr_read(HV_MSR_IA32_SYSENTER_EIP));
	return ok;
}

static u64 read_flags(void)
{
	u64 flags;

	asm volatile("pushfq; popq %0" : "=r"(flags));
	return flags;
}

bool vmcs_capture_guest(struct vcpu *vcpu)
{
	struct descriptor_table gdt;
	bool ok = true;

	get_gdt(&gdt);
	ok &= capture_segments(&gdt);
	ok &= capture_tables(&gdt);
	ok &= capture_control_registers(vcpu);
	ok &= capture_msrs(vcpu->machine);
	ok &= vmwrite(GUEST_DR7, get_dr7());
	ok &= vmwrite(GUEST_RFLAGS, read_flags());
	ok &= vmwrite(GUEST_INTERRUPTIBILITY_INFO, 0);
	ok &= vmwrite(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	ok &= vmwrite(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	ok &= vmwrite(VMCS_LINK_POINTER, ~0ULL);
	return ok;
}
