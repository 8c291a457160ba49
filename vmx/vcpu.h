/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of one CPU under hvgdb and of the machine as a whole: everything that root touches. All
 * of it is allocated by kmod/ before the first VMXON and lives until the last VMXOFF. Included by
 * root code (vmx/) and by guest-kernel code (kmod/); the field comments say who writes.
 */
#ifndef HVGDB_VCPU_H
#define HVGDB_VCPU_H

#include "base.h"
#include "rsp.h"
#include "session.h"
#include "expr.h"
#include "outputs.h"
#include "irq_end.h"
#include "rules.h"
#include "tracepoints.h"
#include "uart.h"
#include "pure/arch.h"
#include "pure/byte_ring.h"
#include "pure/controls.h"
#include "pure/debug_slots.h"
#include "pure/ept.h"
#include "pure/inject.h"
#include "pure/mtrr.h"
#include "pure/ramap.h"
#include "pure/record_ring.h"

#define HV_PAGE_SIZE	4096
#define ROOT_STACK_SIZE (4 * HV_PAGE_SIZE)
#define ROOT_IST_SIZE	HV_PAGE_SIZE
#define HV_MAX_CPUS	256
#define VMCS_DUMP_MAX	192
#define EXIT_COUNTED	64 /* basic exit reasons below are counted one by one */

/*
 * Where root sees physical memory: all RAM, write-back, in the half of the address space that
 * Linux's kernel page tables leave to user space.
 */
#define ROOT_RAM_BASE  (1ULL << 46)
#define ROOT_RAM_LIMIT (1ULL << 46)
/* The local APIC's registers, uncached: the last page below the RAM window. */
#define ROOT_APIC_VA (ROOT_RAM_BASE - HV_PAGE_SIZE)
/* Pages in which UARTs have their registers, uncached; kmod/arm.c maps them as they are armed. */
#define ROOT_UART_PAGES 16
#define ROOT_UART_VA	(ROOT_RAM_BASE - 2 * ROOT_UART_PAGES * HV_PAGE_SIZE)
/* Native code of rules, where it can be run and not written; and a stack for it on each CPU. */
#define ROOT_CODE_VA	       (ROOT_RAM_BASE - BIT64(30))
#define ROOT_NATIVE_STACKS_VA  (ROOT_RAM_BASE - BIT64(31))
#define ROOT_NATIVE_STACK_SIZE (2 * HV_PAGE_SIZE)
#define ROOT_NATIVE_STACK_STEP (4 * HV_PAGE_SIZE) /* what lies between them is not mapped */

/*
 * General registers in the order of their encoding; rsp is kept in the VMCS and its slot stays
 * empty.
 */
struct guest_regs {
	u64 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
};

/* How an exit was dealt with. Handlers return one of these and change nothing else of the flow. */
enum vmx_verdict {
	VERDICT_RESUME, /* run the guest from where GUEST_RIP points */
	VERDICT_SKIP,	/* the instruction was emulated: step over it */
	VERDICT_HALT,	/* this CPU has something for the debug loop (vcpu->want says what) */
	VERDICT_LEAVE,	/* leave VMX on this CPU and go on natively */
	VERDICT_FATAL,	/* hvgdb does not know this exit: dump, stop, never resume */
};

/* Why a CPU asks for the debug loop. */
enum vcpu_want {
	WANT_NOTHING,
	WANT_STOP,	   /* .stop is to be reported to gdb */
	WANT_ATTENTION,	   /* the line has bytes that may start a conversation */
	WANT_CALL,	   /* .call is to run while every CPU is halted */
	WANT_STEP_OVER,	   /* a planted byte was hit by a mapping that gdb did not ask for */
	WANT_PRINT,	   /* gdb gets what was printed, then the breakpoint is stepped over */
	WANT_STEPPED_OVER, /* that step is done */
	WANT_TELL,	   /* gdb gets what CPUs have for its console, without a stop */
	WANT_UNTRACE,	   /* tracing has ended: its bytes go, and gdb is told */
};

