/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on purpose, in the test-only build FAULTS=1 (docs/qemu-tests.md); in every other build
 * these are nothing. Guest kernel.
 */
#ifndef HVGDB_FAULTS_H
#define HVGDB_FAULTS_H

#include "vcpu.h"

#ifdef HVGDB_FAULTS
/* Asked at each point of the load that may fail: true if it has to, this time. */
bool fault_here(void);

/* Takes away from what a CPU can do. */
void fault_caps(struct vmx_caps *caps);

/* Runs the load, or has it fail at every point in turn before. */
int fault_load(int (*load)(void));
#else
static inline bool fault_here(void)
{
	return false;
}

static inline void fault_caps(struct vmx_caps *caps)
{
}

static inline int fault_load(int (*load)(void))
{
	return load();
}
#endif

#endif
