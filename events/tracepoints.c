// SPDX-License-Identifier: GPL-2.0
/*
 * The definitions: tracepoints with their actions and sources, variables, options. See
 * tracepoints.h. Runs in VMX root, while all CPUs are halted, and in user space; calls nothing.
 */
#include "tracepoints.h"
#include "tracepoints_record.h"

void tracepoints_init(struct tracepoints *t, struct trace_ring *rings, unsigned int cpus, u8 *pool,
		      u32 pool_size, unsigned int (*reg_size)(unsigned int reg))
{
	memset(t, 0, sizeof(*t));
	trace_buffer_init(&t->buffer, rings, cpus);
	t->reg_size = reg_size;
	t->pool = pool;
	t->pool_size = pool_size;
	t->end = RSP_TRACE_NEVER_RUN;
}

static void trace_empty(struct tracepoints *t)
{
	trace_buffer_clear(&t->buffer);
	t->raw_number = 0;
	t->raw_offset = 0;
	t->raw_created = 0;
}

void tracepoints_forget(struct tracepoints *t)
{
	trace_empty(t);
	t->pool_used = 0;
	t->nr_points = 0;
	t->nr_variables = 0;
	t->nr_constants = 0;
	t->running = false;
	t->end = RSP_TRACE_NEVER_RUN;
	t->started = 0;
	t->ended = 0;
}

struct trace_point *tracepoints_lookup(struct tracepoints *t, unsigned int number, u64 addr)
{
	struct trace_point *point = t->points;

	for (; point < t->points + t->nr_points; point++)
		if (point->number == number && (point->addr == addr || addr == ~0ull))
			return point;
	return NULL;
}

/* Offset + 1, or 0 if the pool is full. */
static u32 trace_pool_take(struct tracepoints *t, size_t len)
{
	u32 offset = t->pool_used;

	if (len > t->pool_size - offset)
		return 0;
	len = (len + 7) & ~7ull;
	t->pool_used = base_min(offset + len, t->pool_size);
	return offset + 1;
}

static u32 trace_pool_copy(struct tracepoints *t, const void *bytes, size_t len)
{
	u32 place = trace_pool_take(t, len);

	if (place)
		memcpy(t->pool + place - 1, bytes, len);
	return place;
}

static int trace_verify(struct tracepoints *t, const u8 *code, size_t len, u32 allowed,
			const char **why)
{
	int error;

	t->check.allowed = allowed;
	t->check.registers = RSP_NR_REGS;
	error = expr_verify(code, len, &t->check);
	*why = t->check.info.why;
	return error ? RSP_EPROGRAM : RSP_OK;
}

static int trace_set_condition(struct tracepoints *t, struct trace_point *point,
			       struct rsp_tracepoint *from)
{
	int error;

	if (!from->condition_len)
		return RSP_OK;
	error = trace_verify(t, from->condition, from->condition_len, EXPR_CONDITION, &from->why);
	if (error)
		return error;
	point->condition_len = from->condition_len;
	point->condition = trace_pool_copy(t, from->condition, from->condition_len);
	return point->condition ? RSP_OK : RSP_ETRACEFULL;
}

int tracepoints_define(struct tracepoints *t, struct rsp_tracepoint *from)
{
	struct trace_point *point = tracepoints_lookup(t, from->number, from->addr);
	struct trace_point fresh = { .number = from->number, .addr = from->addr };
	int error;

	if (!from->number || from->number > 0xffff)
		return RSP_EINVAL;
	if (t->step_limit && from->steps > t->step_limit) {
		from->why = t->too_many_steps;
		return RSP_EPROGRAM;
	}
	if (!point && t->nr_points == TRACE_POINTS)
		return RSP_ETRACEFULL;
	fresh.enabled = from->enabled;
	fresh.steps = from->steps;
	fresh.pass = from->pass;
	error = trace_set_condition(t, &fresh, from);
	if (error)
		return error;
	if (!point)
		point = &t->points[t->nr_points++];
	*point = fresh;
	return RSP_OK;
}

