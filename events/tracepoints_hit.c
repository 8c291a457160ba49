// SPDX-License-Identifier: GPL-2.0
/*
 * A tracepoint is hit: condition, actions, pass count. Runs in VMX root, on any number of CPUs at
 * once, and in user space; calls only the operations of struct trace_ops.
 */
#include "tracepoints.h"
#include "tracepoints_record.h"

/* Guest memory is read in parts that do not cross a boundary of this. */
#define TRACE_CHUNK 64

/* What the programs of one hit work on. */
struct trace_run {
	struct tracepoints *t;
	struct trace_point *point;
	const struct trace_hit *hit;
	struct trace_ring *ring;
};

/* One that is wider than a value cannot be computed with, but it can be collected. */
static enum expr_result trace_read_reg(void *ctx, unsigned int reg, u64 *value)
{
	struct trace_run *run = ctx;
	const struct trace_hit *hit = run->hit;
	unsigned int size = reg < RSP_NR_REGS ? run->t->reg_size(reg) : 0;
	u8 bytes[RSP_REG_MAX];
	enum expr_result result;

	if (!size || size > sizeof(*value))
		return EXPR_NO_REGISTER;
	result = hit->ops->read_reg(hit->ctx, reg, bytes);
	*value = 0;
	if (!result)
		memcpy(value, bytes, size);
	return result;
}

static enum expr_result trace_read_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	const struct trace_hit *hit = ((struct trace_run *)ctx)->hit;

	return hit->ops->read_mem(hit->ctx, addr, buf, len);
}

static enum expr_result trace_get_var(void *ctx, unsigned int var, u64 *value)
{
	return tracepoints_get(((struct trace_run *)ctx)->t, var, value);
}

static enum expr_result trace_set_var(void *ctx, unsigned int var, u64 value)
{
	return tracepoints_set(((struct trace_run *)ctx)->t, var, value);
}

/* One block, up to what cannot be read; *len becomes what was. */
static enum expr_result trace_collect_block(struct trace_run *run, u64 addr, size_t *len)
{
	enum expr_result result = EXPR_OK;
	u8 chunk[TRACE_CHUNK];
	size_t done = 0, part;

	trace_block_begin(run->ring, TRACE_MEMORY);
	while (done < *len && !run->ring->full) {
		part = TRACE_CHUNK - ((addr + done) & (TRACE_CHUNK - 1));
		part = base_min(part, *len - done);
		result = trace_read_mem(run, addr + done, chunk, part);
		if (result)
			break;
		trace_block_add(run->ring, chunk, part);
		done += part;
	}
	trace_block_end(run->ring, addr);
	*len = done;
	return run->ring->full ? EXPR_FULL : result;
}

static enum expr_result trace_collect(void *ctx, u64 addr, size_t len)
{
	enum expr_result result = EXPR_OK;
	size_t part;

	while (len && !result) {
		part = base_min(len, TRACE_BLOCK);
		result = trace_collect_block(ctx, addr, &part);
		addr += part;
		len -= part;
	}
	return result;
}

static enum expr_result trace_collect_var(void *ctx, unsigned int var)
{
	struct trace_run *run = ctx;
	enum expr_result result;
	u64 value;

	result = tracepoints_get(run->t, var, &value);
	if (result)
		return result;
	trace_block_begin(run->ring, TRACE_VALUE);
	trace_block_add(run->ring, &value, sizeof(value));
	trace_block_end(run->ring, var);
	return run->ring->full ? EXPR_FULL : EXPR_OK;
}

static enum expr_result trace_run_program(struct trace_run *run, const u8 *code, size_t len,
					  u64 *value)
{
	static const struct expr_ops ops = {
		.read_reg = trace_read_reg,
		.read_mem = trace_read_mem,
		.get_var = trace_get_var,
		.set_var = trace_set_var,
		.collect = trace_collect,
		.collect_var = trace_collect_var,
	};
	const struct expr_env env = { .ops = &ops, .ctx = run, .machine = run->hit->machine };

	return expr_run(code, len, &env, value);
}

static enum expr_result trace_collect_registers(struct trace_run *run, u64 mask)
{
	const struct trace_hit *hit = run->hit;
	u8 value[RSP_REG_MAX];
	unsigned int reg;
	u64 there = 0;

	trace_block_begin(run->ring, TRACE_REGS);
	for (reg = 0; reg < RSP_NR_REGS; reg++) {
		if (!(mask & BIT64(reg)) || hit->ops->read_reg(hit->ctx, reg, value))
			continue;
		trace_block_add(run->ring, value, run->t->reg_size(reg));
		there |= BIT64(reg);
	}
	trace_block_end(run->ring, there);
	return run->ring->full ? EXPR_FULL : EXPR_OK;
}

