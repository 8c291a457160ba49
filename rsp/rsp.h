/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The GDB remote serial protocol, target side: what the debug loop calls (rsp_*) and what it must
 * provide (struct rsp_ops). Runs in VMX root and in user-space tests: no allocation, no locks, no
 * blocking, knows nothing of VMX or of the kernel.
 *
 * Bytes go in one at a time through rsp_feed(); bytes come out through ops->put(). Threads are
 * CPUs, numbered from 1 (thread 1 is CPU 0). The owner of the session moves between two states:
 * halted (commands are answered) and resumed (only 0x03 and a new '$' mean anything).
 */
#ifndef HVGDB_RSP_H
#define HVGDB_RSP_H

#include "base.h"

#define RSP_PACKET_SIZE 0x4000 /* what qSupported announces: bytes between '$' and '#' */
#define RSP_REG_MAX 16	       /* bytes of the largest register (xmm) */

/* gdb's signal numbers, include/gdb/signals.def */
enum rsp_signal {
	RSP_SIG_0 = 0,
	RSP_SIGINT = 2,
	RSP_SIGILL = 4,
	RSP_SIGTRAP = 5,
	RSP_SIGABRT = 6,
	RSP_SIGEMT = 7,
	RSP_SIGFPE = 8,
	RSP_SIGBUS = 10,
	RSP_SIGSEGV = 11,
	RSP_SIGUSR1 = 30,
	RSP_SIGUSR2 = 31,
};

/*
 * Registers in the order of the target description, which is gdb's own order for amd64
 * (features org.gnu.gdb.i386.core, .sse, .segments). Sizes are in rsp_reg_size().
 */
enum rsp_reg {
	RSP_RAX, RSP_RBX, RSP_RCX, RSP_RDX, RSP_RSI, RSP_RDI, RSP_RBP, RSP_RSP,
	RSP_R8, RSP_R9, RSP_R10, RSP_R11, RSP_R12, RSP_R13, RSP_R14, RSP_R15,
	RSP_RIP, RSP_EFLAGS, RSP_CS, RSP_SS, RSP_DS, RSP_ES, RSP_FS, RSP_GS,
	RSP_ST0, RSP_ST7 = RSP_ST0 + 7,
	RSP_FCTRL, RSP_FSTAT, RSP_FTAG, RSP_FISEG, RSP_FIOFF, RSP_FOSEG, RSP_FOOFF, RSP_FOP,
	RSP_XMM0, RSP_XMM15 = RSP_XMM0 + 15,
	RSP_MXCSR,
	RSP_FS_BASE, RSP_GS_BASE,
	RSP_NR_REGS,
};

/*
 * What a target operation can answer. Zero is success; the rest is sent as `Exx` with these numbers,
 * and each has a sentence in errors.c that `monitor why` (and gdb 16's E.text) shows.
 */
enum rsp_error {
	RSP_OK = 0,
	RSP_EINVAL = 1,	     /* the packet makes no sense */
	RSP_ENOTHREAD,	     /* no such CPU */
	RSP_ENOREG,	     /* no such register, or its value is not available now */
	RSP_EREADONLY,	     /* this register cannot be written */
	RSP_EREGVALUE,	     /* the CPU could not run with that value (canonical RIP, reserved bits) */
	RSP_EUNMAPPED,	     /* the guest's page tables do not map the address */
	RSP_ENOTRAM,	     /* mapped, but to something that is not RAM */
	RSP_ENOBREAK,	     /* no breakpoint there */
	RSP_EBREAKFULL,	     /* the breakpoint table is full */
	RSP_ENOTANSWERING,   /* the CPU did not answer the kick */
	RSP_ETOOLONG,	     /* more than a packet holds */
	RSP_EBUSY,	     /* cannot be done in this state */
	RSP_EVENTPENDING,    /* an event must be delivered first */
	RSP_ENOTRESUMABLE,   /* the machine can only be reset (triple fault) */
	RSP_EDAMAGED,	     /* the packet's checksum is wrong (only without acks) */
	RSP_EPROGRAM,	     /* a condition or command cannot be run: rsp_agent.why says more */
	RSP_EPROGRAMS,	     /* more conditions or commands than a breakpoint can have */
	RSP_ETRACEFULL,	     /* more tracepoints, actions or variables than there is room for */
	RSP_ETRACESIZE,	     /* the trace buffer is smaller than what was asked for */
	RSP_EWATCHPAGE,	     /* a watchpoint that cannot be on the event page */
	RSP_ENOHALT,	     /* would halt the machine that gdb itself runs on */
	RSP_EGONE,	     /* the process of the moment that is looked at runs on no CPU now */
	RSP_EWATCH,	     /* a watchpoint on more than the debug registers cover */
	RSP_EDEBUGFULL,	     /* no debug register is free */
	RSP_ETRACERUNS,	     /* not while a trace goes on */
	RSP_ENOWRITER,	     /* nobody there who could write a file */
	RSP_NR_ERRORS,
};

