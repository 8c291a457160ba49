/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt command that sends one NMI to one CPU by physical destination, never by shorthand.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_APIC_H
#define HVGDB_VMX_APIC_H

#include "arch.h"

enum lapic_mode {
	LAPIC_DISABLED,
	LAPIC_XAPIC,
	LAPIC_X2APIC,
	LAPIC_INVALID, /* x2APIC without the global enable: no CPU can be in that state */
};

struct lapic_icr {
	u32 high; /* xAPIC: offset 0x310, written first */
	u32 low;  /* xAPIC: offset 0x300 */
	u64 msr;  /* x2APIC: HV_MSR_X2APIC_ICR */
};

#define LAPIC_ICR_LOW_OFFSET  0x300
#define LAPIC_ICR_HIGH_OFFSET 0x310
#define LAPIC_ICR_BUSY	      (1u << 12) /* delivery status, xAPIC only */

enum lapic_mode lapic_mode_of(u64 apic_base);

/* Physical address of the xAPIC's registers. */
u64 lapic_base_phys(u64 apic_base, unsigned int maxphyaddr);

/* False: this mode cannot address that APIC ID (the broadcast IDs included). */
bool lapic_nmi_icr(enum lapic_mode mode, u32 apic_id, struct lapic_icr *icr);

#endif
