/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Offsets into struct vcpu for entry.S, which cannot read C structures. host.c asserts each of
 * them. Their prefix keeps them apart from the constants of vcpu.h, which a macro of the same name
 * would silently replace.
 */
#ifndef HVGDB_OFFSETS_H
#define HVGDB_OFFSETS_H

#define OFFSET_VCPU_NMI_STACK_TOP 0x1000
#define OFFSET_VCPU_MC_STACK_TOP  0x3000
#define OFFSET_VCPU_REGS	  0x8000
#define VCPU_REGS_SIZE		  0x80
#define OFFSET_VCPU_ROOT_NMI	  0x80a8
#define OFFSET_VCPU_ROOT_MC	  0x80b0
#define OFFSET_VCPU_LEAVE_IDT	  0x80b8
#define OFFSET_VCPU_NATIVE	  0x81e8
#define OFFSET_NATIVE_RSP	  0
#define OFFSET_NATIVE_SINCE	  8
#define OFFSET_NATIVE_ABORT	  16
#define OFFSET_NATIVE_RAX	  24
#define OFFSET_NATIVE_STACK	  32

#define ROOT_CS 0x10
#define ROOT_DS 0x18
#define ROOT_TR 0x40

#endif
