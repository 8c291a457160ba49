// SPDX-License-Identifier: GPL-2.0
/*
 * From exits to events and back: an exit that a rule may want becomes a struct event, events/
 * decides, and what it decided (deliver, suppress, stop gdb) is done here. An event that stops gdb
 * is held by its CPU until gdb lets that CPU go: the way it does is the answer. Root.
 */
#include "root.h"
#include "instr.h"
#include "page.h"
#include "insn_len.h"

/* What gdb knows by symbol; its records are the last events. */
struct hvgdb_events hvgdb_events;

/* What rules do by themselves; the context is the vcpu. */
static const struct rules_ops rules_ops = {
	.run_condition = native_condition,
	.run_code = native_code,
	.run_script = script_action,
	.collect = trace_event,
};

/* The pools are there: kmod/pools.c. */
void events_init(struct machine *m)
{
	m->pools.page_address = (u64)&hvgdb_events;
	rules_init(&m->rules, &m->pools);
	output_init(m);
}

static void begin(struct vcpu *vcpu, struct event *event, enum event_kind kind, u8 vector)
{
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->stage = EVENT_PRE;
	event->vector = vector;
	event->cpu = vcpu->cpu;
	event->cpl = vmread(GUEST_SS_AR_BYTES) >> HV_AR_DPL_SHIFT & 3;
	event->rip = vmx_inject(vcpu)->rip;
	tasks_identify(vcpu, event);
}

/* For `monitor event`. */
static void remember(struct vcpu *vcpu, const struct event *event,
		     const struct event_outcome *outcome)
{
	if (!outcome->nr_matched)
		return;
	if (event != &vcpu->held.event)
		vcpu->held.event = *event;
	vcpu->held.known = true;
}

static void hold(struct vcpu *vcpu, const struct event *event, const struct event_outcome *outcome)
{
	struct held_event *held = &vcpu->held;

	held->active = true;
	held->answered = false;
	held->outcome = *outcome;
	held->state = (struct event_held){
		.event = &held->event,
		.signal = outcome->signal,
		.suppress = outcome->suppress,
		.skip = outcome->skip,
	};
	debug_stop(vcpu, outcome->watch ? RSP_STOP_WATCH : RSP_STOP_PLAIN, outcome->signal,
		   outcome->watch_addr);
	vcpu->stop.watch = outcome->watch_type;
}

/*
 * The CPU does not tell how long an instruction is that faults. False if its bytes are none that is
 * known.
 */
static bool skip_faulting(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);
	u64 ar = vmread(GUEST_CS_AR_BYTES);
	enum insn_width width = ar & HV_AR_L ? INSN_64 : ar & HV_AR_DB ? INSN_32 : INSN_16;
	u8 bytes[INSN_MAX];
	unsigned int length;
	size_t done = 0;

	memory_read(vcpu->machine, vmread(GUEST_CR3), in->rip, bytes, sizeof(bytes), &done);
	length = insn_length(bytes, done, width);
	if (length)
		skip_instruction(in, length);
	return length;
}

static void deliver(struct vcpu *vcpu, const struct event *event)
{
	if (event->kind == EVENT_DR)
		dr_emulate(vcpu, event);
	else if (event->kind == EVENT_EXCEPTION && event->vector == EVENT_VECTOR_NMI)
		vcpu->nmi.due++;
	else if (event->emulated)
		inject_fault(vmx_inject(vcpu), event->vector, event->error);
	else
		inject_reflect(vmx_inject(vcpu));
	if (event->kind == EVENT_INTERRUPT)
		irq_storm_delivered(&vcpu->storm, event->vector);
}

