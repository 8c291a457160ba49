// SPDX-License-Identifier: GPL-2.0
/* Tests of ept.c: a second walker, and the MTRR model, say what each address must get. User space.
 */
#include "test.h"
#include "ept.h"
#include "mtrr_model.h"

#define PAGE	  4096
#define PHYS_BASE 0x3f00000000ull /* where the pool pretends to be */
#define MIB	  0x100000ull
#define GIB	  0x40000000ull

struct fixture {
	struct mtrr_state_raw mtrr;
	struct ept_pool pool;
	struct ept ept;
	u64 *phys;
	u8 *memory;
};

static void make_pool(struct fixture *f, size_t nr)
{
	size_t i;

	f->memory = aligned_alloc(PAGE, nr * PAGE);
	f->phys = malloc((nr + 1) * sizeof(u64));
	assert_non_null(f->memory);
	assert_non_null(f->phys);
	memset(f->memory, 0xa5, nr * PAGE);
	/* Not in order, as the kernel's allocator would not give them either. */
	for (i = 0; i < nr; i++)
		f->phys[i] = PHYS_BASE + (i * 7919 % nr) * PAGE;
	if (nr % 7919 == 0)
		for (i = 0; i < nr; i++)
			f->phys[i] = PHYS_BASE + i * PAGE;
	f->pool = (struct ept_pool){ .phys = f->phys, .nr = nr };
	f->ept.pool = &f->pool;
	f->ept.virt_offset = (u64)(uintptr_t)f->memory - PHYS_BASE;
}

static void free_pool(struct fixture *f)
{
	free(f->memory);
	free(f->phys);
}

static void build(struct fixture *f, enum model_setup setup, unsigned int bits, bool has_1g,
		  size_t spare)
{
	size_t nr;

	model_setup(&f->mtrr, setup, bits);
	nr = ept_count_pages(&f->mtrr, bits, has_1g);
	make_pool(f, nr + spare);
	assert_int_equal(ept_build(&f->ept, &f->mtrr, bits, has_1g), 0);
	assert_int_equal(f->pool.used, nr);
}

struct translation {
	bool present;
	u64 hpa;
	unsigned int type, rwx, level;
};

static u64 read_entry(const struct fixture *f, u64 table, u64 index)
{
	assert_true(table >= PHYS_BASE && table < PHYS_BASE + f->pool.nr * PAGE);
	return ((const u64 *)(f->memory + (table - PHYS_BASE)))[index];
}

/* By the letter of "EPT Translation Mechanism". */
static struct translation translate_from(const struct fixture *f, u64 eptp, u64 gpa)
{
	static const unsigned int shifts[] = { 39, 30, 21, 12 };
	struct translation t = { .rwx = 7 };
	u64 entry = eptp & ~0xfffull;
	int i;

	for (i = 0; i < 4; i++) {
		u64 size = 1ull << shifts[i];
		bool leaf;

		entry = read_entry(f, entry & 0x000ffffffffff000ull, (gpa >> shifts[i]) & 511);
		t.rwx &= entry & 7;
		t.level = 4 - i;
		leaf = i == 3 || (i > 0 && (entry & 0x80));
		if (!(entry & 7))
			return t;
		if (!leaf) {
			assert_int_equal(entry & 0xfff, 7); /* bits 6:3 and 7 are reserved there */
			continue;
		}
		assert_int_equal(entry & 0x000ffffffffff000ull & (size - 1), 0);
		assert_true(i < 3 || !(entry & 0x80));
		t.present = true;
		t.hpa = (entry & 0x000ffffffffff000ull) | (gpa & (size - 1));
		t.type = (entry >> 3) & 7;
		assert_false(entry & 0x40);
		return t;
	}
	return t;
}

static struct translation translate(const struct fixture *f, u64 gpa)
{
	return translate_from(f, ept_pointer(&f->ept), gpa);
}

static void assert_identity(const struct fixture *f, u64 gpa)
{
	struct translation t = translate(f, gpa);

	assert_true(t.present);
	assert_int_equal(t.hpa, gpa);
	assert_int_equal(t.rwx, 7);
	assert_int_equal(t.type, model_type(&f->mtrr, gpa & ~0xfffull));
}

