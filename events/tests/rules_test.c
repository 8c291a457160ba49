// SPDX-License-Identifier: GPL-2.0
/* Tests of rules.c and rules_text.c: adding, removing, pools, sessions, lists. User space. */
#include "events/expr.h"
#include "rules_fixture.h"

static void test_ids_and_order(void **state)
{
	struct fixture f;
	u32 id;

	(void)state;
	fix_init(&f);
	for (id = 1; id <= 4; id++)
		assert_int_equal(fix_do(&f, "!exception pf")->id, id);
	assert_int_equal(rules_remove(&f.rules, 2), RULES_OK);
	assert_int_equal(rules_remove(&f.rules, 2), RULES_NO_SUCH_ID);
	assert_int_equal(rules_remove(&f.rules, 0), RULES_NO_SUCH_ID);
	assert_int_equal(fix_do(&f, "!exception gp")->id, 5);
	assert_int_equal(rules_nth(&f.rules, 0)->id, 1);
	assert_int_equal(rules_nth(&f.rules, 1)->id, 3);
	assert_int_equal(rules_nth(&f.rules, 2)->id, 4);
	assert_int_equal(rules_nth(&f.rules, 3)->id, 5);
	assert_null(rules_nth(&f.rules, 4));
	assert_ptr_equal(rules_find(&f.rules, 5), rules_nth(&f.rules, 3));
	assert_null(rules_find(&f.rules, 2));
	rules_clear(&f.rules);
	assert_int_equal(f.rules.nr, 0);
	assert_int_equal(fix_do(&f, "!dr")->id, 6);
}

/* The line fails with the sentence, and the set is what it was. */
static void check_refused(struct fixture *f, const char *line, const char *sentence)
{
	static struct fixture before;
	struct command_env env = fix_env();

	memcpy(&before, f, sizeof(before));
	assert_int_equal(fix_say(f, &env, line), COMMAND_ERROR);
	assert_string_equal(f->text, sentence);
	assert_memory_equal(&before.rules, &f->rules, sizeof(before.rules));
	assert_memory_equal(before.slots, f->slots, sizeof(before.slots));
	assert_memory_equal(before.scripts, f->scripts, sizeof(before.scripts));
	assert_memory_equal(before.buffers, f->buffers, sizeof(before.buffers));
}

static void test_full(void **state)
{
	struct fixture f;
	unsigned int i;

	(void)state;
	fix_init(&f);
	for (i = 0; i < FIX_RULES; i++)
		fix_do(&f, "!exception pf");
	check_refused(&f, "!exception pf",
		      "no room for another rule: load the module with a larger max_rules=\n");
	rules_remove(&f.rules, 3);
	assert_int_equal(fix_do(&f, "!exception pf")->id, FIX_RULES + 1);
}

static void test_pools_full(void **state)
{
	struct fixture f;
	char line[1024];

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception pf buffer ff1");
	check_refused(&f, "!dr buffer 10",
		      "no room for the buffer: load the module with a larger buffer_pool=\n");
	snprintf(line, sizeof(line), "!dr script { %0*d }", FIX_SCRIPTS + 1, 0);
	check_refused(&f, line,
		      "no room for the script: load the module with a larger script_pool=\n");
	snprintf(line, sizeof(line), "!dr script { x } condition { 90 } code { %0*d }",
		 2 * FIX_CODE - 32, 0);
	check_refused(&f, line, "no room for the code: load the module with a larger code_pool=\n");
	/* Exactly what fits: the ret needs a byte. */
	snprintf(line, sizeof(line), "!dr code { %0*d }", 2 * (FIX_CODE - 1), 0);
	assert_int_equal(fix_do(&f, line)->code.len, FIX_CODE);
	check_refused(&f, "!dr code { 90 }",
		      "no room for the code: load the module with a larger code_pool=\n");
	rules_remove(&f.rules, f.rules.nr);
	fix_do(&f, "!dr code { 90 }");
}

