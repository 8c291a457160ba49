// SPDX-License-Identifier: GPL-2.0
/* The packets of tracepoints: what they make of the target, and what of its answers. */
#include "check.h"

static struct fake f;

static void start(void)
{
	fake_init_trace(&f);
	fake_connect(&f, "swbreak+");
}

static void test_features(void **state)
{
	static const char *const names[] = {
		"ConditionalTracepoints+", "TracepointSource+",
		"DisconnectedTracing+",	   "EnableDisableTracepoints+",
		"InstallInTrace+",	   "tracenz+",
		"QTBuffer:size+",	   "qXfer:traceframe-info:read+",
	};
	const char *reply;
	size_t i;

	(void)state;
	start();
	reply = fake_ask(&f, "qSupported:x");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_non_null(strstr(reply, names[i]));
	fake_init(&f);
	fake_connect(&f, "");
	assert_null(strstr(fake_ask(&f, "qSupported:x"), "race"));
	check_reply("QTinit", fake_ask(&f, "QTinit"), "");
	check_reply("qTStatus", fake_ask(&f, "qTStatus"), "");
	check_reply("xfer", fake_ask(&f, "qXfer:traceframe-info:read::0,100"), "");
}

/* Packets that only say something to the target: what it heard. */
static void test_heard(void **state)
{
	static const struct {
		const char *ask, *heard;
	} rows[] = {
		{ "QTinit", "init; " },
		{ "QTDP:1:10:E:0:0", "define 1@10 E steps 0 pass 0 if ; complete 1@10; " },
		{ "QTDP:1:10:D:a:ff-", "define 1@10 D steps a pass ff if ; " },
		{ "QTDP:2:ffffffff81000000:E:0:0:X3,220127-",
		  "define 2@ffffffff81000000 E steps 0 pass 0 if 220127; " },
		{ "QTDP:-1:10:R03ff", "1@10 hit regs 3ff; complete 1@10; " },
		{ "QTDP:-1:10:R03ff-", "1@10 hit regs 3ff; " },
		{ "QTDP:-1:10:Rffff0000000000000003-", "1@10 hit regs 3; " },
		{ "QTDP:-1:10:M-1,20,8-", "1@10 hit mem -1,20,8; " },
		{ "QTDP:-1:10:Mffffffff,20,8-", "1@10 hit mem -1,20,8; " },
		{ "QTDP:-1:10:Mffffffffffffffff,20,8-", "1@10 hit mem -1,20,8; " },
		{ "QTDP:-1:10:M7,fffffffffffffff8,8-", "1@10 hit mem 7,fffffffffffffff8,8; " },
		{ "QTDP:-1:10:X3,220127-", "1@10 hit run 220127; " },
		{ "QTDP:-1:10:R3M7,0,8X1,27-",
		  "1@10 hit regs 3; 1@10 hit mem 7,0,8; 1@10 hit run 27; " },
		{ "QTDP:-1:10:R3SR4X1,27-",
		  "1@10 hit regs 3; 1@10 step regs 4; 1@10 step run 27; " },
		{ "QTDP:-1:10:R5", "1@10 step regs 5; complete 1@10; " }, /* S holds */
		{ "QTDP:2:10:E:0:0-", "define 2@10 E steps 0 pass 0 if ; " },
		{ "QTDP:-2:10:R5", "2@10 hit regs 5; complete 2@10; " }, /* but not for another */
		{ "QTDPsrc:1:10:at:0:3:666f6f", "source 1@10 0 0/3 666f6f; " },
		{ "QTDPsrc:1:10:cond:2:5:666f6f", "source 1@10 1 2/5 666f6f; " },
		{ "QTDPsrc:1:10:cmd:0:0:", "source 1@10 2 0/0 ; " },
		{ "QTDV:1:7:0:6e", "variable 1=7 0 6e; " },
		{ "QTDV:2:ffffffffffffffff:1:6e6f", "variable 2=ffffffffffffffff 1 6e6f; " },
		{ "QTro:10,20", "first constant 10,20; " },
		{ "QTro:10,20:30,40", "first constant 10,20; constant 30,40; " },
		{ "QTStart", "start; " },
		{ "QTStop", "stop; " },
		{ "QTEnable:1:10", "enable 1@10; " },
		{ "QTDisable:1:10", "disable 1@10; " },
		{ "QTDisconnected:1", "option 2 1; " },
		{ "QTBuffer:circular:0", "option 0 0; " },
		{ "QTBuffer:size:10000", "option 1 10000; " },
		{ "QTBuffer:size:-1", "option 1 ffffffffffffffff; " },
		{ "QTNotes:user:6d65;notes:6e;", "note 0 6d65; note 1 6e; " },
		{ "QTNotes:tstop:", "note 2 ; " },
	};
	size_t i;

	(void)state;
	start();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		f.s.trace[0] = '\0';
		check_reply(rows[i].ask, fake_ask(&f, rows[i].ask), "OK");
		check_reply(rows[i].ask, f.s.trace, rows[i].heard);
	}
}

