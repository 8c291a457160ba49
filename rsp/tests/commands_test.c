// SPDX-License-Identifier: GPL-2.0
/* Each packet but the resumes: what it answers, what it does, and what malformed ones do not do. */
#include "check.h"

static struct fake f;

static void start(void)
{
	fake_init(&f);
	fake_connect(&f, "swbreak+;hwbreak+");
}

#define CODE "ffffffff81000000"
#define DATA "ffff888000001000"

static void test_answers(void **state)
{
	static const struct exchange rows[] = {
		{ "vMustReplyEmpty", "" },
		{ "qTStatus", "" },
		{ "qP0000001f0000000000000001", "" },
		{ "", "" },
		{ "!", "" },
		{ "R00", "" },
		{ "v", "" },
		{ "q", "" },
		{ "Q", "" },
		{ "qCRC:0,10", "" },
		{ "qXfer:siginfo:read::0,10", "" },
		{ "vFile:setfs:0", "" },
		{ "vCont?", "vCont;c;C;s;S;r" },
		{ "qAttached", "1" },
		{ "qAttached:1", "1" },
		{ "qSymbol::", "OK" },
		{ "qSymbol:0:78", "OK" },
		{ "qOffsets", "" },
		{ "qXfer:exec-file:read::0,100", "" },
		{ "qfThreadInfo", "m1,2,4" },
		{ "qsThreadInfo", "l" },
		{ "qThreadExtraInfo,1", "43505520302c2069646c65" },
		{ "qThreadExtraInfo,4", "4350552033" },
		{ "qC", "QC1" },
		{ "T1", "OK" },
		{ "T4", "OK" },
		{ "qHvgdb.Event", "none" },
		{ "qHvgdb.Event:2", "kind:dr;" },
		{ "qHvgdb.Event:1", "none" },
		{ "qHvgdb.Event:3", "E02" },
		{ "qHvgdb.Event:-1", "E02" },
		{ "qHvgdb.Event:x", "E01" },
		{ "qHvgdb.Events", "E01" },
		{ "Hg2", "OK" },
		{ "qHvgdb.Event", "kind:dr;" },
		{ "qC", "QC2" },
		{ "Hg0", "OK" },
		{ "qC", "QC1" },
		{ "Hg-1", "OK" },
		{ "Hc4", "OK" },
		{ "Hc0", "OK" },
		{ "Hc-1", "OK" },
		{ "p10", "00000081ffffffff" },
		{ "p11", "46020000" },
		{ "p38", "801f0000" },
		{ "p18", "00000000000000000000" },
		{ "m" CODE ",3", "909048" },
		{ "m" CODE ",0", "" },
		{ "mFFFFFFFF81000FFE,10", "9090" }, /* what can be read of it */
		{ "X" DATA ",0:", "OK" },
		{ "X0,0:", "OK" },
		{ "M0,0:", "OK" },
		{ "?", "T02thread:1;06:002f00008088ffff;07:082e00008088ffff;10:00000081ffffffff;" },
	};
	struct fake_state before;

	(void)state;
	start();
	before = f.s;
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_memory_equal(&f.s, &before, sizeof(before));
}

