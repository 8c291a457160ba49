// SPDX-License-Identifier: GPL-2.0
/*
 * Sends one NMI to one CPU by physical destination (D24). In xAPIC mode the guest may be between its two
 * writes of the interrupt command register, so the upper half is put back. Root.
 */
#include "root.h"
#include "instr.h"
#include "pure/apic.h"

/* A delivery takes microseconds; a bus that does not accept it must not hang root. */
#define DELIVERY_POLLS 100000

static volatile u32 *xapic(u32 offset)
{
	return (volatile u32 *)(ROOT_APIC_VA + offset);
}

static bool await_delivery(void)
{
	unsigned int polls;

	for (polls = 0; polls < DELIVERY_POLLS; polls++) {
		if (!(*xapic(LAPIC_ICR_LOW_OFFSET) & LAPIC_ICR_BUSY))
			return true;
		relax();
	}
	return false;
}

static void xapic_send(const struct lapic_icr *icr)
{
	u32 high;

	await_delivery();
	high = *xapic(LAPIC_ICR_HIGH_OFFSET);
	*xapic(LAPIC_ICR_HIGH_OFFSET) = icr->high;
	*xapic(LAPIC_ICR_LOW_OFFSET) = icr->low;
	await_delivery();
	*xapic(LAPIC_ICR_HIGH_OFFSET) = high;
}

void apic_send_nmi(const struct machine *m, u32 apic_id)
{
	enum lapic_mode mode = lapic_mode_of(msr_read(HV_MSR_IA32_APIC_BASE));
	struct lapic_icr icr;

	if (!lapic_nmi_icr(mode, apic_id, &icr))
		return;
	if (mode == LAPIC_X2APIC)
		msr_write(HV_MSR_X2APIC_ICR, icr.msr);
	else
		xapic_send(&icr);
}
