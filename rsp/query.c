// SPDX-License-Identifier: GPL-2.0
/*
 * Packets about the session itself: what both sides can do, and its end. Runs in VMX root and in
 * user-space tests.
 */
#include "commands.h"

/* One item of gdb's list; the cursor moves behind its ';'. */
static void rsp_take_feature(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_in item = *in;

	while (!rsp_in_end(in) && *in->p != ';')
		in->p++;
	item.end = in->p;
	rsp_in_char(in, ';');
	if (rsp_in_word(&item, "swbreak+") && rsp_in_end(&item))
		rsp->gdb_swbreak = true;
	else if (rsp_in_word(&item, "hwbreak+") && rsp_in_end(&item))
		rsp->gdb_hwbreak = true;
	else if (rsp_in_word(&item, "error-message+") && rsp_in_end(&item))
		rsp->gdb_error_message = true;
}

int rsp_cmd_supported(struct rsp *rsp, struct rsp_in *in)
{
	const struct rsp_ops *ops = rsp->ops;

	rsp_begin_session(rsp);
	rsp_in_char(in, ':');
	while (!rsp_in_end(in))
		rsp_take_feature(rsp, in);
	rsp_reply_str(rsp, "PacketSize=");
	rsp_reply_number(rsp, RSP_PACKET_SIZE);
	rsp_reply_str(rsp, ";qXfer:features:read+");
	if (ops->exec_file && ops->exec_file(rsp->target))
		rsp_reply_str(rsp, ";qXfer:exec-file:read+");
	rsp_reply_str(rsp, ";vContSupported+;swbreak+;hwbreak+;QStartNoAckMode+");
	if (ops->insert_break_agent)
		rsp_reply_str(rsp, ";ConditionalBreakpoints+;BreakpointCommands+");
	rsp_trace_features(rsp);
	return RSP_OK;
}

/* gdb still acknowledges this reply, or asks for it again. */
int rsp_cmd_no_ack(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp_reply_ok(rsp);
	rsp_send(rsp);
	rsp->no_ack = true;
	return RSP_SILENT;
}

/* The run-time address of the first segment: carries KASLR to a gdb without any script. */
int rsp_cmd_offsets(struct rsp *rsp, struct rsp_in *in)
{
	u64 text = 0;

	(void)in;
	if (rsp->ops->text_address)
		text = rsp->ops->text_address(rsp->target);
	if (!text)
		return RSP_UNKNOWN;
	rsp_reply_str(rsp, "TextSeg=");
	rsp_reply_number(rsp, text);
	return RSP_OK;
}

/* Always: or gdb kills what it debugs when it quits. */
int rsp_cmd_attached(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp_reply_char(rsp, '1');
	return RSP_OK;
}

int rsp_cmd_symbol(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	return rsp_reply_ok(rsp);
}

/* D and vKill: a machine is not killed by its debugger. */
int rsp_cmd_detach(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp->verdict = RSP_DETACH;
	return rsp_reply_ok(rsp);
}

int rsp_cmd_kill(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp->verdict = RSP_DETACH;
	return RSP_SILENT;
}
