// SPDX-License-Identifier: GPL-2.0
/*
 * Which hardware intercepts a set of rules needs. See rules.h.
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#include "page.h"

#define PF_BIT	(1u << EVENT_VECTOR_PF)
#define NMI_BIT (1u << EVENT_VECTOR_NMI)

/* Error codes with (code & mask) == value. */
struct code_set {
	u32 mask, value;
};

static bool rule_concerns(const struct event_rule *rule, u32 cpu)
{
	if (rule->state != RULE_ENABLED)
		return false;
	return cpu == RULES_EVERY_CPU || !(rule->filter.set & RULE_CORE) ||
	       rule->filter.core == cpu;
}

static u32 z_exceptions(const struct event_rules *rules, const struct event_rule *rule)
{
	u32 bitmap = 0, vector;

	for (vector = 0; vector < EVENT_NR_EXCEPTIONS; vector++)
		if (page_covers(rules, rule, offsetof(struct hvgdb_events, exception[vector])))
			bitmap |= 1u << vector;
	return bitmap;
}

static bool z_interrupts(const struct event_rules *rules, const struct event_rule *rule)
{
	u32 vector;

	for (vector = EVENT_NR_EXCEPTIONS; vector < EVENT_NR_VECTORS; vector++)
		if (page_covers(rules, rule, offsetof(struct hvgdb_events, interrupt[vector])))
			return true;
	return false;
}

/* The exceptions that one rule needs; the other intercepts go to *all. */
static u32 rule_needs(const struct event_rules *rules, const struct event_rule *rule,
		      struct event_intercepts *all)
{
	if (rule->origin == RULE_GDB) {
		all->external_interrupt |= z_interrupts(rules, rule);
		all->mov_dr |= page_covers(rules, rule, offsetof(struct hvgdb_events, dr));
		return z_exceptions(rules, rule);
	}
	all->external_interrupt |= rule->kind == EVENT_INTERRUPT;
	all->mov_dr |= rule->kind == EVENT_DR;
	if (rule->kind != EVENT_EXCEPTION)
		return 0;
	return rule->vector == RULES_NO_VECTOR ? ~0u : 1u << rule->vector;
}

/* Without a filter both are 0: every code. */
static struct code_set rule_codes(const struct event_rule *rule)
{
	return (struct code_set){ rule->filter.pfec_mask, rule->filter.pfec_value };
}

/* What both have in common and agree on: the smallest set of this form that holds both. */
static struct code_set codes_join(struct code_set a, struct code_set b)
{
	u32 mask = a.mask & b.mask & ~(a.value ^ b.value);

	return (struct code_set){ mask, a.value & mask };
}

/*
 * Makes *apart a set that has no code in common with wanted, by fixing one more bit to what wanted
 * excludes. False if that cannot be.
 */
static bool codes_avoid(struct code_set *apart, struct code_set wanted)
{
	u32 bit;

	if (apart->mask & wanted.mask & (apart->value ^ wanted.value))
		return true;
	bit = wanted.mask & ~apart->mask;
	bit &= -bit;
	apart->mask |= bit;
	apart->value |= ~wanted.value & bit;
	return bit;
}

struct pf_codes {
	bool any;		/* a rule wants page faults */
	struct code_set inside; /* holds all that the rules want */
	bool has_outside;
	struct code_set outside; /* holds none of it */
};

static void pf_add(struct pf_codes *pf, struct code_set codes)
{
	pf->inside = pf->any ? codes_join(pf->inside, codes) : codes;
	if (!pf->any)
		pf->has_outside = true;
	pf->has_outside = pf->has_outside && codes_avoid(&pf->outside, codes);
	pf->any = true;
}

/* A set with any fixed bit is at most half of all codes; the outside leaves at least half. */
static void pf_choose(const struct pf_codes *pf, struct event_intercepts *all)
{
	bool invert = !pf->inside.mask && pf->has_outside;

	all->exception_bitmap &= ~PF_BIT;
	if (!pf->any)
		return;
	if (!invert)
		all->exception_bitmap |= PF_BIT;
	all->pf_mask = invert ? pf->outside.mask : pf->inside.mask;
	all->pf_match = invert ? pf->outside.value : pf->inside.value;
}

struct event_intercepts rules_intercepts(const struct event_rules *rules, u32 cpu)
{
	struct event_intercepts all = { 0 };
	struct pf_codes pf = { 0 };
	const struct event_rule *rule;
	u32 n, needs;

	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		if (!rule_concerns(rule, cpu))
			continue;
		all.native |= rule->condition.len || rule->code.len;
		needs = rule_needs(rules, rule, &all);
		all.exception_bitmap |= needs;
		if (needs & PF_BIT)
			pf_add(&pf, rule_codes(rule));
	}
	all.nmi = all.exception_bitmap & NMI_BIT;
	all.exception_bitmap &= ~NMI_BIT;
	pf_choose(&pf, &all);
	return all;
}
