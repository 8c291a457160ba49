/* SPDX-License-Identifier: GPL-2.0 */
/* Where the registers of a UART are: between kmod/, which maps them, and root, which uses them. */
#ifndef HVGDB_VMX_UART_H
#define HVGDB_VMX_UART_H

#include "base.h"

#define UART_REGISTERS 8

/* How a UART's eight registers are reached: by I/O port, or in the bus's memory. */
struct uart_regs {
	u16 port;	     /* 0: in memory */
	u8 width;	     /* bytes of an access, 1 or 4 */
	u8 shift;	     /* from one register to the next, as a power of two */
	u64 phys;	     /* all in one page */
	volatile u8 *memory; /* where root sees that page, uncached */
};

#endif
