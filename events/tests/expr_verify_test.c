// SPDX-License-Identifier: GPL-2.0
/* The verifier: what it refuses, with which sentence and where; what it says about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr_fake.h"

#define DUP10	 "dup dup dup dup dup dup dup dup dup dup "
#define DUP90	 DUP10 DUP10 DUP10 DUP10 DUP10 DUP10 DUP10 DUP10 DUP10
#define DUP99	 DUP90 "dup dup dup dup dup dup dup dup dup "
#define PRINTF	 "const8 0 const8 0 printf "
#define NO_STACK "the stack does not have as many values"
#define NO_END	 "the program runs or jumps over its end"
#define MEET	 "two ways meet with different stacks"
#define CUT	 "the last instruction is cut off"
#define UNKNOWN	 "there is no such instruction"
#define FLOAT	 "floating point cannot be used here"

static struct expr_check check;
static u8 code[EXPR_CODE_MAX + 16];

static int verify(const char *text, u32 allowed)
{
	size_t len = expr_assemble(code, sizeof(code), text);

	check.allowed = allowed;
	check.registers = 59;
	return expr_verify(code, len, &check);
}

struct refusal {
	const char *text, *why;
	u32 offset;
};

static void check_refusals(const struct refusal *rows, size_t count, u32 allowed)
{
	for (; count; count--, rows++) {
		if (!verify(rows->text, allowed))
			fail_msg("%s: not refused", rows->text);
		if (strcmp(check.info.why, rows->why) || check.info.offset != rows->offset)
			fail_msg("%s: %s at %u", rows->text, check.info.why, check.info.offset);
	}
}

static void test_refusals(void **state)
{
	static const struct refusal rows[] = {
		{ "", "the program is empty", 0 },
		{ "0x00 end", UNKNOWN, 0 },
		{ "const8 1 0x31 end", UNKNOWN, 2 },
		{ "0x35 end", UNKNOWN, 0 },
		{ "0x7f end", UNKNOWN, 0 },
		{ "0x8e end", UNKNOWN, 0 },
		{ "0xff end", UNKNOWN, 0 },
		{ "end 0x00", UNKNOWN, 1 },
		{ "float end", FLOAT, 0 },
		{ "const8 0 ref_float end", FLOAT, 2 },
		{ "const8 0 ref_double end", FLOAT, 2 },
		{ "const8 0 ref_long_double end", FLOAT, 2 },
		{ "const8 0 l_to_d end", FLOAT, 2 },
		{ "const8 0 d_to_l end", FLOAT, 2 },
		{ "0x22", CUT, 0 },
		{ "end 0x25 1 2 3 4 5 6 7", CUT, 1 },
		{ "0x26 1", CUT, 0 },
		{ "0x20 0", CUT, 0 },
		{ "0x34 0 0", CUT, 0 },
		{ "0x34 0 0 1", CUT, 0 },
		{ "0x83 0 0 0", CUT, 0 },
		{ "0x83 0 0 0 3 1 2", CUT, 0 },
		{ "const8 1", NO_END, 0 },
		{ "const8 1 if_goto @a end a: const8 1 pop", NO_END, 8 },
		{ "goto 4 end", NO_END, 0 },
		{ "goto 0xffff end", NO_END, 0 },
		{ "const8 1 if_goto 0xffff end", NO_END, 2 },
		{ "goto 4 const8 0x27 end", "a jump leads into an instruction", 0 },
		{ "goto 1 end", "a jump leads into an instruction", 0 },
		{ "add end", NO_STACK, 0 },
		{ "const8 1 mul end", NO_STACK, 2 },
		{ "pop end", NO_STACK, 0 },
		{ "dup end", NO_STACK, 0 },
		{ "const8 1 swap end", NO_STACK, 2 },
		{ "const8 1 const8 2 rot end", NO_STACK, 4 },
		{ "pick 0 end", NO_STACK, 0 },
		{ "const8 1 pick 1 end", NO_STACK, 2 },
		{ "setv 1 end", NO_STACK, 0 },
		{ "if_goto 3 end", NO_STACK, 0 },
		{ "const8 1 trace end", NO_STACK, 2 },
		{ "const8 1 tracenz end", NO_STACK, 2 },
		{ "trace_quick 1 end", NO_STACK, 0 },
		{ "trace16 1 end", NO_STACK, 0 },
		{ "local_set 1 end", NO_STACK, 0 },
		{ "const8 0 printf 0 \"x\" end", NO_STACK, 2 },
		{ PRINTF "1 \"%d\" end", NO_STACK, 4 },
		{ "const8 0 call 2 1 end", NO_STACK, 2 },
		{ "const8 0 call_text 2 1 \"x\" end", NO_STACK, 2 },
		{ "const8 1 " DUP99 "dup end", "the stack is not deep enough for this", 101 },
		{ "const8 1 " DUP99 "const8 1 end", "the stack is not deep enough for this", 101 },
		{ "a: const8 1 goto @a", MEET, 2 },
		{ "const8 1 if_goto @a const8 2 a: end", MEET, 5 },
		{ "const8 1 if_goto @a const8 2 goto @b a: b: end", MEET, 7 },
		{ "const8 1 ext 0 end", "a value of no bits is extended", 2 },
		{ "const8 1 zero_ext 0 end", "a value of no bits is extended", 2 },
		{ "reg 59 end", "there is no such register", 0 },
		{ "reg 0xffff end", "there is no such register", 0 },
		{ "local_get 240 end", "there is no such local variable", 0 },
		{ "const8 1 local_set 255 end", "there is no such local variable", 2 },
	};

	(void)state;
	check_refusals(rows, ARRAY_SIZE(rows), EXPR_SCRIPT);
}

static void test_formats(void **state)
{
	static const char unknown[] = "the format has an unknown conversion",
			  floating[] = "the format asks for floating point",
			  arguments[] = "a format does not have as many arguments as it needs",
			  argument[] = "a width or precision cannot be an argument",
			  wide[] = "a width or precision is beyond 255",
			  length[] = "a length does not fit its conversion",
			  escape[] = "the format has an unknown escape";
	const struct refusal rows[] = {
		{ PRINTF "0 \"%d\" end", arguments, 4 },
		{ "const8 1 " PRINTF "1 \"x\" end", arguments, 6 },
		{ "const8 1 " PRINTF "1 \"%%\" end", arguments, 6 },
		{ "const8 1 " PRINTF "1 \"%d%d\" end", arguments, 6 },
		{ PRINTF "0 \"%\" end", unknown, 4 },
		{ PRINTF "0 \"%y\" end", unknown, 4 },
		{ PRINTF "0 \"%l\" end", unknown, 4 },
		{ PRINTF "0 \"%Ld\" end", unknown, 4 },
		{ PRINTF "0 \"%5\" end", unknown, 4 },
		{ PRINTF "0 \"%.\" end", unknown, 4 },
		{ PRINTF "0 \"%n\" end", "the conversion n would write to memory", 4 },
		{ PRINTF "0 \"%ln\" end", "the conversion n would write to memory", 4 },
		{ PRINTF "0 \"%f\" end", floating, 4 },
		{ PRINTF "0 \"%5.2lf\" end", floating, 4 },
		{ PRINTF "0 \"%G\" end", floating, 4 },
		{ PRINTF "0 \"%*d\" end", argument, 4 },
		{ PRINTF "0 \"%.*d\" end", argument, 4 },
		{ PRINTF "0 \"%256d\" end", wide, 4 },
		{ PRINTF "0 \"%.256d\" end", wide, 4 },
		{ PRINTF "0 \"%99999999999d\" end", wide, 4 },
		{ PRINTF "0 \"%hs\" end", length, 4 },
		{ PRINTF "0 \"%llc\" end", length, 4 },
		{ PRINTF "0 \"%lp\" end", length, 4 },
		{ PRINTF "0 \"%wd\" end", length, 4 },
		{ PRINTF "0 \"\\\" end", escape, 4 },
		{ PRINTF "0 \"\\q\" end", escape, 4 },
		{ PRINTF "0 \"\\400\" end", "an octal escape is beyond \\377", 4 },
		{ "const8 0 const8 0 0x34 0 0 0 end", "the format does not end with a NUL", 4 },
		{ "const8 0 const8 0 0x34 0 0 1 0x41 end", "the format does not end with a NUL",
		  4 },
		{ "const8 0 const8 0 0x34 0 0 2 0 0 end", "the format has a NUL inside", 4 },
	};

	(void)state;
	check_refusals(rows, ARRAY_SIZE(rows), EXPR_SCRIPT);
}

static void test_allowed(void **state)
{
	static const struct {
		u32 allowed;
		struct refusal r;
	} rows[] = {
		{ EXPR_CONDITION, { "end", "the program ends without a value", 0 } },
		{ EXPR_CONDITION,
		  { "const8 1 if_goto @a const8 1 end a: end", "the program ends without a value",
		    8 } },
		{ EXPR_CONDITION,
		  { "const8 1 trace_quick 1 end", "only the actions of a tracepoint can collect",
		    2 } },
		{ EXPR_COMMANDS,
		  { "tracev 1 end", "only the actions of a tracepoint can collect", 0 } },
		{ EXPR_COMMANDS,
		  { "const8 1 trace16 1 end", "only the actions of a tracepoint can collect", 2 } },
		{ EXPR_COMMANDS,
		  { "trace end", "only the actions of a tracepoint can collect", 0 } },
		{ EXPR_COMMANDS,
		  { "tracenz end", "only the actions of a tracepoint can collect", 0 } },
		{ EXPR_CONDITION, { PRINTF "0 \"x\" end", "only commands can print", 4 } },
		{ EXPR_COLLECTION, { PRINTF "0 \"x\" end", "only commands can print", 4 } },
		{ 0, { "const8 1 setv 1 end", "variables cannot be set here", 2 } },
		{ EXPR_CONDITION, { "local_get 1 end", "this instruction is for scripts", 0 } },
		{ EXPR_COMMANDS, { "call 0 1 end", "this instruction is for scripts", 0 } },
		{ EXPR_COLLECTION,
		  { "call_text 0 1 \"x\" end", "this instruction is for scripts", 0 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_refusals(&rows[i].r, 1, rows[i].allowed);
}

static void test_length(void **state)
{
	(void)state;
	memset(code, BC_END, sizeof(code));
	check.allowed = 0;
	assert_int_equal(expr_verify(code, EXPR_CODE_MAX, &check), 0);
	assert_int_equal(expr_verify(code, EXPR_CODE_MAX + 1, &check), -EINVAL);
	assert_string_equal(check.info.why, "the program is too long");
}

/* Blocks in reverse order: each sweep finds one more. */
static size_t entangle(unsigned int blocks)
{
	size_t pc = 3;
	unsigned int i;

	code[0] = BC_GOTO;
	for (i = 0; i < blocks; i++, pc += 3) {
		code[pc] = BC_GOTO;
		code[pc + 1] = (pc - 3) >> 8;
		code[pc + 2] = pc - 3;
	}
	code[3] = code[4] = code[5] = BC_END;
	code[1] = (pc - 3) >> 8;
	code[2] = pc - 3;
	return pc;
}

