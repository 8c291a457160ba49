// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints on this machine: their bytes are planted beside gdb's breakpoints (one byte serves
 * both), a hit is recorded by the CPU that met it while all others run, and while-stepping goes on
 * by the monitor trap flag. What is recorded, and how it is read, is decided in events/. Root; the
 * functions that plant run with every CPU halted.
 */
#include "root.h"
#include "instr.h"
#include "target.h"

/* Steps hold interrupts back: longer walks would stop the machine's clock. */
static const char too_many_steps[] = "while-stepping takes at most 10000 instructions";

#define TRACE_STEP_LIMIT 10000

static u64 now_us(const struct machine *m)
{
	u64 ticks = read_tsc() - m->wall_tsc;

	if (!m->tsc_khz)
		return 0;
	return m->wall_us + ticks / m->tsc_khz * 1000 + ticks % m->tsc_khz * 1000 / m->tsc_khz;
}

/* Whose page tables tell where a program's tracepoint is: the CPU that gdb has stopped at. */
static struct vcpu *selected(struct machine *m)
{
	unsigned int thread = m->rsp.general_thread;
	unsigned int i;

	if (!thread)
		thread = m->last_stop.thread;
	if (thread && thread <= m->nr_cpus && m->vcpu[thread - 1] &&
	    halt_is_halted(m->vcpu[thread - 1]))
		return m->vcpu[thread - 1];
	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && halt_is_halted(m->vcpu[i]))
			return m->vcpu[i];
	return NULL;
}

static int plant_points(struct machine *m)
{
	const struct trace_point *point = m->trace.points;
	struct vcpu *vcpu = selected(m);
	int error = RSP_OK;

	if (!vcpu)
		return RSP_ENOTANSWERING;
	for (; point < m->trace.points + m->trace.nr_points && !error; point++)
		if (tracepoints_wanted(&m->trace, point)) {
			error = breakpoint_trace(m, vcpu, point->addr);
			m->trace_planted = true;
		}
	return error;
}

/* What is no longer there to be stepped or passed over is forgotten. */
static void forget_arrivals(struct machine *m)
{
	struct vcpu *vcpu;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		vcpu = m->vcpu[i];
		if (!vcpu)
			continue;
		if (!m->trace.running)
			vcpu->nr_trace_steps = 0;
		if (!m->trace.running || !breakpoint_is_traced(m, vcpu->traced_rip))
			vcpu->traced = false;
	}
}

static int owner_plant(void *owner)
{
	struct machine *m = owner;
	int error;

	breakpoint_untrace_all(m);
	m->trace_planted = false;
	error = m->trace.running ? plant_points(m) : RSP_OK;
	forget_arrivals(m);
	return error;
}

static u64 owner_now(void *owner)
{
	return now_us(owner);
}

static int owner_read_mem(void *owner, u64 addr, u8 *buf, size_t len, size_t *done)
{
	struct machine *m = owner;
	const struct vcpu *vcpu = selected(m);

	return memory_read(m, vcpu ? vcpu->snap.cr3 : m->host_cr3, addr, buf, len, done);
}

/* The controller reads the name as soon as the machine runs, and writes the file. */
static int owner_save(void *owner, const u8 *name, size_t len, const char **what_happens)
{
	struct machine *m = owner;

	if (!m->line.armed || !m->line.by_controller)
		return RSP_ENOWRITER;
	if (len >= sizeof(m->trace_file))
		return RSP_ETOOLONG;
	memcpy(m->trace_file, name, len);
	m->trace_file[len] = '\0';
	store_release(&m->trace_file_wanted, true);
	*what_happens = "hvgdbctl writes the file when the machine runs again, and tells then "
			"what became of it";
	return RSP_OK;
}

static const struct trace_owner owner_ops = {
	.plant = owner_plant,
	.now = owner_now,
	.read_mem = owner_read_mem,
	.save = owner_save,
};

/* The rings' memory is there already. */
void trace_init(struct machine *m)
{
	tracepoints_init(&m->trace, m->trace_rings, m->nr_cpus, m->trace_definitions,
			 m->trace_definitions_size, rsp_reg_size);
	m->trace.owner_ops = &owner_ops;
	m->trace.owner = m;
	m->trace.step_limit = TRACE_STEP_LIMIT;
	m->trace.too_many_steps = too_many_steps;
}

void trace_session_end(struct machine *m)
{
	tracepoints_disconnect(&m->trace, now_us(m));
	trace_settle(m);
}

/* Tracing that ended by itself has left its bytes. */
void trace_settle(struct machine *m)
{
	if (m->trace_planted && !m->trace.running)
		owner_plant(m);
}

