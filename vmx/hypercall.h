/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest-kernel half (kmod/) asks of root: VMCALL with HYPERCALL_MAGIC in RAX, the
 * operation in RDI, arguments in RSI and RDX; the answer comes back in RAX. Only at CPL 0; anything
 * else is #UD.
 */
#ifndef HVGDB_HYPERCALL_H
#define HVGDB_HYPERCALL_H

#include "base.h"
#include "rsp.h"
#include "uart.h"

#define HYPERCALL_MAGIC 0x6876676462ULL
#define LEAVE_NOT_YET	(~1ULL)

enum hypercall {
	HYPERCALL_PING,	    /* returns HYPERCALL_MAGIC: this CPU is in the guest */
	HYPERCALL_QUIET,    /* this CPU is about to leave: rules want nothing here any more */
	/*
	 * This CPU leaves VMX; interrupts must be off. Returns how many NMIs the guest is still to
	 * get, or LEAVE_NOT_YET while something waits to be injected, unless RSI is 1.
	 */
	HYPERCALL_LEAVE,
	/*
	 * The tty has bytes; returns 1 if the machine was halted. RSI 1: a CPU runs natively, and may
	 * have read bytes that root did not see.
	 */
	HYPERCALL_DOORBELL,
	HYPERCALL_ARM, /* watch the UART of struct hypercall_arm at address RSI; enum line_result */
	HYPERCALL_DISARM,     /* stop watching; gdb's session waits for the next line; RSI 1: it ends */
	HYPERCALL_LINE_AWAKE, /* the machine has slept: the UART may have forgotten its settings */
	HYPERCALL_NOTICE,     /* the text at address RSI is for gdb, if it waits for a stop: then 1 */
	HYPERCALL_PLANT_HOLD, /* planted bytes leave memory, until as many RELEASEs */
	HYPERCALL_PLANT_RELEASE,
	HYPERCALL_OOPS,	      /* the kernel oopses: struct oops_state at address RSI */
	HYPERCALL_DROP_RANGE, /* forget breakpoints in [RSI, RDX): the memory goes away */
	HYPERCALL_HALT_ALL,   /* halt all CPUs and resume them at once: for measuring */
	HYPERCALL_COMMAND,    /* run the line of struct hypercall_command at address RSI */
	HYPERCALL_LOCAL,      /* bytes of a gdb on this machine: struct hypercall_local at RSI */
	HYPERCALL_QUEUE,      /* for tests: hands vector RSI to the injector; RDX is blocking to add */
	HYPERCALL_TEXT, /* the next packet of text for gdb, to RSI, RDX bytes; returns its length */
	HYPERCALL_NR,
};

enum line_result {
	LINE_ARMED,
	LINE_NO_ANSWER, /* there is no UART */
	LINE_NO_ROOM,	/* its page cannot be watched: the tables' spare pages are used up */
};

struct hypercall_arm {
	struct uart_regs regs;
	u8 fifo;	 /* bytes that its transmitter takes at once, 0: 16 */
	bool controller; /* for the controller */
};

#define HYPERCALL_LINE_MAX 8191 /* what a `monitor` line has at most */

/* In the module's memory, which root can read and write. */
struct hypercall_command {
	char line[HYPERCALL_LINE_MAX + 1];
	char text[8192];
	u32 line_length, text_length;
	u32 result; /* enum command_result */
};

/*
 * Bytes to and from the local session. Root takes as many as it has room to answer; what is left of
 * in[] comes again with the next call.
 */
struct hypercall_local {
	u8 in[4096], out[2 * RSP_PACKET_SIZE];
	u32 in_length, in_taken, out_length;
	u8 reset;   /* in: a new gdb; forget the old one */
	u8 running; /* out: gdb has said continue, and waits */
};

#endif
