// SPDX-License-Identifier: GPL-2.0
/*
 * The checking build only (make CHECKING=1): before every VM entry it asserts the rules that an
 * emulator may skip and a CPU would enforce by refusing the entry, or not at all: those of the SDM
 * on the guest's state and on what is injected, and that this CPU has done the INVEPT that a change
 * of the EPT demands of it. Root.
 */
#include "root.h"
#include "instr.h"
#include "pure/entry_check.h"

bool check_forgets(const struct vcpu *vcpu)
{
	return vcpu->machine->forget_invept;
}

/* What other CPUs change from here on is owed at the next entry. */
void check_begin(struct vcpu *vcpu)
{
	vcpu->check_owed = load_acquire(&vcpu->machine->ept_pool.changes);
}

static const char *broken_debt(const struct vcpu *vcpu)
{
	if (vcpu->ept_seen < vcpu->check_owed)
		return "the EPT has changed, and this CPU has done no INVEPT since";
	return NULL;
}

static const char *broken_controls(void)
{
	return vmx_check_controls(vmread(PIN_BASED_VM_EXEC_CONTROL),
				  vmread(CPU_BASED_VM_EXEC_CONTROL),
				  vmread(SECONDARY_VM_EXEC_CONTROL), vmread(VM_EXIT_CONTROLS),
				  vmread(VM_ENTRY_CONTROLS));
}

/* From the VMCS, not from the injector's own variables: whoever wrote there last is checked. */
static const char *broken_event(const struct vmx_caps *caps)
{
	u64 cpu_controls = vmread(CPU_BASED_VM_EXEC_CONTROL);
	struct inject_out out = {
		.entry_info = vmread(VM_ENTRY_INTR_INFO_FIELD),
		.entry_error = vmread(VM_ENTRY_EXCEPTION_ERROR_CODE),
		.entry_len = vmread(VM_ENTRY_INSTRUCTION_LEN),
		.interruptibility = vmread(GUEST_INTERRUPTIBILITY_INFO),
		.activity = vmread(GUEST_ACTIVITY_STATE),
		.pending_dbg = vmread(GUEST_PENDING_DBG_EXCEPTIONS),
		.nmi_window = cpu_controls & CPU_BASED_NMI_WINDOW_EXITING,
	};
	struct inject_env env = {
		.rflags = vmread(GUEST_RFLAGS),
		.debugctl = vmread(GUEST_IA32_DEBUGCTL),
		.ss_dpl = vmread(GUEST_SS_AR_BYTES) >> HV_AR_DPL_SHIFT & 3,
		.real_mode = !(vmread(GUEST_CR0) & HV_CR0_PE),
		.any_error_code = caps->basic & BIT64(56),
		.zero_length = caps->misc & BIT64(30),
		.mtf = cpu_controls & CPU_BASED_MONITOR_TRAP_FLAG,
		.virtual_nmis = vmread(PIN_BASED_VM_EXEC_CONTROL) & PIN_BASED_VIRTUAL_NMIS,
	};

	return inject_check(&out, &env);
}

static const char *broken_registers(const struct vmx_caps *caps)
{
	struct entry_guest guest = {
		.entry_controls = vmread(VM_ENTRY_CONTROLS),
		.cr0 = vmread(GUEST_CR0),
		.cr3 = vmread(GUEST_CR3),
		.cr4 = vmread(GUEST_CR4),
		.efer = vmread(GUEST_IA32_EFER),
		.pat = vmread(GUEST_IA32_PAT),
		.debugctl = vmread(GUEST_IA32_DEBUGCTL),
		.dr7 = vmread(GUEST_DR7),
		.rip = vmread(GUEST_RIP),
		.link_pointer = vmread(VMCS_LINK_POINTER),
		.base = {
			[ENTRY_FS_BASE] = vmread(GUEST_FS_BASE),
			[ENTRY_GS_BASE] = vmread(GUEST_GS_BASE),
			[ENTRY_TR_BASE] = vmread(GUEST_TR_BASE),
			[ENTRY_GDTR_BASE] = vmread(GUEST_GDTR_BASE),
			[ENTRY_IDTR_BASE] = vmread(GUEST_IDTR_BASE),
			[ENTRY_SYSENTER_ESP] = vmread(GUEST_SYSENTER_ESP),
			[ENTRY_SYSENTER_EIP] = vmread(GUEST_SYSENTER_EIP),
		},
		.gdtr_limit = vmread(GUEST_GDTR_LIMIT),
		.idtr_limit = vmread(GUEST_IDTR_LIMIT),
		.cs_ar = vmread(GUEST_CS_AR_BYTES),
		.tr_ar = vmread(GUEST_TR_AR_BYTES),
	};
	struct entry_cpu cpu = {
		.cr0_fixed0 = caps->cr0_fixed0,
		.cr0_fixed1 = caps->cr0_fixed1,
		.cr4_fixed0 = caps->cr4_fixed0,
		.cr4_fixed1 = caps->cr4_fixed1,
		.maxphyaddr = caps->maxphyaddr,
	};

	return entry_check(&guest, &cpu);
}

/* False if the guest must not be entered: then the CPU stops for good, with the rule's name. */
bool check_entry(struct vcpu *vcpu)
{
	const struct vmx_caps *caps = &vcpu->machine->caps;
	const char *broken = broken_debt(vcpu);

	if (!broken)
		broken = broken_controls();
	if (!broken)
		broken = broken_event(caps);
	if (!broken)
		broken = broken_registers(caps);
	if (!broken)
		return true;
	vmx_fatal(vcpu, "hvgdb: a rule of VM entries is broken, the guest cannot go on:", broken);
	return false;
}