enum rsp_break_type {
	RSP_BREAK_SOFTWARE = 0, /* Z0 */
	RSP_BREAK_HARDWARE = 1, /* Z1 */
	RSP_WATCH_WRITE = 2,	/* Z2 */
	RSP_WATCH_READ = 3,	/* Z3 */
	RSP_WATCH_ACCESS = 4,	/* Z4 */
};

#define RSP_AGENT_MAX 16 /* conditions of a breakpoint, and commands */

/* A program in gdb's bytecode; it lies in the packet and goes with it. */
struct rsp_program {
	const u8 *code;
	size_t len;
};

/* What a breakpoint does by itself: it stops, or runs its commands, if any condition is true. */
struct rsp_agent {
	unsigned int nr_conditions, nr_commands; /* no condition: always */
	struct rsp_program conditions[RSP_AGENT_MAX], commands[RSP_AGENT_MAX];
	bool persist;	 /* the commands go on when gdb has left */
	const char *why; /* out, with RSP_EPROGRAM: a sentence that stays, or NULL */
};

enum rsp_stop_kind {
	RSP_STOP_PLAIN,	  /* signal only: step done, 0x03, an event */
	RSP_STOP_SWBREAK, /* RIP is on one of our software breakpoints */
	RSP_STOP_HWBREAK,
	RSP_STOP_WATCH, /* .addr is the address hit; the type is in .watch */
};

struct rsp_stop {
	unsigned int thread; /* 1-based */
	u8 signal;	     /* enum rsp_signal */
	u8 kind;	     /* enum rsp_stop_kind */
	u8 watch;	     /* enum rsp_break_type for RSP_STOP_WATCH */
	u64 addr;
};

/* What one CPU is to do at a resume. */
enum rsp_resume_kind {
	RSP_STAY,  /* no action matched: remain halted */
	RSP_CONT,  /* c, C */
	RSP_STEP,  /* s, S: one instruction */
	RSP_RANGE, /* r: step while start <= RIP < end */
};

struct rsp_action {
	u8 kind;	 /* enum rsp_resume_kind */
	u8 signal;	 /* of C and S; 0 for c and s */
	bool has_signal; /* C or S was used */
	u64 start, end;
};

/* Text for `monitor` commands: what does not fit is cut, never overrun. */
struct rsp_text {
	char *buf;
	size_t len, size;
};

struct rsp_trace_ops;

struct rsp_ops {
	/* One byte to the line. Blocks at most for the time of a byte; never fails. */
	void (*put)(void *target, u8 byte);

	/* How many CPUs: valid threads are 1 .. nr_threads(). */
	unsigned int (*nr_threads)(void *target);
	/* False for CPUs that are offline or never came. */
	bool (*thread_alive)(void *target, unsigned int thread);
	/* Text of qThreadExtraInfo ("CPU 1, in the kernel"); optional. */
	void (*thread_info)(void *target, unsigned int thread, struct rsp_text *out);

	/* reg is enum rsp_reg, value has rsp_reg_size(reg) bytes, little endian. enum rsp_error. */
	int (*read_reg)(void *target, unsigned int thread, unsigned int reg, u8 *value);
	int (*write_reg)(void *target, unsigned int thread, unsigned int reg, const u8 *value);

	/*
	 * Guest memory as that CPU sees it. Reads the longest readable prefix into buf and stores its
	 * length; RSP_OK if that is at least one byte (or len is 0), else the reason.
	 * A write is all or nothing.
	 */
	int (*read_mem)(void *target, unsigned int thread, u64 addr, u8 *buf, size_t len,
			size_t *done);
	int (*write_mem)(void *target, unsigned int thread, u64 addr, const u8 *buf, size_t len);

	/*
	 * Breakpoints; type is enum rsp_break_type, kind is gdb's (the length, for watchpoints).
	 * thread tells whose page tables are meant. supports_break: false makes the stub answer the empty packet.
	 * Inserting twice and removing what is not there are both RSP_OK (gdb may repeat itself).
	 */
	bool (*supports_break)(void *target, unsigned int type);
	int (*insert_break)(void *target, unsigned int thread, unsigned int type, u64 addr,
			    unsigned int kind);
	int (*remove_break)(void *target, unsigned int thread, unsigned int type, u64 addr,
			    unsigned int kind);

	/*
	 * Optional; if it is there, gdb is told that the target evaluates conditions and runs
	 * commands, and this one is called in place of insert_break for every Z0 and Z1. What agent
	 * says replaces what an earlier insertion had said: without programs it is a plain
	 * breakpoint. A breakpoint with commands never stops gdb (dprintf). Programs are to be
	 * verified here, and copied: one that cannot be run is RSP_EPROGRAM, and then the
	 * breakpoint is as before.
	 */
	int (*insert_break_agent)(void *target, unsigned int thread, unsigned int type, u64 addr,
				  unsigned int kind, struct rsp_agent *agent);

