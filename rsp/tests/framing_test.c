// SPDX-License-Identifier: GPL-2.0
/* The frame: checksums, acks, escapes, and everything that a bad line can do to them. */
#include "check.h"

static struct fake f;

static void feed(const char *bytes)
{
	fake_feed(&f, bytes, strlen(bytes));
}

static void test_acks(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "$qAttached#8f", "+$1#31" },
		{ "$?x#b7", "+$#00" },
		{ "$qAttached#8e", "-" },
		{ "$qAttached#8g", "-" },
		{ "$qAttached#g", "-" },
		{ "$#00", "+$#00" },
		{ "$qAttached#8F", "+$1#31" },
		{ "+", "" },
		{ "-", "" },
		{ "++--", "" },
		{ "\x03", "" },
		{ "\x03\x03+\x03", "" },
		{ "#8f", "" },
		{ "noise }*\xff\x80 #00$qAttached#8f", "+$1#31" },
		{ "$qAtt$qAttached#8f", "+$1#31" },
		{ "$qAttached#$qAttached#8f", "+$1#31" },
		{ "$qAttached#8$qAttached#8f", "+$1#31" },
		{ "$qAtt}$qAttached#8f", "+$1#31" },
		{ "$$$$qAttached#8f", "+$1#31" },
		{ "$qAttached#8f$qAttached#8f", "+$1#31+$1#31" },
		{ "$qAttached#00$qAttached#8f", "-+$1#31" },
		{ "$qAttached#8f-", "+$1#31$1#31" },
		{ "$qAttached#8f--", "+$1#31$1#31$1#31" },
		{ "$qAttached#8f+-", "+$1#31" },
		{ "$qAttached#8f$qAttached#00-", "+$1#31-$1#31" },
		{ "$qAttached#8f+$qAttached#00-", "+$1#31-" },
		{ "$QStartNoAckMode#b0", "+$OK#9a" },
		{ "$QStartNoAckMode#b0-", "+$OK#9a$OK#9a" },
		{ "$QStartNoAckMode#b0+$qAttached#8f", "+$OK#9a$1#31" },
		{ "$QStartNoAckMode#b0+$qAttached#8f-+-", "+$OK#9a$1#31" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_init(&f);
		feed(rows[i].in);
		check_reply(rows[i].in, fake_raw(&f), rows[i].out);
	}
}

/* gdb without acks never sends again: it gets an error as soon as it shows that it waits. */
static void test_damaged_without_acks(void **state)
{
	(void)state;
	fake_init(&f);
	fake_connect(&f, "");
	feed("$qAttached#00");
	assert_string_equal(fake_raw(&f), "-");
	feed("+-");
	assert_string_equal(fake_raw(&f), "$E0f#db");
	feed("-");
	assert_string_equal(fake_raw(&f), "");

	feed("$vCont;c#00\x03");
	assert_string_equal(fake_raw(&f), "-$E0f#db");
	feed("\x03");
	assert_string_equal(fake_raw(&f), "");

	feed("$qAttached#00$qAttached#8f-");
	assert_string_equal(fake_raw(&f), "-$1#31");
}

static void test_escapes(void **state)
{
	static const u8 packet[] = "Xffff888000001000,6:}\x03}\x04}\x0a}]\x03*";

	(void)state;
	fake_init(&f);
	fake_connect(&f, "");
	fake_send_bytes(&f, packet, sizeof(packet) - 1);
	assert_string_equal(fake_reply(&f), "OK");
	assert_memory_equal(fake_byte(&f, FAKE_DATA), "#$*}\x03*", 6);

	check_exchange(&f, &(struct exchange){ "Xffff888000001000,1:}", "E01" });
	check_exchange(&f, &(struct exchange){ "qAttached}", "E01" });
	check_exchange(&f, &(struct exchange){ "qAttache}D", "1" });
}

