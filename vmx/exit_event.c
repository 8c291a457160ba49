// SPDX-License-Identifier: GPL-2.0
/*
 * Exits that are events of the guest rather than instructions: exceptions, NMIs, windows, the
 * monitor trap flag, the poll timer, triple faults. Root.
 */
#include "root.h"
#include "instr.h"
#include "insn_len.h"
#include "pure/nop.h"

static bool byte_is_int3(struct vcpu *vcpu, u64 gpa)
{
	return ram_contains(&vcpu->machine->ram, gpa, 1) && *(volatile u8 *)ram(gpa) == 0xcc;
}

/* An instruction that does nothing is done by root: no step, no other view, and no halt. */
static bool pass_nop(struct vcpu *vcpu, const struct breakpoint *bp)
{
	size_t length, room = HV_PAGE_SIZE - (bp->gpa & (HV_PAGE_SIZE - 1));
	struct inject_in *in = vmx_inject(vcpu);
	u8 bytes[INSN_MAX];

	room = base_min(room, sizeof(bytes));
	if (!in->code64 || !ram_contains(&vcpu->machine->ram, bp->gpa, room))
		return false;
	memcpy(bytes, ram(bp->gpa), room);
	if (!bp->hidden)
		bytes[0] = bp->saved;
	length = nop_length(bytes, room, !(vmread(GUEST_CR4) & HV_CR4_CET));
	if (length)
		skip_instruction(in, length);
	return length;
}

/* The instruction under a planted byte runs. A hidden one is in the way of nobody else. */
static enum vmx_verdict pass_over(struct vcpu *vcpu, const struct breakpoint *bp)
{
	if (pass_nop(vcpu, bp))
		return exit_mtf(vcpu);
	if (!bp->hidden) {
		vcpu->want = WANT_STEP_OVER;
		return VERDICT_HALT;
	}
	view_pass(vcpu, bp->gpa, bp->addr);
	return VERDICT_RESUME;
}

/* In the clean view what was executed is the guest's own, whatever the copy has there. */
static bool is_guests_own(const struct vcpu *vcpu, const struct breakpoint *bp)
{
	return !bp || (bp->hidden && !vcpu->debug_view);
}

/*
 * An INT3 of the guest's own (kprobes, ftrace, text_poke, user programs) is given back at once. One
 * that is gone by now was ours and has just been taken out: the instruction runs again.
 */
static enum vmx_verdict breakpoint_exception(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	u64 rip = vmx_inject(vcpu)->rip;
	struct breakpoint *bp;
	u64 gpa;

	if (!memory_translate(m, vmread(GUEST_CR3), rip, &gpa))
		return events_exception(vcpu);
	bp = breakpoint_planted_at(m, gpa);
	if (is_guests_own(vcpu, bp))
		return byte_is_int3(vcpu, gpa) ? events_exception(vcpu) : VERDICT_RESUME;
	if (bp->traced && bp->addr == rip && trace_hit(vcpu, bp)) {
		vcpu->want = WANT_UNTRACE;
		return VERDICT_HALT;
	}
	switch (bp->used && bp->addr == rip ? agent_hit(vcpu, bp) : AGENT_PASS) {
	case AGENT_STOP:
		if (bp->own)
			last_words_panic_told(vcpu);
		debug_stop(vcpu, RSP_STOP_SWBREAK, RSP_SIGTRAP, rip);
		return VERDICT_HALT;
	case AGENT_PRINT:
		vcpu->want = WANT_PRINT;
		return VERDICT_HALT;
	default:
		if (bp->own && bp->addr == rip && last_words_panic(vcpu))
			return VERDICT_HALT;
		return pass_over(vcpu, bp);
	}
}

/*
 * gdb lets a function that it calls return to a breakpoint on the stack, which the kernel maps
 * no-execute: there the fetch faults before the INT3 is seen. That is the breakpoint's hit; other
 * faults are the guest's.
 */
static enum vmx_verdict fetch_page_fault(struct vcpu *vcpu)
{
	u64 rip = vmx_inject(vcpu)->rip;
	struct breakpoint *bp = breakpoint_at(vcpu->machine, rip);

	if (!bp || !bp->planted || !bp->no_execute || vmread(EXIT_QUALIFICATION) != rip ||
	    !vcpu->machine->line.armed)
		return events_exception(vcpu);
	debug_stop(vcpu, RSP_STOP_SWBREAK, RSP_SIGTRAP, rip);
	return VERDICT_HALT;
}

enum vmx_verdict exit_exception_nmi(struct vcpu *vcpu)
{
	u32 info = vmread(VM_EXIT_INTR_INFO);

	if ((info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_NMI_INTR) {
		nmi_exit(vcpu);
		return VERDICT_RESUME;
	}
	if ((info & INTR_INFO_VECTOR_MASK) == HV_VECTOR_BP)
		return breakpoint_exception(vcpu);
	if ((info & INTR_INFO_VECTOR_MASK) == HV_VECTOR_DB)
		return watchpoint_exception(vcpu);
	if ((info & INTR_INFO_VECTOR_MASK) == HV_VECTOR_PF)
		return fetch_page_fault(vcpu);
	return events_exception(vcpu);
}

/* The window is open: finish_exit() chooses anew and injects what waits. */
enum vmx_verdict exit_window(struct vcpu *vcpu)
{
	vmx_inject(vcpu);
	return vcpu->exit_reason == EXIT_REASON_NMI_WINDOW ? step_window(vcpu) : VERDICT_RESUME;
}

/* Without a line there is nobody to tell: reset, as the machine would have. */
enum vmx_verdict exit_triple_fault(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	root_log(m, "a CPU of the guest met a triple fault");
	m->triple_fault = true;
	if (!m->line.armed)
		machine_reset();
	debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGABRT, 0);
	return VERDICT_HALT;
}

/* Nothing to do but look at the line and at other CPUs; the timer starts again. */
enum vmx_verdict exit_preemption_timer(struct vcpu *vcpu)
{
	vmwrite(VMX_PREEMPTION_TIMER_VALUE, native_watch_period(vcpu));
	native_watch(vcpu->machine, vcpu);
	apic_end_later(vcpu);
	output_poll(vcpu);
	if (fault_deaf(vcpu))
		return VERDICT_RESUME;
	if (line_poll_due(vcpu->machine)) {
		vcpu->want = WANT_ATTENTION;
		return VERDICT_HALT;
	}
	if (console_poll_due(vcpu->machine)) {
		vcpu->want = WANT_TELL;
		return VERDICT_HALT;
	}
	return VERDICT_RESUME;
}
