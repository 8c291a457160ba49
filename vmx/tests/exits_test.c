// SPDX-License-Identifier: GPL-2.0
/* Tests of exits.c. User space. */
#include "test.h"
#include "exits.h"

/* Bit 27: in enclave mode; bit 26: with a bus lock; bit 31: the entry failed. */
static void reasons(void **state)
{
	(void)state;
	assert_int_equal(exit_reason_decode(EXIT_REASON_CPUID), EXIT_REASON_CPUID);
	assert_int_equal(exit_reason_decode(BIT64(27) | EXIT_REASON_EXCEPTION_NMI),
			 EXIT_REASON_EXCEPTION_NMI);
	assert_int_equal(exit_reason_decode(BIT64(27) | BIT64(26) | EXIT_REASON_PREEMPTION_TIMER),
			 EXIT_REASON_PREEMPTION_TIMER);
	assert_int_equal(exit_reason_decode(BIT64(31) | 33), 0x80000021);
}

static void io(void **state)
{
	static const struct {
		u64 qual;
		struct io_qual want;
	} rows[] = {
		{ 0x03f80000, { 1, false, false, false, false, 0x3f8 } },
		{ 0x03fd0008, { 1, true, false, false, false, 0x3fd } },
		{ 0x00800041, { 2, false, false, false, true, 0x80 } },
		{ 0x0cf8000b, { 4, true, false, false, false, 0xcf8 } },
		{ 0xffff0038, { 1, true, true, true, false, 0xffff } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct io_qual q = io_qual_decode(rows[i].qual);

		assert_int_equal(q.size, rows[i].want.size);
		assert_int_equal(q.in, rows[i].want.in);
		assert_int_equal(q.string, rows[i].want.string);
		assert_int_equal(q.rep, rows[i].want.rep);
		assert_int_equal(q.imm, rows[i].want.imm);
		assert_int_equal(q.port, rows[i].want.port);
	}
}

static void control_registers(void **state)
{
	struct cr_qual q;

	(void)state;
	q = cr_qual_decode(0x0f04);
	assert_true(q.cr == 4 && q.access == CR_MOV_TO && q.gpr == 15);
	q = cr_qual_decode(0x0318);
	assert_true(q.cr == 8 && q.access == CR_MOV_FROM && q.gpr == 3);
	q = cr_qual_decode(0x20);
	assert_true(q.cr == 0 && q.access == CR_CLTS);
	q = cr_qual_decode(0x80010070);
	assert_true(q.access == CR_LMSW && q.lmsw_memory && q.lmsw_source == 0x8001);
}

static void debug_registers(void **state)
{
	struct dr_qual q;

	(void)state;
	q = dr_qual_decode(0x0007);
	assert_true(q.dr == 7 && !q.from_dr && q.gpr == 0);
	q = dr_qual_decode(0x0d16);
	assert_true(q.dr == 6 && q.from_dr && q.gpr == 13);
}

static void ept_violations(void **state)
{
	struct ept_qual q;

	(void)state;
	q = ept_qual_decode(0x184);
	assert_true(q.fetch && !q.read && !q.write && q.gla_valid && q.final && !q.x);
	q = ept_qual_decode(0x10ba);
	assert_true(q.write && q.r && q.w && q.x && q.gla_valid && !q.final);
	assert_true(q.nmi_unblocked_by_iret);
	q = ept_qual_decode(0x101);
	assert_true(q.read && !q.gla_valid && !q.final);
}

struct cpuid_row {
	u32 leaf, subleaf;
	u64 cr4;
	u32 before, after; /* ECX */
};

static const struct cpuid_row cpuid_rows[] = {
	{ 1, 0, 0, 0xffffffff, 0xf7ffffdf },
	{ 1, 7, HV_CR4_OSXSAVE, 0xffffffff, 0xffffffdf },
	{ 1, 0, HV_CR4_OSXSAVE, 0, 1u << 27 },
	{ 1, 0, HV_CR4_PKE, 0, 0 },
	{ 7, 0, HV_CR4_PKE, 0x8, 0x18 },
	{ 7, 0, 0, 0x18, 0x8 },
	{ 7, 1, 0, 0x18, 0x18 },
	{ 0, 0, 0, 0xffffffff, 0xffffffff },
	{ 0x40000000, 0, 0, 0xffffffff, 0xffffffff },
	{ 0x80000001, 0, 0, 0xffffffff, 0xffffffff },
};

static void cpuid(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cpuid_rows); i++) {
		const struct cpuid_row *row = &cpuid_rows[i];
		u32 regs[4] = { 1, 2, row->before, 4 };

		cpuid_filter(row->leaf, row->subleaf, row->cr4, regs);
		if (regs[2] != row->after)
			fail_msg("row %zu: %x", i, regs[2]);
		assert_true(regs[0] == 1 && regs[1] == 2 && regs[3] == 4);
	}
}

