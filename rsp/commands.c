// SPDX-License-Identifier: GPL-2.0
/*
 * The table of packets, and the way of a packet from its name to its reply. Runs in VMX root and
 * in user-space tests.
 */
#include "commands.h"

enum rsp_command_flags {
	RSP_EXACT = 1, /* nothing may follow the name */
	RSP_READS = 2, /* gdb reports a failed read by itself, and its unwinder fails often */
};

struct rsp_command {
	const char *name;
	int (*run)(struct rsp *rsp, struct rsp_in *in);
	u8 flags;
};

static int rsp_cmd_unknown(struct rsp *rsp, struct rsp_in *in)
{
	(void)rsp;
	(void)in;
	return RSP_UNKNOWN;
}

/* The first row that fits is taken, so longer names stand before their own beginnings. */
static const struct rsp_command rsp_commands[] = {
	{ "?", rsp_cmd_last_stop, RSP_EXACT | RSP_READS },
	{ "g", rsp_cmd_read_registers, RSP_EXACT | RSP_READS },
	{ "G", rsp_cmd_write_registers, 0 },
	{ "p", rsp_cmd_read_register, RSP_READS },
	{ "P", rsp_cmd_write_register, 0 },
	{ "m", rsp_cmd_read_memory, RSP_READS },
	{ "M", rsp_cmd_write_memory, 0 },
	{ "X", rsp_cmd_write_binary, 0 },
	{ "Z", rsp_cmd_insert_break, 0 },
	{ "z", rsp_cmd_remove_break, 0 },
	{ "c", rsp_cmd_continue, 0 },
	{ "C", rsp_cmd_continue_signal, 0 },
	{ "s", rsp_cmd_step, 0 },
	{ "S", rsp_cmd_step_signal, 0 },
	{ "vCont?", rsp_cmd_vcont_query, RSP_EXACT },
	{ "vCont", rsp_cmd_vcont, 0 },
	{ "vKill;", rsp_cmd_detach, 0 },
	{ "vMustReplyEmpty", rsp_cmd_unknown, 0 },
	{ "D", rsp_cmd_detach, 0 },
	{ "k", rsp_cmd_kill, RSP_EXACT },
	{ "H", rsp_cmd_set_thread, 0 },
	{ "T", rsp_cmd_thread_alive, RSP_READS },
	{ "qC", rsp_cmd_current_thread, RSP_EXACT | RSP_READS },
	{ "qfThreadInfo", rsp_cmd_first_threads, RSP_EXACT | RSP_READS },
	{ "qsThreadInfo", rsp_cmd_more_threads, RSP_EXACT | RSP_READS },
	{ "qThreadExtraInfo,", rsp_cmd_thread_info, RSP_READS },
	{ "qSupported", rsp_cmd_supported, 0 },
	{ "QStartNoAckMode", rsp_cmd_no_ack, RSP_EXACT },
	{ "qXfer:features:read:", rsp_cmd_xfer_features, RSP_READS },
	{ "qXfer:exec-file:read:", rsp_cmd_xfer_exec_file, RSP_READS },
	{ "qXfer:traceframe-info:read:", rsp_cmd_xfer_frame, RSP_READS },
	{ "QT", rsp_cmd_trace, 0 },
	{ "qT", rsp_cmd_trace, RSP_READS },
	{ "qOffsets", rsp_cmd_offsets, RSP_EXACT },
	{ "qAttached", rsp_cmd_attached, 0 },
	{ "qSymbol:", rsp_cmd_symbol, 0 },
	{ "qRcmd,", rsp_cmd_monitor, 0 },
	{ "qHvgdb.Event", rsp_cmd_event, RSP_READS },
	{ "qHvgdb.Records", rsp_cmd_records, RSP_EXACT },
};

static const struct rsp_command *rsp_find_command(struct rsp_in *in)
{
	static const struct rsp_command unknown = { "", rsp_cmd_unknown, 0 };
	const struct rsp_command *command;
	struct rsp_in rest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rsp_commands); i++) {
		command = &rsp_commands[i];
		rest = *in;
		if (!rsp_in_word(&rest, command->name))
			continue;
		if ((command->flags & RSP_EXACT) && !rsp_in_end(&rest))
			continue;
		*in = rest;
		return command;
	}
	return &unknown;
}

static void rsp_fail(struct rsp *rsp, const struct rsp_command *command, int error)
{
	rsp->last_error = error;
	rsp->last_why = error == RSP_EPROGRAM ? rsp->why : NULL;
	if (!(command->flags & RSP_READS))
		rsp->error_unspoken = !rsp->gdb_error_message;
	rsp_reply_error(rsp, error, rsp->last_why);
}

enum rsp_verdict rsp_run_packet(struct rsp *rsp)
{
	struct rsp_in in = { rsp->rx.data, rsp->rx.data + rsp->rx.len };
	const struct rsp_command *command = rsp_find_command(&in);
	int result = rsp->rx.error;

	rsp->verdict = RSP_NOTHING;
	rsp->why = NULL;
	rsp_reply_begin(rsp);
	if (!result)
		result = command->run(rsp, &in);
	if (!result && rsp->tx.cut)
		result = RSP_ETOOLONG;
	if (result == RSP_UNKNOWN)
		rsp_reply_begin(rsp);
	else if (result > 0)
		rsp_fail(rsp, command, result);
	if (result != RSP_SILENT)
		rsp_send(rsp);
	return rsp->verdict;
}
