// SPDX-License-Identifier: GPL-2.0
/* Tests of rules_match.c: filters, stages, actions and their order, counters. User space. */
#include "rules_fixture.h"

static struct event_outcome match(struct fixture *f, const struct event *event,
				  const struct rules_ops *ops, void *ctx)
{
	struct event_outcome outcome;

	rules_match(&f->rules, event, ops, ctx, &outcome);
	return outcome;
}

static struct event event_named(char name)
{
	struct event event = fix_page_fault();

	switch (name) {
	case 'g': /* kernel, no error code of a page fault */
		event = fix_exception(13);
		event.cpl = 0;
		event.rip = 0xffffffff81000000;
		break;
	case 'i':
		return fix_interrupt(0xec);
	case 'w':
		return fix_dr(7, EVENT_DR_WRITE);
	case 'r':
		return fix_dr(0, EVENT_DR_READ);
	case 'a': /* DR4 as an alias */
		event = fix_dr(4, EVENT_DR_READ);
		event.dr_real = 6;
	}
	return event;
}

/* Which of the events p (page fault), g, i, w, r, a a rule matches. */
static void test_filters(void **state)
{
	static const struct {
		const char *line, *events;
	} cases[] = {
		{ "!exception", "pg" },
		{ "!exception e", "p" },
		{ "!exception d", "g" },
		{ "!exception ud", "" },
		{ "!interrupt ec", "i" },
		{ "!interrupt ed", "" },
		{ "!dr", "wra" },
		{ "!exception pid 490", "pg" },
		{ "!exception pid 491", "" },
		{ "!exception pid all", "pg" },
		{ "!exception core 1", "pg" },
		{ "!exception core 0", "" },
		{ "!exception cpl 3", "p" },
		{ "!exception cpl 0", "g" },
		{ "!exception rip 401000 401000", "p" },
		{ "!exception rip 401001 401fff", "" },
		{ "!exception rip 400000 400fff", "" },
		{ "!exception rip ffffffff80000000 ffffffffffffffff", "g" },
		{ "!exception e addr 7000 7fff", "p" },
		{ "!exception e addr 6000 7000", "p" },
		{ "!exception e addr 7001 8000", "" },
		{ "!exception e addr 0 6fff", "" },
		{ "!exception e pfec 2 2", "p" },
		{ "!exception e pfec 7 6", "p" },
		{ "!exception e pfec 1 1", "" },
		{ "!exception e pfec 0 0", "p" },
		{ "!interrupt ec pid 490 core 1 cpl 3", "i" },
		{ "!interrupt ec pid 1", "" },
		{ "!dr reg 7", "w" },
		{ "!dr reg 0", "r" },
		{ "!dr reg 4", "a" },
		{ "!dr reg 6", "a" },
		{ "!dr reg 5", "" },
		{ "!dr access r", "ra" },
		{ "!dr access w", "w" },
		{ "!dr access rw", "wra" },
		{ "!dr access w reg 0", "" },
		{ "!dr rip 0 1", "" },
	};
	static const char all[] = "pgiwra";
	struct fixture f;
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		for (j = 0; all[j]; j++) {
			struct event event = event_named(all[j]);
			struct event_outcome outcome;

			fix_init(&f);
			fix_do(&f, cases[i].line);
			outcome = match(&f, &event, NULL, NULL);
			if (outcome.nr_matched != !!strchr(cases[i].events, all[j]))
				fail_msg("%s: %c", cases[i].line, all[j]);
			assert_int_equal(rules_nth(&f.rules, 0)->hits, outcome.nr_matched);
			assert_int_equal(outcome.nr_breaking, outcome.nr_matched);
		}
}

