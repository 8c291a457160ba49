// SPDX-License-Identifier: GPL-2.0
/* Tests of record_ring.c, with a reader as the controller's is. User space. */
#include <string.h>
#include "test.h"
#include "record_ring.h"

#define SLOTS 16

static struct {
	u8 head[HVGDB_RING_HEADER];
	struct hvgdb_record record[SLOTS];
} __attribute__((aligned(4096))) memory;

static u64 tail, tsc;
static struct record_ring ring;

/* What a reader has seen. */
static struct {
	u64 next;	 /* sequence number that comes next */
	u64 messages;	 /* whole ones */
	u64 lost;	 /* told */
	u64 lost_by[40]; /* by rule */
	bool in_message;
	u64 number; /* of the message that comes next: rule 1 counts in event.value */
} seen;

static int setup(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	memset(&seen, 0, sizeof(seen));
	tail = tsc = 0;
	record_ring_init(&ring, 3, &memory, SLOTS, &tail);
	return 0;
}

static bool put(u32 rule, unsigned int nr, u64 value)
{
	unsigned int i;

	tsc++;
	if (!record_ring_begin(&ring, tsc, rule, 1u << (rule % 32), nr))
		return false;
	for (i = 0; i < nr; i++) {
		struct hvgdb_record *record = record_ring_record(&ring, i, tsc, rule, 1);

		record->type = HVGDB_RECORD_EVENT;
		record->flags = i + 1 < nr ? HVGDB_RECORD_MORE : 0;
		record->event.value = value;
	}
	record_ring_commit(&ring, nr);
	return true;
}

static void take_lost(const struct hvgdb_record *record)
{
	unsigned int i;

	assert_false(seen.in_message);
	for (i = 0; i < HVGDB_NR_LOSSES; i++) {
		const struct hvgdb_loss *loss = &record->lost.loss[i];

		seen.lost += loss->count;
		if (loss->rule)
			seen.lost_by[loss->rule] += loss->count;
		if (loss->count)
			assert_true(record->outputs & loss->outputs);
		seen.number += loss->count;
	}
}

/* Reads up to nr records. */
static void take(u64 nr)
{
	u64 head = ((struct hvgdb_ring *)&memory)->head;

	for (; tail != head && nr; nr--, tail++) {
		struct hvgdb_record *record = &memory.record[tail % SLOTS];

		assert_int_equal(record->sequence, seen.next++);
		assert_int_equal(record->cpu, 3);
		if (record->type == HVGDB_RECORD_LOST) {
			take_lost(record);
			continue;
		}
		assert_int_equal(record->event.value, seen.number);
		seen.in_message = record->flags & HVGDB_RECORD_MORE;
		seen.messages += !seen.in_message;
		seen.number += !seen.in_message;
	}
}

static const struct hvgdb_ring *shared(void)
{
	return (struct hvgdb_ring *)&memory;
}

static void order(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_true(put(1, 1 + i % 5, i));
		take(i % 7 ? SLOTS : 1);
		if (i % 7 == 0)
			take(SLOTS);
	}
	assert_int_equal(seen.messages, 1000);
	assert_int_equal(seen.lost, 0);
	assert_int_equal(shared()->lost, 0);
}

static void full(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < SLOTS; i++)
		assert_true(put(1, 1, i));
	/* Nobody reads: what is there stays as it is, what comes is counted. */
	for (; i < SLOTS + 100; i++)
		assert_false(put(1, 1, i));
	assert_int_equal(shared()->head, SLOTS);
	assert_int_equal(shared()->lost, 100);
	assert_int_equal(shared()->told, 0);
	/* One place is enough to tell of the gap, not for a message too. */
	take(1);
	assert_false(put(1, 1, i++));
	take(1);
	assert_true(put(1, 1, i++));
	assert_int_equal(shared()->told, 101);
	take(SLOTS);
	assert_int_equal(seen.lost, 101);
	assert_int_equal(seen.lost_by[1], 101);
	assert_int_equal(seen.messages, SLOTS + 1);
	assert_int_equal(tail, shared()->head);
}

