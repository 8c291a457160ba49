// SPDX-License-Identifier: GPL-2.0
/*
 * Z and z, with the programs that come with a breakpoint. Runs in VMX root and in user-space tests.
 */
#include "commands.h"

struct rsp_break {
	unsigned int thread, type, kind;
	u64 addr;
};

static int rsp_in_break(struct rsp *rsp, struct rsp_in *in, struct rsp_break *b)
{
	if (!rsp_in_u32(in, &b->type))
		return RSP_EINVAL;
	if (b->type > RSP_WATCH_ACCESS || !rsp->ops->supports_break(rsp->target, b->type))
		return RSP_UNKNOWN;
	if (!rsp_in_char(in, ',') || !rsp_in_u64(in, &b->addr) || !rsp_in_char(in, ',') ||
	    !rsp_in_u32(in, &b->kind))
		return RSP_EINVAL;
	return rsp_general_thread(rsp, &b->thread);
}

/* Behind the `X`: `len,bytes`. The program is left where its digits were. */
static int rsp_in_program(struct rsp_in *in, struct rsp_program *programs, unsigned int *count)
{
	struct rsp_program program;
	u64 len;
	u8 *code;

	if (!rsp_in_u64(in, &len) || !rsp_in_char(in, ',') || !len || len > rsp_in_left(in) / 2)
		return RSP_EINVAL;
	code = in->p;
	if (!rsp_in_bytes(in, code, len))
		return RSP_EINVAL;
	if (*count == RSP_AGENT_MAX)
		return RSP_EPROGRAMS;
	program.code = code;
	program.len = len;
	programs[(*count)++] = program;
	return RSP_OK;
}

static int rsp_in_programs(struct rsp_in *in, struct rsp_program *programs, unsigned int *count)
{
	int error = RSP_OK;

	while (!error && rsp_in_char(in, 'X'))
		error = rsp_in_program(in, programs, count);
	return error;
}

/* `;X…X…;cmds:P,X…`: both parts may be missing, none may be empty. */
static int rsp_in_agent(struct rsp_in *in, struct rsp_agent *agent)
{
	unsigned int persist = 0;
	int error;

	if (!rsp_in_char(in, ';'))
		return RSP_EINVAL;
	error = rsp_in_programs(in, agent->conditions, &agent->nr_conditions);
	if (error || (agent->nr_conditions && rsp_in_end(in)))
		return error;
	if (agent->nr_conditions && !rsp_in_char(in, ';'))
		return RSP_EINVAL;
	if (!rsp_in_word(in, "cmds:") || !rsp_in_u32(in, &persist) || persist > 1 ||
	    !rsp_in_char(in, ','))
		return RSP_EINVAL;
	agent->persist = persist;
	error = rsp_in_programs(in, agent->commands, &agent->nr_commands);
	if (error)
		return error;
	return agent->nr_commands && rsp_in_end(in) ? RSP_OK : RSP_EINVAL;
}

static int rsp_insert_agent(struct rsp *rsp, struct rsp_in *in, const struct rsp_break *b)
{
	struct rsp_agent *agent = &rsp->agent;
	int error = RSP_OK;

	memset(agent, 0, sizeof(*agent));
	if (!rsp_in_end(in))
		error = rsp_in_agent(in, agent);
	if (error)
		return error;
	error = rsp->ops->insert_break_agent(rsp->target, b->thread, b->type, b->addr, b->kind,
					     agent);
	rsp->why = agent->why;
	return error;
}

/* gdb sends programs only to those who said that they run them, and never for watchpoints. */
static int rsp_insert(struct rsp *rsp, struct rsp_in *in, const struct rsp_break *b)
{
	if (b->type <= RSP_BREAK_HARDWARE && rsp->ops->insert_break_agent)
		return rsp_insert_agent(rsp, in, b);
	if (!rsp_in_end(in))
		return RSP_EINVAL;
	return rsp->ops->insert_break(rsp->target, b->thread, b->type, b->addr, b->kind);
}

int rsp_cmd_insert_break(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_break b;
	int error = rsp_in_break(rsp, in, &b);

	if (!error)
		error = rsp_insert(rsp, in, &b);
	return error ? error : rsp_reply_ok(rsp);
}

int rsp_cmd_remove_break(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_break b;
	int error = rsp_in_break(rsp, in, &b);

	if (!error && !rsp_in_end(in))
		error = RSP_EINVAL;
	if (!error)
		error = rsp->ops->remove_break(rsp->target, b.thread, b.type, b.addr, b.kind);
	return error ? error : rsp_reply_ok(rsp);
}
