/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of vmx/ that run in root offer to each other. */
#ifndef HVGDB_ROOT_H
#define HVGDB_ROOT_H

#include "vcpu.h"
#include "hypercall.h"

#define load_acquire(p)	    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* exit.c: what happens at every exit. */
u64 vmx_read_gpr(const struct vcpu *vcpu, unsigned int number);
void vmx_write_gpr(struct vcpu *vcpu, unsigned int number, u64 value);
struct inject_in *vmx_inject(struct vcpu *vcpu);
void vmx_reflect(struct vcpu *vcpu);
void vmx_skip(struct vcpu *vcpu);
void vmx_sync_guest(struct vcpu *vcpu);

/* exit_cpu.c, exit_msr.c, exit_io.c, exit_event.c, hypercalls.c: one handler an exit reason. */
enum vmx_verdict exit_cpuid(struct vcpu *vcpu);
enum vmx_verdict exit_xsetbv(struct vcpu *vcpu);
enum vmx_verdict exit_cr(struct vcpu *vcpu);
enum vmx_verdict exit_invd(struct vcpu *vcpu);
enum vmx_verdict exit_vmx_instruction(struct vcpu *vcpu);
enum vmx_verdict exit_vmxoff(struct vcpu *vcpu);
enum vmx_verdict exit_msr_read(struct vcpu *vcpu);
enum vmx_verdict exit_msr_write(struct vcpu *vcpu);
enum vmx_verdict exit_io(struct vcpu *vcpu);
enum vmx_verdict exit_exception_nmi(struct vcpu *vcpu);
enum vmx_verdict exit_window(struct vcpu *vcpu);
enum vmx_verdict exit_triple_fault(struct vcpu *vcpu);
enum vmx_verdict exit_mtf(struct vcpu *vcpu);
enum vmx_verdict exit_mmio(struct vcpu *vcpu, u64 gpa);
enum vmx_verdict exit_preemption_timer(struct vcpu *vcpu);
enum vmx_verdict exit_vmcall(struct vcpu *vcpu);

/* exit_msr.c: which MSRs exit. Guest kernel, before the launch. */
void msr_bitmap_prepare(u8 *bitmap);

/* mtrrs.c */
void mtrrs_read(struct mtrr_state_raw *mtrr, unsigned int maxphyaddr);
bool mtrrs_is_one(u32 msr);
void mtrrs_written(struct vcpu *vcpu);

/* leave.c */
bool leave_must_wait(struct vcpu *vcpu);
void vmx_leave(struct vcpu *vcpu);

/* snapshot.c */
void snapshot_take(struct vcpu *vcpu);
void snapshot_restore(struct vcpu *vcpu);

/* halt.c: parking, kicking, releasing. */
void halt_enter(struct vcpu *vcpu);
bool halt_others(struct vcpu *vcpu);
void halt_kick_again(struct machine *m);
void halt_release(struct vcpu *vcpu, enum vcpu_step how);
bool halt_is_halted(const struct vcpu *vcpu);
void halt_resign(struct vcpu *vcpu);

/* guest_nmi.c: the guest's NMIs on their way to the injector. */
void nmi_exit(struct vcpu *vcpu);
void nmi_queue(struct vcpu *vcpu, u64 nmis);
void nmi_account(struct vcpu *vcpu, u64 nmis);
void nmi_show_rules(struct vcpu *vcpu);
bool nmi_offer(struct vcpu *vcpu);
void nmi_chosen(struct vcpu *vcpu, bool cut_short, bool consumed);
bool nmi_wants_window(const struct vcpu *vcpu);
void nmi_calm_watchdogs(struct vcpu *vcpu);
u64 nmi_take_all(struct vcpu *vcpu);

/* debug.c: the loop that the master runs. */
void debug_loop(struct vcpu *self);
void debug_stop(struct vcpu *vcpu, u8 kind, u8 signal, u64 addr);
void debug_open_range(struct vcpu *vcpu);
void debug_close(struct machine *m);

/* last_words.c */
bool last_words_panic(struct vcpu *vcpu);
void last_words_panic_told(struct vcpu *vcpu);
enum vmx_verdict last_words_oops(struct vcpu *vcpu, u64 address);
void last_words_show(struct vcpu *vcpu);
void last_words_say(struct vcpu *vcpu);
int last_words_command(struct machine *m, const char *arguments, struct rsp_text *out);

