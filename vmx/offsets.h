/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Offsets into struct vcpu for entry.S, which cannot read C structures. host.c asserts each of them.
 */
#ifndef HVGDB_OFFSETS_H
#define HVGDB_OFFSETS_H

#define VCPU_NMI_STACK_TOP 0x1000
#define VCPU_MC_STACK_TOP 0x3000
#define VCPU_REGS 0x8000
#define VCPU_REGS_SIZE 0x80
#define VCPU_ROOT_NMI 0x80a8
#define VCPU_ROOT_MC 0x80b0
#define VCPU_NATIVE 0x80b8
#define NATIVE_RSP 0
#define NATIVE_SINCE 8
#define NATIVE_ABORT 16
#define NATIVE_RAX 24
#define NATIVE_STACK 32

#define ROOT_CS 0x10
#define ROOT_DS 0x18
#define ROOT_TR 0x40

#endif
