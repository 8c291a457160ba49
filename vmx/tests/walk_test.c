// SPDX-License-Identifier: GPL-2.0
/* Tests of walk.c, hostile page tables among them. User space. */
#include "test.h"
#include "walk.h"

#define PAGES 16
#define P     1ull
#define W     2ull
#define U     4ull
#define PS    0x80ull
#define NX    BIT64(63)

/* Guest-physical page n of the tables is at n * 4096; beyond them there is no RAM. */
struct memory {
	u64 page[PAGES][512];
	unsigned int reads;
};

static bool read_phys(void *ctx, u64 gpa, u64 *value)
{
	struct memory *m = ctx;

	m->reads++;
	assert_int_equal(gpa & 7, 0);
	if (gpa >= sizeof(m->page))
		return false;
	*value = m->page[gpa / 4096][gpa % 4096 / 8];
	return true;
}

static struct walk_in input(struct memory *m)
{
	return (struct walk_in){
		.cr3 = 0x1000, .maxphyaddr = 40, .read_phys = read_phys, .ctx = m
	};
}

#define GVA 0xffff888012345678ull

static unsigned int index_at(u64 gva, int level)
{
	return (gva >> (3 + 9 * level)) & 511;
}

/* Page 0 has nothing, then each level's table in the next page, from the top. */
static void map(struct memory *m, u64 gva, bool la57, int leaf_level, u64 leaf)
{
	int level, page = 1;

	memset(m, 0, sizeof(*m));
	for (level = la57 ? 5 : 4; level > leaf_level; level--, page++)
		m->page[page][index_at(gva, level)] = (page + 1) * 4096 | P | W | U;
	m->page[page][index_at(gva, level)] = leaf;
}

struct row {
	bool la57;
	u64 gva;
	int leaf_level;
	u64 leaf;
	enum walk_result result;
	u64 gpa, size;
	bool writable, user, nx;
};

static const struct row rows[] = {
	{ false, GVA, 1, 0x5555000 | P | W, WALK_OK, 0x5555678, 0x1000, true, false, false },
	{ false, GVA, 1, 0x5555000 | P | U | NX, WALK_OK, 0x5555678, 0x1000, false, true, true },
	{ false, GVA, 1, 0x5555000 | P | PS, WALK_OK, 0x5555678, 0x1000, false, false, false },
	{ false, GVA, 2, 0x600000 | P | W | PS, WALK_OK, 0x745678, 0x200000, true, false, false },
	{ false, GVA, 2, 0x601000 | P | PS, WALK_OK, 0x745678, 0x200000, false, false, false },
	{ false, GVA, 3, 0x80000000 | P | PS, WALK_OK, 0x92345678, 0x40000000, false, false,
	  false },
	{ false, GVA, 2, 0x602000 | P | PS, WALK_RESERVED, 0, 0, false, false, false },
	{ false, GVA, 3, 0x80200000 | P | PS, WALK_RESERVED, 0, 0, false, false, false },
	{ false, GVA, 4, 0x2000 | P | PS, WALK_RESERVED, 0, 0, false, false, false },
	{ true, GVA, 5, 0x2000 | P | PS, WALK_RESERVED, 0, 0, false, false, false },
	{ false, GVA, 1, 0x10000000000 | P, WALK_RESERVED, 0, 0, false, false, false },
	{ false, GVA, 3, 0x8000000002000 | P, WALK_RESERVED, 0, 0, false, false, false },
	{ false, GVA, 1, 0xfff0000005555000 | P, WALK_OK, 0x5555678, 0x1000, false, false, true },
	{ false, GVA, 1, 0x8000005555ff6, WALK_NOT_PRESENT, 0, 0, false, false, false },
	{ false, GVA, 4, 0, WALK_NOT_PRESENT, 0, 0, false, false, false },
	{ false, GVA, 3, 0x123456000 | P, WALK_UNREADABLE, 0, 0, false, false, false },
	{ true, 0xff11000012345678, 1, 0x7000 | P, WALK_OK, 0x7678, 0x1000, false, false, false },
	{ true, 0x00ffffff12345678, 1, 0x7000 | P, WALK_OK, 0x7678, 0x1000, false, false, false },
	{ true, 0x01ffffff12345678, 1, 0x7000 | P, WALK_NOT_CANONICAL, 0, 0, false, false, false },
	{ false, 0x0000800000000000, 1, 0x7000 | P, WALK_NOT_CANONICAL, 0, 0, false, false, false },
	{ false, 0xffff7fffffffffff, 1, 0x7000 | P, WALK_NOT_CANONICAL, 0, 0, false, false, false },
	{ false, 0xff11000012345678, 1, 0x7000 | P, WALK_NOT_CANONICAL, 0, 0, false, false, false },
	{ false, 0x00007fffffffffff, 1, 0x7000 | P, WALK_OK, 0x7fff, 0x1000, false, false, false },
	{ false, 0xffff800000000000, 1, 0x7000 | P, WALK_OK, 0x7000, 0x1000, false, false, false },
};

