/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory type that the MTRRs give a range of physical memory. Under EPT the MTRRs no longer
 * act on the guest's accesses, so EPT entries must say the same.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_MTRR_H
#define HVGDB_VMX_MTRR_H

#include "arch.h"

#define MTRR_VAR_MAX  32
#define MTRR_FIXED_NR 11 /* FIX64K_00000, FIX16K_80000, _A0000, FIX4K_C0000 ... _F8000 */

struct mtrr_state_raw {
	u64 cap;
	u64 def_type;
	u64 fixed[MTRR_FIXED_NR];
	u64 var_base[MTRR_VAR_MAX];
	u64 var_mask[MTRR_VAR_MAX];
	unsigned int nr_var;
	unsigned int maxphyaddr;
};

/*
 * The type of [start, end), both multiples of 4 KiB. *uniform tells whether all of it has that
 * type; if not, the type returned is that of its first page.
 */
u8 mtrr_range_type(const struct mtrr_state_raw *mtrr, u64 start, u64 end, bool *uniform);

#endif
