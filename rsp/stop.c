// SPDX-License-Identifier: GPL-2.0
/*
 * Stop replies. With the thread, the reason and the three registers that gdb looks at after every
 * stop, it need not ask for the whole register file. Runs in VMX root and in user-space tests.
 */
#include "commands.h"

static void rsp_stop_reason(struct rsp *rsp, const struct rsp_stop *stop)
{
	if (stop->kind == RSP_STOP_SWBREAK && rsp->gdb_swbreak)
		rsp_reply_str(rsp, "swbreak:;");
	if (stop->kind == RSP_STOP_HWBREAK && rsp->gdb_hwbreak)
		rsp_reply_str(rsp, "hwbreak:;");
	if (stop->kind != RSP_STOP_WATCH)
		return;
	if (stop->watch == RSP_WATCH_READ)
		rsp_reply_char(rsp, 'r');
	else if (stop->watch == RSP_WATCH_ACCESS)
		rsp_reply_char(rsp, 'a');
	rsp_reply_str(rsp, "watch:");
	rsp_reply_number(rsp, stop->addr);
	rsp_reply_char(rsp, ';');
}

static void rsp_stop_register(struct rsp *rsp, unsigned int thread, unsigned int reg)
{
	u8 value[RSP_REG_MAX], number = reg;

	if (rsp->ops->read_reg(rsp->target, thread, reg, value))
		return;
	rsp_reply_bytes(rsp, &number, 1);
	rsp_reply_char(rsp, ':');
	rsp_reply_bytes(rsp, value, rsp_reg_size(reg));
	rsp_reply_char(rsp, ';');
}

static void rsp_reply_stop(struct rsp *rsp, const struct rsp_stop *stop)
{
	rsp_reply_char(rsp, 'T');
	rsp_reply_bytes(rsp, &stop->signal, 1);
	rsp_reply_str(rsp, "thread:");
	rsp_reply_number(rsp, stop->thread);
	rsp_reply_char(rsp, ';');
	rsp_stop_reason(rsp, stop);
	rsp_stop_register(rsp, stop->thread, RSP_RBP);
	rsp_stop_register(rsp, stop->thread, RSP_RSP);
	rsp_stop_register(rsp, stop->thread, RSP_RIP);
}

/* gdb takes the thread of a stop reply as selected and does not send Hg for it. */
void rsp_send_stop(struct rsp *rsp)
{
	struct rsp_stop stop;

	rsp->ops->last_stop(rsp->target, &stop);
	rsp->general_thread = stop.thread;
	rsp->just_interrupted = stop.signal == RSP_SIGINT;
	rsp_reply_begin(rsp);
	rsp_reply_stop(rsp, &stop);
	rsp_send(rsp);
}

/* Scripts repeat it to read the stop again, so Hg and the breakpoints stay as they are. */
int rsp_cmd_last_stop(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_stop stop;

	(void)in;
	rsp->ops->last_stop(rsp->target, &stop);
	rsp_reply_stop(rsp, &stop);
	return RSP_OK;
}
