// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of what VM entry injects. See inject.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memset.
 *
 * Exceptions and software interrupts belong to the instruction at RIP and cannot wait: they are
 * in->event. Interrupts and NMIs can: one whose delivery an exit cut short goes back to where it
 * waited, and is chosen anew by priority. So it makes no difference whether the guest, the
 * debugger or an exception in between has changed what may be delivered.
 */
#include "inject.h"

#define SHADOW_MASK	   (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)
#define INTR_STATE_MAX	   (SHADOW_MASK | GUEST_INTR_STATE_NMI | GUEST_INTR_STATE_ENCLAVE_INTR)
#define LENGTH_MAX	   15
#define ERROR_MASK	   0xffffu
#define QUAL_NMI_UNBLOCKED BIT64(12) /* EPT violation and its kin: NMI unblocking due to IRET */

/* What makes the CPU deliver #DB right after VM entry. */
#define PENDING_DBG_DELIVERS                                                                       \
	(HV_PENDING_DBG_ENABLED_BP | HV_PENDING_DBG_BS | HV_PENDING_DBG_RTM | HV_DR6_BLD)

#define VECTOR_SET(a) (1u << (a))

/* #CP among them: it exists only on CPUs where it has an error code. */
#define VECTORS_WITH_ERROR                                                                         \
	(VECTOR_SET(HV_VECTOR_DF) | VECTOR_SET(HV_VECTOR_TS) | VECTOR_SET(HV_VECTOR_NP) |          \
	 VECTOR_SET(HV_VECTOR_SS) | VECTOR_SET(HV_VECTOR_GP) | VECTOR_SET(HV_VECTOR_PF) |          \
	 VECTOR_SET(HV_VECTOR_AC) | VECTOR_SET(HV_VECTOR_CP))

#define CONTRIBUTORY_VECTORS                                                                       \
	(VECTOR_SET(HV_VECTOR_DE) | VECTOR_SET(HV_VECTOR_TS) | VECTOR_SET(HV_VECTOR_NP) |          \
	 VECTOR_SET(HV_VECTOR_SS) | VECTOR_SET(HV_VECTOR_GP) | VECTOR_SET(HV_VECTOR_CP))

#define PAGE_FAULT_VECTORS (VECTOR_SET(HV_VECTOR_PF) | VECTOR_SET(HV_VECTOR_VE))

/* Traps and aborts, and #DB, whose handler finds RF as it was: the rest pushes RF=1. */
#define VECTORS_WITHOUT_RF                                                                         \
	(VECTOR_SET(HV_VECTOR_DB) | VECTOR_SET(HV_VECTOR_BP) | VECTOR_SET(HV_VECTOR_OF) |          \
	 VECTOR_SET(HV_VECTOR_DF) | VECTOR_SET(HV_VECTOR_MC))

static bool in_set(u32 set, u8 vector)
{
	return vector < 32 && (set & VECTOR_SET(vector));
}

bool inject_has_error_code(u8 vector)
{
	return in_set(VECTORS_WITH_ERROR, vector);
}

void inject_queue_irq(struct inject_in *in, u8 vector)
{
	in->irq_set[vector / 64] |= BIT64(vector % 64);
}

/* The highest first: EOI retires the highest bit of the local APIC's ISR. */
int inject_highest_irq(const u64 irq_set[4])
{
	int i;

	for (i = 3; i >= 0; i--)
		if (irq_set[i])
			return i * 64 + 63 - __builtin_clzll(irq_set[i]);
	return -1;
}

bool inject_holds(const struct inject_in *in)
{
	return in->nmi_pending || in->nmi_reinject || inject_highest_irq(in->irq_set) >= 0;
}

static bool is_software(u32 type)
{
	return type == INTR_TYPE_SOFT_INTR || type == INTR_TYPE_PRIV_SW_EXCEPTION ||
	       type == INTR_TYPE_SOFT_EXCEPTION;
}

/* #BP and #OF are traps: as hardware exceptions they would push the RIP of the instruction. */
static u32 event_type(u32 type, u8 vector)
{
	if (type == INTR_TYPE_HARD_EXCEPTION && (vector == HV_VECTOR_BP || vector == HV_VECTOR_OF))
		return INTR_TYPE_SOFT_EXCEPTION;
	return type;
}

