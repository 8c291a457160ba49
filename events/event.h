/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One occurrence of what a rule may ask for: an exception, an external interrupt, an access to a
 * debug register; its gdb signal, what becomes of it at a resume, and the counters that end an
 * endless repetition.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memcmp, memset and rsp_text_*().
 */
#ifndef HVGDB_EVENTS_EVENT_H
#define HVGDB_EVENTS_EVENT_H

#include "base.h"
#include "rsp.h"

#define EVENT_COMM_SIZE	    16
#define EVENT_NR_EXCEPTIONS 32
#define EVENT_NR_VECTORS    256

#define EVENT_VECTOR_DB	 1
#define EVENT_VECTOR_NMI 2
#define EVENT_VECTOR_PF	 14

enum event_kind {
	EVENT_EXCEPTION, /* NMIs of the guest's own among them */
	EVENT_INTERRUPT,
	EVENT_DR,
	EVENT_NR_KINDS,
};

enum event_stage {
	EVENT_PRE,  /* before the injection is chosen, the MOV DR emulated */
	EVENT_POST, /* after it, before VM entry */
};

#define EVENT_STAGE_BIT(stage) (1u << (stage))
#define EVENT_STAGE_ALL	       (EVENT_STAGE_BIT(EVENT_PRE) | EVENT_STAGE_BIT(EVENT_POST))

/* As in the exit qualification of a MOV DR. */
enum event_dr_direction {
	EVENT_DR_WRITE, /* MOV to the debug register */
	EVENT_DR_READ,
};

struct event {
	u8 kind;   /* enum event_kind */
	u8 stage;  /* enum event_stage */
	u8 vector; /* 0 for EVENT_DR */
	u8 cpl;
	bool has_error;
	bool emulated; /* a fault of an instruction that the owner emulates: the CPU knows nothing of it */
	u8 dr;		 /* EVENT_DR: register as encoded, 0 .. 7 */
	u8 dr_real;	 /* EVENT_DR: register accessed: 6 and 7 for aliased 4 and 5 */
	u8 dr_direction; /* EVENT_DR: enum event_dr_direction */
	u8 dr_gpr;	 /* EVENT_DR: general register, 0 is rax, 4 is rsp, 15 is r15 */
	/*
	 * Of the instruction, where it is skipped when the event is suppressed: software exceptions
	 * (#BP, #OF, INT1) and MOV DR. 0 for faults, traps, NMIs, interrupts.
	 */
	u8 length;
	u32 error; /* if has_error */
	u32 cpu;
	u32 pid; /* tgid of the task current on that CPU (D18) */
	u32 tid;
	char comm[EVENT_COMM_SIZE]; /* ends with NUL unless it is full */
	u64 rip;
	u64 address; /* #PF: the address, whatever CR2 holds yet; #DB: the causes, as in DR6 */
	u64 value;   /* EVENT_DR: what is written, or (post) was read */
};

/*
 * $context: the vector; for EVENT_DR bits 3:0 the register, bit 4 the direction, bits 11:8 the
 * general register, as in the exit qualification.
 */
u64 event_context(const struct event *event);

/* Vectors whose RIP is that of the instruction, which runs again if the event is suppressed. */
bool event_vector_is_fault(u8 vector);

/* gdb's signal (enum rsp_signal) for an event that a stop reports and a resume may pass on. */
u8 event_signal(const struct event *event);

/* "pf" for 14; NULL for vectors without a name. */
const char *event_vector_name(u8 vector);

/* "exception 0xe (#PF), error code 0x6, address 0x1000, ...": one line, no newline. */
void event_describe(const struct event *event, struct rsp_text *out);

/*
 * The same for programs: "kind:exception;stage:pre;vector:e;error:6;address:7000;..." with numbers
 * in hex, comm in pairs of digits, and no key that says nothing of this kind of event.
 */
void event_fields(const struct event *event, struct rsp_text *out);

/* What becomes of a held event when its CPU is told to resume. */
enum event_answer {
	EVENT_HOLD,	     /* stays pending, is reported next (D8) */
	EVENT_DELIVER,	     /* inject, or emulate; in stage post: go on */
	EVENT_SUPPRESS,	     /* RIP stays where it is */
	EVENT_SUPPRESS_SKIP, /* and RIP goes past the instruction: by event.length or, if that is 0,
			      * by insn_length() */
};

enum event_override {
	EVENT_NO_OVERRIDE,
	EVENT_SC_OFF, /* monitor events sc off */
	EVENT_SC_ON,
};

struct event_held {
	const struct event *event;
	bool reported;	  /* by a stop reply, or by `?` */
	u8 signal;	  /* which that reply carried */
	bool suppress;	  /* the rules' own decision (event_outcome.suppress) */
	bool skip;	  /* event_outcome.skip */
	bool rip_changed; /* since the event: by the user, a script, code */
	u8 override;	  /* enum event_override */
};

/* action is the resume of the CPU that holds the event; NULL: detach, kill, new session, time-out.
 */
enum event_answer event_resolve(const struct event_held *held, const struct rsp_action *action);

/* The answer for events that stop nothing: the rules' own decision. */
enum event_answer event_resolve_silent(const struct event *event, bool suppress, bool skip,
				       bool rip_changed);

/*
 * D7: one CPU's memory of suppressed faults whose instruction runs again. A few at a time, so that
 * two programs that take turns are both noticed.
 */
#define EVENT_REPEAT_LIMIT 1000
#define EVENT_REPEAT_SLOTS 4

struct event_repeat {
	u64 rip, address;
	u32 pid, count;
	u8 vector;
};

struct event_repeats {
	struct event_repeat slot[EVENT_REPEAT_SLOTS];
};

/*
 * To be called with each answer to an exception. True when the same fault has been suppressed
 * EVENT_REPEAT_LIMIT times and RIP left where it was: break to gdb instead. Counting then starts
 * again.
 */
bool event_repeats(struct event_repeats *repeats, const struct event *event,
		   enum event_answer answer, bool rip_changed);

#endif
