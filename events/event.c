// SPDX-License-Identifier: GPL-2.0
/*
 * Signals, answers and descriptions of events. See event.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memset and rsp_text_*().
 */
#include "event.h"

/* The name of a vector and gdb's signal for it; SIGABRT for those not listed. */
static const struct {
	u8 vector, signal;
	const char *name;
} vectors[] = {
	{ 0, RSP_SIGFPE, "de" },   { 1, RSP_SIGEMT, "db" },   { 2, RSP_SIGUSR1, "nmi" },
	{ 3, RSP_SIGEMT, "bp" },   { 4, RSP_SIGSEGV, "of" },  { 5, RSP_SIGSEGV, "br" },
	{ 6, RSP_SIGILL, "ud" },   { 7, RSP_SIGILL, "nm" },   { 8, RSP_SIGSEGV, "df" },
	{ 10, RSP_SIGSEGV, "ts" }, { 11, RSP_SIGSEGV, "np" }, { 12, RSP_SIGSEGV, "ss" },
	{ 13, RSP_SIGSEGV, "gp" }, { 14, RSP_SIGSEGV, "pf" }, { 16, RSP_SIGFPE, "mf" },
	{ 17, RSP_SIGBUS, "ac" },  { 18, RSP_SIGABRT, "mc" }, { 19, RSP_SIGFPE, "xm" },
	{ 20, RSP_SIGABRT, "ve" }, { 21, RSP_SIGABRT, "cp" },
};

/* #DB may be a fault or a trap; either way the handler, not the instruction, was to come next. */
#define VECTORS_NOT_FAULTS (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 18)

bool event_vector_is_fault(u8 vector)
{
	return vector < EVENT_NR_EXCEPTIONS && !(VECTORS_NOT_FAULTS & 1u << vector);
}

const char *event_vector_name(u8 vector)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		if (vectors[i].vector == vector)
			return vectors[i].name;
	return NULL;
}

u8 event_signal(const struct event *event)
{
	size_t i;

	if (event->kind == EVENT_INTERRUPT)
		return RSP_SIGUSR1;
	if (event->kind == EVENT_DR)
		return RSP_SIGUSR2;
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		if (vectors[i].vector == event->vector)
			return vectors[i].signal;
	return RSP_SIGABRT;
}

u64 event_context(const struct event *event)
{
	if (event->kind != EVENT_DR)
		return event->vector;
	return (event->dr & 7) | (event->dr_direction & 1) << 4 | (event->dr_gpr & 15) << 8;
}

static void event_add_hex(struct rsp_text *out, const char *label, u64 value)
{
	rsp_text_add(out, label);
	rsp_text_add(out, "0x");
	rsp_text_hex(out, value);
}

static void event_add_exception(const struct event *event, struct rsp_text *out)
{
	const char *name = event_vector_name(event->vector);

	event_add_hex(out, "exception ", event->vector);
	if (name) {
		rsp_text_add(out, " (");
		rsp_text_add(out, name);
		rsp_text_add(out, ")");
	}
	if (event->has_error)
		event_add_hex(out, ", error code ", event->error);
	if (event->vector == EVENT_VECTOR_PF)
		event_add_hex(out, ", address ", event->address);
	if (event->vector == EVENT_VECTOR_DB)
		event_add_hex(out, ", causes ", event->address);
}

static void event_add_dr(const struct event *event, struct rsp_text *out)
{
	static const char gpr[16][4] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};
	bool read = event->dr_direction == EVENT_DR_READ;

	rsp_text_add(out, read ? "read of dr" : "write of dr");
	rsp_text_dec(out, event->dr);
	if (event->dr_real != event->dr) {
		rsp_text_add(out, " (dr");
		rsp_text_dec(out, event->dr_real);
		rsp_text_add(out, ")");
	}
	rsp_text_add(out, read ? " to " : " from ");
	rsp_text_add(out, gpr[event->dr_gpr & 15]);
	if (!read || event->stage == EVENT_POST)
		event_add_hex(out, ", value ", event->value);
}

/* The guest chooses the name: what a terminal might obey is not shown. */
static void event_add_comm(const struct event *event, struct rsp_text *out)
{
	char c[2] = { 0 };
	size_t i;

	for (i = 0; i < EVENT_COMM_SIZE && event->comm[i]; i++) {
		c[0] = event->comm[i] >= ' ' && event->comm[i] <= '~' ? event->comm[i] : '?';
		rsp_text_add(out, c);
	}
}

void event_describe(const struct event *event, struct rsp_text *out)
{
	if (event->kind == EVENT_EXCEPTION)
		event_add_exception(event, out);
	else if (event->kind == EVENT_INTERRUPT)
		event_add_hex(out, "interrupt ", event->vector);
	else
		event_add_dr(event, out);
	rsp_text_add(out, event->stage == EVENT_POST ? " (post)" : " (pre)");
	event_add_hex(out, ", rip ", event->rip);
	rsp_text_add(out, ", ring ");
	rsp_text_dec(out, event->cpl);
	rsp_text_add(out, ", CPU ");
	rsp_text_dec(out, event->cpu);
	event_add_hex(out, ", pid ", event->pid);
	rsp_text_add(out, " = ");
	rsp_text_dec(out, event->pid);
	rsp_text_add(out, " (");
	event_add_comm(event, out);
	rsp_text_add(out, "), tid ");
	rsp_text_dec(out, event->tid);
}