/* A length that no instruction has would fail VM entry: the shortest encoding then. */
static u32 event_length(u32 type, u32 length)
{
	if (length >= 1 && length <= LENGTH_MAX)
		return length;
	return type == INTR_TYPE_SOFT_INTR ? 2 : 1;
}

static void event_from_info(struct inject_event *event, u32 info, u32 error, u32 length)
{
	memset(event, 0, sizeof(*event));
	event->vector = info & INTR_INFO_VECTOR_MASK;
	event->type = event_type(info & INTR_INFO_INTR_TYPE_MASK, event->vector);
	event->has_error = info & INTR_INFO_DELIVER_CODE_MASK;
	event->error = event->has_error ? error : 0;
	event->length = is_software(event->type) ? length : 0;
}

/* See "NMI unblocking due to IRET" under "Basic VM-Exit Information". */
static bool unblocked_by_iret(const struct inject_in *in)
{
	if (in->idt_info & INTR_INFO_VALID_MASK)
		return false;
	switch (in->exit_reason & VMX_EXIT_REASON_BASIC_MASK) {
	case EXIT_REASON_EXCEPTION_NMI:
		return (in->exit_intr_info & INTR_INFO_VALID_MASK) &&
		       (in->exit_intr_info & INTR_INFO_UNBLOCK_NMI) &&
		       (in->exit_intr_info & INTR_INFO_VECTOR_MASK) != HV_VECTOR_DF;
	case EXIT_REASON_EPT_VIOLATION:
	case EXIT_REASON_PML_FULL:
	case EXIT_REASON_SPP_EVENT:
		return in->exit_qual & QUAL_NMI_UNBLOCKED;
	default:
		return false;
	}
}

/* See "Information for VM Exits That Occur During Event Delivery". */
static void collect_vectoring(struct inject_in *in)
{
	u32 type = in->idt_info & INTR_INFO_INTR_TYPE_MASK;

	switch (type) {
	case INTR_TYPE_EXT_INTR:
		inject_queue_irq(in, in->idt_info & INTR_INFO_VECTOR_MASK);
		break;
	case INTR_TYPE_NMI_INTR:
		/* Its delivery has set the blocking, and will again. */
		in->interruptibility &= ~GUEST_INTR_STATE_NMI;
		in->nmi_reinject = true;
		break;
	case INTR_TYPE_HARD_EXCEPTION:
	case INTR_TYPE_SOFT_INTR:
	case INTR_TYPE_PRIV_SW_EXCEPTION:
	case INTR_TYPE_SOFT_EXCEPTION:
		event_from_info(&in->event, in->idt_info, in->idt_error, in->exit_instr_len);
		in->has_event = true;
		break;
	default:
		break;
	}
}

void inject_collect(struct inject_in *in)
{
	in->has_event = false;
	in->nmi_reinject = false;
	in->triple_fault = false;
	/* A failed entry exits with nothing but its reason and qualification. */
	if (in->exit_reason & VMX_EXIT_REASONS_FAILED_ENTRY)
		return;
	if (unblocked_by_iret(in))
		in->interruptibility |= GUEST_INTR_STATE_NMI;
	if (in->idt_info & INTR_INFO_VALID_MASK)
		collect_vectoring(in);
}

enum exception_class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

static enum exception_class class_of(const struct inject_event *event)
{
	if (event->type != INTR_TYPE_HARD_EXCEPTION)
		return BENIGN;
	if (event->vector == HV_VECTOR_DF)
		return DOUBLE_FAULT;
	if (in_set(PAGE_FAULT_VECTORS, event->vector))
		return PAGE_FAULT;
	return in_set(CONTRIBUTORY_VECTORS, event->vector) ? CONTRIBUTORY : BENIGN;
}

