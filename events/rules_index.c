// SPDX-License-Identifier: GPL-2.0
/*
 * See rules_index.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memset.
 */
#include "rules.h"

#define CLASS_DR 256

static void set_add(struct rules_marked *marked, u32 n)
{
	marked->words |= 1u << n / 64;
	marked->set[n / 64] |= BIT64(n % 64);
}

/* gdb's own rules are known by the record that they watch: they are asked about everything. */
static void add_class(struct rules_index *index, const struct event_rule *rule, u32 n)
{
	u32 class, first = 0, last = INDEX_CLASSES - 1;

	if (rule->origin == RULE_GDB)
		;
	else if (rule->kind == EVENT_DR)
		first = CLASS_DR;
	else if (rule->vector != RULES_NO_VECTOR)
		first = last = rule->vector;
	else if (rule->kind == EVENT_EXCEPTION)
		last = EVENT_NR_EXCEPTIONS - 1;
	else
		last = EVENT_NR_VECTORS - 1;
	for (class = first; class <= last; class ++)
		set_add(&index->by_class[class], n);
}

static void add_cpu(struct rules_index *index, const struct event_rule *rule, u32 n)
{
	u32 cpu;

	for (cpu = 0; cpu < INDEX_CPUS; cpu++)
		if (rule->origin == RULE_GDB || !(rule->filter.set & RULE_CORE) ||
		    rule->filter.core == cpu)
			set_add(&index->by_cpu[cpu], n);
}

/* By insertion: rules come one at a time, and there are not many. */
static void add_range(struct rules_ranges *ranges, bool has, const struct rule_range *range, u32 n)
{
	u32 i;

	if (!has) {
		set_add(&ranges->without, n);
		return;
	}
	for (i = ranges->nr++; i && ranges->from[i - 1] > range->from; i--) {
		ranges->from[i] = ranges->from[i - 1];
		ranges->rule[i] = ranges->rule[i - 1];
	}
	ranges->from[i] = range->from;
	ranges->rule[i] = n;
}

/* Leaf i has the end of range i; those behind the last are empty and end before any address. */
static void grow_tree(const struct event_rules *rules, struct rules_ranges *ranges, bool rip)
{
	const struct rule_filter *f;
	u32 i;

	for (ranges->leaves = 1; ranges->leaves < ranges->nr;)
		ranges->leaves *= 2;
	for (i = 0; i < ranges->leaves; i++)
		ranges->to[ranges->leaves + i] = 0;
	for (i = 0; i < ranges->nr; i++) {
		f = &rules_nth(rules, ranges->rule[i])->filter;
		ranges->to[ranges->leaves + i] = rip ? f->rip.to : f->addr.to;
	}
	for (i = ranges->leaves - 1; i; i--)
		ranges->to[i] = base_max(ranges->to[2 * i], ranges->to[2 * i + 1]);
}

void rules_index_build(struct event_rules *rules)
{
	struct rules_index *index = &rules->index;
	const struct event_rule *rule;
	u32 n;

	memset(index, 0, sizeof(*index));
	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		add_class(index, rule, n);
		add_cpu(index, rule, n);
		add_range(&index->rip, rule->filter.set & RULE_RIP, &rule->filter.rip, n);
		add_range(&index->addr, rule->filter.set & RULE_ADDR, &rule->filter.addr, n);
	}
	grow_tree(rules, &index->rip, true);
	grow_tree(rules, &index->addr, false);
}

/* How many ranges begin at an address or before it. */
static u32 begun(const struct rules_ranges *ranges, u64 addr)
{
	u32 low = 0, high = ranges->nr, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (ranges->from[middle] <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The first leaf from a place on whose range ends at an address or behind it; leaves if there is
 * none. Up to where the rest of the tree is on the right, then down to the left.
 */
static u32 next_reaching(const struct rules_ranges *ranges, u32 leaf, u64 addr)
{
	u32 node = ranges->leaves + leaf;

	if (leaf >= ranges->leaves)
		return ranges->leaves;
	while (ranges->to[node] < addr) {
		while (node & 1)
			node /= 2;
		if (!node)
			return ranges->leaves;
		node++;
	}
	while (node < ranges->leaves) {
		node *= 2;
		if (ranges->to[node] < addr)
			node++;
	}
	return node - ranges->leaves;
}

/* The rules without a range, and those whose range has the address; only words that both have. */
static u32 keep_ranges(const struct rules_ranges *ranges, u64 addr, u64 *found, u32 words)
{
	u32 leaf, end = begun(ranges, addr), left, word, inside_words = 0;
	rules_set inside;

	if (!ranges->nr)
		return words;
	for (leaf = next_reaching(ranges, 0, addr); leaf < end;
	     leaf = next_reaching(ranges, leaf + 1, addr)) {
		word = ranges->rule[leaf] / 64;
		if (!(inside_words >> word & 1))
			inside[word] = 0;
		inside_words |= 1u << word;
		inside[word] |= BIT64(ranges->rule[leaf] % 64);
	}
	words &= ranges->without.words | inside_words;
	for (left = words; left; left &= left - 1) {
		word = __builtin_ctz(left);
		found[word] &=
			ranges->without.set[word] | (inside_words >> word & 1 ? inside[word] : 0);
	}
	return words;
}

u32 rules_index_find(const struct event_rules *rules, const struct event *event, rules_set found)
{
	const struct rules_index *index = &rules->index;
	const struct rules_marked *class, *cpu;
	u32 words, left, word;

	class = &index->by_class[event->kind == EVENT_DR ? CLASS_DR : event->vector];
	cpu = &index->by_cpu[event->cpu % INDEX_CPUS];
	words = class->words & cpu->words;
	for (left = words; left; left &= left - 1) {
		word = __builtin_ctz(left);
		found[word] = class->set[word] & cpu->set[word];
	}
	words = keep_ranges(&index->rip, event->rip, found, words);
	return keep_ranges(&index->addr, event->address, found, words);
}