static void test_code(void **state)
{
	static const u8 condition[] = { 0x31, 0xc0, 0xff, 0xc3 }, code[] = { 0xAB, 0xcd, 0xc3 };
	struct event_rule *rule;
	struct fixture f;
	u32 i;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception ud code { 90 }");
	rule = fix_do(&f, "!exception ud condition { 31c0 ff } code {ABcd}");
	assert_int_equal(rule->condition.len, sizeof(condition));
	assert_memory_equal(f.code + rule->condition.at, condition, sizeof(condition));
	assert_int_equal(rule->code.len, sizeof(code));
	assert_memory_equal(f.code + rule->code.at, code, sizeof(code));
	assert_int_equal(rule->code.at % 16, 0);
	assert_false(rule->breaks);
	assert_true(fix_do(&f, "!exception ud condition { 31c0 }")->breaks);
	rules_clear(&f.rules);
	for (i = 0; i < FIX_CODE; i++)
		assert_int_equal(f.code[i], 0xcc);
}

/* Code of 15 bytes and its ret fill a place exactly, and so does its successor in a gap. */
static void test_first_fit(void **state)
{
	struct fixture f;
	u32 id;

	(void)state;
	fix_init(&f);
	for (id = 1; id <= 4; id++)
		assert_int_equal(fix_do(&f, "!dr code { 909090909090909090909090909090 }")->code.at,
				 16 * (id - 1));
	fix_do(&f, "events c 2");
	assert_int_equal(fix_do(&f, "!dr code { 90909090909090909090909090909090 }")->code.at, 64);
	assert_int_equal(fix_do(&f, "!dr code { 909090909090909090909090909090 }")->code.at, 16);
}

/* Whatever was in the memory. */
static void test_dirty_memory(void **state)
{
	struct rules_memory memory;
	struct event_rule *rule;
	struct fixture f;
	u32 i;

	(void)state;
	fix_init(&f);
	memory = f.rules.memory;
	memset(&f, 0xff, sizeof(f));
	rules_init(&f.rules, &memory);
	assert_string_equal(fix_list(&f), "no rules\n");
	rule = fix_do(&f, "!dr buffer 20");
	assert_int_equal(rule->id, 1);
	assert_int_equal(rule->hits, 0);
	for (i = 0; i < FIX_BUFFERS; i++)
		assert_int_equal(f.buffers[i], i < 32 ? 0 : 0xff);
	for (i = 0; i < FIX_CODE; i++)
		assert_int_equal(f.code[i], 0xcc);
}

/* CPUs look at the generation to learn that their intercepts are old. */
static void test_generation(void **state)
{
	static const char *const lines[] = {
		"!dr",	      "!dr",	    "events d all", "events e all",
		"events d 1", "events c 1", "events c all",
	};
	struct fixture f;
	u32 before;
	size_t i;

	(void)state;
	fix_init(&f);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		before = f.rules.generation;
		fix_do(&f, lines[i]);
		assert_int_not_equal(f.rules.generation, before);
	}
}

/* Random rules come and go: no two pieces overlap, and what a rule has stays what it was. */
static void test_pools_random(void **state)
{
	unsigned int round, i, j, seed = 1;
	struct fixture f;
	char line[256];

	(void)state;
	fix_init(&f);
	for (round = 0; round < 3000; round++) {
		struct command_env env = fix_env();

		seed = seed * 1103515245 + 12345;
		if (f.rules.nr && seed >> 16 & 1)
			rules_remove(&f.rules, rules_nth(&f.rules, (seed >> 20) % f.rules.nr)->id);
		snprintf(line, sizeof(line), "!dr buffer %x code { %0*d } script { %0*d }",
			 seed >> 18 & 0x3ff, 2 + 2 * (seed >> 17 & 31), 0, 1 + (seed >> 22 & 63),
			 0);
		fix_say(&f, &env, line);
		for (i = 0; i < f.rules.nr; i++)
			for (j = 0; j < i; j++) {
				struct event_rule *a = rules_nth(&f.rules, i);
				struct event_rule *b = rules_nth(&f.rules, j);

				assert_true(a->code.at >= b->code.at + b->code.len ||
					    b->code.at >= a->code.at + a->code.len);
				assert_true(a->program.at >= b->program.at + b->program.len ||
					    b->program.at >= a->program.at + a->program.len);
				assert_true(!a->buffer.len || !b->buffer.len ||
					    a->buffer.at >= b->buffer.at + b->buffer.len ||
					    b->buffer.at >= a->buffer.at + a->buffer.len);
			}
	}
	assert_in_range(f.rules.nr, 1, FIX_RULES);
}