#define ALL_XCR0 0x602e7ull

static const struct {
	u32 index;
	u64 value;
	bool valid;
} xsetbv_rows[] = {
	{ 0, 0x1, true },
	{ 0, 0x3, true },
	{ 0, 0x7, true },
	{ 0, 0xe7, true },
	{ 0, 0x2e7, true },
	{ 0, 0x602e7, true },
	{ 0, 0x201, true },
	{ 1, 0x7, false },
	{ 0, 0x0, false },
	{ 0, 0x2, false },
	{ 0, 0x5, false },
	{ 0, 0xf, false },
	{ 0, 0x27, false },
	{ 0, 0x67, false },
	{ 0, 0xe3, false },
	{ 0, 0x20007, false },
	{ 0, 0x40007, false },
	{ 0, 0x107, false },
	{ 0, 1ull << 63 | 1, false },
};

static void xsetbv(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(xsetbv_rows); i++)
		if (xsetbv_valid(xsetbv_rows[i].index, xsetbv_rows[i].value, ALL_XCR0) !=
		    xsetbv_rows[i].valid)
			fail_msg("row %zu", i);
	assert_true(xsetbv_valid(0, 0x1f, 0x1f));
	assert_false(xsetbv_valid(0, 0x0b, 0x1f));
}

#define CR0_LINUX 0x80050033ull
#define CR4_LINUX 0x3406e0ull

static struct cr_write cr0_to(u64 value)
{
	return (struct cr_write){
		.value = value,
		.cr0 = CR0_LINUX,
		.cr4 = CR4_LINUX,
		.efer = HV_EFER_LME | HV_EFER_LMA,
		.code64 = true,
		.fixed0 = 0x80000021,
		.fixed1 = 0xffffffff,
	};
}

static const struct {
	u64 value;
	enum cr_verdict verdict;
	u64 real, shadow;
} cr0_rows[] = {
	{ CR0_LINUX, CR_WRITE_OK, CR0_LINUX, CR0_LINUX },
	{ CR0_LINUX | 8, CR_WRITE_OK, CR0_LINUX | 8, CR0_LINUX | 8 },
	{ CR0_LINUX & ~0x20ull, CR_WRITE_OK, CR0_LINUX, CR0_LINUX & ~0x20ull },
	{ CR0_LINUX & ~0x10ull, CR_WRITE_OK, CR0_LINUX, CR0_LINUX },
	{ CR0_LINUX | 0x40, CR_WRITE_OK, CR0_LINUX, CR0_LINUX },
	{ CR0_LINUX | 0x60000000, CR_WRITE_OK, CR0_LINUX | 0x60000000, CR0_LINUX | 0x60000000 },
	{ CR0_LINUX | 0x40000000, CR_WRITE_OK, CR0_LINUX | 0x40000000, CR0_LINUX | 0x40000000 },
	{ CR0_LINUX | 0x20000000, CR_WRITE_GP, 0, 0 },
	{ CR0_LINUX | BIT64(32), CR_WRITE_GP, 0, 0 },
	{ CR0_LINUX & ~1ull, CR_WRITE_GP, 0, 0 },
	{ CR0_LINUX & ~BIT64(31), CR_WRITE_GP, 0, 0 },
};

static void mov_to_cr0(void **state)
{
	struct cr_write w;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cr0_rows); i++) {
		w = cr0_to(cr0_rows[i].value);
		if (cr0_write(&w) != cr0_rows[i].verdict)
			fail_msg("row %zu: verdict", i);
		if (cr0_rows[i].verdict == CR_WRITE_OK &&
		    (w.real != cr0_rows[i].real || w.shadow != cr0_rows[i].shadow))
			fail_msg("row %zu: %llx %llx", i, (unsigned long long)w.real,
				 (unsigned long long)w.shadow);
	}
	/* Compatibility mode may leave paging, which we cannot follow; with PCIDs it may not. */
	w = cr0_to(CR0_LINUX & ~BIT64(31));
	w.code64 = false;
	assert_int_equal(cr0_write(&w), CR_WRITE_UNSUPPORTED);
	w.cr4 |= HV_CR4_PCIDE;
	assert_int_equal(cr0_write(&w), CR_WRITE_GP);
	w = cr0_to(CR0_LINUX & ~HV_CR0_WP);
	assert_int_equal(cr0_write(&w), CR_WRITE_OK);
	w.cr4 |= HV_CR4_CET;
	assert_int_equal(cr0_write(&w), CR_WRITE_GP);
}

