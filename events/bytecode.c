// SPDX-License-Identifier: GPL-2.0
/*
 * The table of instructions, and taking one from a program. Runs in VMX root and in user space;
 * calls nothing.
 */
#include "bytecode.h"

#define K   BC_KNOWN
#define FP  (BC_KNOWN | BC_FLOATING)
#define COL (BC_KNOWN | BC_COLLECTS)
#define SET (BC_KNOWN | BC_SETS)
#define OWN (BC_KNOWN | BC_PRIVATE)

/* Name, bytes of operands, values popped and pushed, flags. */
static const struct bytecode_row bytecode_rows[BC_NR] = {
	[BC_FLOAT] = { "float", 0, 0, 0, FP },
	[BC_ADD] = { "add", 0, 2, 1, K },
	[BC_SUB] = { "sub", 0, 2, 1, K },
	[BC_MUL] = { "mul", 0, 2, 1, K },
	[BC_DIV_SIGNED] = { "div_signed", 0, 2, 1, K },
	[BC_DIV_UNSIGNED] = { "div_unsigned", 0, 2, 1, K },
	[BC_REM_SIGNED] = { "rem_signed", 0, 2, 1, K },
	[BC_REM_UNSIGNED] = { "rem_unsigned", 0, 2, 1, K },
	[BC_LSH] = { "lsh", 0, 2, 1, K },
	[BC_RSH_SIGNED] = { "rsh_signed", 0, 2, 1, K },
	[BC_RSH_UNSIGNED] = { "rsh_unsigned", 0, 2, 1, K },
	[BC_TRACE] = { "trace", 0, 2, 0, COL },
	[BC_TRACE_QUICK] = { "trace_quick", 1, 1, 1, COL },
	[BC_LOG_NOT] = { "log_not", 0, 1, 1, K },
	[BC_BIT_AND] = { "bit_and", 0, 2, 1, K },
	[BC_BIT_OR] = { "bit_or", 0, 2, 1, K },
	[BC_BIT_XOR] = { "bit_xor", 0, 2, 1, K },
	[BC_BIT_NOT] = { "bit_not", 0, 1, 1, K },
	[BC_EQUAL] = { "equal", 0, 2, 1, K },
	[BC_LESS_SIGNED] = { "less_signed", 0, 2, 1, K },
	[BC_LESS_UNSIGNED] = { "less_unsigned", 0, 2, 1, K },
	[BC_EXT] = { "ext", 1, 1, 1, K },
	[BC_REF8] = { "ref8", 0, 1, 1, K },
	[BC_REF16] = { "ref16", 0, 1, 1, K },
	[BC_REF32] = { "ref32", 0, 1, 1, K },
	[BC_REF64] = { "ref64", 0, 1, 1, K },
	[BC_REF_FLOAT] = { "ref_float", 0, 1, 1, FP },
	[BC_REF_DOUBLE] = { "ref_double", 0, 1, 1, FP },
	[BC_REF_LONG_DOUBLE] = { "ref_long_double", 0, 1, 1, FP },
	[BC_L_TO_D] = { "l_to_d", 0, 1, 1, FP },
	[BC_D_TO_L] = { "d_to_l", 0, 1, 1, FP },
	[BC_IF_GOTO] = { "if_goto", 2, 1, 0, K },
	[BC_GOTO] = { "goto", 2, 0, 0, K },
	[BC_CONST8] = { "const8", 1, 0, 1, K },
	[BC_CONST16] = { "const16", 2, 0, 1, K },
	[BC_CONST32] = { "const32", 4, 0, 1, K },
	[BC_CONST64] = { "const64", 8, 0, 1, K },
	[BC_REG] = { "reg", 2, 0, 1, K },
	[BC_END] = { "end", 0, 0, 0, K },
	[BC_DUP] = { "dup", 0, 1, 2, K },
	[BC_POP] = { "pop", 0, 1, 0, K },
	[BC_ZERO_EXT] = { "zero_ext", 1, 1, 1, K },
	[BC_SWAP] = { "swap", 0, 2, 2, K },
	[BC_GETV] = { "getv", 2, 0, 1, K },
	[BC_SETV] = { "setv", 2, 1, 1, SET },
	[BC_TRACEV] = { "tracev", 2, 0, 0, COL },
	[BC_TRACENZ] = { "tracenz", 0, 2, 0, COL },
	[BC_TRACE16] = { "trace16", 2, 1, 1, COL },
	[BC_PICK] = { "pick", 1, 0, 1, K },
	[BC_ROT] = { "rot", 0, 3, 3, K },
	[BC_PRINTF] = { "printf", 3, 2, 0, K | BC_PRINTS | BC_ARGS | BC_TEXT },
	[BC_LOCAL_GET] = { "local_get", 1, 0, 1, OWN },
	[BC_LOCAL_SET] = { "local_set", 1, 1, 0, OWN },
	[BC_CALL] = { "call", 2, 0, 1, OWN | BC_ARGS },
	[BC_CALL_TEXT] = { "call_text", 4, 0, 1, OWN | BC_ARGS | BC_TEXT },
	[BC_REG_SET] = { "reg_set", 2, 1, 0, OWN },
	[BC_GLOBAL_GET] = { "global_get", 2, 0, 1, OWN },
	[BC_GLOBAL_SET] = { "global_set", 2, 1, 0, OWN },
	[BC_GLOBAL_ADD] = { "global_add", 2, 1, 1, OWN },
	[BC_LOCAL_ADDR] = { "local_addr", 1, 0, 1, OWN },
	[BC_INDEX] = { "index", 2, 1, 1, OWN },
	[BC_GO_SUB] = { "go_sub", 3, 0, 1, OWN | BC_ARGS },
	[BC_RETURN] = { "return", 0, 1, 0, OWN },
	[BC_FRAME] = { "frame", 2, 0, 0, OWN },
	[BC_PRINT] = { "print", 3, 0, 0, OWN | BC_PRINTS | BC_ARGS | BC_TEXT },
};

