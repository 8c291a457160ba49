// SPDX-License-Identifier: GPL-2.0
/*
 * Assignments in scripts, to all that has a place: variables, elements, registers, memory. See
 * script_compile.h. Runs in VMX root and in user space; calls nothing.
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

bool script_assignment(struct script_compiler *c)
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
