// SPDX-License-Identifier: GPL-2.0
/* See expr_fake.h. User space only. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "expr_fake.h"

static void fake_log(struct expr_fake *fake, const char *what, u64 a, u64 b)
{
	fake->log_len += snprintf(fake->log + fake->log_len, sizeof(fake->log) - fake->log_len,
				  "%s %llx %llx; ", what, (long long)a, (long long)b);
	if (fake->log_len > sizeof(fake->log) - 100)
		fake->log_len = 0;
}

static enum expr_result fake_read_reg(void *ctx, unsigned int reg, u64 *value)
{
	struct expr_fake *fake = ctx;

	if (reg >= EXPR_FAKE_REGS || reg == EXPR_FAKE_NO_REG)
		return EXPR_NO_REGISTER;
	*value = fake->regs[reg];
	return EXPR_OK;
}

static enum expr_result fake_read_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	struct expr_fake *fake = ctx;

	if (!len || len > 64)
		abort();
	fake->reads++;
	if (addr >> 12 == EXPR_FAKE_MMIO >> 12)
		return EXPR_NOT_RAM;
	addr -= EXPR_FAKE_PAGE;
	if (addr >= sizeof(fake->page) || len > sizeof(fake->page) - addr)
		return EXPR_UNMAPPED;
	memcpy(buf, fake->page + addr, len);
	return EXPR_OK;
}

static enum expr_result fake_get_var(void *ctx, unsigned int var, u64 *value)
{
	struct expr_fake *fake = ctx;

	if (var >= EXPR_FAKE_VARS)
		return EXPR_NO_VARIABLE;
	*value = fake->vars[var];
	return EXPR_OK;
}

static enum expr_result fake_set_var(void *ctx, unsigned int var, u64 value)
{
	struct expr_fake *fake = ctx;

	if (var >= EXPR_FAKE_VARS)
		return EXPR_NO_VARIABLE;
	if (var == EXPR_FAKE_VARS - 1)
		return EXPR_READ_ONLY;
	fake->vars[var] = value;
	return EXPR_OK;
}

static enum expr_result fake_collect(void *ctx, u64 addr, size_t len)
{
	if (!len || len > EXPR_COLLECT_MAX)
		abort();
	fake_log(ctx, "collect", addr, len);
	return EXPR_OK;
}

static enum expr_result fake_collect_var(void *ctx, unsigned int var)
{
	if (var >= EXPR_FAKE_VARS)
		return EXPR_NO_VARIABLE;
	fake_log(ctx, "variable", var, 0);
	return EXPR_OK;
}

static enum expr_result fake_print(void *ctx, u64 channel, const char *text, size_t len)
{
	struct expr_fake *fake = ctx;

	if (!len || len > EXPR_PRINT_BUFFER)
		abort();
	fake->channel = channel;
	fake->prints++;
	if (fake->out_len + len > fake->out_limit)
		return EXPR_FULL;
	memcpy(fake->out + fake->out_len, text, len);
	fake->out_len += len;
	fake->out[fake->out_len] = '\0';
	return EXPR_OK;
}

/* Function 0 fails, the others add their number, their arguments and the letters of the text. */
static enum expr_result fake_call(void *ctx, unsigned int function, const u64 *args,
				  unsigned int nargs, const u8 *text, size_t text_len, u64 *value)
{
	(void)ctx;
	if (!function)
		return EXPR_REFUSED;
	*value = function;
	while (nargs--)
		*value = *value * 10 + *args++;
	while (text && text_len--)
		*value += *text++;
	return EXPR_OK;
}

static const struct expr_ops fake_ops = {
	.read_reg = fake_read_reg,
	.read_mem = fake_read_mem,
	.get_var = fake_get_var,
	.set_var = fake_set_var,
	.collect = fake_collect,
	.collect_var = fake_collect_var,
	.print = fake_print,
	.call = fake_call,
};

void expr_fake_init(struct expr_fake *fake)
{
	unsigned int i;

	memset(fake, 0, sizeof(*fake));
	for (i = 0; i < EXPR_FAKE_REGS; i++)
		fake->regs[i] = 0x1111111111111111ull * (i & 15) + i;
	for (i = 0; i < sizeof(fake->page); i++)
		fake->page[i] = i * 7 + (i >> 8);
	fake->out_limit = sizeof(fake->out) - 1;
	fake->env = (struct expr_env){ .ops = &fake_ops, .ctx = fake, .machine = &fake->machine };
}

struct assembler {
	u8 *code;
	size_t size, pc;
	const char *p;
	char word[256];
	size_t labels[26], uses[64];
	char used[64];
	unsigned int nr_uses;
};

static void assemble_byte(struct assembler *a, u8 byte)
{
	if (a->pc == a->size)
		abort();
	a->code[a->pc++] = byte;
}

static void assemble_number(struct assembler *a, u64 value, unsigned int bytes)
{
	while (bytes--)
		assemble_byte(a, value >> (8 * bytes));
}

static bool assemble_word(struct assembler *a)
{
	size_t n = 0;

	while (isspace(*a->p))
		a->p++;
	if (*a->p == '"') {
		do
			a->word[n++] = *a->p++;
		while (*a->p != '"');
		a->p++;
	} else {
		while (*a->p && !isspace(*a->p))
			a->word[n++] = *a->p++;
	}
	a->word[n] = '\0';
	return n;
}

static u64 assemble_operand(struct assembler *a)
{
	if (!assemble_word(a))
		abort();
	if (a->word[0] == '@') {
		a->used[a->nr_uses] = a->word[1];
		a->uses[a->nr_uses++] = a->pc;
		return 0;
	}
	return strtoull(a->word, NULL, 0);
}

static void assemble_text(struct assembler *a)
{
	size_t i, len;

	if (!assemble_word(a) || a->word[0] != '"')
		abort();
	len = strlen(a->word); /* without the quote, with the NUL */
	assemble_number(a, len, 2);
	for (i = 0; i < len; i++)
		assemble_byte(a, a->word[1 + i]);
}

static void assemble_operands(struct assembler *a, const struct bytecode_row *row)
{
	if (row->flags & BC_ARGS) {
		assemble_number(a, assemble_operand(a), 1);
		if (row->flags & BC_PRIVATE)
			assemble_number(a, assemble_operand(a), 1);
		if (row->flags & BC_TEXT)
			assemble_text(a);
	} else if (row->operand) {
		assemble_number(a, assemble_operand(a), row->operand);
	}
}

static void assemble_instruction(struct assembler *a)
{
	unsigned int op;

	for (op = 0; op < 256; op++)
		if (bytecode_row(op)->flags && !strcmp(bytecode_row(op)->name, a->word))
			break;
	if (op == 256) {
		fprintf(stderr, "no instruction %s\n", a->word);
		abort();
	}
	assemble_byte(a, op);
	assemble_operands(a, bytecode_row(op));
}

size_t expr_assemble(u8 *code, size_t size, const char *text)
{
	struct assembler a = { .code = code, .size = size, .p = text };
	unsigned int i;

	while (assemble_word(&a)) {
		if (a.word[1] == ':')
			a.labels[a.word[0] - 'a'] = a.pc;
		else if (isdigit(a.word[0]))
			assemble_byte(&a, strtoul(a.word, NULL, 0));
		else
			assemble_instruction(&a);
	}
	for (i = 0; i < a.nr_uses; i++) {
		code[a.uses[i]] = a.labels[a.used[i] - 'a'] >> 8;
		code[a.uses[i] + 1] = a.labels[a.used[i] - 'a'];
	}
	return a.pc;
}
