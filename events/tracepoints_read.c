// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at what was collected: finding frames, what is in one, and the frames as bytes of gdb's
 * trace files. Runs in VMX root, while all CPUs are halted, and in user space; calls nothing.
 */
#include "tracepoints.h"

static bool trace_fits(const struct rsp_trace_find *find, const struct trace_frame *frame)
{
	bool inside = frame->pc >= find->a && frame->pc <= find->b;

	switch (find->how) {
	case RSP_TRACE_BY_PC:
		return frame->pc == find->a;
	case RSP_TRACE_BY_POINT:
		return frame->point == find->a;
	case RSP_TRACE_INSIDE:
		return inside;
	case RSP_TRACE_OUTSIDE:
		return !inside;
	default:
		return true;
	}
}

bool tracepoints_find(struct tracepoints *t, struct rsp_trace_find *find)
{
	u64 number = find->how == RSP_TRACE_BY_NUMBER ? find->a : find->from;
	struct trace_frame frame;

	while (trace_find(&t->buffer, number, &frame)) {
		if (trace_fits(find, &frame)) {
			find->from = number;
			find->tracepoint = frame.point;
			return true;
		}
		number++;
	}
	return false;
}

/* The index-th block of a kind in a frame. */
static bool trace_block_of(struct tracepoints *t, const struct trace_frame *frame, u8 kind,
			   unsigned int index, struct trace_block *block)
{
	memset(block, 0, sizeof(*block));
	while (trace_next_block(&t->buffer, frame, block))
		if (block->kind == kind && !index--)
			return true;
	return false;
}

/* Where a register lies among those of the mask; false if it is none of them. */
static bool trace_reg_offset(const struct tracepoints *t, u64 mask, unsigned int reg, u32 *offset)
{
	unsigned int i;

	for (*offset = 0, i = 0; i < reg; i++)
		if (mask & BIT64(i))
			*offset += t->reg_size(i);
	return mask & BIT64(reg);
}

static void trace_give_pc(u64 pc, u8 *value)
{
	memcpy(value, &pc, sizeof(pc));
}

static bool trace_frame_reg(struct tracepoints *t, const struct trace_frame *frame,
			    unsigned int reg, u8 *value)
{
	struct trace_block block;
	unsigned int i;
	u32 offset;

	for (i = 0; trace_block_of(t, frame, TRACE_REGS, i, &block); i++) {
		if (!trace_reg_offset(t, block.key, reg, &offset))
			continue;
		trace_copy(&t->buffer, frame, &block, offset, value, t->reg_size(reg));
		return true;
	}
	if (reg == RSP_RIP)
		trace_give_pc(frame->pc, value);
	return reg == RSP_RIP;
}

/* gdb needs to know where a frame was even if no register was collected. */
int tracepoints_frame_reg(struct tracepoints *t, u64 number, unsigned int reg, u8 *value)
{
	struct trace_frame frame;

	if (!trace_find(&t->buffer, number, &frame) || !trace_frame_reg(t, &frame, reg, value))
		return RSP_ENOREG;
	return RSP_OK;
}

static size_t trace_frame_part(struct tracepoints *t, const struct trace_frame *frame, u64 addr,
			       u8 *buf, size_t len)
{
	struct trace_block block;
	unsigned int i;
	u64 offset;

	for (i = 0; trace_block_of(t, frame, TRACE_MEMORY, i, &block); i++) {
		offset = addr - block.key;
		if (offset >= block.len)
			continue;
		len = base_min(len, block.len - offset);
		trace_copy(&t->buffer, frame, &block, offset, buf, len);
		return len;
	}
	return 0;
}

int tracepoints_frame_mem(struct tracepoints *t, u64 number, u64 addr, u8 *buf, size_t len,
			  size_t *done)
{
	struct trace_frame frame;
	size_t part = len;

	*done = 0;
	if (!trace_find(&t->buffer, number, &frame))
		return RSP_EUNMAPPED;
	while (*done < len && part) {
		part = trace_frame_part(t, &frame, addr + *done, buf + *done, len - *done);
		*done += part;
	}
	return *done || !len ? RSP_OK : RSP_EUNMAPPED;
}

bool tracepoints_frame_range(struct tracepoints *t, u64 number, unsigned int index, u64 *addr,
			     u64 *len)
{
	struct trace_frame frame;
	struct trace_block block;

	if (!trace_find(&t->buffer, number, &frame) ||
	    !trace_block_of(t, &frame, TRACE_MEMORY, index, &block))
		return false;
	*addr = block.key;
	*len = block.len;
	return true;
}

bool tracepoints_frame_variable(struct tracepoints *t, u64 number, unsigned int index,
				unsigned int *variable)
{
	struct trace_frame frame;
	struct trace_block block;

	if (!trace_find(&t->buffer, number, &frame) ||
	    !trace_block_of(t, &frame, TRACE_VALUE, index, &block))
		return false;
	*variable = block.key;
	return true;
}