static void random_addresses(const struct fixture *f, unsigned int bits, int nr)
{
	u64 seed = 42;

	while (nr--)
		assert_identity(f, random_u64(&seed) &
					   ((1ull << (12 + random_below(&seed, bits - 11))) - 1));
	assert_identity(f, 0);
	assert_identity(f, (1ull << bits) - 1);
	assert_false(bits < 48 && translate(f, 1ull << bits).present);
}

static void every_page_below_2g(const struct fixture *f)
{
	u64 gpa;

	for (gpa = 0; gpa < 2 * GIB; gpa += PAGE)
		assert_identity(f, gpa);
}

static const unsigned int widths[] = { 32, 36, 39, 40, 46, 48, 52 };

static void identity_and_types(void **state)
{
	struct fixture f;
	size_t i;
	int setup;

	(void)state;
	for (setup = 0; setup < MODEL_NR; setup++)
		for (i = 0; i < ARRAY_SIZE(widths); i++) {
			unsigned int bits = widths[i] > 48 ? 48 : widths[i];

			build(&f, setup, widths[i], true, 0);
			random_addresses(&f, bits, 3000);
			free_pool(&f);
		}
	for (setup = 0; setup < MODEL_NR; setup++) {
		build(&f, setup, 36, false, 0);
		random_addresses(&f, 36, 20000);
		free_pool(&f);
	}
	build(&f, MODEL_ODD, 36, true, 0);
	every_page_below_2g(&f);
	free_pool(&f);
}

/* Large pages where they can be, small ones only where the type changes inside. */
static void page_sizes(void **state)
{
	struct fixture f;
	unsigned int level;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 0);
	assert_non_null(ept_lookup(&f.ept, 5 * GIB, &level));
	assert_int_equal(level, EPT_LEVEL_1G);
	ept_lookup(&f.ept, 4 * MIB, &level);
	assert_int_equal(level, EPT_LEVEL_2M);
	ept_lookup(&f.ept, 0xa0000, &level);
	assert_int_equal(level, EPT_LEVEL_4K);
	assert_int_equal(f.pool.used, 1 + 2 + 1 + 1);
	assert_null(ept_lookup(&f.ept, BIT64(40), &level));
	assert_null(ept_lookup(&f.ept, ~0ull, &level));
	free_pool(&f);
	build(&f, MODEL_FLAT_WB, 36, false, 0);
	ept_lookup(&f.ept, 5 * GIB, &level);
	assert_int_equal(level, EPT_LEVEL_2M);
	assert_int_equal(f.pool.used, 1 + 1 + 64 + 1);
	free_pool(&f);
}

static void pointer(void **state)
{
	struct fixture f;

	(void)state;
	build(&f, MODEL_FLAT_WB, 36, true, 0);
	assert_int_equal(ept_pointer(&f.ept) & 0xfff, 0x1e);
	assert_int_equal(ept_pointer(&f.ept) & ~0xfffull, f.ept.root);
	free_pool(&f);
}

/* Every pool that is too small is noticed, and no page beyond it touched (the sanitizer looks). */
static void pool_too_small(void **state)
{
	struct fixture f;
	size_t nr, full;

	(void)state;
	model_setup(&f.mtrr, MODEL_ODD, 36);
	full = ept_count_pages(&f.mtrr, 36, true);
	for (nr = 0; nr < full; nr++) {
		make_pool(&f, nr ? nr : 1);
		f.pool.nr = nr;
		assert_int_equal(ept_build(&f.ept, &f.mtrr, 36, true), -ENOSPC);
		assert_int_equal(f.pool.used, nr);
		free_pool(&f);
	}
}

static void split_keeps_translation(void **state)
{
	struct fixture f;
	unsigned int level;
	u64 gpa, seed = 7;
	int i;

	(void)state;
	build(&f, MODEL_ODD, 40, true, 200);
	for (i = 0; i < 60; i++) {
		u64 at = random_below(&seed, 8 * GIB);
		unsigned int to = 1 + random_below(&seed, 3);

		assert_int_equal(ept_split(&f.ept, at, to), 0);
		ept_lookup(&f.ept, at, &level);
		assert_true(level <= to);
		for (gpa = (at & ~(2 * MIB - 1)); gpa < (at & ~(2 * MIB - 1)) + 4 * MIB;
		     gpa += PAGE)
			assert_identity(&f, gpa);
	}
	random_addresses(&f, 40, 20000);
	/* The neighbour of a split 1G page keeps its 2M pages. */
	ept_split(&f.ept, 7 * GIB, EPT_LEVEL_4K);
	ept_lookup(&f.ept, 7 * GIB + 2 * MIB, &level);
	assert_int_equal(level, EPT_LEVEL_2M);
	free_pool(&f);
}

