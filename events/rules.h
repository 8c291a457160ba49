/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The set of rules: what the user asked to be told of, which hardware intercepts that needs, and
 * what is to be done about an event. Everything lies in pools that the owner provides; rules are
 * added and removed only while no CPU runs rules_match(), which happens on all CPUs at once and
 * changes nothing but counters and the enabled flag.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memcpy, memset and rsp_text_*().
 */
#ifndef HVGDB_EVENTS_RULES_H
#define HVGDB_EVENTS_RULES_H

#include "event.h"
#include "rules_index.h"

#define RULES_TEXT_SIZE	  256
#define RULES_MAX_OUTPUTS 5
#define RULES_NO_VECTOR	  (-1)

/* What the owner reserves unless module parameters say otherwise. */
#define RULES_DEFAULT_RULES   64
#define RULES_DEFAULT_CODE    (16 * 1024)
#define RULES_DEFAULT_SCRIPTS (64 * 1024)
#define RULES_DEFAULT_BUFFERS (64 * 1024)

/* Which filters a rule has. */
#define RULE_PID    (1u << 0)
#define RULE_CORE   (1u << 1)
#define RULE_CPL    (1u << 2)
#define RULE_RIP    (1u << 3)
#define RULE_ADDR   (1u << 4)
#define RULE_PFEC   (1u << 5)
#define RULE_REG    (1u << 6)
#define RULE_ACCESS (1u << 7)

#define RULE_ACCESS_BIT(direction) (1u << (direction)) /* enum event_dr_direction */

/* Both ends belong to a range. */
struct rule_range {
	u64 from, to;
};

struct rule_filter {
	u32 set; /* RULE_* */
	u32 pid;
	u32 core;
	u32 pfec_mask, pfec_value;
	u8 cpl;
	u8 reg;
	u8 access; /* RULE_ACCESS_BIT() */
	struct rule_range rip, addr;
};

/* A piece of somebody else's text. */
struct rule_span {
	const char *p;
	size_t len;
};

/*
 * A rule as it was asked for. Spans point into the line that was parsed; rules_add() copies what
 * it keeps.
 */
struct rule_spec {
	u8 kind;    /* enum event_kind */
	s16 vector; /* RULES_NO_VECTOR: all */
	struct rule_filter filter;
	u8 stages; /* EVENT_STAGE_BIT() */
	bool sc, skip, imm, persist;
	bool code_first; /* code was typed before script */
	u32 buffer;	 /* bytes */
	u16 trace;	 /* the tracepoint like which it collects; 0: none */
	struct rule_span text;
	struct rule_span condition,
		code;		 /* hex digits in pairs, blanks between pairs; p NULL: none */
	struct rule_span script; /* p NULL: none */
	bool script_file;	 /* script { file:... }: the span is the path */
	struct rule_span output[RULES_MAX_OUTPUTS];
	u8 nr_outputs;
	/* Script and outputs are somebody else's business: they are given ready, or not at all. */
	const u8 *program; /* bytecode compiled from script */
	u32 program_len;
	u32 outputs; /* set of open outputs, from output[] */
};

/* Bytes in a pool; len 0: none. */
struct rule_piece {
	u32 at, len;
};

enum rule_origin {
	RULE_MONITOR, /* monitor command */
	RULE_IOCTL,   /* hvgdbctl */
	RULE_GDB,     /* Z-packet on the event page */
};

enum rule_state {
	RULE_DISABLED,
	RULE_ENABLED,
	RULE_FAILED, /* disabled by hvgdb; enabling it tries again */
};

/* Why a rule was disabled by hvgdb. */
enum rule_failure_kind {
	RULE_FAULT,   /* native code faulted */
	RULE_ENDLESS, /* native code did not end */
	RULE_STORM,   /* its interrupt, suppressed, came again and again */
	RULE_SCRIPT,  /* .sentence, and .at is the line */
};

struct rule_failure {
	u8 what;	   /* enum rule_failure_kind */
	u8 vector;	   /* RULE_FAULT */
	bool in_condition; /* RULE_FAULT, RULE_ENDLESS: else in the code */
	bool inside;	   /* RULE_FAULT: at byte .at of it, else after a jump to elsewhere */
	u32 at;
	const char *sentence; /* of what stopped it */
};

