// SPDX-License-Identifier: GPL-2.0
/* Rings of frames: full, circular, wrapped, empty; several as one list. User space only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace_buffer.h"

#define CPUS 3
#define HEAD 32 /* of a frame: what a frame without blocks takes */

static struct trace_ring rings[CPUS];
static struct trace_buffer buffer;
static u8 *memory[CPUS];

static void start(u64 size)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		free(memory[cpu]);
		memory[cpu] = malloc(size + !size);
		trace_ring_init(&rings[cpu], memory[cpu], size);
	}
	trace_buffer_init(&buffer, rings, CPUS);
}

static bool frame(unsigned int cpu, u16 point, u64 tsc)
{
	trace_begin(&rings[cpu], point, tsc, tsc + 1);
	return trace_end(&rings[cpu]);
}

static void test_sizes(void **state)
{
	static const struct {
		u64 given, used;
	} rows[] = { { 0, 0 },	     { 1, 1 },	     { 2, 2 },	    { 3, 2 },
		     { 4095, 2048 }, { 4096, 4096 }, { 5000, 4096 } };
	struct trace_usage usage;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start(rows[i].given);
		trace_buffer_usage(&buffer, &usage);
		assert_int_equal(usage.size, CPUS * rows[i].used);
		assert_int_equal(usage.free, usage.size);
	}
}

static void test_no_room(void **state)
{
	struct trace_usage usage;
	struct trace_frame f;

	(void)state;
	start(0);
	assert_false(frame(0, 1, 1));
	start(16);
	assert_false(frame(1, 1, 1));
	assert_false(trace_find(&buffer, 0, &f));
	trace_buffer_usage(&buffer, &usage);
	assert_int_equal(usage.lost, 1);
	assert_int_equal(usage.created, 0);
	trace_buffer_configure(&buffer, true, 0);
	assert_false(frame(1, 1, 1));
	assert_false(trace_end(&rings[1])); /* none was begun */
}

static void test_order(void **state)
{
	static const u64 tsc[CPUS][4] = { { 10, 40, 41, 90 }, { 10, 20, 50 }, { 5, 95 } };
	static const u16 order[] = { 20, 0, 10, 11, 1, 2, 12, 3, 21 };
	struct trace_frame f;
	unsigned int cpu, i;

	(void)state;
	start(4096);
	for (cpu = 0; cpu < CPUS; cpu++)
		for (i = 0; i < 4 && tsc[cpu][i]; i++)
			assert_true(frame(cpu, 10 * cpu + i, tsc[cpu][i]));
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		assert_true(trace_find(&buffer, i, &f));
		assert_int_equal(f.point, order[i]);
		assert_int_equal(f.number, i);
		assert_int_equal(f.cpu, order[i] / 10);
		assert_int_equal(f.pc, f.tsc + 1);
	}
	assert_false(trace_find(&buffer, i, &f));
	for (; i; i--) {
		assert_true(trace_find(&buffer, i - 1, &f));
		assert_int_equal(f.point, order[i - 1]);
	}
	/* A new frame changes the numbers at once. */
	assert_true(trace_find(&buffer, 8, &f));
	frame(1, 30, 60);
	assert_true(trace_find(&buffer, 8, &f));
	assert_int_equal(f.point, 3);
	trace_buffer_clear(&buffer);
	assert_false(trace_find(&buffer, 0, &f));
}

static void test_full(void **state)
{
	struct trace_usage usage;
	struct trace_frame f;
	u64 i;

	(void)state;
	start(1024);
	for (i = 0; i < 1024 / HEAD; i++)
		assert_true(frame(0, i, i));
	assert_false(frame(0, 99, 99));
	assert_false(frame(0, 99, 99));
	assert_true(frame(1, 7, 7));
	trace_buffer_usage(&buffer, &usage);
	assert_int_equal(usage.lost, 2);
	assert_int_equal(usage.frames, 1024 / HEAD + 1);
	assert_int_equal(usage.free, 2 * 1024 - HEAD);
	trace_buffer_configure(&buffer, true, 0);
	assert_true(frame(0, 99, 99));
	trace_buffer_usage(&buffer, &usage);
	assert_int_equal(usage.frames, 1024 / HEAD + 1);
	assert_int_equal(usage.created, 1024 / HEAD + 2);
	assert_true(trace_find(&buffer, 0, &f));
	assert_int_equal(f.point, 1);
	/* A smaller limit takes effect with the next frame. */
	trace_buffer_configure(&buffer, true, 4 * HEAD);
	assert_true(frame(0, 100, 100));
	assert_int_equal(rings[0].frames, 4);
}

