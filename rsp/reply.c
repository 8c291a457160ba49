// SPDX-License-Identifier: GPL-2.0
/*
 * Building a reply in struct rsp_tx. What does not fit is left out and noted in tx->cut, which
 * makes an error of the whole reply. Runs in VMX root and in user-space tests; sends nothing.
 */
#include "chars.h"
#include "session.h"

void rsp_reply_begin(struct rsp *rsp)
{
	rsp->tx.len = 0;
	rsp->tx.cut = false;
	rsp->tx.unacked = false;
}

void rsp_reply_char(struct rsp *rsp, char c)
{
	if (rsp->tx.len < sizeof(rsp->tx.data))
		rsp->tx.data[rsp->tx.len++] = c;
	else
		rsp->tx.cut = true;
}

void rsp_reply_str(struct rsp *rsp, const char *s)
{
	while (*s)
		rsp_reply_char(rsp, *s++);
}

/* Hex, most significant digit first, no leading zeros. */
void rsp_reply_number(struct rsp *rsp, u64 value)
{
	int shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		rsp_reply_char(rsp, rsp_hex_char(value >> shift));
}

void rsp_reply_bytes(struct rsp *rsp, const void *bytes, size_t len)
{
	const u8 *p = bytes;
	size_t i;

	for (i = 0; i < len; i++) {
		rsp_reply_char(rsp, rsp_hex_char(p[i] >> 4));
		rsp_reply_char(rsp, rsp_hex_char(p[i]));
	}
}

void rsp_reply_unavailable(struct rsp *rsp, size_t len)
{
	for (; len; len--)
		rsp_reply_str(rsp, "xx");
}

/* '*' too: gdb expands runs before it looks for escapes. False if there is no room. */
bool rsp_reply_binary(struct rsp *rsp, u8 byte)
{
	bool escape = byte == '#' || byte == '$' || byte == '*' || byte == '}';

	if (rsp->tx.len + escape >= sizeof(rsp->tx.data))
		return false;
	if (escape)
		rsp_reply_char(rsp, '}');
	rsp_reply_char(rsp, escape ? byte ^ 0x20 : byte);
	return true;
}

/* why is what the target had to add to the sentence of the error, or NULL. */
void rsp_reply_error(struct rsp *rsp, int error, const char *why)
{
	u8 code = error;

	rsp_reply_begin(rsp);
	rsp_reply_char(rsp, 'E');
	if (rsp->gdb_error_message) {
		rsp_reply_char(rsp, '.');
		rsp_reply_str(rsp, rsp_error_text(error));
		rsp_reply_str(rsp, why ? ": " : "");
		rsp_reply_str(rsp, why ? why : "");
	} else {
		rsp_reply_bytes(rsp, &code, 1);
	}
}

int rsp_reply_ok(struct rsp *rsp)
{
	rsp_reply_str(rsp, "OK");
	return RSP_OK;
}