struct event_rule {
	u32 id; /* from 1; 0: the slot is free */
	u8 kind;
	u8 state;  /* enum rule_state */
	u8 origin; /* enum rule_origin */
	u8 stages;
	s16 vector;
	bool doomed; /* cleared by a script: does nothing, and goes at the next halt */
	bool breaks; /* has neither script nor code nor output */
	bool sc, skip, imm, persist, code_first;
	struct rule_filter filter;
	u16 trace; /* number of the tracepoint like which it collects; 0: none */
	struct rule_piece condition, code, program, buffer;
	u32 outputs;
	/* RULE_GDB: the Z-packet. The rule matches every record that the range overlaps. */
	u8 z_type; /* enum rsp_break_type */
	bool z_removed;
	u64 z_addr, z_len;
	/* Changed on all CPUs at once, by atomic additions. */
	u64 hits, suppressed, lost; /* stage all: a hit each stage */
	struct rule_failure failure; /* RULE_FAILED */
	/* Runs of the script that ended early, and why and in which line the last one did. */
	u64 script_errors;
	u8 script_result; /* enum expr_result */
	u32 script_line;
	char text[RULES_TEXT_SIZE];
};

/* What the owner provides at load. code lies where native code may run (D19). */
struct rules_memory {
	struct event_rule *rules;
	u32 nr_rules; /* up to RULES_MAX */
	u8 *code;     /* the writable address */
	u32 code_size;
	u8 *scripts;
	u32 scripts_size;
	u8 *buffers;
	u32 buffers_size;
	u64 page_address; /* of struct hvgdb_events as gdb knows it */
};

struct event_rules {
	struct rules_memory memory;
	u32 next_id;
	u32 generation; /* changes whenever rules_intercepts() may give something else */
	u32 nr;
	u16 order[RULES_MAX]; /* slots by age: the order of evaluation */
	struct rules_index index;
	bool gdb_present;     /* rules break only then (D6); set by the owner */
};

enum rules_error {
	RULES_OK,
	RULES_NO_SUCH_ID,
	RULES_FULL,	    /* max_rules */
	RULES_CODE_FULL,    /* code_pool */
	RULES_SCRIPTS_FULL, /* script_pool */
	RULES_BUFFERS_FULL, /* buffer_pool */
	RULES_NO_PROGRAM,   /* the script has not been compiled */
};

void rules_init(struct event_rules *rules, const struct rules_memory *memory);

/* RULES_OK and *id, or nothing is changed. */
enum rules_error rules_add(struct event_rules *rules, const struct rule_spec *spec,
			   enum rule_origin origin, u32 *id);
enum rules_error rules_remove(struct event_rules *rules, u32 id);
/* May be called while CPUs run. */
enum rules_error rules_enable(struct event_rules *rules, u32 id, bool on);
/* While CPUs run: disables, and has rules_sweep() remove it when all are halted. */
enum rules_error rules_doom(struct event_rules *rules, u32 id);
void rules_sweep(struct event_rules *rules);
void rules_enable_all(struct event_rules *rules, bool on);
void rules_clear(struct event_rules *rules);

/* D, k, gdb's death, a new session: what does not persist goes, gdb's Z-packets among them. */
void rules_session_end(struct event_rules *rules);

struct event_rule *rules_find(struct event_rules *rules, u32 id);

/* The rule that is evaluated n-th, NULL if there are fewer. */
struct event_rule *rules_nth(const struct event_rules *rules, u32 n);

/* A sentence; those of full pools name the module parameter that enlarges the pool. */
const char *rules_error_text(enum rules_error error);

/* Two lines a rule: id, state, origin, filters, counters; then the text typed. */
void rules_list(const struct event_rules *rules, struct rsp_text *out);

/*
 * Filters and actions of one rule in words, on one line, without newline. comm is the name of the
 * process of the pid filter, or NULL.
 */
void rules_describe(const struct event_rule *rule, const char *comm, struct rsp_text *out);

#define RULES_EVERY_CPU 0xffffffffu

