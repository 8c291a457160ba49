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
static bool record_event(struct record_ring *ring, u32 rule, u32 outputs, const struct event *event,
			 enum hvgdb_answer answer)
{
	struct hvgdb_record *record;
	u64 tsc = read_tsc();

	if (!record_ring_begin(ring, tsc, rule, outputs, 1))
		return false;
	record = record_ring_record(ring, 0, tsc, rule, outputs);
	record->type = HVGDB_RECORD_EVENT;
	fill_event(&record->event, event, answer);
	record_ring_commit(ring, 1);
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
	u32 n, outputs, to_gdb, to_reader;
	bool kept;

	if (!outcome->nr_matched || (!watched && !m->outputs.open))
		return;
	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		if (!rules_outcome_has(rules, outcome, outcome->matched, rules->order[n]))
			continue;
		outputs = outputs_of(m, rule);
		to_gdb = outputs & m->outputs.gdb;
		to_reader = outputs & ~m->outputs.gdb;
		kept = !to_gdb || record_event(&vcpu->kept, rule->id, to_gdb, event, answer);
		if (to_reader || watched)
			kept &= record_event(&vcpu->ring, rule->id, to_reader, event, answer);
		if (!kept)
			__atomic_fetch_add(&rule->lost, 1, __ATOMIC_RELAXED);
	}
}

void output_text(struct vcpu *vcpu, const struct event_rule *rule, const char *text, size_t len)
{
	struct machine *m = vcpu->machine;
	u32 outputs = rule ? rule->outputs & m->outputs.open : 0;
	u32 to_gdb = outputs & m->outputs.gdb, to_reader = outputs & ~m->outputs.gdb;
	u32 id = rule ? rule->id : 0;

	len = base_min(len, OUTPUT_TEXT_MAX);
	if (!len)
		return;
	if (to_gdb)
		record_ring_text(&vcpu->kept, read_tsc(), id, to_gdb, text, len);
	if (to_reader || is_watched(m))
		record_ring_text(&vcpu->ring, read_tsc(), id, to_reader, text, len);
	if (!rule || !rule->outputs)
		console_put(vcpu, text, len, !rule || rule->imm);
}

void output_flush(struct vcpu *vcpu)
{
	console_flush(vcpu);
}

static struct vcpu *oldest_kept(struct machine *m)
{
	const struct hvgdb_record *record, *oldest = NULL;
	struct vcpu *found = NULL;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		record = m->vcpu[i] ? record_ring_oldest(&m->vcpu[i]->kept) : NULL;
		if (!record || (oldest && oldest->tsc <= record->tsc))
			continue;
		oldest = record;
		found = m->vcpu[i];
	}
	return found;
}

static void add_hex(struct rsp_text *out, const void *bytes, size_t len)
{
	const u8 *p = bytes;
	char digits[3] = { 0 };

	while (len--) {
		digits[0] = "0123456789abcdef"[*p >> 4];
		digits[1] = "0123456789abcdef"[*p++ & 15];
		rsp_text_add(out, digits);
	}
}

/* As many as there is room for, oldest first, in hex; all CPUs are halted. */
void output_fetch(struct machine *m, struct rsp_text *out)
{
	struct vcpu *vcpu;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i])
			record_ring_tell(&m->vcpu[i]->kept, read_tsc());
	while (out->size - out->len > 2 * HVGDB_RECORD_SIZE && (vcpu = oldest_kept(m))) {
		add_hex(out, record_ring_oldest(&vcpu->kept), HVGDB_RECORD_SIZE);
		store_release(&vcpu->kept_tail, vcpu->kept_tail + 1);
	}
}

/* From the poll timer: a gap is told of although nothing follows it. */
void output_poll(struct vcpu *vcpu)
{
	record_ring_tell(&vcpu->ring, read_tsc());
	record_ring_tell(&vcpu->console, read_tsc());
}
