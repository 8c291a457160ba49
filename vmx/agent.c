// SPDX-License-Identifier: GPL-2.0
/*
 * What breakpoints do by themselves: conditions and commands in gdb's bytecode, evaluated on the
 * CPU that hit, in its exit, while the others run on. A condition that is false costs no halt and
 * no byte on the line; one that cannot be evaluated counts as true. Root.
 */
#include "root.h"
#include "instr.h"

/* Registers by gdb's number, live: this CPU is not halted. */
static u64 live_reg(const struct vcpu *vcpu, unsigned int reg)
{
	static const u8 order[] = { [RSP_RAX] = 0,
				    [RSP_RBX] = 3,
				    [RSP_RCX] = 1,
				    [RSP_RDX] = 2,
				    [RSP_RSI] = 6,
				    [RSP_RDI] = 7,
				    [RSP_RBP] = 5,
				    [RSP_RSP] = 4,
				    [RSP_R8] = 8,
				    9,
				    10,
				    11,
				    12,
				    13,
				    14,
				    15 };

	switch (reg) {
	case RSP_RSP:
		return vmread(GUEST_RSP);
	case RSP_RIP:
		return vmread(GUEST_RIP);
	case RSP_EFLAGS:
		return vmread(GUEST_RFLAGS);
	case RSP_CS:
		return vmread(GUEST_CS_SELECTOR);
	case RSP_SS:
		return vmread(GUEST_SS_SELECTOR);
	case RSP_FS_BASE:
		return vmread(GUEST_FS_BASE);
	case RSP_GS_BASE:
		return vmread(GUEST_GS_BASE);
	default:
		return (&vcpu->regs.rax)[order[reg]];
	}
}

static bool is_live(unsigned int reg)
{
	return reg <= RSP_SS || reg == RSP_FS_BASE || reg == RSP_GS_BASE;
}

static enum expr_result op_reg(void *ctx, unsigned int reg, u64 *value)
{
	if (!is_live(reg))
		return EXPR_NO_REGISTER;
	*value = live_reg(ctx, reg);
	return EXPR_OK;
}

static enum expr_result op_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	struct vcpu *vcpu = ctx;
	size_t done;
	int error = memory_read(vcpu->machine, vmread(GUEST_CR3), addr, buf, len, &done);

	if (error == RSP_ENOTRAM)
		return EXPR_NOT_RAM;
	return error || done < len ? EXPR_UNMAPPED : EXPR_OK;
}

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

static const struct expr_ops agent_ops = {
	.read_reg = op_reg,
	.read_mem = op_mem,
	.print = op_print,
};

static bool condition_holds(struct vcpu *vcpu, const u8 *code, size_t len)
{
	struct expr_env env = { .ops = &agent_ops, .ctx = vcpu, .machine = &vcpu->expr };
	u64 value;
	enum expr_result result = expr_run(code, len, &env, &value);

	return result != EXPR_OK || value;
}

/* Several conditions: any will do. */
static bool any_condition_holds(struct vcpu *vcpu, const struct breakpoint *bp)
{
	unsigned int i;

	for (i = 0; i < bp->nr_conditions; i++)
		if (condition_holds(vcpu, bp->code + bp->programs[i].at, bp->programs[i].len))
			return true;
	return !bp->nr_conditions;
}

/* What a hit means on this CPU; commands have run when it says AGENT_PRINT. */
enum agent_verdict agent_hit(struct vcpu *vcpu, struct breakpoint *bp)
{
	struct expr_env env = { .ops = &agent_ops, .ctx = vcpu, .machine = &vcpu->expr };
	unsigned int i, end = bp->nr_conditions + bp->nr_commands;
	u64 value;

	__atomic_fetch_add(&bp->hits, 1, __ATOMIC_RELAXED);
	if (!any_condition_holds(vcpu, bp))
		return AGENT_PASS;
	/* Without a line nobody can be told: gdb's controller is gone, perhaps to come back. */
	if (!bp->nr_commands)
		return vcpu->machine->line.port ? AGENT_STOP : AGENT_PASS;
	vcpu->print_len = 0;
	for (i = bp->nr_conditions; i < end; i++)
		expr_run(bp->code + bp->programs[i].at, bp->programs[i].len, &env, &value);
	return vcpu->print_len ? AGENT_PRINT : AGENT_PASS;
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

static int verify_all(struct machine *m, struct rsp_agent *agent)
{
	size_t size = 0;
	unsigned int i;
	int error = RSP_OK;

	for (i = 0; i < agent->nr_conditions && !error; i++) {
		size += agent->conditions[i].len;
		error = verify(m, &agent->conditions[i], EXPR_CONDITION & ~EXPR_MAY_SET, agent);
	}
	for (i = 0; i < agent->nr_commands && !error; i++) {
		size += agent->commands[i].len;
		error = verify(m, &agent->commands[i], EXPR_MAY_PRINT, agent);
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

/* Everything is checked before the breakpoint changes. */
int agent_insert(struct machine *m, struct vcpu *vcpu, u64 addr, struct rsp_agent *agent)
{
	struct breakpoint *bp;
	unsigned int i, nr = 0;
	size_t used = 0;
	int error = verify_all(m, agent);

	if (!error)
		error = breakpoint_insert(m, vcpu, addr);
	if (error)
		return error;
	bp = breakpoint_at(m, addr);
	for (i = 0; i < agent->nr_conditions; i++)
		keep(bp, &agent->conditions[i], &nr, &used);
	for (i = 0; i < agent->nr_commands; i++)
		keep(bp, &agent->commands[i], &nr, &used);
	bp->nr_conditions = agent->nr_conditions;
	bp->nr_commands = agent->nr_commands;
	return RSP_OK;
}
