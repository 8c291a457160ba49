// SPDX-License-Identifier: GPL-2.0
/*
 * Expressions: operators by precedence, and what they work on. See script_compile.h. Runs in VMX
 * root and in user space; calls nothing.
 *
 * Precedence is HyperDbg's, which is C's but for one thing: all six comparisons are on one level.
 * Values are 64 bits. Without declared types comparisons are signed, and quotients, remainders and
 * shifts to the right are unsigned, as HyperDbg has it; `int` and `unsigned` variables make it C's.
 */
#include "script_compile.h"

enum operator{
	OP_LOGICAL_OR,
	OP_LOGICAL_AND,
	OP_OR,
	OP_XOR,
	OP_AND,
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_LESS_EQUAL,
	OP_GREATER_EQUAL,
	OP_LESS,
	OP_GREATER,
	OP_LEFT,
	OP_RIGHT,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_REM,
	NR_OPERATORS,
};

enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_COMPARE = 6 };

static const struct {
	const char *sign, *compound; /* compound NULL: none */
	u8 level;		     /* higher ones bind more tightly */
	u8 op, signed_op;	     /* bytecode; 0: script_operate() knows */
} operators[NR_OPERATORS] = {
	[OP_LOGICAL_OR] = { "||", NULL, LEVEL_OR, 0, 0 },
	[OP_LOGICAL_AND] = { "&&", NULL, LEVEL_AND, 0, 0 },
	[OP_OR] = { "|", "|=", 3, BC_BIT_OR, BC_BIT_OR },
	[OP_XOR] = { "^", "^=", 4, BC_BIT_XOR, BC_BIT_XOR },
	[OP_AND] = { "&", "&=", 5, BC_BIT_AND, BC_BIT_AND },
	[OP_EQUAL] = { "==", NULL, LEVEL_COMPARE, 0, 0 },
	[OP_NOT_EQUAL] = { "!=", NULL, LEVEL_COMPARE, 0, 0 },
	[OP_LESS_EQUAL] = { "<=", NULL, LEVEL_COMPARE, 0, 0 },
	[OP_GREATER_EQUAL] = { ">=", NULL, LEVEL_COMPARE, 0, 0 },
	[OP_LESS] = { "<", NULL, LEVEL_COMPARE, 0, 0 },
	[OP_GREATER] = { ">", NULL, LEVEL_COMPARE, 0, 0 },
	[OP_LEFT] = { "<<", "<<=", 7, BC_LSH, BC_LSH },
	[OP_RIGHT] = { ">>", ">>=", 7, BC_RSH_UNSIGNED, BC_RSH_SIGNED },
	[OP_ADD] = { "+", "+=", 8, BC_ADD, BC_ADD },
	[OP_SUB] = { "-", "-=", 8, BC_SUB, BC_SUB },
	[OP_MUL] = { "*", "*=", 9, BC_MUL, BC_MUL },
	[OP_DIV] = { "/", "/=", 9, BC_DIV_UNSIGNED, BC_DIV_SIGNED },
	[OP_REM] = { "%", "%=", 9, BC_REM_UNSIGNED, BC_REM_SIGNED },
};

static const struct script_type plain = { 64, SCRIPT_PLAIN };

static unsigned int operator_at(const struct script_compiler *c)
{
	unsigned int i;

	for (i = 0; i < NR_OPERATORS; i++)
		if (script_is(c, operators[i].sign))
			break;
	return i;
}

bool script_compound(const struct script_compiler *c, u8 *operator)
{
	for (*operator= 0; *operator<NR_OPERATORS; ++*operator)
		if (operators[*operator].compound && script_is(c, operators[*operator].compound))
			return true;
	return false;
}

/* UNSIGNED wins over SIGNED, and that over PLAIN. */
static u8 common_sign(const struct script_type *a, const struct script_type *b)
{
	return base_max(a->sign, b->sign);
}

