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

static bool irq_above(const u64 set[4], u8 vector)
{
	unsigned int higher;

	for (higher = vector + 1; higher < EVENT_NR_VECTORS; higher++)
		if (irq_in(set, higher))
			return true;
	return false;
}

/* EOI retires the highest vector in service, whichever that is: never send it for another. */
enum irq_end irq_end(const struct irq_state *state)
{
	if (state->vector == state->spurious)
		return IRQ_END_NOTHING;
	if (!irq_in(state->isr, state->vector))
		return IRQ_END_PIC;
	return irq_above(state->isr, state->vector) ? IRQ_END_LATER : IRQ_END_EOI;
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