/* A rule was disabled: the kernel log gets a line, and gdb, without a stop of its own. */
static void tell_failure(struct vcpu *vcpu, u32 id)
{
	struct machine *m = vcpu->machine;
	char line[256];
	struct rsp_text text = { .buf = line, .size = sizeof(line) - 2 };
	const struct event_rule *rule = id ? rules_find(&m->rules, id) : NULL;

	if (!rule)
		return;
	rsp_text_add(&text, "hvgdb: rule 0x");
	rsp_text_hex(&text, id);
	rsp_text_add(&text, " is disabled: ");
	rules_describe_failure(&rule->failure, &text);
	line[text.len] = '\0';
	root_log(m, line + sizeof("hvgdb: ") - 1);
	line[text.len] = '\n';
	console_put(vcpu, line, text.len + 1, true);
}

/* A level-triggered line that nobody serves would come for ever (D9). */
static void suppress_interrupt(struct vcpu *vcpu, const struct event *event,
			       const struct event_outcome *outcome)
{
	static const struct rule_failure storm = { .what = RULE_STORM };

	if (apic_is_storm(vcpu, event->vector))
		tell_failure(vcpu, rules_fail_matched(&vcpu->machine->rules, outcome, &storm));
	apic_end_suppressed(vcpu, event->vector);
}

static void suppress(struct vcpu *vcpu, const struct event *event,
		     const struct event_outcome *outcome, bool skip)
{
	if (event->kind == EVENT_INTERRUPT)
		suppress_interrupt(vcpu, event, outcome);
	else if (skip && event->length)
		skip_instruction(vmx_inject(vcpu), event->length);
	else if (skip && !skip_faulting(vcpu))
		deliver(vcpu, event);
}

/* The second stage: the event is on its way, rules may still stop to look. */
static void post(struct vcpu *vcpu, struct event *event)
{
	struct event_outcome outcome;

	event->stage = EVENT_POST;
	if (event->kind == EVENT_DR && event->dr_direction == EVENT_DR_READ)
		event->value = vmx_read_gpr(vcpu, event->dr_gpr);
	rules_match(&vcpu->machine->rules, event, &rules_ops, vcpu, &outcome);
	remember(vcpu, event, &outcome);
	tell_failure(vcpu, outcome.failed);
	output_event(vcpu, event, &outcome, outcome.nr_breaking ? HVGDB_STOPPED : HVGDB_DELIVERED);
	if (outcome.nr_breaking)
		hold(vcpu, event, &outcome);
}

static void answer(struct vcpu *vcpu, struct event *event, const struct event_outcome *outcome,
		   enum event_answer what)
{
	bool wants_post = outcome->wants_post;

	vcpu->held.last = what;
	if (event->stage == EVENT_POST)
		return;
	if (what == EVENT_DELIVER) {
		deliver(vcpu, event);
		/* A MOV DR may have been a fault instead, which is held now. */
		if (wants_post && !vcpu->held.active)
			post(vcpu, event);
	} else {
		suppress(vcpu, event, outcome, what == EVENT_SUPPRESS_SKIP);
	}
}

/*
 * The same fault again and again under a rule that suppresses it would never end by itself (D7):
 * gdb is to decide, or else it is delivered.
 */
static bool goes_in_circles(struct vcpu *vcpu, const struct event *event, enum event_answer *what,
			    bool moved, struct event_outcome *outcome)
{
	if (!event_repeats(&vcpu->repeats, event, *what, moved))
		return false;
	outcome->signal = event_signal(event);
	*what = EVENT_DELIVER;
	return vcpu->machine->rules.gdb_present;
}

static enum hvgdb_answer answer_recorded(enum event_answer what)
{
	if (what == EVENT_SUPPRESS_SKIP)
		return HVGDB_SKIPPED;
	return what == EVENT_SUPPRESS ? HVGDB_SUPPRESSED : HVGDB_DELIVERED;
}

static enum vmx_verdict take(struct vcpu *vcpu, struct event *event)
{
	struct machine *m = vcpu->machine;
	struct event_outcome outcome;
	enum event_answer what;
	bool moved;