/* session.c */
void session_begin(struct machine *m);
void session_end(struct machine *m);
void session_suspend(struct machine *m);
void session_continue(struct machine *m);

/* step.c */
void step_begin(struct vcpu *vcpu, enum vcpu_step step);
void step_forget(struct vcpu *vcpu);
void step_end(struct vcpu *vcpu);
bool step_traps(const struct vcpu *vcpu);
bool step_holds_events(const struct vcpu *vcpu);
bool step_wants_interrupts(const struct vcpu *vcpu);
bool step_others_may_run(const struct vcpu *vcpu);
void step_chosen(struct vcpu *vcpu, struct inject_out *out);
enum vmx_verdict step_window(struct vcpu *vcpu);

/* breakpoint.c: the table and the planted bytes. All CPUs are halted. */
int breakpoint_insert(struct machine *m, struct vcpu *vcpu, u64 addr);
int breakpoint_remove(struct machine *m, u64 addr);
void breakpoint_session_end(struct machine *m);
int breakpoint_trace(struct machine *m, struct vcpu *vcpu, u64 addr);
void breakpoint_untrace_all(struct machine *m);
bool breakpoint_is_traced(struct machine *m, u64 addr);
int breakpoint_insert_own(struct machine *m, u64 addr);
void breakpoint_remove_own(struct machine *m, u64 addr);
void breakpoint_remove_range(struct machine *m, u64 start, u64 end);
void breakpoint_plant_all(struct machine *m);
void breakpoint_unplant_all(struct machine *m);
struct breakpoint *breakpoint_at(struct machine *m, u64 addr);
struct breakpoint *breakpoint_planted_at(struct machine *m, u64 gpa);

/* watchpoint.c: watchpoints and hardware breakpoints; the table while all CPUs are halted. */
int watchpoint_insert(struct machine *m, const struct vcpu *vcpu, unsigned int type, u64 addr,
		      u64 len, struct breakpoint **program);
int watchpoint_remove(struct machine *m, unsigned int type, u64 addr, u64 len);
void watchpoint_session_end(struct machine *m);
const struct breakpoint *watchpoint_program(struct machine *m, u64 addr);
unsigned int watchpoint_pieces(const struct machine *m, struct debug_piece pieces[DEBUG_SLOTS]);
enum vmx_verdict watchpoint_exception(struct vcpu *vcpu);
bool watchpoint_after_step(struct vcpu *vcpu);

/* debug_regs.c: the guest's DR0 to DR3 and DR7, as it sees them; DR6 is the CPU's. */
u64 debug_regs_read(const struct vcpu *vcpu, unsigned int n);
void debug_regs_write(struct vcpu *vcpu, unsigned int n, u64 value);
u64 debug_regs_read_dr7(const struct vcpu *vcpu);
void debug_regs_write_dr7(struct vcpu *vcpu, u64 value);
void debug_regs_settle(struct vcpu *vcpu);
void debug_regs_give_back(struct vcpu *vcpu);

/* agent.c: conditions and commands of breakpoints. */
enum agent_verdict {
	AGENT_STOP,
	AGENT_PASS,  /* go on as if there were no breakpoint */
	AGENT_PRINT, /* the same, after a halt in which gdb gets the text: nobody else brings it */
};

enum agent_verdict agent_hit(struct vcpu *vcpu, struct breakpoint *bp);
int agent_verify(struct machine *m, struct rsp_agent *agent);
void agent_keep(struct breakpoint *bp, const struct rsp_agent *agent);
int agent_insert(struct machine *m, struct vcpu *vcpu, u64 addr, struct rsp_agent *agent);
void agent_describe_error(const struct breakpoint *bp, struct rsp_text *out);

/* live.c: registers and memory of a CPU in an exit; ctx is its struct vcpu. */
enum expr_result live_reg(void *ctx, unsigned int reg, u64 *value);
enum expr_result live_reg_bytes(void *ctx, unsigned int reg, u8 *value);
enum expr_result live_mem(void *ctx, u64 addr, void *buf, size_t len);

/* tracepoints.c */
void trace_init(struct machine *m);
void trace_session_end(struct machine *m);
void trace_settle(struct machine *m);
bool trace_hit(struct vcpu *vcpu, const struct breakpoint *bp);
bool trace_stepped(struct vcpu *vcpu);
void trace_released(struct vcpu *vcpu);
void trace_event(void *ctx, unsigned int number);
const char *trace_end_text(const struct machine *m);
void trace_describe(struct machine *m, struct rsp_text *out);

