/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event page: the records in the module's memory that gdb knows by symbol (hvgdb_events), and
 * the Z-packets on them, which are rules of origin RULE_GDB.
 *
 * gdb takes its Z-packets out at every stop and puts them back at every resume. So a `z` only
 * marks; page_resume() removes what is still marked, and ids and counters survive.
 *
 * Runs in VMX root and in user-space tests. Calls memset and rules_*().
 */
#ifndef HVGDB_EVENTS_PAGE_H
#define HVGDB_EVENTS_PAGE_H

#include "rules.h"

/* The last event of one kind and vector, as `print hvgdb_events.exception[14]` shows it. */
struct hvgdb_event_record {
	u64 count; /* events recorded here */
	u64 rip;
	u64 address; /* #PF: the address; #DB: the causes */
	u64 value;   /* debug register: what was moved */
	u64 context; /* $context */
	u32 cpu;
	u32 pid; /* of the process; decimal in ps */
	u32 tid;
	u32 error; /* error code, if has_error */
	u8 vector;
	u8 stage; /* 0 pre, 1 post */
	u8 cpl;
	u8 has_error;
	u8 dr; /* register */
	u8 dr_read;
	u8 dr_gpr; /* 0 is rax, 4 is rsp, 15 is r15 */
	u8 reserved;
};

struct hvgdb_events {
	struct hvgdb_event_record exception[EVENT_NR_EXCEPTIONS];
	struct hvgdb_event_record interrupt[EVENT_NR_VECTORS];
	struct hvgdb_event_record dr;
} __attribute__((aligned(4096)));

#define PAGE_NOT_OURS (-1)

/*
 * Z and z: enum rsp_error, or PAGE_NOT_OURS if the range does not touch the page. Z2 on the page
 * is RSP_EINVAL: gdb drops hits of a `watch` whose value has not changed.
 */
int page_insert(struct event_rules *rules, unsigned int type, u64 addr, u64 len);
int page_remove(struct event_rules *rules, unsigned int type, u64 addr, u64 len);

/* Why page_insert() refused; for `monitor why`. */
const char *page_refusal(unsigned int type);

/* Before the CPUs run: removes what gdb has taken out and not put back. */
void page_resume(struct event_rules *rules);

/* Where an event's record is, from the start of struct hvgdb_events. */
u32 page_record_offset(const struct event *event);

/* Whether a Z-packet's range covers a record at offset of the page. */
bool page_covers(const struct event_rules *rules, const struct event_rule *rule, u32 offset);

/* The address that a stop for the record at offset reports. */
u64 page_watch_address(const struct event_rules *rules, const struct event_rule *rule, u32 offset);

/* Makes the event its record's last one. */
void page_store(struct hvgdb_events *events, const struct event *event);

#endif