	rules_match(&m->rules, event, &rules_ops, vcpu, &outcome);
	remember(vcpu, event, &outcome);
	page_store(&hvgdb_events, event);
	tell_failure(vcpu, outcome.failed);
	moved = vmx_inject(vcpu)->rip != event->rip;
	what = event_resolve_silent(event, outcome.suppress, outcome.skip, moved);
	if (outcome.nr_breaking || goes_in_circles(vcpu, event, &what, moved, &outcome)) {
		output_event(vcpu, event, &outcome, HVGDB_STOPPED);
		hold(vcpu, event, &outcome);
		return VERDICT_HALT;
	}
	output_event(vcpu, event, &outcome, answer_recorded(what));
	answer(vcpu, event, &outcome, what);
	return VERDICT_RESUME;
}

/*
 * The first resume that lets a CPU go answers the event it holds, even if another CPU's stop is
 * told before anything runs: the resume after that one says nothing about this event any more.
 */
void events_answer(struct vcpu *vcpu, const struct rsp_action *action)
{
	struct held_event *held = &vcpu->held;

	if (!held->active || !held->state.reported || held->answered || action->kind == RSP_STAY)
		return;
	held->answered = true;
	held->answer = *action;
}

/* gdb has let this CPU go while it held an event that was reported. */
void events_resolve(struct vcpu *vcpu)
{
	struct held_event *held = &vcpu->held;
	struct machine *m = vcpu->machine;
	enum event_answer what;

	if (!held->active || !held->state.reported)
		return;
	held->state.rip_changed = vmx_inject(vcpu)->rip != held->event.rip;
	what = event_resolve(&held->state, held->answered ? &held->answer : NULL);
	if (what == EVENT_HOLD)
		return;
	held->active = false;
	if (what != EVENT_DELIVER)
		rules_count_suppressed(&m->rules, &held->outcome);
	answer(vcpu, &held->event, &held->outcome, what);
}

/* Whether a rule may want this vector on this CPU; else the exit was for something else. */
static bool wanted(const struct vcpu *vcpu, u8 vector)
{
	return vcpu->intercepts.exception_bitmap & 1u << vector;
}

enum vmx_verdict events_exception(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);
	u8 vector = in->exit_intr_info & INTR_INFO_VECTOR_MASK;
	u32 type = in->exit_intr_info & INTR_INFO_INTR_TYPE_MASK;
	struct event event;

	if (!wanted(vcpu, vector)) {
		inject_reflect(in);
		return VERDICT_RESUME;
	}
	begin(vcpu, &event, EVENT_EXCEPTION, vector);
	event.has_error = in->exit_intr_info & INTR_INFO_DELIVER_CODE_MASK;
	event.error = event.has_error ? in->exit_intr_error : 0;
	if (vector == HV_VECTOR_PF || vector == HV_VECTOR_DB)
		event.address = in->exit_qual;
	if (type == INTR_TYPE_SOFT_EXCEPTION || type == INTR_TYPE_PRIV_SW_EXCEPTION)
		event.length = in->exit_instr_len;
	return take(vcpu, &event);
}

/* One NMI of the guest's own, which it would take now. */
void events_nmi(struct vcpu *vcpu)
{
	struct event event;

	begin(vcpu, &event, EVENT_EXCEPTION, EVENT_VECTOR_NMI);
	take(vcpu, &event);
}

enum vmx_verdict exit_external_interrupt(struct vcpu *vcpu)
{
	struct event event;

	if (!vcpu->intercepts.external_interrupt) {
		vmx_reflect(vcpu);
		return VERDICT_RESUME;
	}
	begin(vcpu, &event, EVENT_INTERRUPT,
	      vmx_inject(vcpu)->exit_intr_info & INTR_INFO_VECTOR_MASK);
	return take(vcpu, &event);
}

/* Faults of which the SDM says that they come before the exit, whether this CPU knows that or not. */
static bool is_dr_access(const struct event *event)
{
	return !event->cpl && event->dr_real != 4 && event->dr_real != 5;
}

