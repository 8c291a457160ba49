// SPDX-License-Identifier: GPL-2.0
/* Messages in words. See format.h. User space. */
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "event.h"
#include "format.h"

/* CPUs that a trace names at its beginning; the others have numbers. */
#define NAMED_CPUS 32

enum track {
	TRACK_TEXT = EVENT_NR_KINDS,
	TRACK_LOST,
	NR_TRACKS,
};

static const char *const tracks[NR_TRACKS] = { "exceptions", "interrupts", "debug registers",
					       "texts", "lost" };
static const char *const kinds[EVENT_NR_KINDS] = { "exception", "interrupt", "dr" };
static const char *const answers[] = { "delivered", "suppressed", "skipped", "stopped" };

struct text {
	char *out;
	size_t length;
};

/* Thousands of messages a second pass here: no printf(). */
static void add(struct text *text, const char *string)
{
	size_t length = strlen(string), room = FORMAT_MAX - text->length;

	if (length > room)
		length = room;
	memcpy(text->out + text->length, string, length);
	text->length += length;
}

static void add_digits(struct text *text, uint64_t value, unsigned int base, unsigned int least)
{
	char digits[24], *at = digits + sizeof(digits);

	*--at = 0;
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
		least -= least > 0;
	} while (value || least);
	add(text, at);
}

static void add_number(struct text *text, const char *name, uint64_t value)
{
	add(text, name);
	add_digits(text, value, 10, 1);
}

static void add_hex(struct text *text, const char *name, uint64_t value)
{
	add(text, name);
	add(text, "0x");
	add_digits(text, value, 16, 1);
}

/* Thousandths, or millionths, as a decimal fraction. */
static void add_fraction(struct text *text, const char *name, uint64_t value, unsigned int places)
{
	uint64_t unit = places == 3 ? 1000 : 1000000;

	add_number(text, name, value / unit);
	add(text, ".");
	add_digits(text, value % unit, 10, places);
}

/* Between quotation marks; what is no ASCII comes as a number, for it may be no UTF-8 either. */
static void add_string(struct text *text, const char *bytes, size_t length)
{
	char one[2] = { 0 };

	add(text, "\"");
	for (size_t i = 0; i < length; i++) {
		unsigned char c = bytes[i];

		if (c < ' ' || c > '~') {
			add(text, "\\u");
			add_digits(text, c, 16, 4);
			continue;
		}
		one[0] = c;
		add(text, c == '"' || c == '\\' ? "\\" : "");
		add(text, one);
	}
	add(text, "\"");
}

void format_set_clock(struct format_clock *clock, uint64_t tsc_khz)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	clock->tsc_khz = tsc_khz;
	clock->tsc = __rdtsc();
	clock->microseconds = now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static void add_time(struct text *text, const char *name, const struct format_clock *clock,
		     uint64_t tsc)
{
	int64_t ago = clock->tsc - tsc;

	add_fraction(text, name, clock->microseconds - ago * 1000 / (int64_t)clock->tsc_khz, 6);
}

/* Traces count microseconds since the CPU began. */
static void add_trace_time(struct text *text, const struct format_clock *clock, uint64_t tsc)
{
	uint64_t ms = tsc / clock->tsc_khz, rest = tsc % clock->tsc_khz;

	add_fraction(text, ",\"ts\":", ms * 1000000 + rest * 1000000 / clock->tsc_khz, 3);
}

static struct event to_event(const struct hvgdb_record *record)
{
	const struct hvgdb_event *from = &record->event;
	struct event event = {
		.kind = from->kind < EVENT_NR_KINDS ? from->kind : 0,
		.stage = from->stage,
		.vector = from->vector,
		.cpl = from->cpl,
		.has_error = from->has_error,
		.dr = from->dr,
		.dr_real = from->dr_real,
		.dr_direction = from->dr_direction,
		.dr_gpr = from->dr_gpr,
		.error = from->error,
		.cpu = record->cpu,
		.pid = from->pid,
		.tid = from->tid,
		.rip = from->rip,
		.address = from->address,
		.value = from->value,
	};

	memcpy(event.comm, from->comm, sizeof(event.comm));
	return event;
}

static const char *answer_of(const struct hvgdb_record *record)
{
	return answers[record->event.answer % ARRAY_SIZE(answers)];
}

