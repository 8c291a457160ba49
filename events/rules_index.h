/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which rules an event can concern, found without asking each of them: sets by vector, by CPU, and
 * by address. Rules that match by something else (a process, a ring, bits of an error code) stay in
 * the set and are asked. Built anew whenever rules are made or removed, while no CPU runs
 * rules_match(); read by all CPUs at once.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memset.
 */
#ifndef HVGDB_EVENTS_RULES_INDEX_H
#define HVGDB_EVENTS_RULES_INDEX_H

#include "base.h"

#define RULES_MAX	1024 /* upper bound of the module parameter max_rules */
#define RULES_SET_WORDS (RULES_MAX / 64)
#define INDEX_CPUS	256
#define INDEX_CLASSES	257 /* exceptions and interrupts by vector, debug registers */

struct event;
struct event_rules;

/* Bit n is the rule that is evaluated n-th. */
typedef u64 rules_set[RULES_SET_WORDS];

/* A set, and which of its words are not 0: what an event costs does not grow with the others. */
struct rules_marked {
	u32 words;
	rules_set set;
};

/* The rules with a range, by the start of it, and a tree of the ends: the largest below a node. */
struct rules_ranges {
	u32 nr, leaves; /* a power of two, at least nr */
	u16 rule[RULES_MAX];
	u64 from[RULES_MAX], to[2 * RULES_MAX];
	struct rules_marked without; /* rules that have no range */
};

struct rules_index {
	struct rules_marked by_class[INDEX_CLASSES], by_cpu[INDEX_CPUS];
	struct rules_ranges rip, addr;
};

void rules_index_build(struct event_rules *rules);

/*
 * The rules that may want the event: never one too few. Returns which words of the set hold some;
 * the others are not written.
 */
u32 rules_index_find(const struct event_rules *rules, const struct event *event, rules_set found);

#endif
