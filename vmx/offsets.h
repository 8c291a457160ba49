/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Offsets into struct vcpu for entry.S, which cannot read C structures. host.c asserts each of them.
 */
#ifndef HVGDB_OFFSETS_H
#define HVGDB_OFFSETS_H

#define VCPU_NMI_STACK_TOP 0x1000
#define VCPU_MC_STACK_TOP 0x3000
#define VCPU_REGS 0x7000
#define VCPU_REGS_SIZE 0x80
#define VCPU_ROOT_NMI 0x70a8
#define VCPU_ROOT_MC 0x70b0

#define ROOT_CS 0x10
#define ROOT_DS 0x18
#define ROOT_TR 0x40

#endif
