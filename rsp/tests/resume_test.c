// SPDX-License-Identifier: GPL-2.0
/*
 * What each CPU is told by c, s, C, S and vCont. Thread 1 has stopped, 3 is offline. An action is
 * written as `-` stay, `c`, `s`, `C0b`, `S0b`, `r10,20`.
 */
#include "check.h"

static struct fake f;

static void start(void)
{
	fake_init(&f);
	fake_connect(&f, "swbreak+;hwbreak+;vContSupported+");
}

static void append_action(char *to, const struct rsp_action *a)
{
	static const char letters[] = "-csr";

	to += strlen(to);
	if (a->kind == RSP_RANGE)
		sprintf(to, "r%lx,%lx", (long)a->start, (long)a->end);
	else if (a->has_signal)
		sprintf(to, "%c%02x", letters[a->kind] - 'a' + 'A', a->signal);
	else
		sprintf(to, "%c", letters[a->kind]);
}

static const char *actions(void)
{
	static char text[256];
	int thread;

	text[0] = '\0';
	for (thread = 1; thread <= FAKE_CPUS; thread++) {
		append_action(text, &f.s.actions[thread]);
		strcat(text, thread < FAKE_CPUS ? " " : "");
	}
	return text;
}

static void test_accepted(void **state)
{
	static const struct {
		const char *before, *ask, *actions;
	} rows[] = {
		{ NULL, "c", "c c c c" },
		{ "Hc2", "c", "c c c c" },
		{ NULL, "s", "s c c c" },
		{ "Hc2", "s", "c s c c" },
		{ "Hc-1", "s", "s c c c" },
		{ "Hg4", "s", "c c c s" },
		{ NULL, "C0b", "C0b c c c" },
		{ "Hc2", "C0b", "c C0b c c" },
		{ NULL, "C00", "C00 c c c" },
		{ NULL, "S1e", "S1e c c c" },
		{ "Hc4", "S1e", "c c c S1e" },
		{ NULL, "vCont;c", "c c c c" },
		{ NULL, "vCont;c:-1", "c c c c" },
		{ NULL, "vCont;s", "s s s s" },
		{ NULL, "vCont;c:1", "c - - -" },
		{ NULL, "vCont;s:2", "- s - -" },
		{ NULL, "vCont;s:2;c", "c s c c" },
		{ NULL, "vCont;c;s:2", "c c c c" },
		{ NULL, "vCont;s:2;s:1", "s s - -" },
		{ NULL, "vCont;s:2;c:2;c", "c s c c" },
		{ NULL, "vCont;c:-1;s:1", "c c c c" },
		{ NULL, "vCont;C0b:1;c", "C0b c c c" },
		{ NULL, "vCont;S0b:1;c", "S0b c c c" },
		{ NULL, "vCont;C0b:1;S1e:2;c", "C0b S1e c c" },
		{ NULL, "vCont;C0b", "C0b C0b C0b C0b" },
		{ NULL, "vCont;r10,20:1;c", "r10,20 c c c" },
		{ NULL, "vCont;r10,20:4", "- - - r10,20" },
		{ NULL, "vCont;r10,10:1;c", "s c c c" },
		{ NULL, "vCont;s:0", "s - - -" },
		{ "Hc4", "vCont;s:0;c", "c c c s" },
		{ "Hg2", "vCont;s:0;c", "c s c c" },
		{ NULL, "vCont;c:4;c:4;c:4;c:4", "- - - c" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start();
		if (rows[i].before)
			fake_send(&f, rows[i].before);
		fake_forget_output(&f);
		assert_int_equal(fake_send(&f, rows[i].ask), RSP_RESUME);
		assert_int_equal(f.out_len, 0);
		assert_true(rsp_awaits_stop(&f.rsp));
		assert_int_equal(f.s.set_actions, FAKE_CPUS);
		check_reply(rows[i].ask, actions(), rows[i].actions);
	}
}

static void test_refused(void **state)
{
	static const struct exchange rows[] = {
		{ "C", "E01" },
		{ "C5", "E01" },
		{ "C0g", "E01" },
		{ "C055", "E01" },
		{ "C05;", "E01" },
		{ "C05;zz", "E01" },
		{ "C05:10", "E01" },
		{ "S", "E01" },
		{ "S5", "E01" },
		{ "cz", "E01" },
		{ "c10;", "E01" },
		{ "c11111111111111111", "E01" },
		{ "s-1", "E01" },
		{ "vCont", "E01" },
		{ "vCont;", "E01" },
		{ "vContc", "E01" },
		{ "vCont:c", "E01" },
		{ "vCont;x", "E01" },
		{ "vCont;t", "E01" },
		{ "vCont;t:1;c", "E01" },
		{ "vCont;c;", "E01" },
		{ "vCont;;c", "E01" },
		{ "vCont;c:", "E01" },
		{ "vCont;c:;c", "E01" },
		{ "vCont;c:1x", "E01" },
		{ "vCont;c:1:2", "E01" },
		{ "vCont;cc", "E01" },
		{ "vCont;C", "E01" },
		{ "vCont;C5", "E01" },
		{ "vCont;C:1", "E01" },
		{ "vCont;C055", "E01" },
		{ "vCont;c05", "E01" },
		{ "vCont;r", "E01" },
		{ "vCont;r10", "E01" },
		{ "vCont;r10,", "E01" },
		{ "vCont;r,10", "E01" },
		{ "vCont;r20,10:1", "E01" },
		{ "vCont;r10,20,30", "E01" },
		{ "vCont;s:p1.1;c", "E01" },
		{ "vCont;c;bad", "E01" },
		{ "vCont;c:3", "E02" },
		{ "vCont;s:1;c:3", "E02" },
		{ "vCont;c:5", "E02" },
		{ "vCont;c:7fffffff", "E02" },
		{ "vCont;c:80000000", "E01" },
		{ "vCont;c;s:3", "E02" },
	};
	struct fake_state before;

	(void)state;
	start();
	before = f.s;
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_memory_equal(&f.s, &before, sizeof(before));
	assert_false(rsp_awaits_stop(&f.rsp));
}

/* One CPU says no: no CPU gets an action, RIP stays. */
static void test_refused_by_target(void **state)
{
	static const struct exchange rows[] = {
		{ "c", "E0d" },	       { "s", "E0d" },		 { "c1000", "E0d" },
		{ "C05;1000", "E0d" }, { "vCont;s:1;c", "E0d" }, { "vCont;c", "E0d" },
	};
	struct fake_state before;

	(void)state;
	start();
	f.refuse_thread = 4;
	f.refuse_resume = RSP_EVENTPENDING;
	before = f.s;
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_memory_equal(&f.s, &before, sizeof(before));

	f.refuse_thread = 0;
	f.refuse_reg = RSP_RIP;
	f.refuse_error = RSP_EREGVALUE;
	check_exchange(&f, &(struct exchange){ "c1000", "E05" });
	check_exchange(&f, &(struct exchange){ "S05;1000", "E05" });
	assert_memory_equal(&f.s, &before, sizeof(before));
	assert_int_equal(fake_send(&f, "c"), RSP_RESUME);
}

static void test_jump(void **state)
{
	(void)state;
	start();
	assert_int_equal(fake_send(&f, "sffffffff81000008"), RSP_RESUME);
	assert_string_equal(actions(), "s c c c");
	assert_int_equal(fake_reg(&f, 1, RSP_RIP), FAKE_CODE + 8);
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	fake_send(&f, "Hc2");
	assert_int_equal(fake_send(&f, "C0b;1234"), RSP_RESUME);
	assert_string_equal(actions(), "c C0b c c");
	assert_int_equal(fake_reg(&f, 2, RSP_RIP), 0x1234);
	assert_int_equal(fake_reg(&f, 1, RSP_RIP), FAKE_CODE + 8);
}

static const char *stop_reply(const char *features, const struct rsp_stop *stop)
{
	fake_init(&f);
	fake_connect(&f, features);
	fake_send(&f, "c");
	f.stop = *stop;
	rsp_stopped(&f.rsp);
	return fake_reply(&f);
}

#define REGS "06:002f00008088ffff;07:102e00008088ffff;10:00000081ffffffff;"

static void test_stop_replies(void **state)
{
	static const struct {
		const char *features, *reply;
		struct rsp_stop stop;
	} rows[] = {
		{ "", "T05thread:2;" REGS, { 2, 5, RSP_STOP_PLAIN, 0, 0 } },
		{ "", "T00thread:2;" REGS, { 2, 0, RSP_STOP_PLAIN, 0, 0 } },
		{ "", "T0bthread:2;" REGS, { 2, 0xb, RSP_STOP_PLAIN, 0, 0 } },
		{ "", "T05thread:2;" REGS, { 2, 5, RSP_STOP_SWBREAK, 0, 0 } },
		{ "", "T05thread:2;" REGS, { 2, 5, RSP_STOP_HWBREAK, 0, 0 } },
		{ "hwbreak+", "T05thread:2;" REGS, { 2, 5, RSP_STOP_SWBREAK, 0, 0 } },
		{ "swbreak-", "T05thread:2;" REGS, { 2, 5, RSP_STOP_SWBREAK, 0, 0 } },
		{ "swbreak+x", "T05thread:2;" REGS, { 2, 5, RSP_STOP_SWBREAK, 0, 0 } },
		{ "x;swbreak+", "T05thread:2;swbreak:;" REGS, { 2, 5, RSP_STOP_SWBREAK, 0, 0 } },
		{ "hwbreak+;y", "T05thread:2;hwbreak:;" REGS, { 2, 5, RSP_STOP_HWBREAK, 0, 0 } },
		{ "",
		  "T05thread:2;watch:10;" REGS,
		  { 2, 5, RSP_STOP_WATCH, RSP_WATCH_WRITE, 0x10 } },
		{ "", "T00thread:2;rwatch:0;" REGS, { 2, 0, RSP_STOP_WATCH, RSP_WATCH_READ, 0 } },
		{ "",
		  "T0bthread:2;awatch:ffff888000001001;" REGS,
		  { 2, 0xb, RSP_STOP_WATCH, RSP_WATCH_ACCESS, FAKE_DATA + 1 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_reply(rows[i].features, stop_reply(rows[i].features, &rows[i].stop),
			    rows[i].reply);
}

static void test_stop_leaves_out_what_is_unavailable(void **state)
{
	(void)state;
	start();
	fake_send(&f, "c");
	f.unavailable[RSP_RSP] = true;
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	assert_string_equal(fake_reply(&f), "T05thread:1;06:002f00008088ffff;10:00000081ffffffff;");
}

/* gdb takes the thread of a stop for selected; `?` repeats the stop and selects nothing. */
static void test_stop_selects_thread(void **state)
{
	(void)state;
	start();
	fake_send(&f, "Hg4");
	fake_send(&f, "c");
	fake_halt(&f, 2, RSP_SIGTRAP, RSP_STOP_PLAIN);
	check_exchange(&f, &(struct exchange){ "p7", "102e00008088ffff" });
	check_exchange(&f, &(struct exchange){ "Hg4", "OK" });
	check_exchange(&f, &(struct exchange){ "?", "T05thread:2;" REGS });
	check_exchange(&f, &(struct exchange){ "?", "T05thread:2;" REGS });
	check_exchange(&f, &(struct exchange){ "p7", "202e00008088ffff" });
}

/* A step as stock gdb does it by default, on the line; the bound is the design's for 5 packets. */
static void test_stepi_bytes(void **state)
{
	(void)state;
	start();
	fake_send(&f, "vCont;s:1;c");
	while (!fake_execute(&f, true))
		;
	rsp_stopped(&f.rsp);
	assert_in_range(f.out_len, 60, 80);
	fake_forget_output(&f);
	fake_send(&f, "g");
	assert_in_range(f.out_len, 100, 300);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_accepted),
	cmocka_unit_test(test_refused),
	cmocka_unit_test(test_refused_by_target),
	cmocka_unit_test(test_jump),
	cmocka_unit_test(test_stop_replies),
	cmocka_unit_test(test_stop_leaves_out_what_is_unavailable),
	cmocka_unit_test(test_stop_selects_thread),
	cmocka_unit_test(test_stepi_bytes),
};

CHECK_MAIN(tests)