/*
 * The intercepts that the rules need on a CPU. #PF as the SDM has it: a page fault with error code
 * PFEC exits if and only if ((PFEC & pf_mask) == pf_match) == bit 14 of exception_bitmap.
 * NMIs are no part of it: they exit anyway, and .nmi says whether a rule wants to see them.
 */
struct event_intercepts {
	u32 exception_bitmap;
	u32 pf_mask, pf_match;
	bool external_interrupt;
	bool mov_dr;
	bool nmi;
	bool native; /* a rule has native code */
};

struct event_intercepts rules_intercepts(const struct event_rules *rules, u32 cpu);

/* What an action said about the event, beside what it did to the guest's registers. */
struct rule_verdict {
	bool suppress; /* in: what holds so far; out: event_sc() */
	bool pause;    /* stop gdb */
};

/*
 * How rules reach what only the owner can do; ctx is the owner's. False if it failed, and why,
 * which disables the rule.
 */
struct rules_ops {
	/* rule->condition: *result is rax. */
	bool (*run_condition)(void *ctx, const struct event_rule *rule, const struct event *event,
			      u64 *result, struct rule_failure *why);
	/* rule->code */
	bool (*run_code)(void *ctx, const struct event_rule *rule, const struct event *event,
			 struct rule_failure *why);
	/* rule->program */
	bool (*run_script)(void *ctx, const struct event_rule *rule, const struct event *event,
			   struct rule_verdict *verdict, struct rule_failure *why);
	/* rule->trace, before any action; what cannot be collected is the tracepoint's business. */
	void (*collect)(void *ctx, unsigned int tracepoint);
};


/* What the rules made of one event. */
struct event_outcome {
	u64 matched[RULES_SET_WORDS];  /* slots */
	u64 breaking[RULES_SET_WORDS]; /* of these, the ones that stop gdb */
	u32 before_id;		       /* rules from here on were made later: not meant */
	u32 nr_matched, nr_breaking;
	bool suppress;	 /* the last rule decided */
	bool skip;	 /* one of the rules says `skip on` */
	bool wants_post; /* a rule asks for the post stage: call again then, unless suppressed */
	u32 failed;	 /* id of a rule that was disabled because its code failed; 0 */
	bool watch;	 /* the stop belongs to a Z-packet: */
	u8 watch_type;	 /* RSP_WATCH_READ, RSP_WATCH_ACCESS */
	u64 watch_addr;	 /* to report */
	u8 signal;	 /* of the stop, if nr_breaking */
};

/* ops may be NULL if no rule has actions. Counts hits, and `suppressed` if nothing breaks. */
void rules_match(struct event_rules *rules, const struct event *event, const struct rules_ops *ops,
		 void *ctx, struct event_outcome *outcome);

/* Whether the slot-th rule is in a set of the outcome, and still the one that was meant. */
bool rules_outcome_has(const struct event_rules *rules, const struct event_outcome *outcome,
		       const u64 *set, u32 slot);

/* The answer of gdb suppressed an event that had stopped it. */
void rules_count_suppressed(struct event_rules *rules, const struct event_outcome *outcome);

/* Disables the rules that matched; the id of the first, 0 if there is none. */
u32 rules_fail_matched(struct event_rules *rules, const struct event_outcome *outcome,
		       const struct rule_failure *why);

/* The id of the first rule that stops gdb and is still there and not disabled; 0: none does. */
u32 rules_first_breaking(const struct event_rules *rules, const struct event_outcome *outcome);

/* "0x1, 0x3": the ids of the rules that stop gdb. */
void rules_names(const struct event_rules *rules, const struct event_outcome *outcome,
		 struct rsp_text *out);

/* Disables while CPUs run; they see the generation change before their next entry. */
void rules_fail(struct event_rules *rules, struct event_rule *rule, const struct rule_failure *why);

/* Counts a run of the script that ended early; true if it was the first. On all CPUs at once. */
bool rules_script_failed(struct event_rule *rule, u8 result, u32 line);

/* "its script ended early 5 times, last in line 3: division by zero" */
void rules_describe_script(const struct event_rule *rule, struct rsp_text *out);

/* "its code faulted (#PF at byte 0x5)" */
void rules_describe_failure(const struct rule_failure *failure, struct rsp_text *out);

#endif