static const struct exchange refusals[] = {
	{ "?1", "" },
	{ "gx", "" },
	{ "kx", "" },
	{ "p", "E01" },
	{ "pz", "E01" },
	{ "p10,", "E01" },
	{ "p3b", "E03" },
	{ "pffffffff", "E03" },
	{ "p100000000", "E01" },
	{ "P", "E01" },
	{ "P10", "E01" },
	{ "P10=", "E01" },
	{ "P10=00", "E01" },
	{ "P10=000000000000000", "E01" },
	{ "P10=00000000000000000", "E01" },
	{ "P10=000000000000000000", "E01" },
	{ "P10=000000000000000g", "E01" },
	{ "P10:0000000000000000", "E01" },
	{ "P3b=0000000000000000", "E03" },
	{ "G", "E01" },
	{ "G00", "E01" },
	{ "m", "E01" },
	{ "m" DATA, "E01" },
	{ "m" DATA ",", "E01" },
	{ "m" DATA ",z", "E01" },
	{ "m" DATA ",4:", "E01" },
	{ "m,4", "E01" },
	{ "m1" DATA ",4", "E01" },
	{ "m" DATA ",11111111111111111", "E01" },
	{ "m0,4", "E06" },
	{ "mffffffffffffffff,4", "E06" },
	{ "mfee00000,4", "E07" },
	{ "M" DATA, "E01" },
	{ "M" DATA ",2", "E01" },
	{ "M" DATA ",2:", "E01" },
	{ "M" DATA ",2:ab", "E01" },
	{ "M" DATA ",2:abc", "E01" },
	{ "M" DATA ",2:abcde", "E01" },
	{ "M" DATA ",2:abcdef", "E01" },
	{ "M" DATA ",2:abcg", "E01" },
	{ "M" DATA ",0:ab", "E01" },
	{ "M" DATA ",8000000000000002:abcd", "E01" },
	{ "M0,2:abcd", "E06" },
	{ "Mffff888000002fff,2:abcd", "E06" }, /* half of it is there */
	{ "Mfee00000,2:abcd", "E07" },
	{ "Mffffffffffffffff,2:abcd", "E01" },
	{ "X" DATA, "E01" },
	{ "X" DATA ",2", "E01" },
	{ "X" DATA ",2:a", "E01" },
	{ "X" DATA ",2:abc", "E01" },
	{ "X" DATA ",0:abc", "E01" },
	{ "Xffff888000002fff,2:ab", "E06" },
	{ "Xffffffffffffffff,2:ab", "E01" },
	{ "Z", "E01" },
	{ "Z0", "E01" },
	{ "Z0," CODE, "E01" },
	{ "Z0," CODE ",", "E01" },
	{ "Z0," CODE ",1,", "E01" },
	{ "Z0," CODE ",1;X1,27", "E01" },
	{ "Z0," CODE ",100000000", "E01" },
	{ "Z0,,1", "E01" },
	{ "Z5," CODE ",1", "" },
	{ "Zff," CODE ",1", "" },
	{ "z5," CODE ",1", "" },
	{ "Z0,0,1", "E06" },
	{ "z0,", "E01" },
	{ "z0," CODE, "E01" },
	{ "H", "" },
	{ "Hx1", "" },
	{ "Hg", "E01" },
	{ "Hg1x", "E01" },
	{ "Hgp1.1", "E01" },
	{ "Hg-2", "E01" },
	{ "Hg3", "E02" },
	{ "Hg5", "E02" },
	{ "Hc3", "E02" },
	{ "Hgffffffff", "E01" },
	{ "Hg7fffffff", "E02" },
	{ "T", "E01" },
	{ "T0", "E02" },
	{ "T-1", "E02" },
	{ "T3", "E02" },
	{ "T5", "E02" },
	{ "T1x", "E01" },
	{ "qThreadExtraInfo,", "E01" },
	{ "qThreadExtraInfo,3", "E02" },
	{ "qThreadExtraInfo,-1", "E02" },
	{ "qThreadExtraInfo", "" },
	{ "qXfer:features:read:", "E01" },
	{ "qXfer:features:read:target.xml", "E01" },
	{ "qXfer:features:read:target.xml:0", "E01" },
	{ "qXfer:features:read:target.xml:0,", "E01" },
	{ "qXfer:features:read:target.xml:0,10x", "E01" },
	{ "qXfer:features:read:target.xml:ffffff,10", "E01" },
	{ "qXfer:features:read:target.xml:ffffffffffffffff,10", "E01" },
	{ "qXfer:features:read:other.xml:0,10", "E01" },
	{ "qXfer:features:write:target.xml:0:00", "" },
	{ "qRcmd,6", "E01" },
	{ "qRcmd,6g", "E01" },
	{ "vKil", "" },
	{ "QStartNoAckModes", "" },
};

static void test_refusals_change_nothing(void **state)
{
	struct fake_state before;
	struct rsp session;

	(void)state;
	start();
	before = f.s;
	session = f.rsp;
	check_exchanges(&f, refusals, ARRAY_SIZE(refusals));
	assert_memory_equal(&f.s, &before, sizeof(before));
	assert_int_equal(f.rsp.general_thread, session.general_thread);
	assert_int_equal(f.rsp.resume_thread, session.resume_thread);
	assert_true(f.rsp.no_ack);
}

