// SPDX-License-Identifier: GPL-2.0
/* Tracepoints: definitions, hits, and what is found in the frames. User space only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr_fake.h"
#include "tracepoints.h"

#define CPUS  2
#define RING  0x4000
#define WHERE 0xffffffff81000100ull
#define PAGE  EXPR_FAKE_PAGE

static struct tracepoints t;
static struct trace_ring rings[CPUS];
static u8 memory[CPUS][RING], pool[0x2000];
static struct expr_fake fake;
static unsigned int planted, plant_error;
static u64 now, tsc;

/* As in the description: 80-bit ones among those of 64. */
static unsigned int reg_size(unsigned int reg)
{
	return reg == EXPR_FAKE_NO_REG ? 10 : 8;
}

static enum expr_result read_reg(void *ctx, unsigned int reg, u8 *value)
{
	(void)ctx;
	if (reg == RSP_ST0 + 1)
		return EXPR_NO_REGISTER;
	memset(value, 0x5a, reg_size(reg));
	memcpy(value, &fake.regs[reg], 8);
	return EXPR_OK;
}

static enum expr_result read_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	(void)ctx;
	return fake.env.ops->read_mem(&fake, addr, buf, len);
}

static int plant(void *owner)
{
	struct trace_point *p;

	(void)owner;
	for (planted = 0, p = t.points; p < t.points + t.nr_points; p++)
		planted += tracepoints_wanted(&t, p);
	return plant_error;
}

static u64 get_now(void *owner)
{
	(void)owner;
	return ++now;
}

static int read_constant(void *owner, u64 addr, u8 *buf, size_t len, size_t *done)
{
	(void)owner;
	(void)addr;
	memset(buf, 0xcc, len);
	*done = len;
	return RSP_OK;
}

static int save(void *owner, const u8 *name, size_t len, const char **what_happens)
{
	(void)owner;
	*what_happens = "it is written";
	return len == 1 && *name == 'x' ? RSP_OK : RSP_ETOOLONG;
}

static const struct rsp_trace_ops *const ops = &tracepoints_rsp_ops;

static void start(void)
{
	static const struct trace_owner owner = { plant, get_now, read_constant, save };
	unsigned int cpu;

	expr_fake_init(&fake);
	for (cpu = 0; cpu < CPUS; cpu++)
		trace_ring_init(&rings[cpu], memory[cpu], RING);
	tracepoints_init(&t, rings, CPUS, pool, sizeof(pool), reg_size);
	t.owner_ops = &owner;
	plant_error = 0;
	now = 0;
	tsc = 0;
}

static int define(unsigned int number, const char *condition, u64 steps, u64 pass)
{
	struct rsp_tracepoint point = { .number = number, .addr = WHERE + number, .enabled = true };
	u8 code[256];

	point.steps = steps;
	point.pass = pass;
	point.condition = code;
	if (condition)
		point.condition_len = expr_assemble(code, sizeof(code), condition);
	return ops->define(&t, &point);
}

static int collect(unsigned int number, bool stepping, const char *program)
{
	struct rsp_trace_action action = { .kind = RSP_TRACE_EXPRESSION, .stepping = stepping };
	u8 code[256];

	action.code = code;
	action.code_len = expr_assemble(code, sizeof(code), program);
	return ops->add_action(&t, number, WHERE + number, &action);
}

static int collect_regs(unsigned int number, bool stepping, u64 mask)
{
	struct rsp_trace_action action = { .stepping = stepping, .mask = mask };

	return ops->add_action(&t, number, WHERE + number, &action);
}

static int collect_memory(unsigned int number, int reg, u64 offset, u64 len)
{
	struct rsp_trace_action action = { .kind = RSP_TRACE_MEMORY, .reg = reg };

	action.offset = offset;
	action.len = len;
	return ops->add_action(&t, number, WHERE + number, &action);
}

static void define_variable(unsigned int number, u64 value)
{
	const struct rsp_trace_variable v = { number, value, false, (const u8 *)"n", 1 };

	assert_int_equal(ops->define_variable(&t, &v), RSP_OK);
}

