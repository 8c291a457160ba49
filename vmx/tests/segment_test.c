// SPDX-License-Identifier: GPL-2.0
/* Tests of segment.c. User space. */
#include "test.h"
#include "segment.h"

/* 1: 64-bit code; 2: flat data; 3: 32-bit code; 4-5: TSS; 6-7: LDT; 8: not present; 9: call gate.
 */
static const u64 gdt[] = {
	0x0000000000000000, 0x00af9a000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff,
	0xfe008b234000206f, 0x00000000fffffe00, 0x12008234567800ff, 0x00000000ffff8880,
	0x00cf13000000ffff, 0x00008c0000080000, 0x0000000000000000, 0x1240921234560fff,
	0xfe0089000000206f, 0x00001f0000000000,
};

#define LIMIT (sizeof(gdt) - 1)

struct row {
	u16 selector;
	bool system;
	bool ok;
	u64 base;
	u32 limit, ar;
};

static const struct row rows[] = {
	{ 0, false, true, 0, 0, 0x10000 },
	{ 3, false, true, 0, 0, 0x10000 }, /* null whatever its RPL */
	{ 0, true, true, 0, 0, 0x10000 },
	{ 0x08, false, true, 0, 0xffffffff, 0xa09b }, /* accessed, though the table says not yet */
	{ 0x10, false, true, 0, 0xffffffff, 0xc093 },
	{ 0x1b, false, true, 0, 0xffffffff, 0xc0fb },
	{ 0x20, true, true, 0xfffffe00fe234000, 0x206f, 0x008b },
	{ 0x30, true, true, 0xffff888012345678, 0xff, 0x0082 },
	{ 0x58, false, true, 0x12123456, 0xfff, 0x4093 },
	{ 0x20, false, false, 0, 0, 0x10000 }, /* a TSS is no data segment */
	{ 0x08, true, false, 0, 0, 0x10000 },
	{ 0x40, false, false, 0, 0, 0x10000 }, /* not present */
	{ 0x48, true, false, 0, 0, 0x10000 },  /* a gate */
	{ 0x60, true, false, 0, 0, 0x10000 },  /* upper half with a type */
	{ 0x68, true, false, 0, 0, 0x10000 },  /* upper half beyond the limit */
	{ 0x70, false, false, 0, 0, 0x10000 },
	{ 0xfff8, false, false, 0, 0, 0x10000 },
	{ 0x0c, false, false, 0, 0, 0x10000 }, /* in the LDT */
};

static void table(void **state)
{
	struct vmx_segment s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		bool ok = segment_decode((const u8 *)gdt, LIMIT, row->selector, row->system, &s);

		if (ok != row->ok || s.base != row->base || s.limit != row->limit ||
		    s.ar != row->ar || s.selector != row->selector)
			fail_msg("row %zu: %d %llx %x %x", i, ok, (unsigned long long)s.base,
				 s.limit, s.ar);
	}
}

/* The last byte of a descriptor decides whether it is inside the limit. */
static void limits(void **state)
{
	struct vmx_segment s;
	u32 limit;

	(void)state;
	for (limit = 0; limit < 0x40; limit++) {
		u8 *copy = malloc(limit + 1);

		memcpy(copy, gdt, limit + 1);
		assert_int_equal(segment_decode(copy, limit, 0x10, false, &s), limit >= 0x17);
		assert_int_equal(segment_tr(copy, limit, 0x20, &s), limit >= 0x2f);
		free(copy);
	}
}

static void task_register(void **state)
{
	u64 copy[ARRAY_SIZE(gdt)];
	struct vmx_segment s;

	(void)state;
	assert_true(segment_tr((const u8 *)gdt, LIMIT, 0x20, &s));
	assert_int_equal(s.ar, 0x8b);
	memcpy(copy, gdt, sizeof(gdt));
	copy[4] = 0xfe0089234000206f;
	assert_true(segment_tr((const u8 *)copy, LIMIT, 0x20, &s));
	assert_int_equal(s.ar, 0x8b);
	assert_false(segment_tr((const u8 *)gdt, LIMIT, 0, &s));
	assert_int_equal(s.ar, 0x10000);
	assert_false(segment_tr((const u8 *)gdt, LIMIT, 0x30, &s));
	assert_int_equal(s.ar, 0x10000);
	assert_false(segment_tr((const u8 *)gdt, LIMIT, 0x08, &s));
}

static void local_table(void **state)
{
	struct vmx_segment s;

	(void)state;
	assert_true(segment_decode_ldt((const u8 *)gdt, LIMIT, 0x1f, &s));
	assert_int_equal(s.ar, 0xc0fb);
	assert_false(segment_decode_ldt((const u8 *)gdt, LIMIT, 0x1b, &s));
	assert_false(segment_decode_ldt((const u8 *)gdt, 0x10, 0x1f, &s));
	assert_int_equal(s.ar, 0x10000);
}

/* Whatever is decoded obeys the checks of VM entry on limits, granularity and reserved bits. */
static void random_tables(void **state)
{
	u64 seed = 31337, random[16];
	struct vmx_segment s;
	int i, k;

	(void)state;
	for (i = 0; i < 200000; i++) {
		u16 selector = random_u64(&seed) >> 20;
		bool system = random_bool(&seed);

		for (k = 0; k < 16; k++)
			random[k] = random_u64(&seed);
		if (i % 2)
			selector &= 0x7b;
		if (!segment_decode((const u8 *)random, sizeof(random) - 1, selector, system, &s)) {
			assert_int_equal(s.ar, 0x10000);
			continue;
		}
		if (s.ar & HV_AR_UNUSABLE)
			continue;
		assert_int_equal(s.ar & 0xfffe0f00, 0);
		assert_true(s.ar & HV_AR_P);
		if ((s.limit & 0xfff) != 0xfff)
			assert_false(s.ar & HV_AR_G);
		if (s.limit >> 20)
			assert_true(s.ar & HV_AR_G);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),	 cmocka_unit_test(limits),
		cmocka_unit_test(task_register), cmocka_unit_test(local_table),
		cmocka_unit_test(random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
