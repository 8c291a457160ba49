/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test of the pure core includes: cmocka, and a small random generator whose sequence
 * is the same in every run. User space.
 */
#ifndef HVGDB_VMX_TEST_H
#define HVGDB_VMX_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base.h"

/* xorshift64* */
static inline u64 random_u64(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static inline u64 random_below(u64 *state, u64 limit)
{
	return random_u64(state) % limit;
}

static inline bool random_bool(u64 *state)
{
	return random_u64(state) & BIT64(40);
}

#endif
