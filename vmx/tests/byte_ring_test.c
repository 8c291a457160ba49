// SPDX-License-Identifier: GPL-2.0
/* Tests of byte_ring.c. User space. */
#include "test.h"
#include "byte_ring.h"

static struct byte_ring ring;

static u8 byte_of(u64 seq)
{
	return (seq * 2654435761u) >> 13;
}

static void fill(u64 nr)
{
	while (nr--)
		byte_ring_put(&ring, byte_of(ring.next));
}

static void assert_content(void)
{
	u64 seq;
	u8 byte;

	for (seq = ring.first; seq < ring.next; seq++) {
		assert_true(byte_ring_peek(&ring, seq, &byte));
		assert_int_equal(byte, byte_of(seq));
	}
	assert_false(byte_ring_peek(&ring, ring.next, &byte));
	assert_false(byte_ring_peek(&ring, ring.first - 1, &byte));
	assert_false(byte_ring_peek(&ring, ~0ull, &byte));
}

static void order(void **state)
{
	(void)state;
	byte_ring_init(&ring);
	assert_content();
	assert_int_equal(byte_ring_put(&ring, byte_of(0)), 0);
	assert_int_equal(byte_ring_put(&ring, byte_of(1)), 1);
	fill(100);
	assert_content();
	assert_int_equal(byte_ring_consume(&ring, 0), 0);
	assert_int_equal(byte_ring_consume(&ring, 40), 40);
	assert_int_equal(byte_ring_consume(&ring, 40), 0);
	assert_int_equal(byte_ring_consume(&ring, 3), 0);
	assert_int_equal(byte_ring_count(&ring), 62);
	assert_content();
	assert_int_equal(byte_ring_consume(&ring, ~0ull), 62);
	assert_int_equal(ring.first, ring.next);
	assert_content();
	assert_int_equal(ring.dropped, 0);
}

static void overflow(void **state)
{
	(void)state;
	byte_ring_init(&ring);
	fill(BYTE_RING_SIZE);
	assert_int_equal(ring.dropped, 0);
	fill(3);
	assert_int_equal(ring.dropped, 3);
	assert_int_equal(ring.first, 3);
	assert_content();
	byte_ring_consume(&ring, 10);
	fill(7);
	assert_int_equal(ring.dropped, 3);
	fill(1);
	assert_int_equal(ring.dropped, 4);
	assert_content();
}

/* put = consumed + dropped + kept, whatever happens. */
static void random_use(void **state)
{
	u64 seed = 77, consumed = 0;
	int i;

	(void)state;
	byte_ring_init(&ring);
	for (i = 0; i < 3000; i++) {
		if (random_bool(&seed))
			fill(random_below(&seed, BYTE_RING_SIZE / 8));
		else
			consumed += byte_ring_consume(
				&ring, ring.first + random_below(&seed, BYTE_RING_SIZE / 8));
		assert_int_equal(ring.next, consumed + ring.dropped + byte_ring_count(&ring));
		if (i % 300 == 0)
			assert_content();
	}
	assert_true(ring.dropped > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(overflow),
		cmocka_unit_test(random_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