/* See "Conditions for Generating a Double Fault". Rows: the first event; columns: the second. */
static const u8 merge_table[4][4] = {
	[BENIGN] = { INJECT_SERIAL, INJECT_SERIAL, INJECT_SERIAL, INJECT_SERIAL },
	[CONTRIBUTORY] = { INJECT_SERIAL, INJECT_DOUBLE_FAULT, INJECT_SERIAL, INJECT_SERIAL },
	[PAGE_FAULT] = { INJECT_SERIAL, INJECT_DOUBLE_FAULT, INJECT_DOUBLE_FAULT, INJECT_SERIAL },
	[DOUBLE_FAULT] = { INJECT_SERIAL, INJECT_TRIPLE_FAULT, INJECT_TRIPLE_FAULT,
			   INJECT_TRIPLE_FAULT },
};

static bool is_page_fault(const struct inject_event *event)
{
	return event->type == INTR_TYPE_HARD_EXCEPTION && event->vector == HV_VECTOR_PF;
}

/* CR2 has the address of the last page fault, although #DF is all that the guest sees of it. */
static void make_double_fault(struct inject_event *event, const struct inject_event *second)
{
	if (is_page_fault(second) && second->has_payload) {
		event->payload = second->payload;
		event->has_payload = true;
	} else if (!is_page_fault(event)) {
		event->has_payload = false;
	}
	event->vector = HV_VECTOR_DF;
	event->type = INTR_TYPE_HARD_EXCEPTION;
	event->has_error = true;
	event->error = 0;
	event->length = 0;
}

static void set_event(struct inject_in *in, const struct inject_event *event)
{
	in->event = *event;
	in->event.type = event_type(event->type, event->vector);
	in->has_event = true;
}

enum inject_merge inject_exception(struct inject_in *in, const struct inject_event *event)
{
	enum inject_merge merge;

	if (in->triple_fault)
		return INJECT_TRIPLE_FAULT;
	if (!in->has_event) {
		set_event(in, event);
		return INJECT_NEW;
	}
	merge = merge_table[class_of(&in->event)][class_of(event)];
	switch (merge) {
	case INJECT_DOUBLE_FAULT:
		make_double_fault(&in->event, event);
		break;
	case INJECT_TRIPLE_FAULT:
		in->has_event = false;
		in->triple_fault = true;
		break;
	default:
		set_event(in, event);
		break;
	}
	return merge;
}

enum inject_merge inject_fault(struct inject_in *in, u8 vector, u32 error)
{
	struct inject_event event;

	memset(&event, 0, sizeof(event));
	event.vector = vector;
	event.type = INTR_TYPE_HARD_EXCEPTION;
	event.has_error = inject_has_error_code(vector);
	event.error = error;
	return inject_exception(in, &event);
}

static void reflect_exception(struct inject_in *in)
{
	struct inject_event event;

	event_from_info(&event, in->exit_intr_info, in->exit_intr_error, in->exit_instr_len);
	if (event.type == INTR_TYPE_HARD_EXCEPTION &&
	    (event.vector == HV_VECTOR_PF || event.vector == HV_VECTOR_DB)) {
		event.has_payload = true;
		event.payload = in->exit_qual;
	}
	inject_exception(in, &event);
}

bool inject_reflect(struct inject_in *in)
{
	u32 reason = in->exit_reason & VMX_EXIT_REASON_BASIC_MASK;
	u32 type = in->exit_intr_info & INTR_INFO_INTR_TYPE_MASK;

	if (reason != EXIT_REASON_EXCEPTION_NMI && reason != EXIT_REASON_EXTERNAL_INTERRUPT)
		return false;
	if (!(in->exit_intr_info & INTR_INFO_VALID_MASK))
		return false;
	if (type == INTR_TYPE_EXT_INTR)
		inject_queue_irq(in, in->exit_intr_info & INTR_INFO_VECTOR_MASK);
	else if (type == INTR_TYPE_NMI_INTR)
		in->nmi_pending = true;
	else if (type == INTR_TYPE_HARD_EXCEPTION || is_software(type))
		reflect_exception(in);
	else
		return false;
	return true;
}

/* What the debugger changed must not leave a state that VM entry refuses. */
static void settle_state(struct inject_in *in)
{
	u32 state = in->interruptibility & INTR_STATE_MAX;

	if (in->rip_changed) {
		state &= ~SHADOW_MASK;
		if (in->activity == GUEST_ACTIVITY_HLT)
			in->activity = GUEST_ACTIVITY_ACTIVE;
		in->rip_changed = false;
	}
	/* HLT itself has ended them. */
	if (in->activity != GUEST_ACTIVITY_ACTIVE)
		state &= ~SHADOW_MASK;
	if (state & GUEST_INTR_STATE_MOV_SS)
		state &= ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_ENCLAVE_INTR);
	if (!(in->rflags & HV_EFLAGS_IF))
		state &= ~GUEST_INTR_STATE_STI;
	in->interruptibility = state;
}

