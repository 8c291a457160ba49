// SPDX-License-Identifier: GPL-2.0
/* Tests of packet.c: frames, repeats, escapes, and what is no packet. User space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kmod/ctl/packet.h"

static void test_write(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(packet_write("qTStatus", out, sizeof(out)), strlen("+$qTStatus#49"));
	assert_string_equal(out, "+$qTStatus#49");
	assert_int_equal(packet_write("", out, sizeof(out)), 5);
	assert_string_equal(out, "+$#00");
}

static void test_read(void **state)
{
	static const struct {
		const char *bytes, *text; /* NULL: refused */
	} cases[] = {
		{ "+$l#6c", "l" },
		{ "$OK#9a", "OK" },
		{ "+$#00", "" },
		{ "+$0*\"#7c", "000000" },
		{ "+$a0* b#3d", "a0000b" },
		{ "+$}\x03#80", "#" },
		{ "+$}\x03* #ca", "####" },
		{ "", NULL },
		{ "+", NULL },
		{ "+$OK", NULL },
		{ "+$OK#", NULL },
		{ "+$OK#9", NULL },
		{ "+$OK#9b", NULL },
		{ "+$}#7d", NULL },
		{ "+$0*#5a", NULL },
		{ "+$012345678901234567890123456789012345678901234567890123456789#00", NULL },
	};
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		long length =
			packet_read(cases[i].bytes, strlen(cases[i].bytes), text, sizeof(text));

		if (!cases[i].text) {
			if (length != -1)
				fail_msg("%s is taken", cases[i].bytes);
			continue;
		}
		if (length != (long)strlen(cases[i].text) || strcmp(text, cases[i].text))
			fail_msg("%s: %ld %s", cases[i].bytes, length, text);
	}
}

/* What fits exactly, with its NUL, and one more. */
static void test_size(void **state)
{
	char text[3];

	(void)state;
	assert_int_equal(packet_read("$OK#9a", 6, text, 3), 2);
	assert_int_equal(packet_read("$OK#9a", 6, text, 2), -1);
}

static void test_unhex(void **state)
{
	char good[] = "00ff7f", odd[] = "abc", bad[] = "0g";

	(void)state;
	assert_int_equal(packet_unhex(good), 3);
	assert_memory_equal(good, "\x00\xff\x7f", 3);
	assert_int_equal(packet_unhex(odd), -1);
	assert_int_equal(packet_unhex(bad), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_unhex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
