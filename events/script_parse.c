// SPDX-License-Identifier: GPL-2.0
/*
 * The statements of scripts. See script_compile.h. Runs in VMX root and in user space; calls
 * expr_verify() and memset.
 */
#include "script_compile.h"

static bool call(struct script_compiler *c)
{
	struct script_result result;

	if (!script_function_call(c, &result))
		return false;
	if (result.pushed)
		emit_op(c, BC_POP);
	return !c->failed;
}

/* What can also stand in the parentheses of `for`. */
static bool simple(struct script_compiler *c)
{
	if (script_is_type(c))
		return script_declaration(c, false);
	if (c->token.kind == TOKEN_WORD && c->token.called)
		return call(c);
	return script_assignment(c);
}

static bool statement(struct script_compiler *c);

static bool condition(struct script_compiler *c)
{
	struct script_type type;

	return script_need(c, "(") && script_expression(c, &type) && script_need(c, ")");
}

static bool if_statement(struct script_compiler *c)
{
	u32 next = SCRIPT_NO_CHAIN, end = SCRIPT_NO_CHAIN;

	do {
		script_next(c);
		if (c->failed || !condition(c))
			return false;
		emit_jump_unless(c, &next);
		if (!statement(c))
			return false;
		if (script_is(c, "elsif") || script_is(c, "else"))
			emit_jump(c, &end);
		emit_land(c, &next);
	} while (script_is(c, "elsif"));
	if (script_take(c, "else") && !statement(c))
		return false;
	emit_land(c, &end);
	return !c->failed;
}

/* The jumps out of a loop while its body is compiled. */
struct loop {
	u32 breaks, continues;
	u32 *outer_breaks, *outer_continues;
};

static void loop_begin(struct script_compiler *c, struct loop *loop)
{
	*loop = (struct loop){ SCRIPT_NO_CHAIN, SCRIPT_NO_CHAIN, c->breaks, c->continues };
	c->breaks = &loop->breaks;
	c->continues = &loop->continues;
}

static void loop_end(struct script_compiler *c, struct loop *loop)
{
	emit_land(c, &loop->breaks);
	c->breaks = loop->outer_breaks;
	c->continues = loop->outer_continues;
}

static bool while_statement(struct script_compiler *c)
{
	struct loop loop;
	u32 top;

	script_next(c);
	loop_begin(c, &loop);
	top = emit_here(c);
	if (!condition(c))
		return false;
	emit_jump_unless(c, &loop.breaks);
	if (!statement(c))
		return false;
	emit_land(c, &loop.continues);
	emit_jump_back(c, top);
	loop_end(c, &loop);
	return !c->failed;
}

static bool do_statement(struct script_compiler *c)
{
	struct loop loop;
	u32 top;

	script_next(c);
	loop_begin(c, &loop);
	top = emit_here(c);
	if (!statement(c))
		return false;
	emit_land(c, &loop.continues);
	if (!script_need(c, "while") || !condition(c))
		return false;
	emit_op2(c, BC_IF_GOTO, top);
	loop_end(c, &loop);
	return script_need(c, ";");
}

/* To the parenthesis that closes; what is passed over is compiled behind the body. */
static bool skip_clause(struct script_compiler *c)
{
	u32 open = 0;

	while (!c->failed && c->token.kind != TOKEN_END) {
		if (script_is(c, ")") && !open--)
			return true;
		if (script_is(c, "("))
			open++;
		script_next(c);
	}
	return script_fail(c, &c->token, ") was expected");
}

static bool for_body(struct script_compiler *c, const struct script_token *clause,
		     struct loop *loop, u32 top)
{
	struct script_token behind;

	if (!script_need(c, ")") || !statement(c))
		return false;
	behind = c->token;
	emit_land(c, &loop->continues);
	script_back_to(c, clause);
	if (!script_is(c, ")")) {
		if (!simple(c))
			return false;
		if (!script_is(c, ")"))
			return script_fail(c, &c->token, ") was expected");
	}
	script_back_to(c, &behind);
	emit_jump_back(c, top);
	return !c->failed;
}

