// SPDX-License-Identifier: GPL-2.0
/* Run-length encoding, read back by a decoder written as gdb's is. */
#include "check.h"

static struct fake f;

static void send_payload(const void *bytes, size_t len)
{
	fake_forget_output(&f);
	rsp_reply_begin(&f.rsp);
	for (; len; len--)
		rsp_reply_char(&f.rsp, *(const char *)bytes++);
	rsp_send(&f.rsp);
}

static void test_known_runs(void **state)
{
	static const struct {
		const char *plain, *sent;
	} rows[] = {
		{ "", "$#00" },
		{ "000", "$000#90" },
		{ "0000", "$0* #7a" },
		{ "00000", "$0*!#7b" },
		{ "000000", "$0*\"#7c" },
		{ "0000000", "$0*\"0#ac" },   /* the count would be '#' */
		{ "00000000", "$0*\"00#dc" }, /* '$' */
		{ "000000000", "$0*%#7f" },
		{ "000000000000000", "$0**0#b4" }, /* '+' */
		{ "0000000000000000", "$0*,#86" },
		{ "00000000000000000", "$0*,0#b6" }, /* '-' */
		{ "abbbbbc", "$ab*!c#71" },
	};
	size_t i;

	(void)state;
	fake_init(&f);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		send_payload(rows[i].plain, strlen(rows[i].plain));
		check_reply(rows[i].plain, fake_raw(&f), rows[i].sent);
	}
}

/* The counts of a packet without '*' or '#' in its payload. */
static void check_counts(void)
{
	size_t i;

	for (i = 1; i < f.out_len; i++)
		if (f.out[i - 1] == '*') {
			assert_null(strchr("#$+-", f.out[i]));
			assert_in_range(f.out[i], ' ', '~');
			i++;
		}
}

static void test_every_length(void **state)
{
	static char plain[1000];
	size_t len;

	(void)state;
	fake_init(&f);
	for (len = 0; len < sizeof(plain); len++) {
		memset(plain, '0', len);
		send_payload(plain, len);
		check_counts();
		assert_int_equal(strlen(fake_reply(&f)), len);
		assert_memory_equal(f.reply, plain, len);
		if (len >= 98)
			assert_true(f.out_len <= 4 + 3 * (len / 98 + 2));
	}
}

static void test_random_payloads(void **state)
{
	static char plain[RSP_PACKET_SIZE];
	size_t round, i, len;

	(void)state;
	srand(1);
	fake_init(&f);
	for (round = 0; round < 300; round++) {
		len = rand() % sizeof(plain);
		for (i = 0; i < len; i++)
			plain[i] =
				i && rand() % 8 ? plain[i - 1] : "0123456789abcdefx;:"[rand() % 19];
		send_payload(plain, len);
		check_counts();
		assert_int_equal(strlen(fake_reply(&f)), len);
		assert_memory_equal(f.reply, plain, len);
	}
}

/* gdb expands before it looks at escapes, so '*' must be escaped in binary. */
static void test_binary(void **state)
{
	static char path[0x300], escaped[0x800];
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < sizeof(path) - 1; i++)
		path[i] = 1 + i % 255;
	fake_init(&f);
	f.exec_path = path;
	fake_connect(&f, "");
	escaped[n++] = 'l';
	for (i = 0; path[i]; i++) {
		if (strchr("#$*}", path[i])) {
			escaped[n++] = '}';
			escaped[n++] = path[i] ^ 0x20;
		} else {
			escaped[n++] = path[i];
		}
	}
	assert_string_equal(fake_ask(&f, "qXfer:exec-file:read::0,4000"), escaped);
}

/* A document of several packets in which every second byte needs two. */
static void test_binary_in_pieces(void **state)
{
	static char path[0xa000], got[0xa000 + 1];
	size_t i, len = 0;
	const char *p;
	char packet[64];

	(void)state;
	for (i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 7 ? "a*}#$"[i % 5] : 'x';
	fake_init(&f);
	f.exec_path = path;
	fake_connect(&f, "");
	do {
		sprintf(packet, "qXfer:exec-file:read::%zx,ffff", len);
		p = fake_ask(&f, packet);
		assert_true(p[0] == 'm' || p[0] == 'l');
		assert_in_range(strlen(p), 2, RSP_PACKET_SIZE);
		while (*++p)
			got[len++] = *p == '}' ? *++p ^ 0x20 : *p;
	} while (f.reply[0] == 'm');
	assert_string_equal(got, path);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_known_runs),	 cmocka_unit_test(test_every_length),
	cmocka_unit_test(test_random_payloads),	 cmocka_unit_test(test_binary),
	cmocka_unit_test(test_binary_in_pieces),
};

CHECK_MAIN(tests)
