// SPDX-License-Identifier: GPL-2.0
/*
 * What breakpoints do by themselves: conditions and commands in gdb's bytecode, evaluated on the
 * CPU that hit, in its exit, while the others run on. A condition that is false costs no halt and
 * no byte on the line; one that cannot be evaluated counts as true. Root.
 */
#include "root.h"
#include "instr.h"

/* One printf may come in parts: they are told together. */
static enum expr_result op_print(void *ctx, u64 channel, const char *text, size_t len)
{
	struct vcpu *vcpu = ctx;
	size_t room = sizeof(vcpu->print) - 1 - vcpu->print_len;

	len = base_min(len, room);
	memcpy(vcpu->print + vcpu->print_len, text, len);
	vcpu->print_len += len;
	vcpu->print[vcpu->print_len] = '\0';
	return EXPR_OK;
}

static enum expr_result op_get_var(void *ctx, unsigned int var, u64 *value)
{
	return tracepoints_get(&((struct vcpu *)ctx)->machine->trace, var, value);
}

static enum expr_result op_set_var(void *ctx, unsigned int var, u64 value)
{
	return tracepoints_set(&((struct vcpu *)ctx)->machine->trace, var, value);
}

static const struct expr_ops agent_ops = {
	.read_reg = live_reg,
	.read_mem = live_mem,
	.get_var = op_get_var,
	.set_var = op_set_var,
	.print = op_print,
};

/* The last failure is kept for those who ask; counting is what several CPUs may do at once. */
static void failed(struct vcpu *vcpu, struct breakpoint *bp, enum expr_result result)
{
	__atomic_fetch_add(&bp->errors, 1, __ATOMIC_RELAXED);
	bp->error_addr = vcpu->expr.fault_addr;
	bp->last_error = result;
}

static bool condition_holds(struct vcpu *vcpu, struct breakpoint *bp,
			    const struct break_program *program)
{
	struct expr_env env = { .ops = &agent_ops, .ctx = vcpu, .machine = &vcpu->expr };
	u64 value;
	enum expr_result result = expr_run(bp->code + program->at, program->len, &env, &value);

	if (!result)
		return value;
	failed(vcpu, bp, result);
	vcpu->condition_failed = true;
	return true;
}

/* Several conditions: any will do. */
static bool any_condition_holds(struct vcpu *vcpu, struct breakpoint *bp)
{
	unsigned int i;

	for (i = 0; i < bp->nr_conditions; i++)
		if (condition_holds(vcpu, bp, &bp->programs[i]))
			return true;
	return !bp->nr_conditions;
}

/* What the commands said goes to gdb, or, where they outlive it, to the kernel log. */
static enum agent_verdict print(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	if (!vcpu->print_len)
		return AGENT_PASS;
	output_text(vcpu, NULL, vcpu->print, vcpu->print_len);
	if (m->rules.gdb_present)
		return console_needs_halt(m) ? AGENT_PRINT : AGENT_PASS;
	if (vcpu->print[vcpu->print_len - 1] == '\n')
		vcpu->print[vcpu->print_len - 1] = '\0';
	root_log(m, vcpu->print);
	return AGENT_PASS;
}

/* What a hit means on this CPU; commands have run when it says AGENT_PRINT. */
enum agent_verdict agent_hit(struct vcpu *vcpu, struct breakpoint *bp)
{
	struct expr_env env = { .ops = &agent_ops, .ctx = vcpu, .machine = &vcpu->expr };
	unsigned int i, end = bp->nr_conditions + bp->nr_commands;
	enum expr_result result;
	u64 value;

	__atomic_fetch_add(&bp->hits, 1, __ATOMIC_RELAXED);
	vcpu->condition_failed = false;
	if (!any_condition_holds(vcpu, bp))
		return AGENT_PASS;
	/* Without a line nobody can be told: gdb's controller is gone, perhaps to come back. */
	if (!bp->nr_commands)
		return vcpu->machine->line.armed ? AGENT_STOP : AGENT_PASS;
	vcpu->print_len = 0;
	for (i = bp->nr_conditions; i < end; i++) {
		result = expr_run(bp->code + bp->programs[i].at, bp->programs[i].len, &env, &value);
		if (result)
			failed(vcpu, bp, result);
	}
	return print(vcpu);
}

static int verify(struct machine *m, const struct rsp_program *program, u32 allowed,
		  struct rsp_agent *agent)
{
	struct expr_check *check = &m->expr_check;

	check->allowed = allowed;
	check->registers = RSP_NR_REGS;
	if (!expr_verify(program->code, program->len, check))
		return RSP_OK;
	agent->why = check->info.why;
	return RSP_EPROGRAM;
}

int agent_verify(struct machine *m, struct rsp_agent *agent)
{
	size_t size = 0;
	unsigned int i;
	int error = RSP_OK;

	for (i = 0; i < agent->nr_conditions && !error; i++) {
		size += agent->conditions[i].len;
		error = verify(m, &agent->conditions[i], EXPR_CONDITION, agent);
	}
	for (i = 0; i < agent->nr_commands && !error; i++) {
		size += agent->commands[i].len;
		error = verify(m, &agent->commands[i], EXPR_COMMANDS, agent);
	}
	if (!error && (size > BREAK_CODE_MAX ||
		       agent->nr_conditions + agent->nr_commands > BREAK_PROGRAMS_MAX))
		error = RSP_EPROGRAMS;
	return error;
}

static void keep(struct breakpoint *bp, const struct rsp_program *program, unsigned int *nr,
		 size_t *used)
{
	memcpy(bp->code + *used, program->code, program->len);
	bp->programs[(*nr)++] = (struct break_program){ .at = *used, .len = program->len };
	*used += program->len;
}

void agent_keep(struct breakpoint *bp, const struct rsp_agent *agent)
{
	unsigned int i, nr = 0;
	size_t used = 0;

	for (i = 0; i < agent->nr_conditions; i++)
		keep(bp, &agent->conditions[i], &nr, &used);
	for (i = 0; i < agent->nr_commands; i++)
		keep(bp, &agent->commands[i], &nr, &used);
	bp->nr_conditions = agent->nr_conditions;
	bp->nr_commands = agent->nr_commands;
	bp->persist = agent->persist && agent->nr_commands;
}

/* Everything is checked before the breakpoint changes. */
int agent_insert(struct machine *m, struct vcpu *vcpu, u64 addr, struct rsp_agent *agent)
{
	int error = agent_verify(m, agent);

	if (!error)
		error = breakpoint_insert(m, vcpu, addr);
	if (!error)
		agent_keep(breakpoint_at(m, addr), agent);
	return error;
}

/* "breakpoint 0x...: 3 errors, the last: ... (0x...)": one line, for those that had any. */
void agent_describe_error(const struct breakpoint *bp, struct rsp_text *out)
{
	rsp_text_add(out, "breakpoint 0x");
	rsp_text_hex(out, bp->addr);
	rsp_text_add(out, ": a condition or command could not be evaluated, ");
	rsp_text_dec(out, bp->errors);
	rsp_text_add(out, bp->errors == 1 ? " time: " : " times; the last: ");
	rsp_text_add(out, expr_result_text(bp->last_error));
	if (bp->last_error == EXPR_UNMAPPED || bp->last_error == EXPR_NOT_RAM) {
		rsp_text_add(out, ": 0x");
		rsp_text_hex(out, bp->error_addr);
	}
}
