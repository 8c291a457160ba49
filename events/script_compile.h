/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the compiler offer to each other: text to tokens (script_lex.c), tokens to
 * statements (script_parse.c, script_assign.c, script_declare.c) and expressions (script_expr.c),
 * and these to code (script_emit.c) at once, without a tree in between. Runs in VMX root and in
 * user space.
 */
#ifndef HVGDB_EVENTS_SCRIPT_COMPILE_H
#define HVGDB_EVENTS_SCRIPT_COMPILE_H

#include "bytecode.h"
#include "script_functions.h"

#define SCRIPT_LOCALS	 96 /* names at a time */
#define SCRIPT_FUNCTIONS 16 /* of the script's own */
#define SCRIPT_ARGS	 16
/*
 * Braces, statements, parentheses and operators in each other; a call counts twice. Root's stack
 * has 16 KiB, and one level takes up to 320 bytes of it.
 */
#define SCRIPT_NESTING 28

enum script_token_kind {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_WORD,
	TOKEN_GLOBAL,	/* .name; text is the name */
	TOKEN_REGISTER, /* @name */
	TOKEN_PSEUDO,	/* $name, and the $ belongs to the text */
	TOKEN_STRING,	/* text is what is between the quotes */
	TOKEN_WIDE_STRING,
	TOKEN_SIGN, /* text is the sign */
};

struct script_token {
	u8 kind;
	struct script_word text;
	u64 value;
	u32 at; /* where the next one may begin */
	u32 line, column, next_line, next_column;
	bool called; /* a parenthesis opens behind it */
};

/* How a value is compared, divided and shifted: PLAIN as HyperDbg does, the others as C does. */
enum script_sign { SCRIPT_PLAIN, SCRIPT_SIGNED, SCRIPT_UNSIGNED };

struct script_type {
	u8 bits; /* 64: nothing to be cut */
	u8 sign; /* enum script_sign */
};

struct script_local {
	struct script_word name;
	struct script_type type;
	u8 slot;
	u8 rows, columns; /* rows 0: no array; columns 0: one dimension */
};

struct script_own_function {
	struct script_word name;
	struct script_type type;
	u32 at;
	u8 args;
	bool gives_value;
};

struct script_compiler {
	const char *text;
	u32 len;
	struct script_token token; /* the one to be dealt with */
	struct rsp_text *error;
	bool failed;
	u32 nesting;

	struct script_globals *globals;
	struct script_local locals[SCRIPT_LOCALS];
	u32 first_local, nr_locals; /* those of the function at hand */
	u32 slots;
	struct script_own_function functions[SCRIPT_FUNCTIONS];
	u32 nr_functions;
	const struct script_own_function *inside; /* NULL: the main program */

	/* Jumps of the innermost loop that wait for their target: chains through their operands. */
	u32 *breaks, *continues; /* NULL: outside of loops */

	u8 code[EXPR_CODE_MAX];
	u32 code_len;
	u32 last; /* where the last instruction begins; its end if a jump leads there */
	u8 data[SCRIPT_DATA_MAX];
	u32 data_len;
	struct script_line lines[SCRIPT_LINES_MAX];
	u32 nr_lines;
	u8 image[SCRIPT_IMAGE_MAX];
	u32 image_len;
};

/* script_lex.c */
void script_first(struct script_compiler *c);
void script_next(struct script_compiler *c);
void script_back_to(struct script_compiler *c, const struct script_token *token);
bool script_is(const struct script_compiler *c, const char *sign_or_word);
bool script_take(struct script_compiler *c, const char *sign_or_word); /* false: something else */
bool script_need(struct script_compiler *c, const char *sign);
bool script_string(struct script_compiler *c, u64 *address); /* the string at hand, as data */

/* Writes the error, unless there was one; always false. */
bool script_fail(struct script_compiler *c, const struct script_token *at, const char *sentence);
bool script_fail_two(struct script_compiler *c, const struct script_token *at, const char *a,
		     const char *b);
/* One more level of the compiler's own calls, or an error. */
bool script_enter(struct script_compiler *c);
void script_leave(struct script_compiler *c);

/* script_emit.c; what does not fit is an error. */
#define SCRIPT_NO_CHAIN 0xffff
void emit_op(struct script_compiler *c, u8 op);
void emit_op1(struct script_compiler *c, u8 op, u8 operand);
void emit_op2(struct script_compiler *c, u8 op, u16 operand);
void emit_number(struct script_compiler *c, u64 value);
void emit_text(struct script_compiler *c, u8 op, u8 args, const struct script_word *text);
void emit_call(struct script_compiler *c, u8 args, u8 function);
void emit_go_sub(struct script_compiler *c, u8 args, u16 target);
void emit_jump_back(struct script_compiler *c, u16 target);
void emit_jump(struct script_compiler *c, u32 *chain);
void emit_jump_if(struct script_compiler *c, u32 *chain);
void emit_jump_unless(struct script_compiler *c, u32 *chain);
void emit_land(struct script_compiler *c, u32 *chain); /* all jumps of the chain lead here */
u32 emit_here(struct script_compiler *c);
void emit_cut(struct script_compiler *c, const struct script_type *type);
void emit_patch(struct script_compiler *c, u32 at, u8 byte);
void emit_line(struct script_compiler *c, u32 line);
bool emit_finish(struct script_compiler *c);

/* script_expr.c; code for the value has been emitted when true. */
bool script_expression(struct script_compiler *c, struct script_type *type);
bool script_unary(struct script_compiler *c, struct script_type *type);
/* The element's address, from behind the array's name. */
bool script_indices(struct script_compiler *c, const struct script_local *local);
/* What an operator does to the two values on the stack; *a becomes the type of the result. */
void script_operate(struct script_compiler *c, u8 operator, struct script_type * a,
		    const struct script_type *b);
/* The operator of `+=` and its like; script_operate() takes it. False: the token is none. */
bool script_compound(const struct script_compiler *c, u8 *operator);

/* script_call.c: token is the name of a function. */
struct script_result {
	struct script_type type;
	bool gives_value;
	bool pushed; /* something is on the stack even so */
};

bool script_function_call(struct script_compiler *c, struct script_result *result);
bool script_reference(struct script_compiler *c); /* the address of a variable */

/* script_declare.c */
bool script_is_type(const struct script_compiler *c);
bool script_declaration(struct script_compiler *c, bool functions_too);
struct script_local *script_find_local(struct script_compiler *c, const struct script_word *name);
struct script_local *script_new_local(struct script_compiler *c, const struct script_token *name,
				      const struct script_type *type, u32 slots, bool declared);
int script_global(struct script_compiler *c, const struct script_token *name);
/* declared: a type stands before it, so that it may look like a number. */
bool script_usable_name(struct script_compiler *c, const struct script_token *name, bool declared);
const struct script_own_function *script_find_own(const struct script_compiler *c,
						  const struct script_word *name);

/* script_assign.c */
bool script_assignment(struct script_compiler *c);

/* script_parse.c */
bool script_block(struct script_compiler *c);

#endif
