/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest-kernel half (kmod/) asks of root: VMCALL with HYPERCALL_MAGIC in RAX, the
 * operation in RDI, arguments in RSI and RDX; the answer comes back in RAX. Only at CPL 0; anything
 * else is #UD.
 */
#ifndef HVGDB_HYPERCALL_H
#define HVGDB_HYPERCALL_H

#include "base.h"

#define HYPERCALL_MAGIC 0x6876676462ULL

enum hypercall {
	HYPERCALL_PING,	      /* returns HYPERCALL_MAGIC: this CPU is in the guest */
	HYPERCALL_LEAVE,      /* this CPU leaves VMX; interrupts must be off */
	HYPERCALL_DOORBELL,   /* the tty has bytes; returns 1 if the machine was halted */
	HYPERCALL_ARM,	      /* watch the UART at port RSI; RDX 1: for the controller */
	HYPERCALL_DISARM,     /* stop watching */
	HYPERCALL_PLANT_HOLD, /* planted bytes leave memory, until as many RELEASEs */
	HYPERCALL_PLANT_RELEASE,
	HYPERCALL_DROP_RANGE, /* forget breakpoints in [RSI, RDX): the memory goes away */
	HYPERCALL_HALT_ALL,   /* halt all CPUs and resume them at once: for measuring */
	HYPERCALL_COMMAND,    /* run the line of struct hypercall_command at address RSI */
	HYPERCALL_NR,
};

/* In the module's memory, which root can read and write. */
struct hypercall_command {
	char line[1024 + 1];
	char text[8192];
	u32 line_length, text_length;
	u32 result; /* enum command_result */
};

static inline u64 hypercall(enum hypercall op, u64 arg1, u64 arg2)
{
	u64 result = HYPERCALL_MAGIC;

	asm volatile("vmcall" : "+a"(result) : "D"((u64)op), "S"(arg1), "d"(arg2) : "memory", "cc");
	return result;
}

#endif
