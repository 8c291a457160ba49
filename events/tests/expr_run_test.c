// SPDX-License-Identifier: GPL-2.0
/* Every instruction: what it computes, at the edges too, and how it fails. User space only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr_fake.h"

static struct expr_fake fake;
static struct expr_check check;
static u8 code[EXPR_CODE_MAX];

static enum expr_result run(const char *text, u64 *value)
{
	size_t len = expr_assemble(code, sizeof(code), text);

	check.allowed = EXPR_SCRIPT;
	check.registers = 0x10000;
	if (expr_verify(code, len, &check))
		fail_msg("%s: %s at %u", text, check.info.why, check.info.offset);
	return expr_run(code, len, &fake.env, value);
}

static const struct {
	const char *text;
	u64 value;
} values[] = {
	{ "end", 0 },
	{ "const8 0xff end", 0xff },
	{ "const16 0xfffe end", 0xfffe },
	{ "const32 0xfffefdfc end", 0xfffefdfc },
	{ "const64 0xfffefdfcfbfaf9f8 end", 0xfffefdfcfbfaf9f8 },
	{ "const8 1 const8 2 end", 2 },
	{ "const8 7 const8 2 add end", 9 },
	{ "const64 0xffffffffffffffff const8 2 add end", 1 },
	{ "const8 7 const8 2 sub end", 5 },
	{ "const8 2 const8 7 sub end", -5 },
	{ "const8 7 const8 6 mul end", 42 },
	{ "const64 0x8000000000000001 const8 2 mul end", 2 },
	{ "const8 7 const8 2 div_signed end", 3 },
	{ "const8 0xf9 ext 8 const8 2 div_signed end", -3 },
	{ "const8 7 const8 0xfe ext 8 div_signed end", -3 },
	{ "const8 7 const8 0xff ext 8 div_signed end", -7 },
	{ "const64 0x8000000000000000 const8 0xff ext 8 div_signed end", 1ull << 63 },
	{ "const8 0xf9 ext 8 const8 2 div_unsigned end", 0x7ffffffffffffffc },
	{ "const8 0xf9 ext 8 const8 2 rem_signed end", -1 },
	{ "const8 7 const8 0xfe ext 8 rem_signed end", 1 },
	{ "const64 0x8000000000000000 const8 0xff ext 8 rem_signed end", 0 },
	{ "const8 0xf9 ext 8 const8 4 rem_unsigned end", 1 },
	{ "const8 3 const8 4 lsh end", 48 },
	{ "const8 3 const8 63 lsh end", 1ull << 63 },
	{ "const8 3 const8 64 lsh end", 0 },
	{ "const8 3 const64 0xffffffffffffffff lsh end", 0 },
	{ "const8 0xf0 ext 8 const8 2 rsh_signed end", -4 },
	{ "const8 0xf0 ext 8 const8 64 rsh_signed end", -1 },
	{ "const8 0x70 const64 0xffffffffffffffff rsh_signed end", 0 },
	{ "const8 0xf0 ext 8 const8 60 rsh_unsigned end", 15 },
	{ "const8 0xf0 ext 8 const8 64 rsh_unsigned end", 0 },
	{ "const8 0 log_not end", 1 },
	{ "const64 0x100000000 log_not end", 0 },
	{ "const8 0x3c const8 0x0f bit_and end", 0x0c },
	{ "const8 0x3c const8 0x0f bit_or end", 0x3f },
	{ "const8 0x3c const8 0x0f bit_xor end", 0x33 },
	{ "const8 0x3c bit_not end", ~0x3cull },
	{ "const8 1 const8 1 equal end", 1 },
	{ "const8 1 const8 2 equal end", 0 },
	{ "const8 0xff ext 8 const8 0 less_signed end", 1 },
	{ "const8 0 const8 0xff ext 8 less_signed end", 0 },
	{ "const8 1 const8 1 less_signed end", 0 },
	{ "const8 0xff ext 8 const8 0 less_unsigned end", 0 },
	{ "const8 0 const8 0xff ext 8 less_unsigned end", 1 },
	{ "const8 1 ext 1 end", -1 },
	{ "const8 2 ext 1 end", 0 },
	{ "const32 0x80000000 ext 32 end", 0xffffffff80000000 },
	{ "const64 0x4000000000000000 ext 63 end", 0xc000000000000000 },
	{ "const64 0x8000000000000000 ext 64 end", 1ull << 63 },
	{ "const64 0x8000000000000000 ext 255 end", 1ull << 63 },
	{ "const8 0xff zero_ext 1 end", 1 },
	{ "const64 0xffffffffffffffff zero_ext 63 end", ~0ull >> 1 },
	{ "const64 0xffffffffffffffff zero_ext 64 end", ~0ull },
	{ "const64 0xffffffffffffffff zero_ext 200 end", ~0ull },
	{ "const64 0xffff888000001001 ref8 end", 0x07 },
	{ "const64 0xffff888000001001 ref16 end", 0x0e07 },
	{ "const64 0xffff888000001001 ref32 end", 0x1c150e07 },
	{ "const64 0xffff888000001001 ref64 end", 0x38312a231c150e07 },
	{ "const64 0xffff888000001040 ref8 end", 0xc0 },
	{ "const8 1 if_goto @a const8 5 end a: const8 6 end", 6 },
	{ "const8 0 if_goto @a const8 5 end a: const8 6 end", 5 },
	{ "goto @a b: const8 9 end a: goto @b", 9 },
	{ "const8 10 const8 0 swap a: dup rot add swap const8 1 sub dup if_goto @a pop end", 55 },
	{ "reg 0 end", 0 },
	{ "reg 17 end", 0x1111111111111111 + 17 },
	{ "const8 3 dup add end", 6 },
	{ "const8 3 const8 4 pop end", 3 },
	{ "const8 3 const8 4 swap end", 3 },
	{ "const8 3 const8 4 swap sub end", 1 },
	{ "const8 1 const8 2 const8 3 rot end", 2 },
	{ "const8 1 const8 2 const8 3 rot pop end", 1 },
	{ "const8 1 const8 2 const8 3 rot pop pop end", 3 },
	{ "const8 5 const8 6 const8 7 pick 0 end", 7 },
	{ "const8 5 const8 6 const8 7 pick 2 end", 5 },
	{ "getv 3 end", 33 },
	{ "const8 8 setv 3 end", 8 },
	{ "const8 8 setv 3 pop getv 3 getv 3 add end", 16 },
	{ "local_get 0 end", 0 },
	{ "const8 9 local_set 63 local_get 63 local_get 63 add end", 18 },
	{ "const8 1 const8 2 const8 3 call 3 4 end", 4123 },
	{ "const8 1 call 0 4 end", 4 },
	{ "const8 1 call_text 1 2 \"A\" end", 21 + 'A' },
	{ "const8 4 trace_quick 0 end", 4 },
};

static void test_values(void **state)
{
	size_t i;
	u64 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		expr_fake_init(&fake);
		fake.vars[3] = 33;
		if (run(values[i].text, &value))
			fail_msg("%s: failed", values[i].text);
		if (value != values[i].value)
			fail_msg("%s: %llx, expected %llx", values[i].text, (long long)value,
				 (long long)values[i].value);
	}
	assert_int_equal(expr_run(code, 1, &fake.env, &value), EXPR_BAD_CODE);
}

static void test_failures(void **state)
{
	static const struct {
		const char *text;
		enum expr_result result;
		u32 pc;
		u64 addr;
	} rows[] = {
		{ "const8 1 const8 0 div_signed end", EXPR_DIVISION, 4, 0 },
		{ "const8 1 const8 0 div_unsigned end", EXPR_DIVISION, 4, 0 },
		{ "const8 1 const8 0 rem_signed end", EXPR_DIVISION, 4, 0 },
		{ "const8 1 const8 0 rem_unsigned end", EXPR_DIVISION, 4, 0 },
		{ "reg 24 end", EXPR_NO_REGISTER, 0, 0 },
		{ "reg 64 end", EXPR_NO_REGISTER, 0, 0 },
		{ "const8 8 ref8 end", EXPR_UNMAPPED, 2, 8 },
		{ "const32 0xfee00300 ref32 end", EXPR_NOT_RAM, 5, 0xfee00300 },
		{ "const64 0xffff888000001ff9 ref64 end", EXPR_UNMAPPED, 9, 0xffff888000001ff9 },
		{ "const64 0xfffffffffffffffe ref32 end", EXPR_UNMAPPED, 9, ~1ull },
		{ "getv 8 end", EXPR_NO_VARIABLE, 0, 0 },
		{ "const8 1 setv 8 end", EXPR_NO_VARIABLE, 2, 0 },
		{ "const8 1 setv 7 end", EXPR_READ_ONLY, 2, 0 },
		{ "tracev 8 end", EXPR_NO_VARIABLE, 0, 0 },
		{ "a: goto @a", EXPR_ENDLESS, 0, 0 },
		{ "const8 1 const32 0x10001 trace end", EXPR_TOO_LONG, 7, 0 },
		{ "const8 1 const32 0x10001 tracenz end", EXPR_TOO_LONG, 7, 0 },
		{ "const64 0xfffffffffffffff0 const8 17 trace end", EXPR_UNMAPPED, 11, ~15ull },
		{ "const8 5 const8 9 tracenz end", EXPR_UNMAPPED, 4, 5 },
		{ "call 0 0 end", EXPR_REFUSED, 0, 0 },
		{ "const8 0 const8 1 printf 0 \"x\" end", EXPR_UNSUPPORTED, 4, 0 },
	};
	size_t i;
	u64 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		expr_fake_init(&fake);
		value = 1;
		if (run(rows[i].text, &value) != rows[i].result)
			fail_msg("%s: not %s", rows[i].text, expr_result_text(rows[i].result));
		assert_int_equal(value, 0);
		assert_int_equal(fake.machine.fault_pc, rows[i].pc);
		assert_int_equal(fake.machine.fault_addr, rows[i].addr);
	}
}

static void test_collections(void **state)
{
	static const struct {
		const char *text, *log;
	} rows[] = {
		{ "const8 5 const8 9 trace end", "collect 5 9; " },
		{ "const8 5 const8 0 trace end", "" },
		{ "const8 5 const32 0x10000 trace end", "collect 5 10000; " },
		{ "const8 5 trace_quick 8 trace16 0x1234 pop end",
		  "collect 5 8; collect 5 1234; " },
		{ "tracev 2 end", "variable 2 0; " },
		{ "const64 0xffff888000001001 const16 1000 tracenz end",
		  "collect ffff888000001001 12c; " },
		{ "const64 0xffff888000001001 const8 5 tracenz end",
		  "collect ffff888000001001 5; " },
		{ "const64 0xffff888000001001 const8 0 tracenz end", "" },
		{ "const64 0xffff888000001ff0 const16 1000 tracenz end",
		  "collect ffff888000001ff0 10; " },
	};
	size_t i;
	u64 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		expr_fake_init(&fake);
		memset(fake.page + 1, 1, 299);
		memset(fake.page + 0xf00, 1, 0x100);
		fake.page[300] = 0;
		if (run(rows[i].text, &value))
			fail_msg("%s: failed", rows[i].text);
		assert_string_equal(fake.log, rows[i].log);
	}
}

/* Operations that the context does not have. */
static void test_unsupported(void **state)
{
	static const char *const rows[] = {
		"reg 0 end",
		"const8 0 ref8 end",
		"getv 0 end",
		"const8 0 setv 0 end",
		"const8 0 trace_quick 1 end",
		"tracev 0 end",
		"const8 0 const8 1 tracenz end",
		"const8 0 const8 0 printf 0 \"x\" end",
		"call 0 1 end",
	};
	static const struct expr_ops none;
	size_t i;
	u64 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		expr_fake_init(&fake);
		fake.env.ops = &none;
		assert_int_equal(run(rows[i], &value), EXPR_UNSUPPORTED);
	}
}

