// SPDX-License-Identifier: GPL-2.0
/*
 * The debug loop: what the master does while it is parked. It serves the CPUs that want something,
 * talks to gdb while all are halted, and carries out what gdb asked for at a resume. Root.
 *
 * Every pass of debug_loop() does one of three things: serve a CPU's want, look whether somebody
 * calls on the line while some CPUs run, or give the role up because everything runs (or because
 * the master itself must run while others stay: then another parked CPU takes over).
 */
#include "root.h"
#include "instr.h"
#include "page.h"
#include "target.h"

/* A '$' with no valid packet behind it was noise: gdb repeats its first packet every 2 s. */
#define ATTACH_MS 5000

#define GDB_INTERRUPT 0x03

typedef bool (*vcpu_test)(const struct vcpu *vcpu);

static struct vcpu *find(struct machine *m, vcpu_test test)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && halt_is_halted(m->vcpu[i]) && test(m->vcpu[i]))
			return m->vcpu[i];
	return NULL;
}

static bool wants_something(const struct vcpu *vcpu)
{
	return vcpu->want != WANT_NOTHING && vcpu->want != WANT_STOP;
}

static bool is_stepping_action(const struct vcpu *vcpu)
{
	return vcpu->action.kind == RSP_STEP || vcpu->action.kind == RSP_RANGE;
}

static bool is_continue_action(const struct vcpu *vcpu)
{
	return vcpu->action.kind == RSP_CONT;
}

static bool may_run(const struct vcpu *vcpu)
{
	return vcpu->action.kind != RSP_STAY;
}

/* A stop waits to be told and gdb has let that CPU go, so it may be told. */
static bool has_stop_to_tell(const struct vcpu *vcpu)
{
	return vcpu->want == WANT_STOP && may_run(vcpu);
}

void debug_stop(struct vcpu *vcpu, u8 kind, u8 signal, u64 addr)
{
	vcpu->stop.thread = vcpu->cpu + 1;
	vcpu->stop.kind = kind;
	vcpu->stop.signal = signal;
	vcpu->stop.addr = addr;
	vcpu->want = WANT_STOP;
}

static void all_continue(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i]) {
			m->vcpu[i]->action = (struct rsp_action){ .kind = RSP_CONT };
			step_forget(m->vcpu[i]);
			if (m->vcpu[i]->want == WANT_STOP)
				m->vcpu[i]->want = WANT_NOTHING;
			m->vcpu[i]->held.state.reported = true;
		}
}

static enum vcpu_step step_of(const struct vcpu *vcpu)
{
	switch (vcpu->action.kind) {
	case RSP_STEP:
		return STEP_ONE;
	case RSP_RANGE:
		return STEP_RANGE;
	default:
		return STEP_NONE;
	}
}

static void release_where(struct machine *m, vcpu_test test)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && halt_is_halted(m->vcpu[i]) && test(m->vcpu[i]))
			halt_release(m->vcpu[i], step_of(m->vcpu[i]));
}

static bool is_any(const struct vcpu *vcpu)
{
	return true;
}

/* A kick that somebody has not answered yet must not park it after the others are gone. */
static void withdraw_kicks(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && !halt_is_halted(m->vcpu[i]))
			store_release(&m->vcpu[i]->halt_wanted, 0);
}

/*
 * Lets CPUs go as their actions say: while one steps, those that may continue wait for it (design
 * 7). The line goes back to the driver as soon as anything runs freely.
 */
static void release_by_actions(struct machine *m)
{
	vcpu_test test = find(m, is_stepping_action) ? is_stepping_action : is_continue_action;

	if (m->triple_fault)
		machine_reset();
	page_resume(&m->rules);
	if (m->step_others)
		test = may_run;
	trace_settle(m);
	breakpoint_plant_all(m);
	if (test != is_stepping_action)
		line_give(m);
	withdraw_kicks(m);
	release_where(m, test);
	m->partial = find(m, is_any) != NULL;
}

/* The range has been left to itself long enough: the others run too, and nobody is master. */
static void open_range(struct machine *m)
{
	line_give(m);
	withdraw_kicks(m);
	release_where(m, is_continue_action);
	m->partial = find(m, is_any) != NULL;
}

/* From the stepping CPU's own exit, as it is the master. */
void debug_open_range(struct vcpu *self)
{
	struct machine *m = self->machine;

	open_range(m);
	store_release(&m->master, -1);
}

