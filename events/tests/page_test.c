// SPDX-License-Identifier: GPL-2.0
/* Tests of page.c: Z-packets on the event page, stops, records. User space. */
#include "rules_fixture.h"

#define RECORD(member) (FIX_PAGE + offsetof(struct hvgdb_events, member))
#define PF	       RECORD(exception[14])
#define Z2	       RSP_WATCH_WRITE
#define Z3	       RSP_WATCH_READ
#define Z4	       RSP_WATCH_ACCESS

static void test_ranges(void **state)
{
	static const struct {
		unsigned int type;
		u64 addr, len;
		int result;
	} cases[] = {
		{ Z4, FIX_PAGE, 64, RSP_OK },
		{ Z3, FIX_PAGE, 1, RSP_OK },
		{ Z2, FIX_PAGE, 1, RSP_EINVAL },
		{ RSP_BREAK_SOFTWARE, FIX_PAGE, 1, RSP_EINVAL },
		{ RSP_BREAK_HARDWARE, FIX_PAGE, 1, RSP_EINVAL },
		{ Z4, FIX_PAGE - 8, 8, PAGE_NOT_OURS },
		{ Z2, FIX_PAGE - 8, 8, PAGE_NOT_OURS },
		{ Z4, FIX_PAGE - 8, 9, RSP_OK },
		{ Z4, RECORD(dr) + 63, 1, RSP_OK },
		{ Z4, RECORD(dr) + 64, 8, PAGE_NOT_OURS },
		{ Z4, FIX_PAGE, 0, PAGE_NOT_OURS },
		{ Z4, 0, ~0ULL, RSP_OK },
		{ Z4, ~0ULL, ~0ULL, PAGE_NOT_OURS },
		{ Z4, 0xffff888000000000, 8, PAGE_NOT_OURS },
	};
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fix_init(&f);
		assert_int_equal(page_insert(&f.rules, cases[i].type, cases[i].addr, cases[i].len),
				 cases[i].result);
		assert_int_equal(f.rules.nr, cases[i].result == RSP_OK);
		assert_int_equal(page_remove(&f.rules, cases[i].type, cases[i].addr, cases[i].len),
				 cases[i].result);
	}
	assert_string_equal(page_refusal(Z2), "use awatch on the event page: gdb drops the hits of "
					      "a watch whose value has not changed");
	assert_non_null(page_refusal(RSP_BREAK_SOFTWARE));
}

static void test_full(void **state)
{
	struct fixture f;
	unsigned int i;

	(void)state;
	fix_init(&f);
	for (i = 0; i < FIX_RULES; i++)
		assert_int_equal(page_insert(&f.rules, Z4, PF + i, 1), RSP_OK);
	assert_int_equal(page_insert(&f.rules, Z4, PF + i, 1), RSP_EBREAKFULL);
	assert_int_equal(page_insert(&f.rules, Z4, PF, 1), RSP_OK);
	assert_int_equal(f.rules.nr, FIX_RULES);
}

/* gdb takes out and puts back at each stop: the same rule, with its id and hits. */
static void test_stops(void **state)
{
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;
	unsigned int i;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception gp");
	for (i = 1; i <= 3; i++) {
		page_insert(&f.rules, Z4, PF, 64);
		page_insert(&f.rules, Z4, RECORD(dr), 64);
		page_resume(&f.rules);
		rules_match(&f.rules, &event, NULL, NULL, &outcome);
		assert_int_equal(outcome.nr_breaking, 1);
		page_remove(&f.rules, Z4, PF, 64);
		page_remove(&f.rules, Z4, RECORD(dr), 64);
		assert_int_equal(f.rules.nr, 3);
		assert_int_equal(rules_find(&f.rules, 2)->hits, i);
	}
	/* `delete`: the other comes back alone. */
	page_insert(&f.rules, Z4, RECORD(dr), 64);
	page_resume(&f.rules);
	assert_null(rules_find(&f.rules, 2));
	assert_int_equal(rules_find(&f.rules, 3)->origin, RULE_GDB);
	assert_int_equal(f.rules.nr, 2);
	/* Made again it is a new one. */
	page_insert(&f.rules, Z4, PF, 64);
	assert_int_equal(rules_nth(&f.rules, 2)->id, 4);
	page_remove(&f.rules, Z3, PF, 64);
	page_remove(&f.rules, Z4, PF, 63);
	page_remove(&f.rules, Z4, PF + 1, 64);
	page_resume(&f.rules);
	assert_int_equal(f.rules.nr, 3);
	/* Two in one go. */
	page_remove(&f.rules, Z4, PF, 64);
	page_remove(&f.rules, Z4, RECORD(dr), 64);
	page_resume(&f.rules);
	assert_int_equal(f.rules.nr, 1);
}

