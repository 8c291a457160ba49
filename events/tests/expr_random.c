// SPDX-License-Identifier: GPL-2.0
/* See expr_random.h. User space only. */
#include <stdio.h>
#include <stdlib.h>

#include "expr_random.h"

#define EXPR_REQUIRE(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static struct expr_fake fake;
static struct expr_check check;

static u64 random_next(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1dull >> 16;
}

/* What the verifier proves. */
static bool expr_excluded(enum expr_result result)
{
	switch (result) {
	case EXPR_BAD_CODE:
	case EXPR_BAD_JUMP:
	case EXPR_OVERFLOW:
	case EXPR_UNDERFLOW:
	case EXPR_BAD_FORMAT:
		return true;
	default:
		return false;
	}
}

bool expr_suffer(const u8 *code, size_t len, u32 allowed)
{
	enum expr_result result;
	bool good;
	u64 value;

	if (!fake.env.ops)
		expr_fake_init(&fake);
	check.allowed = allowed;
	check.registers = EXPR_FAKE_REGS;
	good = !expr_verify(code, len, &check);
	EXPR_REQUIRE(good == !check.info.why);
	fake.out_len = 0;
	fake.log_len = 0;
	fake.env.max_steps = 500;
	result = expr_run(code, len, &fake.env, &value);
	EXPR_REQUIRE((unsigned int)result < EXPR_NR_RESULTS);
	EXPR_REQUIRE(!result || !value);
	if (!good)
		return false;
	EXPR_REQUIRE(!expr_excluded(result));
	if (!check.info.loops && !check.info.reads_memory && !check.info.collects)
		EXPR_REQUIRE(fake.machine.steps <= check.info.steps);
	return true;
}

static u8 random_op(u64 *seed)
{
	u8 op;

	do
		op = random_next(seed) % BC_NR;
	while (!bytecode_row(op)->flags || (bytecode_row(op)->flags & BC_FLOATING));
	return op;
}

static size_t random_operand(u64 *seed, u8 *code, const struct bytecode_row *row)
{
	size_t i;

	for (i = 0; i < row->operand; i++)
		code[i] = random_next(seed);
	/* Short texts, or hardly any program would have more than one. */
	if (row->flags & BC_TEXT) {
		code[row->operand - 2] = 0;
		code[row->operand - 1] %= 16;
	}
	return row->operand;
}

static size_t random_text(u64 *seed, u8 *text, size_t len)
{
	static const char letters[] = "%%%%%%dxusclhp\\n0";
	size_t i;

	for (i = 0; i + 1 < len; i++)
		text[i] = letters[random_next(seed) % (sizeof(letters) - 1)];
	if (len)
		text[len - 1] = '\0';
	return len;
}

static size_t random_instruction(u64 *seed, u8 *code, u8 op)
{
	const struct bytecode_row *row = bytecode_row(op);
	size_t n = 1;

	code[0] = op;
	n += random_operand(seed, code + 1, row);
	if (row->flags & BC_TEXT)
		n += random_text(seed, code + n, code[n - 1]);
	return n;
}

static size_t random_instructions(u64 *seed, u8 *code)
{
	size_t n = 0, count = random_next(seed) % 20;

	while (count--)
		n += random_instruction(seed, code + n, random_op(seed));
	code[n++] = BC_END;
	return n;
}

/* Operands as a compiler would choose them: what is there is met more often than not. */
static void random_tame(u64 *seed, u8 *code)
{
	const struct bytecode_row *row = bytecode_row(code[0]);

	switch (code[0]) {
	case BC_REG:
	case BC_GETV:
	case BC_SETV:
	case BC_TRACEV:
		code[1] = 0;
		code[2] %= 16;
		break;
	case BC_LOCAL_GET:
	case BC_LOCAL_SET:
		code[1] %= EXPR_LOCALS;
		break;
	case BC_PICK:
		code[1] %= 3;
		break;
	case BC_CONST64:
		memcpy(code + 1, "\xff\xff\x88\x80\x00\x00\x10", 7);
		break;
	case BC_EXT:
	case BC_ZERO_EXT:
		code[1] |= 1;
		break;
	default:
		if (row->flags & BC_ARGS)
			code[1] = random_next(seed) % 3;
		break;
	}
}

static bool random_fits(const struct bytecode_insn *insn, unsigned int depth)
{
	if (insn->op == BC_PICK && insn->operand >= depth)
		return false;
	return insn->op != BC_END && depth >= insn->pops &&
	       depth - insn->pops + insn->row->pushes <= EXPR_STACK_MAX;
}

static size_t random_plausible(u64 *seed, u8 *code)
{
	unsigned int depth = 0, tries = random_next(seed) % 60;
	struct bytecode_insn insn;
	size_t n = 0, size;

	while (tries--) {
		size = random_instruction(seed, code + n, random_op(seed));
		random_tame(seed, code + n);
		if (code[n] == BC_GOTO || !bytecode_decode(code + n, size, 0, &insn) ||
		    !random_fits(&insn, depth))
			continue;
		if (insn.op == BC_IF_GOTO) {
			code[n + 1] = (n + 3) >> 8;
			code[n + 2] = n + 3;
		}
		depth = depth - insn.pops + insn.row->pushes;
		n += size;
	}
	if (depth || random_next(seed) % 8) {
		code[n] = BC_END;
		return n + 1;
	}
	memcpy(code + n, "\x21\x00\x00", 3); /* goto 0 */
	return n + 3;
}

bool expr_random_try(u64 *seed, enum expr_random_style style)
{
	static const u32 allowed[] = { EXPR_SCRIPT,    EXPR_SCRIPT,   EXPR_SCRIPT,     EXPR_SCRIPT,
				       EXPR_CONDITION, EXPR_COMMANDS, EXPR_COLLECTION, 0 };
	static u8 room[60 * 24];
	size_t len, i;
	u8 *code;
	bool good;

	if (style == EXPR_RANDOM_BYTES) {
		len = random_next(seed) % 40;
		for (i = 0; i < len; i++)
			room[i] = random_next(seed) % (i % 3 ? 256 : BC_NR);
	} else if (style == EXPR_RANDOM_INSTRUCTIONS) {
		len = random_instructions(seed, room);
	} else {
		len = random_plausible(seed, room);
	}
	/* In memory of its own length, where the sanitizer sees the end. */
	code = malloc(len + !len);
	memcpy(code, room, len);
	good = expr_suffer(code, len, allowed[random_next(seed) % ARRAY_SIZE(allowed)]);
	free(code);
	return good;
}
