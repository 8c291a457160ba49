// SPDX-License-Identifier: GPL-2.0
/*
 * Strings in a script: escapes, and L"..." as UTF-16, which is what HyperDbg's functions of wide
 * strings work on. See script_compile.h. Runs in VMX root and in user space; calls nothing.
 */
#include "chars.h"
#include "script_compile.h"

struct string_in {
	const u8 *p, *end;
};

static unsigned int octal(struct string_in *in)
{
	unsigned int value = 0, digits;

	for (digits = 0; digits < 3 && in->p < in->end && *in->p >= '0' && *in->p <= '7'; digits++)
		value = value * 8 + *in->p++ - '0';
	return value & 0xff;
}

static unsigned int hexadecimal(struct string_in *in)
{
	unsigned int value = 0, digits;

	for (digits = 0; digits < 2 && in->p < in->end && rsp_hex_value(*in->p) >= 0; digits++)
		value = value * 16 + rsp_hex_value(*in->p++);
	return value;
}

static bool escape(struct string_in *in, u32 *out)
{
	static const char letters[] = "abefnrtv\"\\'?", values[] = "\a\b\033\f\n\r\t\v\"\\'?";
	size_t i;

	if (in->p < in->end && *in->p >= '0' && *in->p <= '7') {
		*out = octal(in);
		return true;
	}
	if (in->p < in->end && *in->p == 'x') {
		in->p++;
		*out = hexadecimal(in);
		return true;
	}
	for (i = 0; in->p < in->end && i < sizeof(letters) - 1; i++)
		if (*in->p == (u8)letters[i]) {
			in->p++;
			*out = (u8)values[i];
			return true;
		}
	return false;
}

/* A code point of UTF-8; bytes that are none stand for themselves. */
static u32 utf8(struct string_in *in)
{
	u8 first = *in->p++;
	unsigned int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	u32 value = first & (0x3f >> more);
	unsigned int i;

	if (first < 0x80 || !more || (size_t)(in->end - in->p) < more)
		return first;
	for (i = 0; i < more; i++) {
		if ((in->p[i] & 0xc0) != 0x80)
			return first;
		value = value << 6 | (in->p[i] & 0x3f);
	}
	in->p += more;
	return value;
}

static void put(struct script_compiler *c, u32 value, unsigned int bytes)
{
	for (; bytes; bytes--, value >>= 8) {
		if (c->data_len == SCRIPT_DATA_MAX) {
			script_fail(c, &c->token,
				    "the strings of a script have 4096 bytes at most");
			return;
		}
		c->data[c->data_len++] = value;
	}
}

static void put_wide(struct script_compiler *c, u32 value)
{
	if (value < 0x10000) {
		put(c, value, 2);
		return;
	}
	value -= 0x10000;
	put(c, 0xd800 | (value >> 10 & 0x3ff), 2);
	put(c, 0xdc00 | (value & 0x3ff), 2);
}

bool script_string(struct script_compiler *c, u64 *address)
{
	bool wide = c->token.kind == TOKEN_WIDE_STRING;
	struct string_in in = { (const u8 *)c->token.text.p,
				(const u8 *)c->token.text.p + c->token.text.len };
	u32 value;

	*address = SCRIPT_SPACE_DATA + c->data_len;
	while (in.p < in.end && !c->failed) {
		if (*in.p == '\\') {
			in.p++;
			if (!escape(&in, &value))
				return script_fail(c, &c->token,
						   "this string has an unknown escape");
		} else {
			value = wide ? utf8(&in) : *in.p++;
		}
		if (wide)
			put_wide(c, value);
		else
			put(c, value, 1);
	}
	put(c, 0, wide ? 2 : 1);
	return !c->failed;
}
