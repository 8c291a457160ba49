// SPDX-License-Identifier: GPL-2.0
/*
 * Every exit passes here: one table of handlers, one place where a verdict is carried out, and one
 * place where it is chosen what the guest gets injected. Root.
 *
 * Most exits (CPUID, MSRs, port I/O) touch no event, so the injector's state is read from the VMCS
 * only when something asks for it: vmx_inject().
 */
#include "root.h"
#include "instr.h"
#include "pure/exits.h"

#define GPR_RSP 4

typedef enum vmx_verdict (*exit_handler)(struct vcpu *vcpu);

static const exit_handler handlers[] = {
	[EXIT_REASON_EXCEPTION_NMI] = exit_exception_nmi,
	[EXIT_REASON_EXTERNAL_INTERRUPT] = exit_external_interrupt,
	[EXIT_REASON_TRIPLE_FAULT] = exit_triple_fault,
	[EXIT_REASON_INTERRUPT_WINDOW] = exit_window,
	[EXIT_REASON_NMI_WINDOW] = exit_window,
	[EXIT_REASON_CPUID] = exit_cpuid,
	[EXIT_REASON_GETSEC] = exit_vmx_instruction,
	[EXIT_REASON_INVD] = exit_invd,
	[EXIT_REASON_VMCALL] = exit_vmcall,
	[EXIT_REASON_VMCLEAR] = exit_vmx_instruction,
	[EXIT_REASON_VMLAUNCH] = exit_vmx_instruction,
	[EXIT_REASON_VMPTRLD] = exit_vmx_instruction,
	[EXIT_REASON_VMPTRST] = exit_vmx_instruction,
	[EXIT_REASON_VMREAD] = exit_vmx_instruction,
	[EXIT_REASON_VMRESUME] = exit_vmx_instruction,
	[EXIT_REASON_VMWRITE] = exit_vmx_instruction,
	[EXIT_REASON_VMOFF] = exit_vmxoff,
	[EXIT_REASON_VMON] = exit_vmx_instruction,
	[EXIT_REASON_CR_ACCESS] = exit_cr,
	[EXIT_REASON_DR_ACCESS] = exit_dr,
	[EXIT_REASON_IO_INSTRUCTION] = exit_io,
	[EXIT_REASON_MSR_READ] = exit_msr_read,
	[EXIT_REASON_MSR_WRITE] = exit_msr_write,
	[EXIT_REASON_MONITOR_TRAP_FLAG] = exit_mtf,
	[EXIT_REASON_EPT_VIOLATION] = exit_ept_violation,
	[EXIT_REASON_INVEPT] = exit_vmx_instruction,
	[EXIT_REASON_PREEMPTION_TIMER] = exit_preemption_timer,
	[EXIT_REASON_INVVPID] = exit_vmx_instruction,
	[EXIT_REASON_XSETBV] = exit_xsetbv,
};

/* Reads the guest's event state once an exit, and files away what the exit interrupted. */
struct inject_in *vmx_inject(struct vcpu *vcpu)
{
	struct inject_in *in = &vcpu->inject;

	if (vcpu->inject_loaded)
		return in;
	vcpu->inject_loaded = true;
	in->exit_reason = vcpu->exit_reason;
	in->exit_qual = vmread(EXIT_QUALIFICATION);
	in->exit_intr_info = vmread(VM_EXIT_INTR_INFO);
	in->exit_intr_error = vmread(VM_EXIT_INTR_ERROR_CODE);
	in->exit_instr_len = vmread(VM_EXIT_INSTRUCTION_LEN);
	in->idt_info = vmread(IDT_VECTORING_INFO_FIELD);
	in->idt_error = vmread(IDT_VECTORING_ERROR_CODE);
	in->rip = vmread(GUEST_RIP);
	in->rflags = vmread(GUEST_RFLAGS);
	in->debugctl = vmread(GUEST_IA32_DEBUGCTL);
	in->pending_dbg = vmread(GUEST_PENDING_DBG_EXCEPTIONS);
	in->interruptibility = vmread(GUEST_INTERRUPTIBILITY_INFO);
	in->activity = vmread(GUEST_ACTIVITY_STATE);
	in->code64 = vmread(GUEST_CS_AR_BYTES) & HV_AR_L;
	in->real_mode = !(vmread(GUEST_CR0) & HV_CR0_PE);
	in->stepping = false;
	in->rip_changed = false;
	inject_collect(in);
	return in;
}

/* Brings what handlers changed in the injector's copy to the VMCS, before the debug loop looks. */
void vmx_sync_guest(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);

	vmwrite(GUEST_RIP, in->rip);
	vmwrite(GUEST_RFLAGS, in->rflags);
	vmwrite(GUEST_INTERRUPTIBILITY_INFO, in->interruptibility);
	vmwrite(GUEST_ACTIVITY_STATE, in->activity);
	vmwrite(GUEST_PENDING_DBG_EXCEPTIONS, in->pending_dbg);
}

