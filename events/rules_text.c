// SPDX-License-Identifier: GPL-2.0
/*
 * Rules in words, for `monitor events`, for the line that confirms a rule, for stops. See rules.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls rsp_text_*().
 */
#include "expr.h"
#include "rules.h"

static void add_hex(struct rsp_text *out, const char *label, u64 value)
{
	rsp_text_add(out, label);
	rsp_text_add(out, "0x");
	rsp_text_hex(out, value);
}

static void add_dec(struct rsp_text *out, const char *label, u64 value)
{
	rsp_text_add(out, label);
	rsp_text_dec(out, value);
}

static void add_bytes(struct rsp_text *out, const char *what, u64 bytes)
{
	add_dec(out, what, bytes);
	rsp_text_add(out, " bytes)");
}

static void add_range(struct rsp_text *out, const char *label, const struct rule_range *range)
{
	add_hex(out, label, range->from);
	add_hex(out, " to ", range->to);
}

static void describe_vector(const struct event_rule *rule, struct rsp_text *out)
{
	const char *name;

	if (rule->kind == EVENT_INTERRUPT) {
		add_hex(out, "interrupt ", rule->vector);
		return;
	}
	if (rule->vector == RULES_NO_VECTOR) {
		rsp_text_add(out, "all exceptions");
		return;
	}
	add_hex(out, "exception ", rule->vector);
	name = event_vector_name(rule->vector);
	if (!name)
		return;
	rsp_text_add(out, " (");
	rsp_text_add(out, name);
	rsp_text_add(out, ")");
}

static void describe_dr(const struct rule_filter *f, struct rsp_text *out)
{
	static const char *const access[] = {
		"accesses to",
		[RULE_ACCESS_BIT(EVENT_DR_WRITE)] = "writes of",
		[RULE_ACCESS_BIT(EVENT_DR_READ)] = "reads of",
		"accesses to",
	};

	rsp_text_add(out, access[f->access & 3]);
	if (f->set & RULE_REG)
		add_dec(out, " dr", f->reg);
	else
		rsp_text_add(out, " the debug registers");
}

static void describe_pid(const struct rule_filter *f, const char *comm, struct rsp_text *out)
{
	if (!(f->set & RULE_PID))
		return;
	add_hex(out, ", pid ", f->pid);
	add_dec(out, " = ", f->pid);
	if (!comm)
		return;
	rsp_text_add(out, " (");
	rsp_text_add(out, comm);
	rsp_text_add(out, ")");
}

static void describe_filter(const struct rule_filter *f, const char *comm, struct rsp_text *out)
{
	describe_pid(f, comm, out);
	if (f->set & RULE_CORE)
		add_hex(out, ", core ", f->core);
	if (f->set & RULE_CPL)
		add_dec(out, ", ring ", f->cpl);
	if (f->set & RULE_RIP)
		add_range(out, ", rip ", &f->rip);
	if (f->set & RULE_ADDR)
		add_range(out, ", address ", &f->addr);
	if (f->set & RULE_PFEC) {
		add_hex(out, ", error code & ", f->pfec_mask);
		add_hex(out, " is ", f->pfec_value);
	}
}

static void describe_actions(const struct event_rule *rule, struct rsp_text *out)
{
	if (rule->stages == EVENT_STAGE_ALL)
		rsp_text_add(out, ", both stages");
	else if (rule->stages == EVENT_STAGE_BIT(EVENT_POST))
		rsp_text_add(out, ", stage post");
	if (rule->condition.len)
		add_bytes(out, ", condition (", rule->condition.len - 1);
	if (rule->breaks)
		rsp_text_add(out, ", break");
	if (rule->outputs)
		rsp_text_add(out, ", recorded");
	if (rule->trace)
		add_dec(out, ", collects like tracepoint ", rule->trace);
	if (rule->program.len)
		rsp_text_add(out, ", script");
	if (rule->code.len)
		add_bytes(out, ", code (", rule->code.len - 1);
	if (rule->buffer.len)
		add_bytes(out, ", buffer (", rule->buffer.len);
	if (rule->sc)
		rsp_text_add(out, ", sc on");
	if (rule->skip)
		rsp_text_add(out, ", skip on");
	if (!rule->imm)
		rsp_text_add(out, ", imm no");
	if (rule->persist)
		rsp_text_add(out, ", persist");
}