/* A mark means: not any more. The rule does not match while it waits for its end. */
static void test_marked(void **state)
{
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;

	(void)state;
	fix_init(&f);
	page_insert(&f.rules, Z4, PF, 64);
	page_remove(&f.rules, Z4, PF, 64);
	rules_match(&f.rules, &event, NULL, NULL, &outcome);
	assert_int_equal(outcome.nr_matched, 0);
	page_resume(&f.rules);
	assert_int_equal(f.rules.nr, 0);
}

/* Z-packets and rules, a page fault, the stop. */
static void test_watch(void **state)
{
	static const struct {
		struct {
			unsigned int type;
			u64 addr, len;
		} z[3];
		const char *rule;
		u32 breaking;
		u8 type, signal;
		u64 addr;
		bool suppress;
	} cases[] = {
		{ { { Z4, PF, 64 } }, NULL, 1, Z4, RSP_SIGSEGV, PF, false },
		{ { { Z4, PF + 8, 8 } }, NULL, 1, Z4, RSP_SIGSEGV, PF + 8, false },
		{ { { Z4, PF - 64, 256 } }, NULL, 1, Z4, RSP_SIGSEGV, PF, false },
		{ { { Z4, FIX_PAGE, 4096 } }, NULL, 1, Z4, RSP_SIGSEGV, PF, false },
		{ { { Z4, PF - 64, 64 } }, NULL, 0, 0, 0, 0, false },
		{ { { Z4, PF + 64, 64 } }, NULL, 0, 0, 0, 0, false },
		{ { { Z3, PF, 64 } }, NULL, 1, Z3, 0, PF, false },
		/* several on one record: one stop, at an address that all of them hold */
		{ { { Z4, PF, 64 }, { Z4, PF + 16, 8 }, { Z4, PF - 8, 16 } },
		  NULL,
		  3,
		  Z4,
		  RSP_SIGSEGV,
		  PF + 16,
		  false },
		{ { { Z4, PF, 64 }, { Z3, PF + 16, 8 } }, NULL, 2, Z4, RSP_SIGSEGV, PF, false },
		{ { { Z3, PF + 16, 8 }, { Z4, PF, 64 } }, NULL, 2, Z4, RSP_SIGSEGV, PF, false },
		/* with rules of monitor: made later here, so they decide */
		{ { { Z4, PF, 64 } }, "!exception pf", 2, Z4, RSP_SIGSEGV, PF, false },
		{ { { Z3, PF, 64 } }, "!exception pf", 2, Z3, RSP_SIGSEGV, PF, false },
		{ { { Z4, PF, 64 } }, "!exception pf sc on", 2, Z4, 0, PF, true },
		{ { { Z3, PF, 64 } }, "!exception pf sc on", 2, Z3, 0, PF, true },
	};
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fix_init(&f);
		for (j = 0; j < 3 && cases[i].z[j].len; j++)
			assert_int_equal(page_insert(&f.rules, cases[i].z[j].type,
						     cases[i].z[j].addr, cases[i].z[j].len),
					 RSP_OK);
		if (cases[i].rule)
			fix_do(&f, cases[i].rule);
		rules_match(&f.rules, &event, NULL, NULL, &outcome);
		if (outcome.nr_breaking != cases[i].breaking ||
		    outcome.watch != !!cases[i].breaking || outcome.watch_type != cases[i].type ||
		    outcome.signal != cases[i].signal || outcome.watch_addr != cases[i].addr ||
		    outcome.suppress != cases[i].suppress)
			fail_msg("%zu: %u %u %u %llx %u", i, outcome.nr_breaking,
				 outcome.watch_type, outcome.signal,
				 (unsigned long long)outcome.watch_addr, outcome.suppress);
	}
}

/* An rwatch leaves to the rule before it what becomes of the event. */
static void test_rwatch_decides_nothing(void **state)
{
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception pf sc on");
	page_insert(&f.rules, Z3, PF, 64);
	rules_match(&f.rules, &event, NULL, NULL, &outcome);
	assert_true(outcome.suppress);
	page_insert(&f.rules, Z4, PF, 64);
	rules_match(&f.rules, &event, NULL, NULL, &outcome);
	assert_false(outcome.suppress);
	assert_int_equal(outcome.signal, RSP_SIGSEGV);
}