static void test_enable(void **state)
{
	struct fixture f;
	u32 generation;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception pf");
	fix_do(&f, "!exception gp");
	generation = f.rules.generation;
	fix_do(&f, "events d 1");
	assert_int_not_equal(f.rules.generation, generation);
	assert_int_equal(rules_find(&f.rules, 1)->state, RULE_DISABLED);
	assert_int_equal(rules_find(&f.rules, 2)->state, RULE_ENABLED);
	fix_do(&f, "events d all");
	assert_int_equal(rules_find(&f.rules, 2)->state, RULE_DISABLED);
	fix_do(&f, "events e 2");
	assert_int_equal(rules_find(&f.rules, 1)->state, RULE_DISABLED);
	assert_int_equal(rules_find(&f.rules, 2)->state, RULE_ENABLED);
	rules_fail(&f.rules, rules_find(&f.rules, 2), &(struct rule_failure){ 0 });
	assert_int_equal(rules_find(&f.rules, 2)->state, RULE_FAILED);
	fix_do(&f, "events e all");
	assert_int_equal(rules_find(&f.rules, 1)->state, RULE_ENABLED);
	assert_int_equal(rules_find(&f.rules, 2)->state, RULE_ENABLED);
	check_refused(&f, "events e 3", "there is no rule with this id\n");
	check_refused(&f, "events c 3", "there is no rule with this id\n");
	fix_do(&f, "events c 1");
	assert_null(rules_find(&f.rules, 1));
	fix_do(&f, "events c all");
	assert_int_equal(f.rules.nr, 0);
}

static void test_session_end(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	fix_do(&f, "!exception pf");
	fix_do(&f, "!exception gp persist");
	page_insert(&f.rules, RSP_WATCH_ACCESS, FIX_PAGE, 64);
	env.origin = RULE_IOCTL;
	assert_int_equal(fix_say(&f, &env, "!dr"), COMMAND_OK);
	assert_int_equal(f.rules.nr, 4);
	rules_session_end(&f.rules);
	assert_int_equal(f.rules.nr, 2);
	assert_non_null(rules_find(&f.rules, 2));
	assert_non_null(rules_find(&f.rules, 4));
}

static void test_list(void **state)
{
	struct fixture f;

	(void)state;
	fix_init(&f);
	assert_string_equal(fix_list(&f), "no rules\n");
	fix_do(&f, "  !exception 0xe pid 490 core 3 pfec 2 2 addr 1000 1fff rip 10 20 cpl 3 sc on "
		   "skip on\tbuffer 100 imm no persist");
	fix_do(&f, "dr reg 7 access w stage post condition { 9090 } code { 90 }");
	fix_do(&f, "!interrupt ec stage all script { print(1); }");
	fix_do(&f, "!exception");
	fix_do(&f, "!dr access rw");
	page_insert(&f.rules, RSP_WATCH_ACCESS, FIX_PAGE + 0x380, 64);
	rules_nth(&f.rules, 0)->hits = 12;
	rules_nth(&f.rules, 0)->suppressed = 11;
	rules_nth(&f.rules, 0)->lost = 1;
	rules_fail(&f.rules, rules_nth(&f.rules, 1),
		   &(struct rule_failure){
			   .what = RULE_FAULT, .vector = 14, .inside = true, .at = 5 });
	assert_string_equal(
		fix_list(&f),
		"0x1  enabled  monitor  hits 12  suppressed 11  lost 1  exception 0xe (pf), "
		"pid 0x490 = 1168, core 0x3, ring 3, rip 0x10 to 0x20, address 0x1000 to 0x1fff, "
		"error code & 0x2 is 0x2, break, buffer (256 bytes), sc on, skip on, imm no, "
		"persist\n    !exception 0xe pid 490 core 3 pfec 2 2 addr 1000 1fff rip 10 20 "
		"cpl 3 sc on skip on buffer 100 imm no persist\n"
		"0x2  failed  monitor  hits 0  suppressed 0  lost 0  writes of dr7, stage post, "
		"condition (2 bytes), code (1 bytes); disabled: its code faulted, vector 0xe (pf) "
		"at byte 0x5\n"
		"    dr reg 7 access w stage post condition { 9090 } code { 90 }\n"
		"0x3  enabled  monitor  hits 0  suppressed 0  lost 0  interrupt 0xec, both stages, "
		"script\n    !interrupt ec stage all script { print(1); }\n"
		"0x4  enabled  monitor  hits 0  suppressed 0  lost 0  all exceptions, break\n"
		"    !exception\n"
		"0x5  enabled  monitor  hits 0  suppressed 0  lost 0  accesses to the debug "
		"registers, break\n    !dr access rw\n"
		"0x6  enabled  gdb  hits 0  suppressed 0  lost 0  awatch 0xffffffffc0a00380, "
		"64 bytes\n");
}

