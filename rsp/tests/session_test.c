// SPDX-License-Identifier: GPL-2.0
/* Sessions: who is attached, who waits for what, and what a byte means while the guest runs. */
#include "check.h"

static struct fake f;

static void start(void)
{
	fake_init(&f);
	fake_connect(&f, "swbreak+");
}

static enum rsp_verdict byte(u8 value)
{
	return rsp_feed(&f.rsp, value);
}

static void test_initial_state(void **state)
{
	(void)state;
	fake_init(&f);
	assert_false(rsp_attached(&f.rsp));
	assert_false(rsp_awaits_stop(&f.rsp));
	assert_false(rsp_acknowledged(&f.rsp));
	assert_int_equal(byte(0x03), RSP_NOTHING);
	assert_false(rsp_attached(&f.rsp));
	fake_send(&f, "?");
	assert_true(rsp_attached(&f.rsp));
	assert_true(rsp_acknowledged(&f.rsp));
}

/* Only 0x03 and '$' mean anything while the guest runs, and nothing is sent. */
static void test_bytes_while_resumed(void **state)
{
	int i;

	(void)state;
	start();
	assert_int_equal(fake_send(&f, "vCont;c"), RSP_RESUME);
	f.running = true;
	for (i = 0; i < 256; i++)
		if (i != 0x03 && i != '$')
			assert_int_equal(byte(i), RSP_NOTHING);
	assert_int_equal(byte(0x03), RSP_INTERRUPT);
	assert_int_equal(byte(0x03), RSP_INTERRUPT);
	fake_halt(&f, 2, RSP_SIGINT, RSP_STOP_PLAIN);
	assert_true(rsp_starts(fake_reply(&f), "T02thread:2;"));
	assert_int_equal(byte(0x03), RSP_NOTHING);
	assert_null(fake_reply(&f));
}

static void test_acknowledged(void **state)
{
	(void)state;
	start();
	assert_int_equal(fake_send(&f, "c"), RSP_RESUME);
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	assert_false(rsp_acknowledged(&f.rsp));
	fake_feed(&f, "noise-\x03$qAttached#00", 21);
	assert_false(rsp_acknowledged(&f.rsp));
	byte('+');
	assert_true(rsp_acknowledged(&f.rsp));
	fake_send(&f, "c");
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	assert_false(rsp_acknowledged(&f.rsp));
	fake_send(&f, "qfThreadInfo");
	assert_true(rsp_acknowledged(&f.rsp));
}

/* With acks a stop reply is sent again for '-'. */
static void test_stop_reply_again(void **state)
{
	char first[256];

	(void)state;
	fake_init(&f);
	fake_send(&f, "qSupported");
	fake_send(&f, "c");
	fake_forget_output(&f);
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	strcpy(first, fake_raw(&f));
	byte('-');
	assert_string_equal(fake_raw(&f), first);
	byte('+');
	byte('-');
	assert_string_equal(fake_raw(&f), "");
}

/* A gdb that comes to a running guest; nobody waited, so the halt is silent and `?` tells. */
static void test_attach_to_running_guest(void **state)
{
	static const char hello[] = "+$qSupported:swbreak+#";
	size_t i, attached = 0;

	(void)state;
	fake_init(&f);
	rsp_abandon(&f.rsp);
	f.running = true;
	for (i = 0; i < sizeof(hello) - 1; i++)
		if (byte(hello[i]) == RSP_ATTACH) {
			attached++;
			f.running = false;
			rsp_stopped(&f.rsp);
		}
	byte('0');
	byte('0');
	assert_int_equal(attached, 1);
	assert_string_equal(fake_raw(&f), "-");
	assert_false(rsp_acknowledged(&f.rsp));
	fake_send(&f, "qSupported:swbreak+");
	assert_true(rsp_acknowledged(&f.rsp));
	assert_memory_equal(fake_raw(&f), "+$PacketSize=4000;", 18);
	assert_int_equal(f.s.new_sessions, 1);
}