enum vcpu_life {
	VCPU_ABSENT,   /* offline or never launched */
	VCPU_NATIVE,   /* VMXON done or undone, Linux runs natively */
	VCPU_RUNNING,  /* in the guest, or in root for an ordinary exit */
	VCPU_HALTED,   /* spins in root with its snapshot published */
	VCPU_RELEASED, /* told to go on; becomes RUNNING by itself */
};

enum vcpu_step {
	STEP_NONE,
	STEP_ONE,
	STEP_RANGE,
	STEP_INTERNAL, /* over a planted byte; nobody is told */
};

struct fxsave_area {
	u8 bytes[512];
} __attribute__((aligned(16)));

struct vcpu_segment_state {
	u16 selector;
	u64 base;
};

/* What the debug loop may see and change of a halted CPU. Written back where dirty says so. */
struct snapshot {
	struct guest_regs regs;
	u64 rsp, rip, rflags;
	u64 cr0, cr2, cr3, cr4, cr8, efer;
	u64 dr[DEBUG_SLOTS], dr6, dr7;
	u16 cs, ss, ds, es, fs, gs, ldtr, tr;
	u64 fs_base, gs_base, gdtr, idtr;
	u32 interruptibility, activity;
	struct fxsave_area fpu;
	u32 dirty; /* SNAPSHOT_* */
};

#define SNAPSHOT_GENERAL BIT64(0) /* regs, rsp, rip, rflags */
#define SNAPSHOT_RIP	 BIT64(1) /* rip moved: blocking and HLT state end */
#define SNAPSHOT_FPU	 BIT64(2)
#define SNAPSHOT_BASES	 BIT64(3) /* fs_base, gs_base */
#define SNAPSHOT_DEBUG	 BIT64(4) /* dr, dr6, dr7 */

/* Machine code of the user's that runs in root (D19). entry.S knows the first four. */
struct native {
	u64 rsp;      /* root's own, to go back to; 0: no such code runs */
	u64 since;    /* TSC of its start: names this run */
	u64 abort;    /* the run that an NMI is to end; set by another CPU */
	u64 rax;      /* what it returned */
	u64 stack;    /* where its stack begins; 0: native code is not allowed */
	bool faulted; /* else a run that did not return was ended by abort */
	u8 vector;    /* of the fault */
	u64 rip;
	struct guest_regs before; /* the guest's, in case it fails */
};

/* Where the kernel's own code faulted, as its oops has it; kmod/ fills this. */
struct oops_state {
	struct guest_regs regs;
	u64 rip, rsp, rflags;
	u16 cs, ss;
	char text[80];
};

/* An event that stopped gdb, until gdb has answered. */
struct held_event {
	bool active;
	bool known; /* .event is the last event of this CPU that a rule matched, held or not */
	u8 last;    /* enum event_answer that it got */
	struct event event;
	struct event_outcome outcome;
	struct event_held state;
	bool answered; /* gdb has let this CPU go; it may still wait for another's stop */
	struct rsp_action answer; /* how */
};

/* Of the kernel's stack, kept with a moment: what a backtrace needs. A whole stack has 16 KiB. */
#define MOMENT_STACK_SIZE 8192
/* while-stepping: a tracepoint whose steps this CPU still makes. */
struct trace_steps {
	struct trace_point *point;
	u64 left;
};

#define TRACE_STEPS_MAX 8 /* tracepoints whose steps overlap on one CPU */

/* NMIs that are to reach the guest and are not before the injector yet. See guest_nmi.c. */
struct guest_nmis {
	u32 unseen;	       /* its own, of which rules have not been asked */
	u32 due;	       /* its own, to be delivered */
	bool extra;	       /* one more for our own reasons */
	bool pending_is_extra; /* inject.nmi_pending is that one */
	u64 last;	       /* TSC at which one of its own came; 0: never */
};

