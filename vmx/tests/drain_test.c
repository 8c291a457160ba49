// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU leaves VMX only when nothing is held for the guest: what inject_holds() counts, and that
 * whatever is held is given by and by, each once, the highest vector first, until it holds nothing.
 * User space.
 */
#include "test.h"
#include "pure/inject.h"

static void test_what_counts(void **state)
{
	struct inject_in in = { 0 };

	(void)state;
	assert_false(inject_holds(&in));
	in.nmi_pending = true;
	assert_true(inject_holds(&in));
	in = (struct inject_in){ .nmi_reinject = true };
	assert_true(inject_holds(&in));
	for (unsigned int vector = 0x20; vector < 0x100; vector++) {
		in = (struct inject_in){ 0 };
		inject_queue_irq(&in, vector);
		assert_true(inject_holds(&in));
	}
	/* An exception belongs to its instruction: it is no reason to stay. */
	in = (struct inject_in){ 0 };
	inject_fault(&in, HV_VECTOR_GP, 0);
	assert_false(inject_holds(&in));
}

struct given {
	unsigned int nmis, irqs[256], last;
};

/* One exit and entry of a guest that may have interrupts on. */
static void enter(struct inject_in *in, struct given *given, bool may)
{
	struct inject_out out;

	in->exit_reason = EXIT_REASON_INTERRUPT_WINDOW;
	in->idt_info = 0;
	in->rflags = HV_EFLAGS_FIXED | (may ? HV_EFLAGS_IF : 0);
	in->interruptibility = 0;
	in->pending_dbg = 0;
	inject_collect(in);
	inject_choose(in, &out);
	given->nmis += out.consumed_nmi;
	if (out.consumed_irq < 0) {
		/* Nothing may wait without a window that tells when it can be given. */
		assert_true(!inject_holds(in) || out.irq_window || out.nmi_window);
		return;
	}
	assert_true(may);
	assert_true((unsigned int)out.consumed_irq < given->last);
	given->last = out.consumed_irq;
	given->irqs[out.consumed_irq]++;
}

static void test_drains(void **state)
{
	u64 seed = 0x5eed;

	(void)state;
	for (unsigned int round = 0; round < 2000; round++) {
		struct inject_in in = { 0 };
		struct given given = { .last = 256 };
		unsigned int wanted[256] = { 0 }, entries = 0;
		bool nmi = random_bool(&seed);

		for (unsigned int i = random_below(&seed, 12); i; i--) {
			u8 vector = 0x20 + random_below(&seed, 0xe0);

			wanted[vector] = 1;
			inject_queue_irq(&in, vector);
		}
		in.nmi_pending = nmi;
		while (inject_holds(&in)) {
			enter(&in, &given, random_bool(&seed));
			assert_true(++entries < 1000);
		}
		assert_int_equal(given.nmis, nmi);
		assert_memory_equal(given.irqs, wanted, sizeof(wanted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_counts),
		cmocka_unit_test(test_drains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
