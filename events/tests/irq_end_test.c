// SPDX-License-Identifier: GPL-2.0
/* Tests of irq_end.c: whom an EOI would retire, and when a line is let go. User space. */
#include "rules_fixture.h"
#include "events/irq_end.h"

static void set(u64 bits[4], int vector)
{
	if (vector >= 0)
		bits[vector / 64] |= BIT64(vector % 64);
}

static void test_end(void **state)
{
	static const struct {
		u8 vector;
		u8 spurious;
		int in_service[3];
		enum irq_end end;
	} cases[] = {
		{ 0x30, 0xff, { 0x30, -1, -1 }, IRQ_END_EOI },
		{ 0x30, 0xff, { 0x30, 0x2f, 0x20 }, IRQ_END_EOI },
		{ 0x30, 0xff, { 0x30, 0x31, -1 }, IRQ_END_LATER },
		{ 0x30, 0xff, { 0x30, 0xfe, -1 }, IRQ_END_LATER },
		{ 0x40, 0xff, { 0x40, 0x3f, -1 }, IRQ_END_EOI },
		{ 0x3f, 0xff, { 0x40, 0x3f, -1 }, IRQ_END_LATER },
		{ 0x30, 0xff, { -1, -1, -1 }, IRQ_END_PIC },
		{ 0x30, 0xff, { 0x31, 0x2f, -1 }, IRQ_END_PIC },
		{ 0xff, 0xff, { -1, -1, -1 }, IRQ_END_NOTHING },
		{ 0xff, 0xff, { 0xff, -1, -1 }, IRQ_END_NOTHING },
		{ 0xff, 0xff, { 0x30, -1, -1 }, IRQ_END_NOTHING },
		{ 0xfe, 0xff, { 0xfe, 0x20, 0xfd }, IRQ_END_EOI },
		{ 0x20, 0xff, { 0x20, -1, -1 }, IRQ_END_EOI },
		{ 0x30, 0xef, { 0x30, 0xff, -1 }, IRQ_END_LATER },
		{ 0xff, 0xef, { 0x30, 0xff, -1 }, IRQ_END_EOI },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct irq_state irq = { .vector = cases[i].vector, .spurious = cases[i].spurious };

		for (j = 0; j < 3; j++)
			set(irq.isr, cases[i].in_service[j]);
		if (irq_end(&irq) != cases[i].end)
			fail_msg("%zu: %d", i, irq_end(&irq));
	}
}

/*
 * Any two vectors, ended in any order with the answers obeyed: each gets its own EOI. The model of
 * EOI retires the highest.
 */
static void test_order(void **state)
{
	unsigned int a, b, left;
	struct irq_state irq;

	(void)state;
	for (a = 0x20; a < 0xff; a += 3)
		for (b = 0x20; b < a; b += 5) {
			memset(&irq, 0, sizeof(irq));
			irq.spurious = 0xff;
			set(irq.isr, a);
			set(irq.isr, b);
			irq.vector = b;
			assert_int_equal(irq_end(&irq), IRQ_END_LATER);
			irq.vector = a;
			assert_int_equal(irq_end(&irq), IRQ_END_EOI);
			irq.isr[a / 64] &= ~BIT64(a % 64);
			irq.vector = b;
			assert_int_equal(irq_end(&irq), IRQ_END_EOI);
			irq.isr[b / 64] &= ~BIT64(b % 64);
			left = !!(irq.isr[0] | irq.isr[1] | irq.isr[2] | irq.isr[3]);
			assert_int_equal(left, 0);
		}
}

static unsigned int until(struct irq_storm *storm, u8 vector, const u64 tmr[4])
{
	unsigned int n = 1;

	while (n < 5000 && !irq_storm_suppressed(storm, vector, tmr))
		n++;
	return n;
}

static void test_storm(void **state)
{
	struct irq_storm storm = { 0 };
	u64 level[4] = { 0 }, edge[4] = { 0 };

	(void)state;
	set(level, 0x30);
	set(level, 0x31);
	assert_int_equal(until(&storm, 0x30, level), 1000);
	assert_int_equal(until(&storm, 0x30, level), 1000);
	assert_int_equal(until(&storm, 0x30, edge), 5000);
	assert_int_equal(until(&storm, 0x32, level), 5000);
	/* A delivered one ends the row, one of another vector does not. */
	irq_storm_suppressed(&storm, 0x30, level);
	irq_storm_suppressed(&storm, 0x31, level);
	irq_storm_delivered(&storm, 0x31);
	assert_int_equal(until(&storm, 0x30, level), 999);
	irq_storm_suppressed(&storm, 0x30, level);
	irq_storm_delivered(&storm, 0x30);
	assert_int_equal(until(&storm, 0x30, level), 1000);
	irq_storm_suppressed(&storm, 0x30, level);
	irq_storm_suppressed(&storm, 0x30, edge);
	assert_int_equal(until(&storm, 0x30, level), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
