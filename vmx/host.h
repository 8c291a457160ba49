/* SPDX-License-Identifier: GPL-2.0 */
/* Root's descriptor tables (host.c) and the entry points they lead to (entry.S). */
#ifndef HVGDB_HOST_H
#define HVGDB_HOST_H

#include "vcpu.h"

/* Fills two GDT slots with an available 64-bit TSS descriptor. */
void host_set_tss_descriptor(u64 *slot, u64 base, u32 limit);

/* GDT and TSS of one CPU, and its table for leaving. */
void host_prepare_cpu(struct vcpu *vcpu);

/* One page of gates, shared by all CPUs. */
void host_prepare_idt(u64 *idt);

int vmx_launch(void);
void vmx_exit_entry(void);
void root_nmi_gate(void);
void root_mc_gate(void);
void root_fault_gates(void);
void leaving_nmi_gate(void);
void leaving_mc_gate(void);

/*
 * Runs native code at entry on its own stack, with args in rdi, rsi and rdx. False if it was ended:
 * by root_fault() or the NMI gate, which go on at native_aborted.
 */
bool native_enter(u64 entry, const u64 args[3], struct native *native);
void native_aborted(void);
extern u8 module_text_begin[], module_data_begin[], module_bss_begin[], module_rodata_begin[];
extern u8 vmx_clear_branch_history;

#endif