/* What each stage sees, and whether the other is asked for. */
static void test_stages(void **state)
{
	static const struct {
		const char *line;
		bool pre, post, wants;
	} cases[] = {
		{ "!exception pf", true, false, false },
		{ "!exception pf stage pre", true, false, false },
		{ "!exception pf stage post", false, true, true },
		{ "!exception pf stage all", true, true, true },
	};
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fix_init(&f);
		fix_do(&f, cases[i].line);
		event.stage = EVENT_PRE;
		outcome = match(&f, &event, NULL, NULL);
		assert_int_equal(outcome.nr_breaking, cases[i].pre);
		assert_int_equal(outcome.wants_post, cases[i].wants);
		assert_int_equal(outcome.signal, cases[i].pre ? RSP_SIGSEGV : 0);
		event.stage = EVENT_POST;
		outcome = match(&f, &event, NULL, NULL);
		assert_int_equal(outcome.nr_breaking, cases[i].post);
		assert_int_equal(outcome.signal, 0);
		assert_false(outcome.wants_post);
	}
}

/* What the fake actions do and saw. Programs are their text, code is told by its first byte. */
struct actor {
	struct fixture *f;
	char log[64];
};

static bool act_condition(void *ctx, const struct event_rule *rule, const struct event *event,
			  u64 *result, struct rule_failure *why)
{
	struct actor *actor = ctx;
	u8 byte = actor->f->code[rule->condition.at];

	assert_non_null(event);
	strcat(actor->log, "?");
	*why = (struct rule_failure){ .what = RULE_ENDLESS, .in_condition = true };
	*result = byte == 1 ? BIT64(40) : 0;
	return byte != 0xff;
}

static bool act_code(void *ctx, const struct event_rule *rule, const struct event *event,
		     struct rule_failure *why)
{
	struct actor *actor = ctx;

	assert_non_null(event);
	strcat(actor->log, "c");
	*why = (struct rule_failure){ .what = RULE_FAULT, .vector = 6 };
	return actor->f->code[rule->code.at] != 0xff;
}

static bool act_script(void *ctx, const struct event_rule *rule, const struct event *event,
		       struct rule_verdict *verdict, struct rule_failure *why)
{
	struct actor *actor = ctx;
	char c = actor->f->scripts[rule->program.at];
	char word[] = { c, 0 };

	assert_non_null(event);
	strcat(actor->log, word);
	*why = (struct rule_failure){ .what = RULE_SCRIPT, .sentence = "its script failed" };
	if (c == 's' || c == 'd')
		verdict->suppress = c == 's';
	verdict->pause = c == 'p';
	return c != 'f';
}

static void act_collect(void *ctx, unsigned int tracepoint)
{
	struct actor *actor = ctx;

	sprintf(actor->log + strlen(actor->log), "t%u", tracepoint);
}

static const struct rules_ops act_ops = { act_condition, act_code, act_script, act_collect };

/*
 * Rules in the order they are made, one page fault, what comes of it. Scripts: s suppresses, d
 * delivers, p pauses, f fails, n does nothing. Code ff and condition ff fail, condition 0 is
 * false.
 */