static void split_errors(void **state)
{
	struct fixture f;
	unsigned int level;
	u64 *entry;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 4);
	assert_int_equal(ept_split(&f.ept, BIT64(40), 1), -EINVAL);
	assert_int_equal(ept_split(&f.ept, 0, 0), -EINVAL);
	assert_int_equal(ept_split(&f.ept, 0, 4), -EINVAL);
	assert_int_equal(ept_split(&f.ept, 5 * GIB, 3), 0);
	assert_int_equal(f.pool.used + 4, f.pool.nr);
	entry = ept_lookup(&f.ept, 5 * GIB, &level);
	*entry = 0;
	assert_int_equal(ept_split(&f.ept, 5 * GIB, 1), -ENOENT);
	assert_int_equal(ept_split_cost(&f.ept, 5 * GIB), 0);
	assert_int_equal(ept_split_cost(&f.ept, 6 * GIB), 2);
	assert_int_equal(ept_split_cost(&f.ept, 0xa0000), 0);
	assert_int_equal(ept_split_cost(&f.ept, BIT64(40)), 0);
	free_pool(&f);
}

static void exhaustion_changes_nothing(void **state)
{
	struct fixture f;
	size_t spare, size;
	u8 *before;

	(void)state;
	for (spare = 0; spare < 2; spare++) {
		build(&f, MODEL_FLAT_WB, 40, true, spare);
		size = f.pool.nr * PAGE;
		before = malloc(size);
		memcpy(before, f.memory, size);
		assert_int_equal(ept_split(&f.ept, 5 * GIB, EPT_LEVEL_4K), -ENOSPC);
		assert_int_equal(f.pool.used + spare, f.pool.nr);
		assert_memory_equal(before, f.memory, size);
		free(before);
		free_pool(&f);
	}
}

static void access_of_a_page(void **state)
{
	static const int allowed[8] = { 0, 0, -EINVAL, 0, 0, 0, -EINVAL, 0 };
	struct fixture f;
	unsigned int rwx;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 2);
	assert_int_equal(ept_set_access(&f.ept, 5 * GIB, 1), -EINVAL);
	assert_int_equal(ept_set_access(&f.ept, BIT64(40), 1), -EINVAL);
	ept_split(&f.ept, 5 * GIB, EPT_LEVEL_4K);
	assert_int_equal(ept_set_access(&f.ept, 5 * GIB, 8), -EINVAL);
	for (rwx = 0; rwx < 8; rwx++) {
		assert_int_equal(ept_set_access(&f.ept, 5 * GIB + 0x123, rwx), allowed[rwx]);
		if (allowed[rwx] == 0)
			assert_int_equal(translate(&f, 5 * GIB).rwx, rwx);
		assert_identity(&f, 5 * GIB + PAGE);
	}
	assert_identity(&f, 5 * GIB);
	free_pool(&f);
}

static void another_frame(void **state)
{
	struct fixture f;
	struct translation t;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 2);
	assert_int_equal(ept_set_frame(&f.ept, 5 * GIB, 0x7000), -EINVAL);
	ept_split(&f.ept, 5 * GIB, EPT_LEVEL_4K);
	assert_int_equal(ept_set_frame(&f.ept, 5 * GIB, 0x7001), -EINVAL);
	assert_int_equal(ept_set_frame(&f.ept, 5 * GIB, 0x7000), 0);
	t = translate(&f, 5 * GIB + 0x10);
	assert_int_equal(t.hpa, 0x7010);
	assert_int_equal(t.rwx, 7);
	assert_int_equal(t.type, 6);
	free_pool(&f);
}

static struct translation view(const struct fixture *f, const struct ept *ept, u64 gpa)
{
	return translate_from(f, ept_pointer(ept), gpa);
}

static void hide(struct ept *ept, u64 gpa)
{
	assert_int_equal(ept_split(ept, gpa, EPT_LEVEL_4K), 0);
	assert_int_equal(ept_unshare(ept, gpa), 0);
	assert_int_equal(ept_set_access(ept, gpa, VMX_EPT_EXECUTABLE_MASK), 0);
}