static void go(void)
{
	unsigned int i;

	for (i = 0; i < t.nr_points; i++)
		assert_int_equal(ops->complete(&t, t.points[i].number, t.points[i].addr), RSP_OK);
	assert_int_equal(ops->start(&t), RSP_OK);
}

static struct trace_hit make_hit(unsigned int cpu, u64 pc)
{
	static const struct trace_ops trace_ops = { read_reg, read_mem };
	struct trace_hit hit = { &trace_ops, NULL, &fake.machine, cpu, ++tsc, pc, ++now };

	return hit;
}

static u64 hit(unsigned int cpu, unsigned int number)
{
	const struct trace_hit h = make_hit(cpu, WHERE + number);

	return tracepoints_hit(&t, tracepoints_lookup(&t, number, ~0ull), &h);
}

static u64 frames(void)
{
	struct rsp_trace_status status;

	ops->status(&t, &status);
	return status.frames;
}

static u64 frame_reg(u64 frame, unsigned int reg)
{
	u8 value[RSP_REG_MAX] = { 0 };
	u64 number;

	if (ops->frame_reg(&t, frame, reg, value))
		return 0xdead;
	memcpy(&number, value, 8);
	return number;
}

static void test_registers(void **state)
{
	u8 wide[RSP_REG_MAX];

	(void)state;
	start();
	define(1, NULL, 0, 0);
	collect_regs(1, false, BIT64(3) | BIT64(5) | BIT64(RSP_ST0) | BIT64(RSP_ST0 + 1));
	collect_regs(1, false, BIT64(7) | BIT64(60)); /* no such register */
	define(2, NULL, 0, 0);
	go();
	assert_int_equal(hit(0, 1), 0);
	assert_int_equal(hit(1, 2), 0);
	assert_int_equal(frame_reg(0, 3), fake.regs[3]);
	assert_int_equal(frame_reg(0, 5), fake.regs[5]);
	assert_int_equal(frame_reg(0, 7), fake.regs[7]);
	assert_int_equal(frame_reg(0, 4), 0xdead);
	assert_int_equal(frame_reg(0, RSP_ST0 + 1), 0xdead);
	assert_int_equal(frame_reg(0, RSP_RIP), WHERE + 1);
	assert_int_equal(frame_reg(1, RSP_RIP), WHERE + 2);
	assert_int_equal(frame_reg(1, 3), 0xdead);
	assert_int_equal(frame_reg(2, RSP_RIP), 0xdead);
	assert_int_equal(ops->frame_reg(&t, 0, RSP_ST0, wide), RSP_OK);
	assert_int_equal(wide[9], 0x5a);
}

static void check_range(unsigned int index, u64 addr, u64 len)
{
	u64 a = 0, l = 0;

	assert_true(ops->frame_range(&t, 0, index, &a, &l));
	assert_int_equal(a, addr);
	assert_int_equal(l, len);
}

