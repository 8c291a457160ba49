// SPDX-License-Identifier: GPL-2.0
/*
 * Z and z. Runs in VMX root and in user-space tests.
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
	    !rsp_in_u32(in, &b->kind) || !rsp_in_end(in))
		return RSP_EINVAL;
	return rsp_general_thread(rsp, &b->thread);
}

static int rsp_change_break(struct rsp *rsp, struct rsp_in *in, bool insert)
{
	struct rsp_break b;
	int error = rsp_in_break(rsp, in, &b);

	if (error)
		return error;
	error = (insert ? rsp->ops->insert_break : rsp->ops->remove_break)(rsp->target, b.thread,
									   b.type, b.addr, b.kind);
	return error ? error : rsp_reply_ok(rsp);
}

int rsp_cmd_insert_break(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_change_break(rsp, in, true);
}

int rsp_cmd_remove_break(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_change_break(rsp, in, false);
}
