// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: lines of commands, separated by NULs, to a small set of rules, with an event of each
 * kind after each; what must always hold of the set is checked. User space.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "events/command.h"
#include "events/page.h"

#define RULES 4

static struct event_rules rules;
static struct event_rule slots[RULES];
static u8 code[128], scripts[128], buffers[256];

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool compile(void *ctx, struct rule_spec *spec, struct rsp_text *error)
{
	(void)ctx;
	(void)error;
	spec->program = (const u8 *)spec->script.p;
	spec->program_len = spec->script.len;
	return true;
}

static bool online(void *ctx, u32 core)
{
	(void)ctx;
	return core < 2;
}

static void check_rules(void)
{
	const struct event_rule *rule, *before = NULL;
	u32 n;

	require(rules.nr <= RULES);
	for (n = 0; (rule = rules_nth(&rules, n)); n++) {
		require(rule->id && rule->id < rules.next_id && (!before || before->id < rule->id));
		require(rule->code.at + rule->code.len <= sizeof(code));
		require(rule->condition.at + rule->condition.len <= sizeof(code));
		require(rule->program.at + rule->program.len <= sizeof(scripts));
		require(rule->buffer.at + rule->buffer.len <= sizeof(buffers));
		require(!rule->code.len || code[rule->code.at + rule->code.len - 1] == 0xc3);
		require(rule->vector < 256 && rule->stages && rule->stages <= EVENT_STAGE_ALL);
		require(!rule->sc || rule->stages == EVENT_STAGE_BIT(EVENT_PRE));
		before = rule;
	}
}

static void happen(void)
{
	struct event event = { .vector = 14, .has_error = true, .error = 2, .pid = 1 };
	struct event_outcome outcome;

	for (event.kind = 0; event.kind < EVENT_NR_KINDS; event.kind++) {
		rules_match(&rules, &event, NULL, NULL, &outcome);
		require(outcome.nr_breaking <= outcome.nr_matched && outcome.nr_matched <= RULES);
	}
	rules_intercepts(&rules, 0);
}

static void run(const char *line, size_t len)
{
	static const struct command_env env = {
		.parse = { .unsafe_code = true, .core_online = online },
		.compile = compile,
	};
	char text[2048];
	struct rsp_text out = { text, 0, sizeof(text) };
	u32 ids = rules.next_id, nr = rules.nr;
	size_t i;

	switch (command_run(&rules, &env, line, len, &out)) {
	case COMMAND_UNKNOWN:
		require(!out.len && rules.next_id == ids && rules.nr == nr);
		break;
	case COMMAND_ERROR:
		require(out.len && text[out.len - 1] == '\n');
		for (i = 0; i + 1 < out.len; i++)
			require(text[i] >= ' ' && text[i] <= '~');
		require(rules.next_id == ids && rules.nr == nr);
		break;
	case COMMAND_OK:
		break;
	}
	check_rules();
	happen();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rules_memory memory = {
		.rules = slots,
		.nr_rules = RULES,
		.code = code,
		.code_size = sizeof(code),
		.scripts = scripts,
		.scripts_size = sizeof(scripts),
		.buffers = buffers,
		.buffers_size = sizeof(buffers),
	};
	size_t start, end;

	rules_init(&rules, &memory);
	rules.gdb_present = true;
	for (start = 0; start < size; start = end + 1) {
		for (end = start; end < size && data[end]; end++)
			;
		run((const char *)data + start, end - start);
	}
	return 0;
}