enum vmx_verdict exit_dr(struct vcpu *vcpu)
{
	struct event event;

	begin(vcpu, &event, EVENT_DR, 0);
	dr_describe(vcpu, &event);
	event.length = vmx_inject(vcpu)->exit_instr_len;
	if (is_dr_access(&event) && vcpu->intercepts.mov_dr)
		return take(vcpu, &event);
	dr_emulate(vcpu, &event);
	return VERDICT_RESUME;
}

/* A fault that root finds while it emulates: rules see it as if the CPU had. */
void vmx_inject_fault(struct vcpu *vcpu, u8 vector, u32 error)
{
	struct event event;

	if (!wanted(vcpu, vector)) {
		inject_fault(vmx_inject(vcpu), vector, error);
		return;
	}
	begin(vcpu, &event, EVENT_EXCEPTION, vector);
	event.emulated = true;
	event.has_error = vector == HV_VECTOR_GP;
	event.error = error;
	take(vcpu, &event);
}

static void set_interrupt_exiting(struct vcpu *vcpu, bool on)
{
	u32 pin = vcpu->controls.pin & ~PIN_BASED_EXT_INTR_MASK;
	u32 exit = vcpu->controls.exit & ~VM_EXIT_ACK_INTR_ON_EXIT;

	if (on) {
		pin |= PIN_BASED_EXT_INTR_MASK;
		exit |= VM_EXIT_ACK_INTR_ON_EXIT;
	}
	if (pin == vcpu->controls.pin)
		return;
	vcpu->controls.pin = pin;
	vcpu->controls.exit = exit;
	vmwrite(PIN_BASED_VM_EXEC_CONTROL, pin);
	vmwrite(VM_EXIT_CONTROLS, exit);
}

static void set_dr_exiting(struct vcpu *vcpu, bool on)
{
	u32 controls = vcpu->cpu_controls & ~CPU_BASED_MOV_DR_EXITING;

	if (on)
		controls |= CPU_BASED_MOV_DR_EXITING;
	if (controls == vcpu->cpu_controls)
		return;
	vcpu->cpu_controls = controls;
	vmwrite(CPU_BASED_VM_EXEC_CONTROL, controls);
}

/* Page faults as rules and breakpoints together want them: all, if both want some. */
static void set_exceptions(struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;
	const struct event_intercepts *want = &vcpu->intercepts;
	u32 bitmap = want->exception_bitmap, mask = want->pf_mask, match = want->pf_match;

	if (m->nr_planted)
		bitmap |= 1 << HV_VECTOR_BP;
	if (vcpu->debug.shared)
		bitmap |= 1 << HV_VECTOR_DB;
	if (m->nr_no_execute) {
		mask = match = bitmap & 1 << HV_VECTOR_PF ? 0 : PFEC_FETCH;
		bitmap |= 1 << HV_VECTOR_PF;
	}
	vmwrite(EXCEPTION_BITMAP, bitmap);
	vmwrite(PAGE_FAULT_ERROR_CODE_MASK, mask);
	vmwrite(PAGE_FAULT_ERROR_CODE_MATCH, match);
}

/*
 * Derives this CPU's intercepts from rules and breakpoints; on the way out of a halt and when rules
 * fail.
 */
void events_intercept(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	vcpu->rules_generation = load_acquire(&m->rules.generation);
	if (vcpu->leaving)
		memset(&vcpu->intercepts, 0, sizeof(vcpu->intercepts));
	else
		vcpu->intercepts = rules_intercepts(&m->rules, vcpu->cpu);
	debug_regs_settle(vcpu);
	set_exceptions(vcpu);
	set_interrupt_exiting(vcpu,
			      vcpu->intercepts.external_interrupt || step_wants_interrupts(vcpu));
	set_dr_exiting(vcpu, vcpu->intercepts.mov_dr || vcpu->debug.shared);
}