bool tracepoints_get_variable(struct tracepoints *t, u64 number, unsigned int variable, u64 *value)
{
	struct trace_frame frame;
	struct trace_block block;
	unsigned int i;

	if (number == RSP_NO_FRAME)
		return tracepoints_get(t, variable, value) == EXPR_OK;
	if (!trace_find(&t->buffer, number, &frame))
		return false;
	for (i = 0; trace_block_of(t, &frame, TRACE_VALUE, i, &block); i++) {
		if (block.key != variable)
			continue;
		trace_copy(&t->buffer, &frame, &block, 0, value, sizeof(*value));
		return true;
	}
	return false;
}

/* The part of the file that is wanted, cut out while the file is being written. */
struct trace_raw {
	struct tracepoints *t;
	const struct trace_frame *frame;
	u64 pos;  /* in the file */
	u64 from; /* what is wanted begins there */
	u8 *buf;
	size_t len, done;
};

/* How much of the next len bytes comes before the part that is wanted. */
static u64 trace_raw_skip(const struct trace_raw *raw, u64 len)
{
	return raw->pos < raw->from ? base_min(len, raw->from - raw->pos) : 0;
}

static void trace_raw_put(struct trace_raw *raw, const void *bytes, u64 len)
{
	u64 skip = trace_raw_skip(raw, len);
	size_t part = base_min(len - skip, raw->len - raw->done);

	memcpy(raw->buf + raw->done, (const u8 *)bytes + skip, part);
	raw->done += part;
	raw->pos += len;
}

static void trace_raw_block(struct trace_raw *raw, const struct trace_block *block)
{
	u64 skip = trace_raw_skip(raw, block->len);
	size_t part = base_min(block->len - skip, raw->len - raw->done);

	trace_copy(&raw->t->buffer, raw->frame, block, skip, raw->buf + raw->done, part);
	raw->done += part;
	raw->pos += block->len;
}

static void trace_raw_memory(struct trace_raw *raw, const struct trace_block *block)
{
	u16 len = block->len;

	trace_raw_put(raw, "M", 1);
	trace_raw_put(raw, &block->key, 8);
	trace_raw_put(raw, &len, 2);
	trace_raw_block(raw, block);
}

static void trace_raw_value(struct trace_raw *raw, const struct trace_block *block)
{
	u32 number = block->key;

	trace_raw_put(raw, "V", 1);
	trace_raw_put(raw, &number, 4);
	trace_raw_block(raw, block);
}

/* The file has all registers or none; zero stands for those that were not collected. */
static void trace_raw_registers(struct trace_raw *raw)
{
	u8 value[RSP_REG_MAX];
	unsigned int reg;

	trace_raw_put(raw, "R", 1);
	for (reg = 0; reg < RSP_NR_REGS; reg++) {
		memset(value, 0, sizeof(value));
		trace_frame_reg(raw->t, raw->frame, reg, value);
		trace_raw_put(raw, value, raw->t->reg_size(reg));
	}
}

static u32 trace_regs_size(const struct tracepoints *t)
{
	unsigned int reg;
	u32 size = 1;

	for (reg = 0; reg < RSP_NR_REGS; reg++)
		size += t->reg_size(reg);
	return size;
}

static u32 trace_raw_size(struct trace_raw *raw)
{
	struct trace_block block = { 0 };
	u32 size = trace_regs_size(raw->t);

	while (trace_next_block(&raw->t->buffer, raw->frame, &block))
		if (block.kind != TRACE_REGS)
			size += block.len + (block.kind == TRACE_MEMORY ? 11 : 5);
	return size;
}

static void trace_raw_frame(struct trace_raw *raw)
{
	struct trace_block block = { 0 };
	u32 size = trace_raw_size(raw);

	trace_raw_put(raw, &raw->frame->point, 2);
	trace_raw_put(raw, &size, 4);
	/* Wholly before what is wanted: the next one, without looking at the bytes. */
	if (raw->pos + size <= raw->from) {
		raw->pos += size;
		return;
	}
	trace_raw_registers(raw);
	while (trace_next_block(&raw->t->buffer, raw->frame, &block)) {
		if (block.kind == TRACE_MEMORY)
			trace_raw_memory(raw, &block);
		else if (block.kind == TRACE_VALUE)
			trace_raw_value(raw, &block);
	}
}

/* gdb reads the file from its beginning to its end: the frame reached last is a good place to go
 * on. */
static void trace_raw_begin(struct tracepoints *t, u64 offset)
{
	struct trace_usage usage;

	trace_buffer_usage(&t->buffer, &usage);
	if (offset >= t->raw_offset && usage.created + usage.lost == t->raw_created)
		return;
	t->raw_created = usage.created + usage.lost;
	t->raw_number = 0;
	t->raw_offset = 0;
}

size_t tracepoints_raw(struct tracepoints *t, u64 offset, u8 *buf, size_t len)
{
	struct trace_raw raw = { .t = t, .from = offset, .buf = buf, .len = len };
	struct trace_frame frame;
	u64 number;

	trace_raw_begin(t, offset);
	raw.frame = &frame;
	raw.pos = t->raw_offset;
	number = t->raw_number;
	while (raw.done < len && trace_find(&t->buffer, number, &frame)) {
		t->raw_number = number++;
		t->raw_offset = raw.pos;
		trace_raw_frame(&raw);
	}
	return raw.done;
}
