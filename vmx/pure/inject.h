/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is injected at the next VM entry. Handlers only ask; the order at each exit is
 *
 *	inject_collect()	what the exit interrupted, before any handler runs
 *	inject_reflect(),	handlers pass an intercepted event on,
 *	inject_exception()	or ask for an exception of their own
 *	inject_choose()		at the very end: the entry fields, the windows
 *
 * nmi_pending and irq_set live across exits: inject_choose() takes out of them what it injects
 * and puts back what it may not inject now, so an event is delivered exactly once.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memset.
 */
#ifndef HVGDB_VMX_INJECT_H
#define HVGDB_VMX_INJECT_H

#include "arch.h"

/* An exception, or a software interrupt: what cannot wait for a window. */
struct inject_event {
	u8 vector;
	u32 type; /* INTR_TYPE_* */
	bool has_error;
	u32 error;
	u32 length;	  /* of the instruction; software types only */
	bool has_payload; /* #PF: payload is the address for CR2; #DB: causes, as in pending_dbg */
	u64 payload;
};

struct inject_in {
	/* The exit, as VMREAD gives it. */
	u32 exit_reason;
	u64 exit_qual;
	u32 exit_intr_info; /* read for EXCEPTION_NMI and, with acknowledge, EXTERNAL_INTERRUPT */
	u32 exit_intr_error;
	u32 exit_instr_len;
	u32 idt_info;
	u32 idt_error;

	/* The guest's state; collect, choose and skip_instruction() change some of it. */
	u64 rip;
	u64 rflags;
	u64 debugctl;
	u64 pending_dbg;
	u32 interruptibility;
	u32 activity;
	bool code64;	/* CS.L; used by skip_instruction() */
	bool real_mode; /* CR0.PE=0: exceptions have no error codes */

	/* What the debugger wants. */
	bool stepping;	  /* one instruction by MTF: interrupts and NMIs are held */
	bool rip_changed; /* by the debugger: blocking and HLT belong to the old place */

	/* What waits. */
	bool has_event;
	struct inject_event event;
	bool nmi_reinject; /* its delivery was cut short by this exit: not the same as pending */
	bool triple_fault;
	bool nmi_pending;
	u64 irq_set[4];
};

struct inject_out {
	u32 entry_info;	 /* VM_ENTRY_INTR_INFO_FIELD, 0 if nothing is injected */
	u32 entry_error; /* VM_ENTRY_EXCEPTION_ERROR_CODE */
	u32 entry_len;	 /* VM_ENTRY_INSTRUCTION_LEN */
	u32 interruptibility;
	u32 activity;
	u64 pending_dbg;
	u64 rflags; /* the guest's, with RF set if a fault is delivered */
	bool set_cr2;
	u64 cr2;
	bool is_debug; /* a new #DB is delivered: pass debug_causes to debug_deliver() */
	u64 debug_causes;
	bool nmi_window;
	bool irq_window;
	bool consumed_nmi;
	int consumed_irq; /* vector, or -1 */
	bool triple_fault;
};

enum inject_merge {
	INJECT_NEW,	     /* nothing else was there */
	INJECT_SERIAL,	     /* took the place of an exception that will come again */
	INJECT_DOUBLE_FAULT, /* both became #DF */
	INJECT_TRIPLE_FAULT, /* the CPU would shut down */
};

/* Start of an exit: IDT-vectoring information, blocking by NMI. Resets has_event. */
void inject_collect(struct inject_in *in);

/* See "Interrupt 8, Double Fault Exception". */
enum inject_merge inject_exception(struct inject_in *in, const struct inject_event *event);

/*
 * Passes on the event that caused this exit (EXCEPTION_NMI, or EXTERNAL_INTERRUPT with
 * acknowledge): exceptions by inject_exception() with CR2 or DR6 causes from the qualification,
 * NMIs and interrupts into the queues. False if the exit carries no event.
 */
bool inject_reflect(struct inject_in *in);

/* An exception without payload; the type follows from the vector. */
enum inject_merge inject_fault(struct inject_in *in, u8 vector, u32 error);

/* End of an exit: chooses. */
void inject_choose(struct inject_in *in, struct inject_out *out);

/* The entry chosen did not happen after all (root halts first): puts back what was taken. */
void inject_cancel(struct inject_in *in, const struct inject_out *out);

/* Whether interrupts or NMIs wait that were taken from the hardware. */
bool inject_holds(const struct inject_in *in);

void inject_queue_irq(struct inject_in *in, u8 vector);
int inject_highest_irq(const u64 irq_set[4]); /* -1 if there is none */

/* Whether an exception vector (hardware, protected mode) comes with an error code. */
bool inject_has_error_code(u8 vector);

/* The instruction at RIP is done: emulated, or suppressed. Changes in->rip and its kin. */
void skip_instruction(struct inject_in *in, u32 length);

struct debug_state {
	u64 dr6;
	u64 dr7;
	u64 debugctl;
};

/* What the delivery of #DB does to the debug registers, which an injected one does not. */
void debug_deliver(struct debug_state *state, u64 causes);

struct inject_env {
	u64 rflags; /* as they will be in GUEST_RFLAGS */
	u64 debugctl;
	u8 ss_dpl;
	bool real_mode;
	bool any_error_code; /* IA32_VMX_BASIC bit 56 */
	bool zero_length;    /* IA32_VMX_MISC bit 30 */
	bool mtf;	     /* the monitor trap flag control is 1 */
	bool virtual_nmis;
};

/* Names the first VM-entry check (see "VM Entries") that *out breaks, or NULL. */
const char *inject_check(const struct inject_out *out, const struct inject_env *env);

#endif