static void send_while_resumed(const char *payload)
{
	char frame[256];
	size_t i, len = fake_frame(frame, payload, strlen(payload));

	assert_int_equal(byte(frame[0]), RSP_ATTACH);
	f.running = false;
	for (i = 1; i < len; i++)
		assert_int_equal(byte(frame[i]), RSP_NOTHING);
}

/* The old gdb died without a word, in no-ack mode and waiting. */
static void test_second_gdb(void **state)
{
	(void)state;
	start();
	fake_send(&f, "Hg2");
	fake_send(&f, "Hc4");
	fake_send(&f, "Z0,ffffffff81000000,1");
	assert_int_equal(fake_send(&f, "vCont;c"), RSP_RESUME);
	fake_forget_output(&f);
	f.running = true;
	send_while_resumed("qSupported:hwbreak+");
	assert_memory_equal(f.out, "+$PacketSize=4000;", 18);
	assert_int_equal(f.s.new_sessions, 2);
	assert_false(f.s.breaks[0].used);
	assert_false(rsp_awaits_stop(&f.rsp));
	rsp_stopped(&f.rsp);
	assert_true(rsp_starts(fake_reply(&f), "PacketSize"));
	assert_null(fake_reply(&f));

	fake_forget_output(&f);
	fake_send(&f, "qC");
	assert_string_equal(fake_raw(&f), "+$QC1#c5");
	fake_send(&f, "s");
	assert_int_equal(f.s.actions[1].kind, RSP_STEP);
	fake_forget_output(&f);
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_SWBREAK);
	assert_true(rsp_starts(fake_reply(&f), "T05thread:1;06:"));
}

/* What the old gdb understood is not sent to the new one. */
static void test_features_are_forgotten(void **state)
{
	static const u8 kinds[] = { RSP_STOP_SWBREAK, RSP_STOP_HWBREAK };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fake_init(&f);
		fake_connect(&f, "swbreak+;hwbreak+;error-message+");
		fake_connect(&f, "");
		fake_send(&f, "c");
		fake_halt(&f, 1, RSP_SIGTRAP, kinds[i]);
		assert_true(rsp_starts(fake_reply(&f), "T05thread:1;06:"));
		assert_string_equal(fake_ask(&f, "m0,1"), "E06");
	}
}

/* The same while halted, and in the middle of the old one's packet. */
static void test_second_gdb_while_halted(void **state)
{
	(void)state;
	start();
	fake_feed(&f, "$mffff8880", 10);
	fake_send(&f, "qSupported:error-message+");
	assert_memory_equal(fake_raw(&f), "+$PacketSize=4000;", 18);
	byte('-');
	assert_memory_equal(fake_raw(&f), "$PacketSize=4000;", 17);
	assert_true(rsp_starts(fake_ask(&f, "m0,1"), "E.the page tables"));
	assert_int_equal(f.s.new_sessions, 2);
}

/* A '$' made of noise halts a guest whose gdb waits; Ctrl-C gets that gdb its stop. */
static void test_noise_attach(void **state)
{
	(void)state;
	start();
	assert_int_equal(fake_send(&f, "c"), RSP_RESUME);
	fake_forget_output(&f);
	assert_int_equal(byte('$'), RSP_ATTACH);
	rsp_stopped(&f.rsp);
	assert_int_equal(f.out_len, 0);
	assert_false(rsp_acknowledged(&f.rsp));
	byte('x');
	assert_int_equal(byte(0x03), RSP_NOTHING);
	assert_true(rsp_starts(fake_reply(&f), "T02thread:1;"));
	assert_null(fake_reply(&f));
	assert_string_equal(fake_ask(&f, "qAttached"), "1");
}