static void test_memory(void **state)
{
	struct trace_point *p;
	u8 buf[300];
	size_t done;
	u64 a, l;

	(void)state;
	start();
	fake.regs[2] = PAGE + 100;
	define(1, NULL, 0, 0);
	collect_memory(1, 2, -4, 8);
	collect_memory(1, -1, PAGE + 104, 150);
	collect_memory(1, -1, PAGE + 0xff0, 64); /* its end is not mapped */
	collect_memory(1, -1, 0x10, 8);
	collect_memory(1, EXPR_FAKE_NO_REG, 0, 8); /* no base that can be computed with */
	collect_memory(1, -1, PAGE, EXPR_COLLECT_MAX + 1);
	collect(1, false, "const64 0xffff888000001300 const8 4 trace end");
	collect(1, false, "const8 0 const8 0 div_signed end");
	go();
	hit(0, 1);
	check_range(0, PAGE + 96, 8);
	check_range(1, PAGE + 104, 150);
	check_range(2, PAGE + 0xfc0 + 0x30, 0x10);
	check_range(3, PAGE + 0x300, 4);
	assert_false(ops->frame_range(&t, 0, 4, &a, &l));
	p = tracepoints_lookup(&t, 1, WHERE + 1);
	assert_int_equal(p->errors, 5);
	assert_int_equal(p->last_error, EXPR_DIVISION);
	/* Blocks that touch are read as one piece. */
	assert_int_equal(ops->frame_mem(&t, 0, PAGE + 98, buf, 200, &done), RSP_OK);
	assert_int_equal(done, 156);
	assert_memory_equal(buf, fake.page + 98, 156);
	assert_int_equal(ops->frame_mem(&t, 0, PAGE + 95, buf, 8, &done), RSP_EUNMAPPED);
	assert_int_equal(ops->frame_mem(&t, 1, PAGE + 96, buf, 8, &done), RSP_EUNMAPPED);
	/* Constants are read from the machine. */
	ops->add_constant(&t, true, 0x1000, 0x2000);
	ops->add_constant(&t, false, 0x3000, 0x4000);
	assert_int_equal(ops->frame_mem(&t, 0, 0x3ff8, buf, 8, &done), RSP_OK);
	assert_int_equal(buf[7], 0xcc);
	assert_int_equal(ops->frame_mem(&t, 0, 0x3ff8, buf, 9, &done), RSP_EUNMAPPED);
	ops->add_constant(&t, true, 0x3000, 0x4000);
	assert_int_equal(ops->frame_mem(&t, 0, 0x1000, buf, 8, &done), RSP_EUNMAPPED);
}

/* More than a block of a trace file can hold. */
static void test_large(void **state)
{
	static struct trace_ring ring;
	static u8 room[0x20000], buf[64];
	u64 i, addr, len, sum = 0;
	size_t done;

	(void)state;
	start();
	trace_ring_init(&ring, room, sizeof(room));
	tracepoints_init(&t, &ring, 1, pool, sizeof(pool), reg_size);
	t.owner_ops = &(struct trace_owner){ plant, get_now, read_constant, save };
	define(1, NULL, 0, 0);
	for (i = 0; i < 17; i++)
		collect_memory(1, -1, PAGE, 0x1000);
	go();
	hit(0, 1);
	for (i = 0; ops->frame_range(&t, 0, i, &addr, &len); i++)
		sum += len;
	assert_int_equal(sum, 17 * 0x1000);
	assert_int_equal(ops->frame_mem(&t, 0, PAGE + 0xfff, buf, 64, &done), RSP_OK);
	assert_int_equal(done, 1);
}

static void test_conditions(void **state)
{
	struct trace_point *p;

	(void)state;
	start();
	define_variable(4, 0);
	define(1, "getv 4 const8 1 add setv 4 const8 2 rem_unsigned end", 0, 0);
	define(2, "const8 8 ref8 end", 0, 0);
	go();
	hit(0, 1);
	hit(0, 1);
	hit(1, 1);
	assert_int_equal(frames(), 2);
	p = tracepoints_lookup(&t, 1, ~0ull);
	assert_int_equal(p->hits, 2);
	/* One that fails is true, and it is counted. */
	hit(0, 2);
	p = tracepoints_lookup(&t, 2, ~0ull);
	assert_int_equal(p->hits, 1);
	assert_int_equal(p->errors, 1);
	assert_int_equal(p->last_error, EXPR_UNMAPPED);
	assert_int_equal(frames(), 3);
}

static void test_variables(void **state)
{
	struct rsp_trace_variable v;
	unsigned int number;
	u64 value;

	(void)state;
	start();
	define_variable(4, 10);
	define_variable(5, 20);
	define_variable(4, 11); /* again: replaced */
	define(1, NULL, 0, 0);
	collect(1, false, "tracev 4 getv 4 const8 1 add setv 4 end");
	collect(1, false, "tracev 9 end");
	go();
	hit(0, 1);
	hit(0, 1);
	assert_true(ops->get_variable(&t, RSP_NO_FRAME, 4, &value));
	assert_int_equal(value, 13);
	assert_true(ops->get_variable(&t, 1, 4, &value));
	assert_int_equal(value, 12);
	assert_false(ops->get_variable(&t, 1, 5, &value));
	assert_false(ops->get_variable(&t, 2, 4, &value));
	assert_false(ops->get_variable(&t, RSP_NO_FRAME, 9, &value));
	assert_true(ops->frame_variable(&t, 0, 0, &number));
	assert_int_equal(number, 4);
	assert_false(ops->frame_variable(&t, 0, 1, &number));
	assert_false(ops->frame_variable(&t, 2, 0, &number));
	assert_true(ops->variable(&t, 1, &v));
	assert_int_equal(v.number, 5);
	assert_false(ops->variable(&t, 2, &v));
	assert_int_equal(tracepoints_set(&t, 9, 1), EXPR_NO_VARIABLE);
	/* Each start begins with what was defined. */
	go();
	assert_true(ops->get_variable(&t, RSP_NO_FRAME, 4, &value));
	assert_int_equal(value, 11);
	assert_int_equal(frames(), 0);
}