/* RF: what the CPU itself would push for a fault. See "RF Flag" under "Restart". */
static void put_event(struct inject_in *in, struct inject_out *out)
{
	const struct inject_event *event = &in->event;
	bool hard = event->type == INTR_TYPE_HARD_EXCEPTION;

	out->entry_info = INTR_INFO_VALID_MASK | event->type | event->vector;
	if (hard && !in->real_mode && inject_has_error_code(event->vector)) {
		out->entry_info |= INTR_INFO_DELIVER_CODE_MASK;
		out->entry_error = event->error & ERROR_MASK;
	}
	if (is_software(event->type))
		out->entry_len = event_length(event->type, event->length);
	if (hard && !in_set(VECTORS_WITHOUT_RF, event->vector))
		out->rflags |= HV_EFLAGS_RF;
	if (event->has_payload && event->vector == HV_VECTOR_DB) {
		out->is_debug = true;
		out->debug_causes = event->payload;
	} else if (event->has_payload) {
		out->set_cr2 = true;
		out->cr2 = event->payload;
	}
	in->has_event = false;
}

/*
 * Traps of the last instruction come before interrupts and NMIs, whose injection would make the
 * CPU forget them. See "Delivery of Pending Debug Exceptions after VM Entry".
 */
static bool at_boundary(const struct inject_in *in)
{
	return !(in->interruptibility & SHADOW_MASK) && !(in->pending_dbg & PENDING_DBG_DELIVERS);
}

static bool put_nmi(struct inject_in *in, struct inject_out *out)
{
	if (!in->nmi_reinject && !in->nmi_pending)
		return false;
	if (!at_boundary(in) || (in->interruptibility & GUEST_INTR_STATE_NMI))
		return false;
	if (in->nmi_reinject)
		in->nmi_reinject = false;
	else
		in->nmi_pending = false;
	out->entry_info = INTR_INFO_VALID_MASK | INTR_TYPE_NMI_INTR | HV_VECTOR_NMI;
	out->consumed_nmi = true;
	return true;
}

static bool put_irq(struct inject_in *in, struct inject_out *out)
{
	int vector = inject_highest_irq(in->irq_set);

	if (vector < 0 || !at_boundary(in) || !(in->rflags & HV_EFLAGS_IF) ||
	    in->activity == GUEST_ACTIVITY_SHUTDOWN)
		return false;
	in->irq_set[vector / 64] &= ~BIT64(vector % 64);
	out->entry_info = INTR_INFO_VALID_MASK | INTR_TYPE_EXT_INTR | (u32)vector;
	out->consumed_irq = vector;
	return true;
}

static void choose_event(struct inject_in *in, struct inject_out *out)
{
	if (in->activity == GUEST_ACTIVITY_WAIT_SIPI)
		return;
	if (in->has_event)
		put_event(in, out);
	else if (!in->stepping && !put_nmi(in, out))
		put_irq(in, out);
	if (out->entry_info || (in->stepping && in->activity == GUEST_ACTIVITY_HLT))
		out->activity = GUEST_ACTIVITY_ACTIVE;
}

static void choose_windows(struct inject_in *in, struct inject_out *out)
{
	/* Not delivered now, it waits like any other; two of them are one, as in the CPU's latch.
	 */
	if (in->nmi_reinject)
		in->nmi_pending = true;
	in->nmi_reinject = false;
	if (in->stepping || in->activity == GUEST_ACTIVITY_WAIT_SIPI)
		return;
	out->nmi_window = in->nmi_pending;
	out->irq_window =
		inject_highest_irq(in->irq_set) >= 0 && in->activity != GUEST_ACTIVITY_SHUTDOWN;
}

/*
 * A step ends before the next interrupt: blocking by STI keeps the CPU from taking one first. Not
 * where a single-step trap of the guest's own is pending or due, with which VM entry would find
 * the blocking inconsistent.
 */