/* What one view hides the other still has, at any number of pages and in either view. */
static void two_views(void **state)
{
	struct fixture f;
	struct ept clean;
	u64 seed = 3, hidden[2][40];
	int i, side;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 400);
	ept_split(&f.ept, 9 * GIB, EPT_LEVEL_4K);
	assert_int_equal(ept_fork(&f.ept, &clean), 0);
	for (i = 0; i < 40; i++)
		for (side = 0; side < 2; side++) {
			hidden[side][i] =
				(random_below(&seed, 40 * GIB) & ~0x1fffull) + side * PAGE;
			hide(side ? &clean : &f.ept, hidden[side][i]);
		}
	for (i = 0; i < 40; i++) {
		assert_int_equal(view(&f, &f.ept, hidden[0][i]).rwx, 4);
		assert_int_equal(view(&f, &clean, hidden[0][i]).rwx, 7);
		assert_int_equal(view(&f, &f.ept, hidden[1][i]).rwx, 7);
		assert_int_equal(view(&f, &clean, hidden[1][i]).rwx, 4);
		assert_int_equal(view(&f, &clean, hidden[0][i]).hpa, hidden[0][i]);
	}
	for (i = 0; i < 20000; i++) {
		u64 gpa = random_below(&seed, BIT64(40));

		assert_int_equal(view(&f, &clean, gpa).hpa, gpa);
		assert_int_equal(view(&f, &f.ept, gpa).hpa, gpa);
	}
	free_pool(&f);
}

/* Tables of one's own are copied once only, also after a third view came. */
static void unshare_is_frugal(void **state)
{
	struct fixture f;
	struct ept second, third;
	size_t used;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 40);
	ept_split(&f.ept, 5 * GIB, EPT_LEVEL_4K);
	ept_fork(&f.ept, &second);
	used = f.pool.used;
	ept_unshare(&second, 5 * GIB);
	assert_int_equal(f.pool.used, used + 3);
	ept_unshare(&second, 5 * GIB + PAGE);
	assert_int_equal(f.pool.used, used + 3);
	ept_split(&second, 5 * GIB + 2 * MIB, EPT_LEVEL_4K);
	ept_unshare(&second, 5 * GIB + 2 * MIB);
	assert_int_equal(f.pool.used, used + 4);
	ept_fork(&second, &third);
	hide(&second, 5 * GIB);
	assert_int_equal(view(&f, &third, 5 * GIB).rwx, 7);
	hide(&third, 5 * GIB + PAGE);
	assert_int_equal(view(&f, &second, 5 * GIB + PAGE).rwx, 7);
	assert_int_equal(view(&f, &f.ept, 5 * GIB + PAGE).rwx, 7);
	free_pool(&f);
}

static void unshare_without_pages(void **state)
{
	struct fixture f;
	struct ept second;
	size_t spare, size;
	u8 *before;

	(void)state;
	for (spare = 0; spare < 3; spare++) {
		build(&f, MODEL_FLAT_WB, 40, true, 3 + spare);
		ept_split(&f.ept, 5 * GIB, EPT_LEVEL_4K);
		assert_int_equal(ept_fork(&f.ept, &second), 0);
		size = f.pool.nr * PAGE;
		before = malloc(size);
		memcpy(before, f.memory, size);
		assert_int_equal(ept_unshare(&second, 5 * GIB), -ENOSPC);
		assert_memory_equal(before, f.memory, size);
		free(before);
		f.pool.nr = f.pool.used;
		assert_int_equal(ept_fork(&f.ept, &second), -ENOSPC);
		assert_int_equal(ept_unshare(&second, BIT64(40)), -EINVAL);
		f.pool.nr = size / PAGE;
		free_pool(&f);
	}
}

/* Marks in tables that were one view's own, and are not any more, count for nothing. */
static void unshare_after_a_second_fork(void **state)
{
	struct fixture f;
	struct ept second, third;
	size_t spare;

	(void)state;
	for (spare = 0; spare <= 3; spare++) {
		build(&f, MODEL_FLAT_WB, 40, true, 7 + spare);
		ept_split(&f.ept, 5 * GIB, EPT_LEVEL_4K);
		ept_fork(&f.ept, &second);
		ept_unshare(&second, 5 * GIB);
		ept_fork(&second, &third);
		assert_int_equal(f.pool.nr - f.pool.used, spare);
		assert_int_equal(ept_unshare(&third, 5 * GIB), spare < 3 ? -ENOSPC : 0);
		free_pool(&f);
	}
}

