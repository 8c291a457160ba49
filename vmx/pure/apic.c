// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt commands. See apic.h, and the SDM's "Interrupt Command Register (ICR)".
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "apic.h"

#define ICR_DELIVERY_NMI (4u << 8)
#define ICR_LEVEL_ASSERT (1u << 14)
#define XAPIC_BROADCAST	 0xffu
#define X2APIC_BROADCAST 0xffffffffu
#define PHYS_BITS_MAX	 52

enum lapic_mode lapic_mode_of(u64 apic_base)
{
	bool x2apic = apic_base & HV_APIC_BASE_X2APIC;

	if (apic_base & HV_APIC_BASE_ENABLE)
		return x2apic ? LAPIC_X2APIC : LAPIC_XAPIC;
	return x2apic ? LAPIC_INVALID : LAPIC_DISABLED;
}

u64 lapic_base_phys(u64 apic_base, unsigned int maxphyaddr)
{
	return apic_base & (BIT64(base_min(maxphyaddr, PHYS_BITS_MAX)) - 1) & ~0xfffull;
}

bool lapic_nmi_icr(enum lapic_mode mode, u32 apic_id, struct lapic_icr *icr)
{
	icr->high = 0;
	icr->low = ICR_DELIVERY_NMI | ICR_LEVEL_ASSERT;
	icr->msr = 0;
	if (mode == LAPIC_XAPIC && apic_id < XAPIC_BROADCAST) {
		icr->high = apic_id << 24;
		return true;
	}
	if (mode == LAPIC_X2APIC && apic_id != X2APIC_BROADCAST) {
		icr->msr = (u64)apic_id << 32 | icr->low;
		return true;
	}
	return false;
}
