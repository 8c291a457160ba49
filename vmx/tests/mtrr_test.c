// SPDX-License-Identifier: GPL-2.0
/* Tests of mtrr.c against one-address-at-a-time evaluation. User space. */
#include "test.h"
#include "mtrr_model.h"

#define MIB 0x100000ull
#define GIB 0x40000000ull

static void check_range(const struct mtrr_state_raw *m, u64 start, u64 end)
{
	bool uniform;
	u8 type = mtrr_range_type(m, start, end, &uniform);
	u64 addr;

	assert_int_equal(type, model_type(m, start));
	if (!uniform)
		return;
	for (addr = start; addr < end; addr += 0x1000)
		assert_int_equal(model_type(m, addr), type);
}

static bool really_uniform(const struct mtrr_state_raw *m, u64 start, u64 end)
{
	u64 addr;

	for (addr = start; addr < end; addr += 0x1000)
		if (model_type(m, addr) != model_type(m, start))
			return false;
	return true;
}

/* Below 4G of every set-up, by 2M: right, and split nowhere in vain. */
static void setups_by_2m(void **state)
{
	struct mtrr_state_raw m;
	bool uniform;
	u64 addr;
	int i;

	(void)state;
	for (i = 0; i < MODEL_NR; i++) {
		model_setup(&m, i, 40);
		for (addr = 0; addr < 2 * GIB; addr += 2 * MIB) {
			assert_int_equal(mtrr_range_type(&m, addr, addr + 0x1000, &uniform),
					 model_type(&m, addr));
			mtrr_range_type(&m, addr, addr + 2 * MIB, &uniform);
			assert_int_equal(uniform, really_uniform(&m, addr, addr + 2 * MIB));
		}
	}
}

struct range_row {
	enum model_setup setup;
	u64 start, end;
	u8 type;
	bool uniform;
};

static const struct range_row rows[] = {
	{ MODEL_DISABLED, 0, 4 * GIB, 0, true },
	{ MODEL_DISABLED, 0x1000, 0x2000, 0, true },
	{ MODEL_FLAT_WB, 1 * GIB, 2 * GIB, 6, true },
	{ MODEL_FLAT_WB, 2 * GIB, 4 * GIB, 0, true },
	{ MODEL_FLAT_WB, 1 * GIB, 3 * GIB, 6, false },
	{ MODEL_FLAT_WB, 0, 1 * GIB, 6, false }, /* the fixed ranges */
	{ MODEL_FLAT_WB, 0, 0xa0000, 6, true },
	{ MODEL_FLAT_WB, 0xa0000, 0xc0000, 0, true },
	{ MODEL_FLAT_WB, 0x9f000, 0xa1000, 6, false },
	{ MODEL_FLAT_WB, 0xff000, 0x101000, 5, false },
	{ MODEL_FLAT_WB, 4 * GIB, 1ull << 40, 6, true },
	{ MODEL_DEFAULT_UC, 2 * GIB, 3 * GIB, 6, false }, /* the hole begins inside */
	{ MODEL_DEFAULT_UC, 3 * GIB, 4 * GIB, 0, true },
	{ MODEL_DEFAULT_UC, 0xbf600000, 0xbf800000, 6, true },
	{ MODEL_DEFAULT_UC, 0xbf800000, 0xbfa00000, 0, true },
	{ MODEL_DEFAULT_UC, 5 * GIB, 6 * GIB, 0, true },
	{ MODEL_ODD, 0x10000000, 0x10200000, 6, false },
	{ MODEL_ODD, 0x10003000, 0x10004000, 0, true },
	{ MODEL_ODD, 0x20000000, 0x20200000, 6, false }, /* ends with it */
	{ MODEL_ODD, 0x30000000, 0x30200000, 1, false }, /* begins with it */
	{ MODEL_ODD, 0x40000000, 0x40200000, 4, true },
	{ MODEL_ODD, 0x40200000, 0x40201000, 0, true }, /* WT and WP: undefined, so UC */
	{ MODEL_ODD, 0x60000000, 0x60200000, 4, true }, /* a WB part of WT changes nothing */
};

