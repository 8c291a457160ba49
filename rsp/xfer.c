// SPDX-License-Identifier: GPL-2.0
/*
 * qXfer:OBJECT:read: documents that gdb reads piece by piece. They are written anew for each piece
 * and only the piece is kept, so none needs a buffer. Runs in VMX root and in user-space tests.
 */
#include "commands.h"

static void rsp_xfer_byte(struct rsp_xfer *xfer, u8 byte)
{
	bool wanted = xfer->pos >= xfer->offset && xfer->sent < xfer->length && !xfer->full;

	xfer->pos++;
	if (!wanted)
		return;
	if (rsp_reply_binary(xfer->rsp, byte))
		xfer->sent++;
	else
		xfer->full = true;
}

void rsp_xfer_str(struct rsp_xfer *xfer, const char *s)
{
	while (*s)
		rsp_xfer_byte(xfer, *s++);
}

void rsp_xfer_number(struct rsp_xfer *xfer, unsigned int value)
{
	char buf[12];
	struct rsp_text text = { buf, 0, sizeof(buf) - 1 };

	rsp_text_dec(&text, value);
	buf[text.len] = '\0';
	rsp_xfer_str(xfer, buf);
}

void rsp_xfer_hex(struct rsp_xfer *xfer, u64 value)
{
	char buf[17];
	struct rsp_text text = { buf, 0, sizeof(buf) - 1 };

	rsp_text_hex(&text, value);
	buf[text.len] = '\0';
	rsp_xfer_str(xfer, buf);
}

/* Behind the annex: `:offset,length`. */
static bool rsp_xfer_begin(struct rsp_xfer *xfer, struct rsp *rsp, struct rsp_in *in)
{
	memset(xfer, 0, sizeof(*xfer));
	xfer->rsp = rsp;
	if (!rsp_in_char(in, ':') || !rsp_in_u64(in, &xfer->offset) || !rsp_in_char(in, ',') ||
	    !rsp_in_u64(in, &xfer->length) || !rsp_in_end(in))
		return false;
	rsp_reply_char(rsp, 'm');
	return true;
}

static int rsp_xfer_end(struct rsp_xfer *xfer)
{
	if (xfer->offset > xfer->pos)
		return RSP_EINVAL;
	if (xfer->offset + xfer->sent == xfer->pos)
		xfer->rsp->tx.data[0] = 'l';
	return RSP_OK;
}

int rsp_cmd_xfer_features(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_xfer xfer;

	if (!rsp_in_word(in, "target.xml") || !rsp_xfer_begin(&xfer, rsp, in))
		return RSP_EINVAL;
	rsp_describe(&xfer);
	return rsp_xfer_end(&xfer);
}

/* The annex is empty: process numbers come with multiprocess only. */
int rsp_cmd_xfer_exec_file(struct rsp *rsp, struct rsp_in *in)
{
	const char *path = NULL;
	struct rsp_xfer xfer;

	if (rsp->ops->exec_file)
		path = rsp->ops->exec_file(rsp->target);
	if (!path)
		return RSP_UNKNOWN;
	if (!rsp_xfer_begin(&xfer, rsp, in))
		return RSP_EINVAL;
	rsp_xfer_str(&xfer, path);
	return rsp_xfer_end(&xfer);
}

int rsp_cmd_xfer_frame(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_xfer xfer;

	if (!rsp->ops->trace)
		return RSP_UNKNOWN;
	if (!rsp_in_frame(rsp) || !rsp_xfer_begin(&xfer, rsp, in))
		return RSP_EINVAL;
	rsp_describe_frame(&xfer);
	return rsp_xfer_end(&xfer);
}