/* debug_regs.c. While shared, what the guest wrote is here and the CPU holds slots. */
struct debug_use {
	bool shared;
	bool missing; /* a piece has no register; gdb has been told */
	u64 dr[DEBUG_SLOTS], dr7;
	struct debug_piece pieces[DEBUG_SLOTS];
	unsigned int nr_pieces;
	struct debug_slots slots;
};

struct machine;
struct vcpu;

typedef u64 (*vcpu_call_fn)(struct vcpu *vcpu, u64 arg1, u64 arg2);

struct vcpu {
	/* From here to native entry.S knows the offsets; host.c asserts them. */
	u8 nmi_stack[ROOT_IST_SIZE] __attribute__((aligned(4096)));
	u8 df_stack[ROOT_IST_SIZE];
	u8 mc_stack[ROOT_IST_SIZE];
	u8 fault_stack[ROOT_IST_SIZE];
	/* Grows down from regs: HOST_RSP is the end of regs, which an exit's pushes fill. */
	u8 stack[ROOT_STACK_SIZE];
	struct guest_regs regs;
	u64 iret_frame[5]; /* where Linux goes on after VMXOFF: RIP, CS, RFLAGS, RSP, SS */
	u64 root_nmi;	   /* NMIs taken in root since the last look; counted by the gates */
	u64 root_mc;	   /* machine checks, likewise */
	/* For the last steps of leaving, up to HV_VECTOR_MC: see leave.c. */
	u64 leave_idt[2 * (HV_VECTOR_MC + 1)];
	struct native native;

	struct machine *machine;
	u32 cpu;     /* Linux's number; thread cpu + 1 */
	u32 apic_id; /* physical destination of a kick */
	u32 life;    /* enum vcpu_life */

	/* Halting. life, want and reported change hands by release stores of life. */
	u32 want;	 /* enum vcpu_want */
	bool reported;	 /* the debug loop has told gdb of .stop */
	bool answers;	 /* came to the last halt in time */
	u32 release;	 /* enum vcpu_step, set by the master */
	u32 halt_wanted; /* somebody waits for this CPU to park */
	u32 nmi_due;	 /* a kick's NMI is on its way to us: it is not the guest's */
	struct guest_nmis nmi, nmi_before; /* guest_nmi.c; before the injector's choice */
	u32 guest_nmi_maybe; /* the NMI we inject may be nobody's: kmod/ claims it then */
	u32 guest_nmi_calm;  /* the NMI we inject asks kmod/ to calm the watchdogs */
	u64 halted_since;    /* TSC */
	u64 ran_since;	     /* TSC at the end of the last halt */
	struct rsp_stop stop;
	struct rsp_action action;
	vcpu_call_fn call;
	u64 call_arg1, call_arg2;

	struct snapshot snap;
	struct snapshot moment; /* that the local session looks at */
	bool has_moment;
	u8 moment_stack[MOMENT_STACK_SIZE]; /* from the moment's RSP on, if that is the kernel's */
	u32 moment_stack_len;

	/* Panics and oopses */
	struct oops_state oops;
	bool shows_oops;      /* the snapshot is that of the fault, not of the stop */
	const char *stop_why; /* console text for the stop, or NULL */
	u64 panic_told;	      /* stack pointer of the call of panic() that gdb has been told of */

	/* Events */
	struct held_event held;
	struct event_repeats repeats;
	struct irq_storm storm;
	u64 irq_later[4]; /* suppressed vectors whose end must wait for that of a higher one */
	struct event_intercepts intercepts; /* that rules want here */
	bool leaving;			    /* about to go native: rules want nothing here */
	u32 rules_generation;		    /* of the rules that intercepts were derived from */
	u64 current_task; /* guest address of Linux's per-CPU current; set by kmod/ */

	/* What this CPU records */
	struct record_ring ring;
	struct record_ring console; /* texts for gdb */
	struct record_ring kept;    /* for outputs of gdb's own, until it fetches them */
	u64 console_tail, kept_tail;