static void compare(struct script_compiler *c, u8 operator, u8 sign)
{
	bool swap = operator== OP_GREATER || operator== OP_LESS_EQUAL;
	bool negate = operator== OP_NOT_EQUAL || operator== OP_LESS_EQUAL || operator==
		OP_GREATER_EQUAL;

	if (operator== OP_EQUAL || operator== OP_NOT_EQUAL) {
		emit_op(c, BC_EQUAL);
	} else {
		if (swap)
			emit_op(c, BC_SWAP);
		emit_op(c, sign == SCRIPT_UNSIGNED ? BC_LESS_UNSIGNED : BC_LESS_SIGNED);
	}
	if (negate)
		emit_op(c, BC_LOG_NOT);
}

void script_operate(struct script_compiler *c, u8 operator, struct script_type * a,
		    const struct script_type *b)
{
	/* What is shifted decides, not how far. */
	u8 sign = operator== OP_RIGHT ? a->sign : common_sign(a, b);

	*a = plain;
	if (operators[operator].level == LEVEL_COMPARE) {
		compare(c, operator, sign);
		return;
	}
	a->sign = sign;
	emit_op(c, sign == SCRIPT_SIGNED ? operators[operator].signed_op : operators[operator].op);
}

static bool binary(struct script_compiler *c, u8 level, struct script_type *type);

/* The right side is not reached if the left one decides. The value is 0 or 1. */
static bool logical(struct script_compiler *c, u8 operator, struct script_type * type)
{
	bool is_or = operator== OP_LOGICAL_OR;
	u32 decided = SCRIPT_NO_CHAIN, end = SCRIPT_NO_CHAIN;

	if (is_or)
		emit_jump_if(c, &decided);
	else
		emit_jump_unless(c, &decided);
	if (!binary(c, operators[operator].level + 1, type))
		return false;
	if (is_or)
		emit_jump_if(c, &decided);
	else
		emit_jump_unless(c, &decided);
	emit_number(c, !is_or);
	emit_jump(c, &end);
	emit_land(c, &decided);
	emit_number(c, is_or);
	emit_land(c, &end);
	*type = plain;
	return !c->failed;
}

static bool binary_rest(struct script_compiler *c, u8 operator, struct script_type * type)
{
	struct script_type right;

	script_next(c);
	if (operators[operator].level <= LEVEL_AND)
		return logical(c, operator, type);
	if (!binary(c, operators[operator].level + 1, &right))
		return false;
	script_operate(c, operator, type, &right);
	return !c->failed;
}

static bool binary(struct script_compiler *c, u8 level, struct script_type *type)
{
	unsigned int operator;
	bool good;

	if (!script_enter(c))
		return false;
	good = script_unary(c, type);
	while (good) {
		operator= operator_at(c);
		if (operator== NR_OPERATORS || operators[operator].level<level)
			break;
		good = binary_rest(c, operator, type);
	}
	script_leave(c);
	return good && !c->failed;
}

bool script_expression(struct script_compiler *c, struct script_type *type)
{
	return binary(c, LEVEL_OR, type);
}

static bool index_of(struct script_compiler *c, u8 limit)
{
	struct script_type type;

	if (!script_need(c, "[") || !script_expression(c, &type) || !script_need(c, "]"))
		return false;
	emit_op2(c, BC_INDEX, limit);
	return true;
}

bool script_indices(struct script_compiler *c, const struct script_local *local)
{
	emit_op1(c, BC_LOCAL_ADDR, local->slot);
	if (!index_of(c, local->rows))
		return false;
	if (local->columns) {
		emit_number(c, local->columns);
		emit_op(c, BC_MUL);
		if (!index_of(c, local->columns))
			return false;
		emit_op(c, BC_ADD);
	}
	emit_number(c, 3);
	emit_op(c, BC_LSH);
	emit_op(c, BC_ADD);
	return !c->failed;
}