/* From every setup to every other: afterwards each page has the new types, as if built anew. */
/* How many changes that demand an INVEPT these have been since the last call. */
static u64 owed(struct fixture *f)
{
	u64 changes = f->pool.changes;

	f->pool.changes = 0;
	return changes;
}

/* See "Guidelines for Use of the INVEPT Instruction": what CPUs may have cached, and no more. */
static void changes_are_counted(void **state)
{
	struct fixture f;
	struct ept view;
	u64 gpa = 5 * GIB;

	(void)state;
	build(&f, MODEL_FLAT_WB, 40, true, 20);
	assert_int_equal(owed(&f), 0);
	assert_int_equal(ept_fork(&f.ept, &view), 0);
	assert_int_equal(owed(&f), 0);
	/* 1G to 2M to 4K: bit 7 of a PDPTE and of a PDE. */
	assert_int_equal(ept_split(&view, gpa, EPT_LEVEL_2M), 0);
	assert_int_equal(owed(&f), 1);
	assert_int_equal(ept_split(&view, gpa, EPT_LEVEL_4K), 0);
	assert_int_equal(owed(&f), 1);
	assert_int_equal(ept_split(&view, gpa, EPT_LEVEL_4K), 0);
	assert_int_equal(owed(&f), 0);
	/* PML4E, PDPTE and PDE lead elsewhere. */
	assert_int_equal(ept_unshare(&view, gpa), 0);
	assert_true(owed(&f) > 0);
	assert_int_equal(ept_unshare(&view, gpa), 0);
	assert_int_equal(owed(&f), 0);
	/* Access taken away; the same again; given. A refused change is none. */
	assert_int_equal(ept_set_access(&view, gpa, VMX_EPT_EXECUTABLE_MASK), 0);
	assert_int_equal(owed(&f), 1);
	assert_int_equal(ept_set_access(&view, gpa, VMX_EPT_EXECUTABLE_MASK), 0);
	assert_int_equal(owed(&f), 0);
	assert_int_equal(ept_set_access(&view, gpa, VMX_EPT_WRITABLE_MASK), -EINVAL);
	assert_int_equal(owed(&f), 0);
	assert_int_equal(ept_set_access(&view, gpa, VMX_EPT_RWX_MASK), 0);
	assert_int_equal(owed(&f), 0);
	assert_int_equal(ept_set_frame(&view, gpa, 6 * GIB), 0);
	assert_int_equal(owed(&f), 1);
	assert_int_equal(ept_set_frame(&view, gpa, 6 * GIB), 0);
	assert_int_equal(owed(&f), 0);
	/* Memory types. */
	assert_int_equal(ept_retype(&f.ept, &f.mtrr), 0);
	assert_int_equal(owed(&f), 0);
	model_setup(&f.mtrr, MODEL_DISABLED, 40);
	assert_int_equal(ept_retype(&f.ept, &f.mtrr), 0);
	assert_true(owed(&f) > 0);
	free_pool(&f);
}

static void retype(void **state)
{
	struct fixture f;
	int from, to;

	(void)state;
	for (from = 0; from < MODEL_NR; from++)
		for (to = 0; to < MODEL_NR; to++) {
			build(&f, from, 36, true, 4096);
			model_setup(&f.mtrr, to, 36);
			assert_int_equal(ept_retype(&f.ept, &f.mtrr), 0);
			every_page_below_2g(&f);
			random_addresses(&f, 36, 500);
			free_pool(&f);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retype),
		cmocka_unit_test(changes_are_counted),
		cmocka_unit_test(identity_and_types),
		cmocka_unit_test(page_sizes),
		cmocka_unit_test(pointer),
		cmocka_unit_test(pool_too_small),
		cmocka_unit_test(split_keeps_translation),
		cmocka_unit_test(split_errors),
		cmocka_unit_test(exhaustion_changes_nothing),
		cmocka_unit_test(access_of_a_page),
		cmocka_unit_test(another_frame),
		cmocka_unit_test(two_views),
		cmocka_unit_test(unshare_is_frugal),
		cmocka_unit_test(unshare_without_pages),
		cmocka_unit_test(unshare_after_a_second_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
