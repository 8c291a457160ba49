// SPDX-License-Identifier: GPL-2.0
/*
 * The machine as gdb sees it: CPUs are threads, their snapshots are registers, the guest's page
 * tables make memory. The operations that rsp/ calls. Root, in the debug loop, with all CPUs
 * halted.
 */
#include "root.h"
#include "page.h"
#include "target.h"

static struct vcpu *vcpu_of(void *target, unsigned int thread)
{
	struct machine *m = target;

	return m->vcpu[thread - 1];
}

static unsigned int op_nr_threads(void *target)
{
	return ((struct machine *)target)->nr_cpus;
}

static bool op_thread_alive(void *target, unsigned int thread)
{
	struct vcpu *vcpu = vcpu_of(target, thread);

	return vcpu && load_acquire(&vcpu->life) >= VCPU_RUNNING;
}

static const char *where(const struct vcpu *vcpu)
{
	if (!halt_is_halted(vcpu))
		return "does not answer";
	if (vcpu->snap.cs & 3)
		return "user";
	return vcpu->snap.rflags & HV_EFLAGS_IF ? "kernel" : "kernel, interrupts off";
}

static void op_thread_info(void *target, unsigned int thread, struct rsp_text *out)
{
	struct vcpu *vcpu = vcpu_of(target, thread);

	rsp_text_add(out, "CPU ");
	rsp_text_dec(out, vcpu->cpu);
	rsp_text_add(out, ", ");
	rsp_text_add(out, where(vcpu));
}

/* What a register is, and where the snapshot has it. Rows in the order of enum rsp_reg. */
struct target_reg {
	u16 offset;
	u8 size; /* in the snapshot; 0: not a plain field */
	bool writable;
	u8 dirty;
};

#define GENERAL(field)                                                                             \
	{                                                                                          \
		offsetof(struct snapshot, field), 8, true, SNAPSHOT_GENERAL                        \
	}
#define SELECTOR(field)                                                                            \
	{                                                                                          \
		offsetof(struct snapshot, field), 2, false, 0                                      \
	}

static const struct target_reg target_regs[RSP_NR_REGS] = {
	[RSP_RAX] = GENERAL(regs.rax),
	[RSP_RBX] = GENERAL(regs.rbx),
	[RSP_RCX] = GENERAL(regs.rcx),
	[RSP_RDX] = GENERAL(regs.rdx),
	[RSP_RSI] = GENERAL(regs.rsi),
	[RSP_RDI] = GENERAL(regs.rdi),
	[RSP_RBP] = GENERAL(regs.rbp),
	[RSP_RSP] = GENERAL(rsp),
	[RSP_R8] = GENERAL(regs.r8),
	[RSP_R9] = GENERAL(regs.r9),
	[RSP_R10] = GENERAL(regs.r10),
	[RSP_R11] = GENERAL(regs.r11),
	[RSP_R12] = GENERAL(regs.r12),
	[RSP_R13] = GENERAL(regs.r13),
	[RSP_R14] = GENERAL(regs.r14),
	[RSP_R15] = GENERAL(regs.r15),
	[RSP_RIP] = { offsetof(struct snapshot, rip), 8, true, SNAPSHOT_GENERAL | SNAPSHOT_RIP },
	[RSP_EFLAGS] = GENERAL(rflags),
	[RSP_CS] = SELECTOR(cs),
	[RSP_SS] = SELECTOR(ss),
	[RSP_DS] = SELECTOR(ds),
	[RSP_ES] = SELECTOR(es),
	[RSP_FS] = SELECTOR(fs),
	[RSP_GS] = SELECTOR(gs),
	[RSP_FS_BASE] = { offsetof(struct snapshot, fs_base), 8, true, SNAPSHOT_BASES },
	[RSP_GS_BASE] = { offsetof(struct snapshot, gs_base), 8, true, SNAPSHOT_BASES },
};

/* See "FXSAVE-Save x87 FPU, MMX Technology, and SSE State", the 64-bit format. */
enum fxsave_offset {
	FX_FCW = 0,
	FX_FSW = 2,
	FX_FTW = 4,
	FX_FOP = 6,
	FX_FIP = 8,
	FX_FDP = 16,
	FX_MXCSR = 24,
	FX_ST0 = 32,
	FX_XMM0 = 160,
};

struct fpu_field {
	u16 offset;
	u8 size;
};

