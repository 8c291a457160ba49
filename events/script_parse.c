// SPDX-License-Identifier: GPL-2.0
/*
 * The statements of scripts. See script_compile.h. Runs in VMX root and in user space; calls
 * expr_verify() and memset.
 */
#include "script_compile.h"

static const struct script_type plain = { 64, SCRIPT_PLAIN };

/* What stands on the left of `=`. */
enum place_kind {
	PLACE_LOCAL,
	PLACE_NEW, /* a local that the assignment makes */
	PLACE_GLOBAL,
	PLACE_REGISTER,
	PLACE_ADDRESS, /* of eight bytes; it lies on the stack, below the value */
};

struct place {
	enum place_kind kind;
	u32 number;
	struct script_type type;
	struct script_token name;
};

static bool register_place(struct script_compiler *c, struct place *place)
{
	int row = script_find_register(&c->token.text);

	if (row < 0)
		return script_fail(c, &c->token, "there is no such register");
	if (!script_register(row)->writable)
		return script_fail(c, &c->token, "this register cannot be assigned by a script");
	place->kind = PLACE_REGISTER;
	place->number = SCRIPT_REG_FIRST + row;
	script_next(c);
	return !c->failed;
}

static bool local_place(struct script_compiler *c, struct place *place)
{
	const struct script_local *local = script_find_local(c, &c->token.text);

	if (!local) {
		place->kind = PLACE_NEW;
		if (!script_usable_name(c, &place->name, false))
			return false;
		script_next(c);
		return !c->failed;
	}
	place->type = local->type;
	script_next(c);
	if (local->rows) {
		place->kind = PLACE_ADDRESS;
		return script_indices(c, local);
	}
	place->kind = PLACE_LOCAL;
	place->number = local->slot;
	return !c->failed;
}

static bool place_of(struct script_compiler *c, struct place *place)
{
	struct script_type type;
	int number;

	*place = (struct place){ .type = plain, .name = c->token };
	if (script_take(c, "*")) {
		place->kind = PLACE_ADDRESS;
		return script_unary(c, &type);
	}
	switch (c->token.kind) {
	case TOKEN_REGISTER:
		return register_place(c, place);
	case TOKEN_GLOBAL:
		number = script_global(c, &c->token);
		place->kind = PLACE_GLOBAL;
		place->number = number;
		if (number >= 0)
			script_next(c);
		return !c->failed;
	case TOKEN_WORD:
	case TOKEN_NUMBER:
		return local_place(c, place);
	case TOKEN_PSEUDO:
		return script_fail(c, &c->token, "$ variables cannot be assigned");
	default:
		return script_fail(c, &c->token, "a statement was expected");
	}
}

/* The value as it is before a compound assignment; an address stays below it. */
static bool place_load(struct script_compiler *c, const struct place *place)
{
	switch (place->kind) {
	case PLACE_NEW:
		return script_fail(c, &place->name,
				   "no variable has this name yet: assign it first");
	case PLACE_LOCAL:
		emit_op1(c, BC_LOCAL_GET, place->number);
		break;
	case PLACE_GLOBAL:
		emit_op2(c, BC_GLOBAL_GET, place->number);
		break;
	case PLACE_REGISTER:
		emit_op2(c, BC_REG, place->number);
		break;
	case PLACE_ADDRESS:
		emit_op(c, BC_DUP);
		emit_op(c, BC_REF64);
		break;
	}
	return !c->failed;
}

static bool place_store(struct script_compiler *c, struct place *place)
{
	static const struct script_word store = { " store", 6 };
	const struct script_local *local;

	emit_cut(c, &place->type);
	if (place->kind == PLACE_NEW) {
		local = script_find_local(c, &place->name.text);
		if (!local)
			local = script_new_local(c, &place->name, &place->type, 1, false);
		if (!local)
			return false;
		place->kind = PLACE_LOCAL;
		place->number = local->slot;
	}
	if (place->kind == PLACE_LOCAL) {
		emit_op1(c, BC_LOCAL_SET, place->number);
	} else if (place->kind == PLACE_ADDRESS) {
		emit_call(c, 2, script_find_function(&store));
		emit_op(c, BC_POP);
	} else {
		emit_op2(c, place->kind == PLACE_GLOBAL ? BC_GLOBAL_SET : BC_REG_SET,
			 place->number);
	}
	return !c->failed;
}

/* Whether a name and `=` come next: `a = b = 1`. */
static bool is_chained(struct script_compiler *c)
{
	struct script_token token = c->token;
	bool chained;

	if (c->failed || token.called ||
	    (token.kind != TOKEN_WORD && token.kind != TOKEN_GLOBAL &&
	     token.kind != TOKEN_REGISTER))
		return false;
	script_next(c);
	chained = script_is(c, "=");
	if (!c->failed)
		script_back_to(c, &token);
	return chained;
}

static bool assigned_value(struct script_compiler *c)
{
	struct script_type type;
	struct place place;
	bool good;

	if (!is_chained(c))
		return !c->failed && script_expression(c, &type);
	if (!script_enter(c))
		return false;
	good = place_of(c, &place) && script_need(c, "=") && assigned_value(c);
	script_leave(c);
	if (!good)
		return false;
	emit_op(c, BC_DUP);
	return place_store(c, &place);
}

/* `.x += 1` is one step that no other CPU comes into. */
static bool add_to_global(struct script_compiler *c, const struct place *place, bool subtract)
{
	struct script_type type;

	if (subtract)
		emit_number(c, 0);
	if (!script_expression(c, &type))
		return false;
	if (subtract)
		emit_op(c, BC_SUB);
	emit_op2(c, BC_GLOBAL_ADD, place->number);
	emit_op(c, BC_POP);
	return !c->failed;
}

static bool compound(struct script_compiler *c, struct place *place, u8 operator)
{
	struct script_type left = place->type, right;
	bool add = script_is(c, "+="), sub = script_is(c, "-=");

	script_next(c);
	if (place->kind == PLACE_GLOBAL && (add || sub))
		return add_to_global(c, place, sub);
	if (!place_load(c, place) || !script_expression(c, &right))
		return false;
	script_operate(c, operator, & left, &right);
	return place_store(c, place);
}

/* ++ and --, before or behind. */
static bool increment(struct script_compiler *c, struct place *place, bool up)
{
	if (place->kind == PLACE_GLOBAL) {
		emit_number(c, up ? 1 : ~0ULL);
		emit_op2(c, BC_GLOBAL_ADD, place->number);
		emit_op(c, BC_POP);
		return !c->failed;
	}
	if (!place_load(c, place))
		return false;
	emit_number(c, 1);
	emit_op(c, up ? BC_ADD : BC_SUB);
	return place_store(c, place);
}

static bool assignment(struct script_compiler *c)
{
	bool up = script_is(c, "++");
	struct place place;
	u8 operator;

	if (up || script_is(c, "--")) {
		script_next(c);
		return place_of(c, &place) && increment(c, &place, up);
	}
	if (!place_of(c, &place))
		return false;
	if (script_take(c, "="))
		return assigned_value(c) && place_store(c, &place);
	up = script_is(c, "++");
	if (up || script_is(c, "--")) {
		script_next(c);
		return !c->failed && increment(c, &place, up);
	}
	if (script_compound(c, &operator))
		return compound(c, &place, operator);
	return script_fail(c, &c->token, "= was expected");
}

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
	return assignment(c);
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
