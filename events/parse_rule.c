// SPDX-License-Identifier: GPL-2.0
/*
 * The grammar of !exception, !interrupt and !dr, after the command's name. See parse.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls memcmp and rsp_text_*().
 */
#include "chars.h"
#include "parse_in.h"

#define PID_LIMIT    0x3fffff /* of Linux on 64-bit machines, PID_MAX_LIMIT */
#define BUFFER_LIMIT 0x10000000

enum param {
	PARAM_PID,
	PARAM_CORE,
	PARAM_RIP,
	PARAM_CPL,
	PARAM_IMM,
	PARAM_SC,
	PARAM_STAGE,
	PARAM_BUFFER,
	PARAM_SCRIPT,
	PARAM_CONDITION,
	PARAM_CODE,
	PARAM_OUTPUT,
	PARAM_TRACE,
	PARAM_PERSIST,
	PARAM_PFEC,
	PARAM_ADDR,
	PARAM_SKIP,
	PARAM_REG,
	PARAM_ACCESS,
	PARAM_VECTOR, /* the one without a name */
	NR_PARAMS,
};

struct rule_parse {
	struct parse_in *in;
	struct rule_spec *spec;
	struct rule_span at[NR_PARAMS]; /* the word of each parameter that was given */
};

static bool given(const struct rule_parse *rp, enum param param)
{
	return rp->at[param].p;
}

static bool parse_pid(struct rule_parse *rp)
{
	struct parse_in before = *rp->in;
	u64 pid;

	if (in_word(rp->in) && in_is(&rp->in->word, "all"))
		return true;
	*rp->in = before;
	if (!in_need_number(rp->in, "a process id or all", PID_LIMIT, &pid))
		return false;
	rp->spec->filter.set |= RULE_PID;
	rp->spec->filter.pid = pid;
	return true;
}

static bool parse_core(struct rule_parse *rp)
{
	const struct parse_env *env = rp->in->env;
	u64 core;

	if (!in_need_number(rp->in, "the number of a core", RULES_EVERY_CPU - 1, &core))
		return false;
	if (env->core_online && !env->core_online(env->ctx, core))
		return in_fail_word(rp->in, "this core is not online");
	rp->spec->filter.set |= RULE_CORE;
	rp->spec->filter.core = core;
	return true;
}

static bool parse_range(struct rule_parse *rp, struct rule_range *range)
{
	if (!in_need_number(rp->in, "an address", ~0ULL, &range->from) ||
	    !in_need_number(rp->in, "an address", ~0ULL, &range->to))
		return false;
	return range->from <= range->to || in_fail_word(rp->in, "the range ends before it begins");
}

static bool parse_rip(struct rule_parse *rp)
{
	rp->spec->filter.set |= RULE_RIP;
	return parse_range(rp, &rp->spec->filter.rip);
}

static bool parse_addr(struct rule_parse *rp)
{
	rp->spec->filter.set |= RULE_ADDR;
	return parse_range(rp, &rp->spec->filter.addr);
}

static bool parse_cpl(struct rule_parse *rp)
{
	u64 cpl;

	if (!in_need_number(rp->in, "a ring, 0 to 3", 3, &cpl))
		return false;
	rp->spec->filter.set |= RULE_CPL;
	rp->spec->filter.cpl = cpl;
	return true;
}

static bool parse_pfec(struct rule_parse *rp)
{
	struct rule_filter *f = &rp->spec->filter;
	u64 mask, value;

	if (!in_need_number(rp->in, "a mask of 32 bits", 0xffffffff, &mask) ||
	    !in_need_number(rp->in, "a value of 32 bits", 0xffffffff, &value))
		return false;
	if (value & ~mask)
		return in_fail_word(rp->in, "has bits that the mask has not: nothing would match");
	f->set |= RULE_PFEC;
	f->pfec_mask = mask;
	f->pfec_value = value;
	return true;
}

static bool parse_skip(struct rule_parse *rp)
{
	return in_need_choice(rp->in, "on", "off", &rp->spec->skip);
}

