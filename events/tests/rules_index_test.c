// SPDX-License-Identifier: GPL-2.0
/* Tests of rules_index.c: what it finds is what asking every rule finds, and little else. User
 * space. */
#include "rules_fixture.h"

#define ROUNDS 60
#define EVENTS 300

static struct event_rules rules;
static struct event_rule slots[RULES_MAX];
static u64 seed = 0x9e3779b97f4a7c15;

static u32 random_below(u32 limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % limit;
}

static void start(void)
{
	struct rules_memory memory = { .rules = slots,
				       .nr_rules = RULES_MAX,
				       .page_address = FIX_PAGE };

	rules_init(&rules, &memory);
	rules.gdb_present = true;
}

/* Few values, so that they meet; ends of the address space among them. */
static u64 random_address(void)
{
	static const u64 places[] = { 0, 1, ~0ULL, ~0ULL - 1, 0x8000000000000000 };
	u32 n = random_below(20);

	return n < ARRAY_SIZE(places) ? places[n] : 0x1000 + random_below(64);
}

static struct rule_range random_range(void)
{
	u64 a = random_address(), b = random_address();

	return (struct rule_range){ base_min(a, b), base_max(a, b) };
}

static void add_random(void)
{
	struct rule_spec spec = { .kind = random_below(EVENT_NR_KINDS), .vector = RULES_NO_VECTOR };
	u32 id;

	spec.stages = EVENT_STAGE_BIT(EVENT_PRE);
	spec.text = (struct rule_span){ "rule", 4 };
	if (spec.kind == EVENT_INTERRUPT)
		spec.vector = 0x20 + random_below(4);
	else if (spec.kind == EVENT_EXCEPTION && random_below(3))
		spec.vector = 12 + random_below(4);
	spec.filter.set = random_below(2) * RULE_CORE | random_below(2) * RULE_RIP |
			  random_below(2) * RULE_ADDR;
	spec.filter.core = random_below(4);
	spec.filter.rip = random_range();
	spec.filter.addr = random_range();
	assert_int_equal(rules_add(&rules, &spec, RULE_MONITOR, &id), RULES_OK);
}

static struct event random_event(void)
{
	struct event event = fix_exception(12 + random_below(4));

	if (random_below(3) == 0)
		event = fix_interrupt(0x20 + random_below(4));
	else if (random_below(3) == 0)
		event = fix_dr(random_below(8), EVENT_DR_READ);
	event.cpu = random_below(4);
	event.rip = random_address();
	event.address = random_address();
	return event;
}

static bool wants(const struct event_rule *rule, const struct event *event)
{
	const struct rule_filter *f = &rule->filter;

	if (rule->kind != event->kind ||
	    (rule->vector != RULES_NO_VECTOR && rule->vector != event->vector))
		return false;
	if (f->set & RULE_CORE && f->core != event->cpu)
		return false;
	if (f->set & RULE_RIP && (event->rip < f->rip.from || event->rip > f->rip.to))
		return false;
	return !(f->set & RULE_ADDR) ||
	       (event->address >= f->addr.from && event->address <= f->addr.to);
}

/* Exactly these, for rules that have nothing but what the index knows. */
static void check_event(const struct event *event)
{
	const struct event_rule *rule;
	struct event_outcome outcome;
	rules_set found;
	u32 n, words, expected = 0;

	words = rules_index_find(&rules, event, found);
	for (n = 0; n < RULES_SET_WORDS; n++)
		if (!(words >> n & 1))
			found[n] = 0;
	for (n = 0; (rule = rules_nth(&rules, n)); n++) {
		if ((found[n / 64] >> n % 64 & 1) != wants(rule, event))
			fail_msg("rule %u of %u, kind %u: found %d", n, rules.nr, rule->kind,
				 (int)(found[n / 64] >> n % 64 & 1));
		expected += wants(rule, event);
	}
	rules_match(&rules, event, NULL, NULL, &outcome);
	assert_int_equal(outcome.nr_matched, expected);
}

static void test_random(void **state)
{
	struct event event;
	u32 round, i;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		start();
		for (i = random_below(round < 10 ? 4 : 200); i; i--)
			add_random();
		for (i = random_below(5); i && rules.nr; i--)
			rules_remove(&rules, rules_nth(&rules, random_below(rules.nr))->id);
		for (i = 0; i < EVENTS; i++) {
			event = random_event();
			check_event(&event);
		}
	}
}

/* All slots in use, each with an address of its own: one is found. */
static void test_many(void **state)
{
	struct event event = fix_page_fault();
	struct rule_spec spec = { .kind = EVENT_EXCEPTION, .vector = EVENT_VECTOR_PF };
	u32 i, id;

	(void)state;
	start();
	spec.stages = EVENT_STAGE_BIT(EVENT_PRE);
	spec.text = (struct rule_span){ "rule", 4 };
	spec.filter.set = RULE_ADDR;
	for (i = 0; i < RULES_MAX; i++) {
		spec.filter.addr = (struct rule_range){ 0x1000 * i, 0x1000 * i + 0xfff };
		assert_int_equal(rules_add(&rules, &spec, RULE_MONITOR, &id), RULES_OK);
	}
	assert_int_equal(rules_add(&rules, &spec, RULE_MONITOR, &id), RULES_FULL);
	for (i = 0; i < RULES_MAX + 2; i++) {
		event.address = 0x1000 * i + 0x800;
		check_event(&event);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