static void hold_interrupts(const struct inject_in *in, struct inject_out *out)
{
	if (!in->stepping || out->entry_info || out->activity != GUEST_ACTIVITY_ACTIVE)
		return;
	if (!(in->rflags & HV_EFLAGS_IF) || (in->rflags & HV_EFLAGS_TF))
		return;
	if ((in->pending_dbg & HV_PENDING_DBG_BS) ||
	    (in->interruptibility & GUEST_INTR_STATE_MOV_SS))
		return;
	out->interruptibility |= GUEST_INTR_STATE_STI;
}

static bool single_steps(u64 rflags, u64 debugctl)
{
	return (rflags & HV_EFLAGS_TF) && !(debugctl & HV_DEBUGCTL_BTF);
}

static bool needs_consistent_bs(const struct inject_out *out)
{
	return (out->interruptibility & SHADOW_MASK) || out->activity == GUEST_ACTIVITY_HLT;
}

/* See "Checks on Guest Non-Register State": BS must agree with TF where #DB may be held back. */
static void fix_pending_bs(const struct inject_in *in, struct inject_out *out)
{
	u64 debugctl = in->debugctl;

	if (!needs_consistent_bs(out))
		return;
	/* debug_deliver() clears BTF, and VM entry sees the result. */
	if (out->is_debug)
		debugctl &= ~HV_DEBUGCTL_BTF;
	if (single_steps(in->rflags, debugctl))
		out->pending_dbg |= HV_PENDING_DBG_BS;
	else
		out->pending_dbg &= ~HV_PENDING_DBG_BS;
}

void inject_choose(struct inject_in *in, struct inject_out *out)
{
	memset(out, 0, sizeof(*out));
	out->consumed_irq = -1;
	settle_state(in);
	out->interruptibility = in->interruptibility;
	out->activity = in->activity;
	out->pending_dbg = in->pending_dbg;
	out->rflags = in->rflags;
	out->triple_fault = in->triple_fault;
	if (!in->triple_fault) {
		choose_event(in, out);
		choose_windows(in, out);
		hold_interrupts(in, out);
	}
	fix_pending_bs(in, out);
}

void inject_cancel(struct inject_in *in, const struct inject_out *out)
{
	if (out->consumed_nmi) {
		in->nmi_reinject = true;
	} else if (out->consumed_irq >= 0) {
		inject_queue_irq(in, (u8)out->consumed_irq);
	} else if (out->entry_info & INTR_INFO_VALID_MASK) {
		event_from_info(&in->event, out->entry_info, out->entry_error, out->entry_len);
		in->event.has_payload = out->set_cr2 || out->is_debug;
		in->event.payload = out->is_debug ? out->debug_causes : out->cr2;
		in->has_event = true;
	}
}

void skip_instruction(struct inject_in *in, u32 length)
{
	u64 next = in->rip + length;

	/* Outside 64-bit mode EIP wraps; unless it does, RIP's upper half is none of our affair. */
	if (!in->code64 && (next >> 32) != (in->rip >> 32))
		next &= 0xffffffff;
	in->rip = next;
	in->rflags &= ~HV_EFLAGS_RF;
	in->interruptibility &= ~SHADOW_MASK;
	if (single_steps(in->rflags, in->debugctl))
		in->pending_dbg |= HV_PENDING_DBG_BS;
}

/*
 * See "Debug Status Register (DR6)": BLD and RTM are active low, and RTM alone is set again by
 * every #DB outside a transaction.
 */
void debug_deliver(struct debug_state *state, u64 causes)
{
	u64 high = HV_DR6_TRAP_BITS | HV_DR6_BD | HV_DR6_BS | HV_DR6_BT;
	u64 low = HV_DR6_BLD | HV_DR6_RTM;

	state->dr6 &= ~HV_DR6_TRAP_BITS;
	state->dr6 |= (HV_DR6_INIT & ~HV_DR6_BLD) | (causes & high);
	state->dr6 &= ~(causes & low);
	state->dr7 &= ~HV_DR7_GD;
	state->debugctl &= ~(HV_DEBUGCTL_LBR | HV_DEBUGCTL_BTF);
}