static bool parse_reg(struct rule_parse *rp)
{
	u64 reg;

	if (!in_need_number(rp->in, "the number of a debug register, 0 to 7", 7, &reg))
		return false;
	rp->spec->filter.set |= RULE_REG;
	rp->spec->filter.reg = reg;
	return true;
}

static bool parse_access(struct rule_parse *rp)
{
	struct rule_filter *f = &rp->spec->filter;

	if (!in_need(rp->in, "r, w or rw"))
		return false;
	f->set |= RULE_ACCESS;
	if (in_is(&rp->in->word, "r"))
		f->access = RULE_ACCESS_BIT(EVENT_DR_READ);
	else if (in_is(&rp->in->word, "w"))
		f->access = RULE_ACCESS_BIT(EVENT_DR_WRITE);
	else if (in_is(&rp->in->word, "rw"))
		f->access = RULE_ACCESS_BIT(EVENT_DR_READ) | RULE_ACCESS_BIT(EVENT_DR_WRITE);
	else
		return in_fail_word(rp->in, "is not r, w or rw");
	return true;
}

static bool parse_imm(struct rule_parse *rp)
{
	return in_need_choice(rp->in, "yes", "no", &rp->spec->imm);
}

static bool parse_sc(struct rule_parse *rp)
{
	return in_need_choice(rp->in, "on", "off", &rp->spec->sc);
}

static bool parse_stage(struct rule_parse *rp)
{
	if (!in_need(rp->in, "pre, post or all"))
		return false;
	if (in_is(&rp->in->word, "pre"))
		rp->spec->stages = EVENT_STAGE_BIT(EVENT_PRE);
	else if (in_is(&rp->in->word, "post"))
		rp->spec->stages = EVENT_STAGE_BIT(EVENT_POST);
	else if (in_is(&rp->in->word, "all"))
		rp->spec->stages = EVENT_STAGE_ALL;
	else
		return in_fail_word(rp->in, "is not pre, post or all");
	return true;
}

static bool parse_buffer(struct rule_parse *rp)
{
	u64 size;

	if (!in_need_number(rp->in, "a number of bytes", BUFFER_LIMIT, &size))
		return false;
	rp->spec->buffer = size;
	return true;
}

static bool parse_persist(struct rule_parse *rp)
{
	rp->spec->persist = true;
	return true;
}

/* With lines before the first word: errors count lines from the brace, as in the file it came from. */
static void script_from_start(struct rule_span *script)
{
	const char *p = script->p;
	bool lines = false;

	while (p[-1] != '{')
		lines |= *--p == '\n';
	if (!lines)
		return;
	script->len += script->p - p;
	script->p = p;
}

static bool parse_script(struct rule_parse *rp)
{
	struct rule_span *script = &rp->spec->script;

	if (!in_need_braces(rp->in, script))
		return false;
	rp->spec->script_file = script->len >= 5 && !memcmp(script->p, "file:", 5);
	if (!rp->spec->script_file) {
		script_from_start(script);
		return true;
	}
	script->p += 5;
	script->len -= 5;
	in_trim(script);
	return script->len || in_fail(rp->in, script, "file: is to be followed by a path");
}

/* A run of digits that ends at a blank, or with the text. */
static struct rule_span hex_run(const struct rule_span *text, size_t at)
{
	struct rule_span run = { text->p + at, 0 };

	while (at + run.len < text->len && (u8)run.p[run.len] > ' ')
		run.len++;
	return run;
}

static bool hex_check(struct rule_parse *rp, const struct rule_span *text)
{
	struct rule_span run;
	size_t at, i;

	for (at = 0; at < text->len; at += run.len + !run.len) {
		run = hex_run(text, at);
		for (i = 0; i < run.len; i++)
			if (rsp_hex_value(run.p[i]) < 0)
				return in_fail(rp->in, &run, "is not hexadecimal");
		if (run.len % 2)
			return in_fail(rp->in, &run, "has an odd number of hexadecimal digits");
	}
	return true;
}

