// SPDX-License-Identifier: GPL-2.0
/* printf: numbers as C prints them, strings of a guest that may not have them. User space only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr_fake.h"

#define MAX_ARGS 4

static struct expr_fake fake;
static struct expr_check check;
static u8 code[EXPR_CODE_MAX];

/* Builds what gdb sends: the last argument first, channel, function, printf. */
static size_t build(const char *format, const u64 *args, unsigned int nargs)
{
	size_t n = 0, len = strlen(format) + 1;
	unsigned int i, j;

	for (i = nargs; i--;) {
		code[n++] = BC_CONST64;
		for (j = 8; j--;)
			code[n++] = args[i] >> (8 * j);
	}
	code[n++] = BC_CONST8;
	code[n++] = 7;
	code[n++] = BC_CONST8;
	code[n++] = 0;
	code[n++] = BC_PRINTF;
	code[n++] = nargs;
	code[n++] = len >> 8;
	code[n++] = len;
	memcpy(code + n, format, len);
	code[n + len] = BC_END;
	return n + len + 1;
}

static enum expr_result print(const char *format, const u64 *args, unsigned int nargs)
{
	size_t len = build(format, args, nargs);
	u64 value;

	check.allowed = EXPR_COMMANDS;
	if (expr_verify(code, len, &check))
		fail_msg("%s: %s", format, check.info.why);
	fake.out_len = fake.prints = 0;
	fake.out[0] = '\0';
	return expr_run(code, len, &fake.env, &value);
}

static void check_print(const char *format, const u64 *args, unsigned int nargs,
			const char *expected)
{
	if (print(format, args, nargs))
		fail_msg("%s: failed", format);
	if (strcmp(fake.out, expected))
		fail_msg("%s: [%s], expected [%s]", format, fake.out, expected);
}

