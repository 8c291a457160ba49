// SPDX-License-Identifier: GPL-2.0
/* Tests of ramap.c against a map with one flag an address. User space. */
#include "test.h"
#include "ramap.h"

#define SPACE 1024

static struct ram_map map;

static void assert_sound(void)
{
	unsigned int i;

	for (i = 0; i < map.nr; i++) {
		assert_true(map.range[i].start < map.range[i].end);
		assert_true(i == 0 || map.range[i - 1].end < map.range[i].start);
	}
}

static void assert_like(const bool *model)
{
	u64 start, len, prefix;

	for (start = 0; start < SPACE; start += 1 + start % 3) {
		for (prefix = 0; start + prefix < SPACE && model[start + prefix];)
			prefix++;
		for (len = 0; len < 40; len += 1 + len / 3) {
			assert_int_equal(ram_contains(&map, start, len), len && len <= prefix);
			assert_int_equal(ram_prefix(&map, start, len), base_min(prefix, len));
		}
	}
}

static void against_model(void **state)
{
	static bool model[SPACE];
	u64 seed = 11;
	int run, i;

	(void)state;
	for (run = 0; run < 30; run++) {
		memset(&map, 0, sizeof(map));
		memset(model, 0, sizeof(model));
		for (i = 0; i < 80; i++) {
			u64 start = random_below(&seed, SPACE);
			u64 end = base_min(SPACE, start + random_below(&seed, 30));
			bool add = random_below(&seed, 3);

			assert_int_equal(add ? ram_map_add(&map, start, end)
					     : ram_map_remove(&map, start, end),
					 0);
			if (end > start)
				memset(model + start, add, end - start);
			assert_sound();
		}
		assert_like(model);
	}
}

static void edges(void **state)
{
	(void)state;
	memset(&map, 0, sizeof(map));
	assert_false(ram_contains(&map, 0, 1));
	assert_int_equal(ram_map_add(&map, 0, 0x1000), 0);
	assert_int_equal(ram_map_add(&map, 0x1000, 0x2000), 0);
	assert_int_equal(map.nr, 1);
	assert_int_equal(ram_map_add(&map, ~0ull - 0xfff, ~0ull), 0);
	assert_true(ram_contains(&map, 0xfff, 2));
	assert_false(ram_contains(&map, 0x1fff, 2));
	assert_false(ram_contains(&map, ~0ull - 1, 2));
	assert_false(ram_contains(&map, ~0ull - 1, ~0ull));
	assert_false(ram_contains(&map, 0, ~0ull));
	assert_false(ram_contains(&map, 0x100, 0));
	assert_int_equal(ram_map_add(&map, 5, 5), 0);
	assert_int_equal(ram_map_add(&map, 9, 5), 0);
	assert_int_equal(map.nr, 2);
}

static void full(void **state)
{
	struct ram_map before;
	unsigned int i;

	(void)state;
	memset(&map, 0, sizeof(map));
	for (i = RAM_MAP_MAX; i-- > 0;)
		assert_int_equal(ram_map_add(&map, i * 16, i * 16 + 8), 0);
	before = map;
	assert_int_equal(ram_map_add(&map, RAM_MAP_MAX * 16, RAM_MAP_MAX * 16 + 8), -ENOSPC);
	assert_int_equal(ram_map_add(&map, 9, 10), -ENOSPC);
	assert_int_equal(ram_map_remove(&map, 3, 4), -ENOSPC);
	assert_memory_equal(&map, &before, sizeof(map));
	assert_int_equal(ram_map_add(&map, 8, 16), 0);
	assert_int_equal(map.nr, RAM_MAP_MAX - 1);
	assert_true(ram_contains(&map, 0, 24));
	assert_int_equal(ram_map_remove(&map, 0, ~0ull), 0);
	assert_int_equal(map.nr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_model),
		cmocka_unit_test(edges),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