/* What the verifier would have refused does no harm either. */
static void test_unverified(void **state)
{
	static const struct {
		const char *text;
		enum expr_result result;
	} rows[] = {
		{ "", EXPR_BAD_CODE },
		{ "0x00", EXPR_BAD_CODE },
		{ "0x31", EXPR_BAD_CODE },
		{ "0xff", EXPR_BAD_CODE },
		{ "float end", EXPR_BAD_CODE },
		{ "const8 1 l_to_d end", EXPR_BAD_CODE },
		{ "0x25 1 2 3", EXPR_BAD_CODE },
		{ "const8 1", EXPR_BAD_CODE },
		{ "add end", EXPR_UNDERFLOW },
		{ "const8 1 add end", EXPR_UNDERFLOW },
		{ "const8 1 const8 2 rot end", EXPR_UNDERFLOW },
		{ "const8 1 pick 1 end", EXPR_UNDERFLOW },
		{ "pick 0 end", EXPR_UNDERFLOW },
		{ "const8 1 const8 0 const8 0 printf 2 \"%d\" end", EXPR_UNDERFLOW },
		{ "const8 1 call 2 1 end", EXPR_UNDERFLOW },
		{ "const8 0 const8 0 printf 0 \"%d\" end", EXPR_BAD_FORMAT },
		{ "const8 0 const8 0 printf 0 \"%n\" end", EXPR_BAD_FORMAT },
		{ "const8 0 const8 0 0x34 0 0 0 end", EXPR_BAD_FORMAT },
		{ "const8 0 const8 0 0x34 0 0 1 0x41 end", EXPR_BAD_FORMAT },
		{ "const8 0 const8 0 0x34 0 0 9 0 end", EXPR_BAD_CODE },
		{ "const8 0 const8 0 0x34 0 0", EXPR_BAD_CODE },
		{ "goto 4 0x22 0x31 end", EXPR_BAD_CODE }, /* into an instruction */
		{ "goto 4 end", EXPR_BAD_JUMP },
		{ "const8 1 if_goto 0xffff end", EXPR_BAD_JUMP },
		{ "a: const8 1 goto @a", EXPR_OVERFLOW },
		{ "const8 1 ext 0 end", EXPR_BAD_CODE },
		{ "const8 1 zero_ext 0 end", EXPR_BAD_CODE },
		{ "local_get 240 end", EXPR_NO_VARIABLE },
		{ "const8 1 local_set 255 end", EXPR_NO_VARIABLE },
		{ "local_addr 240 end", EXPR_NO_VARIABLE },
		{ "const8 4 index 4 end", EXPR_INDEX },
		{ "frame 241 end", EXPR_NESTED },
		{ "f: go_sub 0 @f end", EXPR_NESTED },
		{ "go_sub 0 0xffff end", EXPR_BAD_JUMP },
		{ "go_sub 1 0 end", EXPR_UNDERFLOW },
		{ "return", EXPR_UNDERFLOW },
		{ "global_get 0 end", EXPR_NO_VARIABLE },
		{ "const8 1 global_set 9 end", EXPR_NO_VARIABLE },
		{ "const8 1 global_add 9 end", EXPR_NO_VARIABLE },
		{ "const8 1 reg_set 1 end", EXPR_UNSUPPORTED },
	};
	size_t i, len;
	u64 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		expr_fake_init(&fake);
		len = expr_assemble(code, sizeof(code), rows[i].text);
		if (expr_run(code, len, &fake.env, &value) != rows[i].result)
			fail_msg("%s: not %s", rows[i].text, expr_result_text(rows[i].result));
	}
	assert_int_equal(expr_run(code, EXPR_CODE_MAX + 1, &fake.env, &value), EXPR_BAD_CODE);
}

static void test_limits(void **state)
{
	u64 value;

	(void)state;
	expr_fake_init(&fake);
	fake.env.max_steps = 3;
	assert_int_equal(run("const8 1 const8 2 end", &value), EXPR_OK);
	assert_int_equal(run("const8 1 const8 2 pop end", &value), EXPR_ENDLESS);
	/* Reading is not free: a string without end in a loop without end. */
	fake.env.max_steps = 1000;
	memset(fake.page, 'x', sizeof(fake.page));
	run("a: const64 0xffff888000001000 const16 4096 tracenz goto @a", &value);
	assert_in_range(fake.reads, 1, 1000);
}

static void test_sentences(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < EXPR_NR_RESULTS; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(expr_result_text(i), expr_result_text(j));
	assert_string_equal(expr_result_text(EXPR_NR_RESULTS), "unknown error");
	assert_string_equal(expr_result_text(-1), "unknown error");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	    cmocka_unit_test(test_failures),
		cmocka_unit_test(test_collections), cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_unverified),  cmocka_unit_test(test_limits),
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