/* view.c: breakpoints that the guest does not see. */
struct hidden_page *view_find(struct machine *m, u64 gpa);
volatile u8 *view_byte(const struct hidden_page *page, u64 gpa);
bool view_plant(struct machine *m, struct breakpoint *bp, u64 gpa);
void view_unplant(struct machine *m, const struct breakpoint *bp);
void view_settle(struct machine *m);
void view_written(struct machine *m, u64 gpa);
void view_enter(struct vcpu *vcpu);
void view_flush(struct vcpu *vcpu);
void view_peek(struct vcpu *vcpu, struct hidden_page *page, bool writes);
void view_peeked(struct vcpu *vcpu);
void view_pass(struct vcpu *vcpu, u64 gpa, u64 rip);
enum vmx_verdict exit_ept_violation(struct vcpu *vcpu);

/* memory.c: guest memory through the guest's page tables. */
bool memory_translate(const struct machine *m, u64 cr3, u64 addr, u64 *gpa);
bool memory_no_execute(const struct machine *m, u64 cr3, u64 addr);
int memory_read(const struct machine *m, u64 cr3, u64 addr, u8 *buf, size_t len, size_t *done);
int memory_write(struct machine *m, u64 cr3, u64 addr, const u8 *buf, size_t len);

/* uart.c: its registers. The page of regs->memory, or the ports, are read and written as they are. */
u8 uart_read(const struct uart_regs *regs, unsigned int reg);
void uart_write(const struct uart_regs *regs, unsigned int reg, u8 value);
/*
 * Whether the guest's accesses exit; all CPUs are halted, but to end it. False: nothing is changed,
 * the EPT's spare pages are used up.
 */
bool uart_watch(struct machine *m, const struct uart_regs *regs, bool watch);
/* Whether an access at gpa is to be carried out by root. */
bool uart_watches(const struct machine *m, u64 gpa);
/* Which register of the debug line that is; UART_REGISTERS: none. */
unsigned int uart_port_register(const struct machine *m, u16 port);
unsigned int uart_memory_register(const struct machine *m, u64 gpa);

/* line.c: the debug line. */
enum line_result line_arm(struct machine *m, const struct uart_regs *regs, u8 fifo, bool controller);
void line_disarm(struct machine *m);
void line_awake(struct machine *m);
void line_take(struct machine *m);
void line_give(struct machine *m);
bool line_get(struct machine *m, u8 *byte);
void line_put(void *target, u8 byte);
/* Before each read of the driver's. reg: 0 to 7, or UART_REGISTERS for none. */
void line_driver_reads(struct machine *m, unsigned int reg);
/* After a read, before a write. What is to be written in place of value. */
u8 line_driver_access(struct machine *m, unsigned int reg, bool in, u8 value);
bool line_driver_was_called(struct machine *m);
bool line_calls(struct machine *m);
bool line_poll_due(struct machine *m);
bool line_forget_noise(struct machine *m);

/* local.c: the session of a gdb on this machine. */
void local_init(struct machine *m);
void local_serve(struct vcpu *self, struct hypercall_local *call);

/* reset.c */
void machine_reset(void);

/* monitor.c */
u32 monitor_rules(struct machine *m, enum rule_origin origin, const char *line, size_t len,
		  struct rsp_text *out);
int monitor_command(struct machine *m, enum rule_origin origin, const char *command,
		    struct rsp_text *out);
void monitor_help(struct machine *m, struct rsp_text *out);

/* events.c: what rules may want, and what becomes of it. */
#define PFEC_FETCH 0x10
void events_init(struct machine *m);
void events_intercept(struct vcpu *vcpu);
void events_answer(struct vcpu *vcpu, const struct rsp_action *action);
void events_resolve(struct vcpu *vcpu);
enum vmx_verdict events_exception(struct vcpu *vcpu);
void vmx_inject_fault(struct vcpu *vcpu, u8 vector, u32 error);
void events_nmi(struct vcpu *vcpu);
enum vmx_verdict exit_external_interrupt(struct vcpu *vcpu);

/*
 * output.c: what root tells while the guest runs. The text of a rule's script, or (rule NULL) of a
 * breakpoint's commands, goes to the rule's outputs, to a watcher, and, where the rule names no
 * output, to gdb; up to OUTPUT_TEXT_MAX characters, the rest is cut.
 */
