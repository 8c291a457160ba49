// SPDX-License-Identifier: GPL-2.0
/*
 * What the rules make of one event. See rules.h.
 *
 * Runs in VMX root, on all CPUs at once, and in user-space tests. Calls memset.
 */
#include "page.h"

static bool range_has(const struct rule_range *range, u64 value)
{
	return range->from <= value && value <= range->to;
}

static bool filter_place(const struct rule_filter *f, const struct event *event)
{
	if (f->set & RULE_PID && f->pid != event->pid)
		return false;
	if (f->set & RULE_CORE && f->core != event->cpu)
		return false;
	if (f->set & RULE_CPL && f->cpl != event->cpl)
		return false;
	return !(f->set & RULE_RIP) || range_has(&f->rip, event->rip);
}

static bool filter_detail(const struct rule_filter *f, const struct event *event)
{
	if (f->set & RULE_ADDR && !range_has(&f->addr, event->address))
		return false;
	if (f->set & RULE_PFEC && (event->error & f->pfec_mask) != f->pfec_value)
		return false;
	/* An alias is an access to the register behind it: `reg 6` sees DR4 too. */
	if (f->set & RULE_REG && f->reg != event->dr && f->reg != event->dr_real)
		return false;
	return !(f->set & RULE_ACCESS) || f->access & RULE_ACCESS_BIT(event->dr_direction);
}

/* Everything but the stage and the condition. */
static bool rule_wants(const struct event_rules *rules, const struct event_rule *rule,
		       const struct event *event)
{
	if (__atomic_load_n(&rule->state, __ATOMIC_RELAXED) != RULE_ENABLED)
		return false;
	if (rule->origin == RULE_GDB)
		return !rule->z_removed && page_covers(rules, rule, page_record_offset(event));
	if (rule->kind != event->kind)
		return false;
	if (rule->vector != RULES_NO_VECTOR && rule->vector != event->vector)
		return false;
	return filter_place(&rule->filter, event) && filter_detail(&rule->filter, event);
}

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void set_add(u64 *set, u32 slot)
{
	set[slot / 64] |= BIT64(slot % 64);
}

/* One event on its way through the rules. */
struct match {
	struct event_rules *rules;
	const struct event *event;
	const struct rules_ops *ops;
	void *ctx;
	struct event_outcome *outcome;
	bool sends; /* a rule other than an rwatch breaks: the signal goes to gdb and back */
};

static void match_failed(struct match *m, struct event_rule *rule, const struct rule_failure *why)
{
	rules_fail(m->rules, rule, why);
	if (!m->outcome->failed)
		m->outcome->failed = rule->id;
}

static bool match_condition(struct match *m, struct event_rule *rule)
{
	struct rule_failure why = { 0 };
	u64 result = 0;

	if (!rule->condition.len)
		return true;
	if (m->ops && m->ops->run_condition(m->ctx, rule, m->event, &result, &why))
		return result;
	match_failed(m, rule, &why);
	return false;
}

static bool match_code(struct match *m, const struct event_rule *rule, struct rule_failure *why)
{
	return !rule->code.len || (m->ops && m->ops->run_code(m->ctx, rule, m->event, why));
}

static bool match_script(struct match *m, const struct event_rule *rule,
			 struct rule_verdict *verdict, struct rule_failure *why)
{
	return !rule->program.len ||
	       (m->ops && m->ops->run_script(m->ctx, rule, m->event, verdict, why));
}

/* In the order typed; the second is not run if the first failed. */
static bool match_actions(struct match *m, const struct event_rule *rule,
			  struct rule_verdict *verdict, struct rule_failure *why)
{
	if (rule->code_first)
		return match_code(m, rule, why) && match_script(m, rule, verdict, why);
	return match_script(m, rule, verdict, why) && match_code(m, rule, why);
}

/* The largest start lies in all the ranges that overlap each other; awatch outranks rwatch. */
static void match_watch(struct match *m, const struct event_rule *rule)
{
	struct event_outcome *outcome = m->outcome;
	u64 addr = page_watch_address(m->rules, rule, page_record_offset(m->event));

	if (outcome->watch && outcome->watch_type > rule->z_type)
		return;
	if (outcome->watch && outcome->watch_type == rule->z_type)
		addr = base_max(addr, outcome->watch_addr);
	outcome->watch = true;
	outcome->watch_type = rule->z_type;
	outcome->watch_addr = addr;
}