static void table(void **state)
{
	struct mtrr_state_raw m;
	bool uniform;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		model_setup(&m, rows[i].setup, 40);
		if (mtrr_range_type(&m, rows[i].start, rows[i].end, &uniform) != rows[i].type)
			fail_msg("row %zu: type", i);
		if (uniform != rows[i].uniform)
			fail_msg("row %zu: uniform", i);
	}
}

/* Zero is a type (UC), not the end of a register. */
static void fixed_zero_is_uc(void **state)
{
	struct mtrr_state_raw m;
	bool uniform;

	(void)state;
	model_setup(&m, MODEL_FLAT_WB, 40);
	m.fixed[0] = 0x0606060006060606ull;
	assert_int_equal(mtrr_range_type(&m, 0x40000, 0x50000, &uniform), 0);
	assert_int_equal(mtrr_range_type(&m, 0x50000, 0x60000, &uniform), 6);
	m.def_type &= ~0x400ull;
	assert_int_equal(mtrr_range_type(&m, 0x40000, 0x50000, &uniform), 6);
	assert_true(uniform);
	m.def_type |= 0x400;
	m.cap &= ~0x100ull;
	assert_int_equal(mtrr_range_type(&m, 0x40000, 0x50000, &uniform), 6);
}

/* Each of the 88 bytes on its own. */
static void every_fixed_range(void **state)
{
	struct mtrr_state_raw m;
	bool uniform;
	u64 addr;
	int byte;

	(void)state;
	model_setup(&m, MODEL_FLAT_WB, 40);
	for (byte = 0; byte < 8 * MTRR_FIXED_NR; byte++) {
		memset(m.fixed, 0, sizeof(m.fixed));
		m.fixed[byte / 8] = 6ull << (byte % 8 * 8);
		for (addr = 0; addr < MIB; addr += 0x1000)
			assert_int_equal(mtrr_range_type(&m, addr, addr + 0x1000, &uniform),
					 model_type(&m, addr));
	}
}

static void random_setup(struct mtrr_state_raw *m, u64 *seed)
{
	static const u8 types[] = { 0, 1, 4, 5, 6 };
	unsigned int i;

	model_setup(m, MODEL_FLAT_WB, 36);
	m->def_type = 0xc00 | types[random_below(seed, 5)];
	m->nr_var = random_below(seed, 9);
	for (i = 0; i < m->nr_var; i++) {
		unsigned int bits = 12 + random_below(seed, 18);
		u64 mask = ((1ull << 36) - 1) & ~((1ull << bits) - 1);

		if (random_below(seed, 4) == 0)
			mask &= ~(1ull << (bits + random_below(seed, 36 - bits)));
		m->var_base[i] =
			(random_below(seed, 8 * GIB) & mask) | types[random_below(seed, 5)];
		m->var_mask[i] = mask | (random_below(seed, 8) ? 0x800 : 0);
	}
}

static void random_setups(void **state)
{
	struct mtrr_state_raw m;
	u64 seed = 0x1234567;
	int i, j;

	(void)state;
	for (i = 0; i < 150; i++) {
		random_setup(&m, &seed);
		for (j = 0; j < 20; j++) {
			u64 start = random_below(&seed, 8 * GIB) & ~0xfffull;
			u64 size = (1 + random_below(&seed, 600)) * 0x1000;

			if (j % 2) {
				start &= ~(2 * MIB - 1);
				size = 2 * MIB;
			}
			check_range(&m, start, start + size);
		}
	}
}

static void hostile_registers(void **state)
{
	struct mtrr_state_raw m;
	u64 seed = 99;
	bool uniform;
	size_t i, k;

	(void)state;
	for (i = 0; i < 2000; i++) {
		u8 *bytes = (u8 *)&m;

		for (k = 0; k < sizeof(m); k++)
			bytes[k] = random_u64(&seed) >> 32;
		m.maxphyaddr = random_below(&seed, 80);
		switch (mtrr_range_type(&m, 0, 2 * MIB, &uniform)) {
		case 0:
		case 1:
		case 4:
		case 5:
		case 6:
			break;
		default:
			fail_msg("no such memory type");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setups_by_2m),	     cmocka_unit_test(table),
		cmocka_unit_test(fixed_zero_is_uc),  cmocka_unit_test(random_setups),
		cmocka_unit_test(hostile_registers), cmocka_unit_test(every_fixed_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
