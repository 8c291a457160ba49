/* SPDX-License-Identifier: GPL-2.0 */
/* Random programs, and what must hold for any program. User space only. */
#ifndef HVGDB_EVENTS_EXPR_RANDOM_H
#define HVGDB_EVENTS_EXPR_RANDOM_H

#include "expr_fake.h"

enum expr_random_style {
	EXPR_RANDOM_BYTES,
	EXPR_RANDOM_INSTRUCTIONS, /* with operands of any value */
	EXPR_RANDOM_PLAUSIBLE,	  /* the stack mostly fits */
};

/* One program, the next of the series; true if the verifier took it. */
bool expr_random_try(u64 *seed, enum expr_random_style style);

/* Verifies and runs; aborts if something does not hold. code is used as it is, and left alone. */
bool expr_suffer(const u8 *code, size_t len, u32 allowed);

#endif
