// SPDX-License-Identifier: GPL-2.0
/*
 * A million programs that nobody would write: the sanitizers watch that none misbehaves, and a
 * program that was verified never fails for a reason that verification excludes. User space only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr_random.h"

#define PROGRAMS 1000000

static unsigned int tally(enum expr_random_style style, unsigned int programs)
{
	unsigned int verified = 0;
	u64 seed = style + 1;

	for (; programs; programs--)
		verified += expr_random_try(&seed, style);
	return verified;
}

static void test_bytes(void **state)
{
	(void)state;
	tally(EXPR_RANDOM_BYTES, PROGRAMS / 4);
}

static void test_instructions(void **state)
{
	(void)state;
	tally(EXPR_RANDOM_INSTRUCTIONS, PROGRAMS / 4);
}

/* Most of these get past the verifier, so it is the interpreter that is tried. */
static void test_plausible(void **state)
{
	(void)state;
	assert_in_range(tally(EXPR_RANDOM_PLAUSIBLE, PROGRAMS / 2), PROGRAMS / 20, PROGRAMS / 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_plausible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