static void test_writes(void **state)
{
	static const struct exchange rows[] = {
		{ "P0=8877665544332211", "OK" },
		{ "p0", "8877665544332211" },
		{ "P28=000102030405060708090a0b0c0d0e0f", "OK" },
		{ "p28", "000102030405060708090a0b0c0d0e0f" },
		{ "P18=00010203040506070809", "OK" },
		{ "p18", "00010203040506070809" },
		{ "M" DATA ",4:deadBEEF", "OK" },
		{ "m" DATA ",4", "deadbeef" },
		{ "X" DATA ",2:AB", "OK" },
		{ "m" DATA ",4", "4142beef" },
		{ "Hg2", "OK" },
		{ "p0", "0000000000000000" },
		{ "P0=0100000000000000", "OK" },
		{ "Hg1", "OK" },
		{ "p0", "8877665544332211" },
	};

	(void)state;
	start();
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_int_equal(fake_reg(&f, 1, RSP_RAX), 0x1122334455667788);
	assert_int_equal(fake_reg(&f, 2, RSP_RAX), 1);
}

static void test_breakpoints(void **state)
{
	static const struct exchange rows[] = {
		{ "Z0," CODE ",1", "OK" },    { "Z0," CODE ",1", "OK" }, { "Z1," CODE ",1", "OK" },
		{ "Z2," DATA ",1000", "OK" }, { "Z3," DATA ",3", "OK" }, { "Z4," DATA ",8", "OK" },
		{ "Z4," DATA ",1", "OK" },    { "Z4," DATA ",2", "OK" }, { "Z4," DATA ",4", "OK" },
		{ "Z4," DATA ",40", "E09" },  { "z4," DATA ",4", "OK" }, { "z4," DATA ",4", "OK" },
		{ "Z4," DATA ",40", "OK" },
	};

	(void)state;
	start();
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
	assert_int_equal(f.s.breaks[2].type, RSP_WATCH_WRITE);
	assert_int_equal(f.s.breaks[2].kind, 0x1000);
	f.no_watch = true;
	check_exchange(&f, &(struct exchange){ "Z2," DATA ",8", "" });
	check_exchange(&f, &(struct exchange){ "z4," DATA ",8", "" });
}