static bool error_code_wrong(u32 info, const struct inject_env *env)
{
	bool deliver = info & INTR_INFO_DELIVER_CODE_MASK;
	bool hard = (info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_HARD_EXCEPTION;

	if (env->real_mode || !hard)
		return deliver;
	if (env->any_error_code)
		return false;
	return deliver != inject_has_error_code(info & INTR_INFO_VECTOR_MASK);
}

/* See "VM-Entry Control Fields" under "Checks on VMX Controls". */
static const char *check_entry_info(const struct inject_out *out, const struct inject_env *env)
{
	u32 info = out->entry_info;
	u32 type = info & INTR_INFO_INTR_TYPE_MASK;
	u32 vector = info & INTR_INFO_VECTOR_MASK;

	if (info & INTR_INFO_RESVD_BITS_MASK)
		return "reserved bits of the VM-entry interruption information are set";
	if (type == INTR_TYPE_RESERVED)
		return "interruption type 1 is reserved";
	if (type == INTR_TYPE_OTHER_EVENT && (vector != 0 || !env->mtf))
		return "interruption type 7 needs vector 0 and the monitor trap flag";
	if (type == INTR_TYPE_NMI_INTR && vector != HV_VECTOR_NMI)
		return "interruption type NMI needs vector 2";
	if (type == INTR_TYPE_HARD_EXCEPTION && vector > 31)
		return "interruption type hardware exception needs a vector of at most 31";
	if (error_code_wrong(info, env))
		return "deliver-error-code does not agree with the vector";
	if ((info & INTR_INFO_DELIVER_CODE_MASK) && (out->entry_error & ~ERROR_MASK))
		return "bits 31:16 of the VM-entry exception error code are set";
	if (is_software(type) &&
	    (out->entry_len > LENGTH_MAX || (out->entry_len == 0 && !env->zero_length)))
		return "the VM-entry instruction length is not between 1 and 15";
	return NULL;
}

static bool wakes_from_hlt(u32 info)
{
	u32 type = info & INTR_INFO_INTR_TYPE_MASK;
	u32 vector = info & INTR_INFO_VECTOR_MASK;

	return type == INTR_TYPE_EXT_INTR || type == INTR_TYPE_NMI_INTR ||
	       type == INTR_TYPE_OTHER_EVENT ||
	       (type == INTR_TYPE_HARD_EXCEPTION &&
		(vector == HV_VECTOR_DB || vector == HV_VECTOR_MC));
}

static bool wakes_from_shutdown(u32 info)
{
	u32 type = info & INTR_INFO_INTR_TYPE_MASK;
	u32 vector = info & INTR_INFO_VECTOR_MASK;

	return type == INTR_TYPE_NMI_INTR ||
	       (type == INTR_TYPE_HARD_EXCEPTION && vector == HV_VECTOR_MC);
}

/* See "Checks on Guest Non-Register State", activity state. */
static const char *check_activity(const struct inject_out *out, const struct inject_env *env)
{
	u32 info = out->entry_info;

	if (out->activity > GUEST_ACTIVITY_WAIT_SIPI)
		return "the activity state is none of the four";
	if (out->activity == GUEST_ACTIVITY_HLT && env->ss_dpl)
		return "the activity state is HLT with SS.DPL other than 0";
	if (out->activity && (out->interruptibility & SHADOW_MASK))
		return "the activity state is not active with blocking by STI or MOV SS";
	if (!(info & INTR_INFO_VALID_MASK))
		return NULL;
	if (out->activity == GUEST_ACTIVITY_HLT && !wakes_from_hlt(info))
		return "an event that cannot wake from HLT is injected into HLT";
	if (out->activity == GUEST_ACTIVITY_SHUTDOWN && !wakes_from_shutdown(info))
		return "an event that cannot wake from shutdown is injected into shutdown";
	if (out->activity == GUEST_ACTIVITY_WAIT_SIPI)
		return "an event is injected into wait-for-SIPI";
	return NULL;
}

/* The same, interruptibility state, for its own sake. */
static const char *check_blocking(const struct inject_out *out, const struct inject_env *env)
{
	u32 state = out->interruptibility;

	if (state & ~(INTR_STATE_MAX | GUEST_INTR_STATE_SMI))
		return "reserved bits of the interruptibility state are set";
	if (state & GUEST_INTR_STATE_SMI)
		return "blocking by SMI outside SMM";
	if ((state & SHADOW_MASK) == SHADOW_MASK)
		return "blocking by STI and by MOV SS at once";
	if ((state & GUEST_INTR_STATE_STI) && !(env->rflags & HV_EFLAGS_IF))
		return "blocking by STI with RFLAGS.IF clear";
	if ((state & GUEST_INTR_STATE_ENCLAVE_INTR) && (state & GUEST_INTR_STATE_MOV_SS))
		return "enclave interruption with blocking by MOV SS";
	return NULL;
}

/* The same, against the event; some CPUs refuse an NMI under blocking by STI, so we never do. */
static const char *check_event_blocking(const struct inject_out *out, const struct inject_env *env)
{
	u32 state = out->interruptibility;
	u32 type = out->entry_info & INTR_INFO_INTR_TYPE_MASK;

	if (!(out->entry_info & INTR_INFO_VALID_MASK))
		return NULL;
	if (type == INTR_TYPE_EXT_INTR && !(env->rflags & HV_EFLAGS_IF))
		return "an external interrupt is injected with RFLAGS.IF clear";
	if (type == INTR_TYPE_EXT_INTR && (state & SHADOW_MASK))
		return "an external interrupt is injected under blocking by STI or MOV SS";
	if (type == INTR_TYPE_NMI_INTR && (state & SHADOW_MASK))
		return "an NMI is injected under blocking by STI or MOV SS";
	if (type == INTR_TYPE_NMI_INTR && env->virtual_nmis && (state & GUEST_INTR_STATE_NMI))
		return "an NMI is injected under blocking by NMI";
	return NULL;
}

/* The same, pending debug exceptions. */
static const char *check_pending_dbg(const struct inject_out *out, const struct inject_env *env)
{
	u64 pending = out->pending_dbg;
	u64 defined = HV_DR6_TRAP_BITS | PENDING_DBG_DELIVERS;
	u64 with_rtm = HV_PENDING_DBG_RTM | HV_PENDING_DBG_ENABLED_BP;

	if (pending & ~defined)
		return "reserved bits of the pending debug exceptions are set";
	if ((pending & HV_PENDING_DBG_RTM) && (pending & ~HV_DR6_BLD) != with_rtm)
		return "a pending debug exception in a transaction has other causes";
	if ((pending & HV_PENDING_DBG_RTM) && (out->interruptibility & GUEST_INTR_STATE_MOV_SS))
		return "a pending debug exception in a transaction with blocking by MOV SS";
	if (!needs_consistent_bs(out))
		return NULL;
	if (single_steps(env->rflags, env->debugctl) != !!(pending & HV_PENDING_DBG_BS))
		return "pending BS does not agree with RFLAGS.TF and BTF";
	return NULL;
}

static const char *check_windows(const struct inject_out *out, const struct inject_env *env)
{
	if (out->nmi_window && !env->virtual_nmis)
		return "NMI-window exiting needs virtual NMIs";
	return NULL;
}

/* See "Checks on Guest RIP, RFLAGS, and SSP". */
static const char *check_rflags(const struct inject_env *env)
{
	u64 defined = 0x3f7fd7;

	if (env->rflags & ~defined)
		return "reserved bits of RFLAGS are set";
	if (!(env->rflags & HV_EFLAGS_FIXED))
		return "bit 1 of RFLAGS is clear";
	if (env->rflags & HV_EFLAGS_VM)
		return "RFLAGS.VM is set in IA-32e mode";
	return NULL;
}

const char *inject_check(const struct inject_out *out, const struct inject_env *env)
{
	const char *broken = NULL;

	if (out->entry_info & INTR_INFO_VALID_MASK)
		broken = check_entry_info(out, env);
	if (!broken)
		broken = check_activity(out, env);
	if (!broken)
		broken = check_blocking(out, env);
	if (!broken)
		broken = check_event_blocking(out, env);
	if (!broken)
		broken = check_pending_dbg(out, env);
	if (!broken)
		broken = check_windows(out, env);
	return broken ? broken : check_rflags(env);
}
