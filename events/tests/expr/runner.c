// SPDX-License-Identifier: GPL-2.0
/*
 * Runs what gdb compiled, for expr_differential.py: `runner DUMP PROGRAMS`. DUMP is the memory of a
 * stopped process and its registers; a line of PROGRAMS is the code in hex, what gdb made of the
 * expression (a number in hex, or `error`), and the expression. Prints what differs,
 * and `EQUAL DIFFERENT`. User space only.
 */
#include <stdio.h>
#include <stdlib.h>

#include "expr.h"

#define RUNNER_REGS  59
#define RUNNER_AREAS 64

static struct area {
	u64 addr, len;
	u8 *bytes;
} areas[RUNNER_AREAS];
static unsigned int nr_areas;
static u64 regs[RUNNER_REGS];

static enum expr_result runner_read_reg(void *ctx, unsigned int reg, u64 *value)
{
	(void)ctx;
	if (reg >= RUNNER_REGS)
		return EXPR_NO_REGISTER;
	*value = regs[reg];
	return EXPR_OK;
}

static enum expr_result runner_read_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	struct area *a;

	(void)ctx;
	for (a = areas; a < areas + nr_areas; a++) {
		if (addr - a->addr >= a->len || len > a->len - (addr - a->addr))
			continue;
		memcpy(buf, a->bytes + (addr - a->addr), len);
		return EXPR_OK;
	}
	return EXPR_UNMAPPED;
}

static void must_read(FILE *file, void *buf, size_t len)
{
	if (fread(buf, 1, len, file) == len)
		return;
	fprintf(stderr, "runner: the dump is cut off\n");
	exit(2);
}

static void load(FILE *file)
{
	struct area *a;

	must_read(file, regs, sizeof(regs));
	for (a = areas; a < areas + RUNNER_AREAS && fread(a, 1, 16, file) == 16; a++) {
		a->bytes = malloc(a->len);
		must_read(file, a->bytes, a->len);
	}
	nr_areas = a - areas;
}

static size_t decode(u8 *code, const char *hex)
{
	size_t len = 0;
	unsigned int byte;

	for (; len < EXPR_CODE_MAX && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		code[len++] = byte;
	return len;
}

static const char *evaluate(const char *hex)
{
	static const struct expr_ops ops = { .read_reg = runner_read_reg,
					     .read_mem = runner_read_mem };
	static struct expr_machine machine;
	static struct expr_check check;
	static u8 code[EXPR_CODE_MAX];
	static char text[32];
	const struct expr_env env = { .ops = &ops, .machine = &machine };
	size_t len = decode(code, hex);
	enum expr_result result;
	u64 value;

	check.allowed = EXPR_CONDITION;
	check.registers = RUNNER_REGS;
	if (expr_verify(code, len, &check))
		return check.info.why;
	result = expr_run(code, len, &env, &value);
	/* Which comes first is the compiler's choice. */
	if (result == EXPR_DIVISION || result == EXPR_UNMAPPED)
		return "error";
	if (result)
		return expr_result_text(result);
	snprintf(text, sizeof(text), "%llx", (long long)value);
	return text;
}

static unsigned int compare(FILE *file, unsigned int *equal)
{
	static char line[65536], hex[65536];
	unsigned int different = 0;
	char expected[32];
	const char *got;
	int at;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%65535s %31s %n", hex, expected, &at) < 2)
			continue;
		got = evaluate(hex);
		if (!strcmp(got, expected)) {
			++*equal;
			continue;
		}
		different++;
		printf("gdb %s, bytecode %s: %s", expected, got, line + at);
	}
	return different;
}

int main(int argc, char **argv)
{
	FILE *dump = argc == 3 ? fopen(argv[1], "rb") : NULL;
	FILE *programs = argc == 3 ? fopen(argv[2], "r") : NULL;
	unsigned int equal = 0, different;

	if (!dump || !programs) {
		fprintf(stderr, "usage: runner DUMP PROGRAMS\n");
		return 2;
	}
	load(dump);
	different = compare(programs, &equal);
	printf("%u %u\n", equal, different);
	return different || !equal;
}
