// SPDX-License-Identifier: GPL-2.0
/*
 * The verifier: first every instruction by itself, then the depth of the stack along all ways
 * through the program. Runs in VMX root and in user space; calls nothing.
 */
#include "bytecode.h"
#include "expr.h"
#include "expr_format.h"

/* What check->depth knows of a place in the program; from DEPTH_0 on it is the depth plus that. */
enum { DEPTH_INSIDE, DEPTH_UNREACHED, DEPTH_0 };

/* Loops within loops need one each; more than this is not what a compiler writes. */
#define EXPR_SWEEPS 64

static bool expr_refuse(struct expr_check *check, size_t offset, const char *why)
{
	if (!check->info.why) {
		check->info.why = why;
		check->info.offset = offset;
	}
	return false;
}

static const char *expr_check_format(const struct bytecode_insn *insn)
{
	unsigned int args = 0;
	struct expr_format format;
	struct expr_piece piece;

	if (!expr_format_open(&format, insn->text, insn->text_len))
		return format.why;
	while (expr_format_next(&format, &piece))
		args += piece.kind >= EXPR_PIECE_SIGNED;
	if (!format.why && args != insn->args)
		return "a format does not have as many arguments as it needs";
	return format.why;
}

static const char *expr_check_operand(const struct expr_check *check,
				      const struct bytecode_insn *insn)
{
	switch (insn->op) {
	case BC_EXT:
	case BC_ZERO_EXT:
		return insn->operand ? NULL : "a value of no bits is extended";
	case BC_REG:
		return insn->operand < check->registers ? NULL : "there is no such register";
	case BC_REG_SET:
		return insn->operand < check->registers ? NULL : "there is no such register";
	case BC_LOCAL_GET:
	case BC_LOCAL_SET:
	case BC_LOCAL_ADDR:
		return insn->operand < EXPR_LOCALS ? NULL : "there is no such local variable";
	case BC_INDEX:
		return insn->operand ? NULL : "an array has no elements";
	case BC_FRAME:
		if ((insn->operand & 0xff) > EXPR_LOCALS)
			return "there are too many local variables";
		return insn->operand >> 8 <= (insn->operand & 0xff) ? NULL :
			"a function has more arguments than variables";
	case BC_PRINTF:
	case BC_PRINT:
		return expr_check_format(insn);
	default:
		return NULL;
	}
}

static const char *expr_check_flags(u32 allowed, u8 flags)
{
	if (flags & BC_FLOATING)
		return "floating point cannot be used here";
	if ((flags & BC_COLLECTS) && !(allowed & EXPR_MAY_COLLECT))
		return "only the actions of a tracepoint can collect";
	if ((flags & BC_PRINTS) && !(allowed & EXPR_MAY_PRINT))
		return "only commands can print";
	if ((flags & BC_SETS) && !(allowed & EXPR_MAY_SET))
		return "variables cannot be set here";
	if ((flags & BC_PRIVATE) && !(allowed & EXPR_MAY_PRIVATE))
		return "this instruction is for scripts";
	return NULL;
}

static void expr_note(struct expr_info *info, const struct bytecode_insn *insn)
{
	u8 flags = insn->row->flags;

	info->steps++;
	info->collects |= !!(flags & BC_COLLECTS);
	info->prints |= !!(flags & BC_PRINTS);
	info->sets |= !!(flags & BC_SETS);
	info->private |= !!(flags & BC_PRIVATE);
	info->reads_memory |= (insn->op >= BC_REF8 && insn->op <= BC_REF64) ||
			      insn->op == BC_TRACENZ || insn->op == BC_PRINTF ||
			      insn->op == BC_PRINT;
	if (insn->op == BC_REG)
		info->registers = base_max(info->registers, insn->operand + 1);
}

/* Marks where instructions begin; no byte may be left over. */
static bool expr_check_instructions(const u8 *code, size_t len, struct expr_check *check)
{
	struct bytecode_insn insn;
	const char *why;
	size_t pc;

	for (pc = 0; pc < len; pc += insn.size) {
		if (!bytecode_row(code[pc])->flags)
			return expr_refuse(check, pc, "there is no such instruction");
		if (!bytecode_decode(code, len, pc, &insn))
			return expr_refuse(check, pc, "the last instruction is cut off");
		why = expr_check_flags(check->allowed, insn.row->flags);
		if (!why)
			why = expr_check_operand(check, &insn);
		if (why)
			return expr_refuse(check, pc, why);
		check->depth[pc] = DEPTH_UNREACHED;
		expr_note(&check->info, &insn);
	}
	return true;
}

