/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a selector and a descriptor table to what the VMCS wants for a segment register.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memcpy.
 */
#ifndef HVGDB_VMX_SEGMENT_H
#define HVGDB_VMX_SEGMENT_H

#include "arch.h"

struct vmx_segment {
	u16 selector;
	u64 base;
	u32 limit;
	u32 ar;
};

/*
 * gdt_limit is GDTR's limit: the offset of the last byte. A null selector gives an unusable
 * segment and is no error. False, and *out unusable, if the selector is beyond the limit or
 * points into the LDT, or the descriptor is not present or not of the kind asked for (system:
 * a 16-byte TSS or LDT descriptor). The bases of FS and GS come from MSRs: not our affair.
 */
bool segment_decode(const u8 *gdt, u32 gdt_limit, u16 selector, bool system,
		    struct vmx_segment *out);

/* The same for a selector with TI=1, code or data, in the LDT. */
bool segment_decode_ldt(const u8 *ldt, u32 ldt_limit, u16 selector, struct vmx_segment *out);

/* The task register: never null, and busy whatever the descriptor says. */
bool segment_tr(const u8 *gdt, u32 gdt_limit, u16 selector, struct vmx_segment *out);

#endif