static void reload_guest(struct vcpu *vcpu)
{
	struct inject_in *in = &vcpu->inject;

	in->rip_changed |= in->rip != vmread(GUEST_RIP);
	in->rip = vmread(GUEST_RIP);
	in->rflags = vmread(GUEST_RFLAGS);
	in->interruptibility = vmread(GUEST_INTERRUPTIBILITY_INFO);
	in->activity = vmread(GUEST_ACTIVITY_STATE);
}

/* General registers by the number that exit qualifications give; RSP lives in the VMCS. */
u64 vmx_read_gpr(const struct vcpu *vcpu, unsigned int number)
{
	return number == GPR_RSP ? vmread(GUEST_RSP) : (&vcpu->regs.rax)[number];
}

void vmx_write_gpr(struct vcpu *vcpu, unsigned int number, u64 value)
{
	if (number == GPR_RSP)
		vmwrite(GUEST_RSP, value);
	else
		(&vcpu->regs.rax)[number] = value;
}

void vmx_reflect(struct vcpu *vcpu)
{
	inject_reflect(vmx_inject(vcpu));
}

void vmx_skip(struct vcpu *vcpu)
{
	u64 len = vmread(VM_EXIT_INSTRUCTION_LEN);
	u64 interruptibility;

	if (vcpu->inject_loaded || vmread(GUEST_RFLAGS) & (HV_EFLAGS_TF | HV_EFLAGS_RF) ||
	    !(vmread(GUEST_CS_AR_BYTES) & HV_AR_L)) {
		skip_instruction(vmx_inject(vcpu), len);
		return;
	}
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + len);
	interruptibility = vmread(GUEST_INTERRUPTIBILITY_INFO);
	if (interruptibility & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS))
		vmwrite(GUEST_INTERRUPTIBILITY_INFO,
			interruptibility & ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));
}

static void set_cpu_controls(struct vcpu *vcpu, u32 controls)
{
	if (controls == vcpu->cpu_controls)
		return;
	vcpu->cpu_controls = controls;
	vmwrite(CPU_BASED_VM_EXEC_CONTROL, controls);
}

static void write_choice(struct vcpu *vcpu, const struct inject_out *out)
{
	struct inject_in *in = &vcpu->inject;
	u32 controls =
		vcpu->cpu_controls & ~(CPU_BASED_INTR_WINDOW_EXITING |
				       CPU_BASED_NMI_WINDOW_EXITING | CPU_BASED_MONITOR_TRAP_FLAG);

	if (out->irq_window)
		controls |= CPU_BASED_INTR_WINDOW_EXITING;
	if (out->nmi_window)
		controls |= CPU_BASED_NMI_WINDOW_EXITING;
	if (step_traps(vcpu))
		controls |= CPU_BASED_MONITOR_TRAP_FLAG;
	set_cpu_controls(vcpu, controls);
	vmwrite(GUEST_RIP, in->rip);
	vmwrite(GUEST_RFLAGS, out->rflags);
	vmwrite(GUEST_INTERRUPTIBILITY_INFO, out->interruptibility);
	vmwrite(GUEST_ACTIVITY_STATE, out->activity);
	vmwrite(GUEST_PENDING_DBG_EXCEPTIONS, out->pending_dbg);
	if (out->entry_info & INTR_INFO_DELIVER_CODE_MASK)
		vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE, out->entry_error);
	vmwrite(VM_ENTRY_INSTRUCTION_LEN, out->entry_len);
	vmwrite(VM_ENTRY_INTR_INFO_FIELD, out->entry_info);
	if (out->set_cr2)
		set_cr2(out->cr2);
}

/* A #DB that is delivered by injection does not touch the debug registers by itself. */
static void deliver_debug(struct vcpu *vcpu, u64 causes)
{
	struct debug_state state = {
		.dr6 = get_dr6(),
		.dr7 = debug_regs_read_dr7(vcpu),
		.debugctl = vmread(GUEST_IA32_DEBUGCTL),
	};

	debug_deliver(&state, causes);
	set_dr6(state.dr6);
	debug_regs_write_dr7(vcpu, state.dr7);
	vmwrite(GUEST_IA32_DEBUGCTL, state.debugctl);
}

static bool something_to_inject(const struct vcpu *vcpu)
{
	const struct inject_in *in = &vcpu->inject;

	return vcpu->inject_loaded || in->nmi_pending || nmi_wants_window(vcpu) ||
	       step_traps(vcpu) ||
	       (vcpu->cpu_controls &
		(CPU_BASED_INTR_WINDOW_EXITING | CPU_BASED_NMI_WINDOW_EXITING)) ||
	       (in->irq_set[0] | in->irq_set[1] | in->irq_set[2] | in->irq_set[3]);
}

