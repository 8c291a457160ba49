// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: the text of a script. Whatever it is, it compiles or is refused with one line; what
 * compiles has been verified, and runs to an end. The same bytes are then taken for a compiled
 * script, which may be damaged in any way. User space.
 */
#include <stdlib.h>

#include "script_fake.h"

static struct script_fake fake;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void run_image(const u8 *image, size_t len)
{
	enum expr_result result = script_run(&fake.run, image, len, &fake.line);

	require((unsigned int)result < EXPR_NR_RESULTS);
	require(fake.machine.steps < 2 * fake.run.max_steps + 100000);
}

/* What the verifier proves of all that the compiler makes. */
static void run_compiled(void)
{
	enum expr_result result = script_fake_run(&fake);

	require(result != EXPR_BAD_CODE && result != EXPR_BAD_JUMP && result != EXPR_OVERFLOW &&
		result != EXPR_UNDERFLOW && result != EXPR_BAD_FORMAT);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct rsp_text error = { fake.error, 0, sizeof(fake.error) };
	bool good;

	script_fake_init(&fake);
	error = (struct rsp_text){ fake.error, 0, sizeof(fake.error) };
	good = script_compile(&fake.compiler, &fake.check, &fake.globals, (const char *)data, size,
			      &error);
	require(good == !error.len);
	require(good || fake.error[error.len - 1] == '\n' || error.len == error.size);
	require(fake.globals.nr <= SCRIPT_GLOBALS);
	if (good)
		run_compiled();
	run_image(data, size);
	return 0;
}