/*
 * The x87's instruction and data pointers are 64 bits wide here: gdb's segment half is the upper
 * one.
 */
static struct fpu_field fpu_field(unsigned int reg)
{
	static const struct fpu_field control[] = {
		[RSP_FCTRL - RSP_FCTRL] = { FX_FCW, 2 },
		[RSP_FSTAT - RSP_FCTRL] = { FX_FSW, 2 },
		[RSP_FISEG - RSP_FCTRL] = { FX_FIP + 4, 4 },
		[RSP_FIOFF - RSP_FCTRL] = { FX_FIP, 4 },
		[RSP_FOSEG - RSP_FCTRL] = { FX_FDP + 4, 4 },
		[RSP_FOOFF - RSP_FCTRL] = { FX_FDP, 4 },
		[RSP_FOP - RSP_FCTRL] = { FX_FOP, 2 },
	};

	if (reg >= RSP_ST0 && reg <= RSP_ST7)
		return (struct fpu_field){ FX_ST0 + 16 * (reg - RSP_ST0), 10 };
	if (reg >= RSP_XMM0 && reg <= RSP_XMM15)
		return (struct fpu_field){ FX_XMM0 + 16 * (reg - RSP_XMM0), 16 };
	if (reg == RSP_MXCSR)
		return (struct fpu_field){ FX_MXCSR, 4 };
	return control[reg - RSP_FCTRL];
}

static bool is_empty(const u8 *st)
{
	return !(st[0] | st[1] | st[2] | st[3] | st[4] | st[5] | st[6] | st[7]);
}

/* FXSAVE keeps one bit a register (used or not); gdb wants the two of FSTENV. */
static u16 full_tag_word(const struct fxsave_area *fpu)
{
	u16 tags = 0;
	unsigned int physical, top = fpu->bytes[FX_FSW + 1] >> 3 & 7;

	for (physical = 0; physical < 8; physical++) {
		const u8 *st = &fpu->bytes[FX_ST0 + 16 * ((physical - top) & 7)];
		u16 exponent = (st[8] | st[9] << 8) & 0x7fff;
		u16 tag = 0;

		if (!(fpu->bytes[FX_FTW] & 1 << physical))
			tag = 3;
		else if (!exponent && is_empty(st))
			tag = 1;
		else if (!exponent || exponent == 0x7fff || !(st[7] & 0x80))
			tag = 2;
		tags |= tag << 2 * physical;
	}
	return tags;
}

static u8 short_tag_word(u16 tags)
{
	unsigned int physical;
	u8 used = 0;

	for (physical = 0; physical < 8; physical++)
		if ((tags >> 2 * physical & 3) != 3)
			used |= 1 << physical;
	return used;
}

void target_read_fpu(const struct fxsave_area *fpu, unsigned int reg, u8 *value)
{
	struct fpu_field field;
	u16 tags;

	if (reg == RSP_FTAG) {
		tags = full_tag_word(fpu);
		memcpy(value, &tags, sizeof(tags));
		return;
	}
	field = fpu_field(reg);
	memcpy(value, &fpu->bytes[field.offset], field.size);
}

/* A bit of MXCSR that this CPU reserves would make FXRSTOR fault. */
static bool fpu_value_fits(const struct vcpu *vcpu, unsigned int reg, const u8 *value)
{
	u32 mxcsr, mask;

	if (reg != RSP_MXCSR)
		return true;
	memcpy(&mxcsr, value, sizeof(mxcsr));
	memcpy(&mask, &vcpu->snap.fpu.bytes[FX_MXCSR + 4], sizeof(mask));
	return !(mxcsr & ~(mask ? mask : 0xffbf));
}

static int write_fpu(struct vcpu *vcpu, unsigned int reg, const u8 *value)
{
	struct fpu_field field;
	u16 tags;

	if (!fpu_value_fits(vcpu, reg, value))
		return RSP_EREGVALUE;
	if (reg == RSP_FTAG) {
		memcpy(&tags, value, sizeof(tags));
		vcpu->snap.fpu.bytes[FX_FTW] = short_tag_word(tags);
	} else {
		field = fpu_field(reg);
		memcpy(&vcpu->snap.fpu.bytes[field.offset], value, field.size);
	}
	vcpu->snap.dirty |= SNAPSHOT_FPU;
	return RSP_OK;
}

