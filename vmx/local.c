// SPDX-License-Identifier: GPL-2.0
/*
 * The session of a gdb that runs on the machine it looks at: its bytes come and go by hypercall, a
 * short halt of all CPUs for each batch. Root, as a call of the debug loop's: all CPUs are halted.
 *
 * Between two batches the machine runs, so gdb is shown a moment: the registers as they were when
 * it attached or pressed Ctrl-C, with the kernel's stacks below them so that backtraces are true,
 * beside the rest of memory as it is now. While a batch is
 * dealt with the CPUs' snapshots are changed places with those of the moment; so the operations of
 * target.c serve this session too, but for those that would halt the machine, or change registers
 * that are long gone.
 */
#include "root.h"
#include "target.h"

#define KERNEL_HALF BIT64(63)
/* Of CR3: the tables' address, but for the bit by which page-table isolation tells its two apart.
 */
#define CR3_PROCESS 0x000fffffffffe000ULL
/* Room for whatever one byte may bring about: a reply, its frame, console lines before it. */
#define REPLY_MAX (RSP_PACKET_SIZE + 2048)

static const char no_step[] =
	"hvgdb: stepping would halt the machine that this gdb runs on: use tracepoints, or rules "
	"with a script\n";

static struct vcpu *vcpu_of(struct machine *m, unsigned int thread)
{
	return m->vcpu[thread - 1];
}

static void change_places(struct machine *m)
{
	struct snapshot now;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		if (!m->vcpu[i] || !halt_is_halted(m->vcpu[i]))
			continue;
		now = m->vcpu[i]->snap;
		m->vcpu[i]->snap = m->vcpu[i]->moment;
		m->vcpu[i]->moment = now;
	}
}

/* Another CPU than the one that serves gdb, if there is one: it was about something else. */
static unsigned int thread_to_show(const struct vcpu *self)
{
	struct machine *m = self->machine;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && m->vcpu[i] != self && m->vcpu[i]->has_moment)
			return i + 1;
	return self->cpu + 1;
}

static void keep_stack(struct machine *m, struct vcpu *vcpu)
{
	size_t len = 0;

	if (vcpu->snap.rsp & KERNEL_HALF)
		memory_read(m, vcpu->snap.cr3, vcpu->snap.rsp, vcpu->moment_stack,
			    MOMENT_STACK_SIZE, &len);
	vcpu->moment_stack_len = len;
}

/* Lays what the moment kept of stacks over what was read of the present. */
static void show_stacks(const struct machine *m, u64 addr, u8 *buf, size_t len)
{
	const struct vcpu *vcpu;
	u64 from, to;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		vcpu = m->vcpu[i];
		if (!vcpu || !vcpu->has_moment)
			continue;
		from = base_max(addr, vcpu->snap.rsp);
		to = base_min(addr + len, vcpu->snap.rsp + vcpu->moment_stack_len);
		if (from < to)
			memcpy(buf + (from - addr), vcpu->moment_stack + (from - vcpu->snap.rsp),
			       to - from);
	}
}

/* The present becomes the moment. The places are changed: .moment is the present. */
static void take_moment(struct vcpu *self, u8 signal)
{
	struct machine *m = self->machine;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		if (!m->vcpu[i])
			continue;
		m->vcpu[i]->has_moment = halt_is_halted(m->vcpu[i]);
		if (!m->vcpu[i]->has_moment)
			continue;
		m->vcpu[i]->snap = m->vcpu[i]->moment;
		keep_stack(m, m->vcpu[i]);
	}
	m->local.last_stop = (struct rsp_stop){ .thread = thread_to_show(self), .signal = signal };
}

static void op_put(void *target, u8 byte)
{
	struct hypercall_local *call = ((struct machine *)target)->local.call;

	if (call->out_length < sizeof(call->out))
		call->out[call->out_length++] = byte;
}

static int op_read_reg(void *target, unsigned int thread, unsigned int reg, u8 *value)
{
	if (!vcpu_of(target, thread)->has_moment)
		return RSP_ENOTANSWERING;
	return target_operations()->read_reg(target, thread, reg, value);
}

static int op_write_reg(void *target, unsigned int thread, unsigned int reg, const u8 *value)
{
	return RSP_ENOHALT;
}

/*
 * Page tables that are in use now and lead to the same page as those of the moment did, 0 if none:
 * the process may have ended since, and its tables be somebody else's memory.
 */
static u64 live_cr3(const struct machine *m, u64 cr3, u64 addr)
{
	const struct vcpu *vcpu;
	u64 was, is;
	unsigned int i;

	if (!memory_translate(m, cr3, addr, &was))
		return 0;
	for (i = 0; i < m->nr_cpus; i++) {
		vcpu = m->vcpu[i];
		if (vcpu && halt_is_halted(vcpu) && !((vcpu->moment.cr3 ^ cr3) & CR3_PROCESS) &&
		    memory_translate(m, vcpu->moment.cr3, addr, &is) && is == was)
			return vcpu->moment.cr3;
	}
	return 0;
}