static bool parse_hex(struct rule_parse *rp, struct rule_span *text)
{
	if (!rp->in->env->unsafe_code)
		return in_fail_word(rp->in, "native code needs the module parameter unsafe_code=1");
	return in_need_braces(rp->in, text) && hex_check(rp, text);
}

static bool parse_condition(struct rule_parse *rp)
{
	return parse_hex(rp, &rp->spec->condition);
}

static bool parse_code(struct rule_parse *rp)
{
	rp->spec->code_first = !given(rp, PARAM_SCRIPT);
	return parse_hex(rp, &rp->spec->code);
}

static bool output_add(struct rule_parse *rp, struct rule_span name)
{
	struct rule_spec *spec = rp->spec;

	in_trim(&name);
	if (!name.len)
		return in_fail(rp->in, &name, "the name of an output is missing");
	if (spec->nr_outputs == RULES_MAX_OUTPUTS)
		return in_fail(rp->in, &name, "a rule has at most five outputs");
	spec->output[spec->nr_outputs++] = name;
	return true;
}

static bool parse_output(struct rule_parse *rp)
{
	struct rule_span text, name;
	size_t i;

	if (!in_need_braces(rp->in, &text))
		return false;
	name = (struct rule_span){ text.p, 0 };
	for (i = 0; i < text.len; i++) {
		if (text.p[i] != ',') {
			name.len++;
			continue;
		}
		if (!output_add(rp, name))
			return false;
		name = (struct rule_span){ text.p + i + 1, 0 };
	}
	return output_add(rp, name);
}

static bool parse_trace(struct rule_parse *rp)
{
	u64 number;

	if (!in_need_number(rp->in, "the number of a tracepoint (0n for decimal)", 0xffff, &number))
		return false;
	rp->spec->trace = number;
	return number || in_fail_word(rp->in, "tracepoints are numbered from 1");
}

#define FOR_EXCEPTION (1u << EVENT_EXCEPTION)
#define FOR_DR	      (1u << EVENT_DR)
#define FOR_ALL	      ((1u << EVENT_NR_KINDS) - 1)

static const struct {
	const char *name;
	u8 kinds;
	bool (*parse)(struct rule_parse *rp);
} params[] = {
	[PARAM_PID] = { "pid", FOR_ALL, parse_pid },
	[PARAM_CORE] = { "core", FOR_ALL, parse_core },
	[PARAM_RIP] = { "rip", FOR_ALL, parse_rip },
	[PARAM_CPL] = { "cpl", FOR_ALL, parse_cpl },
	[PARAM_IMM] = { "imm", FOR_ALL, parse_imm },
	[PARAM_SC] = { "sc", FOR_ALL, parse_sc },
	[PARAM_STAGE] = { "stage", FOR_ALL, parse_stage },
	[PARAM_BUFFER] = { "buffer", FOR_ALL, parse_buffer },
	[PARAM_SCRIPT] = { "script", FOR_ALL, parse_script },
	[PARAM_CONDITION] = { "condition", FOR_ALL, parse_condition },
	[PARAM_CODE] = { "code", FOR_ALL, parse_code },
	[PARAM_OUTPUT] = { "output", FOR_ALL, parse_output },
	[PARAM_TRACE] = { "trace", FOR_ALL, parse_trace },
	[PARAM_PERSIST] = { "persist", FOR_ALL, parse_persist },
	[PARAM_PFEC] = { "pfec", FOR_EXCEPTION, parse_pfec },
	[PARAM_ADDR] = { "addr", FOR_EXCEPTION, parse_addr },
	[PARAM_SKIP] = { "skip", FOR_EXCEPTION, parse_skip },
	[PARAM_REG] = { "reg", FOR_DR, parse_reg },
	[PARAM_ACCESS] = { "access", FOR_DR, parse_access },
};

static bool exception_named(const struct rule_span *word, u64 *vector)
{
	struct rule_span name = *word;
	const char *known;

	if (name.p[0] == '#') {
		name.p++;
		name.len--;
	}
	for (*vector = 0; *vector < EVENT_NR_EXCEPTIONS; ++*vector) {
		known = event_vector_name(*vector);
		if (known && in_is(&name, known))
			return true;
	}
	return false;
}