static bool range_wants_company(struct machine *m)
{
	unsigned int i;

	if (!find(m, is_continue_action))
		return false;
	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && step_others_may_run(m->vcpu[i]))
			return true;
	return false;
}

/* gdb shows no more than the signal by itself. */
static void announce(struct machine *m, const struct held_event *held)
{
	char line[256];
	struct rsp_text text = { .buf = line, .size = sizeof(line) - 2 };

	rsp_text_add(&text, "hvgdb: ");
	event_describe(&held->event, &text);
	rsp_text_add(&text,
		     held->outcome.nr_breaking ? "; rule " : "; suppressed 1000 times in a row");
	rules_names(&m->rules, &held->outcome, &text);
	line[text.len] = '\n';
	line[text.len + 1] = '\0';
	if (rsp_awaits_stop(&m->rsp))
		rsp_console(&m->rsp, line);
}

/* NULL: the stop is of another kind, or gdb has removed its breakpoint meanwhile. */
static const struct breakpoint *breakpoint_of_stop(struct machine *m, const struct vcpu *vcpu)
{
	switch (vcpu->stop.kind) {
	case RSP_STOP_SWBREAK:
		return breakpoint_at(m, vcpu->stop.addr);
	case RSP_STOP_HWBREAK:
		return watchpoint_program(m, vcpu->stop.addr);
	default:
		return NULL;
	}
}

/* gdb takes the stop for a condition that holds; it may not, and this is why. */
static void explain_stop(struct machine *m, const struct vcpu *vcpu)
{
	const struct breakpoint *bp = breakpoint_of_stop(m, vcpu);
	struct rsp_text text = { .buf = m->why, .size = sizeof(m->why) - 1 };

	rsp_explain_stop(&m->rsp, NULL);
	if (!bp || !vcpu->condition_failed)
		return;
	agent_describe_error(bp, &text);
	m->why[text.len] = '\0';
	if (rsp_awaits_stop(&m->rsp)) {
		rsp_console(&m->rsp, "hvgdb: ");
		rsp_console(&m->rsp, m->why);
		rsp_console(&m->rsp, "; this counts as true\n");
	}
	rsp_explain_stop(&m->rsp, m->why);
}

static void tell_stop(struct machine *m, struct vcpu *vcpu)
{
	m->last_stop = vcpu->stop;
	vcpu->want = WANT_NOTHING;
	fatal_show(vcpu);
	last_words_say(vcpu);
	console_drain(m);
	explain_stop(m, vcpu);
	if (vcpu->held.active) {
		vcpu->held.state.reported = true;
		announce(m, &vcpu->held);
	}
	rsp_stopped(&m->rsp);
}

static bool holds_untold_event(const struct vcpu *vcpu)
{
	return vcpu->held.active && !vcpu->held.state.reported && vcpu->held.outcome.nr_breaking;
}

/*
 * A breakpoint that gdb has removed before its hit was told did not happen: RIP is still on it. So
 * did an event to gdb if its rules have been cleared or disabled: the guest gets it.
 */
static bool still_holds(struct machine *m, const struct vcpu *vcpu)
{
	bool breaks = vcpu->stop.kind == RSP_STOP_SWBREAK || vcpu->stop.kind == RSP_STOP_HWBREAK;

	if (holds_untold_event(vcpu))
		return rules_first_breaking(&m->rules, &vcpu->held.outcome);
	return !breaks || breakpoint_of_stop(m, vcpu);
}

static void forget_stop(struct vcpu *vcpu)
{
	vcpu->want = WANT_NOTHING;
	if (!holds_untold_event(vcpu))
		return;
	vcpu->held.state.reported = true;
	vcpu->held.state.override = EVENT_SC_OFF;
}

static struct vcpu *next_stop(struct machine *m)
{
	struct vcpu *vcpu;

	while ((vcpu = find(m, has_stop_to_tell))) {
		if (still_holds(m, vcpu))
			return vcpu;
		forget_stop(vcpu);
	}
	return NULL;
}

static bool orphaned(struct machine *m, u64 since, bool stop_was_sent)
{
	u64 limit_ms = stop_was_sent ? (u64)m->orphan_timeout * 1000 : ATTACH_MS;

	if (!m->line.armed)
		return true;
	return limit_ms && !rsp_acknowledged(&m->rsp) && read_tsc() - since > limit_ms * m->tsc_khz;
}