	/* Programs run on this CPU */
	struct expr_machine expr;
	char print[1024 + 1]; /* of one run: OUTPUT_TEXT_MAX */
	u32 print_len;
	bool condition_failed; /* at the last hit of a breakpoint */
	u64 fpu_exit;	       /* number of the exit that snap.fpu was filled in, if not halted */

	/* Tracing */
	struct trace_steps trace_steps[TRACE_STEPS_MAX];
	u32 nr_trace_steps;
	bool traced; /* the tracepoints at traced_rip have had this arrival there */
	u64 traced_rip;

	struct debug_use debug;

	/* Stepping */
	u32 step;		  /* enum vcpu_step */
	bool debug_view;	  /* EPT_POINTER is the debug view's */
	u64 ept_seen;		  /* ept_pool.changes as of the last INVEPT here */
	struct hidden_page *peek; /* one step in the clean view, for an access to this page */
	bool peek_writes;
	bool passing; /* that step is the instruction at passing_rip, under a hidden INT3 */
	u64 passing_gpa, passing_rip;
	bool io_unwatched; /* the I/O bitmaps are off for one step */
	u64 range_start, range_end;
	u64 range_steps;
	bool range_open;  /* interrupts are let in */
	bool away;	  /* one has been: this CPU runs until an IRET brings it back */
	bool away_blocks; /* blocking by NMI is there to see the IRET, for no other reason */
	u64 away_rsp, away_cr3;

	/* The exit at hand */
	u32 exit_reason;
	bool inject_loaded;	 /* inject holds this exit's state (most exits need none of it) */
	bool inject_chosen;	 /* inject_before is what inject was before the choice */
	struct inject_in inject; /* nmi_pending and irq_set live from exit to exit */
	struct inject_in inject_before;

	/* Shadows of what the VMCS holds, so that a change is one compare */
	u32 cpu_controls;
	struct vmx_controls controls;
	u64 timer_period; /* preemption timer units between polls of the line; 0: no timer */

	/* Physical addresses for the VMCS */
	u64 vmxon_phys, vmcs_phys;
	void *vmxon_page, *vmcs_page;

	/* Root's own tables */
	u64 gdt[16] __attribute__((aligned(16)));
	u8 tss[104] __attribute__((aligned(16)));

	u64 dump[VMCS_DUMP_MAX]; /* the VMCS at an exit that is not known */
	const char *dump_what;	 /* what is wrong, as a sentence */
	const char *dump_why;	 /* the exit's name; NULL: nothing to show */
#ifdef HVGDB_CHECKING
	u64 check_owed; /* ept_pool.changes that an INVEPT has to come after */
#endif

	u64 exits; /* counted since load */
	u64 exits_of[EXIT_COUNTED];
	u64 halts;	  /* times parked */
	u64 root_faults;  /* repaired by the fix-up table */
	int launch_error; /* 0 or -errno of the last step on this CPU; guest kernel */
	const char *launch_error_text;
};

#define BREAK_MAX	   256
#define BREAK_CODE_MAX	   1024
#define BREAK_PROGRAMS_MAX 16

struct break_program {
	u16 at, len; /* in breakpoint.code */
};

/* One planted byte that gdb asked for. Changed only while every CPU is halted. */
struct breakpoint {
	u64 addr; /* guest linear address; 0 in gpa and planted: not in memory */
	u64 cr3;  /* page tables that addr was looked up in, for user addresses */
	u64 gpa;  /* where the byte is, valid while planted */
	u64 hits;
	u8 saved;
	u8 nr_conditions, nr_commands; /* of programs[], in this order */
	struct break_program programs[BREAK_PROGRAMS_MAX];
	u8 code[BREAK_CODE_MAX];
	u64 errors;	/* programs that failed; a condition then counts as true */
	u64 error_addr; /* of the last: the memory that could not be read */
	u8 last_error;	/* enum expr_result */
	bool used;	/* by gdb */
	bool traced;	/* by tracepoints */
	bool own;	/* by hvgdb itself: `monitor stop-on panic on` */
	bool persist;	/* gdb's commands go on when it leaves */
	bool planted;
	bool hidden; /* planted in the debug view's copy of the page, not in the guest's memory */
	bool no_execute; /* planted where the guest cannot execute: gdb's return address on a stack
			  */
};

