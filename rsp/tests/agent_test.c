// SPDX-License-Identifier: GPL-2.0
/* Conditions and commands of Z0 and Z1: what reaches the target, and what is refused. */
#include "check.h"

#define CODE  "ffffffff81000000"
#define PLAIN "Z0," CODE ",1"

static struct fake f;

static void start(const char *features)
{
	fake_init_agent(&f);
	fake_connect(&f, features);
}

static void test_features(void **state)
{
	(void)state;
	start("");
	assert_non_null(strstr(fake_ask(&f, "qSupported:x"),
			       ";ConditionalBreakpoints+;BreakpointCommands+"));
	fake_init(&f);
	fake_connect(&f, "");
	assert_null(strstr(fake_ask(&f, "qSupported:x"), "Breakpoint"));
	check_reply(PLAIN ";X1,27", fake_ask(&f, PLAIN ";X1,27"), "E01");
	check_reply(PLAIN, fake_ask(&f, PLAIN), "OK");
}

static void test_accepted(void **state)
{
	static const struct {
		const char *ask, *agent;
	} rows[] = {
		{ PLAIN, "" },
		{ "Z1," CODE ",1", "" },
		{ PLAIN ";X1,27", "if 27" },
		{ "Z1," CODE ",1;X1,27", "if 27" },
		{ PLAIN ";X3,22ab27", "if 22ab27" },
		{ PLAIN ";X3,220127X1,27", "if 220127 or 27" },
		{ PLAIN ";X1,01X1,02X1,03", "if 01 or 02 or 03" },
		{ PLAIN ";cmds:0,X1,27", "do 27" },
		{ PLAIN ";cmds:1,X1,27X2,2827", "do 27 or 2827 persist" },
		{ PLAIN ";X2,0127;cmds:1,X1,27", "if 0127 do 27 persist" },
		{ PLAIN ";X2,0127X1,55;cmds:0,X1,27", "if 0127 or 55 do 27" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start("");
		check_reply(rows[i].ask, fake_ask(&f, rows[i].ask), "OK");
		assert_true(f.s.breaks[0].used);
		assert_int_equal(f.s.breaks[0].addr, FAKE_CODE);
		assert_string_equal(f.s.breaks[0].agent, rows[i].agent);
	}
}

/* A new condition comes without a z0 in between; none at all is new as well. */
static void test_replaced(void **state)
{
	(void)state;
	start("");
	fake_ask(&f, PLAIN ";X1,27");
	fake_ask(&f, PLAIN ";X1,28");
	assert_string_equal(f.s.breaks[0].agent, "if 28");
	fake_ask(&f, PLAIN);
	assert_string_equal(f.s.breaks[0].agent, "");
	assert_false(f.s.breaks[1].used);
	fake_ask(&f, "z0," CODE ",1");
	assert_false(f.s.breaks[0].used);
}

static void test_refused(void **state)
{
	static const struct exchange rows[] = {
		{ PLAIN ";", "E01" },
		{ PLAIN ";X", "E01" },
		{ PLAIN ";X1", "E01" },
		{ PLAIN ";X1,", "E01" },
		{ PLAIN ";X1,2", "E01" },
		{ PLAIN ";X1,zz", "E01" },
		{ PLAIN ";X2,27", "E01" },
		{ PLAIN ";X0,", "E01" },
		{ PLAIN ";Xffffffffffffffff,27", "E01" },
		{ PLAIN ";X8000000000000001,27", "E01" },
		{ PLAIN ";X10000000000000001,27", "E01" },
		{ PLAIN ";X1,2727", "E01" },
		{ PLAIN ";X1,27;", "E01" },
		{ PLAIN ";X1,27;X1,27", "E01" },
		{ PLAIN ";X1,27;cmds:0", "E01" },
		{ PLAIN ";cmds:", "E01" },
		{ PLAIN ";cmds:0", "E01" },
		{ PLAIN ";cmds:0,", "E01" },
		{ PLAIN ";cmds:2,X1,27", "E01" },
		{ PLAIN ";cmds:0,X1,27;", "E01" },
		{ PLAIN ";cmds:0,X1,27;X1,27", "E01" },
		{ PLAIN ";cmds:0,X1,", "E01" },
		{ PLAIN "X1,27", "E01" },
		{ PLAIN ";Y1,27", "E01" },
		{ "z0," CODE ",1;X1,27", "E01" },
		{ "Z2," CODE ",1;X1,27", "E01" },
		{ "Z4," CODE ",8;cmds:0,X1,27", "E01" },
		{ "Z5," CODE ",1;X1,27", "" },
		{ "Z0,0,1;X1,27", "E06" },
		{ PLAIN ";X1,ff", "E10" },
	};
	struct fake_state before;

	(void)state;
	start("");
	before = f.s;
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_memory_equal(&f.s, &before, sizeof(before));
}

static void test_sentences(void **state)
{
	static const char ask[] = PLAIN ";X1,27X1,ff";

	(void)state;
	start("error-message+");
	check_reply(ask, fake_ask(&f, ask),
		    "E.a condition or command cannot be run: the first byte is odd");
	check_reply("Z9", fake_ask(&f, "Z0,x"), "E.the packet makes no sense");
	start("");
	check_reply(ask, fake_ask(&f, ask), "E10");
	/* "E10: a condition or command cannot be run: the first byte is odd\n" */
	check_reply("monitor why", fake_ask(&f, "qRcmd,776879"),
		    "4531303a206120636f6e646974696f6e206f7220636f6d6d616e642063616e6e6f742062652072"
		    "756e3a207468652066697273742062797465206973206f64640a");
	fake_ask(&f, ask);
	fake_forget_output(&f);
	fake_send(&f, "vCont;c");
	check_reply(
		"vCont;c", fake_reply(&f),
		"O68766764623a206120636f6e646974696f6e206f7220636f6d6d616e642063616e6e6f74206265"
		"2072756e3a207468652066697273742062797465206973206f64640a");
}

static void test_many(void **state)
{
	char packet[1024] = PLAIN ";";
	int i;

	(void)state;
	start("");
	for (i = 0; i < RSP_AGENT_MAX; i++)
		strcat(packet, "X1,27");
	check_reply(packet, fake_ask(&f, packet), "OK");
	strcat(packet, "X1,27");
	check_reply(packet, fake_ask(&f, packet), "E11");
}

/* As long as a packet can be, and longer. */
static void test_long(void **state)
{
	static char packet[RSP_PACKET_SIZE + 64];
	int head, len = (RSP_PACKET_SIZE - sizeof(PLAIN ";X1234,") + 1) / 2;

	(void)state;
	start("");
	memset(packet, '2', sizeof(packet));
	head = sprintf(packet, PLAIN ";X%x,", len);
	packet[head] = '2';
	packet[head + 2 * len] = '\0';
	check_reply("long", fake_ask(&f, packet), "OK");
	assert_int_equal(strlen(f.s.breaks[0].agent), sizeof(f.s.breaks[0].agent) - 1);
	packet[head + 2 * len] = '2';
	packet[RSP_PACKET_SIZE + 1] = '\0';
	check_reply("longer", fake_ask(&f, packet), "E0b");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features),  cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_replaced),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sentences), cmocka_unit_test(test_many),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