static bool for_statement(struct script_compiler *c)
{
	struct script_token clause;
	struct script_type type;
	struct loop loop;
	u32 top;

	script_next(c);
	if (!script_need(c, "(") || (!script_is(c, ";") && !simple(c)) || !script_need(c, ";"))
		return false;
	loop_begin(c, &loop);
	top = emit_here(c);
	if (!script_is(c, ";")) {
		if (!script_expression(c, &type))
			return false;
		emit_jump_unless(c, &loop.breaks);
	}
	if (!script_need(c, ";"))
		return false;
	clause = c->token;
	if (!skip_clause(c) || !for_body(c, &clause, &loop, top))
		return false;
	loop_end(c, &loop);
	return !c->failed;
}

static bool leave_loop(struct script_compiler *c, u32 *chain)
{
	if (!chain)
		return script_fail(c, &c->token, "this is not inside of a loop");
	emit_jump(c, chain);
	script_next(c);
	return script_need(c, ";");
}

static bool break_statement(struct script_compiler *c)
{
	return leave_loop(c, c->breaks);
}

static bool continue_statement(struct script_compiler *c)
{
	return leave_loop(c, c->continues);
}

static bool return_statement(struct script_compiler *c)
{
	struct script_type type;

	script_next(c);
	if (!script_is(c, ";")) {
		if (!script_expression(c, &type))
			return false;
	} else {
		emit_number(c, 0);
	}
	if (c->inside)
		emit_cut(c, &c->inside->type);
	emit_op(c, BC_RETURN);
	return script_need(c, ";");
}

static bool stray_else(struct script_compiler *c)
{
	return script_fail(c, &c->token, "there is no if before it");
}

/* One row a statement that begins with a word of its own. */
static const struct {
	const char *word;
	bool (*compile)(struct script_compiler *c);
} statements[] = {
	{ "{", script_block },
	{ "if", if_statement },
	{ "while", while_statement },
	{ "do", do_statement },
	{ "for", for_statement },
	{ "break", break_statement },
	{ "continue", continue_statement },
	{ "return", return_statement },
	{ "elsif", stray_else },
	{ "else", stray_else },
};

static bool one_statement(struct script_compiler *c)
{
	size_t i;

	emit_line(c, c->token.line);
	for (i = 0; i < ARRAY_SIZE(statements); i++)
		if (script_is(c, statements[i].word))
			return statements[i].compile(c);
	if (script_take(c, ";"))
		return true;
	return simple(c) && script_need(c, ";");
}

static bool statement(struct script_compiler *c)
{
	bool good;

	if (c->failed || !script_enter(c))
		return false;
	good = one_statement(c);
	script_leave(c);
	return good && !c->failed;
}

bool script_block(struct script_compiler *c)
{
	if (!script_need(c, "{"))
		return false;
	while (!script_is(c, "}")) {
		if (c->token.kind == TOKEN_END)
			return script_fail(c, &c->token, "} was expected");
		if (!statement(c))
			return false;
	}
	script_next(c);
	return !c->failed;
}

static bool program(struct script_compiler *c)
{
	emit_op2(c, BC_FRAME, 0);
	script_first(c);
	while (!c->failed && c->token.kind != TOKEN_END) {
		if (script_is_type(c)) {
			emit_line(c, c->token.line);
			if (!script_declaration(c, true))
				return false;
		} else if (!statement(c)) {
			return false;
		}
	}
	emit_here(c);
	emit_op(c, BC_END);
	emit_patch(c, 2, c->slots);
	return !c->failed;
}

/* What the compiler makes has to be sound; that it is, is not taken on trust. */
static bool verified(struct script_compiler *c, struct expr_check *check)
{
	check->allowed = EXPR_SCRIPT;
	check->registers = SCRIPT_REG_LIMIT;
	return !expr_verify(c->code, c->code_len, check) ||
	       script_fail(c, &c->token, check->info.why);
}

bool script_compile(struct script_compiler *c, struct expr_check *check,
		    struct script_globals *globals, const char *text, size_t len,
		    struct rsp_text *error)
{
	u32 nr = globals->nr;

	memset(c, 0, offsetof(struct script_compiler, code));
	c->text = text;
	c->len = len;
	c->error = error;
	c->globals = globals;
	c->code_len = c->last = c->data_len = c->nr_lines = c->image_len = 0;
	if (program(c) && verified(c, check) && emit_finish(c))
		return true;
	globals->nr = nr;
	return false;
}
