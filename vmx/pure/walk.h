/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's page tables, walked by physical reads. Never sets accessed or dirty flags, never
 * follows what the CPU would not follow.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but the caller's read_phys.
 */
#ifndef HVGDB_VMX_WALK_H
#define HVGDB_VMX_WALK_H

#include "arch.h"

struct walk_in {
	u64 cr3; /* as in the register: PCID, LAM and no-flush bits are masked off */
	bool la57;
	unsigned int maxphyaddr;
	bool (*read_phys)(void *ctx, u64 gpa, u64 *value); /* false: not RAM */
	void *ctx;
};

struct walk_out {
	u64 gpa;
	u64 page_size;
	bool writable;
	bool user;
	bool nx;
	unsigned int levels; /* entries read, also on failure */
};

enum walk_result {
	WALK_OK,
	WALK_NOT_CANONICAL,
	WALK_NOT_PRESENT,
	WALK_RESERVED,	 /* present, but a reserved bit is set: #PF with RSVD on the CPU */
	WALK_UNREADABLE, /* a table lies where there is no RAM */
};

enum walk_result walk_guest(const struct walk_in *in, u64 gva, struct walk_out *out);

#endif
