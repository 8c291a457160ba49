// SPDX-License-Identifier: GPL-2.0
/* Tests of debug_slots.c. User space. */
#include "test.h"
#include "debug_slots.h"

static void test_cut(void **state)
{
	static const struct {
		u64 addr, len;
		unsigned int nr;
		u8 sizes[DEBUG_SLOTS];
	} rows[] = {
		{ 0x1000, 1, 1, { 1 } },
		{ 0x1001, 1, 1, { 1 } },
		{ 0x1002, 2, 1, { 2 } },
		{ 0x1000, 8, 1, { 8 } },
		{ 0x1000, 3, 2, { 2, 1 } },
		{ 0x1001, 2, 2, { 1, 1 } },
		{ 0x1001, 8, 4, { 1, 2, 4, 1 } },
		{ 0x1004, 12, 2, { 4, 8 } },
		{ 0x1000, 32, 4, { 8, 8, 8, 8 } },
		{ 0x1000, 33, 0, {} },
		{ 0x1001, 32, 0, {} },
		{ 0x1000, 0, 0, {} },
		{ ~0ull - 7, 8, 0, {} }, /* its end is no address any more */
		{ ~0ull - 8, 8, 4, { 1, 4, 2, 1 } },
		{ 0x1000, ~0ull, 0, {} },
	};
	struct debug_piece pieces[DEBUG_SLOTS];
	unsigned int i, n, nr;
	u64 addr;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		nr = debug_cut(rows[i].addr, rows[i].len, DEBUG_WRITE, pieces);
		if (nr != rows[i].nr)
			fail_msg("row %u: %u pieces", i, nr);
		for (n = 0, addr = rows[i].addr; n < nr; addr += pieces[n++].len)
			if (pieces[n].len != rows[i].sizes[n] || pieces[n].addr != addr ||
			    pieces[n].access != DEBUG_WRITE)
				fail_msg("row %u: piece %u: %u bytes at %llx", i, n, pieces[n].len,
					 (long long)pieces[n].addr);
	}
}

static void test_enabled(void **state)
{
	(void)state;
	assert_int_equal(debug_enabled(0x400), 0);
	assert_int_equal(debug_enabled(0x401), 1);
	assert_int_equal(debug_enabled(0x402), 1);
	assert_int_equal(debug_enabled(0x4c3), 9);
	assert_int_equal(debug_enabled(0xffff0400), 0);
	assert_int_equal(debug_nr_enabled(0x4c3), 2);
	assert_int_equal(debug_nr_enabled(0x4ff), 4);
}

static const u64 guest[DEBUG_SLOTS] = { 0x10, 0x11, 0x12, 0x13 };
static const struct debug_piece ours[DEBUG_SLOTS] = {
	{ 0xa000, DEBUG_EXECUTE, 1 },
	{ 0xa008, DEBUG_WRITE, 8 },
	{ 0xa004, DEBUG_READ_WRITE, 4 },
	{ 0xa002, DEBUG_READ_WRITE, 2 },
};

static void test_share(void **state)
{
	static const struct {
		u64 guest_dr7;
		unsigned int nr, missing;
		u64 dr[DEBUG_SLOTS], dr7;
		s8 piece[DEBUG_SLOTS];
	} rows[] = {
		{ 0x400, 0, 0, { 0x10, 0x11, 0x12, 0x13 }, 0x400, { -1, -1, -1, -1 } },
		{ 0x400, 1, 0, { 0xa000, 0x11, 0x12, 0x13 }, 0x402, { 0, -1, -1, -1 } },
		{ 0x400, 4, 0, { 0xa000, 0xa008, 0xa004, 0xa002 }, 0x7f9004aa, { 0, 1, 2, 3 } },
		/* what the guest left in registers that it has disabled does not matter */
		{ 0xffff0400,
		  4,
		  0,
		  { 0xa000, 0xa008, 0xa004, 0xa002 },
		  0x7f9004aa,
		  { 0, 1, 2, 3 } },
		/* the guest's stay where they are, with its GD and LE */
		{ 0xd2501, 2, 0, { 0x10, 0xa000, 0xa008, 0x13 }, 0x90d2529, { -1, 0, 1, -1 } },
		{ 0x455, 4, 4, { 0x10, 0x11, 0x12, 0x13 }, 0x455, { -1, -1, -1, -1 } },
		{ 0x415, 2, 1, { 0x10, 0x11, 0x12, 0xa000 }, 0x495, { -1, -1, -1, 0 } },
	};
	struct debug_slots slots;
	unsigned int i, missing;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		missing = debug_share(guest, rows[i].guest_dr7, ours, rows[i].nr, &slots);
		if (missing != rows[i].missing || slots.dr7 != rows[i].dr7)
			fail_msg("row %u: %u missing, DR7 %llx", i, missing, (long long)slots.dr7);
		assert_memory_equal(slots.dr, rows[i].dr, sizeof(slots.dr));
		assert_memory_equal(slots.piece, rows[i].piece, sizeof(slots.piece));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_enabled),
		cmocka_unit_test(test_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