static int trace_add_record(struct tracepoints *t, struct trace_point *point,
			    const struct trace_record *record, const u8 *bytes)
{
	u32 place = trace_pool_take(t, sizeof(*record) + record->len);

	if (!place)
		return RSP_ETRACEFULL;
	memcpy(t->pool + place - 1, record, sizeof(*record));
	if (record->len)
		memcpy(t->pool + place - 1 + sizeof(*record), bytes, record->len);
	if (point->last)
		memcpy(t->pool + point->last - 1, &place, sizeof(place));
	else
		point->first = place;
	point->last = place;
	return RSP_OK;
}

bool trace_record_get(const struct tracepoints *t, u32 place, struct trace_record *record,
		      const u8 **bytes)
{
	if (!place)
		return false;
	memcpy(record, t->pool + place - 1, sizeof(*record));
	*bytes = t->pool + place - 1 + sizeof(*record);
	return true;
}

int tracepoints_add_action(struct tracepoints *t, unsigned int number, u64 addr,
			   struct rsp_trace_action *action)
{
	struct trace_point *point = tracepoints_lookup(t, number, addr);
	struct trace_record record = { .what = TRACE_ACTION, .kind = action->kind };
	int error = RSP_OK;

	if (!point)
		return RSP_ENOBREAK;
	record.stepping = action->stepping;
	record.reg = action->reg;
	record.a = action->kind == RSP_TRACE_REGISTERS ? action->mask : action->offset;
	record.b = action->len;
	if (action->kind == RSP_TRACE_EXPRESSION) {
		record.len = action->code_len;
		error = trace_verify(t, action->code, action->code_len, EXPR_COLLECTION,
				     &action->why);
	}
	return error ? error : trace_add_record(t, point, &record, action->code);
}

int tracepoints_complete(struct tracepoints *t, unsigned int number, u64 addr)
{
	struct trace_point *point = tracepoints_lookup(t, number, addr);

	if (!point)
		return RSP_ENOBREAK;
	point->complete = true;
	return RSP_OK;
}

int tracepoints_add_source(struct tracepoints *t, unsigned int number, u64 addr,
			   const struct rsp_trace_source *source)
{
	struct trace_point *point = tracepoints_lookup(t, number, addr);
	struct trace_record record = { .what = TRACE_SOURCE, .kind = source->kind };

	if (!point)
		return RSP_ENOBREAK;
	record.a = source->start;
	record.b = source->total;
	record.len = source->len;
	return trace_add_record(t, point, &record, source->text);
}

static struct trace_variable *trace_lookup_variable(struct tracepoints *t, unsigned int number)
{
	struct trace_variable *v = t->variables;

	for (; v < t->variables + t->nr_variables; v++)
		if (v->number == number)
			return v;
	return NULL;
}

int tracepoints_define_variable(struct tracepoints *t, const struct rsp_trace_variable *from)
{
	struct trace_variable *v = trace_lookup_variable(t, from->number);
	u32 name;

	if (!v && t->nr_variables == TRACE_VARIABLES)
		return RSP_ETRACEFULL;
	name = trace_pool_copy(t, from->name, from->name_len);
	if (!name)
		return RSP_ETRACEFULL;
	if (!v)
		v = &t->variables[t->nr_variables++];
	v->number = from->number;
	v->initial = from->value;
	v->value = from->value;
	v->builtin = from->builtin;
	v->name = name;
	v->name_len = from->name_len;
	return RSP_OK;
}

enum expr_result tracepoints_get(struct tracepoints *t, unsigned int number, u64 *value)
{
	struct trace_variable *v = trace_lookup_variable(t, number);

	if (!v)
		return EXPR_NO_VARIABLE;
	*value = __atomic_load_n(&v->value, __ATOMIC_RELAXED);
	return EXPR_OK;
}

