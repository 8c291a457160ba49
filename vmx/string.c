// SPDX-License-Identifier: GPL-2.0
/*
 * The four functions that a C compiler takes for granted. Root may not run the kernel's (they can
 * be patched, traced and probed while we are in them), so the module brings its own. Both modes.
 */
#include "base.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp

void *memcpy(void *to, const void *from, size_t len)
{
	void *d = to;

	asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(len) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	u8 *d = to;
	const u8 *s = from;

	if (d <= s || d >= s + len)
		return memcpy(to, from, len);
	while (len--) {
		d[len] = s[len];
		asm volatile("" : : : "memory");
	}
	return to;
}

void *memset(void *to, int value, size_t len)
{
	void *d = to;

	asm volatile("rep stosb" : "+D"(d), "+c"(len) : "a"(value) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const u8 *x = a, *y = b;

	for (; len; len--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