static void test_pass(void **state)
{
	struct rsp_trace_status status;

	(void)state;
	start();
	define(1, NULL, 0, 2);
	define(2, NULL, 0, 0);
	go();
	assert_int_equal(planted, 2);
	hit(0, 1);
	hit(0, 2);
	hit(1, 1);
	hit(1, 2);
	hit(1, 1);
	ops->status(&t, &status);
	assert_false(status.running);
	assert_int_equal(status.end, RSP_TRACE_PASSED);
	assert_int_equal(status.tracepoint, 1);
	assert_int_equal(status.frames, 3);
	ops->stop(&t); /* the first reason stays */
	ops->status(&t, &status);
	assert_int_equal(status.end, RSP_TRACE_PASSED);
	assert_int_equal(planted, 0);
}

static void test_steps(void **state)
{
	struct trace_point *p;
	struct trace_hit h;
	u64 left;

	(void)state;
	start();
	define(1, NULL, 3, 1);
	collect_regs(1, false, BIT64(1));
	collect_regs(1, true, BIT64(2));
	go();
	p = tracepoints_lookup(&t, 1, ~0ull);
	left = hit(0, 1);
	assert_int_equal(left, 3);
	while (left--) {
		h = make_hit(0, WHERE + 10 - left);
		assert_int_equal(tracepoints_step(&t, p, &h, left), left > 0);
	}
	assert_int_equal(frames(), 4);
	assert_int_equal(frame_reg(0, 1), fake.regs[1]);
	assert_int_equal(frame_reg(0, 2), 0xdead);
	assert_int_equal(frame_reg(1, 1), 0xdead);
	assert_int_equal(frame_reg(1, 2), fake.regs[2]);
	assert_int_equal(frame_reg(3, RSP_RIP), WHERE + 10);
	assert_int_equal(t.end, RSP_TRACE_PASSED);
	h = make_hit(0, WHERE);
	assert_false(tracepoints_step(&t, p, &h, 1));
}

/* The owner's limit, refused with the owner's sentence; nothing is defined then. */
static void test_step_limit(void **state)
{
	struct rsp_tracepoint point = { .number = 1, .addr = WHERE, .steps = 11 };

	(void)state;
	start();
	t.step_limit = 10;
	t.too_many_steps = "ten at most";
	assert_int_equal(ops->define(&t, &point), RSP_EPROGRAM);
	assert_string_equal(point.why, "ten at most");
	assert_int_equal(t.nr_points, 0);
	point.steps = 10;
	assert_int_equal(ops->define(&t, &point), RSP_OK);
}

static void event(unsigned int cpu, unsigned int number)
{
	const struct trace_hit h = make_hit(cpu, 0x1234);

	tracepoints_event(&t, tracepoints_lookup(&t, number, ~0ull), &h);
}

/* Rules collect where they are, also like a tracepoint that is switched off, and without steps. */
static void test_events(void **state)
{
	(void)state;
	start();
	define(1, NULL, 5, 3);
	collect_regs(1, false, BIT64(1));
	ops->enable(&t, 1, WHERE + 1, false);
	event(0, 1);
	assert_int_equal(frames(), 0);
	go();
	event(0, 1);
	assert_int_equal(frames(), 1);
	assert_int_equal(frame_reg(0, 1), fake.regs[1]);
	assert_int_equal(frame_reg(0, RSP_RIP), 0x1234);
	event(1, 1);
	assert_true(t.running);
	event(1, 1);
	assert_int_equal(t.end, RSP_TRACE_PASSED);
	event(1, 1);
	assert_int_equal(frames(), 3);
	define(2, "const8 0 end", 0, 0);
	go();
	event(0, 2);
	assert_int_equal(frames(), 0);
}