static void end_session(struct machine *m)
{
	session_end(m);
	all_continue(m);
}

/* The line or the module goes away under gdb: if it waits for a stop, it hears of an end instead.
 */
void debug_close(struct machine *m)
{
	if (rsp_awaits_stop(&m->rsp)) {
		line_take(m);
		console_settle(m);
	}
	rsp_end(&m->rsp);
	end_session(m);
}

/* Answers gdb until it resumes or leaves. True: resume by actions. */
static void converse(struct machine *m, bool stop_was_sent)
{
	u64 since = read_tsc();
	u8 byte;

	for (;;) {
		if (!line_get(m, &byte)) {
			if (orphaned(m, since, stop_was_sent) && !m->fatal) {
				root_log(m, "nobody answers on the debug line: the guest goes on");
				rsp_abandon(&m->rsp);
				end_session(m);
				return;
			}
			native_watch(m, NULL);
			halt_kick_again(m);
			relax();
			continue;
		}
		switch (rsp_feed(&m->rsp, byte)) {
		case RSP_RESUME:
			return;
		case RSP_DETACH:
			end_session(m);
			return;
		default:
			break;
		}
	}
}

/*
 * After an exit that is not known nothing runs any more; after a triple fault nothing but the
 * reset.
 */
static bool cannot_go_on(struct machine *m)
{
	return m->fatal || (m->triple_fault && find(m, is_stepping_action));
}

/* An error reply to a resume would make gdb wait for ever: the stop is told once more instead. */
static void tell_again(struct machine *m)
{
	if (!rsp_awaits_stop(&m->rsp))
		return;
	rsp_console(&m->rsp,
		    "hvgdb: the guest cannot go on; look around, then reset the machine\n");
	rsp_stopped(&m->rsp);
}

static void tell_interrupt(struct machine *m)
{
	struct vcpu *vcpu = find(m, is_stepping_action);

	if (!vcpu)
		vcpu = find(m, may_run);
	m->last_stop = (struct rsp_stop){ .thread = vcpu->cpu + 1, .signal = RSP_SIGINT };
	console_drain(m);
	rsp_stopped(&m->rsp);
}

/* Conversations until something may run. All CPUs are halted and the line is ours. */
static void talk(struct machine *m, bool stop_was_sent)
{
	struct vcpu *vcpu;

	converse(m, stop_was_sent);
	for (;;) {
		if ((vcpu = next_stop(m)))
			tell_stop(m, vcpu);
		else if (cannot_go_on(m))
			tell_again(m);
		else if (find(m, may_run) && rsp_take_interrupt(&m->rsp))
			tell_interrupt(m);
		else
			break;
		converse(m, true);
	}
	release_by_actions(m);
}

static void bring_all_in(struct vcpu *self)
{
	halt_others(self);
	breakpoint_unplant_all(self->machine);
	line_take(self->machine);
	console_settle(self->machine);
}

/* The controller has ended under gdb, whose session waits for the next one. */
static bool is_suspended(const struct machine *m)
{
	return !m->line.armed && rsp_attached(&m->rsp) && !m->fatal && !m->triple_fault;
}

/*
 * A CPU met something that gdb is to know. While the session is suspended (a step has ended, or a
 * stop has crossed the controller's end) nobody can be told, and all go on.
 */
static void serve_stop(struct vcpu *self, struct vcpu *vcpu)
{
	struct machine *m = self->machine;

	bring_all_in(self);
	if (is_suspended(m)) {
		all_continue(m);
		release_by_actions(m);
		return;
	}
	tell_stop(m, vcpu);
	talk(m, rsp_attached(&m->rsp));
}

/* gdb wants to hear of a CPU that it let run. */
static struct vcpu *who_was_interrupted(struct vcpu *self)
{
	struct vcpu *vcpu;

	if (self->action.kind != RSP_STAY)
		return self;
	vcpu = find(self->machine, may_run);
	return vcpu ? vcpu : self;
}

/*
 * Bytes have come that may be a call: 0x03 stops with SIGINT, '$' begins a conversation without a
 * stop reply, anything else was noise. A stop of another CPU that came in the same moment stays
 * pending.
 */
