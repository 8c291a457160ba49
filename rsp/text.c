// SPDX-License-Identifier: GPL-2.0
/*
 * struct rsp_text: text for people, cut where its buffer ends. Runs in VMX root and in user-space
 * tests; calls nothing.
 */
#include "chars.h"
#include "rsp.h"

static void rsp_text_char(struct rsp_text *out, char c)
{
	if (out->len < out->size)
		out->buf[out->len++] = c;
}

void rsp_text_add(struct rsp_text *out, const char *s)
{
	while (*s)
		rsp_text_char(out, *s++);
}

void rsp_text_hex(struct rsp_text *out, u64 value)
{
	int shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		rsp_text_char(out, rsp_hex_char(value >> shift));
}

void rsp_text_dec(struct rsp_text *out, u64 value)
{
	u64 unit = 1;

	while (value / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		rsp_text_char(out, '0' + value / unit % 10);
}