#define OUTPUT_TEXT_MAX 1024
void output_init(struct machine *m);
void output_event(struct vcpu *vcpu, const struct event *event, const struct event_outcome *outcome,
		  enum hvgdb_answer answer);
void output_text(struct vcpu *vcpu, const struct event_rule *rule, const char *text, size_t len);
void output_flush(struct vcpu *vcpu);
void output_fetch(struct machine *m, struct rsp_text *out);
void output_poll(struct vcpu *vcpu);

/* native.c: machine code of the user's, in root. */
bool native_condition(void *ctx, const struct event_rule *rule, const struct event *event,
		      u64 *result, struct rule_failure *why);
bool native_code(void *ctx, const struct event_rule *rule, const struct event *event,
		 struct rule_failure *why);
void native_watch(struct machine *m, const struct vcpu *self);
u64 native_watch_period(const struct vcpu *vcpu);

/* script.c: scripts of rules, and scripts at gdb's prompt. */
bool script_action(void *ctx, const struct event_rule *rule, const struct event *event,
		   struct rule_verdict *verdict, struct rule_failure *why);
bool script_compile_rule(void *ctx, struct rule_spec *spec, struct rsp_text *error);
int script_now(struct machine *m, const char *text, size_t len, struct rsp_text *out);

/* console.c: text to gdb while the guest runs. */
bool console_wanted(const struct machine *m);
bool console_needs_halt(const struct machine *m);
void console_put(struct vcpu *vcpu, const char *text, size_t len, bool soon);
void console_flush(struct vcpu *vcpu);
size_t console_fetch(struct machine *m, u8 *to, size_t size);
u8 console_driver_writes(struct machine *m, u8 byte);
void console_settle(struct machine *m);
void console_drain(struct machine *m);
void console_forget(struct machine *m);
void console_reset(struct machine *m);
bool console_poll_due(struct machine *m);

/* exit_dr.c */
enum vmx_verdict exit_dr(struct vcpu *vcpu);
void dr_describe(struct vcpu *vcpu, struct event *event);
void dr_emulate(struct vcpu *vcpu, const struct event *event);

/* tasks.c */
u64 tasks_current(const struct vcpu *vcpu);
u64 tasks_leader(const struct vcpu *vcpu);
void tasks_identify(const struct vcpu *vcpu, struct event *event);
bool tasks_name(void *machine, u32 pid, char comm[EVENT_COMM_SIZE]);

/* apic.c */
void apic_end_suppressed(struct vcpu *vcpu, u8 vector);
void apic_end_later(struct vcpu *vcpu);
bool apic_is_storm(struct vcpu *vcpu, u8 vector);
void apic_raise_again(struct vcpu *vcpu, u8 vector);
void apic_send_nmi(const struct machine *m, u32 apic_id);

/* root_log.c */
void root_log(struct machine *m, const char *text);
void root_log_number(struct machine *m, const char *text, u64 value);

/* fatal.c */
void vmx_fatal(struct vcpu *vcpu, const char *what, const char *why);
void fatal_show(struct vcpu *vcpu);
void last_words(const struct machine *m, const char *text, u64 value);

/* fault.c */
struct root_frame {
	struct guest_regs regs;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

void root_fault(struct root_frame *frame);
bool native_fault(struct root_frame *frame);

/* The test-only build FAULTS=1: a CPU that neither takes a kick nor parks by itself. */
static inline bool fault_deaf(const struct vcpu *vcpu)
{
#ifdef HVGDB_FAULTS
	return __atomic_load_n(&vcpu->machine->deaf, __ATOMIC_RELAXED) == (s32)vcpu->cpu;
#else
	return false;
#endif
}

/*
 * check.c: the checking build (make CHECKING=1) asserts before every entry what the emulator does
 * not. A debt of INVEPTs that check_begin() has seen is paid by the time of check_entry(), which is
 * false if a rule is broken.
 */
#ifdef HVGDB_CHECKING
void check_begin(struct vcpu *vcpu);
bool check_entry(struct vcpu *vcpu);
bool check_forgets(const struct vcpu *vcpu);
#else
static inline void check_begin(struct vcpu *vcpu)
{
}

static inline bool check_entry(struct vcpu *vcpu)
{
	return true;
}

static inline bool check_forgets(const struct vcpu *vcpu)
{
	return false;
}
#endif

/* entry.S calls these */
u32 vmx_exit(struct guest_regs *regs);
u32 vmx_reenter(struct guest_regs *regs);
void vmx_entry_failed(struct guest_regs *regs);

#endif