enum expr_result tracepoints_set(struct tracepoints *t, unsigned int number, u64 value)
{
	struct trace_variable *v = trace_lookup_variable(t, number);

	if (!v)
		return EXPR_NO_VARIABLE;
	__atomic_store_n(&v->value, value, __ATOMIC_RELAXED);
	return EXPR_OK;
}

int tracepoints_add_constant(struct tracepoints *t, bool first, u64 start, u64 end)
{
	if (first)
		t->nr_constants = 0;
	if (t->nr_constants == TRACE_CONSTANTS)
		return RSP_ETRACEFULL;
	t->constants[t->nr_constants].start = start;
	t->constants[t->nr_constants++].end = end;
	return RSP_OK;
}

bool tracepoints_is_constant(const struct tracepoints *t, u64 addr, size_t len)
{
	unsigned int i;

	for (i = 0; i < t->nr_constants; i++)
		if (addr >= t->constants[i].start && addr < t->constants[i].end &&
		    len <= t->constants[i].end - addr)
			return true;
	return false;
}

/* gdb counts from the start: hits, values and frames of an earlier run are gone. */
int tracepoints_start(struct tracepoints *t, u64 now)
{
	struct trace_point *point;
	struct trace_variable *v;

	trace_buffer_configure(&t->buffer, t->circular, t->limit);
	trace_empty(t);
	for (point = t->points; point < t->points + t->nr_points; point++) {
		point->hits = 0;
		point->bytes = 0;
		point->errors = 0;
		point->last_error = EXPR_OK;
	}
	for (v = t->variables; v < t->variables + t->nr_variables; v++)
		v->value = v->initial;
	t->note_len[RSP_TRACE_TSTOP] = 0;
	t->started = now;
	t->ended = 0;
	__atomic_store_n(&t->running, true, __ATOMIC_RELEASE);
	return RSP_OK;
}

