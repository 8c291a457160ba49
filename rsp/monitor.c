// SPDX-License-Identifier: GPL-2.0
/*
 * qRcmd: `monitor why` and `monitor help` are answered here, the rest by the target. The answer is
 * one packet of text. Runs in VMX root and in user-space tests.
 */
#include "commands.h"

static void rsp_monitor_why(struct rsp *rsp, struct rsp_text *out)
{
	rsp->error_unspoken = false;
	if (rsp->stop_why) {
		rsp_text_add(out, "This stop: ");
		rsp_text_add(out, rsp->stop_why);
		rsp_text_add(out, "\n");
	}
	if (!rsp->last_error) {
		rsp_text_add(out, "There was no error in this session.\n");
		return;
	}
	rsp_text_add(out, "E");
	rsp_text_add(out, rsp->last_error < 0x10 ? "0" : "");
	rsp_text_hex(out, rsp->last_error);
	rsp_text_add(out, ": ");
	rsp_text_add(out, rsp_error_text(rsp->last_error));
	rsp_text_add(out, rsp->last_why ? ": " : "");
	rsp_text_add(out, rsp->last_why ? rsp->last_why : "");
	rsp_text_add(out, "\n");
}

static void rsp_monitor_list(struct rsp *rsp, struct rsp_text *out)
{
	rsp_text_add(out, "help [command]  this list, or the lines about one command\n");
	rsp_text_add(out, "why             what the last error was, and why it stopped if a condition failed\n");
	if (rsp->ops->monitor_help)
		rsp->ops->monitor_help(rsp->target, out);
}

static size_t rsp_line_length(const struct rsp_text *text, size_t start)
{
	size_t len = 0;

	while (start + len < text->len && text->buf[start + len++] != '\n')
		;
	return len;
}

/* Keeps the lines that begin with the word; they only move towards the start. */
static void rsp_keep_lines(struct rsp_text *text, const char *word)
{
	size_t start, len, kept = 0, word_len = rsp_strlen(word);

	for (start = 0; start < text->len; start += len) {
		len = rsp_line_length(text, start);
		if (len < word_len || memcmp(text->buf + start, word, word_len))
			continue;
		memmove(text->buf + kept, text->buf + start, len);
		kept += len;
	}
	text->len = kept;
}

static int rsp_monitor_help(struct rsp *rsp, const char *word, struct rsp_text *out)
{
	rsp_monitor_list(rsp, out);
	rsp_keep_lines(out, word);
	return out->len ? RSP_OK : RSP_UNKNOWN;
}

static int rsp_monitor_run(struct rsp *rsp, const char *command, struct rsp_text *out)
{
	int result = RSP_UNKNOWN;

	if (rsp_streq(command, "help"))
		return rsp_monitor_help(rsp, "", out);
	if (rsp_streq(command, "why")) {
		rsp_monitor_why(rsp, out);
		return RSP_OK;
	}
	if (rsp->ops->monitor)
		result = rsp->ops->monitor(rsp->target, command, out);
	if (result == RSP_UNKNOWN && rsp_starts(command, "help "))
		return rsp_monitor_help(rsp, command + 5, out);
	return result;
}

/* Errors are text as well: gdb makes "Protocol error with Rcmd" of an `E` and shows no reason. */
static void rsp_monitor_error(struct rsp *rsp, int result, struct rsp_text *out)
{
	if (result == RSP_UNKNOWN) {
		rsp_text_add(out, "There is no such monitor command; try `monitor help`.\n");
		return;
	}
	rsp->last_error = result;
	rsp->last_why = NULL;
	if (out->len)
		return;
	rsp_text_add(out, "Error: ");
	rsp_text_add(out, rsp_error_text(result));
	rsp_text_add(out, ".\n");
}

int rsp_cmd_monitor(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_text out = { rsp->text, 0, sizeof(rsp->text) };
	size_t len = rsp_in_left(in) / 2;
	int result;

	if (rsp_in_left(in) % 2 || !rsp_in_bytes(in, rsp->rx.data, len))
		return RSP_EINVAL;
	rsp->rx.data[len] = '\0';
	result = rsp_monitor_run(rsp, (const char *)rsp->rx.data, &out);
	if (result != RSP_OK)
		rsp_monitor_error(rsp, result, &out);
	if (!out.len)
		return rsp_reply_ok(rsp);
	rsp_reply_bytes(rsp, out.buf, out.len);
	return RSP_OK;
}
