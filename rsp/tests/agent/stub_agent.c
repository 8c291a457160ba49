// SPDX-License-Identifier: GPL-2.0
/* See stub_agent.h. User space only. */
#include <stdio.h>
#include <stdlib.h>

#include "stub_agent.h"
#include "tracepoints.h"

#define AGENT_CODE 512 /* bytes of a program */
#define AGENT_RING 0x10000
#define AGENT_POOL 0x10000

struct agent_program {
	u8 code[AGENT_CODE];
	size_t len;
};

struct agent_break {
	bool used;
	unsigned int type, nr_conditions, nr_commands;
	u64 addr;
	struct agent_program conditions[RSP_AGENT_MAX], commands[RSP_AGENT_MAX];
};

static struct agent {
	struct fake *f;
	unsigned int thread; /* whose programs run */
	struct agent_break breaks[FAKE_BREAKS];
	struct expr_check check;
	struct expr_machine machine;
	struct tracepoints trace;
	struct trace_ring rings[FAKE_CPUS];
	u8 memory[FAKE_CPUS][AGENT_RING];
	u8 pool[AGENT_POOL];
	struct trace_point *stepping[FAKE_CPUS + 1];
	u64 steps[FAKE_CPUS + 1];
	u64 tsc;
	char line[1024];
	size_t line_len;
} agent;

static enum expr_result agent_read_bytes(void *ctx, unsigned int reg, u8 *value)
{
	(void)ctx;
	if (agent.f->ops.read_reg(agent.f, agent.thread, reg, value))
		return EXPR_NO_REGISTER;
	return EXPR_OK;
}

static enum expr_result agent_read_reg(void *ctx, unsigned int reg, u64 *value)
{
	u8 bytes[RSP_REG_MAX] = { 0 };

	if (!rsp_reg_size(reg) || rsp_reg_size(reg) > 8 || agent_read_bytes(ctx, reg, bytes))
		return EXPR_NO_REGISTER;
	memcpy(value, bytes, 8);
	return EXPR_OK;
}

static enum expr_result agent_read_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	size_t done = 0;

	(void)ctx;
	if (agent.f->ops.read_mem(agent.f, agent.thread, addr, buf, len, &done) || done < len)
		return EXPR_UNMAPPED;
	return EXPR_OK;
}

static enum expr_result agent_get_var(void *ctx, unsigned int var, u64 *value)
{
	(void)ctx;
	return tracepoints_get(&agent.trace, var, value);
}

static enum expr_result agent_set_var(void *ctx, unsigned int var, u64 value)
{
	(void)ctx;
	return tracepoints_set(&agent.trace, var, value);
}

static enum expr_result agent_print(void *ctx, u64 channel, const char *text, size_t len)
{
	(void)ctx;
	(void)channel;
	if (len >= sizeof(agent.line) - agent.line_len)
		return EXPR_FULL;
	memcpy(agent.line + agent.line_len, text, len);
	agent.line_len += len;
	return EXPR_OK;
}

static enum expr_result agent_run(const struct agent_program *program, u64 *value)
{
	static const struct expr_ops ops = {
		.read_reg = agent_read_reg,
		.read_mem = agent_read_mem,
		.get_var = agent_get_var,
		.set_var = agent_set_var,
		.print = agent_print,
	};
	const struct expr_env env = { &ops, NULL, &agent.machine, 0 };

	return expr_run(program->code, program->len, &env, value);
}

static int agent_take(struct agent_program *to, const struct rsp_program *from, unsigned int count,
		      u32 allowed, const char **why)
{
	for (; count; count--, to++, from++) {
		agent.check.allowed = allowed;
		agent.check.registers = RSP_NR_REGS;
		*why = "the program is too long";
		if (from->len > AGENT_CODE)
			return RSP_EPROGRAM;
		*why = NULL;
		if (expr_verify(from->code, from->len, &agent.check)) {
			*why = agent.check.info.why;
			return RSP_EPROGRAM;
		}
		memcpy(to->code, from->code, from->len);
		to->len = from->len;
	}
	return RSP_OK;
}

static struct agent_break *agent_find(unsigned int type, u64 addr)
{
	struct agent_break *b;

	for (b = agent.breaks; b < agent.breaks + FAKE_BREAKS; b++)
		if (b->used && b->type == type && b->addr == addr)
			return b;
	return NULL;
}

static struct agent_break *agent_free(void)
{
	struct agent_break *b;

	for (b = agent.breaks; b->used; b++)
		;
	return b;
}