/* `g` and `G` carry the whole file; a register that is not available has no value in either. */
static void test_register_file(void **state)
{
	static char packet[0x1000];
	struct fake_state before;
	size_t len;

	(void)state;
	start();
	f.unavailable[RSP_XMM0] = true;
	fake_set_reg(&f, 1, RSP_RAX, 0x1122334455667788);
	packet[0] = 'G';
	strcpy(packet + 1, fake_ask(&f, "g"));
	len = strlen(packet);
	assert_int_equal(len, 1 + 2 * (16 * 8 + 8 + 7 * 4 + 8 * 10 + 8 * 4 + 16 * 16 + 4 + 16));
	assert_memory_equal(packet, "G8877665544332211", 17);
	assert_memory_equal(packet + 1 + 2 * 276, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx00", 34);
	assert_string_equal(fake_ask(&f, "p28"), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

	before = f.s;
	assert_string_equal(fake_ask(&f, packet), "E01");
	assert_memory_equal(&f.s, &before, sizeof(before));

	memset(packet + 1 + 2 * 276, '0', 32);
	packet[1] = '0';
	assert_string_equal(fake_ask(&f, packet), "OK");
	assert_int_equal(fake_reg(&f, 1, RSP_RAX), 0x1122334455667708);

	packet[len - 1] = 'g';
	packet[1] = '7';
	assert_string_equal(fake_ask(&f, packet), "E01");
	strcpy(packet + len - 1, "000");
	assert_string_equal(fake_ask(&f, packet), "E01");
	packet[len - 1] = '\0';
	assert_string_equal(fake_ask(&f, packet), "E01");
	assert_int_equal(fake_reg(&f, 1, RSP_RAX), 0x1122334455667708);
}

static void test_refused_register_file_is_undone(void **state)
{
	static char packet[0x1000];
	struct fake_state before;

	(void)state;
	start();
	packet[0] = 'G';
	strcpy(packet + 1, fake_ask(&f, "g"));
	f.refuse_reg = RSP_GS_BASE;
	f.refuse_error = RSP_EREGVALUE;
	packet[1] = '9';
	packet[2 * 276 + 1] = '9';
	assert_string_equal(fake_ask(&f, packet), "OK"); /* gs_base is the same: not written */
	assert_int_equal(fake_reg(&f, 1, RSP_RAX), 0x90);

	before = f.s;
	packet[1] = '7';
	packet[2 * 276 + 1] = '7';
	packet[strlen(packet) - 1] = '1';
	assert_string_equal(fake_ask(&f, packet), "E05");
	assert_memory_equal(&f.s, &before, sizeof(before));
	check_exchange(&f, &(struct exchange){ "P3a=0000000000000000", "E05" });
}

static void test_supported(void **state)
{
	(void)state;
	fake_init(&f);
	assert_string_equal(fake_ask(&f, "qSupported"),
			    "PacketSize=4000;qXfer:features:read+;vContSupported+;swbreak+;"
			    "hwbreak+;QStartNoAckMode+");
	f.exec_path = "/usr/lib/debug/vmlinux";
	f.text = FAKE_CODE;
	assert_string_equal(fake_ask(&f, "qSupported:multiprocess+;xmlRegisters=i386"),
			    "PacketSize=4000;qXfer:features:read+;qXfer:exec-file:read+;"
			    "vContSupported+;swbreak+;hwbreak+;QStartNoAckMode+");
	check_exchange(&f, &(struct exchange){ "qOffsets", "TextSeg=ffffffff81000000" });
	check_exchange(&f, &(struct exchange){ "qXfer:exec-file:read::0,5", "m/usr/" });
	check_exchange(&f,
		       &(struct exchange){ "qXfer:exec-file:read::5,100", "llib/debug/vmlinux" });
	check_exchange(&f, &(struct exchange){ "qXfer:exec-file:read::16,100", "l" });
	check_exchange(&f, &(struct exchange){ "qXfer:exec-file:read::17,100", "E01" });
	check_exchange(&f, &(struct exchange){ "qXfer:exec-file:read:1:0,100", "E01" });
}

/* Nobody to ask about: every packet that needs a CPU says so. */
static void test_no_cpu(void **state)
{
	static const struct exchange rows[] = {
		{ "g", "E02" },
		{ "p0", "E02" },
		{ "P0=0000000000000000", "E02" },
		{ "m" CODE ",1", "E02" },
		{ "M" CODE ",1:00", "E02" },
		{ "X" CODE ",1:a", "E02" },
		{ "Z0," CODE ",1", "E02" },
		{ "qC", "E02" },
		{ "qfThreadInfo", "l" },
		{ "c", "E02" },
		{ "s", "E02" },
		{ "vCont;c", "E02" },
		{ "vCont;s:0", "E02" },
	};

	(void)state;
	start();
	memset(f.alive, 0, sizeof(f.alive));
	check_exchanges(&f, rows, ARRAY_SIZE(rows));
}

static unsigned int thousands(void *target)
{
	(void)target;
	return 5000;
}

static bool always(void *target, unsigned int thread)
{
	(void)target;
	(void)thread;
	return true;
}

/* A reply that does not fit is an error, not half a list. */
static void test_too_many_cpus(void **state)
{
	struct rsp_ops many = fake_ops;

	(void)state;
	many.nr_threads = thousands;
	many.thread_alive = always;
	fake_init(&f);
	rsp_init(&f.rsp, &many, &f);
	fake_connect(&f, "");
	check_exchange(&f, &(struct exchange){ "qfThreadInfo", "E0b" });
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_answers),
	cmocka_unit_test(test_refusals_change_nothing),
	cmocka_unit_test(test_writes),
	cmocka_unit_test(test_breakpoints),
	cmocka_unit_test(test_register_file),
	cmocka_unit_test(test_refused_register_file_is_undone),
	cmocka_unit_test(test_supported),
	cmocka_unit_test(test_no_cpu),
	cmocka_unit_test(test_too_many_cpus),
};

CHECK_MAIN(tests)