/* A long line is cut with dots; a short buffer for the list is not overrun. */
static void test_long_text(void **state)
{
	struct event_rule *rule;
	struct fixture f;
	char line[600];
	char small[40];
	struct rsp_text out = { small, 0, sizeof(small) };

	(void)state;
	fix_init(&f);
	memset(line, ' ', sizeof(line));
	memcpy(line, "!exception", 10);
	memcpy(line + sizeof(line) - 3, "pf", 3);
	rule = fix_do(&f, line);
	assert_int_equal(strlen(rule->text), RULES_TEXT_SIZE - 1);
	assert_string_equal(rule->text + RULES_TEXT_SIZE - 5, " ...");
	rules_list(&f.rules, &out);
	assert_int_equal(out.len, sizeof(small));
}

/* What scripts do to rules while CPUs run. */
static void test_doomed(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;
	u32 generation;

	(void)state;
	fix_init(&f);
	assert_int_equal(fix_say(&f, &env, "!dr"), COMMAND_OK);
	assert_int_equal(fix_say(&f, &env, "!dr"), COMMAND_OK);
	generation = f.rules.generation;
	assert_int_equal(rules_doom(&f.rules, 1), RULES_OK);
	assert_int_not_equal(f.rules.generation, generation);
	assert_int_equal(f.rules.nr, 2);
	assert_int_equal(rules_find(&f.rules, 1)->state, RULE_DISABLED);
	assert_int_equal(rules_doom(&f.rules, 1), RULES_NO_SUCH_ID);
	assert_int_equal(rules_enable(&f.rules, 1, true), RULES_NO_SUCH_ID);
	assert_int_equal(rules_doom(&f.rules, 9), RULES_NO_SUCH_ID);
	/* Any command removes it first. */
	assert_int_equal(fix_say(&f, &env, "events"), COMMAND_OK);
	assert_int_equal(f.rules.nr, 1);
	assert_null(rules_find(&f.rules, 1));
}

static void test_script_errors(void **state)
{
	struct command_env env = fix_env();
	struct event_rule *rule;
	struct fixture f;

	(void)state;
	fix_init(&f);
	assert_int_equal(fix_say(&f, &env, "!dr script { hello }"), COMMAND_OK);
	rule = rules_find(&f.rules, 1);
	assert_true(rules_script_failed(rule, EXPR_UNMAPPED, 2));
	assert_false(rules_script_failed(rule, EXPR_DIVISION, 3));
	assert_int_equal(rule->state, RULE_ENABLED);
	assert_int_equal(fix_say(&f, &env, "events"), COMMAND_OK);
	assert_non_null(strstr(
		f.text, "; its script ended early 2 times, last in line 3: division by zero\n"));
	rules_fail(&f.rules, rule,
		   &(struct rule_failure){ .what = RULE_SCRIPT, .at = 7, .sentence = "why" });
	assert_int_equal(fix_say(&f, &env, "events"), COMMAND_OK);
	assert_non_null(strstr(f.text, "disabled: its script, in line 7: why"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_and_order), cmocka_unit_test(test_full),
		cmocka_unit_test(test_pools_full),    cmocka_unit_test(test_code),
		cmocka_unit_test(test_pools_random),  cmocka_unit_test(test_enable),
		cmocka_unit_test(test_session_end),   cmocka_unit_test(test_list),
		cmocka_unit_test(test_long_text),     cmocka_unit_test(test_first_fit),
		cmocka_unit_test(test_dirty_memory),  cmocka_unit_test(test_generation),
		cmocka_unit_test(test_doomed),	      cmocka_unit_test(test_script_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