static int op_read_reg(void *target, unsigned int thread, unsigned int reg, u8 *value)
{
	const struct vcpu *vcpu = vcpu_of(target, thread);
	const struct target_reg *row = &target_regs[reg];

	if (!halt_is_halted(vcpu))
		return RSP_ENOTANSWERING;
	memset(value, 0, rsp_reg_size(reg));
	if (row->size)
		memcpy(value, (const u8 *)&vcpu->snap + row->offset,
		       base_min(row->size, rsp_reg_size(reg)));
	else
		target_read_fpu(&vcpu->snap.fpu, reg, value);
	return RSP_OK;
}

static bool is_canonical(const struct vcpu *vcpu, u64 addr)
{
	unsigned int shift = vcpu->snap.cr4 & HV_CR4_LA57 ? 7 : 16;

	return (u64)((s64)(addr << shift) >> shift) == addr;
}

/* Bits that a VM entry refuses, or that would take the guest out of 64-bit mode behind its back. */
static bool flags_fit(u64 flags)
{
	const u64 reserved = ~0x3f7fd7ULL | HV_EFLAGS_VM;

	return !(flags & reserved) && (flags & HV_EFLAGS_FIXED);
}

static int check_value(const struct vcpu *vcpu, unsigned int reg, u64 value)
{
	switch (reg) {
	case RSP_RIP:
	case RSP_FS_BASE:
	case RSP_GS_BASE:
		return is_canonical(vcpu, value) ? RSP_OK : RSP_EREGVALUE;
	case RSP_EFLAGS:
		return flags_fit(value) ? RSP_OK : RSP_EREGVALUE;
	default:
		return RSP_OK;
	}
}

/* A selector may be "written" with what it holds, as `G` and inferior calls do. */
static int write_selector(const struct vcpu *vcpu, const struct target_reg *row, const u8 *value)
{
	return memcmp((const u8 *)&vcpu->snap + row->offset, value, 2) ? RSP_EREADONLY : RSP_OK;
}

static int op_write_reg(void *target, unsigned int thread, unsigned int reg, const u8 *value)
{
	struct vcpu *vcpu = vcpu_of(target, thread);
	const struct target_reg *row = &target_regs[reg];
	u64 number = 0;
	int error;

	if (!halt_is_halted(vcpu))
		return RSP_ENOTANSWERING;
	/* What is shown is the kernel's own record of the fault. */
	if (vcpu->shows_oops)
		return RSP_EREADONLY;
	if (!row->size)
		return write_fpu(vcpu, reg, value);
	if (!row->writable)
		return write_selector(vcpu, row, value);
	memcpy(&number, value, rsp_reg_size(reg));
	error = check_value(vcpu, reg, number);
	if (error)
		return error;
	memcpy((u8 *)&vcpu->snap + row->offset, &number, row->size);
	vcpu->snap.dirty |= row->dirty;
	return RSP_OK;
}

static int op_read_mem(void *target, unsigned int thread, u64 addr, u8 *buf, size_t len,
		       size_t *done)
{
	const struct vcpu *vcpu = vcpu_of(target, thread);

	*done = 0;
	if (!halt_is_halted(vcpu))
		return RSP_ENOTANSWERING;
	return memory_read(target, vcpu->snap.cr3, addr, buf, len, done);
}

static int op_write_mem(void *target, unsigned int thread, u64 addr, const u8 *buf, size_t len)
{
	const struct vcpu *vcpu = vcpu_of(target, thread);

	if (!halt_is_halted(vcpu))
		return RSP_ENOTANSWERING;
	return memory_write(target, vcpu->snap.cr3, addr, buf, len);
}

static bool op_supports_break(void *target, unsigned int type)
{
	return true;
}

/* Those on the event page are rules. */
static int insert_watchpoint(struct machine *m, const struct vcpu *vcpu, unsigned int type,
			     u64 addr, unsigned int len)
{
	int error = page_insert(&m->rules, type, addr, len);
	struct breakpoint *program;

	if (error == PAGE_NOT_OURS)
		return watchpoint_insert(m, vcpu, type, addr, len, &program);
	return error == RSP_EINVAL ? RSP_EWATCHPAGE : error;
}

static int op_insert_break(void *target, unsigned int thread, unsigned int type, u64 addr,
			   unsigned int kind)
{
	struct machine *m = target;
	struct vcpu *vcpu = vcpu_of(m, thread);

	if (!halt_is_halted(vcpu))
		return RSP_ENOTANSWERING;
	if (type == RSP_BREAK_SOFTWARE)
		return breakpoint_insert(m, vcpu, addr);
	return insert_watchpoint(m, vcpu, type, addr, kind);
}

