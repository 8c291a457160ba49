// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints for the fake target: every call is written down as text, and there are three frames
 * to look at. User space only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_target.h"
#include "trace.h"

#define FAKE_FRAMES 3

static int note(void *target, const char *format, ...)
{
	struct fake *f = target;
	size_t len = strlen(f->s.trace);
	va_list args;

	va_start(args, format);
	vsnprintf(f->s.trace + len, sizeof(f->s.trace) - len, format, args);
	va_end(args);
	return f->trace_error;
}

static const char *hex(const u8 *bytes, size_t len)
{
	static char text[2 * RSP_PACKET_SIZE + 1];
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	text[2 * i] = '\0';
	return text;
}

static void fake_trace_init(void *target)
{
	note(target, "init; ");
}

static int fake_define(void *target, struct rsp_tracepoint *p)
{
	p->why = "the tracepoint is odd";
	return note(target, "define %x@%llx %c steps %llx pass %llx if %s; ", p->number,
		    (long long)p->addr, p->enabled ? 'E' : 'D', (long long)p->steps,
		    (long long)p->pass, hex(p->condition, p->condition_len));
}

static int fake_add_action(void *target, unsigned int number, u64 addr, struct rsp_trace_action *a)
{
	const char *when = a->stepping ? "step" : "hit";

	a->why = "the action is odd";
	if (a->kind == RSP_TRACE_REGISTERS)
		return note(target, "%x@%llx %s regs %llx; ", number, (long long)addr, when,
			    (long long)a->mask);
	if (a->kind == RSP_TRACE_MEMORY)
		return note(target, "%x@%llx %s mem %d,%llx,%llx; ", number, (long long)addr, when,
			    a->reg, (long long)a->offset, (long long)a->len);
	return note(target, "%x@%llx %s run %s; ", number, (long long)addr, when,
		    hex(a->code, a->code_len));
}

static int fake_complete(void *target, unsigned int number, u64 addr)
{
	return note(target, "complete %x@%llx; ", number, (long long)addr);
}

static int fake_add_source(void *target, unsigned int number, u64 addr,
			   const struct rsp_trace_source *s)
{
	return note(target, "source %x@%llx %d %llx/%llx %s; ", number, (long long)addr, s->kind,
		    (long long)s->start, (long long)s->total, hex(s->text, s->len));
}

static int fake_define_variable(void *target, const struct rsp_trace_variable *v)
{
	return note(target, "variable %x=%llx %d %s; ", v->number, (long long)v->value, v->builtin,
		    hex(v->name, v->name_len));
}

static int fake_add_constant(void *target, bool first, u64 start, u64 end)
{
	return note(target, "%sconstant %llx,%llx; ", first ? "first " : "", (long long)start,
		    (long long)end);
}

static int fake_start(void *target)
{
	return note(target, "start; ");
}

static void fake_stop_tracing(void *target)
{
	note(target, "stop; ");
}

static int fake_enable(void *target, unsigned int number, u64 addr, bool enabled)
{
	return note(target, "%s %x@%llx; ", enabled ? "enable" : "disable", number,
		    (long long)addr);
}

static int fake_set_option(void *target, unsigned int option, u64 value)
{
	return note(target, "option %u %llx; ", option, (long long)value);
}

static int fake_set_note(void *target, unsigned int which, const u8 *text, size_t len)
{
	return note(target, "note %u %s; ", which, hex(text, len));
}

static void fake_status(void *target, struct rsp_trace_status *status)
{
	*status = ((struct fake *)target)->trace_status;
}

static size_t fake_note(void *target, unsigned int which, const u8 **text)
{
	(void)target;
	*text = (const u8 *)"usernotestop" + 4 * which;
	return 4;
}

static int fake_point_status(void *target, unsigned int number, u64 addr, u64 *hits, u64 *bytes)
{
	(void)target;
	*hits = number;
	*bytes = addr;
	return number == 9 ? RSP_ENOBREAK : RSP_OK;
}

