/* SPDX-License-Identifier: GPL-2.0 */
/* What every cmocka test of rsp/ begins with. User space only. */
#ifndef HVGDB_RSP_CHECK_H
#define HVGDB_RSP_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chars.h"
#include "fake_target.h"

#define CHECK_MAIN(tests)                                                                          \
	int main(void)                                                                             \
	{                                                                                          \
		return cmocka_run_group_tests(tests, NULL, NULL);                                  \
	}

/* One packet to a session in no-ack mode, and what must come back; NULL means nothing at all. */
struct exchange {
	const char *ask, *reply;
};

static inline void check_reply(const char *ask, const char *got, const char *expected)
{
	if (got == expected || (got && expected && !strcmp(got, expected)))
		return;
	fail_msg("to %s: got %s, expected %s", ask, got ? got : "(nothing)",
		 expected ? expected : "(nothing)");
}

static inline void check_exchange(struct fake *f, const struct exchange *e)
{
	check_reply(e->ask, fake_ask(f, e->ask), e->reply);
	assert_null(fake_reply(f));
}

static inline void check_exchanges(struct fake *f, const struct exchange *e, size_t count)
{
	for (; count; count--)
		check_exchange(f, e++);
}

#endif