static const struct trace_ops live_ops = {
	.read_reg = live_reg_bytes,
	.read_mem = live_mem,
};

static struct trace_hit hit_here(struct vcpu *vcpu)
{
	return (struct trace_hit){
		.ops = &live_ops,
		.ctx = vcpu,
		.machine = &vcpu->expr,
		.cpu = vcpu->cpu,
		.tsc = read_tsc(),
		.pc = vmx_inject(vcpu)->rip,
		.now = now_us(vcpu->machine),
	};
}

static void add_steps(struct vcpu *vcpu, struct trace_point *point, u64 steps)
{
	if (!steps)
		return;
	if (vcpu->nr_trace_steps == TRACE_STEPS_MAX)
		tracepoints_failed(point, EXPR_TOO_LONG);
	else
		vcpu->trace_steps[vcpu->nr_trace_steps++] = (struct trace_steps){ point, steps };
}

/* True if tracing has ended here, before or with what was recorded. */
static bool has_ended(struct machine *m)
{
	return !load_acquire(&m->trace.running);
}

/*
 * All tracepoints of this address. If the CPU is halted before it has got over the instruction (a
 * breakpoint stops there as well, or somebody kicks) it meets the byte again: that is the same
 * arrival.
 */
bool trace_hit(struct vcpu *vcpu, const struct breakpoint *bp)
{
	struct machine *m = vcpu->machine;
	struct trace_point *point = m->trace.points;
	struct trace_hit hit;

	if (vcpu->traced && vcpu->traced_rip == bp->addr)
		return has_ended(m);
	hit = hit_here(vcpu);
	for (; point < m->trace.points + m->trace.nr_points; point++)
		if (point->addr == bp->addr)
			add_steps(vcpu, point, tracepoints_hit(&m->trace, point, &hit));
	vcpu->traced = true;
	vcpu->traced_rip = bp->addr;
	return has_ended(m);
}

/*
 * An instruction is done. Entries that have no steps left are dropped, the others keep their order.
 * True if tracing has ended with it.
 */
bool trace_stepped(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct trace_hit hit;
	u32 i, kept = 0;

	vcpu->traced = false;
	if (!vcpu->nr_trace_steps)
		return false;
	hit = hit_here(vcpu);
	for (i = 0; i < vcpu->nr_trace_steps; i++) {
		struct trace_steps steps = vcpu->trace_steps[i];

		steps.left--;
		if (tracepoints_step(&m->trace, steps.point, &hit, steps.left) && steps.left)
			vcpu->trace_steps[kept++] = steps;
	}
	vcpu->nr_trace_steps = kept;
	return has_ended(m);
}

/* gdb may have sent the CPU elsewhere: then it arrives anew. */
void trace_released(struct vcpu *vcpu)
{
	if (vcpu->traced && vcpu->snap.rip != vcpu->traced_rip)
		vcpu->traced = false;
}

/* A rule with `trace N` has matched. Steps are the business of addresses. */
void trace_event(void *ctx, unsigned int number)
{
	struct vcpu *vcpu = ctx;
	struct machine *m = vcpu->machine;
	struct trace_point *point = tracepoints_lookup(&m->trace, number, ~0ull);
	struct trace_hit hit;

	if (!point)
		return;
	hit = hit_here(vcpu);
	tracepoints_event(&m->trace, point, &hit);
}

/* Why tracing ended while gdb was waiting for something else. */
const char *trace_end_text(const struct machine *m)
{
	if (m->trace.end == RSP_TRACE_FULL)
		return "hvgdb: tracing has ended, the trace buffer is full (module parameter "
		       "trace_pool)\n";
	if (m->trace.end == RSP_TRACE_PASSED)
		return "hvgdb: tracing has ended, a tracepoint has reached its pass count\n";
	return "hvgdb: tracing has ended\n";
}

/* What could not be collected, a line a tracepoint. */
void trace_describe(struct machine *m, struct rsp_text *out)
{
	const struct trace_point *point = m->trace.points;

	for (; point < m->trace.points + m->trace.nr_points; point++) {
		if (!point->errors)
			continue;
		rsp_text_add(out, "tracepoint ");
		rsp_text_dec(out, point->number);
		rsp_text_add(out, ": ");
		rsp_text_dec(out, point->errors);
		rsp_text_add(out, " conditions (which count as true) or collections failed; the "
				  "last: ");
		rsp_text_add(out, expr_result_text(point->last_error));
		rsp_text_add(out, "\n");
	}
}
