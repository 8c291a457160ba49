/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a packet from left to right: a cursor that never passes its end. Every function takes
 * what it recognises and says whether it did; none trusts the sender. Runs in VMX root and in
 * user-space tests; calls nothing.
 */
#ifndef HVGDB_RSP_PARSE_H
#define HVGDB_RSP_PARSE_H

#include "chars.h"

#define RSP_THREAD_ALL (-1)
#define RSP_THREAD_ANY 0

struct rsp_in {
	u8 *p, *end;
};

static inline size_t rsp_in_left(const struct rsp_in *in)
{
	return in->end - in->p;
}

static inline bool rsp_in_end(const struct rsp_in *in)
{
	return in->p == in->end;
}

static inline bool rsp_in_char(struct rsp_in *in, char c)
{
	if (rsp_in_end(in) || *in->p != (u8)c)
		return false;
	in->p++;
	return true;
}

static inline bool rsp_in_word(struct rsp_in *in, const char *word)
{
	size_t len = rsp_strlen(word);

	if (rsp_in_left(in) < len || memcmp(in->p, word, len))
		return false;
	in->p += len;
	return true;
}

/* One to sixteen hex digits: more would be cut silently. */
static inline bool rsp_in_u64(struct rsp_in *in, u64 *value)
{
	const u8 *start = in->p;

	*value = 0;
	while (!rsp_in_end(in) && rsp_hex_value(*in->p) >= 0) {
		if (in->p - start == 16)
			return false;
		*value = *value << 4 | rsp_hex_value(*in->p++);
	}
	return in->p != start;
}

static inline bool rsp_in_u32(struct rsp_in *in, unsigned int *value)
{
	u64 wide;

	if (!rsp_in_u64(in, &wide) || wide > 0xffffffff)
		return false;
	*value = wide;
	return true;
}

/* A thread id without process part: RSP_THREAD_ALL, RSP_THREAD_ANY or a number from 1. */
static inline bool rsp_in_thread(struct rsp_in *in, int *thread)
{
	u64 id;

	*thread = RSP_THREAD_ALL;
	if (rsp_in_word(in, "-1"))
		return true;
	if (!rsp_in_u64(in, &id) || id > 0x7fffffff)
		return false;
	*thread = id;
	return true;
}

/* The two hex digits of a signal. */
static inline bool rsp_in_byte(struct rsp_in *in, u8 *byte)
{
	int high, low;

	if (rsp_in_left(in) < 2)
		return false;
	high = rsp_hex_value(in->p[0]);
	low = rsp_hex_value(in->p[1]);
	if (high < 0 || low < 0)
		return false;
	*byte = high << 4 | low;
	in->p += 2;
	return true;
}

/* out may be the packet's own buffer: two digits are read before their byte is stored. */
static inline bool rsp_in_bytes(struct rsp_in *in, u8 *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!rsp_in_byte(in, &out[i]))
			return false;
	return true;
}

#endif
