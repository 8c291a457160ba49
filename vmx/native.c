// SPDX-License-Identifier: GPL-2.0
/*
 * Native code of rules (D19): machine code of the user's, run in root on a stack of its own. A
 * fault in it, or an end that does not come, ends it and restores root's stack and registers and
 * the guest's; the rule is disabled by whoever asked. Nothing else is protected from such code,
 * which is why the module must be loaded with unsafe_code=1. Root.
 */
#include "root.h"
#include "host.h"
#include "instr.h"

/* How long it may take, and how often other CPUs look for that while there is such code. */
#define NATIVE_LIMIT_MS	 100
#define LOOKS_PER_PERIOD 4

static bool run(struct vcpu *vcpu, const struct rule_piece *code, const u64 args[3])
{
	struct native *native = &vcpu->native;

	vcpu->regs.rsp = vmread(GUEST_RSP);
	native->before = vcpu->regs;
	native->faulted = false;
	native->abort = 0;
	store_release(&native->since, read_tsc());
	if (!native_enter(ROOT_CODE_VA + code->at, args, native)) {
		vcpu->regs = native->before;
		return false;
	}
	if (vcpu->regs.rsp != native->before.rsp)
		vmwrite(GUEST_RSP, vcpu->regs.rsp);
	return true;
}

static bool failed(struct vcpu *vcpu, const struct event_rule *rule, const struct rule_piece *code,
		   struct rule_failure *why)
{
	const struct native *native = &vcpu->native;

	why->what = native->faulted ? RULE_FAULT : RULE_ENDLESS;
	why->vector = native->vector;
	why->in_condition = code == &rule->condition;
	why->at = native->rip - ROOT_CODE_VA - code->at;
	why->inside = native->rip - ROOT_CODE_VA - code->at < code->len;
	return false;
}

bool native_condition(void *ctx, const struct event_rule *rule, const struct event *event,
		      u64 *result, struct rule_failure *why)
{
	struct vcpu *vcpu = ctx;
	u64 args[3] = { (u64)&vcpu->regs, event_context(event), 0 };

	if (!run(vcpu, &rule->condition, args))
		return failed(vcpu, rule, &rule->condition, why);
	*result = vcpu->native.rax;
	return true;
}

bool native_code(void *ctx, const struct event_rule *rule, const struct event *event,
		 struct rule_failure *why)
{
	struct vcpu *vcpu = ctx;
	const struct rule_piece *buffer = &rule->buffer;
	u64 args[3] = { buffer->len ? (u64)vcpu->machine->pools.buffers + buffer->at : 0,
			(u64)&vcpu->regs, event_context(event) };

	return run(vcpu, &rule->code, args) || failed(vcpu, rule, &rule->code, why);
}

/* The frame of a fault lies at a fixed place of a stack that only faults use. */
static struct vcpu *vcpu_of_frame(struct root_frame *frame)
{
	size_t stack = frame->vector == HV_VECTOR_DF ? offsetof(struct vcpu, df_stack)
						     : offsetof(struct vcpu, fault_stack);

	return (struct vcpu *)((u8 *)(frame + 1) - ROOT_IST_SIZE - stack);
}

/* A fault in root: if native code caused it, root goes on where that was called. */
bool native_fault(struct root_frame *frame)
{
	struct native *native = &vcpu_of_frame(frame)->native;

	if (!native->rsp)
		return false;
	native->faulted = true;
	native->vector = frame->vector;
	native->rip = frame->rip;
	frame->rip = (u64)native_aborted;
	frame->rsp = native->rsp;
	frame->rflags = HV_EFLAGS_FIXED;
	frame->cs = ROOT_CS;
	frame->ss = ROOT_DS;
	return true;
}

/* Ends what takes too long on other CPUs. Whoever is in root with time to look calls this. */
void native_watch(struct machine *m, const struct vcpu *self)
{
	struct vcpu *vcpu;
	unsigned int i;
	u64 since;

	for (i = 0; m->unsafe_code && i < m->nr_cpus; i++) {
		vcpu = m->vcpu[i];
		if (!vcpu || vcpu == self || !load_acquire(&vcpu->native.rsp))
			continue;
		since = load_acquire(&vcpu->native.since);
		if (load_acquire(&vcpu->native.abort) == since ||
		    (s64)(read_tsc() - since) < (s64)(NATIVE_LIMIT_MS * m->tsc_khz))
			continue;
		store_release(&vcpu->native.abort, since);
		store_release(&vcpu->nmi_due, 1);
		apic_send_nmi(m, vcpu->apic_id);
	}
}

/* Preemption timer units until this CPU looks again. */
u64 native_watch_period(const struct vcpu *vcpu)
{
	return vcpu->intercepts.native ? vcpu->timer_period / LOOKS_PER_PERIOD : vcpu->timer_period;
}