static void serve_line(struct vcpu *self)
{
	struct machine *m = self->machine;
	enum rsp_verdict verdict = RSP_NOTHING;
	u8 byte;

	bring_all_in(self);
	while (verdict == RSP_NOTHING && line_get(m, &byte))
		verdict = rsp_feed(&m->rsp, byte);
	/* It may have been a call: a gdb that waits is interrupted, a new one repeats its packet.
	 */
	if (m->line.unseen && verdict == RSP_NOTHING)
		verdict = rsp_feed(&m->rsp, GDB_INTERRUPT);
	m->line.unseen = false;
	if (verdict == RSP_NOTHING) {
		release_by_actions(m);
		return;
	}
	m->last_stop =
		(struct rsp_stop){ .thread = who_was_interrupted(self)->cpu + 1,
				   .signal = verdict == RSP_INTERRUPT ? RSP_SIGINT : RSP_SIGTRAP };
	if (verdict == RSP_INTERRUPT) {
		console_drain(m);
		rsp_stopped(&m->rsp);
	}
	talk(m, verdict == RSP_INTERRUPT && rsp_attached(&m->rsp));
}

/* A service for kmod/: all CPUs are halted for its duration and go on as they were. */
static void serve_call(struct vcpu *self, struct vcpu *vcpu)
{
	halt_others(self);
	vcpu->want = WANT_NOTHING;
	vcpu->regs.rax = vcpu->call(vcpu, vcpu->call_arg1, vcpu->call_arg2);
	vcpu->snap.regs.rax = vcpu->regs.rax;
	release_by_actions(self->machine);
}

/* The byte under this CPU's RIP is a planted one that belongs to another address. */
static void serve_step_over(struct vcpu *self, struct vcpu *vcpu)
{
	struct machine *m = self->machine;

	halt_others(self);
	breakpoint_unplant_all(m);
	vcpu->want = WANT_NOTHING;
	m->partial = true;
	halt_release(vcpu, STEP_INTERNAL);
}

/* Nobody but root brings the text to gdb; the guest goes on behind the breakpoint. */
static void serve_print(struct vcpu *self, struct vcpu *vcpu)
{
	bring_all_in(self);
	console_drain(self->machine);
	serve_step_over(self, vcpu);
}

static void serve_tell(struct vcpu *self, struct vcpu *vcpu)
{
	bring_all_in(self);
	vcpu->want = WANT_NOTHING;
	console_drain(self->machine);
	release_by_actions(self->machine);
}

/* The bytes of tracepoints go as soon as nothing is recorded any more; the CPUs go on. */
static void serve_untrace(struct vcpu *self, struct vcpu *vcpu)
{
	struct machine *m = self->machine;

	bring_all_in(self);
	vcpu->want = WANT_NOTHING;
	if (m->trace_planted)
		rsp_console(&m->rsp, trace_end_text(m));
	release_by_actions(m);
}

static void serve(struct vcpu *self, struct vcpu *vcpu)
{
	switch (vcpu->want) {
	case WANT_ATTENTION:
		vcpu->want = WANT_NOTHING;
		serve_line(self);
		break;
	case WANT_CALL:
		serve_call(self, vcpu);
		break;
	case WANT_STEP_OVER:
		serve_step_over(self, vcpu);
		break;
	case WANT_PRINT:
		serve_print(self, vcpu);
		break;
	case WANT_TELL:
		serve_tell(self, vcpu);
		break;
	case WANT_UNTRACE:
		serve_untrace(self, vcpu);
		break;
	case WANT_STEPPED_OVER:
		vcpu->want = WANT_NOTHING;
		release_by_actions(self->machine);
		break;
	default:
		serve_stop(self, vcpu);
	}
}

/* One pass with nothing to serve. */
static void stand_by(struct vcpu *self)
{
	struct machine *m = self->machine;

	if (!m->partial) {
		/* Came after everybody had gone again. */
		halt_release(self, step_of(self));
	} else if (range_wants_company(m)) {
		open_range(m);
	} else if (line_calls(m)) {
		serve_line(self);
	} else {
		native_watch(m, self);
		relax();
	}
}

/*
 * Returns when this CPU is to run. It stays master if it only steps while others are halted, for it
 * comes back at once; else the role is free for the next that wants it.
 */
void debug_loop(struct vcpu *self)
{
	struct machine *m = self->machine;
	struct vcpu *vcpu;

	while (halt_is_halted(self)) {
		vcpu = find(m, wants_something);
		if (!vcpu)
			vcpu = next_stop(m);
		if (vcpu)
			serve(self, vcpu);
		else
			stand_by(self);
	}
	if (self->release == STEP_NONE || !m->partial)
		store_release(&m->master, -1);
}
