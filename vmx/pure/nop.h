/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions that do nothing but end. Where ftrace may come in every function of the kernel
 * begins with one, so that is what most breakpoints lie on: root can carry it out by moving RIP.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_NOP_H
#define HVGDB_VMX_NOP_H

#include "arch.h"

/*
 * The length of the instruction that begins here, in 64-bit mode, if it is a NOP of one of the
 * forms that assemblers and Linux use; else 0. ENDBR64 is one only if endbranch says so: with
 * indirect-branch tracking it changes what the CPU expects next.
 */
size_t nop_length(const u8 *bytes, size_t room, bool endbranch);

#endif
