/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DR0 to DR3 and DR7 for two owners: the guest keeps every register that its DR7 enables, what
 * hvgdb watches goes into the others. See "Debug Registers".
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memset.
 */
#ifndef HVGDB_VMX_DEBUG_SLOTS_H
#define HVGDB_VMX_DEBUG_SLOTS_H

#include "arch.h"

#define DEBUG_SLOTS 4

/* DR7.R/W */
enum debug_access {
	DEBUG_EXECUTE = 0,
	DEBUG_WRITE = 1,
	DEBUG_READ_WRITE = 3,
};

/* What one debug register can watch: 1, 2, 4 or 8 bytes, aligned; 1 for DEBUG_EXECUTE. */
struct debug_piece {
	u64 addr;
	u8 access;
	u8 len;
};

struct debug_slots {
	u64 dr[DEBUG_SLOTS], dr7;
	s8 piece[DEBUG_SLOTS]; /* which one is there; -1: the guest's, or none */
};

/* Cuts a range into the fewest pieces. Returns how many; 0: more than there are registers, or none.
 */
unsigned int debug_cut(u64 addr, u64 len, u8 access, struct debug_piece pieces[DEBUG_SLOTS]);

/* The registers that a DR7 enables, a bit each. */
unsigned int debug_enabled(u64 dr7);

/* How many that are, for whoever has to share. */
unsigned int debug_nr_enabled(u64 dr7);

/* What the CPU holds for both. Returns how many of the nr pieces found no register. */
unsigned int debug_share(const u64 guest_dr[DEBUG_SLOTS], u64 guest_dr7,
			 const struct debug_piece *pieces, unsigned int nr,
			 struct debug_slots *slots);

#endif