/* gdb takes text in front of this reply, and shows errors as they are. */
static void test_save(void **state)
{
	(void)state;
	start();
	check_reply("text", fake_ask(&f, "QTSave:2f61"),
		    "O68766764623a20736f6d65626f6479207772697465732069740a");
	check_reply("reply", fake_reply(&f), "OK");
	check_reply("name", f.s.trace, "save 2f61; ");
	f.trace_error = RSP_ETRACERUNS;
	check_reply("error", fake_ask(&f, "QTSave:2f"),
		    "E.the trace goes on: stop it first, with tstop");
	assert_null(fake_reply(&f));
	f.trace_error = RSP_OK;
	assert_int_equal(fake_ask(&f, "QTSave:")[0], 'E');
	assert_int_equal(fake_ask(&f, "QTSave:x")[0], 'E');
	assert_int_equal(fake_ask(&f, "QTSave:2f6")[0], 'E');
}

static void test_refused(void **state)
{
	static const char *const malformed[] = {
		"QTDP:",
		"QTDP:1",
		"QTDP:1:10",
		"QTDP:1:10:X:0:0",
		"QTDP:1:10:E:0",
		"QTDP:1:10:E:0:0x",
		"QTDP:1:10:E:0:0:F5",
		"QTDP:1:10:E:0:0:X",
		"QTDP:1:10:E:0:0:X2,27",
		"QTDP:1:10:E:0:0:X0,",
		"QTDP:1:10:E:0:0:Xffffffffffffffff,27",
		"QTDP:1:10:E:0:0--",
		"QTDP:-",
		"QTDP:-1:10",
		"QTDP:-1:10:Q",
		"QTDP:-1:10:R",
		"QTDP:-1:10:M3b,0,1",
		"QTDP:-1:10:M1,0",
		"QTDP:-1:10:X1",
		"QTDP:-1:10:X1,2z",
		"QTDPsrc:1:10:on:0:1:66",
		"QTDPsrc:1:10:at:0:1:6",
		"QTDPsrc:1:10:at:0:1:66x",
		"QTDV:1:7:0",
		"QTDV:1:7:0:6",
		"QTro:",
		"QTro:10",
		"QTEnable:1",
		"QTEnable:1:10x",
		"QTDisconnected:",
		"QTDisconnected:x",
		"QTBuffer:size:",
		"QTBuffer:circular:1x",
		"QTNotes:what:66;",
		"QTNotes:user:6;",
		"QTFrame:",
		"QTFrame:x",
		"QTFrame:pc:",
		"QTFrame:range:1",
		"QTFrame:range:1:2x",
		"qTP:1",
		"qTP:1:2x",
		"qTV:",
		"qTV:1x",
		"qTBuffer:0",
		"qTBuffer:0,1x",
		"qXfer:traceframe-info:read::0,10",
	};
	static const char *const unknown[] = { "qTMinFTPILen", "QTfoo", "qTfoo", "QT" };
	struct fake_state before;
	size_t i;

	(void)state;
	start();
	before = f.s;
	for (i = 0; i < ARRAY_SIZE(malformed); i++)
		check_reply(malformed[i], fake_ask(&f, malformed[i]), "E01");
	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		check_reply(unknown[i], fake_ask(&f, unknown[i]), "");
	assert_memory_equal(&before, &f.s, sizeof(before));
	/* What is wrong behind good beginnings is found late. */
	check_reply("QTro", fake_ask(&f, "QTro:1,2:"), "E01");
	check_reply("QTDP", fake_ask(&f, "QTDP:-1:10:R1-X"), "E01");
}