static const struct {
	const char *rules[3], *log;
	u32 matched, breaking, suppress, skip, signal, failed;
} actions[] = {
	{ { "!exception script { n }" }, "n", 1, 0, 0, 0, 0, 0 },
	{ { "!exception script { s }" }, "s", 1, 0, 1, 0, 0, 0 },
	{ { "!exception script { n } sc on" }, "n", 1, 0, 1, 0, 0, 0 },
	{ { "!exception script { d } sc on" }, "d", 1, 0, 0, 0, 0, 0 },
	{ { "!exception script { p }" }, "p", 1, 1, 0, 0, RSP_SIGSEGV, 0 },
	{ { "!exception script { p } sc on" }, "p", 1, 1, 1, 0, 0, 0 },
	{ { "!exception sc on" }, "", 1, 1, 1, 0, 0, 0 },
	{ { "!exception e sc on skip on" }, "", 1, 1, 1, 1, 0, 0 },
	{ { "!exception e skip on" }, "", 1, 1, 0, 1, RSP_SIGSEGV, 0 },
	/* the last one decides */
	{ { "!exception script { s }", "!exception script { n }" }, "sn", 2, 0, 0, 0, 0, 0 },
	{ { "!exception script { n }", "!exception script { s }" }, "ns", 2, 0, 1, 0, 0, 0 },
	{ { "!exception sc on", "!exception" }, "", 2, 2, 0, 0, RSP_SIGSEGV, 0 },
	{ { "!exception", "!exception sc on" }, "", 2, 2, 1, 0, 0, 0 },
	{ { "!exception e skip on", "!exception script { s }" }, "s", 2, 1, 1, 1, 0, 0 },
	{ { "!exception sc on", "!exception ud" }, "", 1, 1, 1, 0, 0, 0 },
	/* the order typed, within a rule too */
	{ { "!exception script { n } code { 90 }" }, "nc", 1, 0, 0, 0, 0, 0 },
	{ { "!exception code { 90 } script { n }" }, "cn", 1, 0, 0, 0, 0, 0 },
	{ { "!exception code { 90 }", "!exception script { n }" }, "cn", 2, 0, 0, 0, 0, 0 },
	/* collecting: before the actions, and it breaks nothing */
	{ { "!exception trace 7" }, "t7", 1, 0, 0, 0, 0, 0 },
	{ { "!exception trace 0n10 sc on" }, "t10", 1, 0, 1, 0, 0, 0 },
	{ { "!exception script { p } trace 2" }, "t2p", 1, 1, 0, 0, RSP_SIGSEGV, 0 },
	{ { "!exception trace 2 condition { 00 }" }, "?", 0, 0, 0, 0, 0, 0 },
	{ { "!exception ud trace 2", "!exception trace 3" }, "t3", 1, 0, 0, 0, 0, 0 },
	/* conditions */
	{ { "!exception condition { 01 }" }, "?", 1, 1, 0, 0, RSP_SIGSEGV, 0 },
	{ { "!exception condition { 00 } sc on" }, "?", 0, 0, 0, 0, 0, 0 },
	{ { "!exception condition { 00 } script { s }", "!exception" },
	  "?",
	  1,
	  1,
	  0,
	  0,
	  RSP_SIGSEGV,
	  0 },
	/* failures */
	{ { "!exception condition { ff } sc on" }, "?", 0, 0, 0, 0, 0, 1 },
	{ { "!exception code { ff } script { n }", "!exception" },
	  "c",
	  2,
	  1,
	  0,
	  0,
	  RSP_SIGSEGV,
	  1 },
	{ { "!exception script { f }", "!exception script { f }" }, "ff", 2, 0, 0, 0, 0, 1 },
};

static void test_actions(void **state)
{
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct actor actor;
	struct fixture f;
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		fix_init(&f);
		memset(&actor, 0, sizeof(actor));
		actor.f = &f;
		for (j = 0; j < 3 && actions[i].rules[j]; j++)
			fix_do(&f, actions[i].rules[j]);
		outcome = match(&f, &event, &act_ops, &actor);
		if (strcmp(actor.log, actions[i].log) || outcome.nr_matched != actions[i].matched ||
		    outcome.nr_breaking != actions[i].breaking ||
		    outcome.suppress != actions[i].suppress || outcome.skip != actions[i].skip ||
		    outcome.signal != actions[i].signal || outcome.failed != actions[i].failed)
			fail_msg("%s: %s %u %u %u %u %u %u", actions[i].rules[0], actor.log,
				 outcome.nr_matched, outcome.nr_breaking, outcome.suppress,
				 outcome.skip, outcome.signal, outcome.failed);
		assert_false(outcome.watch);
	}
}