static void test_enable(void **state)
{
	(void)state;
	start();
	define(1, NULL, 0, 0);
	define(2, NULL, 0, 0);
	hit(0, 1);
	go();
	assert_int_equal(planted, 2);
	assert_int_equal(ops->enable(&t, 1, WHERE + 1, false), RSP_OK);
	assert_int_equal(planted, 1);
	hit(0, 1);
	hit(0, 2);
	assert_int_equal(frames(), 1);
	/* Known by its address alone, if there is one only. */
	assert_int_equal(ops->enable(&t, 9, WHERE + 1, true), RSP_OK);
	hit(0, 1);
	assert_int_equal(frames(), 2);
	assert_int_equal(ops->enable(&t, 9, WHERE + 9, true), RSP_ENOBREAK);
	ops->define(&t, &(struct rsp_tracepoint){ .number = 3, .addr = WHERE + 1 });
	assert_int_equal(ops->enable(&t, 9, WHERE + 1, true), RSP_ENOBREAK);
	/* A CPU without a ring, and a tracepoint that is still being defined. */
	hit(CPUS, 1);
	define(4, NULL, 0, 0);
	hit(0, 4);
	assert_int_equal(frames(), 2);
	assert_int_equal(planted, 2);
	ops->complete(&t, 4, WHERE + 4);
	assert_int_equal(planted, 3);
	hit(0, 4);
	assert_int_equal(frames(), 3);
}

static void test_full(void **state)
{
	struct rsp_trace_status status;
	unsigned int i;

	(void)state;
	start();
	define(1, NULL, 0, 0);
	collect_memory(1, -1, PAGE, 0xf00);
	go();
	for (i = 0; i < 5; i++)
		hit(0, 1);
	ops->status(&t, &status);
	assert_false(status.running);
	assert_int_equal(status.end, RSP_TRACE_FULL);
	assert_int_equal(status.frames, 4);
	ops->set_option(&t, RSP_TRACE_CIRCULAR, 1);
	go();
	for (i = 0; i < 9; i++)
		hit(0, 1);
	ops->status(&t, &status);
	assert_true(status.running && status.circular);
	assert_int_equal(status.frames, 4);
	assert_int_equal(status.created, 9);
	/* One frame that is larger than all there is ends it too. */
	assert_int_equal(ops->set_option(&t, RSP_TRACE_SIZE, CPUS * RING + 1), RSP_ETRACESIZE);
	assert_int_equal(ops->set_option(&t, RSP_TRACE_SIZE, CPUS * 0xe00), RSP_OK);
	go();
	hit(0, 1);
	ops->status(&t, &status);
	assert_int_equal(status.end, RSP_TRACE_FULL);
	assert_int_equal(status.size, CPUS * 0xe00);
	assert_int_equal(ops->set_option(&t, RSP_TRACE_SIZE, ~0ull), RSP_OK);
	ops->status(&t, &status);
	assert_int_equal(status.size, CPUS * RING);
}

static void test_disconnect(void **state)
{
	(void)state;
	start();
	define(1, NULL, 0, 0);
	go();
	ops->set_option(&t, RSP_TRACE_STAY, 1);
	tracepoints_disconnect(&t, 5);
	assert_true(t.running);
	ops->set_option(&t, RSP_TRACE_STAY, 0);
	tracepoints_disconnect(&t, 6);
	assert_false(t.running);
	assert_int_equal(t.end, RSP_TRACE_DISCONNECTED);
	assert_int_equal(t.ended, 6);
	plant_error = RSP_EUNMAPPED;
	assert_int_equal(ops->start(&t), RSP_EUNMAPPED);
	assert_false(t.running);
}

