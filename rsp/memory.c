// SPDX-License-Identifier: GPL-2.0
/*
 * m, M and X. The bytes pass through the receive buffer, whose packet is parsed by then. Runs in
 * VMX root and in user-space tests.
 */
#include "commands.h"

#define RSP_READ_MAX (RSP_PACKET_SIZE / 2)

struct rsp_range {
	unsigned int thread;
	u64 addr, len;
};

static int rsp_in_range(struct rsp *rsp, struct rsp_in *in, struct rsp_range *range)
{
	if (!rsp_in_u64(in, &range->addr) || !rsp_in_char(in, ',') || !rsp_in_u64(in, &range->len))
		return RSP_EINVAL;
	return rsp_general_thread(rsp, &range->thread);
}

/* How much of the range lies below the end of the address space. */
static u64 rsp_range_room(const struct rsp_range *range)
{
	return range->addr ? base_min(range->len, -range->addr) : range->len;
}

int rsp_cmd_read_memory(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_range range;
	size_t len, done = 0;
	int error = rsp_in_range(rsp, in, &range);

	if (error || !rsp_in_end(in))
		return error ? error : RSP_EINVAL;
	len = base_min(rsp_range_room(&range), RSP_READ_MAX);
	error = rsp_read_mem(rsp, range.thread, range.addr, rsp->rx.data, len, &done);
	if (error)
		return error;
	rsp_reply_bytes(rsp, rsp->rx.data, base_min(done, len));
	return RSP_OK;
}

/* Length zero is gdb's question whether X is known: it must touch nothing. */
static int rsp_write(struct rsp *rsp, const struct rsp_range *range, const u8 *bytes)
{
	int error = RSP_OK;

	if (range->len != rsp_range_room(range))
		return RSP_EINVAL;
	if (range->len && rsp_in_frame(rsp))
		return RSP_EBUSY;
	if (range->len)
		error = rsp->ops->write_mem(rsp->target, range->thread, range->addr, bytes,
					    range->len);
	return error ? error : rsp_reply_ok(rsp);
}

int rsp_cmd_write_memory(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_range range;
	int error = rsp_in_range(rsp, in, &range);

	if (error)
		return error;
	if (!rsp_in_char(in, ':') || rsp_in_left(in) % 2 || rsp_in_left(in) / 2 != range.len)
		return RSP_EINVAL;
	if (!rsp_in_bytes(in, rsp->rx.data, range.len))
		return RSP_EINVAL;
	return rsp_write(rsp, &range, rsp->rx.data);
}

int rsp_cmd_write_binary(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_range range;
	int error = rsp_in_range(rsp, in, &range);

	if (error)
		return error;
	if (!rsp_in_char(in, ':') || rsp_in_left(in) != range.len)
		return RSP_EINVAL;
	return rsp_write(rsp, &range, in->p);
}