const struct bytecode_row *bytecode_row(u8 op)
{
	static const struct bytecode_row none = { "no instruction", 0, 0, 0, 0 };

	return op < BC_NR && bytecode_rows[op].flags ? &bytecode_rows[op] : &none;
}

static u64 bytecode_number(const u8 *p, size_t len)
{
	u64 value = 0;

	while (len--)
		value = value << 8 | *p++;
	return value;
}

/*
 * What only a few have: the number of arguments in the first byte, the operand proper in the next
 * ones, text behind the last.
 */
static bool bytecode_rest(const u8 *p, size_t room, struct bytecode_insn *insn)
{
	bool text = insn->row->flags & BC_TEXT;
	u8 operand = insn->row->operand;

	insn->args = p[0];
	insn->pops += p[0];
	insn->operand = bytecode_number(p + 1, operand - (text ? 3 : 1));
	if (!text)
		return true;
	insn->text = p + operand;
	insn->text_len = bytecode_number(p + operand - 2, 2);
	insn->size += insn->text_len;
	return insn->size <= room;
}

/* In the path of every instruction that runs: the common ones leave early. */
bool bytecode_decode(const u8 *code, size_t len, size_t pc, struct bytecode_insn *insn)
{
	const struct bytecode_row *row;
	const u8 *p = code + pc;

	if (pc >= len || *p >= BC_NR)
		return false;
	row = &bytecode_rows[*p];
	insn->row = row;
	insn->op = *p++;
	insn->pops = row->pops;
	insn->size = 1 + row->operand;
	if (!row->flags || insn->size > len - pc)
		return false;
	if (!row->operand)
		return true;
	insn->operand = bytecode_number(p, row->operand);
	return !(row->flags & BC_ARGS) || bytecode_rest(p, len - pc, insn);
}