/* Names first: `ac` and `de` are numbers too. */
static bool parse_vector(struct rule_parse *rp)
{
	bool exception = rp->spec->kind == EVENT_EXCEPTION;
	const struct rule_span *word = &rp->in->word;
	u64 vector;

	if (!(exception && exception_named(word, &vector)) && !in_number(word, &vector))
		return in_fail_word(rp->in, exception ? "no such parameter or exception"
						      : "no such parameter");
	if (given(rp, PARAM_VECTOR))
		return in_fail_word(rp->in, "a second vector");
	if (exception && vector >= EVENT_NR_EXCEPTIONS)
		return in_fail_word(rp->in, "exceptions have the vectors 0 to 0x1f; "
					    "try !interrupt");
	if (!exception && (vector < EVENT_NR_EXCEPTIONS || vector >= EVENT_NR_VECTORS))
		return in_fail_word(rp->in, "external interrupts have the vectors 0x20 to 0xff");
	rp->at[PARAM_VECTOR] = *word;
	rp->spec->vector = vector;
	return true;
}

static bool parse_param(struct rule_parse *rp)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(params); i++)
		if (in_is(&rp->in->word, params[i].name))
			break;
	if (i == ARRAY_SIZE(params)) {
		if (rp->spec->kind == EVENT_DR)
			return in_fail_word(rp->in, "no such parameter");
		return parse_vector(rp);
	}
	if (!(params[i].kinds & 1u << rp->spec->kind))
		return in_fail_word(rp->in, params[i].kinds == FOR_DR
						    ? "only !dr has this parameter"
						    : "only !exception has this parameter");
	if (given(rp, i))
		return in_fail_word(rp->in, "this parameter is there twice");
	rp->at[i] = rp->in->word;
	return params[i].parse(rp);
}

/* Whether a page fault is what the rule names: only then there is an address, or bits of its code.
 */
static bool check_page_fault(struct rule_parse *rp, enum param param)
{
	if (!given(rp, param) || rp->spec->vector == EVENT_VECTOR_PF)
		return true;
	return in_fail(rp->in, &rp->at[param], "only page faults have that: name the vector 0xe");
}

static bool check_skip(struct rule_parse *rp)
{
	if (!rp->spec->skip || rp->spec->vector == RULES_NO_VECTOR ||
	    event_vector_is_fault(rp->spec->vector))
		return true;
	return in_fail(rp->in, &rp->at[PARAM_SKIP],
		       "only faults leave RIP at the instruction, and this vector is none");
}

/* What can be judged only when all parameters are known. */
static bool check_rule(struct rule_parse *rp, const struct rule_span *command)
{
	const struct rule_spec *spec = rp->spec;

	if (spec->kind == EVENT_INTERRUPT && spec->vector == RULES_NO_VECTOR)
		return in_fail(rp->in, command, "a vector is missing, 0x20 to 0xff");
	if (spec->sc && spec->stages & EVENT_STAGE_BIT(EVENT_POST))
		return in_fail(rp->in, &rp->at[PARAM_SC],
			       "in stage post the event is on its way: only stage pre can "
			       "suppress it");
	return check_page_fault(rp, PARAM_PFEC) && check_page_fault(rp, PARAM_ADDR) &&
	       check_skip(rp);
}

bool parse_rule(struct parse_in *in, struct rule_spec *spec)
{
	struct rule_span command = in->word;
	struct rule_parse rp = { .in = in, .spec = spec };

	spec->vector = RULES_NO_VECTOR;
	spec->stages = EVENT_STAGE_BIT(EVENT_PRE);
	spec->imm = true;
	spec->text = (struct rule_span){ in->line, in->len };
	in_trim(&spec->text);
	while (in_word(in))
		if (!parse_param(&rp))
			return false;
	return in_end(in) && check_rule(&rp, &command);
}
