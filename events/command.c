// SPDX-License-Identifier: GPL-2.0
/*
 * Event commands, from text to done. See command.h.
 *
 * Runs in VMX root and in user-space tests. Calls parse_*(), rules_*() and rsp_text_*().
 */
#include "command.h"

static enum command_result command_error(struct rsp_text *out, const char *sentence)
{
	rsp_text_add(out, sentence);
	rsp_text_add(out, "\n");
	return COMMAND_ERROR;
}

/* The line that confirms a rule. */
static void command_confirm(const struct command_env *env, const struct event_rule *rule,
			    struct rsp_text *out)
{
	char comm[EVENT_COMM_SIZE + 1] = "";
	const char *name = NULL;

	if (rule->filter.set & RULE_PID && env->process_name)
		name = env->process_name(env->ctx, rule->filter.pid, comm) ? comm
									   : "no such process";
	rsp_text_add(out, "rule 0x");
	rsp_text_hex(out, rule->id);
	rsp_text_add(out, ": ");
	rules_describe(rule, name, out);
	rsp_text_add(out, "\n");
}

/* Scripts are made ready by somebody else, or there is nobody. */
static bool command_compile(const struct command_env *env, struct rule_spec *spec,
			    struct rsp_text *out)
{
	if (!spec->script.p)
		return true;
	if (spec->script_file) {
		command_error(out, "script { file:... } is read by the gdb Python of hvgdb and by "
				   "hvgdbctl: here the text itself is needed");
		return false;
	}
	if (env->compile)
		return env->compile(env->ctx, spec, out);
	command_error(out, "scripts cannot be run here");
	return false;
}

static enum command_result command_rule(struct event_rules *rules, const struct command_env *env,
					struct rule_spec *spec, struct rsp_text *out)
{
	enum rules_error error;
	u32 id;

	if (!outputs_resolve(env->outputs, spec, out) || !command_compile(env, spec, out))
		return COMMAND_ERROR;
	if (env->no_break && !spec->script.p && !spec->code.p && !spec->nr_outputs)
		return command_error(out, env->no_break);
	error = rules_add(rules, spec, env->origin, &id);
	if (error)
		return command_error(out, rules_error_text(error));
	command_confirm(env, rules_find(rules, id), out);
	return COMMAND_OK;
}

static enum rules_error command_change(struct event_rules *rules, const struct parse_command *c)
{
	bool on = c->what == PARSE_EVENTS_ENABLE;

	if (c->what == PARSE_EVENTS_CLEAR) {
		if (!c->all)
			return rules_remove(rules, c->id);
		rules_clear(rules);
		return RULES_OK;
	}
	if (!c->all)
		return rules_enable(rules, c->id, on);
	rules_enable_all(rules, on);
	return RULES_OK;
}

static enum command_result command_do(struct event_rules *rules, const struct command_env *env,
				      struct parse_command *c, struct rsp_text *out)
{
	enum rules_error error;

	switch (c->what) {
	case PARSE_RULE:
		return command_rule(rules, env, &c->spec, out);
	case PARSE_EVENTS_LIST:
		rules_list(rules, out);
		return COMMAND_OK;
	case PARSE_EVENTS_SC:
		if (env->event_sc && env->event_sc(env->ctx, c->on))
			return COMMAND_OK;
		return command_error(out, "no event is held that could be suppressed");
	case PARSE_OUTPUT:
		return outputs_run(env->outputs, rules, &c->output, out) ? COMMAND_OK :
									   COMMAND_ERROR;
	case PARSE_EVENT:
		if (!env->event_show)
			return command_error(out, "there has been no event");
		env->event_show(env->ctx, out);
		return COMMAND_OK;
	}
	error = command_change(rules, c);
	return error ? command_error(out, rules_error_text(error)) : COMMAND_OK;
}

enum command_result command_run(struct event_rules *rules, const struct command_env *env,
				const char *line, size_t len, struct rsp_text *out)
{
	struct parse_command command;

	rules_sweep(rules);
	switch (parse_line(line, len, &env->parse, &command, out)) {
	case PARSE_OK:
		return command_do(rules, env, &command, out);
	case PARSE_ERROR:
		return COMMAND_ERROR;
	default:
		return COMMAND_UNKNOWN;
	}
}