static void table(void **state)
{
	static struct memory m;
	struct walk_in in = input(&m);
	struct walk_out out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		enum walk_result result;

		map(&m, row->gva, row->la57, row->leaf_level, row->leaf);
		in.la57 = row->la57;
		result = walk_guest(&in, row->gva, &out);
		if (result != row->result)
			fail_msg("row %zu: %d", i, result);
		if (result != WALK_OK)
			continue;
		if (out.gpa != row->gpa || out.page_size != row->size || out.nx != row->nx ||
		    out.writable != row->writable || out.user != row->user)
			fail_msg("row %zu: gpa %llx", i, (unsigned long long)out.gpa);
		assert_int_equal(out.levels, m.reads);
		assert_int_equal(out.levels, (row->la57 ? 6 : 5) - row->leaf_level);
	}
}

/* PCID, no-flush, LAM and key bits of CR3 are no address. */
static void cr3_bits(void **state)
{
	static struct memory m;
	struct walk_in in = input(&m);
	struct walk_out out;

	(void)state;
	map(&m, GVA, false, 1, 0x7000 | P);
	in.cr3 = 0x1000 | 0xfff | BIT64(63) | BIT64(62) | BIT64(61) | BIT64(45);
	assert_int_equal(walk_guest(&in, GVA, &out), WALK_OK);
	in.cr3 = ~0ull;
	assert_int_equal(walk_guest(&in, GVA, &out), WALK_UNREADABLE);
}

/* A right that one level lacks is lacking. */
static void rights_are_anded(void **state)
{
	static struct memory m;
	struct walk_in in = input(&m);
	struct walk_out out;
	int page;

	(void)state;
	for (page = 1; page <= 3; page++) {
		map(&m, GVA, false, 1, 0x7000 | P | W | U);
		m.page[page][index_at(GVA, 5 - page)] &= ~W;
		assert_int_equal(walk_guest(&in, GVA, &out), WALK_OK);
		assert_true(!out.writable && out.user && !out.nx);
		m.page[page][index_at(GVA, 5 - page)] |= W | NX;
		m.page[page][index_at(GVA, 5 - page)] &= ~U;
		assert_int_equal(walk_guest(&in, GVA, &out), WALK_OK);
		assert_true(out.writable && !out.user && out.nx);
	}
}

/* A table that is its own child ends after four levels, as on the CPU. */
static void loop(void **state)
{
	static struct memory m;
	struct walk_in in = input(&m);
	struct walk_out out;
	int i;

	(void)state;
	memset(&m, 0, sizeof(m));
	for (i = 0; i < 512; i++)
		m.page[1][i] = 0x1000 | P;
	assert_int_equal(walk_guest(&in, GVA, &out), WALK_OK);
	assert_int_equal(out.gpa, 0x1678);
	assert_int_equal(m.reads, 4);
}

static void random_tables(void **state)
{
	static struct memory m;
	struct walk_in in = input(&m);
	struct walk_out out;
	u64 seed = 5;
	int i, j, k, mapped = 0;

	(void)state;
	for (i = 0; i < 300; i++) {
		for (j = 0; j < PAGES; j++)
			for (k = 0; k < 512; k++)
				m.page[j][k] = i % 2 ? random_u64(&seed)
						     : random_below(&seed, 0x10000) | P;
		for (j = 0; j < 300; j++) {
			in.la57 = random_bool(&seed);
			in.maxphyaddr = j % 3 ? 40 : random_below(&seed, 70);
			in.cr3 = random_u64(&seed);
			if (j % 2)
				in.cr3 &= 0xf000;
			m.reads = 0;
			if (walk_guest(&in, random_u64(&seed) >> 17, &out) == WALK_OK) {
				mapped++;
				assert_true(out.gpa >> base_min(in.maxphyaddr, 52) == 0 ||
					    out.page_size > BIT64(in.maxphyaddr));
			}
			assert_true(m.reads <= (in.la57 ? 5 : 4));
		}
	}
	assert_true(mapped > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(cr3_bits),
		cmocka_unit_test(rights_are_anded),
		cmocka_unit_test(loop),
		cmocka_unit_test(random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