static void test_errors(void **state)
{
	static const char *const asks[] = {
		"QTDP:1:10:E:0:0",  "QTDP:-1:10:R1-",  "QTDPsrc:1:10:at:0:1:66", "QTDV:1:7:0:6e",
		"QTro:1,2",	    "QTStart",	       "QTEnable:1:10",		 "QTDisable:1:10",
		"QTDisconnected:1", "QTBuffer:size:1", "QTBuffer:circular:1",	 "QTNotes:user:66;",
	};
	size_t i;

	(void)state;
	start();
	f.trace_error = RSP_ETRACEFULL;
	for (i = 0; i < ARRAY_SIZE(asks); i++)
		check_reply(asks[i], fake_ask(&f, asks[i]), "E12");
	check_reply("qTP", fake_ask(&f, "qTP:9:10"), "E08");
	fake_connect(&f, "error-message+");
	f.trace_error = RSP_EPROGRAM;
	check_reply("QTDP", fake_ask(&f, "QTDP:1:10:E:0:0"),
		    "E.a condition or command cannot be run: the tracepoint is odd");
	check_reply("QTDP-", fake_ask(&f, "QTDP:-1:10:X1,27-"),
		    "E.a condition or command cannot be run: the action is odd");
	f.trace_error = RSP_ETRACESIZE;
	check_reply("QTDP", fake_ask(&f, "QTDP:1:10:E:0:0"),
		    "E.the trace buffer is smaller than this: module parameter trace_pool");
}

static void test_status(void **state)
{
	static const char tail[] = ";tframes:5;tcreated:10;tfree:30;tsize:40;circular:1;disconn:0;"
				   "starttime:64;stoptime:c8;username:75736572;notes:6e6f7465";
	static const struct {
		struct rsp_trace_status status;
		const char *head;
	} rows[] = {
		{ { .running = true }, "T1;tnotrun:0" },
		{ { .end = RSP_TRACE_NEVER_RUN }, "T0;tnotrun:0" },
		{ { .end = RSP_TRACE_STOPPED }, "T0;tstop:73746f70:0" },
		{ { .end = RSP_TRACE_FULL }, "T0;tfull:0" },
		{ { .end = RSP_TRACE_DISCONNECTED }, "T0;tdisconnected:0" },
		{ { .end = RSP_TRACE_PASSED, .tracepoint = 0x1f }, "T0;tpasscount:1f" },
		{ { .end = RSP_TRACE_FAILED, .tracepoint = 2, .why = "no" }, "T0;terror:6e6f:2" },
	};
	char expected[256];
	size_t i;

	(void)state;
	start();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		f.trace_status = rows[i].status;
		f.trace_status.frames = 5;
		f.trace_status.created = 0x10;
		f.trace_status.free = 0x30;
		f.trace_status.size = 0x40;
		f.trace_status.circular = true;
		f.trace_status.started = 100;
		f.trace_status.ended = 200;
		sprintf(expected, "%s%s", rows[i].head, tail);
		check_reply(rows[i].head, fake_ask(&f, "qTStatus"), expected);
	}
}

static void test_lists(void **state)
{
	static const struct exchange rows[] = {
		{ "qTP:3:20", "V3:20" },
		{ "qTV:1", "Vabc" },
		{ "qTV:2", "U" },
		{ "qTfV", "1:0:0:6162" },
		{ "qTsV", "2:ffffffffffffffff:1:6162" },
		{ "qTsV", "l" },
		{ "qTfP", "T1:10:E:2:3:X3,220127" },
		{ "qTsP", "A1:10:Rff" },
		{ "qTsP", "A1:10:Mffffffff,5,6" },
		{ "qTsP", "S1:10:M7,fffffffffffffff8,8" },
		{ "qTsP", "S1:10:X3,220127" },
		{ "qTsP", "Z1:10:cmd:0:3:656e64" },
		{ "qTsP", "T2:20:D:0:0" },
		{ "qTsP", "l" },
		{ "qTsP", "l" },
		{ "qTfP", "T1:10:E:2:3:X3,220127" },
		{ "qTBuffer:fffe,2", "7777" },
		{ "qTBuffer:ffff,2", "77" },
		{ "qTBuffer:10000,2", "l" },
		{ "qTBuffer:0,0", "l" },
	};

	(void)state;
	start();
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_int_equal(strlen(fake_ask(&f, "qTBuffer:0,ffffff")), RSP_PACKET_SIZE);
}