static void add_name(struct text *text, const struct event *event)
{
	const char *name = event->kind == EVENT_EXCEPTION ? event_vector_name(event->vector) : NULL;

	add(text, "\"");
	if (event->kind == EVENT_DR) {
		add(text, event->dr_direction == EVENT_DR_READ ? "read" : "write");
		add_number(text, " dr", event->dr);
	} else if (name) {
		add(text, "#");
		add(text, name);
	} else {
		add_hex(text, "", event->vector);
	}
	add(text, "\"");
}

/* The members of a JSON object that tell of an event. */
static void add_members(struct text *text, const struct hvgdb_record *record)
{
	struct event event = to_event(record);

	add(text, "\"kind\":\"");
	add(text, kinds[event.kind]);
	add(text, "\",\"name\":");
	add_name(text, &event);
	add(text, event.stage == EVENT_POST ? ",\"stage\":\"post\"" : ",\"stage\":\"pre\"");
	if (event.kind != EVENT_DR)
		add_number(text, ",\"vector\":", event.vector);
	if (event.has_error)
		add_number(text, ",\"error\":", event.error);
	if (event.kind == EVENT_EXCEPTION &&
	    (event.vector == EVENT_VECTOR_PF || event.vector == EVENT_VECTOR_DB)) {
		add_hex(text, ",\"address\":\"", event.address);
		add(text, "\"");
	}
	if (event.kind == EVENT_DR) {
		add_number(text, ",\"register\":", event.dr);
		add_hex(text, ",\"value\":\"", event.value);
		add(text, "\"");
	}
	add_hex(text, ",\"rip\":\"", event.rip);
	add_number(text, "\",\"cpl\":", event.cpl);
	add_number(text, ",\"pid\":", event.pid);
	add_number(text, ",\"tid\":", event.tid);
	add(text, ",\"comm\":");
	add_string(text, event.comm, strnlen(event.comm, sizeof(event.comm)));
	add(text, ",\"answer\":\"");
	add(text, answer_of(record));
	add(text, "\"");
}

static void text_event(struct text *text, const struct format_clock *clock,
		       const struct hvgdb_record *record)
{
	struct event event = to_event(record);
	char line[512];
	struct rsp_text out = { .buf = line, .size = sizeof(line) - 1 };

	event_describe(&event, &out);
	line[out.len] = 0;
	add_time(text, "[", clock, record->tsc);
	add_hex(text, "] rule ", record->rule);
	add(text, ": ");
	add(text, line);
	add(text, ", ");
	add(text, answer_of(record));
	add(text, "\n");
}

/* A script decides itself what its lines look like. */
static void as_text(struct text *text, const struct format_clock *clock,
		    const struct message *message)
{
	if (message->record->type == HVGDB_RECORD_EVENT) {
		text_event(text, clock, message->record);
		return;
	}
	memcpy(text->out + text->length, message->text, message->length);
	text->length += message->length;
}

static void as_json(struct text *text, const struct format_clock *clock,
		    const struct message *message)
{
	const struct hvgdb_record *record = message->record;

	add_time(text, "{\"time\":", clock, record->tsc);
	add_number(text, ",\"tsc\":", record->tsc);
	add_number(text, ",\"cpu\":", record->cpu);
	add_number(text, ",\"seq\":", record->sequence);
	add_number(text, ",\"rule\":", record->rule);
	if (record->type == HVGDB_RECORD_EVENT) {
		add(text, ",\"type\":\"event\",");
		add_members(text, record);
	} else {
		add(text, ",\"type\":\"text\",\"text\":");
		add_string(text, message->text, message->length);
	}
	add(text, "}\n");
}

/* Trace viewers know processes with threads in them: a CPU with its tracks. cpu -1: all CPUs. */
static void add_place(struct text *text, int cpu, unsigned int track)
{
	add_number(text, ",\"pid\":", cpu + 1);
	add_number(text, ",\"tid\":", (cpu + 1) * NR_TRACKS + track);
}

static void as_trace(struct text *text, const struct format_clock *clock,
		     const struct message *message)
{
	const struct hvgdb_record *record = message->record;
	bool is_event = record->type == HVGDB_RECORD_EVENT;
	struct event event = to_event(record);

	add(text, ",\n{\"name\":");
	if (is_event)
		add_name(text, &event);
	else
		add_string(text, message->text, message->length < 40 ? message->length : 40);
	add(text, ",\"cat\":\"");
	add(text, is_event ? kinds[event.kind] : "text");
	add(text, "\",\"ph\":\"i\",\"s\":\"t\"");
	add_trace_time(text, clock, record->tsc);
	add_place(text, record->cpu, is_event ? event.kind : TRACK_TEXT);
	add_number(text, ",\"args\":{\"rule\":", record->rule);
	add_number(text, ",\"seq\":", record->sequence);
	if (is_event) {
		add(text, ",");
		add_members(text, record);
	} else {
		add(text, ",\"text\":");
		add_string(text, message->text, message->length);
	}
	add(text, "}}");
}

