/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VM-entry checks on guest registers ("Checks on the Guest State Area"), for the checking
 * build: an emulator that skips some of them, or a CPU that answers with no more than "invalid
 * guest state", hides a mistake that this names. Checks on events, blocking and pending exceptions
 * are inject_check()'s, those on controls vmx_check_controls()'s.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_ENTRY_CHECK_H
#define HVGDB_VMX_ENTRY_CHECK_H

#include "arch.h"

/* Linear addresses that have to be canonical whatever mode the guest is in. */
enum entry_base {
	ENTRY_FS_BASE,
	ENTRY_GS_BASE,
	ENTRY_TR_BASE,
	ENTRY_GDTR_BASE,
	ENTRY_IDTR_BASE,
	ENTRY_SYSENTER_ESP,
	ENTRY_SYSENTER_EIP,
	ENTRY_BASES,
};

struct entry_guest {
	u32 entry_controls;
	u64 cr0, cr3, cr4, efer, pat, debugctl, dr7, rip, link_pointer;
	u64 base[ENTRY_BASES];
	u32 gdtr_limit, idtr_limit;
	u32 cs_ar, tr_ar; /* in the VMCS's format */
};

/* What the CPU's capability MSRs and CPUID say. */
struct entry_cpu {
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	unsigned int maxphyaddr;
};

/* Names the first check that fails, or NULL. */
const char *entry_check(const struct entry_guest *guest, const struct entry_cpu *cpu);

#endif
