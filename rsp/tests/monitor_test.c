// SPDX-License-Identifier: GPL-2.0
/* Errors and the ways their text takes to the user; monitor commands; struct rsp_text. */
#include "check.h"

static struct fake f;

static void start(const char *features)
{
	fake_init(&f);
	fake_connect(&f, features);
}

static const char *unhex(const char *hex)
{
	static char text[RSP_PACKET_SIZE];
	size_t n = 0;

	for (; hex[0] && hex[1]; hex += 2)
		text[n++] = rsp_hex_value(hex[0]) << 4 | rsp_hex_value(hex[1]);
	assert_int_equal(hex[0], '\0');
	text[n] = '\0';
	return text;
}

static const char *monitor(const char *command)
{
	char packet[256] = "qRcmd,";
	const char *reply;

	for (; *command; command++)
		sprintf(packet + strlen(packet), "%02x", *command);
	reply = fake_ask(&f, packet);
	return strcmp(reply, "OK") ? unhex(reply) : "OK";
}

/* The console line between a resume and its stop, or NULL. */
static const char *console_of_resume(void)
{
	const char *reply;

	fake_forget_output(&f);
	assert_int_equal(fake_send(&f, "vCont;c"), RSP_RESUME);
	reply = fake_reply(&f);
	if (reply) {
		assert_int_equal(reply[0], 'O');
		reply = unhex(reply + 1);
		assert_null(fake_reply(&f));
	}
	fake_forget_output(&f);
	fake_halt(&f, 1, RSP_SIGTRAP, RSP_STOP_PLAIN);
	assert_int_equal(f.out[1], 'T');
	return reply;
}

#define FULL "no room for another breakpoint or watchpoint"

static void fill_breakpoints(void)
{
	char packet[64];
	int i;

	for (i = 0; i <= FAKE_BREAKS; i++) {
		sprintf(packet, "Z1,%x,1", i);
		fake_ask(&f, packet);
	}
}

static void test_text_in_reply(void **state)
{
	(void)state;
	start("error-message+");
	fill_breakpoints();
	check_reply("Z1", fake_ask(&f, "Z1,20,1"), "E." FULL);
	assert_null(console_of_resume());
	check_reply("why", monitor("why"), "E09: " FULL "\n");
}

/* Once, after the next resume that is accepted, before its stop reply. */
static void test_text_as_console_line(void **state)
{
	(void)state;
	start("swbreak+");
	assert_null(console_of_resume());
	fill_breakpoints();
	check_reply("Z1", fake_ask(&f, "Z1,20,1"), "E09");
	check_reply("qAttached", fake_ask(&f, "qAttached"), "1");
	check_reply("vCont", fake_ask(&f, "vCont;c:3"), "E02");
	check_reply("Z1", fake_ask(&f, "Z1,20,1"), "E09");
	check_reply("console", console_of_resume(), "hvgdb: " FULL "\n");
	assert_null(console_of_resume());
	check_reply("why", monitor("why"), "E09: " FULL "\n");
}

static void test_text_not_twice(void **state)
{
	(void)state;
	start("");
	check_reply("P", fake_ask(&f, "P10=00"), "E01");
	check_reply("why", monitor("why"), "E01: the packet makes no sense\n");
	assert_null(console_of_resume());
	check_reply("P", fake_ask(&f, "P10=00"), "E01");
	fake_connect(&f, "error-message+");
	fake_connect(&f, "");
	check_reply("m", fake_ask(&f, "m0,1"), "E06");
	fake_connect(&f, "");
	check_reply("why", monitor("why"), "There was no error in this session.\n");
	assert_null(console_of_resume());
}

/* What was said of a stop outlives errors, and goes with its session. */
static void test_stop_explained(void **state)
{
	(void)state;
	start("");
	rsp_explain_stop(&f.rsp, "a condition failed");
	check_reply("P", fake_ask(&f, "P10=00"), "E01");
	check_reply("why", monitor("why"),
		    "This stop: a condition failed\nE01: the packet makes no sense\n");
	rsp_explain_stop(&f.rsp, NULL);
	check_reply("why", monitor("why"), "E01: the packet makes no sense\n");
	rsp_explain_stop(&f.rsp, "a condition failed");
	fake_connect(&f, "");
	check_reply("why", monitor("why"), "There was no error in this session.\n");
}

/* gdb's unwinder reads at wild addresses all the time: that is no news. */
static void test_failed_reads_are_not_announced(void **state)
{
	(void)state;
	start("");
	check_reply("m", fake_ask(&f, "m0,1"), "E06");
	assert_null(console_of_resume());
	check_reply("why", monitor("why"),
		    "E06: the page tables of the guest do not map this address\n");
	check_reply("M", fake_ask(&f, "M0,1:00"), "E06");
	check_reply("m", fake_ask(&f, "mfee00000,1"), "E07");
	assert_non_null(console_of_resume());
}

