// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints as gdb's packets ask for them: struct rsp_trace_ops over struct tracepoints, with
 * the owner told where breakpoints are to be planted. Runs in VMX root, while all CPUs are halted,
 * and in user space; calls only the operations of struct trace_owner.
 */
#include "tracepoints.h"

static u64 ops_now(struct tracepoints *t)
{
	return t->owner_ops->now(t->owner);
}

static int ops_plant(struct tracepoints *t)
{
	return t->owner_ops->plant(t->owner);
}

static void ops_init(void *target)
{
	struct tracepoints *t = target;

	tracepoints_forget(t);
	ops_plant(t);
}

static int ops_define(void *target, struct rsp_tracepoint *point)
{
	return tracepoints_define(target, point);
}

static int ops_add_action(void *target, unsigned int number, u64 addr,
			  struct rsp_trace_action *action)
{
	return tracepoints_add_action(target, number, addr, action);
}

/* While tracing runs, a new tracepoint takes part from now on. */
static int ops_complete(void *target, unsigned int number, u64 addr)
{
	struct tracepoints *t = target;
	int error = tracepoints_complete(t, number, addr);

	return error || !t->running ? error : ops_plant(t);
}

static int ops_add_source(void *target, unsigned int number, u64 addr,
			  const struct rsp_trace_source *source)
{
	return tracepoints_add_source(target, number, addr, source);
}

static int ops_define_variable(void *target, const struct rsp_trace_variable *variable)
{
	return tracepoints_define_variable(target, variable);
}

static int ops_add_constant(void *target, bool first, u64 start, u64 end)
{
	return tracepoints_add_constant(target, first, start, end);
}

static void ops_stop(void *target)
{
	struct tracepoints *t = target;

	tracepoints_stop(t, RSP_TRACE_STOPPED, 0, ops_now(t));
	ops_plant(t);
}

static int ops_start(void *target)
{
	struct tracepoints *t = target;
	int error = tracepoints_start(t, ops_now(t));

	if (!error)
		error = ops_plant(t);
	if (error)
		ops_stop(t);
	return error;
}

static int ops_enable(void *target, unsigned int number, u64 addr, bool enabled)
{
	struct tracepoints *t = target;
	int error = tracepoints_enable(t, number, addr, enabled);

	return error || !t->running ? error : ops_plant(t);
}

static int ops_set_option(void *target, unsigned int option, u64 value)
{
	return tracepoints_set_option(target, option, value);
}

static int ops_set_note(void *target, unsigned int note, const u8 *text, size_t len)
{
	return tracepoints_set_note(target, note, text, len);
}

static void ops_status(void *target, struct rsp_trace_status *status)
{
	tracepoints_status(target, status);
}

static size_t ops_note(void *target, unsigned int note, const u8 **text)
{
	return tracepoints_note(target, note, text);
}

static int ops_point_status(void *target, unsigned int number, u64 addr, u64 *hits, u64 *bytes)
{
	return tracepoints_point_status(target, number, addr, hits, bytes);
}

static bool ops_item(void *target, unsigned int index, struct rsp_trace_item *item)
{
	return tracepoints_item(target, index, item);
}

static bool ops_variable(void *target, unsigned int index, struct rsp_trace_variable *variable)
{
	return tracepoints_variable(target, index, variable);
}

static bool ops_find(void *target, struct rsp_trace_find *find)
{
	return tracepoints_find(target, find);
}

static int ops_frame_reg(void *target, u64 frame, unsigned int reg, u8 *value)
{
	return tracepoints_frame_reg(target, frame, reg, value);
}

/* What is the same at all times need not have been collected. */
static int ops_frame_mem(void *target, u64 frame, u64 addr, u8 *buf, size_t len, size_t *done)
{
	struct tracepoints *t = target;
	int error = tracepoints_frame_mem(t, frame, addr, buf, len, done);

	if (error && tracepoints_is_constant(t, addr, len))
		error = t->owner_ops->read_mem(t->owner, addr, buf, len, done);
	return error;
}

static bool ops_frame_range(void *target, u64 frame, unsigned int index, u64 *addr, u64 *len)
{
	return tracepoints_frame_range(target, frame, index, addr, len);
}

static bool ops_frame_variable(void *target, u64 frame, unsigned int index, unsigned int *number)
{
	return tracepoints_frame_variable(target, frame, index, number);
}

static bool ops_get_variable(void *target, u64 frame, unsigned int number, u64 *value)
{
	return tracepoints_get_variable(target, frame, number, value);
}

static size_t ops_raw(void *target, u64 offset, u8 *buf, size_t len)
{
	return tracepoints_raw(target, offset, buf, len);
}

static int ops_save(void *target, const u8 *name, size_t len, const char **what_happens)
{
	struct tracepoints *t = target;

	if (t->running)
		return RSP_ETRACERUNS;
	return t->owner_ops->save(t->owner, name, len, what_happens);
}

const struct rsp_trace_ops tracepoints_rsp_ops = {
	.init = ops_init,
	.define = ops_define,
	.add_action = ops_add_action,
	.complete = ops_complete,
	.add_source = ops_add_source,
	.define_variable = ops_define_variable,
	.add_constant = ops_add_constant,
	.start = ops_start,
	.stop = ops_stop,
	.enable = ops_enable,
	.set_option = ops_set_option,
	.set_note = ops_set_note,
	.status = ops_status,
	.note = ops_note,
	.point_status = ops_point_status,
	.item = ops_item,
	.variable = ops_variable,
	.find = ops_find,
	.frame_reg = ops_frame_reg,
	.frame_mem = ops_frame_mem,
	.frame_range = ops_frame_range,
	.frame_variable = ops_frame_variable,
	.get_variable = ops_get_variable,
	.save = ops_save,
	.raw = ops_raw,
};
