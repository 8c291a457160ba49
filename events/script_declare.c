// SPDX-License-Identifier: GPL-2.0
/*
 * Names that a script makes: variables, arrays, functions. See script_compile.h. Runs in VMX root
 * and in user space; calls memcpy and memcmp.
 */
#include "script_compile.h"

static const char *const keywords[] = {
	"if",	"elsif", "else", "for",	  "while", "do",   "break",    "continue", "return",
	"void", "bool",	 "char", "short", "int",   "long", "unsigned", "signed",
};

static bool is_keyword(const struct script_word *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		if (script_word_is(name, keywords[i]))
			return true;
	return false;
}

bool script_usable_name(struct script_compiler *c, const struct script_token *name, bool declared)
{
	const char *refused = script_refused(&name->text);
	bool digit = name->text.len && name->text.p[0] <= '9';

	if (name->kind == TOKEN_NUMBER && !(declared && !digit))
		return script_fail(c, name,
				   digit ? "a name was expected"
					 : "this is a hexadecimal number, unless it is declared "
					   "first: int name;");
	if (name->kind == TOKEN_NUMBER)
		return true;
	if (name->kind != TOKEN_WORD)
		return script_fail(c, name, "a name was expected");
	if (refused)
		return script_fail(c, name, refused);
	if (is_keyword(&name->text))
		return script_fail(c, name, "this word has a meaning of its own");
	if (script_find_function(&name->text) >= 0)
		return script_fail(c, name, "this is the name of a function");
	return true;
}