static void test_find(void **state)
{
	static const struct {
		struct rsp_trace_find find;
		u64 found; /* ~0: none */
	} rows[] = {
		{ { RSP_TRACE_BY_NUMBER, 2, 0, 5, 0 }, 2 },
		{ { RSP_TRACE_BY_NUMBER, 6, 0, 0, 0 }, ~0ull },
		{ { RSP_TRACE_BY_POINT, 2, 0, 0, 0 }, 1 },
		{ { RSP_TRACE_BY_POINT, 2, 0, 2, 0 }, 3 },
		{ { RSP_TRACE_BY_POINT, 3, 0, 0, 0 }, ~0ull },
		{ { RSP_TRACE_BY_PC, WHERE + 1, 0, 1, 0 }, 2 },
		{ { RSP_TRACE_INSIDE, WHERE + 2, WHERE + 2, 0, 0 }, 1 },
		{ { RSP_TRACE_INSIDE, WHERE, WHERE + 1, 1, 0 }, 2 },
		{ { RSP_TRACE_OUTSIDE, WHERE, WHERE + 1, 0, 0 }, 1 },
		{ { RSP_TRACE_OUTSIDE, WHERE, WHERE + 2, 0, 0 }, ~0ull },
	};
	struct rsp_trace_find find;
	size_t i;

	(void)state;
	start();
	define(1, NULL, 0, 0);
	define(2, NULL, 0, 0);
	go();
	for (i = 0; i < 6; i++)
		hit(i & 1, 1 + (i & 1));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		find = rows[i].find;
		assert_int_equal(ops->find(&t, &find), rows[i].found != ~0ull);
		if (rows[i].found == ~0ull)
			continue;
		assert_int_equal(find.from, rows[i].found);
		assert_int_equal(find.tracepoint, 1 + (rows[i].found & 1));
	}
}

static void test_items(void **state)
{
	const struct rsp_trace_source source = { RSP_TRACE_CMD, 0, 7, (const u8 *)"collect", 7 };
	static const char kinds[] = "TAAZTZ";
	struct rsp_trace_item item;
	unsigned int i;

	(void)state;
	start();
	define(1, "const8 1 end", 2, 3);
	collect_regs(1, false, 5);
	collect(1, true, "const8 9 trace_quick 3 end");
	ops->add_source(&t, 1, WHERE + 1, &source);
	define(2, NULL, 0, 0);
	ops->add_source(&t, 2, WHERE + 2, &source);
	for (i = 0; kinds[i]; i++) {
		assert_true(ops->item(&t, i, &item));
		assert_int_equal(item.kind, kinds[i]);
		assert_int_equal(item.point.number, i < 4 ? 1 : 2);
		if (i == 0)
			assert_int_equal(item.point.condition_len, 3);
		if (i == 1)
			assert_int_equal(item.action.mask, 5);
		if (i == 2)
			assert_memory_equal(item.action.code, "\x22\x09\x0d\x03\x27", 5);
		if (i == 3)
			assert_memory_equal(item.source.text, "collect", 7);
	}
	assert_false(ops->item(&t, i, &item));
	ops->init(&t);
	assert_false(ops->item(&t, 0, &item));
}