/* The first reason counts, whichever CPU has it. */
void tracepoints_stop(struct tracepoints *t, u8 end, unsigned int point, u64 now)
{
	bool running = true;

	if (!__atomic_compare_exchange_n(&t->running, &running, false, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	t->end = end;
	t->end_point = point;
	t->ended = now;
}

void tracepoints_disconnect(struct tracepoints *t, u64 now)
{
	if (!t->stay)
		tracepoints_stop(t, RSP_TRACE_DISCONNECTED, 0, now);
}

/* The only tracepoint at an address. */
static struct trace_point *trace_alone_at(struct tracepoints *t, u64 addr)
{
	struct trace_point *point, *found = NULL;

	for (point = t->points; point < t->points + t->nr_points; point++) {
		if (point->addr != addr)
			continue;
		if (found)
			return NULL;
		found = point;
	}
	return found;
}

/* A gdb that found tracepoints here gave them numbers of its own, and forgets that at this point.
 */
int tracepoints_enable(struct tracepoints *t, unsigned int number, u64 addr, bool enabled)
{
	struct trace_point *point = tracepoints_lookup(t, number, addr);

	if (!point)
		point = trace_alone_at(t, addr);
	if (!point)
		return RSP_ENOBREAK;
	point->enabled = enabled;
	return RSP_OK;
}

/* The whole of the rings is meant by a size, and each gets its part. */
static int trace_set_limit(struct tracepoints *t, u64 value)
{
	struct trace_usage usage;

	trace_buffer_configure(&t->buffer, t->circular, 0);
	trace_buffer_usage(&t->buffer, &usage);
	if (value == ~0ull || !t->buffer.cpus)
		t->limit = 0;
	else if (value > usage.size)
		return RSP_ETRACESIZE;
	else
		t->limit = base_max(value / t->buffer.cpus, 1);
	trace_buffer_configure(&t->buffer, t->circular, t->limit);
	return RSP_OK;
}

int tracepoints_set_option(struct tracepoints *t, unsigned int option, u64 value)
{
	switch (option) {
	case RSP_TRACE_CIRCULAR:
		t->circular = value;
		trace_buffer_configure(&t->buffer, t->circular, t->limit);
		return RSP_OK;
	case RSP_TRACE_STAY:
		t->stay = value;
		return RSP_OK;
	default:
		return trace_set_limit(t, value);
	}
}

int tracepoints_set_note(struct tracepoints *t, unsigned int note, const u8 *text, size_t len)
{
	t->note_len[note] = base_min(len, TRACE_NOTE);
	memcpy(t->notes[note], text, t->note_len[note]);
	return RSP_OK;
}

size_t tracepoints_note(const struct tracepoints *t, unsigned int note, const u8 **text)
{
	*text = t->notes[note];
	return t->note_len[note];
}

void tracepoints_status(const struct tracepoints *t, struct rsp_trace_status *status)
{
	struct trace_usage usage;

	trace_buffer_usage(&t->buffer, &usage);
	memset(status, 0, sizeof(*status));
	status->running = t->running;
	status->circular = t->circular;
	status->disconnected = t->stay;
	status->end = t->end;
	status->tracepoint = t->end_point;
	status->why = "";
	status->frames = usage.frames;
	status->created = usage.created + usage.lost;
	status->size = usage.size;
	status->free = usage.free;
	status->started = t->started;
	status->ended = t->ended;
}

int tracepoints_point_status(struct tracepoints *t, unsigned int number, u64 addr, u64 *hits,
			     u64 *bytes)
{
	const struct trace_point *point = tracepoints_lookup(t, number, addr);

	if (!point)
		return RSP_ENOBREAK;
	*hits = point->hits;
	*bytes = point->bytes;
	return RSP_OK;
}

static void trace_item_point(const struct tracepoints *t, const struct trace_point *point,
			     struct rsp_tracepoint *to)
{
	to->number = point->number;
	to->addr = point->addr;
	to->enabled = point->enabled;
	to->steps = point->steps;
	to->pass = point->pass;
	to->condition_len = point->condition_len;
	to->condition = point->condition ? t->pool + point->condition - 1 : NULL;
}

static void trace_item_record(const struct trace_record *record, const u8 *bytes,
			      struct rsp_trace_item *item)
{
	if (record->what == TRACE_SOURCE) {
		item->kind = 'Z';
		item->source = (struct rsp_trace_source){ record->kind, record->a, record->b, bytes,
							  record->len };
		return;
	}
	item->kind = 'A';
	item->action.kind = record->kind;
	item->action.stepping = record->stepping;
	item->action.mask = record->a;
	item->action.reg = record->reg;
	item->action.offset = record->a;
	item->action.len = record->b;
	item->action.code = bytes;
	item->action.code_len = record->len;
}

/* A tracepoint, its records, the next tracepoint: the list is walked anew for each. */
bool tracepoints_item(const struct tracepoints *t, unsigned int index, struct rsp_trace_item *item)
{
	const struct trace_point *point = t->points;
	struct trace_record record;
	const u8 *bytes;
	u32 place;

	memset(item, 0, sizeof(*item));
	item->kind = 'T';
	for (; point < t->points + t->nr_points; point++) {
		trace_item_point(t, point, &item->point);
		if (!index--)
			return true;
		place = point->first;
		for (; trace_record_get(t, place, &record, &bytes); place = record.next) {
			if (index--)
				continue;
			trace_item_record(&record, bytes, item);
			return true;
		}
	}
	return false;
}

bool tracepoints_variable(const struct tracepoints *t, unsigned int index,
			  struct rsp_trace_variable *to)
{
	const struct trace_variable *v = &t->variables[index];

	if (index >= t->nr_variables)
		return false;
	to->number = v->number;
	to->value = v->initial;
	to->builtin = v->builtin;
	to->name = t->pool + v->name - 1;
	to->name_len = v->name_len;
	return true;
}

bool tracepoints_wanted(const struct tracepoints *t, const struct trace_point *point)
{
	return t->running && point->complete && point->enabled;
}