static void test_entangled(void **state)
{
	(void)state;
	check.allowed = 0;
	assert_int_equal(expr_verify(code, entangle(60), &check), 0);
	assert_int_equal(expr_verify(code, entangle(70), &check), -EINVAL);
	assert_string_equal(check.info.why, "the jumps are too entangled");
}

static void test_info(void **state)
{
	static const struct {
		const char *text;
		struct expr_info info;
	} rows[] = {
		{ "end", { .steps = 1 } },
		{ "reg 16 const8 1 add end", { .steps = 4, .registers = 17, .stack = 2 } },
		{ "reg 3 ref32 end",
		  { .steps = 3, .registers = 4, .stack = 1, .reads_memory = 1 } },
		{ "a: goto @a", { .steps = 1, .loops = 1 } },
		{ "goto @a b: end a: goto @b", { .steps = 3, .loops = 1 } },
		{ "const8 1 " DUP99 "end", { .steps = 101, .stack = 100 } },
		{ "const8 1 trace_quick 2 end", { .steps = 3, .stack = 1, .collects = 1 } },
		{ "const8 1 setv 2 end", { .steps = 3, .stack = 1, .sets = 1 } },
		{ "local_get 1 end", { .steps = 2, .stack = 1, .private = 1 } },
		{ PRINTF "0 \"x\" end",
		  { .steps = 4, .stack = 2, .prints = 1, .reads_memory = 1 } },
		{ "const8 1 const8 2 tracenz end",
		  { .steps = 4, .stack = 2, .collects = 1, .reads_memory = 1 } },
		/* What nothing leads to may be anything that is sound. */
		{ "goto @a add add add a: end", { .steps = 5 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (verify(rows[i].text, EXPR_SCRIPT))
			fail_msg("%s: %s", rows[i].text, check.info.why);
		assert_memory_equal(&check.info, &rows[i].info, sizeof(check.info));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),  cmocka_unit_test(test_formats),
		cmocka_unit_test(test_allowed),	  cmocka_unit_test(test_length),
		cmocka_unit_test(test_entangled), cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
