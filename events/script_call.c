// SPDX-License-Identifier: GPL-2.0
/*
 * Calls in scripts: of HyperDbg's functions and of the script's own. See script_compile.h. Runs in
 * VMX root and in user space; calls expr_format_*().
 */
#include "chars.h"
#include "expr_format.h"
#include "script_compile.h"

static const struct script_type plain = { 64, SCRIPT_PLAIN };

/* The address of an element, of an array, or of a variable. */
static bool local_address(struct script_compiler *c)
{
	const struct script_local *local = script_find_local(c, &c->token.text);

	if (!local)
		return script_fail(c, &c->token, "no variable has this name yet: assign it first");
	script_next(c);
	if (local->rows && script_is(c, "["))
		return script_indices(c, local);
	emit_op1(c, BC_LOCAL_ADDR, local->slot);
	return !c->failed;
}

bool script_reference(struct script_compiler *c)
{
	struct script_type type;
	int number;

	if (script_take(c, "*"))
		return script_unary(c, &type);
	if (c->token.kind == TOKEN_GLOBAL) {
		number = script_global(c, &c->token);
		if (number < 0)
			return false;
		emit_number(c, SCRIPT_SPACE_GLOBALS + number * sizeof(u64));
		script_next(c);
		return !c->failed;
	}
	if (c->token.kind == TOKEN_WORD && !c->token.called)
		return local_address(c);
	return script_fail(c, &c->token, "only variables have an address");
}

static bool argument_fits(struct script_compiler *c, char kind)
{
	if (c->token.kind == TOKEN_STRING && kind != 's')
		return script_fail(c, &c->token,
				   kind == 'w' ? "this function takes L\"strings\""
					       : "this function takes a number here");
	if (c->token.kind == TOKEN_WIDE_STRING && kind != 'w')
		return script_fail(c, &c->token,
				   kind == 's' ? "this function takes \"strings\", without the L"
					       : "this function takes a number here");
	return true;
}

/* From behind the opening parenthesis to behind the closing one. */
static bool arguments_of(struct script_compiler *c, const struct script_function *function)
{
	struct script_type type;
	u32 n;

	for (n = 0; function->args[n]; n++) {
		if (script_is(c, ")"))
			return script_fail(c, &c->token, "another argument was expected");
		if (n && !script_need(c, ","))
			return false;
		if (!argument_fits(c, function->args[n]) || !script_expression(c, &type))
			return false;
	}
	if (script_is(c, ",") || (!n && !script_is(c, ")")))
		return script_fail(c, &c->token, "there are too many arguments");
	return script_need(c, ")");
}

static bool check_format(struct script_compiler *c, const struct script_token *at, u8 args)
{
	static const char digits[] = "0123456789";
	char count[3] = "";
	struct expr_format format;
	struct expr_piece piece;
	unsigned int wanted = 0;

	if (c->failed)
		return false;
	if (expr_format_open(&format, c->code + c->last + 4, at->text.len + 1))
		while (expr_format_next(&format, &piece))
			wanted += piece.kind >= EXPR_PIECE_SIGNED;
	if (format.why)
		return script_fail(c, at, format.why);
	if (wanted == args)
		return true;
	count[0] = wanted < 100 ? digits[wanted / 10] : '9';
	count[1] = wanted < 100 ? digits[wanted % 10] : '9';
	return script_fail_two(c, at, "the arguments are not as many as this format takes: ",
			       count[0] == '0' ? count + 1 : count);
}

/* The format is a literal: what it asks for is checked here and not at each event. */
static bool print_call(struct script_compiler *c)
{
	struct script_token format = c->token;
	struct script_type type;
	u8 args = 0;

	if (format.kind != TOKEN_STRING)
		return script_fail(c, &format, "printf begins with a format: \"...\"");
	script_next(c);
	while (script_take(c, ",")) {
		if (args == SCRIPT_ARGS)
			return script_fail(c, &c->token, "a printf has 16 arguments at most");
		if (!script_expression(c, &type))
			return false;
		args++;
	}
	if (!script_need(c, ")"))
		return false;
	emit_text(c, BC_PRINT, args, &format.text);
	return check_format(c, &format, args);
}

static const u8 loads[] = { [1] = BC_REF8, [2] = BC_REF16, [4] = BC_REF32, [8] = BC_REF64 };

/* Those that are instructions by themselves: all take one number. */
static bool inline_call(struct script_compiler *c, const struct script_function *function)
{
	if (function->how == SCRIPT_REFERENCE)
		return script_reference(c) && script_need(c, ")");
	if (function->how == SCRIPT_NEG)
		emit_number(c, 0);
	if (!arguments_of(c, function))
		return false;
	switch (function->how) {
	case SCRIPT_NEG:
		emit_op(c, BC_SUB);
		break;
	case SCRIPT_NOT:
		emit_op(c, BC_BIT_NOT);
		break;
	case SCRIPT_HI:
		emit_op(c, BC_REF32);
		emit_number(c, 16);
		emit_op(c, BC_RSH_UNSIGNED);
		break;
	default:
		emit_op(c, loads[function->size]);
		break;
	}
	return !c->failed;
}

static bool built_in_call(struct script_compiler *c, unsigned int row, struct script_result *result)
{
	const struct script_function *function = script_function(row);

	result->gives_value = function->gives_value;
	result->pushed = function->how != SCRIPT_PRINTF;
	if (function->how == SCRIPT_PRINTF)
		return print_call(c);
	if (function->how != SCRIPT_CALLED)
		return inline_call(c, function);
	if (!arguments_of(c, function))
		return false;
	emit_call(c, rsp_strlen(function->args), row);
	return !c->failed;
}

static bool own_call(struct script_compiler *c, const struct script_own_function *function,
		     const struct script_token *name, struct script_result *result)
{
	struct script_type type;
	u8 args = 0;

	while (!script_is(c, ")")) {
		if (args && !script_need(c, ","))
			return false;
		if (!script_expression(c, &type))
			return false;
		args++;
	}
	if (args != function->args)
		return script_fail(c, name, "this function has another number of arguments");
	emit_go_sub(c, args, function->at);
	result->type = function->type;
	result->gives_value = function->gives_value;
	return script_need(c, ")");
}

bool script_function_call(struct script_compiler *c, struct script_result *result)
{
	const struct script_own_function *own = script_find_own(c, &c->token.text);
	const char *refused = script_refused(&c->token.text);
	int row = script_find_function(&c->token.text);
	struct script_token name = c->token;
	bool good;

	*result = (struct script_result){ .type = plain, .pushed = true };
	if (!own && row < 0)
		return script_fail(
			c, &name,
			refused ? refused
				: "there is no such function (one of the script's own is "
				  "to be defined before it is called)");
	script_next(c);
	if (!script_need(c, "(") || !script_enter(c))
		return false;
	good = own ? own_call(c, own, &name, result) : built_in_call(c, row, result);
	script_leave(c);
	return good;
}
