// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of scripts that work on memory and strings. See script_functions.h. Runs in VMX root
 * and in user space.
 */
#include "script_functions.h"

#define CHUNK 64 /* read at a time, and never over a boundary of it: so none crosses a page */

enum expr_result script_load(struct script_call *call)
{
	return script_read(call->run, call->physical, call->args[0], &call->value, call->size);
}

enum expr_result script_hi_physical(struct script_call *call)
{
	enum expr_result result = script_load(call);

	call->value >>= 16;
	return result;
}

/* 1 if it could be written; a row without a size is `*p = v`, which must be. */
enum expr_result script_store(struct script_call *call)
{
	size_t size = call->size ? call->size : sizeof(u64);
	enum expr_result result =
		script_write(call->run, call->physical, call->args[0], &call->args[1], size);

	call->value = result == EXPR_OK;
	return call->size && result != EXPR_ENDLESS ? EXPR_OK : result;
}

static size_t chunk_at(u64 addr, u64 len)
{
	return base_min(len, CHUNK - (addr & (CHUNK - 1)));
}

/* From low to high, in pieces: what overlaps is not moved as by memmove(). */
enum expr_result script_memcpy(struct script_call *call)
{
	u64 to = call->args[0], from = call->args[1], left = call->args[2];
	enum expr_result result = EXPR_OK;
	u8 buf[CHUNK];
	size_t n;

	for (; left && !result; left -= n, to += n, from += n) {
		n = base_min(chunk_at(from, left), chunk_at(to, left));
		result = script_read(call->run, call->physical, from, buf, n);
		if (!result)
			result = script_write(call->run, call->physical, to, buf, n);
	}
	return result;
}

/* Memory one character after the other. */
struct text {
	struct script_run *run;
	u64 addr;
	u8 pos, filled;
	u8 buf[CHUNK];
};

static void text_open(struct text *text, struct script_run *run, u64 addr)
{
	text->run = run;
	text->addr = addr;
	text->pos = text->filled = 0;
}

/* What cannot be read up to the boundary may still have a readable beginning. */
static enum expr_result text_fill(struct text *text)
{
	size_t len = chunk_at(text->addr, CHUNK);
	enum expr_result result = script_read(text->run, false, text->addr, text->buf, len);

	if (result && result != EXPR_ENDLESS) {
		len = 1;
		result = script_read(text->run, false, text->addr, text->buf, len);
	}
	text->pos = 0;
	text->filled = result ? 0 : len;
	return result;
}

static enum expr_result text_next(struct text *text, unsigned int bytes, u32 *character)
{
	enum expr_result result = EXPR_OK;
	unsigned int i;

	*character = 0;
	for (i = 0; i < bytes && !result; i++) {
		if (text->pos == text->filled)
			result = text_fill(text);
		if (result)
			break;
		*character |= (u32)text->buf[text->pos++] << (8 * i);
		text->addr++;
	}
	return result;
}

/* As memcmp() and strcmp() say it: -1, 0 or 1. */
static enum expr_result compare(struct script_call *call, u64 limit, bool is_text)
{
	unsigned int bytes = is_text ? call->size : 1;
	enum expr_result result = EXPR_OK;
	struct text left, right;
	u32 a = 1, b = 1;

	text_open(&left, call->run, call->args[0]);
	text_open(&right, call->run, call->args[1]);
	while (limit-- && a == b && !(is_text && !a)) {
		result = text_next(&left, bytes, &a);
		if (!result)
			result = text_next(&right, bytes, &b);
		if (result)
			return result;
	}
	call->value = a == b ? 0 : a < b ? ~0ULL : 1;
	return EXPR_OK;
}

enum expr_result script_memcmp(struct script_call *call)
{
	return compare(call, call->args[2], false);
}

enum expr_result script_strcmp(struct script_call *call)
{
	return compare(call, ~0ULL, true);
}

enum expr_result script_strncmp(struct script_call *call)
{
	return compare(call, call->args[2], true);
}

enum expr_result script_strlen(struct script_call *call)
{
	enum expr_result result = EXPR_OK;
	struct text text;
	u32 character = 1;

	text_open(&text, call->run, call->args[0]);
	while (!result && character) {
		result = text_next(&text, call->size, &character);
		call->value += !result && character;
	}
	return result;
}