static void test_refusals(void **state)
{
	struct rsp_trace_variable v = { 1, 0, false, (const u8 *)"name", 4 };
	int i, error = RSP_OK;

	(void)state;
	start();
	assert_int_equal(define(0, NULL, 0, 0), RSP_EINVAL);
	assert_int_equal(define(0x10000, NULL, 0, 0), RSP_EINVAL);
	assert_int_equal(define(1, "end", 0, 0), RSP_EPROGRAM);
	assert_int_equal(define(1, "const8 1 trace_quick 1 end", 0, 0), RSP_EPROGRAM);
	assert_int_equal(collect(1, false, "end"), RSP_ENOBREAK);
	assert_int_equal(t.nr_points, 0);
	define(1, NULL, 0, 0);
	assert_int_equal(collect(1, false, "add end"), RSP_EPROGRAM);
	assert_int_equal(ops->complete(&t, 2, WHERE), RSP_ENOBREAK);
	assert_int_equal(ops->add_source(&t, 2, WHERE, &(struct rsp_trace_source){ 0 }),
			 RSP_ENOBREAK);
	for (i = 0; i <= TRACE_VARIABLES; i++, v.number++)
		error = ops->define_variable(&t, &v);
	assert_int_equal(error, RSP_ETRACEFULL);
	for (i = 2; i <= TRACE_POINTS + 1; i++)
		error = define(i, NULL, 0, 0);
	assert_int_equal(error, RSP_ETRACEFULL);
	for (i = 0; i <= TRACE_CONSTANTS; i++)
		error = ops->add_constant(&t, !i, i, i);
	assert_int_equal(error, RSP_ETRACEFULL);
	while (!error || error == RSP_ETRACEFULL) {
		error = collect(1, false, "const8 1 const8 2 trace end");
		if (error)
			break;
	}
	assert_int_equal(error, RSP_ETRACEFULL);
	assert_int_equal(define(1, "const64 1 end", 0, 0), RSP_ETRACEFULL);
	ops->init(&t);
	assert_int_equal(define(1, "const8 1 end", 0, 0), RSP_OK);
}

/* What gdb's trace files have: frames, each with all registers, memory, variables. */
/* The owner is asked only for what stands still. */
static void test_save(void **state)
{
	const char *text = NULL;

	(void)state;
	start();
	assert_int_equal(ops->save(&t, (const u8 *)"y", 1, &text), RSP_ETOOLONG);
	assert_int_equal(ops->save(&t, (const u8 *)"x", 1, &text), RSP_OK);
	assert_string_equal(text, "it is written");
	go();
	assert_int_equal(ops->save(&t, (const u8 *)"x", 1, &text), RSP_ETRACERUNS);
}

static void test_raw(void **state)
{
	static u8 whole[0x2000], piece[0x2000];
	size_t len, done, part, regs = 0;
	unsigned int reg;
	u32 size;

	(void)state;
	start();
	for (reg = 0; reg < RSP_NR_REGS; reg++)
		regs += reg_size(reg);
	define_variable(4, 0x99);
	define(7, NULL, 0, 0);
	collect_regs(7, false, BIT64(1));
	collect(7, false, "tracev 4 end");
	collect_memory(7, -1, PAGE + 5, 9);
	go();
	hit(0, 7);
	hit(1, 7);
	len = ops->raw(&t, 0, whole, sizeof(whole));
	assert_int_equal(len, 2 * (6 + 1 + regs + 1 + 4 + 8 + 1 + 8 + 2 + 9));
	memcpy(&size, whole + 2, 4);
	assert_int_equal(whole[0] | whole[1] << 8, 7);
	assert_int_equal(size, len / 2 - 6);
	assert_int_equal(whole[6], 'R');
	assert_memory_equal(whole + 7 + 8, &fake.regs[1], 8);
	assert_memory_equal(whole + 7 + regs, "V\4\0\0\0\x99\0\0\0\0\0\0\0M", 14);
	assert_memory_equal(whole + len / 2 - 9, fake.page + 5, 9);
	/* In pieces of any size, forwards and backwards. */
	for (part = 1; part < 700; part += 37) {
		for (done = 0; done < len; done += size) {
			size = ops->raw(&t, done, piece, part);
			assert_in_range(size, 1, part);
			assert_memory_equal(piece, whole + done, size);
		}
		assert_int_equal(ops->raw(&t, len, piece, part), 0);
	}
	assert_int_equal(ops->raw(&t, 3, piece, 5), 5);
	assert_memory_equal(piece, whole + 3, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),  cmocka_unit_test(test_memory),
		cmocka_unit_test(test_large),	   cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_variables),  cmocka_unit_test(test_pass),
		cmocka_unit_test(test_steps),	   cmocka_unit_test(test_enable),
		cmocka_unit_test(test_full),	   cmocka_unit_test(test_disconnect),
		cmocka_unit_test(test_step_limit), cmocka_unit_test(test_events),
		cmocka_unit_test(test_find),	   cmocka_unit_test(test_items),
		cmocka_unit_test(test_refusals),   cmocka_unit_test(test_raw),
		cmocka_unit_test(test_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
