/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MOV to and from debug registers as the CPU does it, in the SDM's order of checks, for an exit
 * that comes before all of them. The state is the guest's own, without what the debugger has put
 * into the hardware.
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#ifndef HVGDB_EVENTS_DR_H
#define HVGDB_EVENTS_DR_H

#include "event.h"

struct dr_state {
	u64 dr[4];
	u64 dr6, dr7;
	bool de;       /* CR4.DE */
	bool code64;   /* CS.L with IA32_EFER.LMA: the operand has 64 bits */
	bool rtm;      /* the CPU has DR6.RTM and DR7.RTM */
	bool bus_lock; /* the CPU has DR6.BLD */
	u8 cpl;
};

enum dr_fault {
	DR_OK,
	DR_UD,
	DR_GP, /* error code 0 */
	DR_DB, /* state has DR6.BD set and DR7.GD clear; a fault: RIP stays */
};

struct dr_result {
	enum dr_fault fault;
	bool set_gpr; /* a read that went well */
	u64 gpr;      /* the whole register */
	struct dr_state state;
};

/* 4 and 5 are 6 and 7 where CR4.DE is clear. */
u8 dr_real(u8 reg, bool de);

struct dr_result dr_access(const struct dr_state *state, u8 reg, enum event_dr_direction direction,
			   u64 gpr);

#endif