/* What no gdb un-escapes must not need it; every number has its sentence. */
static void test_sentences(void **state)
{
	int error;

	(void)state;
	for (error = 0; error < RSP_NR_ERRORS; error++) {
		assert_non_null(rsp_error_text(error));
		assert_null(strpbrk(rsp_error_text(error), "#$*}\n"));
	}
	assert_string_equal(rsp_error_text(-1), "unknown error");
	assert_string_equal(rsp_error_text(RSP_NR_ERRORS), "unknown error");
}

#define HELP_HELP "help [command]  this list, or the lines about one command\n"
#define HELP_WHY  "why             what the last error was, and why it stopped if a condition failed\n"
#define UNKNOWN	  "There is no such monitor command; try `monitor help`.\n"

static void test_monitor(void **state)
{
	static const struct {
		const char *command, *output;
	} rows[] = {
		{ "help", HELP_HELP HELP_WHY "hello           a greeting\n"
					     "flood           too much\n" },
		{ "help why", HELP_WHY },
		{ "help hello", "hello           a greeting\n" },
		{ "help nothing", UNKNOWN },
		{ "helpless", UNKNOWN },
		{ "", UNKNOWN },
		{ "nonsense", UNKNOWN },
		{ "why not", UNKNOWN },
		{ "hello", "Hello.\n" },
		{ "quiet", "OK" },
		{ "fail", "Error: this cannot be done in the present state.\n" },
		{ "explain", "There is no such vector.\n" },
	};
	size_t i;

	(void)state;
	start("");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_reply(rows[i].command, monitor(rows[i].command), rows[i].output);
	assert_string_equal(f.command, "explain");
	assert_int_equal(strlen(monitor("flood")), RSP_PACKET_SIZE / 2);
	assert_null(console_of_resume());
}

static void test_optional_operations(void **state)
{
	struct rsp_ops few = fake_ops;

	(void)state;
	few.monitor = NULL;
	few.monitor_help = NULL;
	few.thread_info = NULL;
	few.check_resume = NULL;
	few.text_address = NULL;
	few.exec_file = NULL;
	fake_init(&f);
	rsp_init(&f.rsp, &few, &f);
	fake_connect(&f, "");
	check_reply("help", monitor("help"), HELP_HELP HELP_WHY);
	check_reply("hello", monitor("hello"), UNKNOWN);
	check_reply("info", fake_ask(&f, "qThreadExtraInfo,2"), "4350552031");
	check_reply("offsets", fake_ask(&f, "qOffsets"), "");
	check_reply("exec-file", fake_ask(&f, "qXfer:exec-file:read::0,10"), "");
	assert_null(console_of_resume());
}

static void test_text(void **state)
{
	static const struct {
		u64 value;
		const char *dec, *hex;
	} rows[] = {
		{ 0, "0", "0" },
		{ 9, "9", "9" },
		{ 10, "10", "a" },
		{ 255, "255", "ff" },
		{ 1000000, "1000000", "f4240" },
		{ 10000000000000000000ull, "10000000000000000000", "8ac7230489e80000" },
		{ ~0ull, "18446744073709551615", "ffffffffffffffff" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[64] = "";
		struct rsp_text text = { buf, 0, sizeof(buf) };
		char both[64];

		rsp_text_dec(&text, rows[i].value);
		rsp_text_add(&text, " ");
		rsp_text_hex(&text, rows[i].value);
		sprintf(both, "%s %s", rows[i].dec, rows[i].hex);
		assert_string_equal(buf, both);
	}
}

static void test_text_is_cut(void **state)
{
	char buf[8] = "1234567";
	struct rsp_text text = { buf, 0, 4 };

	(void)state;
	rsp_text_add(&text, "ab");
	rsp_text_dec(&text, 12345);
	rsp_text_hex(&text, 0xff);
	rsp_text_add(&text, "more");
	assert_int_equal(text.len, 4);
	assert_string_equal(buf, "ab12567");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_text_in_reply),
	cmocka_unit_test(test_text_as_console_line),
	cmocka_unit_test(test_text_not_twice),
		cmocka_unit_test(test_stop_explained),
	cmocka_unit_test(test_failed_reads_are_not_announced),
	cmocka_unit_test(test_sentences),
	cmocka_unit_test(test_monitor),
	cmocka_unit_test(test_optional_operations),
	cmocka_unit_test(test_text),
	cmocka_unit_test(test_text_is_cut),
};

CHECK_MAIN(tests)
