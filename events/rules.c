// SPDX-License-Identifier: GPL-2.0
/*
 * The set of rules: pools, adding, removing, enabling. See rules.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memcpy and memset.
 */
#include "rules.h"
#include "chars.h"

#define RULES_ALIGN 16 /* of code, programs and buffers in their pools */

#define INSN_RET  0xc3
#define INSN_INT3 0xcc

enum rules_pool {
	POOL_CODE,
	POOL_SCRIPTS,
	POOL_BUFFERS,
};

void rules_init(struct event_rules *rules, const struct rules_memory *memory)
{
	memset(rules, 0, sizeof(*rules));
	rules->memory = *memory;
	rules->memory.nr_rules = base_min(memory->nr_rules, RULES_MAX);
	rules->next_id = 1;
	memset(memory->rules, 0, sizeof(*memory->rules) * rules->memory.nr_rules);
	if (memory->code_size)
		memset(memory->code, INSN_INT3, memory->code_size);
}

static void rules_changed(struct event_rules *rules)
{
	__atomic_fetch_add(&rules->generation, 1, __ATOMIC_RELEASE);
}

struct event_rule *rules_nth(const struct event_rules *rules, u32 n)
{
	return n < rules->nr ? &rules->memory.rules[rules->order[n]] : NULL;
}

static u32 rules_position(const struct event_rules *rules, u32 id)
{
	u32 n;

	for (n = 0; n < rules->nr; n++)
		if (rules_nth(rules, n)->id == id)
			break;
	return n;
}

struct event_rule *rules_find(struct event_rules *rules, u32 id)
{
	return rules_nth(rules, rules_position(rules, id));
}

static u32 pool_size(const struct event_rules *rules, enum rules_pool pool)
{
	if (pool == POOL_CODE)
		return rules->memory.code_size;
	return pool == POOL_SCRIPTS ? rules->memory.scripts_size : rules->memory.buffers_size;
}

/* The n-th piece of a rule in a pool; NULL if there are fewer. */
static const struct rule_piece *pool_piece(const struct event_rule *rule, enum rules_pool pool,
					   unsigned int n)
{
	if (pool == POOL_CODE && n < 2)
		return n ? &rule->code : &rule->condition;
	if (n)
		return NULL;
	return pool == POOL_SCRIPTS ? &rule->program : &rule->buffer;
}

/* The end of a piece that covers some of [at, at + len), 0 if all of it is free. */
static u64 pool_taken(const struct event_rules *rules, enum rules_pool pool, u64 at, u64 len)
{
	const struct rule_piece *piece;
	unsigned int n;
	u32 slot;

	for (slot = 0; slot < rules->memory.nr_rules; slot++)
		for (n = 0; (piece = pool_piece(&rules->memory.rules[slot], pool, n)); n++)
			if (piece->len && piece->at < at + len && at < (u64)piece->at + piece->len)
				return (u64)piece->at + piece->len;
	return 0;
}

/* First fit, from the start of the pool: nothing has to be moved or remembered. */
static bool pool_take(const struct event_rules *rules, enum rules_pool pool, u64 len,
		      struct rule_piece *piece)
{
	u64 at = 0, end;

	while (at + len <= pool_size(rules, pool)) {
		end = pool_taken(rules, pool, at, len);
		if (!end) {
			piece->at = at;
			piece->len = len;
			return true;
		}
		at = (end + RULES_ALIGN - 1) & ~(u64)(RULES_ALIGN - 1);
	}
	return false;
}

static u32 hex_count(const struct rule_span *hex)
{
	u32 digits = 0;
	size_t i;

	for (i = 0; i < hex->len; i++)
		digits += rsp_hex_value(hex->p[i]) >= 0;
	return digits / 2;
}

/* Whatever stands between digits is skipped: the parser has judged it. */
static void hex_decode(const struct rule_span *hex, u8 *out)
{
	unsigned int digits = 0;
	size_t i;
	int value;

	for (i = 0; i < hex->len; i++) {
		value = rsp_hex_value(hex->p[i]);
		if (value < 0)
			continue;
		if (digits++ % 2)
			*out++ |= value;
		else
			*out = value << 4;
	}
}

static bool rules_take_code(struct event_rules *rules, const struct rule_span *hex,
			    struct rule_piece *piece)
{
	u32 count = hex_count(hex);

	if (!hex->p)
		return true;
	if (!pool_take(rules, POOL_CODE, count + 1, piece))
		return false;
	hex_decode(hex, rules->memory.code + piece->at);
	rules->memory.code[piece->at + count] = INSN_RET;
	return true;
}

static enum rules_error rules_take(struct event_rules *rules, const struct rule_spec *spec,
				   struct event_rule *rule)
{
	if (spec->script.p && !spec->program_len)
		return RULES_NO_PROGRAM;
	if (spec->buffer && !pool_take(rules, POOL_BUFFERS, spec->buffer, &rule->buffer))
		return RULES_BUFFERS_FULL;
	if (spec->script.p && !pool_take(rules, POOL_SCRIPTS, spec->program_len, &rule->program))
		return RULES_SCRIPTS_FULL;
	if (!rules_take_code(rules, &spec->condition, &rule->condition) ||
	    !rules_take_code(rules, &spec->code, &rule->code))
		return RULES_CODE_FULL;
	if (rule->buffer.len)
		memset(rules->memory.buffers + rule->buffer.at, 0, rule->buffer.len);
	if (rule->program.len)
		memcpy(rules->memory.scripts + rule->program.at, spec->program, spec->program_len);
	return RULES_OK;
}