static bool local_value(struct script_compiler *c, struct script_type *type)
{
	const struct script_local *local = script_find_local(c, &c->token.text);
	const char *refused = script_refused(&c->token.text);

	if (!local && script_find_function(&c->token.text) >= 0)
		refused = "this is a function: ( was expected";
	if (refused)
		return script_fail(c, &c->token, refused);
	if (!local)
		return script_fail(c, &c->token,
				   "no variable has this name yet: assign it first (numbers are "
				   "hexadecimal, registers begin with @, symbols are gdb's)");
	*type = local->type;
	script_next(c);
	if (!local->rows) {
		emit_op1(c, BC_LOCAL_GET, local->slot);
		return !c->failed;
	}
	if (!script_is(c, "[")) {
		*type = plain;
		emit_op1(c, BC_LOCAL_ADDR, local->slot);
		return !c->failed;
	}
	if (!script_indices(c, local))
		return false;
	emit_op(c, BC_REF64);
	return true;
}

static bool register_value(struct script_compiler *c)
{
	int row = script_find_register(&c->token.text);

	if (row < 0)
		return script_fail(c, &c->token, "there is no such register");
	emit_op2(c, BC_REG, SCRIPT_REG_FIRST + row);
	script_next(c);
	return !c->failed;
}

static bool pseudo_value(struct script_compiler *c)
{
	struct script_word name = { c->token.text.p + 1, c->token.text.len - 1 };
	const char *refused = script_refused(&c->token.text);
	int row = script_find_pseudo(&name);

	if (row < 0)
		return script_fail(
			c, &c->token,
			refused ? refused
				: "there is no such variable: $pid $tid $core $proc $pname "
				  "$thread $ip $buffer $context $event_id $event_tag "
				  "$event_stage $date $time");
	emit_op2(c, BC_REG, SCRIPT_PSEUDO_FIRST + row);
	script_next(c);
	return !c->failed;
}

static bool global_value(struct script_compiler *c)
{
	int number = script_global(c, &c->token);

	if (number < 0)
		return false;
	emit_op2(c, BC_GLOBAL_GET, number);
	script_next(c);
	return !c->failed;
}

static bool number_value(struct script_compiler *c)
{
	u64 value = c->token.value;

	if (c->token.kind != TOKEN_NUMBER && !script_string(c, &value))
		return false;
	emit_number(c, value);
	script_next(c);
	return !c->failed;
}

static bool called_value(struct script_compiler *c, struct script_type *type)
{
	struct script_token name = c->token;
	struct script_result result;

	if (!script_function_call(c, &result))
		return false;
	*type = result.type;
	return result.gives_value || script_fail(c, &name, "this function gives no value");
}

static bool primary(struct script_compiler *c, struct script_type *type)
{
	*type = plain;
	switch (c->token.kind) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_WIDE_STRING:
		return number_value(c);
	case TOKEN_REGISTER:
		return register_value(c);
	case TOKEN_PSEUDO:
		return pseudo_value(c);
	case TOKEN_GLOBAL:
		return global_value(c);
	case TOKEN_WORD:
		return c->token.called ? called_value(c, type) : local_value(c, type);
	default:
		break;
	}
	if (script_take(c, "("))
		return script_expression(c, type) && script_need(c, ")");
	return script_fail(c, &c->token, "a value was expected");
}

/* A sign before a value; what it means comes behind the value, but for the 0 of a minus. */
static bool prefixed(struct script_compiler *c, struct script_type *type)
{
	char sign = c->token.text.p[0];

	if (sign == '-')
		emit_number(c, 0);
	script_next(c);
	if (sign == '&')
		return script_reference(c);
	if (!script_unary(c, type))
		return false;
	if (sign == '-')
		emit_op(c, BC_SUB);
	else if (sign == '~')
		emit_op(c, BC_BIT_NOT);
	else if (sign == '!')
		emit_op(c, BC_LOG_NOT);
	else if (sign == '*')
		emit_op(c, BC_REF64);
	if (sign == '*' || sign == '!')
		*type = plain;
	return !c->failed;
}

bool script_unary(struct script_compiler *c, struct script_type *type)
{
	static const char *const signs[] = { "-", "+", "~", "!", "*", "&" };
	bool is_prefixed = false, good;
	size_t i;

	*type = plain;
	for (i = 0; i < ARRAY_SIZE(signs); i++)
		is_prefixed |= script_is(c, signs[i]);
	if (!is_prefixed)
		return primary(c, type);
	if (!script_enter(c))
		return false;
	good = prefixed(c, type);
	script_leave(c);
	return good;
}
