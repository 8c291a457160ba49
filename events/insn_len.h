/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The length of an x86 instruction, for faults whose exit does not tell it (D7).
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#ifndef HVGDB_EVENTS_INSN_LEN_H
#define HVGDB_EVENTS_INSN_LEN_H

#include "base.h"

#define INSN_MAX 15

enum insn_width {
	INSN_16,
	INSN_32,
	INSN_64,
};

/*
 * 1 to 15; 0 if the bytes are no instruction that is known here, or more bytes would be needed.
 * Reads at most INSN_MAX bytes.
 */
unsigned int insn_length(const u8 *bytes, size_t len, enum insn_width width);

#endif