size_t format_message(const struct format_clock *clock, enum hvgdb_output_format format,
		      const struct message *message, char out[FORMAT_MAX])
{
	struct text text = { .out = out };

	if (format == HVGDB_FORMAT_TRACE)
		as_trace(&text, clock, message);
	else if (format == HVGDB_FORMAT_JSON)
		as_json(&text, clock, message);
	else
		as_text(&text, clock, message);
	return text.length;
}

static void json_loss(struct text *text, const struct format_clock *clock, uint64_t tsc, int cpu,
		      uint32_t rule, uint64_t count)
{
	add_time(text, "{\"time\":", clock, tsc);
	add_number(text, ",\"tsc\":", tsc);
	if (cpu >= 0)
		add_number(text, ",\"cpu\":", cpu);
	add_number(text, ",\"type\":\"lost\",\"rule\":", rule);
	add_number(text, ",\"count\":", count);
	add(text, "}\n");
}

static void trace_loss(struct text *text, const struct format_clock *clock, uint64_t tsc, int cpu,
		       uint32_t rule, uint64_t count)
{
	add_number(text, ",\n{\"name\":\"lost ", count);
	add(text, "\",\"cat\":\"lost\",\"ph\":\"i\",\"s\":");
	add(text, cpu < 0 ? "\"g\"" : "\"t\"");
	add_trace_time(text, clock, tsc);
	add_place(text, cpu, TRACK_LOST);
	add_number(text, ",\"args\":{\"rule\":", rule);
	add_number(text, ",\"count\":", count);
	add(text, "}}");
}

static void text_loss(struct text *text, const struct format_clock *clock, uint64_t tsc, int cpu,
		      uint32_t rule, uint64_t count)
{
	add_time(text, "[", clock, tsc);
	add_number(text, "] hvgdb: ", count);
	add(text, " lost here");
	if (rule)
		add_hex(text, ", of rule ", rule);
	if (cpu >= 0)
		add_number(text, ", on CPU ", cpu);
	add(text, "\n");
}

size_t format_loss(const struct format_clock *clock, enum hvgdb_output_format format, uint64_t tsc,
		   int cpu, uint32_t rule, uint64_t count, char out[FORMAT_MAX])
{
	struct text text = { .out = out };

	if (format == HVGDB_FORMAT_TRACE)
		trace_loss(&text, clock, tsc, cpu, rule, count);
	else if (format == HVGDB_FORMAT_JSON)
		json_loss(&text, clock, tsc, cpu, rule, count);
	else
		text_loss(&text, clock, tsc, cpu, rule, count);
	return text.length;
}

static void add_label(struct text *text, const char *what, int cpu, unsigned int track)
{
	add(text, "{\"name\":\"");
	add(text, what);
	add(text, "\",\"ph\":\"M\"");
	add_place(text, cpu, track);
	add(text, ",\"args\":{\"name\":\"");
}

static void trace_names(struct text *text, int cpu)
{
	add(text, cpu ? ",\n" : "");
	add_label(text, "process_name", cpu, 0);
	add_number(text, "CPU ", cpu);
	add(text, "\"}}");
	for (unsigned int track = 0; track < NR_TRACKS; track++) {
		add(text, ",\n");
		add_label(text, "thread_name", cpu, track);
		add(text, tracks[track]);
		add(text, "\"}}");
	}
}

size_t format_prologue(enum hvgdb_output_format format, char out[FORMAT_MAX])
{
	struct text text = { .out = out };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (format != HVGDB_FORMAT_TRACE)
		return 0;
	add(&text, "[\n");
	for (int cpu = 0; cpu < cpus && cpu < NAMED_CPUS; cpu++)
		trace_names(&text, cpu);
	return text.length;
}

const char *format_epilogue(enum hvgdb_output_format format)
{
	return format == HVGDB_FORMAT_TRACE ? "\n]\n" : "";
}
