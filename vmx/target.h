/* SPDX-License-Identifier: GPL-2.0 */
/* The machine as gdb's remote target (target.c). */
#ifndef HVGDB_TARGET_H
#define HVGDB_TARGET_H

#include "vcpu.h"

/* Starts the protocol with nobody attached. Guest kernel, before the launch. */
void target_init(struct machine *m);

/* What a session may ask of a halted machine; the target is the struct machine. */
const struct rsp_ops *target_operations(void);

/* x87 and SSE registers by gdb's number. Root. */
void target_read_fpu(const struct fxsave_area *fpu, unsigned int reg, u8 *value);

#endif
