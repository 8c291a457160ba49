/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How an external interrupt ends that was acknowledged but is not delivered (D9).
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#ifndef HVGDB_EVENTS_IRQ_END_H
#define HVGDB_EVENTS_IRQ_END_H

#include "event.h"

enum irq_end {
	IRQ_END_NOTHING, /* spurious: nothing is in service for it */
	IRQ_END_EOI,	 /* EOI to the local APIC now, before another vector is acknowledged */
	IRQ_END_LATER, /* in service, but a higher vector is too: ask again after that one's EOI */
	IRQ_END_PIC,   /* it came from the 8259, and ends there */
};

/* The local APIC's registers, bit n is vector n. */
struct irq_state {
	u8 vector;
	u8 spurious; /* vector in the spurious-interrupt vector register */
	u64 isr[4];  /* in service */
};

enum irq_end irq_end(const struct irq_state *state);

/* A level-triggered line that nobody serves comes again after each EOI. */
#define IRQ_STORM_LIMIT 1000

/* One CPU's count by vector of level-triggered interrupts suppressed in a row. */
struct irq_storm {
	u16 count[EVENT_NR_VECTORS];
};

/*
 * An interrupt was suppressed; tmr is the trigger mode register. True at the IRQ_STORM_LIMIT-th in
 * a row of its vector: disable the rule and report. Counting then starts again.
 */
bool irq_storm_suppressed(struct irq_storm *storm, u8 vector, const u64 tmr[4]);
void irq_storm_delivered(struct irq_storm *storm, u8 vector);

#endif