#define FRAME_0 "<traceframe-info>\n<memory start=\"0x1000\" length=\"0x10\"/>\n"
#define FRAME_1 FRAME_0 "<memory start=\"0x1100\" length=\"0x10\"/>\n<tvar id=\"7\"/>\n"
#define END	"</traceframe-info>\n"

static void test_frames(void **state)
{
	static const struct exchange rows[] = {
		{ "QTFrame:0", "F0T1" },
		{ "p0", "1010101010101010" },
		{ "p3", "xxxxxxxxxxxxxxxx" },
		{ "m1008,10", "a0a0a0a0a0a0a0a0" },
		{ "m2000,8", "E06" },
		{ "qXfer:traceframe-info:read::0,fff", "l" FRAME_0 END },
		{ "qXfer:traceframe-info:read::2,5", "mracef" },
		{ "qTV:1", "V0" },
		{ "QTFrame:1", "F1T2" },
		{ "p1", "2121212121212121" },
		{ "qXfer:traceframe-info:read::0,fff", "l" FRAME_1 END },
		{ "QTFrame:tdp:1", "F-1" }, /* not behind this one; all stays */
		{ "p1", "2121212121212121" },
		{ "QTFrame:pc:200", "F2T3" },
		{ "m1000,1", "a2" },
		{ "P0=0000000000000000", "E0c" },
		{ "Mffff888000001000,1:00", "E0c" },
		{ "Xffff888000001000,0:", "OK" },
		{ "QTFrame:7", "F-1" },
		{ "p0", "3030303030303030" },
		{ "QTFrame:ffffffff", "F-1" },
		{ "p10", "00000081ffffffff" },
		{ "QTFrame:tdp:1", "F0T1" },
		{ "p0", "1010101010101010" },
		{ "QTFrame:ffffffffffffffff", "F-1" },
		{ "p10", "00000081ffffffff" },
		{ "P0=0000000000000000", "OK" },
	};
	const char *registers;

	(void)state;
	start();
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	fake_ask(&f, "QTFrame:1");
	registers = fake_ask(&f, "g");
	assert_memory_equal(registers, "2020202020202020", 16);
	assert_memory_equal(registers + 48, "xxxxxxxxxxxxxxxx", 16);
	assert_memory_equal(fake_ask(&f, "?"), "T02thread:1;06:002f", 19); /* the machine's own */
}

/* Wherever the session leaves a frame by itself. */
static void test_frame_ends(void **state)
{
	static const char *const leave[] = { "QTinit", "QTStart" };
	size_t i;

	(void)state;
	start();
	for (i = 0; i < ARRAY_SIZE(leave); i++) {
		fake_ask(&f, "QTFrame:1");
		fake_ask(&f, leave[i]);
		check_reply(leave[i], fake_ask(&f, "p10"), "00000081ffffffff");
	}
	fake_ask(&f, "QTFrame:1");
	assert_int_equal(fake_send(&f, "vCont;c"), RSP_RESUME);
	fake_halt(&f, 1, RSP_SIGINT, RSP_STOP_PLAIN);
	check_reply("resume", fake_ask(&f, "p10"), "00000081ffffffff");
	fake_ask(&f, "QTFrame:1");
	fake_connect(&f, "");
	check_reply("connect", fake_ask(&f, "p10"), "00000081ffffffff");
	/* The next search begins at the first frame again. */
	f.s.trace[0] = '\0';
	fake_ask(&f, "QTFrame:range:100:200");
	assert_string_equal(f.s.trace, "find 3 100 200 from 0; ");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features),   cmocka_unit_test(test_heard),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_save),
		cmocka_unit_test(test_errors),	   cmocka_unit_test(test_status),
		cmocka_unit_test(test_lists),	   cmocka_unit_test(test_frames),
		cmocka_unit_test(test_frame_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
