// SPDX-License-Identifier: GPL-2.0
/* Tests of dr.c: the order of faults, reserved bits, aliases, sizes of operands. User space. */
#include "rules_fixture.h"
#include "events/dr.h"

#define R EVENT_DR_READ
#define W EVENT_DR_WRITE

#define GD    (1u << 13)
#define BD    (1u << 13)
#define HIGH  BIT64(32)
#define DE    1 /* flags of the machine */
#define C32   2
#define RTM   4
#define BLD   8
#define GD_ON 16

static struct dr_state machine(unsigned int flags, u8 cpl)
{
	return (struct dr_state){
		.dr = { 0x1111111100000000, 0x2222222200000001, 0x3333333300000002,
			0x4444444400000003 },
		.dr6 = 0xffff0ff0,
		.dr7 = 0x400 | (flags & GD_ON ? GD : 0),
		.de = flags & DE,
		.code64 = !(flags & C32),
		.rtm = flags & RTM,
		.bus_lock = flags & BLD,
		.cpl = cpl,
	};
}

/* #UD before #GP for the ring, that before #DB, that before #GP for the value. */
static void test_faults(void **state)
{
	static const struct {
		unsigned int flags;
		u8 cpl, reg, direction;
		u64 gpr;
		enum dr_fault fault;
	} cases[] = {
		{ 0, 0, 4, W, 0, DR_OK },
		{ 0, 0, 5, R, 0, DR_OK },
		{ DE, 0, 4, W, 0, DR_UD },
		{ DE, 0, 5, R, 0, DR_UD },
		{ DE, 0, 6, R, 0, DR_OK },
		{ DE, 0, 3, R, 0, DR_OK },
		{ DE, 3, 4, R, 0, DR_UD },
		{ DE | GD_ON, 0, 4, R, 0, DR_UD },
		{ DE | GD_ON, 3, 5, W, HIGH, DR_UD },
		{ 0, 1, 0, R, 0, DR_GP },
		{ 0, 3, 7, W, HIGH, DR_GP },
		{ GD_ON, 3, 0, R, 0, DR_GP },
		{ GD_ON, 0, 0, R, 0, DR_DB },
		{ GD_ON, 0, 7, W, HIGH, DR_DB },
		{ GD_ON, 0, 4, W, 0, DR_DB },
		{ 0, 0, 7, W, HIGH, DR_GP },
		{ 0, 0, 6, W, BIT64(63), DR_GP },
		{ 0, 0, 5, W, HIGH, DR_GP },
		{ 0, 0, 0, W, HIGH, DR_OK },
		{ 0, 0, 3, W, BIT64(63), DR_OK },
		{ C32, 0, 7, W, HIGH, DR_OK },
		{ 0, 0, 7, R, HIGH, DR_OK },
	};
	struct dr_state before;
	struct dr_result got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		before = machine(cases[i].flags, cases[i].cpl);
		got = dr_access(&before, cases[i].reg, cases[i].direction, cases[i].gpr);
		if (got.fault != cases[i].fault)
			fail_msg("%zu: fault %d", i, got.fault);
		assert_int_equal(got.set_gpr, got.fault == DR_OK && cases[i].direction == R);
		if (got.fault == DR_UD || got.fault == DR_GP)
			assert_memory_equal(&before, &got.state, sizeof(before));
	}
}

static void test_guard(void **state)
{
	struct dr_state before = machine(GD_ON, 0);
	struct dr_result got;

	(void)state;
	before.dr6 = 0xfffe0ff1;
	got = dr_access(&before, 7, W, 0);
	assert_int_equal(got.fault, DR_DB);
	assert_int_equal(got.state.dr6, 0xffff0ff1 | BD);
	assert_int_equal(got.state.dr7, 0x400);
	assert_memory_equal(got.state.dr, before.dr, sizeof(before.dr));
}

/* What is written, and what a read then gives. */
static void test_values(void **state)
{
	static const struct {
		unsigned int flags;
		u8 write, read;
		u64 value, result;
	} cases[] = {
		{ 0, 0, 0, 0x8000000000000001, 0x8000000000000001 },
		{ 0, 3, 3, ~0ULL, ~0ULL },
		{ C32, 1, 1, 0xffffffff12345678, 0x12345678 },
		{ 0, 6, 6, 0, 0xffff0ff0 },
		{ 0, 6, 6, 0xffffffff, 0xffffefff },
		{ RTM, 6, 6, 0, 0xfffe0ff0 },
		{ BLD, 6, 6, 0, 0xffff07f0 },
		{ BLD, 6, 6, 0x80f, 0xffff0fff },
		{ RTM, 6, 6, 0xe00f, 0xfffeefff },
		{ C32, 1, 1, 0x9abcdef1, 0x9abcdef1 },
		{ RTM | BLD, 6, 6, 0x10800, 0xffff0ff0 },
		{ 0, 6, 6, 0xe00f, 0xffffefff },
		{ 0, 7, 7, 0, 0x400 },
		{ 0, 7, 7, 0xffffdfff, 0xffff07ff },
		{ RTM, 7, 7, 0xffffdfff, 0xffff0fff },
		{ 0, 7, 7, 0x00dd0302, 0x00dd0702 },
		{ 0, 4, 6, 0xf, 0xffff0fff },
		{ 0, 6, 4, 0xf, 0xffff0fff },
		{ 0, 5, 7, 1, 0x401 },
		{ 0, 7, 5, 1, 0x401 },
		{ DE, 7, 7, 1, 0x401 },
	};
	struct dr_state before;
	struct dr_result got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		before = machine(cases[i].flags, 0);
		got = dr_access(&before, cases[i].write, W, cases[i].value);
		assert_int_equal(got.fault, DR_OK);
		got = dr_access(&got.state, cases[i].read, R, ~0ULL);
		if (got.gpr != cases[i].result)
			fail_msg("%zu: %llx", i, (unsigned long long)got.gpr);
	}
}

/* A write changes its register alone; a read changes none, and 32-bit code gets 32 bits. */
static void test_others_stay(void **state)
{
	struct dr_state before = machine(0, 0);
	struct dr_result got;
	unsigned int reg, i;

	(void)state;
	for (reg = 0; reg < 8; reg++) {
		got = dr_access(&before, reg, W, 3);
		for (i = 0; i < 4; i++)
			assert_int_equal(got.state.dr[i], i == reg ? 3 : before.dr[i]);
		assert_int_equal(got.state.dr6, dr_real(reg, false) == 6 ? 0xffff0ff3 : before.dr6);
		assert_int_equal(got.state.dr7, dr_real(reg, false) == 7 ? 0x403 : before.dr7);
		got = dr_access(&before, reg, R, 3);
		assert_memory_equal(&before, &got.state, sizeof(before));
	}
	before.code64 = false;
	assert_int_equal(dr_access(&before, 3, R, ~0ULL).gpr, 3);
}

static void test_real(void **state)
{
	static const u8 alias[] = { 0, 1, 2, 3, 6, 7, 6, 7 };
	unsigned int reg;

	(void)state;
	for (reg = 0; reg < 8; reg++) {
		assert_int_equal(dr_real(reg, false), alias[reg]);
		assert_int_equal(dr_real(reg, true), reg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults), cmocka_unit_test(test_guard),
		cmocka_unit_test(test_values), cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