static int agent_insert(void *target, unsigned int thread, unsigned int type, u64 addr,
			unsigned int kind, struct rsp_agent *from)
{
	static struct agent_break fresh;
	struct agent_break *b = agent_find(type, addr);
	int error;

	fresh = (struct agent_break){ .used = true, .type = type, .addr = addr };
	error = agent_take(fresh.conditions, from->conditions, from->nr_conditions, EXPR_CONDITION,
			   &from->why);
	if (!error)
		error = agent_take(fresh.commands, from->commands, from->nr_commands, EXPR_COMMANDS,
				   &from->why);
	if (!error)
		error = agent.f->ops.insert_break(target, thread, type, addr, kind);
	if (error)
		return error;
	fresh.nr_conditions = from->nr_conditions;
	fresh.nr_commands = from->nr_commands;
	*(b ? b : agent_free()) = fresh;
	return RSP_OK;
}

static int agent_remove(void *target, unsigned int thread, unsigned int type, u64 addr,
			unsigned int kind)
{
	struct agent_break *b = agent_find(type, addr);

	if (b)
		b->used = false;
	return fake_ops.remove_break(target, thread, type, addr, kind);
}

static void agent_speak(void)
{
	agent.line[agent.line_len] = '\0';
	agent.line_len = 0;
	agent.f->running = false;
	rsp_console(&agent.f->rsp, agent.line);
	agent.f->running = true;
}

/* True: it does not stop here, because no condition is true, or because it has something to do. */
static bool agent_passes(const struct agent_break *b)
{
	bool wanted = !b->nr_conditions;
	unsigned int i;
	u64 value;

	for (i = 0; i < b->nr_conditions && !wanted; i++)
		wanted = agent_run(&b->conditions[i], &value) || value;
	if (!wanted)
		return true;
	for (i = 0; i < b->nr_commands; i++)
		agent_run(&b->commands[i], &value);
	if (b->nr_commands)
		agent_speak();
	return b->nr_commands;
}

static void agent_trace(struct fake *f, unsigned int thread, u64 rip)
{
	static const struct trace_ops ops = { agent_read_bytes, agent_read_mem };
	const struct trace_hit hit = { &ops,	    NULL, &agent.machine,     thread - 1,
				       agent.tsc++, rip,  1000000 + agent.tsc };
	struct trace_point *p;

	(void)f;
	if (agent.steps[thread] &&
	    !tracepoints_step(&agent.trace, agent.stepping[thread], &hit, --agent.steps[thread]))
		agent.steps[thread] = 0;
	for (p = agent.trace.points; p < agent.trace.points + agent.trace.nr_points; p++) {
		if (p->addr != rip || !tracepoints_wanted(&agent.trace, p))
			continue;
		agent.steps[thread] = tracepoints_hit(&agent.trace, p, &hit);
		agent.stepping[thread] = p;
	}
}

static bool agent_before(struct fake *f, unsigned int thread)
{
	u64 rip = fake_reg(f, thread, RSP_RIP);
	struct agent_break *b;
	unsigned int type;

	agent.thread = thread;
	agent_trace(f, thread, rip);
	for (type = RSP_BREAK_SOFTWARE; type <= RSP_BREAK_HARDWARE; type++) {
		b = agent_find(type, rip);
		if (b && !agent_passes(b))
			return false;
	}
	return true;
}

/* Breakpoints go with their gdb; tracing goes on only if that one wanted it. */
static void agent_new_session(void *target)
{
	unsigned int i;

	for (i = 0; i < FAKE_BREAKS; i++)
		agent.breaks[i].used = false;
	tracepoints_disconnect(&agent.trace, 1000000 + agent.tsc);
	fake_ops.new_session(target);
}

static int agent_plant(void *owner)
{
	(void)owner;
	return RSP_OK;
}

static u64 agent_now(void *owner)
{
	(void)owner;
	return 1000000 + agent.tsc;
}

static int agent_read_constant(void *owner, u64 addr, u8 *buf, size_t len, size_t *done)
{
	(void)owner;
	return fake_ops.read_mem(agent.f, 1, addr, buf, len, done);
}

static void *agent_trace_target(void *target)
{
	(void)target;
	return &agent.trace;
}

static int agent_save(void *owner, const u8 *name, size_t len, const char **what_happens)
{
	(void)owner;
	*what_happens = "somebody writes it";
	return len == 5 && !memcmp(name, "/a.tf", 5) ? RSP_OK : RSP_ENOWRITER;
}

void stub_agent_install(struct fake *f)
{
	static const struct trace_owner owner = { agent_plant, agent_now, agent_read_constant,
						  agent_save };
	unsigned int cpu;

	agent.f = f;
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		trace_ring_init(&agent.rings[cpu], agent.memory[cpu], AGENT_RING);
	tracepoints_init(&agent.trace, agent.rings, FAKE_CPUS, agent.pool, AGENT_POOL,
			 rsp_reg_size);
	agent.trace.owner_ops = &owner;
	f->ops.insert_break_agent = agent_insert;
	f->ops.remove_break = agent_remove;
	f->ops.new_session = agent_new_session;
	f->ops.trace = &tracepoints_rsp_ops;
	f->ops.trace_target = agent_trace_target;
	f->before = agent_before;
}
