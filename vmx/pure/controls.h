/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether this CPU can do what we need, and which VM-execution, exit and entry controls are
 * switched on at launch: one table, one row a control. A control that the CPU lacks, or that
 * cannot be switched off, is a refusal with a sentence, never a shrug.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_CONTROLS_H
#define HVGDB_VMX_CONTROLS_H

#include "arch.h"

/*
 * Raw values of the capability MSRs; the four of pin, CPU, exit and entry controls are the TRUE
 * ones when bit 55 of VMX_BASIC says that they exist.
 */
struct vmx_caps {
	u64 basic;
	u64 pinbased;
	u64 procbased;
	u64 procbased2; /* 0 if the CPU has no secondary controls */
	u64 exit;
	u64 entry;
	u64 misc;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
	u64 ept_vpid_cap;
	u64 feature_control;
	/* What CPUID says. */
	bool has_vmx;
	bool rdtscp;
	bool invpcid;
	bool xsaves;
	bool waitpkg;
	unsigned int maxphyaddr;
};

/*
 * The values at launch. The has_* controls are available, but off: external-interrupt and MOV-DR
 * exiting, the windows, the monitor trap flag and the preemption timer are switched on when
 * wanted. VM_EXIT_SAVE_VMX_PREEMPTION_TIMER may be 1 only together with the timer itself.
 */
struct vmx_controls {
	u32 pin;
	u32 cpu;
	u32 cpu2;
	u32 exit;
	u32 entry;
	bool has_mtf;
	bool has_ptimer;
	bool has_save_ptimer;
	bool has_unrestricted_guest; /* switched on when there */
	bool has_vpid;		     /* with INVVPID of all contexts; off */
	bool has_load_perf_global;   /* on both exit and entry; off */
	bool has_exec_only;
	bool has_1g;
	bool has_hlt_activity;
	unsigned int ptimer_shift; /* the timer counts once every 2^shift TSC cycles */
};

enum vmx_refusal_kind {
	VMX_REFUSED_NOT,
	VMX_REFUSED_NO_VMX,
	VMX_REFUSED_FIRMWARE_OFF,
	VMX_REFUSED_FIRMWARE_UNLOCKED,
	VMX_REFUSED_BASIC,
	VMX_REFUSED_CONTROL_MISSING,
	VMX_REFUSED_CONTROL_FORCED,
	VMX_REFUSED_NO_EPT,
	VMX_REFUSED_EPT_CAP,
};

struct vmx_refusal {
	int kind;
	const char
		*what; /* the control or capability in the SDM's words; NULL if the kind says all */
};

/* 0, or a negative errno that is distinct for each kind, with *refusal filled in. */
int vmx_choose_controls(const struct vmx_caps *caps, struct vmx_controls *controls,
			struct vmx_refusal *refusal);

#define VMX_REFUSAL_TEXT_MAX 200

/* One sentence without a full stop's newline; returns buf, always terminated. */
const char *vmx_refusal_text(const struct vmx_refusal *refusal, char *buf, size_t size);

/*
 * Names the first rule of "Checks on VMX Controls" that these values break, or NULL. For the
 * controls as they are changed later (windows, timer), and for tests.
 */
const char *vmx_check_controls(u32 pin, u32 cpu, u32 cpu2, u32 exit, u32 entry);

/* See "VMX-Fixed Bits in CR0", "VMX-Fixed Bits in CR4". */
u64 vmx_fixed_cr(u64 value, u64 fixed0, u64 fixed1);

#endif
