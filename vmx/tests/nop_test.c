// SPDX-License-Identifier: GPL-2.0
/* Tests of nop.c: the forms that assemblers use, and what only looks like them. User space. */
#include "test.h"
#include "nop.h"

struct row {
	u8 bytes[16];
	size_t length;
	const char *what;
};

static const struct row rows[] = {
	{ { 0x90 }, 1, "nop" },
	{ { 0x66, 0x90 }, 2, "xchg %ax,%ax" },
	{ { 0x0f, 0x1f, 0x00 }, 3, "nopl (%rax)" },
	{ { 0x0f, 0x1f, 0x40, 0x00 }, 4, "nopl 0(%rax)" },
	{ { 0x0f, 0x1f, 0x44, 0x00, 0x00 }, 5, "nopl 0(%rax,%rax,1): ftrace" },
	{ { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 }, 6, "nopw 0(%rax,%rax,1)" },
	{ { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 }, 7, "nopl 0x0(%rax), 32 bits" },
	{ { 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 }, 8, "nopl 0x0(%rax,%rax,1), 32 bits" },
	{ { 0x66, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 }, 9, "nopw 0x0(%rax,%rax,1)" },
	{ { 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 }, 10, "cs nopw" },
	{ { 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0 }, 11, "data16 cs nopw" },
	{ { 0x0f, 0x1f, 0xc0 }, 3, "nop %eax" },
	{ { 0x0f, 0x1f, 0x05, 0, 0, 0, 0 }, 7, "nopl 0(%rip)" },
	{ { 0x0f, 0x1f, 0x04, 0x25, 0, 0, 0, 0 }, 8, "nopl 0x0 without a base" },
	{ { 0x0f, 0x1f, 0x04, 0x00 }, 4, "nopl (%rax,%rax,1)" },
	{ { 0xf3, 0x0f, 0x1e, 0xfa }, 4, "endbr64" },
	{ { 0xf3, 0x90 }, 0, "pause" },
	{ { 0x41, 0x90 }, 0, "xchg %r8d,%eax" },
	{ { 0xf0, 0x90 }, 0, "lock nop: #UD" },
	{ { 0x0f, 0x1f, 0x48, 0x00 }, 0, "0f 1f /1" },
	{ { 0x0f, 0x1e, 0xfa }, 0, "0f 1e without f3" },
	{ { 0xf3, 0x0f, 0x1e, 0xfb }, 0, "endbr32" },
	{ { 0xf3, 0x0f, 0x1e, 0xc8 }, 0, "rdsspd" },
	{ { 0x0f, 0x1d, 0x00 }, 0, "0f 1d" },
	{ { 0x55 }, 0, "push %rbp" },
	{ { 0xe8, 0, 0, 0, 0 }, 0, "call" },
	{ { 0xcc }, 0, "int3" },
	{ { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	    0x66, 0x90 },
	  0,
	  "16 bytes" },
};

static void forms(void **state)
{
	size_t i, room;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		for (room = 0; room <= sizeof(rows[i].bytes); room++) {
			size_t length = nop_length(rows[i].bytes, room, true);

			if (length != (room >= rows[i].length ? rows[i].length : 0))
				fail_msg("%s with %zu bytes: %zu", rows[i].what, room, length);
		}
}

static void endbranch(void **state)
{
	static const u8 bytes[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	(void)state;
	assert_int_equal(nop_length(bytes, sizeof(bytes), false), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(endbranch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