static void match_break(struct match *m, const struct event_rule *rule)
{
	if (!m->rules->gdb_present)
		return;
	set_add(m->outcome->breaking, rule - m->rules->memory.rules);
	m->outcome->nr_breaking++;
	if (rule->origin == RULE_GDB)
		match_watch(m, rule);
	if (rule->origin != RULE_GDB || rule->z_type != RSP_WATCH_READ)
		m->sends = true;
}

static void match_rule(struct match *m, struct event_rule *rule)
{
	struct event_outcome *outcome = m->outcome;
	struct rule_verdict verdict = { .suppress = rule->sc };
	struct rule_failure why = { 0 };

	if (!match_condition(m, rule))
		return;
	count(&rule->hits);
	set_add(outcome->matched, rule - m->rules->memory.rules);
	outcome->nr_matched++;
	if (rule->trace && m->ops)
		m->ops->collect(m->ctx, rule->trace);
	if (!match_actions(m, rule, &verdict, &why))
		match_failed(m, rule, &why);
	/* An rwatch only watches: it decides nothing. */
	if (rule->origin != RULE_GDB || rule->z_type != RSP_WATCH_READ)
		outcome->suppress = verdict.suppress;
	outcome->skip |= rule->skip;
	if (rule->breaks || verdict.pause)
		match_break(m, rule);
}

static void match_end(struct match *m)
{
	struct event_outcome *outcome = m->outcome;

	/* In stage post the injection is chosen: nothing is left to suppress, or to pass. */
	if (m->event->stage == EVENT_POST)
		outcome->suppress = false;
	if (m->sends && !outcome->suppress && m->event->stage == EVENT_PRE)
		outcome->signal = event_signal(m->event);
	if (outcome->suppress && !outcome->nr_breaking)
		rules_count_suppressed(m->rules, outcome);
}

static void match_one(struct match *m, struct event_rule *rule)
{
	const struct event *event = m->event;

	if (!rule_wants(m->rules, rule, event))
		return;
	if (event->stage == EVENT_PRE && rule->stages & EVENT_STAGE_BIT(EVENT_POST))
		m->outcome->wants_post = true;
	if (rule->stages & EVENT_STAGE_BIT(event->stage))
		match_rule(m, rule);
}

void rules_match(struct event_rules *rules, const struct event *event, const struct rules_ops *ops,
		 void *ctx, struct event_outcome *outcome)
{
	struct match m = { rules, event, ops, ctx, outcome, false };
	u32 words, word;
	rules_set set;

	memset(outcome, 0, sizeof(*outcome));
	outcome->before_id = rules->next_id;
	for (words = rules_index_find(rules, event, set); words; words &= words - 1) {
		word = __builtin_ctz(words);
		for (; set[word]; set[word] &= set[word] - 1)
			match_one(&m, rules_nth(rules, word * 64 + __builtin_ctzll(set[word])));
	}
	match_end(&m);
}

bool rules_outcome_has(const struct event_rules *rules, const struct event_outcome *outcome,
		       const u64 *set, u32 slot)
{
	const struct event_rule *rule = &rules->memory.rules[slot];

	return set[slot / 64] >> slot % 64 & 1 && rule->id && rule->id < outcome->before_id;
}

u32 rules_first_breaking(const struct event_rules *rules, const struct event_outcome *outcome)
{
	const struct event_rule *rule;
	u32 n;

	for (n = 0; (rule = rules_nth(rules, n)); n++)
		if (rule->state != RULE_DISABLED && !rule->z_removed && !rule->doomed &&
		    rules_outcome_has(rules, outcome, outcome->breaking, rules->order[n]))
			return rule->id;
	return 0;
}

static bool next_matched(const struct event_rules *rules, const struct event_outcome *outcome,
			 u32 *slot)
{
	for (; *slot < rules->memory.nr_rules; ++*slot) {
		/* Nothing in the rest of this word: on to the next one. */
		if (!(outcome->matched[*slot / 64] >> *slot % 64))
			*slot |= 63;
		else if (rules_outcome_has(rules, outcome, outcome->matched, *slot))
			return true;
	}
	return false;
}

void rules_count_suppressed(struct event_rules *rules, const struct event_outcome *outcome)
{
	u32 slot = 0;

	for (slot = 0; next_matched(rules, outcome, &slot); slot++)
		count(&rules->memory.rules[slot].suppressed);
}

u32 rules_fail_matched(struct event_rules *rules, const struct event_outcome *outcome,
		       const struct rule_failure *why)
{
	struct event_rule *rule;
	u32 n, first = 0;

	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		if (!rules_outcome_has(rules, outcome, outcome->matched, rules->order[n]))
			continue;
		rules_fail(rules, rule, why);
		if (!first)
			first = rule->id;
	}
	return first;
}