#define WATCH_MAX DEBUG_SLOTS

/* A watchpoint or hardware breakpoint of gdb's. Changed only while every CPU is halted. */
struct watchpoint {
	u64 addr, len;
	u64 cr3;      /* the process, for a user address; 0: everywhere */
	u8 type;      /* enum rsp_break_type */
	u8 nr_pieces; /* 0: this slot was never used */
	bool used;
	struct debug_piece pieces[DEBUG_SLOTS];
	struct breakpoint program; /* conditions, of RSP_BREAK_HARDWARE */
};

#define HIDDEN_MAX 32

/*
 * A page that the guest executes from a copy with INT3s in it, while it reads and writes the
 * original.
 */
struct hidden_page {
	u64 gpa;
	u64 copy; /* physical address; the page is ours from load on */
	u32 breakpoints;
	bool used;
	bool stale; /* root has written the original since the copy was made */
};

/* The debug line: a 16550 by I/O port. */
struct line {
	bool armed;
	struct uart_regs regs;
	bool by_controller; /* armed by hvgdbctl, else by the module parameter */
	bool taken;	    /* root drives it now */
	bool dlab;	    /* shadow of LCR.DLAB: port 0 and 1 are the divisor */
	bool driver_sees_data; /* it has read LSR.DR as 1, and not yet RBR */
	bool nothing_there;    /* it is about to read RBR, and no byte is in it */
	bool unseen;	    /* the controller has bytes that a native CPU read behind root's back */
	bool undrained;	    /* LSR.DR was set at a poll and no RBR has been read since */
	u8 fcr;		    /* the driver's last FCR, without its reset bits */
	u8 saved_ier, saved_lcr, saved_mcr;
	u8 fifo;	     /* bytes that its transmitter takes at once */
	u8 tx_room;	     /* bytes that the transmit FIFO takes before THRE must be awaited */
	u64 undrained_since; /* TSC */
	u64 called_since; /* TSC at which the driver read 0x03 or '$' and nobody has rung; 0: none
			   */
	u64 consumed;	  /* sequence number in driver_bytes up to which root has dealt with them */
	struct byte_ring driver_bytes; /* what the kernel's driver read, in order */
	struct byte_ring own_bytes;    /* what root read itself before it could use it */
};

/* The session of a gdb on this machine (local.c). */
struct local {
	struct rsp rsp;
	struct rsp_ops ops;
	struct hypercall_local *call; /* at hand */
	struct rsp_stop last_stop;
	bool step_wanted; /* by the resume at hand: refused */
};

#define TRACE_FILE_MAX 256 /* of the name, with its zero */

#define ROOT_LOG_SIZE 8192

/* Text from root for the kernel log: written in root, read by kmod/. */
struct root_log {
	char text[ROOT_LOG_SIZE];
	u64 head, tail; /* absolute */
	u32 lock;
};

#define CONSOLE_PACKET 520

/* The O packet that the controller has, or had. */
struct console {
	u32 news;   /* there is something to be fetched */
	u32 length; /* of packet; 0: none */
	u32 driven; /* bytes of it that the driver has sent, or believes to have sent */
	u32 told;   /* that are on the wire, by the driver or by root */
	u64 since;  /* TSC of the last progress */
	u8 packet[CONSOLE_PACKET];
};

struct machine {
	u32 nr_cpus; /* possible CPUs: vcpu[0 .. nr_cpus - 1] */
	struct vcpu *vcpu[HV_MAX_CPUS];