/* For a list on a terminal: one line, printable, cut with dots. */
static void rules_set_text(struct event_rule *rule, const struct rule_span *text)
{
	size_t len = base_min(text->len, RULES_TEXT_SIZE - 1), i;

	for (i = 0; i < len; i++)
		rule->text[i] = text->p[i] >= ' ' && text->p[i] <= '~' ? text->p[i] : ' ';
	for (i = len - 3; len < text->len && i < len; i++)
		rule->text[i] = '.';
	rule->text[len] = 0;
}

static void rules_fill(struct event_rule *rule, const struct rule_spec *spec,
		       enum rule_origin origin)
{
	rule->kind = spec->kind;
	rule->vector = spec->vector;
	rule->state = RULE_ENABLED;
	rule->origin = origin;
	rule->stages = spec->stages;
	rule->filter = spec->filter;
	rule->breaks = !spec->script.p && !spec->code.p && !spec->outputs && !spec->trace;
	rule->trace = spec->trace;
	rule->sc = spec->sc;
	rule->skip = spec->skip;
	rule->imm = spec->imm;
	/* What hvgdbctl asked for does not belong to gdb's session, and does not end with it. */
	rule->persist = spec->persist || origin == RULE_IOCTL;
	rule->code_first = spec->code_first;
	rule->outputs = spec->outputs;
	rules_set_text(rule, &spec->text);
}

static void rules_wipe(struct event_rules *rules, struct event_rule *rule)
{
	if (rule->condition.len)
		memset(rules->memory.code + rule->condition.at, INSN_INT3, rule->condition.len);
	if (rule->code.len)
		memset(rules->memory.code + rule->code.at, INSN_INT3, rule->code.len);
	memset(rule, 0, sizeof(*rule));
}

enum rules_error rules_add(struct event_rules *rules, const struct rule_spec *spec,
			   enum rule_origin origin, u32 *id)
{
	struct event_rule *rule = rules->memory.rules;
	enum rules_error error;

	if (rules->nr >= rules->memory.nr_rules)
		return RULES_FULL;
	while (rule->id)
		rule++;
	error = rules_take(rules, spec, rule);
	if (error) {
		rules_wipe(rules, rule);
		return error;
	}
	rules_fill(rule, spec, origin);
	rule->id = rules->next_id++;
	*id = rule->id;
	rules->order[rules->nr++] = rule - rules->memory.rules;
	rules_index_build(rules);
	rules_changed(rules);
	return RULES_OK;
}

enum rules_error rules_remove(struct event_rules *rules, u32 id)
{
	u32 n = rules_position(rules, id);

	if (n == rules->nr)
		return RULES_NO_SUCH_ID;
	rules_wipe(rules, rules_nth(rules, n));
	for (rules->nr--; n < rules->nr; n++)
		rules->order[n] = rules->order[n + 1];
	rules_index_build(rules);
	rules_changed(rules);
	return RULES_OK;
}

enum rules_error rules_enable(struct event_rules *rules, u32 id, bool on)
{
	struct event_rule *rule = rules_find(rules, id);

	if (!rule || rule->doomed)
		return RULES_NO_SUCH_ID;
	rule->state = on ? RULE_ENABLED : RULE_DISABLED;
	rules_changed(rules);
	return RULES_OK;
}

enum rules_error rules_doom(struct event_rules *rules, u32 id)
{
	struct event_rule *rule = rules_find(rules, id);

	if (!rule || rule->doomed)
		return RULES_NO_SUCH_ID;
	rule->doomed = true;
	__atomic_store_n(&rule->state, RULE_DISABLED, __ATOMIC_RELAXED);
	rules_changed(rules);
	return RULES_OK;
}

void rules_sweep(struct event_rules *rules)
{
	struct event_rule *rule;
	u32 n = 0;

	while ((rule = rules_nth(rules, n))) {
		if (rule->doomed)
			rules_remove(rules, rule->id);
		else
			n++;
	}
}

bool rules_script_failed(struct event_rule *rule, u8 result, u32 line)
{
	rule->script_result = result;
	rule->script_line = line;
	return __atomic_fetch_add(&rule->script_errors, 1, __ATOMIC_RELAXED) == 0;
}

void rules_enable_all(struct event_rules *rules, bool on)
{
	u32 n;

	for (n = 0; n < rules->nr; n++)
		rules_nth(rules, n)->state = on ? RULE_ENABLED : RULE_DISABLED;
	rules_changed(rules);
}

void rules_clear(struct event_rules *rules)
{
	while (rules->nr)
		rules_remove(rules, rules_nth(rules, rules->nr - 1)->id);
}

void rules_session_end(struct event_rules *rules)
{
	struct event_rule *rule;
	u32 n = 0;

	while ((rule = rules_nth(rules, n))) {
		if (rule->persist)
			n++;
		else
			rules_remove(rules, rule->id);
	}
}

void rules_fail(struct event_rules *rules, struct event_rule *rule, const struct rule_failure *why)
{
	rule->failure = *why;
	__atomic_store_n(&rule->state, RULE_FAILED, __ATOMIC_RELAXED);
	rules_changed(rules);
}

const char *rules_error_text(enum rules_error error)
{
	switch (error) {
	case RULES_OK:
		return "done";
	case RULES_NO_SUCH_ID:
		return "there is no rule with this id";
	case RULES_FULL:
		return "no room for another rule: load the module with a larger max_rules=";
	case RULES_CODE_FULL:
		return "no room for the code: load the module with a larger code_pool=";
	case RULES_SCRIPTS_FULL:
		return "no room for the script: load the module with a larger script_pool=";
	case RULES_BUFFERS_FULL:
		return "no room for the buffer: load the module with a larger buffer_pool=";
	case RULES_NO_PROGRAM:
		return "scripts cannot be run here";
	}
	return "unknown error";
}