static bool same_name(const struct script_word *a, const struct script_word *b)
{
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

struct script_local *script_find_local(struct script_compiler *c, const struct script_word *name)
{
	u32 i;

	for (i = c->first_local; i < c->nr_locals; i++)
		if (same_name(&c->locals[i].name, name))
			return &c->locals[i];
	return NULL;
}

const struct script_own_function *script_find_own(const struct script_compiler *c,
						  const struct script_word *name)
{
	u32 i;

	for (i = 0; i < c->nr_functions; i++)
		if (same_name(&c->functions[i].name, name))
			return &c->functions[i];
	return NULL;
}

struct script_local *script_new_local(struct script_compiler *c, const struct script_token *name,
				      const struct script_type *type, u32 slots, bool declared)
{
	struct script_local *local = &c->locals[c->nr_locals];

	if (!script_usable_name(c, name, declared))
		return NULL;
	if (c->nr_locals == SCRIPT_LOCALS || c->slots + slots > EXPR_LOCALS) {
		script_fail(c, name, "there are too many variables");
		return NULL;
	}
	*local = (struct script_local){ .name = name->text, .type = *type, .slot = c->slots };
	c->slots += slots;
	c->nr_locals++;
	return local;
}

/* Shared by all scripts, so they are found by name each time one is compiled. */
int script_global(struct script_compiler *c, const struct script_token *name)
{
	struct script_globals *g = c->globals;
	const struct script_word *text = &name->text;
	u32 i;

	for (i = 0; i < g->nr; i++)
		if (script_word_is(text, g->name[i]))
			return i;
	if (text->len >= SCRIPT_NAME_MAX || g->nr == SCRIPT_GLOBALS) {
		script_fail(c, name,
			    text->len >= SCRIPT_NAME_MAX
				    ? "a name has 31 characters at most"
				    : "there are 128 global variables already");
		return -1;
	}
	memcpy(g->name[g->nr], text->p, text->len);
	g->name[g->nr][text->len] = '\0';
	g->value[g->nr] = 0;
	return g->nr++;
}

/* One row a word; bits 0: does not say how wide. Widths are those of C on 64-bit Linux. */
static const struct {
	const char *word;
	u8 bits, sign;
} types[] = {
	{ "void", 64, SCRIPT_PLAIN },	    { "bool", 8, SCRIPT_UNSIGNED },
	{ "char", 8, SCRIPT_SIGNED },	    { "short", 16, SCRIPT_SIGNED },
	{ "int", 32, SCRIPT_SIGNED },	    { "long", 64, SCRIPT_SIGNED },
	{ "unsigned", 0, SCRIPT_UNSIGNED }, { "signed", 0, SCRIPT_SIGNED },
};

static int type_word(const struct script_compiler *c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (script_is(c, types[i].word))
			return i;
	return -1;
}

bool script_is_type(const struct script_compiler *c)
{
	return type_word(c) >= 0;
}

/*
 * Words of a type in any order. A pointer is a number like any other: `*` reads eight bytes
 * whatever it was declared to lead to.
 */
static void type_of(struct script_compiler *c, struct script_type *type, bool *is_void)
{
	int row;

	*type = (struct script_type){ 0, SCRIPT_SIGNED };
	*is_void = script_is(c, "void");
	while ((row = type_word(c)) >= 0) {
		if (types[row].bits && type->bits != 16)
			type->bits = base_max(type->bits == 32 ? 0 : type->bits, types[row].bits);
		if (types[row].sign != SCRIPT_SIGNED)
			type->sign = types[row].sign;
		script_next(c);
	}
	if (!type->bits)
		type->bits = 32;
	while (script_take(c, "*")) {
		*type = (struct script_type){ 64, SCRIPT_PLAIN };
		*is_void = false;
	}
}

static bool dimension(struct script_compiler *c, u8 *size)
{
	struct script_token number = c->token;

	if (number.kind != TOKEN_NUMBER || !number.value || number.value > EXPR_LOCALS)
		return script_fail(c, &number, "the size of an array is a number, 1 to 0xf0");
	*size = number.value;
	script_next(c);
	return script_need(c, "]");
}

/* `{ 1, { 2 } }`: elements from first on, as many as last leaves. */
static bool elements(struct script_compiler *c, const struct script_local *array, u32 first,
		     u32 count, bool is_row)
{
	struct script_type type;
	u32 n;

	if (!script_need(c, "{"))
		return false;
	for (n = 0; !script_is(c, "}"); n++) {
		if (n && !script_need(c, ","))
			return false;
		if (script_is(c, "}"))
			break;
		if (n == count)
			return script_fail(c, &c->token, "the array has no room for this");
		if (array->columns && !is_row) {
			if (!elements(c, array, first + n * array->columns, array->columns, true))
				return false;
			continue;
		}
		if (!script_expression(c, &type))
			return false;
		emit_cut(c, &array->type);
		emit_op1(c, BC_LOCAL_SET, array->slot + first + n);
	}
	return script_need(c, "}");
}

static bool array(struct script_compiler *c, const struct script_token *name,
		  const struct script_type *type)
{
	struct script_local *local;
	u8 rows, columns = 0;
	u32 i, count;

	if (!script_need(c, "[") || !dimension(c, &rows))
		return false;
	if (script_take(c, "[") && !dimension(c, &columns))
		return false;
	count = (u32)rows * (columns ? columns : 1);
	local = script_new_local(c, name, type, count, true);
	if (!local)
		return false;
	local->rows = rows;
	local->columns = columns;
	if (!script_take(c, "="))
		return !c->failed;
	for (i = 0; i < count; i++) {
		emit_number(c, 0);
		emit_op1(c, BC_LOCAL_SET, local->slot + i);
	}
	return elements(c, local, 0, rows, false);
}

static bool variable(struct script_compiler *c, const struct script_token *name,
		     const struct script_type *type)
{
	struct script_local *local = script_find_local(c, &name->text);
	struct script_type value;

	if (local &&
	    (local->rows || local->type.bits != type->bits || local->type.sign != type->sign))
		return script_fail(c, name, "this variable has another type already");
	if (!script_take(c, "="))
		emit_number(c, 0);
	else if (!script_expression(c, &value))
		return false;
	if (!local)
		local = script_new_local(c, name, type, 1, true);
	if (!local)
		return false;
	emit_cut(c, type);
	emit_op1(c, BC_LOCAL_SET, local->slot);
	return !c->failed;
}

static bool parameter(struct script_compiler *c)
{
	const struct script_local *local;
	struct script_token name;
	struct script_type type;
	bool is_void;

	if (!script_is_type(c))
		return script_fail(c, &c->token, "the type of an argument was expected");
	type_of(c, &type, &is_void);
	name = c->token;
	if (script_find_local(c, &name.text))
		return script_fail(c, &name, "two arguments have this name");
	local = script_new_local(c, &name, &type, 1, true);
	if (!local)
		return false;
	script_next(c);
	if (type.bits == 64)
		return !c->failed;
	emit_op1(c, BC_LOCAL_GET, local->slot);
	emit_cut(c, &type);
	emit_op1(c, BC_LOCAL_SET, local->slot);
	return !c->failed;
}

static bool parameters(struct script_compiler *c, struct script_own_function *function)
{
	if (!script_need(c, "("))
		return false;
	if (script_take(c, "void") && !script_is(c, ")"))
		return script_fail(c, &c->token, ") was expected");
	while (!script_is(c, ")")) {
		if (function->args == SCRIPT_ARGS)
			return script_fail(c, &c->token, "a function has 16 arguments at most");
		if (function->args && !script_need(c, ","))
			return false;
		if (!parameter(c))
			return false;
		function->args++;
	}
	return script_need(c, ")");
}

/* The code lies where it stands in the text; the main program jumps over it. */
static bool function_code(struct script_compiler *c, struct script_own_function *function)
{
	u32 frame;

	function->at = emit_here(c);
	frame = function->at;
	emit_op2(c, BC_FRAME, 0);
	if (!parameters(c, function))
		return false;
	emit_patch(c, frame + 1, function->args);
	if (!script_is(c, "{"))
		return script_fail(c, &c->token, "{ was expected");
	if (!script_block(c))
		return false;
	emit_number(c, 0);
	emit_op(c, BC_RETURN);
	emit_patch(c, frame + 2, c->slots);
	return !c->failed;
}

static bool function(struct script_compiler *c, const struct script_token *name,
		     const struct script_type *type, bool is_void)
{
	u32 first_local = c->first_local, nr_locals = c->nr_locals, slots = c->slots;
	u32 over = SCRIPT_NO_CHAIN;
	struct script_own_function *own = &c->functions[c->nr_functions];

	if (!script_usable_name(c, name, false))
		return false;
	if (script_find_own(c, &name->text))
		return script_fail(c, name, "there is a function of this name already");
	if (c->nr_functions == SCRIPT_FUNCTIONS)
		return script_fail(c, name, "a script has 16 functions at most");
	c->nr_functions++;
	*own = (struct script_own_function){ .name = name->text,
					     .type = *type,
					     .gives_value = !is_void };
	c->inside = own;
	c->first_local = nr_locals;
	c->slots = 0;
	emit_jump(c, &over);
	if (!function_code(c, own))
		return false;
	emit_land(c, &over);
	c->inside = NULL;
	c->first_local = first_local;
	c->nr_locals = nr_locals;
	c->slots = slots;
	return !c->failed;
}

/* Whoever asks for it deals with the semicolon; a function has none. */
bool script_declaration(struct script_compiler *c, bool functions_too)
{
	struct script_type type;
	struct script_token name;
	bool is_void;

	type_of(c, &type, &is_void);
	name = c->token;
	if (is_void && !name.called)
		return script_fail(c, &name, "only functions can be void");
	script_next(c);
	if (c->failed)
		return false;
	if (script_is(c, "(")) {
		if (!functions_too)
			return script_fail(c, &name, "functions are defined outside of all braces");
		return function(c, &name, &type, is_void);
	}
	if (!(script_is(c, "[") ? array(c, &name, &type) : variable(c, &name, &type)))
		return false;
	return !functions_too || script_need(c, ";");
}