void rules_describe(const struct event_rule *rule, const char *comm, struct rsp_text *out)
{
	if (rule->origin == RULE_GDB) {
		rsp_text_add(out, rule->text);
		return;
	}
	if (rule->kind == EVENT_DR)
		describe_dr(&rule->filter, out);
	else
		describe_vector(rule, out);
	describe_filter(&rule->filter, comm, out);
	describe_actions(rule, out);
}

void rules_describe_failure(const struct rule_failure *failure, struct rsp_text *out)
{
	const char *name = event_vector_name(failure->vector);

	if (failure->what == RULE_STORM) {
		rsp_text_add(out, "its interrupt came again each time that it was suppressed");
		return;
	}
	if (failure->what == RULE_SCRIPT) {
		add_dec(out, "its script, in line ", failure->at);
		rsp_text_add(out, ": ");
		rsp_text_add(out, failure->sentence);
		return;
	}
	rsp_text_add(out, failure->in_condition ? "its condition" : "its code");
	if (failure->what == RULE_ENDLESS) {
		rsp_text_add(out, " did not end within 100 ms");
		return;
	}
	add_hex(out, " faulted, vector ", failure->vector);
	if (name) {
		rsp_text_add(out, " (");
		rsp_text_add(out, name);
		rsp_text_add(out, ")");
	}
	if (failure->inside)
		add_hex(out, " at byte ", failure->at);
	else
		rsp_text_add(out, " at a place outside of it");
}

void rules_describe_script(const struct event_rule *rule, struct rsp_text *out)
{
	add_dec(out, "its script ended early ", rule->script_errors);
	add_dec(out, rule->script_errors == 1 ? " time, in line " : " times, last in line ",
		rule->script_line);
	rsp_text_add(out, ": ");
	rsp_text_add(out, expr_result_text(rule->script_result));
}

static void list_rule(const struct event_rule *rule, struct rsp_text *out)
{
	static const char *const states[] = { "disabled", "enabled", "failed" };
	static const char *const origins[] = { "monitor", "ioctl", "gdb" };

	add_hex(out, "", rule->id);
	rsp_text_add(out, "  ");
	rsp_text_add(out, states[rule->state]);
	rsp_text_add(out, "  ");
	rsp_text_add(out, origins[rule->origin]);
	add_dec(out, "  hits ", rule->hits);
	add_dec(out, "  suppressed ", rule->suppressed);
	add_dec(out, "  lost ", rule->lost);
	rsp_text_add(out, "  ");
	rules_describe(rule, NULL, out);
	if (rule->state == RULE_FAILED) {
		rsp_text_add(out, "; disabled: ");
		rules_describe_failure(&rule->failure, out);
	}
	if (rule->script_errors) {
		rsp_text_add(out, "; ");
		rules_describe_script(rule, out);
	}
	if (rule->origin != RULE_GDB) {
		rsp_text_add(out, "\n    ");
		rsp_text_add(out, rule->text);
	}
	rsp_text_add(out, "\n");
}

void rules_list(const struct event_rules *rules, struct rsp_text *out)
{
	const struct event_rule *rule;
	u32 n;

	if (!rules->nr)
		rsp_text_add(out, "no rules\n");
	for (n = 0; (rule = rules_nth(rules, n)); n++)
		list_rule(rule, out);
}

void rules_names(const struct event_rules *rules, const struct event_outcome *outcome,
		 struct rsp_text *out)
{
	const struct event_rule *rule;
	const char *separator = "";
	u32 n;

	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		if (!rules_outcome_has(rules, outcome, outcome->breaking, rules->order[n]))
			continue;
		add_hex(out, separator, rule->id);
		separator = ", ";
	}
}
