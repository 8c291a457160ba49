/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine of a few CPUs in a struct, for tests: registers, a handful of pages, breakpoints, and
 * an interpreter of four instructions. It keeps what the stub sent, and reads it as gdb does. User
 * space only.
 */
#ifndef HVGDB_RSP_FAKE_TARGET_H
#define HVGDB_RSP_FAKE_TARGET_H

#include "session.h"

#define FAKE_CPUS   4 /* thread 3 is offline */
#define FAKE_PAGES  3
#define FAKE_BREAKS 8
#define FAKE_CODE   0xffffffff81000000ull
#define FAKE_DATA   0xffff888000001000ull /* two pages; what follows is not mapped */
#define FAKE_MMIO   0xfee00000ull	  /* mapped, but not RAM */

struct fake_page {
	u64 addr;
	u8 bytes[0x1000];
};

struct fake_break {
	bool used;
	unsigned int type, kind;
	u64 addr;
	char agent[128]; /* of fake_init_agent(): "if 0127 or 0227 do 27 persist" */
};

/* What packets can change: tests compare a copy from before with one from after. */
struct fake_state {
	u8 regs[FAKE_CPUS + 1][RSP_NR_REGS][RSP_REG_MAX];
	struct fake_page pages[FAKE_PAGES];
	struct fake_break breaks[FAKE_BREAKS];
	struct rsp_action actions[FAKE_CPUS + 1];
	unsigned int set_actions, new_sessions;
	char trace[1024]; /* of fake_init_trace(): what it was told */
};

struct fake {
	struct rsp rsp;
	struct rsp_ops ops;
	struct fake_state s;
	struct rsp_stop stop;
	bool alive[FAKE_CPUS + 1];
	bool unavailable[RSP_NR_REGS];
	int refuse_reg, refuse_error;	  /* write_reg of this register fails */
	int refuse_thread, refuse_resume; /* check_resume of this thread fails */
	bool no_watch;			  /* supports_break refuses the watchpoints */
	const char *exec_path;
	u64 text;
	char command[256]; /* the last monitor command */
	struct rsp_trace_status trace_status;
	int trace_error;   /* what its operations answer */
	bool running;	   /* nothing may be sent now */
	/* Optional, before each instruction: true, a breakpoint there does not stop. */
	bool (*before)(struct fake *f, unsigned int thread);
	u8 out[0x40000];
	size_t out_len, out_pos;
	char reply[0x20000];
};

extern const struct rsp_ops fake_ops;

void fake_init(struct fake *f);
/* The same, but it takes conditions and commands: those that begin with 0xff cannot be run. */
void fake_init_agent(struct fake *f);
/* The same with tracepoints, fake_trace.c. */
void fake_init_trace(struct fake *f);

/* A packet's frame; returns its length. */
size_t fake_frame(char *to, const void *payload, size_t len);
/* What any byte but RSP_NOTHING led to; feeding ends there, as in the debug loop. */
enum rsp_verdict fake_feed(struct fake *f, const void *bytes, size_t len);
enum rsp_verdict fake_send(struct fake *f, const char *payload);
enum rsp_verdict fake_send_bytes(struct fake *f, const void *payload, size_t len);

/* The next packet that was sent, decoded; NULL if there is none. Aborts on a malformed one. */
const char *fake_reply(struct fake *f);
/* The same with the acks and frames, not decoded; forgets it. */
const char *fake_raw(struct fake *f);
void fake_forget_output(struct fake *f);

/* Sends, and returns the reply ("" for the empty packet, NULL for none). */
const char *fake_ask(struct fake *f, const char *payload);
/* qSupported with these features and QStartNoAckMode, output forgotten. */
void fake_connect(struct fake *f, const char *features);

void fake_halt(struct fake *f, unsigned int thread, u8 signal, u8 kind);
u64 fake_reg(struct fake *f, unsigned int thread, unsigned int reg);
void fake_set_reg(struct fake *f, unsigned int thread, unsigned int reg, u64 value);
u8 *fake_byte(struct fake *f, u64 addr);

/* One instruction of each CPU that may run; true if the machine has stopped (f->stop says why). */
bool fake_execute(struct fake *f, bool first);

/* Any bytes at all: aborts if the stub misbehaves, and checks that a new gdb finds it well. */
void fake_suffer(const u8 *bytes, size_t len);

#endif