/* Commands come with gdb's dprintf only, which is a software breakpoint. */
static int insert_hardware(struct machine *m, struct vcpu *vcpu, u64 addr, unsigned int kind,
			   struct rsp_agent *agent)
{
	struct breakpoint *program;
	int error = agent->nr_commands ? RSP_EINVAL : agent_verify(m, agent);

	if (!error)
		error = watchpoint_insert(m, vcpu, RSP_BREAK_HARDWARE, addr, kind, &program);
	if (!error)
		agent_keep(program, agent);
	return error;
}

static int op_insert_break_agent(void *target, unsigned int thread, unsigned int type, u64 addr,
				 unsigned int kind, struct rsp_agent *agent)
{
	struct vcpu *vcpu = vcpu_of(target, thread);

	if (!halt_is_halted(vcpu))
		return RSP_ENOTANSWERING;
	if (type == RSP_BREAK_HARDWARE)
		return insert_hardware(target, vcpu, addr, kind, agent);
	return agent_insert(target, vcpu, addr, agent);
}

static int op_remove_break(void *target, unsigned int thread, unsigned int type, u64 addr,
			   unsigned int kind)
{
	struct machine *m = target;
	int error;

	if (type == RSP_BREAK_SOFTWARE)
		return breakpoint_remove(m, addr);
	error = page_remove(&m->rules, type, addr, kind);
	return error == PAGE_NOT_OURS ? watchpoint_remove(m, type, addr, kind) : RSP_OK;
}

static void op_set_action(void *target, unsigned int thread, const struct rsp_action *action)
{
	struct vcpu *vcpu = vcpu_of(target, thread);

	if (!vcpu)
		return;
	vcpu->action = *action;
	step_forget(vcpu);
	events_answer(vcpu, action);
}

static void op_last_stop(void *target, struct rsp_stop *stop)
{
	*stop = ((struct machine *)target)->last_stop;
}

static void op_new_session(void *target)
{
	session_begin(target);
}

static void op_event_fields(void *target, unsigned int thread, struct rsp_text *out)
{
	const struct vcpu *vcpu = vcpu_of(target, thread);
	struct machine *m = target;

	if (!vcpu->held.active)
		return;
	event_fields(&vcpu->held.event, out);
	rsp_text_add(out, "rules:");
	rules_names(&m->rules, &vcpu->held.outcome, out);
	rsp_text_add(out, ";");
}

static void op_records(void *target, struct rsp_text *out)
{
	output_fetch(target, out);
}

static u64 op_text_address(void *target)
{
	return ((struct machine *)target)->text_address;
}

static const char *op_exec_file(void *target)
{
	return ((struct machine *)target)->exec_file;
}

static int op_monitor(void *target, const char *command, struct rsp_text *out)
{
	return monitor_command(target, RULE_MONITOR, command, out);
}

static void op_monitor_help(void *target, struct rsp_text *out)
{
	monitor_help(target, out);
}

static void *op_trace_target(void *target)
{
	return &((struct machine *)target)->trace;
}

static const struct rsp_ops target_ops = {
	.put = line_put,
	.nr_threads = op_nr_threads,
	.thread_alive = op_thread_alive,
	.thread_info = op_thread_info,
	.read_reg = op_read_reg,
	.write_reg = op_write_reg,
	.read_mem = op_read_mem,
	.write_mem = op_write_mem,
	.supports_break = op_supports_break,
	.insert_break = op_insert_break,
	.insert_break_agent = op_insert_break_agent,
	.remove_break = op_remove_break,
	.set_action = op_set_action,
	.last_stop = op_last_stop,
	.new_session = op_new_session,
	.event_fields = op_event_fields,
	.records = op_records,
	.text_address = op_text_address,
	.exec_file = op_exec_file,
	.monitor = op_monitor,
	.monitor_help = op_monitor_help,
	.trace = &tracepoints_rsp_ops,
	.trace_target = op_trace_target,
};

const struct rsp_ops *target_operations(void)
{
	return &target_ops;
}

void target_init(struct machine *m)
{
	events_init(m);
	local_init(m);
	trace_init(m);
	rsp_init(&m->rsp, &target_ops, m);
	rsp_abandon(&m->rsp);
}
