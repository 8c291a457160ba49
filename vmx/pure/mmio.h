/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The MOVs with which a driver reads and writes device registers in memory, decoded from their
 * bytes: 64-bit code, between memory and a general register or from an immediate.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_MMIO_H
#define HVGDB_VMX_MMIO_H

#include "arch.h"

#define MMIO_INSN_MAX 15

struct mmio_insn {
	unsigned int length; /* bytes of the instruction */
	unsigned int size;   /* bytes of the access: 1, 2, 4, 8 */
	unsigned int to;     /* bytes of the register that a read goes to */
	bool write;
	bool sign;     /* a read extends the sign to `to` bytes, else zeroes */
	bool is_value; /* written is value, no register */
	u64 value;
	unsigned int gpr; /* 0 RAX, 1 RCX, 2 RDX, 3 RBX, ... R15 */
	bool high;	  /* AH, CH, DH, BH: bits 8 to 15 of gpr */
};

/* False: another instruction, or not enough bytes. */
bool mmio_decode(const u8 *bytes, size_t len, struct mmio_insn *insn);

/* What is written, out of the register's contents. */
u64 mmio_written(const struct mmio_insn *insn, u64 reg);

/* What the register holds after value has been read. */
u64 mmio_read(const struct mmio_insn *insn, u64 reg, u64 value);

#endif
