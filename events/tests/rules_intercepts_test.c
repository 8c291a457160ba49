// SPDX-License-Identifier: GPL-2.0
/* Tests of rules_intercepts.c: nothing that is wanted fails to exit, little else does. User space.
 */
#include "rules_fixture.h"

#define ALL (~0u & ~(1u << EVENT_VECTOR_NMI))

static const struct {
	const char *rules[3];
	u32 cpu, bitmap, mask, match;
	bool irq, dr;
} intercepts[] = {
	{ { NULL }, 0, 0, 0, 0, false, false },
	{ { "!exception ud" }, 0, 1 << 6, 0, 0, false, false },
	{ { "!exception ud", "!exception 1f" }, 0, 1u << 31 | 1 << 6, 0, 0, false, false },
	{ { "!exception" }, 0, ALL, 0, 0, false, false },
	{ { "!exception nmi" }, 0, 0, 0, 0, false, false },
	{ { "!exception pf" }, 0, 1 << 14, 0, 0, false, false },
	{ { "!exception pf pfec 6 2" }, 0, 1 << 14, 6, 2, false, false },
	{ { "!exception pf pfec 6 2", "!exception pf" }, 0, 1 << 14, 0, 0, false, false },
	{ { "!exception pf pfec 6 2", "!exception" }, 0, ALL, 0, 0, false, false },
	{ { "!exception pf pfec 7 7", "!exception pf pfec 6 2" }, 0, 1 << 14, 2, 2, false, false },
	/* user or write: all but reads of the kernel */
	{ { "!exception pf pfec 4 4", "!exception pf pfec 2 2" }, 0, 0, 6, 0, false, false },
	{ { "!exception pf pfec 4 4", "!exception pf pfec 2 0", "!exception gp" },
	  0,
	  1 << 13,
	  6,
	  2,
	  false,
	  false },
	{ { "!exception pf pfec 4 4", "!exception pf pfec 2 2", "!exception pf pfec 6 6" },
	  0,
	  0,
	  6,
	  0,
	  false,
	  false },
	{ { "!exception pf pfec 3 3", "!exception pf pfec 4 4" }, 0, 0, 5, 0, false, false },
	{ { "!dr", "!interrupt 30" }, 2, 0, 0, 0, true, true },
	/* present or not: all */
	{ { "!exception pf pfec 1 1", "!exception pf pfec 1 0" }, 0, 1 << 14, 0, 0, false, false },
	{ { "!exception pf stage post" }, 0, 1 << 14, 0, 0, false, false },
	{ { "!interrupt 20" }, 0, 0, 0, 0, true, false },
	{ { "!dr access r" }, 0, 0, 0, 0, false, true },
	{ { "!dr", "!interrupt ff", "!exception de" }, 0, 1, 0, 0, true, true },
	{ { "!dr core 1", "!interrupt ff core 1", "!exception de core 1" },
	  1,
	  1,
	  0,
	  0,
	  true,
	  true },
	{ { "!dr core 1", "!interrupt ff core 1", "!exception de core 1" },
	  2,
	  0,
	  0,
	  0,
	  false,
	  false },
	{ { "!dr core 1", "!interrupt ff core 2", "!exception de core 3" },
	  RULES_EVERY_CPU,
	  1,
	  0,
	  0,
	  true,
	  true },
	{ { "!dr", "!exception de", "events d 1" }, 0, 1, 0, 0, false, false },
	{ { "!dr", "!exception de", "events c all" }, 0, 0, 0, 0, false, false },
};

static void test_table(void **state)
{
	struct event_intercepts got;
	struct fixture f;
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(intercepts); i++) {
		fix_init(&f);
		for (j = 0; j < 3 && intercepts[i].rules[j]; j++)
			fix_do(&f, intercepts[i].rules[j]);
		got = rules_intercepts(&f.rules, intercepts[i].cpu);
		if (got.exception_bitmap != intercepts[i].bitmap ||
		    got.pf_mask != intercepts[i].mask || got.pf_match != intercepts[i].match ||
		    got.external_interrupt != intercepts[i].irq || got.mov_dr != intercepts[i].dr)
			fail_msg("%zu: %x %x %x %d %d", i, got.exception_bitmap, got.pf_mask,
				 got.pf_match, got.external_interrupt, got.mov_dr);
	}
}

/* NMIs have no bit in the bitmap, and yet rules want them. */
static void test_nmi(void **state)
{
	static const struct {
		const char *rule;
		u32 cpu;
		bool wanted;
	} cases[] = {
		{ "!exception nmi", 0, true },
		{ "!exception 2", 3, true },
		{ "!exception", 0, true },
		{ "!exception nmi core 1", 1, true },
		{ "!exception nmi core 1", 0, false },
		{ "!exception ud", 0, false },
		{ "!interrupt 20", 0, false },
	};
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fix_init(&f);
		fix_do(&f, cases[i].rule);
		if (rules_intercepts(&f.rules, cases[i].cpu).nmi != cases[i].wanted)
			fail_msg("%s", cases[i].rule);
	}
}

static bool exits(const struct event_intercepts *all, u32 code)
{
	return ((code & all->pf_mask) == all->pf_match) ==
	       (all->exception_bitmap >> EVENT_VECTOR_PF & 1);
}

static u32 next(u32 *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 12;
}

/* The fewest codes of six bits that a single mask and match lets through and that hold all wanted.
 */
static unsigned int best_cover(const bool *wanted)
{
	unsigned int best = 64, mask, value, code, inside, missed;

	for (mask = 0; mask < 64; mask++)
		for (value = 0; value < 64; value++) {
			if (value & ~mask)
				continue;
			for (code = inside = missed = 0; code < 64; code++) {
				inside += (code & mask) == value;
				missed += wanted[code] && (code & mask) != value;
			}
			if (!missed && inside < best)
				best = inside;
		}
	return best;
}

/*
 * Random filters of page faults: whatever a rule wants exits, and no more codes do than with the
 * best mask and match of the plain form.
 */
static void test_page_fault_codes(void **state)
{
	unsigned int round, n, code, inside;
	struct event_intercepts all;
	struct event_rule *rule;
	u32 seed = 7, mask;
	struct fixture f;
	bool wanted[64];
	char line[64];

	(void)state;
	for (round = 0; round < 500; round++) {
		fix_init(&f);
		memset(wanted, 0, sizeof(wanted));
		for (n = 1 + next(&seed) % 3; n; n--) {
			mask = next(&seed) & next(&seed) & 63;
			snprintf(line, sizeof(line), "!exception pf pfec %x %x", mask,
				 next(&seed) & mask);
			rule = fix_do(&f, line);
			for (code = 0; code < 64; code++)
				wanted[code] |= (code & mask) == rule->filter.pfec_value;
		}
		all = rules_intercepts(&f.rules, 0);
		for (code = inside = 0; code < 64; code++) {
			assert_true(exits(&all, code) || !wanted[code]);
			inside += exits(&all, code);
		}
		assert_in_range(inside, 1, best_cover(wanted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_nmi),
		cmocka_unit_test(test_page_fault_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