static enum expr_result trace_collect_memory(struct trace_run *run,
					     const struct trace_record *record)
{
	enum expr_result result;
	u64 base = 0;

	if (record->reg >= 0) {
		result = trace_read_reg(run, record->reg, &base);
		if (result)
			return result;
	}
	if (record->b > EXPR_COLLECT_MAX)
		return EXPR_TOO_LONG;
	return trace_collect(run, base + record->a, record->b);
}

static enum expr_result trace_act(struct trace_run *run, const struct trace_record *record,
				  const u8 *code)
{
	u64 value;

	switch (record->kind) {
	case RSP_TRACE_REGISTERS:
		return trace_collect_registers(run, record->a);
	case RSP_TRACE_MEMORY:
		return trace_collect_memory(run, record);
	default:
		return trace_run_program(run, code, record->len, &value);
	}
}

void tracepoints_failed(struct trace_point *point, enum expr_result why)
{
	__atomic_fetch_add(&point->errors, 1, __ATOMIC_RELAXED);
	point->last_error = why;
}

/* What cannot be collected is missing in the frame; it is no reason to miss the rest. */
static void trace_make_frame(struct trace_run *run, bool stepping)
{
	const struct trace_hit *hit = run->hit;
	struct trace_record record;
	enum expr_result result;
	const u8 *code;
	u32 place;

	trace_begin(run->ring, run->point->number, hit->tsc, hit->pc);
	place = run->point->first;
	for (; trace_record_get(run->t, place, &record, &code); place = record.next) {
		if (record.what != TRACE_ACTION || record.stepping != stepping)
			continue;
		result = trace_act(run, &record, code);
		if (result && result != EXPR_FULL)
			tracepoints_failed(run->point, result);
	}
	if (trace_end(run->ring))
		__atomic_fetch_add(&run->point->bytes, run->ring->last, __ATOMIC_RELAXED);
	else
		tracepoints_stop(run->t, RSP_TRACE_FULL, 0, hit->now);
}

static bool trace_wanted(struct trace_run *run)
{
	const struct trace_point *point = run->point;
	enum expr_result result;
	u64 value;

	if (!point->condition)
		return true;
	result = trace_run_program(run, run->t->pool + point->condition - 1, point->condition_len,
				   &value);
	if (result)
		tracepoints_failed(run->point, result);
	return result || value;
}

static bool trace_runs(struct tracepoints *t, const struct trace_hit *hit)
{
	return __atomic_load_n(&t->running, __ATOMIC_ACQUIRE) && hit->cpu < t->buffer.cpus;
}

static void trace_passed(struct trace_run *run)
{
	const struct trace_point *point = run->point;

	if (point->pass && point->hits >= point->pass)
		tracepoints_stop(run->t, RSP_TRACE_PASSED, point->number, run->hit->now);
}

/* Condition, frame, counters. True if steps are to follow. */
static bool trace_take(struct trace_run *run, bool steps)
{
	struct trace_point *point = run->point;
	u64 hits;

	run->ring = &run->t->buffer.rings[run->hit->cpu];
	if (!trace_wanted(run))
		return false;
	hits = __atomic_add_fetch(&point->hits, 1, __ATOMIC_RELAXED);
	if (point->pass && hits > point->pass)
		return false;
	trace_make_frame(run, false);
	if (!steps)
		trace_passed(run);
	return steps && trace_runs(run->t, run->hit);
}

u64 tracepoints_hit(struct tracepoints *t, struct trace_point *point, const struct trace_hit *hit)
{
	struct trace_run run = { t, point, hit, NULL };

	if (!trace_runs(t, hit) || !point->enabled || !point->complete)
		return 0;
	return trace_take(&run, point->steps) ? point->steps : 0;
}

void tracepoints_event(struct tracepoints *t, struct trace_point *point,
		       const struct trace_hit *hit)
{
	struct trace_run run = { t, point, hit, NULL };

	if (trace_runs(t, hit) && point->complete)
		trace_take(&run, false);
}

bool tracepoints_step(struct tracepoints *t, struct trace_point *point, const struct trace_hit *hit,
		      u64 left)
{
	struct trace_run run = { t, point, hit, NULL };

	if (!trace_runs(t, hit))
		return false;
	run.ring = &t->buffer.rings[hit->cpu];
	trace_make_frame(&run, true);
	if (!left)
		trace_passed(&run);
	return trace_runs(t, hit);
}