static struct cr_write cr4_to(u64 value)
{
	return (struct cr_write){
		.value = value,
		.cr0 = CR0_LINUX,
		.cr4 = CR4_LINUX,
		.cr3 = 0x1234000,
		.efer = HV_EFER_LME | HV_EFER_LMA,
		.code64 = true,
		.fixed0 = 0x2000,
		.fixed1 = 0xffffff & ~HV_CR4_SMXE,
	};
}

static const struct {
	u64 value;
	enum cr_verdict verdict;
	u64 real;
} cr4_rows[] = {
	{ CR4_LINUX, CR_WRITE_OK, CR4_LINUX | 0x2000 },
	{ CR4_LINUX | HV_CR4_VMXE, CR_WRITE_OK, CR4_LINUX | 0x2000 },
	{ CR4_LINUX & ~HV_CR4_PGE, CR_WRITE_OK, (CR4_LINUX & ~HV_CR4_PGE) | 0x2000 },
	{ CR4_LINUX | HV_CR4_PCIDE, CR_WRITE_OK, CR4_LINUX | HV_CR4_PCIDE | 0x2000 },
	{ CR4_LINUX | HV_CR4_CET, CR_WRITE_OK, CR4_LINUX | HV_CR4_CET | 0x2000 },
	{ CR4_LINUX & ~HV_CR4_PAE, CR_WRITE_GP, 0 },
	{ CR4_LINUX | HV_CR4_LA57, CR_WRITE_GP, 0 },
	{ CR4_LINUX | HV_CR4_SMXE, CR_WRITE_GP, 0 },
	{ CR4_LINUX | BIT64(40), CR_WRITE_GP, 0 },
	{ CR4_LINUX | HV_CR4_FRED, CR_WRITE_GP, 0 },
};

static void mov_to_cr4(void **state)
{
	struct cr_write w;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cr4_rows); i++) {
		w = cr4_to(cr4_rows[i].value);
		if (cr4_write(&w) != cr4_rows[i].verdict)
			fail_msg("row %zu: verdict", i);
		if (cr4_rows[i].verdict != CR_WRITE_OK)
			continue;
		assert_int_equal(w.real, cr4_rows[i].real);
		assert_int_equal(w.shadow, cr4_rows[i].value);
	}
	w = cr4_to(CR4_LINUX);
	w.fixed0 = 0;
	assert_int_equal(cr4_write(&w), CR_WRITE_OK);
	assert_true(w.real & HV_CR4_VMXE);
	w = cr4_to(CR4_LINUX | HV_CR4_PCIDE);
	w.cr3 |= 1;
	assert_int_equal(cr4_write(&w), CR_WRITE_GP);
	w.cr4 |= HV_CR4_PCIDE;
	assert_int_equal(cr4_write(&w), CR_WRITE_OK);
	w = cr4_to(CR4_LINUX | HV_CR4_PCIDE);
	w.efer = 0;
	assert_int_equal(cr4_write(&w), CR_WRITE_GP);
	w = cr4_to(CR4_LINUX | HV_CR4_CET);
	w.cr0 &= ~HV_CR0_WP;
	assert_int_equal(cr4_write(&w), CR_WRITE_GP);
}

static void clts_and_lmsw(void **state)
{
	(void)state;
	assert_int_equal(cr0_after_clts(CR0_LINUX | 8), CR0_LINUX);
	assert_int_equal(cr0_after_lmsw(CR0_LINUX, 0), CR0_LINUX & ~2ull);
	assert_int_equal(cr0_after_lmsw(CR0_LINUX & ~1ull, 0xfff1), (CR0_LINUX & ~2ull) | 1);
	assert_int_equal(cr0_after_lmsw(CR0_LINUX, 0xe), CR0_LINUX | 0xe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),
		cmocka_unit_test(io),
		cmocka_unit_test(control_registers),
		cmocka_unit_test(debug_registers),
		cmocka_unit_test(ept_violations),
		cmocka_unit_test(cpuid),
		cmocka_unit_test(xsetbv),
		cmocka_unit_test(mov_to_cr0),
		cmocka_unit_test(mov_to_cr4),
		cmocka_unit_test(clts_and_lmsw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
