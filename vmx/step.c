// SPDX-License-Identifier: GPL-2.0
/*
 * Stepping by the monitor trap flag: one instruction, or as many as RIP stays in a range. The trap
 * flag of the guest is never touched. While a CPU steps, the injector holds interrupts and NMIs
 * back, so a step never ends in an interrupt handler. Root.
 */
#include "root.h"
#include "instr.h"

/*
 * vCont;r with c for the others: after so many steps they run too, for the range may be waiting for
 * them.
 */
#define RANGE_ALONE 1000

void step_begin(struct vcpu *vcpu, enum vcpu_step step)
{
	vcpu->step = step;
	vcpu->range_start = vcpu->action.start;
	vcpu->range_end = vcpu->action.end;
	vcpu->range_steps = 0;
	/* HLT would wait for an interrupt that is being held back. */
	if (vmread(GUEST_ACTIVITY_STATE) == GUEST_ACTIVITY_HLT)
		vmwrite(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
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
	debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGTRAP, 0);
	return VERDICT_HALT;
}

static enum vmx_verdict step_range(struct vcpu *vcpu, u64 rip)
{
	struct machine *m = vcpu->machine;

	vcpu->range_steps++;
	if (rip < vcpu->range_start || rip >= vcpu->range_end)
		return step_done(vcpu);
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

enum vmx_verdict exit_mtf(struct vcpu *vcpu)
{
	u64 rip = vmx_inject(vcpu)->rip;

	if (vcpu->peek)
		view_peeked(vcpu);
	if (rewatch_io(vcpu)) {
		vcpu->step = STEP_NONE;
		return VERDICT_RESUME;
	}
	switch (vcpu->step) {
	case STEP_ONE:
		return step_done(vcpu);
	case STEP_RANGE:
		return step_range(vcpu, rip);
	case STEP_INTERNAL:
		vcpu->step = STEP_NONE;
		vcpu->want = WANT_STEPPED_OVER;
		return VERDICT_HALT;
	default:
		return VERDICT_RESUME;
	}
}
