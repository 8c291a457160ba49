// SPDX-License-Identifier: GPL-2.0
/*
 * Code as it grows, and the finished image. See script_compile.h. Runs in VMX root and in user
 * space; calls memcpy.
 */
#include "script_compile.h"

static void emit_byte(struct script_compiler *c, u8 byte)
{
	if (c->code_len == EXPR_CODE_MAX) {
		script_fail(c, &c->token, "this script is too long: 8192 bytes of code at most");
		return;
	}
	c->code[c->code_len++] = byte;
}

static void emit_bytes(struct script_compiler *c, u64 value, unsigned int bytes)
{
	while (bytes--)
		emit_byte(c, value >> (8 * bytes));
}

void emit_op(struct script_compiler *c, u8 op)
{
	c->last = c->code_len;
	emit_byte(c, op);
}

void emit_op1(struct script_compiler *c, u8 op, u8 operand)
{
	emit_op(c, op);
	emit_byte(c, operand);
}

void emit_op2(struct script_compiler *c, u8 op, u16 operand)
{
	emit_op(c, op);
	emit_bytes(c, operand, 2);
}

void emit_number(struct script_compiler *c, u64 value)
{
	unsigned int size = value >> 32 ? 3 : value >> 16 ? 2 : value >> 8 ? 1 : 0;

	emit_op(c, BC_CONST8 + size);
	emit_bytes(c, value, 1u << size);
}

void emit_text(struct script_compiler *c, u8 op, u8 args, const struct script_word *text)
{
	u32 i;

	emit_op1(c, op, args);
	emit_bytes(c, text->len + 1, 2);
	for (i = 0; i < text->len; i++)
		emit_byte(c, text->p[i]);
	emit_byte(c, 0);
}

void emit_call(struct script_compiler *c, u8 args, u8 function)
{
	emit_op1(c, BC_CALL, args);
	emit_byte(c, function);
}

void emit_go_sub(struct script_compiler *c, u8 args, u16 target)
{
	emit_op1(c, BC_GO_SUB, args);
	emit_bytes(c, target, 2);
}

void emit_jump_back(struct script_compiler *c, u16 target)
{
	emit_op2(c, BC_GOTO, target);
}

static void emit_chained(struct script_compiler *c, u8 op, u32 *chain)
{
	emit_op2(c, op, *chain);
	*chain = c->last;
}

void emit_jump(struct script_compiler *c, u32 *chain)
{
	emit_chained(c, BC_GOTO, chain);
}

void emit_jump_if(struct script_compiler *c, u32 *chain)
{
	emit_chained(c, BC_IF_GOTO, chain);
}

/* There is only the jump if true; two negations are none. */
void emit_jump_unless(struct script_compiler *c, u32 *chain)
{
	if (c->last < c->code_len && c->code[c->last] == BC_LOG_NOT)
		c->code_len = c->last;
	else
		emit_op(c, BC_LOG_NOT);
	emit_jump_if(c, chain);
}

u32 emit_here(struct script_compiler *c)
{
	c->last = c->code_len;
	return c->code_len;
}

void emit_land(struct script_compiler *c, u32 *chain)
{
	u32 target = emit_here(c), at = *chain, next;

	while (!c->failed && at != SCRIPT_NO_CHAIN) {
		next = c->code[at + 1] << 8 | c->code[at + 2];
		c->code[at + 1] = target >> 8;
		c->code[at + 2] = target;
		at = next;
	}
	*chain = SCRIPT_NO_CHAIN;
}

void emit_cut(struct script_compiler *c, const struct script_type *type)
{
	if (type->bits < 64)
		emit_op1(c, type->sign == SCRIPT_UNSIGNED ? BC_ZERO_EXT : BC_EXT, type->bits);
}

void emit_patch(struct script_compiler *c, u32 at, u8 byte)
{
	if (at < c->code_len)
		c->code[at] = byte;
}

/* Once for a statement; a script that has more of them tells the lines of the first ones. */
void emit_line(struct script_compiler *c, u32 line)
{
	struct script_line *last = c->nr_lines ? &c->lines[c->nr_lines - 1] : NULL;

	if (last && last->line == line)
		return;
	if (last && last->pc == c->code_len)
		last->line = line;
	else if (c->nr_lines < SCRIPT_LINES_MAX)
		c->lines[c->nr_lines++] = (struct script_line){ c->code_len, line };
}

static void image_add(struct script_compiler *c, const void *bytes, u32 len)
{
	memcpy(c->image + c->image_len, bytes, len);
	c->image_len += len;
}

bool emit_finish(struct script_compiler *c)
{
	struct script_header header = { c->code_len, c->nr_lines, c->data_len };

	if (c->failed)
		return false;
	c->image_len = 0;
	image_add(c, &header, sizeof(header));
	image_add(c, c->code, c->code_len);
	image_add(c, c->lines, c->nr_lines * sizeof(*c->lines));
	image_add(c, c->data, c->data_len);
	return true;
}

const u8 *script_image(const struct script_compiler *c, u32 *len)
{
	*len = c->image_len;
	return c->image;
}