static void told_without_message(void **state)
{
	u64 i;

	(void)state;
	record_ring_tell(&ring, tsc);
	assert_int_equal(shared()->head, 0);
	for (i = 0; i < SLOTS + 5; i++)
		put(1, 1, i);
	record_ring_tell(&ring, tsc);
	assert_int_equal(shared()->head, SLOTS);
	take(1);
	record_ring_tell(&ring, tsc);
	record_ring_tell(&ring, tsc);
	assert_int_equal(shared()->head, SLOTS + 1);
	take(SLOTS);
	assert_int_equal(seen.lost, 5);
}

/* A message of several records is there as a whole or not at all. */
static void whole(void **state)
{
	(void)state;
	assert_true(put(1, SLOTS - 2, 0));
	assert_false(put(1, 3, 1));
	assert_int_equal(shared()->head, SLOTS - 2);
	/* Told of first, and then there is room for one. */
	assert_true(put(1, 1, 2));
	take(SLOTS);
	assert_int_equal(seen.messages, 2);
	assert_int_equal(seen.lost, 1);
	/* Longer than the ring: never. */
	assert_false(put(1, SLOTS + 1, 3));
}

/* More rules than a record has room for: the last entry stands for the rest. */
static void many_rules(void **state)
{
	u64 i;
	u32 rule;

	(void)state;
	for (i = 0; i < SLOTS; i++)
		put(1, 1, i);
	for (rule = 1; rule <= 20; rule++)
		put(rule, 1, 0);
	put(1, 1, 0);
	take(2);
	put(1, 1, SLOTS + 21);
	take(SLOTS);
	assert_int_equal(seen.lost, 21);
	assert_int_equal(seen.lost_by[1], 2);
	assert_int_equal(seen.lost_by[HVGDB_NR_LOSSES - 1], 1);
	assert_int_equal(seen.lost_by[HVGDB_NR_LOSSES], 0);
}

/* A reader that lies harms the records, and nothing else. */
static void liar(void **state)
{
	static const u64 lies[] = { 1, 5, SLOTS, SLOTS + 1, ~0ull, 1ull << 63, 0x7fffffffffffffff };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		setup(state);
		put(1, 1, 0);
		tail = lies[i];
		for (n = 0; n < 3 * SLOTS; n++) {
			put(1 + n % 9, 1 + n % 4, n);
			record_ring_tell(&ring, tsc);
		}
		/* Then it is right again. */
		tail = seen.next = shared()->head;
		assert_true(put(1, 1, 0));
	}
}

static void no_ring(void **state)
{
	struct record_ring none = { 0 };

	(void)state;
	assert_false(record_ring_begin(&none, 1, 1, 1, 1));
	record_ring_tell(&none, 1);
}

static void at_random(void **state)
{
	u64 seed = 0x1234567, i, number = 0, put_in = 0;

	(void)state;
	for (i = 0; i < 200000; i++) {
		switch (random_below(&seed, 8)) {
		case 0:
			take(random_below(&seed, SLOTS + 1));
			break;
		case 1:
			record_ring_tell(&ring, tsc);
			break;
		default:
			put_in +=
				put(1 + random_below(&seed, 8), 1 + random_below(&seed, 4), number);
			number++;
		}
		assert_true(shared()->head - tail <= SLOTS);
	}
	take(SLOTS);
	record_ring_tell(&ring, tsc);
	take(SLOTS);
	assert_int_equal(seen.messages, put_in);
	assert_int_equal(seen.messages + seen.lost, number);
	assert_int_equal(shared()->lost, seen.lost);
	assert_int_equal(shared()->told, seen.lost);
	assert_true(seen.lost > 1000 && put_in > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(order, setup),
		cmocka_unit_test_setup(full, setup),
		cmocka_unit_test_setup(told_without_message, setup),
		cmocka_unit_test_setup(whole, setup),
		cmocka_unit_test_setup(many_rules, setup),
		cmocka_unit_test_setup(liar, setup),
		cmocka_unit_test_setup(no_ring, setup),
		cmocka_unit_test_setup(at_random, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
