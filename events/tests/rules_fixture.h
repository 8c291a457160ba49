/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the rules begin with: a small set of rules, lines to make them of, events. */
#ifndef HVGDB_EVENTS_RULES_FIXTURE_H
#define HVGDB_EVENTS_RULES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "events/command.h"
#include "events/page.h"

#define FIX_RULES   8
#define FIX_CODE    256
#define FIX_SCRIPTS 256
#define FIX_BUFFERS 4096
#define FIX_PAGE    0xffffffffc0a00000ULL

struct fixture {
	struct event_rules rules;
	struct event_rule slots[FIX_RULES];
	u8 code[FIX_CODE], scripts[FIX_SCRIPTS], buffers[FIX_BUFFERS];
	char text[8192];
};

static inline void fix_init(struct fixture *f)
{
	struct rules_memory memory = {
		.rules = f->slots,
		.nr_rules = FIX_RULES,
		.code = f->code,
		.code_size = FIX_CODE,
		.scripts = f->scripts,
		.scripts_size = FIX_SCRIPTS,
		.buffers = f->buffers,
		.buffers_size = FIX_BUFFERS,
		.page_address = FIX_PAGE,
	};

	memset(f, 0, sizeof(*f));
	rules_init(&f->rules, &memory);
	f->rules.gdb_present = true;
}

static inline bool fix_online(void *ctx, u32 core)
{
	(void)ctx;
	return core < 4;
}

static inline bool fix_name(void *ctx, u32 pid, char comm[EVENT_COMM_SIZE])
{
	(void)ctx;
	if (pid != 0x490)
		return false;
	memcpy(comm, "bash", 5);
	return true;
}

/* The program of a script is its text. */
static inline bool fix_compile(void *ctx, struct rule_spec *spec, struct rsp_text *error)
{
	(void)ctx;
	if (spec->script.len && spec->script.p[0] == '!') {
		rsp_text_add(error, "no such script\n");
		return false;
	}
	spec->program = (const u8 *)spec->script.p;
	spec->program_len = spec->script.len;
	return true;
}

static inline struct command_env fix_env(void)
{
	return (struct command_env){
		.parse = { .unsafe_code = true, .core_online = fix_online },
		.origin = RULE_MONITOR,
		.process_name = fix_name,
		.compile = fix_compile,
	};
}

/* Runs a line; what it says is in f->text. */
static inline enum command_result fix_say(struct fixture *f, const struct command_env *env,
					  const char *line)
{
	struct rsp_text out = { f->text, 0, sizeof(f->text) - 1 };
	enum command_result result = command_run(&f->rules, env, line, strlen(line), &out);

	f->text[out.len] = 0;
	return result;
}

/* A line that must do; returns the youngest rule. */
static inline struct event_rule *fix_do(struct fixture *f, const char *line)
{
	struct command_env env = fix_env();

	if (fix_say(f, &env, line) != COMMAND_OK)
		fail_msg("%s: %s", line, f->text);
	return f->rules.nr ? rules_nth(&f->rules, f->rules.nr - 1) : NULL;
}

static inline const char *fix_list(struct fixture *f)
{
	struct rsp_text out = { f->text, 0, sizeof(f->text) - 1 };

	rules_list(&f->rules, &out);
	f->text[out.len] = 0;
	return f->text;
}

static inline struct event fix_page_fault(void)
{
	return (struct event){
		.kind = EVENT_EXCEPTION,
		.vector = EVENT_VECTOR_PF,
		.cpl = 3,
		.has_error = true,
		.error = 6,
		.cpu = 1,
		.pid = 0x490,
		.tid = 0x491,
		.comm = "bash",
		.rip = 0x401000,
		.address = 0x7000,
	};
}

static inline struct event fix_exception(u8 vector)
{
	struct event event = fix_page_fault();

	event.vector = vector;
	event.has_error = false;
	event.error = 0;
	event.address = 0;
	return event;
}

static inline struct event fix_interrupt(u8 vector)
{
	struct event event = fix_exception(vector);

	event.kind = EVENT_INTERRUPT;
	return event;
}

static inline struct event fix_dr(u8 reg, u8 direction)
{
	struct event event = fix_exception(0);

	event.kind = EVENT_DR;
	event.dr = reg;
	event.dr_real = reg;
	event.dr_direction = direction;
	event.length = 3;
	return event;
}

#endif
