// SPDX-License-Identifier: GPL-2.0
/* Tests of apic.c. User space. */
#include "test.h"
#include "apic.h"

static void modes(void **state)
{
	(void)state;
	assert_int_equal(lapic_mode_of(0xfee00000), LAPIC_DISABLED);
	assert_int_equal(lapic_mode_of(0xfee00900), LAPIC_XAPIC);
	assert_int_equal(lapic_mode_of(0xfee00d00), LAPIC_X2APIC);
	assert_int_equal(lapic_mode_of(0xfee00400), LAPIC_INVALID);
	assert_int_equal(lapic_base_phys(0xfee00900, 39), 0xfee00000);
	assert_int_equal(lapic_base_phys(0x00000080fee00900, 39), 0xfee00000);
	assert_int_equal(lapic_base_phys(0x00000080fee00900, 46), 0x80fee00000);
	assert_int_equal(lapic_base_phys(~0ull, 64), 0x000ffffffffff000);
}

static const struct {
	enum lapic_mode mode;
	u32 id;
	bool ok;
	u32 high;
	u64 msr;
} rows[] = {
	{ LAPIC_XAPIC, 0, true, 0, 0 },
	{ LAPIC_XAPIC, 3, true, 0x03000000, 0 },
	{ LAPIC_XAPIC, 0xfe, true, 0xfe000000, 0 },
	{ LAPIC_XAPIC, 0xff, false, 0, 0 },
	{ LAPIC_XAPIC, 0x100, false, 0, 0 },
	{ LAPIC_X2APIC, 0, true, 0, 0x4400 },
	{ LAPIC_X2APIC, 0xff, true, 0, 0xff00004400 },
	{ LAPIC_X2APIC, 0x12345, true, 0, 0x1234500004400 },
	{ LAPIC_X2APIC, 0xffffffff, false, 0, 0 },
	{ LAPIC_DISABLED, 0, false, 0, 0 },
	{ LAPIC_INVALID, 0, false, 0, 0 },
};

static void commands(void **state)
{
	struct lapic_icr icr;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (lapic_nmi_icr(rows[i].mode, rows[i].id, &icr) != rows[i].ok)
			fail_msg("row %zu", i);
		assert_int_equal(icr.high, rows[i].high);
		assert_int_equal(icr.msr, rows[i].msr);
		/* NMI, physical destination, asserted, no shorthand */
		assert_int_equal(icr.low, 0x4400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