static bool fake_item(void *target, unsigned int index, struct rsp_trace_item *item)
{
	static const u8 code[] = { 0x22, 0x01, 0x27 };
	const struct rsp_trace_item items[] = {
		{ .kind = 'T', .point = { 1, 0x10, true, 2, 3, code, 3, NULL } },
		{ .kind = 'A', .action = { .kind = RSP_TRACE_REGISTERS, .mask = 0xff } },
		{ .kind = 'A',
		  .action = { .kind = RSP_TRACE_MEMORY, .reg = -1, .offset = 5, .len = 6 } },
		{ .kind = 'A',
		  .action = { .kind = RSP_TRACE_MEMORY,
			      .stepping = true,
			      .reg = 7,
			      .offset = -8,
			      .len = 8 } },
		{ .kind = 'A',
		  .action = { .kind = RSP_TRACE_EXPRESSION,
			      .stepping = true,
			      .code = code,
			      .code_len = 3 } },
		{ .kind = 'Z', .source = { RSP_TRACE_CMD, 0, 3, (const u8 *)"end", 3 } },
		{ .kind = 'T', .point = { 2, 0x20, false, 0, 0, NULL, 0, NULL } },
	};

	(void)target;
	if (index >= ARRAY_SIZE(items))
		return false;
	*item = items[index];
	if (item->kind != 'T')
		item->point = items[0].point;
	return true;
}

static bool fake_variable(void *target, unsigned int index, struct rsp_trace_variable *v)
{
	(void)target;
	*v = (struct rsp_trace_variable){ 1 + index, -(u64)index, index, (const u8 *)"ab", 2 };
	return index < 2;
}

/* Frame n is of tracepoint n + 1 and at pc 0x100 * n. */
static bool fake_find(void *target, struct rsp_trace_find *find)
{
	u64 n = find->how == RSP_TRACE_BY_NUMBER ? find->a : find->from;
	bool fits = false;

	note(target, "find %u %llx %llx from %llx; ", find->how, (long long)find->a,
	     (long long)find->b, (long long)find->from);
	for (; n < FAKE_FRAMES && !fits; n += !fits)
		fits = find->how == RSP_TRACE_BY_NUMBER ||
		       (find->how == RSP_TRACE_BY_PC ? find->a == 0x100 * n : find->a == n + 1);
	if (!fits)
		return false;
	find->from = n;
	find->tracepoint = n + 1;
	return true;
}

static int fake_frame_reg(void *target, u64 frame, unsigned int reg, u8 *value)
{
	(void)target;
	if (reg >= 3)
		return RSP_ENOREG;
	memset(value, 0x10 * (frame + 1) + reg, rsp_reg_size(reg));
	return RSP_OK;
}

static int fake_frame_mem(void *target, u64 frame, u64 addr, u8 *buf, size_t len, size_t *done)
{
	(void)target;
	if (addr < 0x1000 || addr >= 0x1010)
		return RSP_EUNMAPPED;
	*done = base_min(len, 0x1010 - addr);
	memset(buf, 0xa0 + frame, *done);
	return RSP_OK;
}

static bool fake_frame_range(void *target, u64 frame, unsigned int index, u64 *addr, u64 *len)
{
	(void)target;
	*addr = 0x1000 + 0x100 * index;
	*len = 0x10;
	return index <= frame;
}

static bool fake_frame_variable(void *target, u64 frame, unsigned int index, unsigned int *number)
{
	(void)target;
	*number = 7;
	return !index && frame;
}

static bool fake_get_variable(void *target, u64 frame, unsigned int number, u64 *value)
{
	(void)target;
	*value = frame == RSP_NO_FRAME ? 0xabc : frame;
	return number == 1;
}

static size_t fake_raw_frames(void *target, u64 offset, u8 *buf, size_t len)
{
	(void)target;
	if (offset >= 0x10000)
		return 0;
	len = base_min(len, 0x10000 - offset);
	memset(buf, 0x77, len);
	return len;
}

static int fake_save(void *target, const u8 *name, size_t len, const char **what_happens)
{
	*what_happens = "somebody writes it";
	return note(target, "save %s; ", hex(name, len));
}

static void *fake_trace_target(void *target)
{
	return target;
}

void fake_init_trace(struct fake *f)
{
	static const struct rsp_trace_ops ops = {
		.init = fake_trace_init,
		.define = fake_define,
		.add_action = fake_add_action,
		.complete = fake_complete,
		.add_source = fake_add_source,
		.define_variable = fake_define_variable,
		.add_constant = fake_add_constant,
		.start = fake_start,
		.stop = fake_stop_tracing,
		.save = fake_save,
		.enable = fake_enable,
		.set_option = fake_set_option,
		.set_note = fake_set_note,
		.status = fake_status,
		.note = fake_note,
		.point_status = fake_point_status,
		.item = fake_item,
		.variable = fake_variable,
		.find = fake_find,
		.frame_reg = fake_frame_reg,
		.frame_mem = fake_frame_mem,
		.frame_range = fake_frame_range,
		.frame_variable = fake_frame_variable,
		.get_variable = fake_get_variable,
		.raw = fake_raw_frames,
	};

	fake_init_agent(f);
	f->ops.trace = &ops;
	f->ops.trace_target = fake_trace_target;
}