/* Which page tables to use for an address; enum rsp_error. */
static int choose_cr3(const struct machine *m, const struct vcpu *vcpu, u64 addr, u64 *cr3)
{
	u64 gpa;

	if (!vcpu->has_moment)
		return RSP_ENOTANSWERING;
	*cr3 = vcpu->snap.cr3;
	if (addr & KERNEL_HALF)
		return RSP_OK;
	if (!memory_translate(m, *cr3, addr, &gpa))
		return RSP_EUNMAPPED;
	*cr3 = live_cr3(m, *cr3, addr);
	return *cr3 ? RSP_OK : RSP_EGONE;
}

static int op_read_mem(void *target, unsigned int thread, u64 addr, u8 *buf, size_t len,
		       size_t *done)
{
	u64 cr3;
	int error = choose_cr3(target, vcpu_of(target, thread), addr, &cr3);

	*done = 0;
	if (!error)
		error = memory_read(target, cr3, addr, buf, len, done);
	if (!error)
		show_stacks(target, addr, buf, *done);
	return error;
}

static int op_write_mem(void *target, unsigned int thread, u64 addr, const u8 *buf, size_t len)
{
	u64 cr3;
	int error = choose_cr3(target, vcpu_of(target, thread), addr, &cr3);

	return error ? error : memory_write(target, cr3, addr, buf, len);
}

/* True for all: an empty reply would make gdb plant its own. */
static bool op_supports_break(void *target, unsigned int type)
{
	return true;
}

static int op_insert_break(void *target, unsigned int thread, unsigned int type, u64 addr,
			   unsigned int kind)
{
	return RSP_ENOHALT;
}

/* None is there, and gdb may remove what it failed to insert. */
static int op_remove_break(void *target, unsigned int thread, unsigned int type, u64 addr,
			   unsigned int kind)
{
	return RSP_OK;
}

static int op_check_resume(void *target, unsigned int thread, const struct rsp_action *action)
{
	return RSP_OK;
}

static void op_set_action(void *target, unsigned int thread, const struct rsp_action *action)
{
	struct machine *m = target;

	if (action->kind == RSP_STEP || action->kind == RSP_RANGE)
		m->local.step_wanted = true;
}

static void op_last_stop(void *target, struct rsp_stop *stop)
{
	*stop = ((struct machine *)target)->local.last_stop;
}

static void op_new_session(void *target)
{
}

/* Rules are made as hvgdbctl makes them: gdb on the line keeps its own when this one leaves. */
static int op_monitor(void *target, const char *command, struct rsp_text *out)
{
	return monitor_command(target, RULE_IOCTL, command, out);
}

void local_init(struct machine *m)
{
	struct local *local = &m->local;

	local->ops = *target_operations();
	local->ops.put = op_put;
	local->ops.read_reg = op_read_reg;
	local->ops.write_reg = op_write_reg;
	local->ops.read_mem = op_read_mem;
	local->ops.write_mem = op_write_mem;
	local->ops.supports_break = op_supports_break;
	local->ops.insert_break = op_insert_break;
	local->ops.insert_break_agent = NULL;
	local->ops.remove_break = op_remove_break;
	local->ops.check_resume = op_check_resume;
	local->ops.set_action = op_set_action;
	local->ops.last_stop = op_last_stop;
	local->ops.new_session = op_new_session;
	local->ops.event_fields = NULL;
	local->ops.monitor = op_monitor;
	rsp_init(&local->rsp, &local->ops, m);
	rsp_abandon(&local->rsp);
}

/* gdb said continue: the machine has run all the time. A step is over before it began. */
static void resumed(struct vcpu *self)
{
	struct local *local = &self->machine->local;

	if (local->step_wanted) {
		local->step_wanted = false;
		local->rsp.last_error = RSP_ENOHALT;
		rsp_console(&local->rsp, no_step);
		local->last_stop.signal = RSP_SIG_0;
		rsp_stopped(&local->rsp);
	} else if (rsp_take_interrupt(&local->rsp)) {
		take_moment(self, RSP_SIGINT);
		rsp_stopped(&local->rsp);
	}
}

/* Tracing goes on without gdb only if gdb has said so. A gdb on the line keeps what it has. */
static void session_ended(struct machine *m)
{
	if (!rsp_attached(&m->rsp))
		trace_session_end(m);
}

static void feed(struct vcpu *self, u8 byte)
{
	struct local *local = &self->machine->local;

	switch (rsp_feed(&local->rsp, byte)) {
	case RSP_ATTACH:
		take_moment(self, RSP_SIGTRAP);
		break;
	case RSP_INTERRUPT:
		take_moment(self, RSP_SIGINT);
		rsp_stopped(&local->rsp);
		break;
	case RSP_RESUME:
		resumed(self);
		break;
	case RSP_DETACH:
		session_ended(self->machine);
		break;
	default:
		break;
	}
}

void local_serve(struct vcpu *self, struct hypercall_local *call)
{
	struct machine *m = self->machine;
	struct local *local = &m->local;

	breakpoint_unplant_all(m);
	change_places(m);
	local->call = call;
	call->out_length = 0;
	if (call->reset && rsp_attached(&local->rsp))
		session_ended(m);
	if (call->reset)
		rsp_abandon(&local->rsp);
	for (call->in_taken = 0; call->in_taken < call->in_length; call->in_taken++) {
		if (sizeof(call->out) - call->out_length < REPLY_MAX)
			break;
		feed(self, call->in[call->in_taken]);
	}
	call->running = rsp_awaits_stop(&local->rsp);
	change_places(m);
}