static void test_detach(void **state)
{
	static const struct {
		const char *ask, *reply;
	} rows[] = {
		{ "D", "$OK#9a" },
		{ "D;1", "$OK#9a" },
		{ "vKill;1", "$OK#9a" },
		{ "k", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start();
		assert_int_equal(fake_send(&f, rows[i].ask), RSP_DETACH);
		check_reply(rows[i].ask, fake_raw(&f), rows[i].reply);
		assert_false(rsp_attached(&f.rsp));
		assert_false(rsp_awaits_stop(&f.rsp));
		rsp_stopped(&f.rsp);
		assert_int_equal(f.out_len, 0);
		fake_send(&f, "qAttached");
		assert_string_equal(fake_raw(&f), "+$1#31");
	}
}

/* Time-out of a stop that nobody took; the old gdb comes back much later and finds its words. */
static void test_abandon(void **state)
{
	(void)state;
	start();
	fake_send(&f, "c");
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	rsp_abandon(&f.rsp);
	assert_false(rsp_attached(&f.rsp));
	fake_forget_output(&f);
	assert_int_equal(byte(0x03), RSP_INTERRUPT);
	rsp_stopped(&f.rsp);
	assert_int_equal(f.out_len, 0);
	rsp_abandon(&f.rsp);
	send_while_resumed("qAttached");
	assert_string_equal(fake_raw(&f), "+$1#31");
}

static void test_console(void **state)
{
	static char flood[3 * RSP_PACKET_SIZE];

	(void)state;
	start();
	rsp_console(&f.rsp, "never");
	assert_int_equal(f.out_len, 0);
	fake_send(&f, "c");
	rsp_console(&f.rsp, "now\n");
	assert_string_equal(fake_raw(&f), "$O6e6f770a#85");
	memset(flood, 'x', sizeof(flood) - 1);
	rsp_console(&f.rsp, flood);
	assert_int_equal(strlen(fake_reply(&f)), RSP_PACKET_SIZE - 1);
	assert_int_equal(byte('$'), RSP_ATTACH);
	fake_forget_output(&f);
	rsp_console(&f.rsp, "never");
	assert_int_equal(f.out_len, 0);

	start();
	fake_send(&f, "D");
	fake_forget_output(&f);
	rsp_console(&f.rsp, "never");
	assert_int_equal(f.out_len, 0);
}

/*
 * gdb passes over a breakpoint that is hit all the time: its Ctrl-C always comes after the next hit.
 * Or it comes between "Continuing." and the resume packet, also behind the answer to an earlier one.
 */
static void test_break_while_halted(void **state)
{
	(void)state;
	start();
	fake_send(&f, "vCont;c");
	assert_int_equal(byte(0x03), RSP_INTERRUPT);
	f.stop = (struct rsp_stop){ .thread = 1, .signal = RSP_SIGINT };
	rsp_stopped(&f.rsp);
	assert_int_equal(byte(0x03), RSP_NOTHING);
	assert_false(rsp_take_interrupt(&f.rsp));
	fake_send(&f, "m0,1");
	assert_int_equal(byte(0x03), RSP_NOTHING);
	fake_send(&f, "vCont;c");
	assert_true(rsp_take_interrupt(&f.rsp));
	f.stop = (struct rsp_stop){ .thread = 1, .signal = RSP_SIGTRAP };
	rsp_stopped(&f.rsp);
	assert_int_equal(byte(0x03), RSP_NOTHING);
	assert_true(rsp_take_interrupt(&f.rsp));
	assert_false(rsp_take_interrupt(&f.rsp));
	assert_int_equal(byte(0x03), RSP_NOTHING);
	fake_send(&f, "D");
	assert_false(rsp_take_interrupt(&f.rsp));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_initial_state),
	cmocka_unit_test(test_bytes_while_resumed),
	cmocka_unit_test(test_acknowledged),
	cmocka_unit_test(test_stop_reply_again),
	cmocka_unit_test(test_attach_to_running_guest),
	cmocka_unit_test(test_second_gdb),
	cmocka_unit_test(test_second_gdb_while_halted),
	cmocka_unit_test(test_features_are_forgotten),
	cmocka_unit_test(test_noise_attach),
	cmocka_unit_test(test_detach),
	cmocka_unit_test(test_abandon),
	cmocka_unit_test(test_console),
	cmocka_unit_test(test_break_while_halted),
};

CHECK_MAIN(tests)
