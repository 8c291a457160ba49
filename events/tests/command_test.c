// SPDX-License-Identifier: GPL-2.0
/* Tests of command.c: what a line does and says. User space. */
#include "rules_fixture.h"

static void check(struct fixture *f, const struct command_env *env, const char *line,
		  enum command_result result, const char *text)
{
	enum command_result got = fix_say(f, env, line);

	if (got != result || strcmp(f->text, text))
		fail_msg("%s: %d %s", line, got, f->text);
}

static void test_confirm(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	check(&f, &env, "!dr pid 490 core 3", COMMAND_OK,
	      "rule 0x1: accesses to the debug registers, pid 0x490 = 1168 (bash), core 0x3, "
	      "break\n");
	check(&f, &env, "!dr pid 491", COMMAND_OK,
	      "rule 0x2: accesses to the debug registers, pid 0x491 = 1169 (no such process), "
	      "break\n");
	env.process_name = NULL;
	check(&f, &env, "!exception ud pid 0n1168 script { x }", COMMAND_OK,
	      "rule 0x3: exception 0x6 (ud), pid 0x490 = 1168, script\n");
	check(&f, &env, "!interrupt 31", COMMAND_OK, "rule 0x4: interrupt 0x31, break\n");
}

/* On a machine without a line a rule needs something to do beside stopping. */
static void test_no_break(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	env.no_break = "nobody is there to stop for";
	check(&f, &env, "!dr pid 490", COMMAND_ERROR, "nobody is there to stop for\n");
	check(&f, &env, "events", COMMAND_OK, "no rules\n");
	check(&f, &env, "!exception ud script { x }", COMMAND_OK,
	      "rule 0x1: exception 0x6 (ud), script\n");
}

static bool full_name(void *ctx, u32 pid, char comm[EVENT_COMM_SIZE])
{
	(void)ctx;
	(void)pid;
	memcpy(comm, "0123456789abcdef", EVENT_COMM_SIZE);
	return true;
}

/* A name without its NUL; and no name is asked for where there is no pid. */
static void test_full_name(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	env.process_name = full_name;
	check(&f, &env, "!dr pid 1", COMMAND_OK,
	      "rule 0x1: accesses to the debug registers, pid 0x1 = 1 (0123456789abcdef), break\n");
	check(&f, &env, "!dr", COMMAND_OK, "rule 0x2: accesses to the debug registers, break\n");
}

static void test_scripts(void **state)
{
	static struct hvgdb_area area;
	struct outputs outputs = { .area = &area };
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	check(&f, &env, "!dr script { file:/tmp/x }", COMMAND_ERROR,
	      "script { file:... } is read by the gdb Python of hvgdb and by hvgdbctl: here the "
	      "text itself is needed\n");
	check(&f, &env, "!dr script { !x }", COMMAND_ERROR, "no such script\n");
	env.compile = NULL;
	check(&f, &env, "!dr script { x }", COMMAND_ERROR, "scripts cannot be run here\n");
	check(&f, &env, "!dr output { x }", COMMAND_ERROR, "there are no outputs here\n");
	assert_int_equal(f.rules.nr, 0);
	assert_int_equal(f.rules.next_id, 1);
	env = fix_env();
	env.outputs = &outputs;
	assert_int_equal(fix_say(&f, &env, "output create a gdb"), COMMAND_OK);
	assert_int_equal(fix_say(&f, &env, "output create b gdb"), COMMAND_OK);
	assert_int_equal(fix_say(&f, &env, "!dr script { hello } output { a, b }"), COMMAND_OK);
	assert_int_equal(rules_find(&f.rules, 1)->outputs, 3);
	assert_int_equal(rules_find(&f.rules, 1)->program.len, 5);
	assert_memory_equal(f.scripts, "hello", 5);
}

static void test_errors(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	check(&f, &env, "halt", COMMAND_UNKNOWN, "");
	check(&f, &env, "event 1", COMMAND_ERROR,
	      "at character 7, \"1\": nothing was to follow; usage: event\n");
	check(&f, &env, "event", COMMAND_ERROR, "there has been no event\n");
	check(&f, &env, "events", COMMAND_OK, "no rules\n");
	check(&f, &env, "events sc on", COMMAND_ERROR,
	      "no event is held that could be suppressed\n");
	check(&f, &env, "events c 1", COMMAND_ERROR, "there is no rule with this id\n");
	check(&f, &env, "events c all", COMMAND_OK, "");
	env.parse.unsafe_code = false;
	assert_int_equal(fix_say(&f, &env, "!dr code { 90 }"), COMMAND_ERROR);
}

static bool held_sc(void *ctx, bool on)
{
	*(int *)ctx = on;
	return true;
}

static bool none_sc(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
	return false;
}

static void show(void *ctx, struct rsp_text *out)
{
	(void)ctx;
	rsp_text_add(out, "an event\n");
}

static void test_at_hand(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;
	int sc = -1;

	(void)state;
	fix_init(&f);
	env.ctx = &sc;
	env.event_sc = held_sc;
	env.event_show = show;
	check(&f, &env, "events sc on", COMMAND_OK, "");
	assert_int_equal(sc, 1);
	check(&f, &env, "events sc off", COMMAND_OK, "");
	assert_int_equal(sc, 0);
	check(&f, &env, "event", COMMAND_OK, "an event\n");
	env.event_sc = none_sc;
	check(&f, &env, "events sc on", COMMAND_ERROR,
	      "no event is held that could be suppressed\n");
}

static void test_ioctl_origin(void **state)
{
	struct command_env env = fix_env();
	struct fixture f;

	(void)state;
	fix_init(&f);
	env.origin = RULE_IOCTL;
	check(&f, &env, "!dr pid 490", COMMAND_OK,
	      "rule 0x1: accesses to the debug registers, pid 0x490 = 1168 (bash), break, "
	      "persist\n");
	assert_int_equal(rules_find(&f.rules, 1)->origin, RULE_IOCTL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confirm),
		cmocka_unit_test(test_no_break),	  cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_full_name), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_at_hand),	  cmocka_unit_test(test_ioctl_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
