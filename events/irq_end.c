// SPDX-License-Identifier: GPL-2.0
/*
 * The end of suppressed interrupts. See irq_end.h.
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#include "irq_end.h"

static bool irq_in(const u64 set[4], u8 vector)
{
	return set[vector / 64] >> vector % 64 & 1;
}

static int irq_highest(const u64 set[4])
{
	int vector;

	for (vector = EVENT_NR_VECTORS - 1; vector >= 0; vector--)
		if (irq_in(set, vector))
			return vector;
	return -1;
}

/* EOI retires the highest vector in service, whichever that is: never send it for another. */
enum irq_end irq_end(const struct irq_state *state)
{
	if (state->vector == state->spurious)
		return IRQ_END_NOTHING;
	if (!irq_in(state->isr, state->vector))
		return IRQ_END_PIC;
	return irq_highest(state->isr) == state->vector ? IRQ_END_EOI : IRQ_END_LATER;
}

bool irq_storm_suppressed(struct irq_storm *storm, u8 vector, const u64 tmr[4])
{
	if (!irq_in(tmr, vector)) {
		storm->count[vector] = 0;
		return false;
	}
	if (++storm->count[vector] < IRQ_STORM_LIMIT)
		return false;
	storm->count[vector] = 0;
	return true;
}

void irq_storm_delivered(struct irq_storm *storm, u8 vector)
{
	storm->count[vector] = 0;
}