/* A rule that failed is out, and its generation tells the CPUs. */
static void test_failed(void **state)
{
	struct event event = fix_page_fault();
	struct fixture f;
	struct actor actor = { .f = &f };
	u32 generation;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception script { f }");
	generation = f.rules.generation;
	assert_int_equal(match(&f, &event, &act_ops, &actor).failed, 1);
	assert_int_not_equal(f.rules.generation, generation);
	assert_int_equal(match(&f, &event, &act_ops, &actor).nr_matched, 0);
	assert_int_equal(rules_intercepts(&f.rules, RULES_EVERY_CPU).exception_bitmap, 0);
	/* Without anybody to run actions they fail as well. */
	fix_do(&f, "!exception code { 90 }");
	assert_int_equal(match(&f, &event, NULL, NULL).failed, 2);
	fix_do(&f, "!exception condition { 01 }");
	assert_int_equal(match(&f, &event, NULL, NULL).failed, 3);
}

/* What the owner found out about an event costs the rules that matched it, and no others. */
static void test_fail_matched(void **state)
{
	static const struct rule_failure storm = { .what = RULE_STORM };
	struct event event = fix_interrupt(0x31);
	struct event_outcome outcome;
	struct fixture f;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!interrupt 32");
	fix_do(&f, "!interrupt 31 sc on");
	fix_do(&f, "!interrupt 31 pid 1");
	outcome = match(&f, &event, NULL, NULL);
	/* Made after the event: not meant. */
	fix_do(&f, "!interrupt 31");
	assert_int_equal(rules_fail_matched(&f.rules, &outcome, &storm), 2);
	assert_int_equal(rules_find(&f.rules, 1)->state, RULE_ENABLED);
	assert_int_equal(rules_find(&f.rules, 2)->state, RULE_FAILED);
	assert_int_equal(rules_find(&f.rules, 3)->state, RULE_ENABLED);
	assert_int_equal(rules_find(&f.rules, 4)->state, RULE_ENABLED);
	assert_non_null(strstr(fix_list(&f), "; disabled: its interrupt came again"));
	event = fix_interrupt(0x33);
	outcome = match(&f, &event, NULL, NULL);
	assert_int_equal(rules_fail_matched(&f.rules, &outcome, &storm), 0);
}

static void test_failures_in_words(void **state)
{
	static const struct {
		struct rule_failure failure;
		const char *words;
	} rows[] = {
		{ { .what = RULE_FAULT, .vector = 6, .inside = true, .at = 0x1f },
		  "its code faulted, vector 0x6 (ud) at byte 0x1f" },
		{ { .what = RULE_FAULT, .vector = 15, .in_condition = true },
		  "its condition faulted, vector 0xf at a place outside of it" },
		{ { .what = RULE_ENDLESS }, "its code did not end within 100 ms" },
		{ { .what = RULE_ENDLESS, .in_condition = true },
		  "its condition did not end within 100 ms" },
		{ { .what = RULE_SCRIPT, .at = 7, .sentence = "it ran too long" },
		  "its script, in line 7: it ran too long" },
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rsp_text out = { text, 0, sizeof(text) - 1 };

		rules_describe_failure(&rows[i].failure, &out);
		text[out.len] = 0;
		assert_string_equal(text, rows[i].words);
	}
}

static void test_post_never_suppresses(void **state)
{
	struct event event = fix_page_fault();
	struct fixture f;
	struct actor actor = { .f = &f };
	struct event_outcome outcome;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception stage post script { s }");
	event.stage = EVENT_POST;
	outcome = match(&f, &event, &act_ops, &actor);
	assert_false(outcome.suppress);
	assert_int_equal(rules_nth(&f.rules, 0)->hits, 1);
	assert_int_equal(rules_nth(&f.rules, 0)->suppressed, 0);
}

