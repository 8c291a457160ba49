// SPDX-License-Identifier: GPL-2.0
/*
 * Stepping by the monitor trap flag: one instruction, or as many as RIP stays in a range. The trap
 * flag of the guest is never touched. While a CPU steps, the injector holds interrupts and NMIs
 * back, so a step never ends in an interrupt handler. Root.
 *
 * A range that goes on for long may wait for what only an interrupt on this CPU brings: then the
 * range is open. Interrupts exit, and with one that is injected the CPU is away: it runs freely
 * until an IRET has brought it back to the stack that it left. Blocking by NMI is what makes an
 * IRET seen, for the NMI window opens behind the next one.
 */
#include "root.h"
#include "instr.h"

/*
 * After so many steps in a range interrupts are let in, and with vCont;r and c for the others these
 * run too: the range may be waiting for them.
 */
#define RANGE_ALONE 1000

#define CR3_ADDRESS 0x000ffffffffff000ULL

void step_begin(struct vcpu *vcpu, enum vcpu_step step)
{
	vcpu->step = step;
	vcpu->range_start = vcpu->action.start;
	vcpu->range_end = vcpu->action.end;
	/* HLT would wait for an interrupt that is being held back. */
	if (vmread(GUEST_ACTIVITY_STATE) == GUEST_ACTIVITY_HLT)
		vmwrite(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
}

/* gdb has said anew what this CPU is to do. Halts of our own leave a range as it is. */
void step_forget(struct vcpu *vcpu)
{
	vcpu->range_steps = 0;
	vcpu->range_open = false;
	vcpu->away = false;
}

/* On the CPU itself, before it runs again. */
void step_end(struct vcpu *vcpu)
{
	vcpu->step = STEP_NONE;
	if (!vcpu->away && vcpu->away_blocks)
		vmwrite(GUEST_INTERRUPTIBILITY_INFO,
			vmread(GUEST_INTERRUPTIBILITY_INFO) & ~(u64)GUEST_INTR_STATE_NMI);
	vcpu->away_blocks = vcpu->away && vcpu->away_blocks;
}

static bool over_ours(const struct vcpu *vcpu)
{
	return vcpu->peek || vcpu->io_unwatched || vcpu->nr_trace_steps;
}

/* Whether the next instruction is to exit. */
bool step_traps(const struct vcpu *vcpu)
{
	if (vcpu->step == STEP_RANGE && vcpu->away)
		return over_ours(vcpu);
	return vcpu->step != STEP_NONE || over_ours(vcpu);
}

/* Whether interrupts and NMIs wait: for the user, or over something of ours. */
bool step_holds_events(const struct vcpu *vcpu)
{
	if (vcpu->step == STEP_RANGE && vcpu->range_open)
		return over_ours(vcpu);
	return vcpu->step != STEP_NONE || over_ours(vcpu);
}

bool step_wants_interrupts(const struct vcpu *vcpu)
{
	return vcpu->range_open && !vcpu->away;
}

static void go_away(struct vcpu *vcpu)
{
	vcpu->away = true;
	vcpu->away_rsp = vmread(GUEST_RSP);
	vcpu->away_cr3 = vmread(GUEST_CR3) & CR3_ADDRESS;
	events_intercept(vcpu);
}

/* The last word on what the injector chose. */
void step_chosen(struct vcpu *vcpu, struct inject_out *out)
{
	if (step_wants_interrupts(vcpu) && (out->consumed_nmi || out->consumed_irq >= 0))
		go_away(vcpu);
	if (!vcpu->away)
		return;
	out->nmi_window = true;
	if (out->consumed_nmi) {
		vcpu->away_blocks = false;
	} else if (!(out->interruptibility & GUEST_INTR_STATE_NMI)) {
		vcpu->away_blocks = true;
		out->interruptibility |= GUEST_INTR_STATE_NMI;
	}
}

bool step_others_may_run(const struct vcpu *vcpu)
{
	return vcpu->step == STEP_RANGE && vcpu->range_steps >= RANGE_ALONE;
}

static bool rewatch_io(struct vcpu *vcpu)
{
	if (!vcpu->io_unwatched)
		return false;
	vcpu->io_unwatched = false;
	vcpu->cpu_controls |= CPU_BASED_USE_IO_BITMAPS;
	vmwrite(CPU_BASED_VM_EXEC_CONTROL, vcpu->cpu_controls);
	return vcpu->step == STEP_INTERNAL;
}

static enum vmx_verdict step_done(struct vcpu *vcpu)
{
	vcpu->step = STEP_NONE;
	if (!watchpoint_after_step(vcpu))
		debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGTRAP, 0);
	return VERDICT_HALT;
}

static enum vmx_verdict step_range(struct vcpu *vcpu, u64 rip)
{
	struct machine *m = vcpu->machine;

	vcpu->range_steps++;
	if (rip < vcpu->range_start || rip >= vcpu->range_end)
		return step_done(vcpu);
	if (step_others_may_run(vcpu) && !vcpu->range_open) {
		vcpu->range_open = true;
		events_intercept(vcpu);
	}
	if (load_acquire(&m->master) != (s32)vcpu->cpu)
		return VERDICT_RESUME;
	if (line_calls(m)) {
		vcpu->want = WANT_ATTENTION;
		return VERDICT_HALT;
	}
	if (step_others_may_run(vcpu))
		debug_open_range(vcpu);
	return VERDICT_RESUME;
}

/* An IRET has been executed. */
enum vmx_verdict step_window(struct vcpu *vcpu)
{
	if (vcpu->step != STEP_RANGE || !vcpu->away || vmread(GUEST_RSP) != vcpu->away_rsp ||
	    (vmread(GUEST_CR3) & CR3_ADDRESS) != vcpu->away_cr3)
		return VERDICT_RESUME;
	vcpu->away = false;
	vcpu->away_blocks = false;
	events_intercept(vcpu);
	return step_range(vcpu, vmx_inject(vcpu)->rip);
}

static enum vmx_verdict step_of_kind(struct vcpu *vcpu)
{
	u64 rip = vmx_inject(vcpu)->rip;

	if (rewatch_io(vcpu)) {
		vcpu->step = STEP_NONE;
		return VERDICT_RESUME;
	}
	switch (vcpu->step) {
	case STEP_ONE:
		return step_done(vcpu);
	case STEP_RANGE:
		return vcpu->away ? VERDICT_RESUME : step_range(vcpu, rip);
	case STEP_INTERNAL:
		vcpu->step = STEP_NONE;
		vcpu->want = WANT_STEPPED_OVER;
		return VERDICT_HALT;
	default:
		return VERDICT_RESUME;
	}
}

enum vmx_verdict exit_mtf(struct vcpu *vcpu)
{
	enum vmx_verdict verdict;
	bool trace_ended;

	vmx_inject(vcpu);
	if (vcpu->peek)
		view_peeked(vcpu);
	trace_ended = trace_stepped(vcpu);
	verdict = step_of_kind(vcpu);
	if (!trace_ended || vcpu->want != WANT_NOTHING)
		return verdict;
	vcpu->want = WANT_UNTRACE;
	return VERDICT_HALT;
}