	/*
	 * Resume. check_resume looks at one thread's action and may refuse it (nothing has changed then);
	 * only when all are accepted is set_action called for every thread. Then rsp_feed() returns
	 * RSP_RESUME and the owner lets them go. check_resume is optional.
	 */
	int (*check_resume)(void *target, unsigned int thread, const struct rsp_action *action);
	void (*set_action)(void *target, unsigned int thread, const struct rsp_action *action);

	/* The stop that `?` reports. */
	void (*last_stop)(void *target, struct rsp_stop *stop);

	/* A new gdb said qSupported: forget the breakpoints of the old one. */
	void (*new_session)(void *target);

	/*
	 * qHvgdb.Event: what the current thread's event is, for programs ("kind:exception;vector:e;...");
	 * nothing appended if it holds none. Optional.
	 */
	void (*event_fields)(void *target, unsigned int thread, struct rsp_text *out);

	/*
	 * qHvgdb.Records: what outputs of gdb's own have recorded, as many records in hex as there is
	 * room for; nothing appended if there is none. A record is given once. Optional.
	 */
	void (*records)(void *target, struct rsp_text *out);

	/* Address of _text for qOffsets TextSeg; 0 if not known (then the reply is empty). Optional. */
	u64 (*text_address)(void *target);
	/* Path of vmlinux for qXfer:exec-file:read; NULL if not known. Optional. */
	const char *(*exec_file)(void *target);

	/*
	 * `monitor TEXT`: appends to out what gdb shows. Returns RSP_OK, an error, or -1 for "no such
	 * command". The stub itself answers `monitor why` and `monitor help` (which ends with what
	 * monitor_help appends, one line a command, its name first). command lives as long as the
	 * call. Both optional.
	 */
	int (*monitor)(void *target, const char *command, struct rsp_text *out);
	void (*monitor_help)(void *target, struct rsp_text *out);

	/*
	 * Tracepoints, rsp/trace.h: their operations, and what these are called with. Optional:
	 * without trace their packets are unknown.
	 */
	const struct rsp_trace_ops *trace;
	void *(*trace_target)(void *target);
};

/* What the byte that was fed led to. */
enum rsp_verdict {
	RSP_NOTHING,   /* go on feeding */
	RSP_RESUME,    /* actions are set: let the CPUs go, call rsp_stopped() at the next stop */
	RSP_DETACH,    /* D, k, vKill: remove everything and let all CPUs run */
	RSP_INTERRUPT, /* 0x03 while resumed: halt, then rsp_stopped() with SIGINT */
	RSP_ATTACH,    /* '$' while resumed: halt without a stop reply; the byte is already taken */
};

struct rsp; /* rsp/session.h: the state of one session; sized for static allocation */

/* All of the session's memory is in *rsp. Starts halted, acks on, nobody attached. */
void rsp_init(struct rsp *rsp, const struct rsp_ops *ops, void *target);

/* Feeds one byte from the line. */
enum rsp_verdict rsp_feed(struct rsp *rsp, u8 byte);

/*
 * The machine has halted. Sends the stop reply if a resume packet waits for one, and only then; with
 * none outstanding (gdb attaches to a running guest, or nobody is there) nothing is sent and `?`
 * tells. The stop itself is asked of ops->last_stop(). Sends nothing after RSP_ATTACH either; but
 * if that '$' was noise, a later 0x03 gets the old gdb its stop reply: last_stop() must know one.
 */
void rsp_stopped(struct rsp *rsp);

/*
 * The machine runs again without gdb having asked for it (orphan time-out, unload): the session is
 * as after D.
 */
void rsp_abandon(struct rsp *rsp);

/* The same, but a gdb that waits for a stop is told that what it debugs has ended (W00). */
void rsp_end(struct rsp *rsp);

/*
 * True once for a 0x03 that came while halted, before the resume packet or across a stop reply:
 * the resume ends at once with SIGINT, before anything has run.
 */
bool rsp_take_interrupt(struct rsp *rsp);

/* True from a resume packet until its stop reply. */
bool rsp_awaits_stop(const struct rsp *rsp);

/* True once any valid packet or '+' has arrived since the last stop reply (D6). */
bool rsp_acknowledged(const struct rsp *rsp);

/* True between a gdb's first packet and its D or k. */
bool rsp_attached(const struct rsp *rsp);

/* Console text to gdb: one O packet, cut to a packet. Only while a resume is outstanding. */
void rsp_console(struct rsp *rsp, const char *text);

/* What `monitor why` says of this stop, a sentence that stays where it is, or NULL. Not sent. */
void rsp_explain_stop(struct rsp *rsp, const char *why);

/* Bytes of a register in the description. */
unsigned int rsp_reg_size(unsigned int reg);

/* Sentence of an enum rsp_error. */
const char *rsp_error_text(int error);

void rsp_text_add(struct rsp_text *out, const char *s);
void rsp_text_hex(struct rsp_text *out, u64 value);
void rsp_text_dec(struct rsp_text *out, u64 value);

#endif