static void test_text(void **state)
{
	static const struct {
		const char *format, *out;
	} rows[] = {
		{ "", "" },
		{ "hello", "hello" },
		{ "100%% of %%d\\n", "100% of %d\n" },
		{ "\\a\\b\\e\\f\\n\\r\\t\\v\\\"\\'\\?\\\\", "\a\b\033\f\n\r\t\v\"'?\\" },
		{ "\\101\\1019\\7", "AA9\a" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_print(rows[i].format, NULL, 0, rows[i].out);
	assert_int_equal(fake.channel, 7);
}

/* The C library is the judge: all flags, widths, precisions, lengths. */
static void test_numbers(void **state)
{
	static const char *const flags[] = { "",   "-",	 "+",  " ",  "#",  "0",
					     "-0", "+0", "#0", "+ ", "-#", "# 0" };
	static const char *const widths[] = { "",   "1",   "6",	  "20",	 ".0", ".",
					      ".5", ".20", "9.4", "3.7", "4.0" };
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "j", "z", "t" };
	static const u64 values[] = { 0,
				      1,
				      7,
				      8,
				      0xff,
				      0x80,
				      0x8000,
				      0x7fffffff,
				      0x80000000,
				      0xffffffffffffffff,
				      0x8000000000000000,
				      1234567890123 };
	char format[32], expected[512];
	size_t a, b, c, d, e;

	(void)state;
	for (a = 0; a < ARRAY_SIZE(flags); a++)
		for (b = 0; b < ARRAY_SIZE(widths); b++)
			for (c = 0; c < ARRAY_SIZE(lengths); c++)
				for (d = 0; d < 6; d++)
					for (e = 0; e < ARRAY_SIZE(values); e++) {
						sprintf(format, "%%%s%s%s%c", flags[a], widths[b],
							lengths[c], "diuxXo"[d]);
						sprintf(expected, format, values[e]);
						check_print(format, &values[e], 1, expected);
					}
}

static void test_others(void **state)
{
	static const u64 args[MAX_ARGS] = { 0xffff888000001000, 'A', 0x1234567800000042, 0x20ac };
	static const u64 wide[MAX_ARGS] = { 0xe4, 0x1f600, 0x110000, 'x' };

	(void)state;
	check_print("%p|%c|%c|%lc", args, 4, "0xffff888000001000|A|B|\xe2\x82\xac");
	check_print("%20p", args, 1, "  0xffff888000001000");
	check_print("%-20p|", args, 1, "0xffff888000001000  |");
	check_print("%p", (const u64[]){ 0 }, 1, "0x0");
	check_print("%lc%lc%lc%wc", wide, 4, "\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbdx");
	check_print("%5c|%-5c|", args + 1, 2, "    A|B    |");
	check_print("%d %x %lx", args + 1, 3, "65 42 20ac");
}

static void test_strings(void **state)
{
	const u64 base = EXPR_FAKE_PAGE;
	const struct {
		const char *format;
		u64 addr;
		const char *out;
	} rows[] = {
		{ "%s", base, "hello" },
		{ "%s", base + 5, "" },
		{ "%8s|", base, "   hello|" },
		{ "%-8s|", base, "hello   |" },
		{ "%3s|", base, "hello|" },
		{ "%.3s|", base, "hel|" },
		{ "%6.3s|", base, "   hel|" },
		{ "%-6.3s|", base, "hel   |" },
		{ "%.0s|", base, "|" },
		{ "%s", base + 60, "over a boundary" },
		{ "%ls", base + 0x101, "wide" },
		{ "%8ls|", base + 0x101, "    wide|" },
		{ "%ws", base + 0x13f, "utf16" },
		{ "%s!", 0, "(null)!" },
		{ "%s!", 0x10, "<cannot read 0x10>!" },
		{ "%20s!", 0x10, "<cannot read 0x10>!" },
		{ "%s!", EXPR_FAKE_MMIO, "<cannot read 0xfee00000>!" },
		{ "%s!", base + 0xffd, "end<cannot read 0xffff888000002000>!" },
		{ "%.3s!", base + 0xffd, "end!" },
		{ "%s", ~0ull, "<cannot read 0xffffffffffffffff>" },
	};
	size_t i;

	(void)state;
	expr_fake_init(&fake);
	memcpy(fake.page, "hello", 6);
	memcpy(fake.page + 60, "over a boundary", 16);
	memcpy(fake.page + 0x101, L"wide", 20);
	memcpy(fake.page + 0x13f, u"utf16", 12);
	memcpy(fake.page + 0xffd, "end", 3);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_print(rows[i].format, &rows[i].addr, 1, rows[i].out);
}

static void test_long(void **state)
{
	const u64 args[MAX_ARGS] = { EXPR_FAKE_PAGE, EXPR_FAKE_PAGE, EXPR_FAKE_PAGE,
				     EXPR_FAKE_PAGE };
	char line[1 + EXPR_STRING_MAX + 5];

	(void)state;
	expr_fake_init(&fake);
	memset(fake.page, 'x', sizeof(fake.page));
	memset(line, 'x', EXPR_STRING_MAX);
	strcpy(line + EXPR_STRING_MAX, "...!");
	check_print("%s!", args, 1, line);
	assert_int_equal(fake.prints, 5);
	assert_int_equal(print("%s%s%s%s", args, 4), EXPR_TOO_LONG);
	assert_int_equal(fake.out_len, EXPR_PRINT_MAX);
	fake.out_limit = 300;
	assert_int_equal(print("%s", args, 1), EXPR_FULL);
	assert_int_equal(fake.prints, 2);
	/* A short line is one call. */
	fake.out_limit = 1000;
	check_print("%.9s %d\\n", args, 2, "xxxxxxxxx 4096\n");
	assert_int_equal(fake.prints, 1);
	/* Strings cost steps. */
	fake.env.max_steps = 12;
	fake.reads = 0;
	print("%s", args, 1);
	assert_in_range(fake.reads, 1, 12);
}

static int setup(void **state)
{
	(void)state;
	expr_fake_init(&fake);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),   cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_others), cmocka_unit_test(test_strings),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
