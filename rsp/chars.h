/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hex digits, and the string functions that VMX root may not borrow from the kernel. Runs in VMX
 * root and in user-space tests; calls nothing.
 */
#ifndef HVGDB_RSP_CHARS_H
#define HVGDB_RSP_CHARS_H

#include "base.h"

static inline int rsp_hex_value(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static inline char rsp_hex_char(unsigned int nibble)
{
	return "0123456789abcdef"[nibble & 15];
}

static inline size_t rsp_strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static inline bool rsp_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static inline bool rsp_starts(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return false;
	return true;
}

#endif