/* False if the guest's events add up to a triple fault: nothing can be injected any more. */
static bool choose(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);
	struct inject_out out;
	bool cut_short;

	vcpu->nmi_before = vcpu->nmi;
	vcpu->inject_before = *in;
	vcpu->inject_chosen = true;
	nmi_offer(vcpu);
	cut_short = in->nmi_reinject;
	in->stepping = step_holds_events(vcpu);
	inject_choose(in, &out);
	nmi_chosen(vcpu, cut_short, out.consumed_nmi);
	nmi_offer(vcpu);
	if (!in->stepping && in->activity != GUEST_ACTIVITY_WAIT_SIPI)
		out.nmi_window |= in->nmi_pending || nmi_wants_window(vcpu);
	step_chosen(vcpu, &out);
	if (out.triple_fault) {
		exit_triple_fault(vcpu);
		return false;
	}
	if (out.is_debug)
		deliver_debug(vcpu, out.debug_causes);
	write_choice(vcpu, &out);
	return true;
}

/*
 * A machine check that met this CPU in root is the kernel's to handle: it waits for all CPUs to come
 * to its handler, and until it has cleared MCG_STATUS a further one resets the machine.
 */
static void pass_machine_check_on(struct vcpu *vcpu)
{
	if (!__atomic_exchange_n(&vcpu->root_mc, 0, __ATOMIC_ACQ_REL))
		return;
	root_log(vcpu->machine, "a machine check came below the kernel and is passed on to it");
	inject_fault(vmx_inject(vcpu), HV_VECTOR_MC, 0);
}

static void park_while_wanted(struct vcpu *vcpu)
{
	u64 nmis;

	for (;;) {
		nmis = __atomic_exchange_n(&vcpu->root_nmi, 0, __ATOMIC_ACQ_REL);
		if (nmis)
			nmi_account(vcpu, nmis);
		if (vcpu->rules_generation != load_acquire(&vcpu->machine->rules.generation))
			events_intercept(vcpu);
		nmi_show_rules(vcpu);
		if ((!load_acquire(&vcpu->halt_wanted) || fault_deaf(vcpu)) &&
		    vcpu->want == WANT_NOTHING)
			return;
		vmx_sync_guest(vcpu);
		halt_enter(vcpu);
		check_begin(vcpu);
		reload_guest(vcpu);
		if (vcpu->want == WANT_NOTHING)
			events_resolve(vcpu);
	}
}

/*
 * The last thing before every entry, and again if an NMI came in between: look who wants this CPU,
 * then choose what it is injected. Returns what entry.S does: 0 resume, 1 go native.
 */
static u32 finish_exit(struct vcpu *vcpu)
{
	check_begin(vcpu);
	do {
		park_while_wanted(vcpu);
		pass_machine_check_on(vcpu);
		view_flush(vcpu);
	} while ((something_to_inject(vcpu) && !choose(vcpu)) || !check_entry(vcpu));
	return 0;
}

static u32 carry_out(struct vcpu *vcpu, enum vmx_verdict verdict)
{
	switch (verdict) {
	case VERDICT_RESUME:
	case VERDICT_HALT:
		break;
	case VERDICT_SKIP:
		vmx_skip(vcpu);
		/*
		 * What root emulated is the one instruction of a step; the trap flag would take
		 * another.
		 */
		if (step_traps(vcpu))
			exit_mtf(vcpu);
		break;
	case VERDICT_LEAVE:
		vmx_leave(vcpu);
		return 1;
	case VERDICT_FATAL:
		vmx_fatal(vcpu, "hvgdb: this exit is not known, the guest cannot go on:",
			  vmx_exit_name(vcpu->exit_reason));
		break;
	}
	return finish_exit(vcpu);
}

u32 vmx_exit(struct guest_regs *regs)
{
	struct vcpu *vcpu = vcpu_of_regs(regs);
	exit_handler handler = NULL;

	vcpu->exits++;
	vcpu->inject_loaded = false;
	vcpu->inject_chosen = false;
	vcpu->exit_reason = exit_reason_decode(vmread(VM_EXIT_REASON));
	if (vcpu->exit_reason < EXIT_COUNTED)
		vcpu->exits_of[vcpu->exit_reason]++;
	if (vcpu->exit_reason < ARRAY_SIZE(handlers))
		handler = handlers[vcpu->exit_reason];
	if (vmread(IDT_VECTORING_INFO_FIELD) & INTR_INFO_VALID_MASK)
		vmx_inject(vcpu);
	return carry_out(vcpu, handler ? handler(vcpu) : VERDICT_FATAL);
}

u32 vmx_reenter(struct guest_regs *regs)
{
	struct vcpu *vcpu = vcpu_of_regs(regs);

	if (vcpu->inject_chosen) {
		vcpu->inject = vcpu->inject_before;
		vcpu->nmi = vcpu->nmi_before;
	}
	return finish_exit(vcpu);
}

void vmx_entry_failed(struct guest_regs *regs)
{
	struct vcpu *vcpu = vcpu_of_regs(regs);

	vmx_fatal(vcpu, "hvgdb: VMRESUME failed, the guest cannot go on:",
		  vmx_exit_name(vcpu->exit_reason));
	/* To gdb, like any other fatal exit; nothing is released from there. */
	for (;;)
		finish_exit(vcpu);
}