static void test_kinds(void **state)
{
	struct event irq = fix_interrupt(0xff), dr = fix_dr(7, EVENT_DR_WRITE);
	struct event fault = fix_exception(31), post = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;

	(void)state;
	fix_init(&f);
	page_insert(&f.rules, Z4, RECORD(interrupt[0xff]), 65);
	rules_match(&f.rules, &irq, NULL, NULL, &outcome);
	assert_int_equal(outcome.signal, RSP_SIGUSR1);
	assert_int_equal(outcome.watch_addr, RECORD(interrupt[0xff]));
	rules_match(&f.rules, &dr, NULL, NULL, &outcome);
	assert_int_equal(outcome.signal, RSP_SIGUSR2);
	assert_int_equal(outcome.watch_addr, RECORD(dr));
	rules_match(&f.rules, &fault, NULL, NULL, &outcome);
	assert_int_equal(outcome.nr_breaking, 0);
	page_insert(&f.rules, Z4, PF, 64);
	post.stage = EVENT_POST;
	rules_match(&f.rules, &post, NULL, NULL, &outcome);
	assert_int_equal(outcome.nr_breaking, 0);
}

static void test_intercepts(void **state)
{
	static const struct {
		u64 addr, len;
		u32 bitmap;
		bool irq, dr;
	} cases[] = {
		{ PF, 64, 1 << 14, false, false },
		{ RECORD(exception[6]) + 63, 2, 3 << 6, false, false },
		{ RECORD(exception[2]), 64, 0, false, false },
		{ RECORD(interrupt[0x20]), 64, 0, true, false },
		{ RECORD(interrupt[0x1f]), 64, 0, false, false },
		{ RECORD(dr), 8, 0, false, true },
		{ FIX_PAGE, sizeof(struct hvgdb_events), ~0u & ~4u, true, true },
	};
	struct event_intercepts got;
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fix_init(&f);
		page_insert(&f.rules, Z4, cases[i].addr, cases[i].len);
		got = rules_intercepts(&f.rules, 0);
		assert_int_equal(got.exception_bitmap, cases[i].bitmap);
		assert_int_equal(got.external_interrupt, cases[i].irq);
		assert_int_equal(got.mov_dr, cases[i].dr);
		assert_int_equal(got.pf_mask, 0);
	}
	fix_do(&f, "!exception pf pfec 2 2");
	assert_int_equal(rules_intercepts(&f.rules, 0).pf_mask, 0);
	/* A Z-packet takes nothing from the rules before it. */
	fix_init(&f);
	fix_do(&f, "!dr");
	fix_do(&f, "!interrupt 30");
	page_insert(&f.rules, Z4, PF, 64);
	got = rules_intercepts(&f.rules, 0);
	assert_true(got.mov_dr && got.external_interrupt);
}

static void test_records(void **state)
{
	static struct hvgdb_events events;
	struct hvgdb_event_record *record = &events.exception[14];
	struct event event = fix_page_fault();

	(void)state;
	assert_int_equal(sizeof(events) % 4096, 0);
	page_store(&events, &event);
	event.address = 0x8000;
	page_store(&events, &event);
	assert_int_equal(record->count, 2);
	assert_int_equal(record->address, 0x8000);
	assert_int_equal(record->rip, 0x401000);
	assert_int_equal(record->context, 14);
	assert_int_equal(record->cpu, 1);
	assert_int_equal(record->pid, 0x490);
	assert_int_equal(record->tid, 0x491);
	assert_int_equal(record->error, 6);
	assert_int_equal(record->vector, 14);
	assert_int_equal(record->cpl, 3);
	assert_true(record->has_error);
	event = fix_dr(7, EVENT_DR_READ);
	event.value = 0x400;
	event.dr_gpr = 3;
	event.stage = EVENT_POST;
	page_store(&events, &event);
	assert_int_equal(events.dr.value, 0x400);
	assert_int_equal(events.dr.dr, 7);
	assert_int_equal(events.dr.dr_gpr, 3);
	assert_int_equal(events.dr.dr_read, 1);
	assert_int_equal(events.dr.stage, 1);
	assert_int_equal(events.dr.context, 0x317);
	event = fix_interrupt(0xff);
	event.error = 9;
	page_store(&events, &event);
	assert_int_equal(events.interrupt[0xff].count, 1);
	assert_int_equal(events.interrupt[0xff].error, 0);
	assert_int_equal(record->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),	cmocka_unit_test(test_full),
		cmocka_unit_test(test_stops),	cmocka_unit_test(test_marked),
		cmocka_unit_test(test_watch),	cmocka_unit_test(test_rwatch_decides_nothing),
		cmocka_unit_test(test_kinds),	cmocka_unit_test(test_intercepts),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