static void event_field(struct rsp_text *out, const char *key, u64 value)
{
	rsp_text_add(out, key);
	rsp_text_hex(out, value);
	rsp_text_add(out, ";");
}

static void event_fields_exception(const struct event *event, struct rsp_text *out)
{
	event_field(out, "vector:", event->vector);
	if (event->has_error)
		event_field(out, "error:", event->error);
	if (event->vector == EVENT_VECTOR_PF || event->vector == EVENT_VECTOR_DB)
		event_field(out, "address:", event->address);
}

static void event_fields_dr(const struct event *event, struct rsp_text *out)
{
	event_field(out, "reg:", event->dr);
	event_field(out, "real:", event->dr_real);
	rsp_text_add(out, event->dr_direction == EVENT_DR_READ ? "access:r;" : "access:w;");
	event_field(out, "gpr:", event->dr_gpr);
	if (event->dr_direction == EVENT_DR_WRITE || event->stage == EVENT_POST)
		event_field(out, "value:", event->value);
}

/* In digits: a name may have any byte in it, those that end a field too. */
static void event_field_comm(const struct event *event, struct rsp_text *out)
{
	size_t i;

	rsp_text_add(out, "comm:");
	for (i = 0; i < EVENT_COMM_SIZE && event->comm[i]; i++) {
		rsp_text_hex(out, (u8)event->comm[i] >> 4);
		rsp_text_hex(out, event->comm[i] & 15);
	}
	rsp_text_add(out, ";");
}

void event_fields(const struct event *event, struct rsp_text *out)
{
	static const char *const kinds[EVENT_NR_KINDS] = { "exception", "interrupt", "dr" };

	rsp_text_add(out, "kind:");
	rsp_text_add(out, kinds[event->kind]);
	rsp_text_add(out, event->stage == EVENT_POST ? ";stage:post;" : ";stage:pre;");
	if (event->kind == EVENT_EXCEPTION)
		event_fields_exception(event, out);
	else if (event->kind == EVENT_INTERRUPT)
		event_field(out, "vector:", event->vector);
	else
		event_fields_dr(event, out);
	event_field(out, "context:", event_context(event));
	event_field(out, "rip:", event->rip);
	event_field(out, "cpl:", event->cpl);
	event_field(out, "cpu:", event->cpu);
	event_field(out, "pid:", event->pid);
	event_field(out, "tid:", event->tid);
	event_field_comm(event, out);
}

enum event_answer event_resolve_silent(const struct event *event, bool suppress, bool skip,
				       bool rip_changed)
{
	if (!suppress || event->stage == EVENT_POST)
		return EVENT_DELIVER;
	if (rip_changed)
		return EVENT_SUPPRESS;
	if (event->length)
		return EVENT_SUPPRESS_SKIP;
	if (skip && event->kind == EVENT_EXCEPTION && event_vector_is_fault(event->vector))
		return EVENT_SUPPRESS_SKIP;
	return EVENT_SUPPRESS;
}

/* A signal of 0 in the stop reply left gdb nothing to send back: the rules decide then. */
static bool event_suppressed(const struct event_held *held, const struct rsp_action *action)
{
	if (!action)
		return false;
	if (held->override != EVENT_NO_OVERRIDE)
		return held->override == EVENT_SC_ON;
	if (action->has_signal && action->signal)
		return false;
	return held->signal ? true : held->suppress;
}

enum event_answer event_resolve(const struct event_held *held, const struct rsp_action *action)
{
	if (action && (!held->reported || action->kind == RSP_STAY))
		return EVENT_HOLD;
	return event_resolve_silent(held->event, event_suppressed(held, action), held->skip,
				    held->rip_changed);
}

static bool event_repeat_is(const struct event_repeat *repeat, const struct event *event)
{
	return repeat->count && repeat->vector == event->vector && repeat->rip == event->rip &&
	       repeat->pid == event->pid && repeat->address == event->address;
}

/* The slot of this fault, or of the one that has the least to lose. */
static struct event_repeat *event_repeat_slot(struct event_repeats *repeats,
					      const struct event *event)
{
	struct event_repeat *least = &repeats->slot[0];
	size_t i;

	for (i = 0; i < EVENT_REPEAT_SLOTS; i++) {
		if (event_repeat_is(&repeats->slot[i], event))
			return &repeats->slot[i];
		if (repeats->slot[i].count < least->count)
			least = &repeats->slot[i];
	}
	return least;
}

bool event_repeats(struct event_repeats *repeats, const struct event *event,
		   enum event_answer answer, bool rip_changed)
{
	struct event_repeat *repeat = event_repeat_slot(repeats, event);
	bool known = event_repeat_is(repeat, event);

	if (answer == EVENT_HOLD || event->kind != EVENT_EXCEPTION ||
	    !event_vector_is_fault(event->vector))
		return false;
	if (answer != EVENT_SUPPRESS || rip_changed) {
		if (known)
			repeat->count = 0;
		return false;
	}
	if (!known) {
		memset(repeat, 0, sizeof(*repeat));
		repeat->rip = event->rip;
		repeat->address = event->address;
		repeat->pid = event->pid;
		repeat->vector = event->vector;
	}
	if (++repeat->count < EVENT_REPEAT_LIMIT)
		return false;
	repeat->count = 0;
	return true;
}
