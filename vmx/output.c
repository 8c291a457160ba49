// SPDX-License-Identifier: GPL-2.0
/*
 * What root records while the guest runs: events that rules matched and texts of their scripts, in
 * this CPU's ring, on their way to the reader (kmod/uapi/hvgdb_ring.h). No halt, no wait. Root.
 */
#include "root.h"
#include "instr.h"

void output_init(struct machine *m)
{
	m->outputs.area = m->area;
	m->outputs.reader = m->reader;
}

static bool is_watched(const struct machine *m)
{
	return __atomic_load_n(&m->reader->watch, __ATOMIC_RELAXED);
}

static void fill_event(struct hvgdb_event *to, const struct event *event, enum hvgdb_answer answer)
{
	*to = (struct hvgdb_event){
		.kind = event->kind,
		.stage = event->stage,
		.vector = event->vector,
		.cpl = event->cpl,
		.answer = answer,
		.has_error = event->has_error,
		.dr = event->dr,
		.dr_real = event->dr_real,
		.dr_direction = event->dr_direction,
		.dr_gpr = event->dr_gpr,
		.error = event->error,
		.pid = event->pid,
		.tid = event->tid,
		.rip = event->rip,
		.address = event->address,
		.value = event->value,
	};
	memcpy(to->comm, event->comm, sizeof(to->comm));
}

/* False if there is no room. */
static bool record_event(struct vcpu *vcpu, u32 rule, u32 outputs, const struct event *event,
			 enum hvgdb_answer answer)
{
	struct hvgdb_record *record;
	u64 tsc = read_tsc();

	if (!record_ring_begin(&vcpu->ring, tsc, rule, outputs, 1))
		return false;
	record = record_ring_record(&vcpu->ring, 0, tsc, rule, outputs);
	record->type = HVGDB_RECORD_EVENT;
	fill_event(&record->event, event, answer);
	record_ring_commit(&vcpu->ring, 1);
	return true;
}

/* A rule with a script says itself what is worth telling. */
static u32 outputs_of(const struct machine *m, const struct event_rule *rule)
{
	return rule->program.len ? 0 : rule->outputs & m->outputs.open;
}

void output_event(struct vcpu *vcpu, const struct event *event, const struct event_outcome *outcome,
		  enum hvgdb_answer answer)
{
	struct machine *m = vcpu->machine;
	struct event_rules *rules = &m->rules;
	bool watched = is_watched(m);
	struct event_rule *rule;
	u32 n, outputs;

	if (!outcome->nr_matched || (!watched && !m->outputs.open))
		return;
	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		outputs = outputs_of(m, rule);
		if ((watched || outputs) &&
		    rules_outcome_has(rules, outcome, outcome->matched, rules->order[n]) &&
		    !record_event(vcpu, rule->id, outputs, event, answer))
			__atomic_fetch_add(&rule->lost, 1, __ATOMIC_RELAXED);
	}
}

static void record_text(struct vcpu *vcpu, u32 rule, u32 outputs, const char *text, size_t len)
{
	unsigned int i, nr = (len + HVGDB_TEXT_SIZE - 1) / HVGDB_TEXT_SIZE;
	struct hvgdb_record *record;
	u64 tsc = read_tsc();

	if (!record_ring_begin(&vcpu->ring, tsc, rule, outputs, nr))
		return;
	for (i = 0; i < nr; i++) {
		record = record_ring_record(&vcpu->ring, i, tsc, rule, outputs);
		record->type = HVGDB_RECORD_TEXT;
		record->flags = i + 1 < nr ? HVGDB_RECORD_MORE : 0;
		record->text.length = base_min(len, HVGDB_TEXT_SIZE);
		memcpy(record->text.text, text, record->text.length);
		text += record->text.length;
		len -= record->text.length;
	}
	record_ring_commit(&vcpu->ring, nr);
}

void output_text(struct vcpu *vcpu, const struct event_rule *rule, const char *text, size_t len)
{
	struct machine *m = vcpu->machine;
	u32 outputs = rule ? rule->outputs & m->outputs.open : 0;

	len = base_min(len, OUTPUT_TEXT_MAX);
	if (len && (outputs || is_watched(m)))
		record_text(vcpu, rule ? rule->id : 0, outputs, text, len);
	if (!rule || !rule->outputs)
		console_add(vcpu, text, len, !rule || rule->imm);
}

void output_flush(struct vcpu *vcpu)
{
	console_flush(vcpu);
}

/* From the poll timer: a gap is told of although nothing follows it. */
void output_poll(struct vcpu *vcpu)
{
	record_ring_tell(&vcpu->ring, read_tsc());
}