/* D6: with no gdb nothing stops, but rules count and suppress. */
static void test_no_gdb(void **state)
{
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct fixture f;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception sc on persist");
	f.rules.gdb_present = false;
	outcome = match(&f, &event, NULL, NULL);
	assert_int_equal(outcome.nr_matched, 1);
	assert_int_equal(outcome.nr_breaking, 0);
	assert_int_equal(outcome.signal, 0);
	assert_true(outcome.suppress);
	assert_int_equal(rules_nth(&f.rules, 0)->hits, 1);
	assert_int_equal(rules_nth(&f.rules, 0)->suppressed, 1);
}

static void test_disabled(void **state)
{
	struct event event = fix_page_fault();
	struct fixture f;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception stage all");
	fix_do(&f, "events d all");
	assert_int_equal(match(&f, &event, NULL, NULL).nr_matched, 0);
	assert_false(match(&f, &event, NULL, NULL).wants_post);
	fix_do(&f, "events e all");
	assert_int_equal(match(&f, &event, NULL, NULL).nr_matched, 1);
}

static const char *names(struct fixture *f, const struct event_outcome *outcome)
{
	struct rsp_text out = { f->text, 0, sizeof(f->text) - 1 };

	rules_names(&f->rules, outcome, &out);
	f->text[out.len] = 0;
	return f->text;
}

/* gdb's answer comes later, when rules may have gone and their slots have new owners. */
static void test_counters(void **state)
{
	struct event event = fix_page_fault();
	struct fixture f;
	struct actor actor = { .f = &f };
	struct event_outcome outcome;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception pf");
	fix_do(&f, "!exception pf sc on");
	fix_do(&f, "!exception pf script { s }");
	fix_do(&f, "!exception gp");
	outcome = match(&f, &event, &act_ops, &actor);
	assert_int_equal(outcome.nr_matched, 3);
	assert_string_equal(names(&f, &outcome), "0x1, 0x2");
	assert_int_equal(rules_find(&f.rules, 1)->suppressed, 0);
	rules_remove(&f.rules, 1);
	fix_do(&f, "!exception pf");
	rules_count_suppressed(&f.rules, &outcome);
	assert_string_equal(names(&f, &outcome), "0x2");
	assert_int_equal(rules_find(&f.rules, 2)->suppressed, 1);
	assert_int_equal(rules_find(&f.rules, 3)->suppressed, 1);
	assert_int_equal(rules_find(&f.rules, 4)->suppressed, 0);
	assert_int_equal(rules_find(&f.rules, 5)->suppressed, 0);
	assert_int_equal(rules_find(&f.rules, 5)->hits, 0);
}

/* As many as there may be: every other one matches. */
static void test_many(void **state)
{
	static struct event_rule slots[RULES_MAX];
	struct event event = fix_page_fault();
	struct event_outcome outcome;
	struct rules_memory memory;
	struct event_rule *rule;
	struct fixture f;
	u32 n;

	(void)state;
	fix_init(&f);
	memory = f.rules.memory;
	memory.rules = slots;
	memory.nr_rules = RULES_MAX + 1;
	rules_init(&f.rules, &memory);
	f.rules.gdb_present = true;
	for (n = 0; n < RULES_MAX; n++)
		fix_do(&f, n % 2 ? "!exception gp" : "!exception pf");
	rules_match(&f.rules, &event, NULL, NULL, &outcome);
	assert_int_equal(outcome.nr_breaking, RULES_MAX / 2);
	rules_count_suppressed(&f.rules, &outcome);
	for (n = 0; (rule = rules_nth(&f.rules, n)); n++) {
		assert_int_equal(rule->hits, !(n % 2));
		assert_int_equal(rule->suppressed, !(n % 2));
	}
	assert_int_equal(n, RULES_MAX);
	assert_non_null(strstr(names(&f, &outcome), "0x1, 0x3, 0x5"));
	assert_non_null(strstr(names(&f, &outcome), "0xfd, 0xff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_no_gdb),
		cmocka_unit_test(test_post_never_suppresses),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_fail_matched),
		cmocka_unit_test(test_failures_in_words),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