static void test_overlong(void **state)
{
	static char packet[3 * RSP_PACKET_SIZE];

	(void)state;
	memset(packet, '0', sizeof(packet));
	memcpy(packet, "Mffff888000001000,", 18);
	fake_init(&f);
	fake_connect(&f, "");
	fake_send_bytes(&f, packet, RSP_PACKET_SIZE);
	assert_string_equal(fake_reply(&f), "E01");
	fake_send_bytes(&f, packet, RSP_PACKET_SIZE + 1);
	assert_string_equal(fake_reply(&f), "E0b");
	fake_send_bytes(&f, packet, sizeof(packet));
	assert_string_equal(fake_reply(&f), "E0b");
	check_exchange(&f, &(struct exchange){ "qAttached", "1" });
}

/* The largest write that fits, and a read of the largest reply. */
static void test_full_packets(void **state)
{
	static char packet[RSP_PACKET_SIZE + 1];
	size_t head, i;

	(void)state;
	fake_init(&f);
	fake_connect(&f, "");
	head = sprintf(packet, "Xffff888000001000,%x:", 0x2000);
	for (i = 0; i < 0x2000; i++)
		packet[head + i] = 'a' + i % 16;
	fake_send_bytes(&f, packet, head + 0x2000);
	assert_string_equal(fake_reply(&f), "OK");
	assert_int_equal(strlen(fake_ask(&f, "mffff888000001000,2000")), 0x4000);
	assert_int_equal(strlen(fake_ask(&f, "mffff888000001000,ffffffff")), 0x4000);
	assert_memory_equal(f.reply, "61626364", 8);
	assert_memory_equal(f.reply + 0x4000 - 8, "6d6e6f70", 8);
}

static const char *const samples[] = {
	"qSupported:swbreak+;hwbreak+",
	"QStartNoAckMode",
	"?",
	"g",
	"p10",
	"P10=0100000000000000",
	"mffffffff81000000,10",
	"Mffff888000001000,2:abcd",
	"Xffff888000001000,0:",
	"Z0,ffffffff81000000,1",
	"z0,ffffffff81000000,1",
	"Z2,ffff888000001000,8",
	"vCont?",
	"vCont;s:1;c",
	"Hg2",
	"T1",
	"qfThreadInfo",
	"qXfer:features:read:target.xml:0,1000",
	"qRcmd,68656c70",
	"D",
};

/* A packet that breaks off anywhere does nothing, and the next one is understood. */
static void test_truncations(void **state)
{
	struct fake_state before;
	char frame[256];
	size_t i, len, cut;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		len = fake_frame(frame, samples[i], strlen(samples[i]));
		for (cut = 0; cut < len; cut++) {
			fake_init(&f);
			before = f.s;
			assert_int_equal(fake_feed(&f, frame, cut), RSP_NOTHING);
			assert_int_equal(f.out_len, 0);
			assert_memory_equal(&f.s, &before, sizeof(before));
			assert_string_equal(fake_ask(&f, "qAttached"), "1");
		}
	}
}

/* No single damaged bit gets through. */
static void test_flipped_bits(void **state)
{
	struct fake_state before;
	char frame[256];
	size_t i, len, bit;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		len = fake_frame(frame, samples[i], strlen(samples[i]));
		for (bit = 8; bit < 8 * (len - 3); bit++) {
			fake_init(&f);
			before = f.s;
			frame[bit / 8] ^= 1 << bit % 8;
			assert_int_equal(fake_feed(&f, frame, len), RSP_NOTHING);
			assert_memory_equal(&f.s, &before, sizeof(before));
			fake_forget_output(&f);
			feed("$qAttached#8f");
			assert_string_equal(fake_raw(&f), "+$1#31");
			frame[bit / 8] ^= 1 << bit % 8;
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_acks),	     cmocka_unit_test(test_damaged_without_acks),
	cmocka_unit_test(test_escapes),	     cmocka_unit_test(test_overlong),
	cmocka_unit_test(test_full_packets), cmocka_unit_test(test_truncations),
	cmocka_unit_test(test_flipped_bits),
};

CHECK_MAIN(tests)