	/* Set up by kmod/ before launch, constant afterwards */
	struct vmx_caps caps;
	struct ram_map ram;
	struct mtrr_state_raw mtrr;
	struct ept ept;
	struct ept_pool ept_pool;
	struct ept debug_ept; /* the debug view; ept is the clean one */
	u64 eptp, debug_eptp;
	u64 host_cr3;
	u64 host_cr4, host_cr0, host_efer, host_pat;
	bool la57;
	bool has_debugctl; /* IA32_DEBUGCTL can be read: emulators may lack it */
	u64 msr_bitmap_phys, io_bitmap_a_phys, io_bitmap_b_phys;
	u8 *msr_bitmap, *io_bitmap[2];
	u64 *idt; /* 256 gates of 16 bytes, shared by all CPUs */
	u64 tsc_khz;
	bool x2apic;
	u64 text_address;
	u64 panic_address;
	u64 module_text, module_data, module_bss, module_rodata; /* for `monitor symbols` */
	char exec_file[256];
	u32 orphan_timeout; /* seconds, 0: for ever */
	s32 *module_uses;   /* the module's reference count, NULL if it cannot be unloaded */
	u16 debug_port;	    /* port for root's last words, 0: none */
#ifdef HVGDB_FAULTS
	s32 deaf; /* CPU that does not answer, -1: none */
#endif
#ifdef HVGDB_CHECKING
	bool forget_invept; /* on purpose: is that noticed? */
#endif

	/* Halting */
	s32 master;	   /* CPU that runs the debug loop, -1: none */
	bool fatal;	   /* a CPU met something unknown: nothing resumes any more */
	bool triple_fault; /* all that is left is a reset, which a resume does */
	bool test_vectors; /* HYPERCALL_QUEUE is open to test modules */
	bool step_others;  /* `monitor step-others on` */
	bool uses_module;  /* gdb is attached and counted in *module_uses */
	u32 stop_on;	   /* STOP_ON_*, see pure/stop_on.h */
	bool partial;	   /* some CPUs stay halted while others run */
	u32 plant_holds;   /* > 0: planted bytes stay out of memory (hotplug, D12) */
	struct rsp_stop last_stop;
	u64 kick_misses;
	u64 kicked_at; /* TSC when CPUs were last asked to halt */

	struct breakpoint breakpoints[BREAK_MAX];
	u32 breakpoints_top; /* slots from here on were never used */
	u32 nr_planted, nr_open, nr_no_execute;
	struct watchpoint watchpoints[WATCH_MAX];
	struct expr_check expr_check; /* in the debug loop only */
	struct hidden_page hidden[HIDDEN_MAX];
	u32 nr_hidden; /* pages in use: 0 and nobody needs the debug view */

	struct hvgdb_area *area;     /* mapped by the reader, who cannot write it */
	struct hvgdb_reader *reader; /* what the reader says: not to be believed */
	struct outputs outputs;
	struct rules_memory pools; /* allocated at load, by the module parameters */
	bool unsafe_code;	   /* native code of rules is allowed */

	struct tracepoints trace;
	struct trace_ring trace_rings[HV_MAX_CPUS];
	u8 *trace_definitions; /* conditions, actions, sources; by kmod/ */
	u32 trace_definitions_size;
	bool trace_planted;    /* tracepoints have their bytes */
	bool trace_file_wanted; /* the controller is to write trace_file; kmod/ takes this back */
	char trace_file[TRACE_FILE_MAX];
	u64 wall_us, wall_tsc; /* microseconds since 1970, and the TSC then */
	char why[160];	       /* what `monitor why` says of a condition that failed */

	struct event_rules rules;
	u64 init_task; /* Linux's first task, in the list of all */
	/* Offsets in its struct task_struct */
	u32 task_tgid, task_pid, task_comm, task_list, task_leader;
	u64 page_offset;	    /* of the kernel's map of all memory */

	struct line line;
	struct console console;
	struct rsp rsp;
	struct local local;
	struct root_log log;
};

extern struct machine machine;

static inline struct vcpu *vcpu_of_regs(struct guest_regs *regs)
{
	return (struct vcpu *)((u8 *)regs - offsetof(struct vcpu, regs));
}

static inline void *ram(u64 phys)
{
	return (void *)(ROOT_RAM_BASE + phys);
}

#endif