static void test_blocks(void **state)
{
	struct trace_block block = { 0 };
	struct trace_frame f;
	char text[8] = "";

	(void)state;
	start(4096);
	trace_block_begin(&rings[0], TRACE_MEMORY); /* no frame: nothing */
	trace_block_add(&rings[0], "x", 1);
	trace_block_end(&rings[0], 1);
	trace_begin(&rings[0], 5, 1, 2);
	trace_block_begin(&rings[0], TRACE_MEMORY);
	trace_block_add(&rings[0], "abc", 3);
	trace_block_add(&rings[0], "defg", 4);
	trace_block_end(&rings[0], 0x1234);
	trace_block_begin(&rings[0], TRACE_REGS);
	trace_block_end(&rings[0], 1); /* empty: taken back */
	trace_block_begin(&rings[0], TRACE_VALUE);
	trace_block_add(&rings[0], "12345678", 8);
	trace_block_end(&rings[0], 9);
	assert_false(trace_find(&buffer, 0, &f));
	assert_true(trace_end(&rings[0]));
	assert_true(trace_find(&buffer, 0, &f));
	assert_true(trace_next_block(&buffer, &f, &block));
	assert_int_equal(block.kind, TRACE_MEMORY);
	assert_int_equal(block.key, 0x1234);
	assert_int_equal(block.len, 7);
	trace_copy(&buffer, &f, &block, 2, text, 4);
	assert_string_equal(text, "cdef");
	assert_true(trace_next_block(&buffer, &f, &block));
	assert_int_equal(block.kind, TRACE_VALUE);
	assert_int_equal(block.key, 9);
	assert_false(trace_next_block(&buffer, &f, &block));
}

/*
 * Thousands of random frames, against lists that are kept beside: what is there is what was
 * written, the newest of each ring, in the order of the TSC.
 */

#define KEPT 4096

struct model {
	u64 tsc[KEPT], seed[KEPT];
	unsigned int first, end;
};

static struct model models[CPUS];

static u32 noise(u64 *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

/* The same seed gives the same blocks, for writing and for checking. */
static void model_write(struct trace_ring *ring, u64 seed)
{
	u32 blocks = noise(&seed) % 4, len;
	u8 bytes[200];

	for (; blocks; blocks--) {
		len = 1 + noise(&seed) % sizeof(bytes);
		memset(bytes, noise(&seed), len);
		trace_block_begin(ring, TRACE_MEMORY);
		trace_block_add(ring, bytes, len / 2);
		trace_block_add(ring, bytes + len / 2, len - len / 2);
		trace_block_end(ring, len);
	}
}

static void model_check(const struct trace_frame *f, u64 seed)
{
	u32 blocks = noise(&seed) % 4, len;
	struct trace_block block = { 0 };
	u8 bytes[200], expected[200];

	for (; blocks; blocks--) {
		len = 1 + noise(&seed) % sizeof(bytes);
		memset(expected, noise(&seed), len);
		assert_true(trace_next_block(&buffer, f, &block));
		assert_int_equal(block.key, len);
		assert_int_equal(block.len, len);
		trace_copy(&buffer, f, &block, 0, bytes, len);
		assert_memory_equal(bytes, expected, len);
	}
	assert_false(trace_next_block(&buffer, f, &block));
}

static int model_oldest(void)
{
	int cpu, oldest = -1;

	for (cpu = 0; cpu < CPUS; cpu++) {
		struct model *m = &models[cpu];

		if (m->first == m->end)
			continue;
		if (oldest < 0 ||
		    m->tsc[m->first % KEPT] < models[oldest].tsc[models[oldest].first % KEPT])
			oldest = cpu;
	}
	return oldest;
}

static void model_compare(void)
{
	struct model saved[CPUS];
	struct trace_frame f;
	u64 number;
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		models[cpu].first = models[cpu].end - rings[cpu].frames;
	memcpy(saved, models, sizeof(saved));
	for (number = 0; (cpu = model_oldest()) >= 0; number++) {
		struct model *m = &models[cpu];

		assert_true(trace_find(&buffer, number, &f));
		assert_int_equal(f.cpu, cpu);
		assert_int_equal(f.tsc, m->tsc[m->first % KEPT]);
		model_check(&f, m->seed[m->first++ % KEPT]);
	}
	assert_false(trace_find(&buffer, number, &f));
	memcpy(models, saved, sizeof(saved));
}

static void model_run(bool circular, u64 size, unsigned int frames)
{
	u64 seed = size + circular, tsc = 0, content;
	unsigned int i, cpu;

	start(size);
	memset(models, 0, sizeof(models));
	trace_buffer_configure(&buffer, circular, 0);
	for (i = 0; i < frames; i++) {
		cpu = noise(&seed) % CPUS;
		content = noise(&seed);
		tsc += noise(&seed) % 3;
		trace_begin(&rings[cpu], 1, tsc, 0);
		model_write(&rings[cpu], content);
		if (trace_end(&rings[cpu])) {
			models[cpu].tsc[models[cpu].end % KEPT] = tsc;
			models[cpu].seed[models[cpu].end++ % KEPT] = content;
		}
		if (i % 97 == 0)
			model_compare();
	}
	model_compare();
}

static void test_random(void **state)
{
	(void)state;
	model_run(true, 1024, 5000);
	model_run(true, 8192, 5000);
	model_run(true, 512, 5000); /* some frames are larger than the ring */
	model_run(false, 65536, 3000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),  cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_order),  cmocka_unit_test(test_full),
		cmocka_unit_test(test_blocks), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
