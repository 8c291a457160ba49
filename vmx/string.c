// SPDX-License-Identifier: GPL-2.0
/*
 * The four functions that a C compiler takes for granted. Root may not run the kernel's (they can
 * be patched, traced and probed while we are in them), so the module brings its own. Both modes.
 *
 * Nearly all that root copies is a few words long, where a string instruction takes longer to begin
 * than a loop needs for all of it.
 */
#include "base.h"

/* From here on the string instructions are quicker. */
#define LONG 256

/* Anywhere, and in place of any type. */
typedef u64 __attribute__((may_alias, aligned(1))) any_word;

#undef memcpy
#undef memmove
#undef memset
#undef memcmp

void *memcpy(void *to, const void *from, size_t len)
{
	const u8 *s = from;
	u8 *d = to;

	if (len >= LONG) {
		asm volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(len) : : "memory");
		return to;
	}
	for (; len >= sizeof(any_word); len -= sizeof(any_word)) {
		*(any_word *)d = *(const any_word *)s;
		d += sizeof(any_word);
		s += sizeof(any_word);
	}
	while (len--)
		*d++ = *s++;
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
	any_word word = (u8)value * 0x0101010101010101ULL;
	u8 *d = to;

	if (len >= LONG) {
		asm volatile("rep stosb" : "+D"(d), "+c"(len) : "a"(value) : "memory");
		return to;
	}
	for (; len >= sizeof(word); len -= sizeof(word), d += sizeof(word))
		*(any_word *)d = word;
	while (len--)
		*d++ = value;
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
