/* SPDX-License-Identifier: GPL-2.0 */
/* Filling a CPU's VMCS (vmcs.c). */
#ifndef HVGDB_VMCS_H
#define HVGDB_VMCS_H

#include "vcpu.h"

/* Controls and host state. The VMCS is current. False if a field cannot be written. */
bool vmcs_prepare(struct vcpu *vcpu);

/* The guest state: this CPU as it is now. False if it does not fit. Interrupts are off. */
bool vmcs_capture_guest(struct vcpu *vcpu);

#endif