/* One way through the program as it is being followed. */
struct expr_walk {
	struct expr_check *check;
	const u8 *code;
	size_t len;
	struct bytecode_insn insn;
	u32 pc;
	u8 depth;   /* behind the instruction at pc */
	bool again; /* something was learned that stands further up */
};

static bool expr_reach(struct expr_walk *walk, size_t target)
{
	struct expr_check *check = walk->check;
	u8 *depth;

	if (target >= walk->len)
		return expr_refuse(check, walk->pc, "the program runs or jumps over its end");
	depth = &check->depth[target];
	if (*depth == DEPTH_INSIDE)
		return expr_refuse(check, walk->pc, "a jump leads into an instruction");
	if (*depth >= DEPTH_0 && *depth != DEPTH_0 + walk->depth)
		return expr_refuse(check, walk->pc, "two ways meet with different stacks");
	check->info.loops |= target <= walk->pc;
	walk->again |= target <= walk->pc && *depth == DEPTH_UNREACHED;
	*depth = DEPTH_0 + walk->depth;
	return true;
}

/* From the depth before the instruction to the one behind it. */
static bool expr_walk_stack(struct expr_walk *walk)
{
	struct expr_check *check = walk->check;
	const struct bytecode_insn *insn = &walk->insn;
	u32 before = check->depth[walk->pc] - DEPTH_0, after;

	if (before < insn->pops || (insn->op == BC_PICK && before <= insn->operand))
		return expr_refuse(check, walk->pc, "the stack does not have as many values");
	if (insn->op == BC_END && (check->allowed & EXPR_NEEDS_VALUE) && !before)
		return expr_refuse(check, walk->pc, "the program ends without a value");
	after = before - insn->pops + insn->row->pushes;
	if (after > EXPR_STACK_MAX)
		return expr_refuse(check, walk->pc, "the stack is not deep enough for this");
	check->info.stack = base_max(check->info.stack, after);
	walk->depth = after;
	return true;
}

/* A function sees a stack of its own: what lies below does not exist for it. */
static bool expr_reach_function(struct expr_walk *walk, size_t target)
{
	u8 depth = walk->depth;
	bool good;

	walk->check->info.loops = true;
	walk->depth = 0;
	good = expr_reach(walk, target);
	walk->depth = depth;
	return good;
}

static bool expr_walk_one(struct expr_walk *walk)
{
	const struct bytecode_insn *insn = &walk->insn;

	if (!expr_walk_stack(walk))
		return false;
	if (insn->op == BC_GO_SUB && !expr_reach_function(walk, insn->operand))
		return false;
	if (insn->op == BC_GOTO || insn->op == BC_IF_GOTO)
		if (!expr_reach(walk, insn->operand))
			return false;
	if (insn->op == BC_GOTO || insn->op == BC_END || insn->op == BC_RETURN)
		return true;
	return expr_reach(walk, walk->pc + insn->size);
}

/* What nothing leads to is left alone: it is sound by itself and cannot run. */
static bool expr_sweep(struct expr_walk *walk)
{
	walk->again = false;
	for (walk->pc = 0; walk->pc < walk->len; walk->pc += walk->insn.size) {
		bytecode_decode(walk->code, walk->len, walk->pc, &walk->insn);
		if (walk->check->depth[walk->pc] != DEPTH_UNREACHED && !expr_walk_one(walk))
			return false;
	}
	return true;
}

static bool expr_check_ways(const u8 *code, size_t len, struct expr_check *check)
{
	struct expr_walk walk = { .check = check, .code = code, .len = len };
	unsigned int sweeps;

	check->depth[0] = DEPTH_0;
	for (sweeps = 0; sweeps < EXPR_SWEEPS; sweeps++) {
		if (!expr_sweep(&walk))
			return false;
		if (!walk.again)
			return true;
	}
	return expr_refuse(check, 0, "the jumps are too entangled");
}

static bool expr_check_length(size_t len, struct expr_check *check)
{
	if (!len)
		return expr_refuse(check, 0, "the program is empty");
	if (len > EXPR_CODE_MAX)
		return expr_refuse(check, 0, "the program is too long");
	return true;
}

int expr_verify(const u8 *code, size_t len, struct expr_check *check)
{
	bool good;

	memset(&check->info, 0, sizeof(check->info));
	good = expr_check_length(len, check);
	if (good) {
		memset(check->depth, DEPTH_INSIDE, len);
		good = expr_check_instructions(code, len, check) &&
		       expr_check_ways(code, len, check);
	}
	return good ? 0 : -EINVAL;
}
