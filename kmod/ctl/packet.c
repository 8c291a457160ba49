// SPDX-License-Identifier: GPL-2.0
/* See packet.h. User space. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

static unsigned int checksum(const char *bytes, size_t length)
{
	unsigned char sum = 0;

	while (length--)
		sum += *bytes++;
	return sum;
}

size_t packet_write(const char *text, char *out, size_t size)
{
	return snprintf(out, size, "+$%s#%02x", text, checksum(text, strlen(text)));
}

/* One character of a packet's inside, and how often it stands there; 0: the packet is damaged. */
static size_t take(const char **p, const char *end, char *c)
{
	size_t times = 1;

	*c = *(*p)++;
	if (*c == '}') {
		if (*p == end)
			return 0;
		*c = *(*p)++ ^ 0x20;
	}
	if (*p < end && **p == '*') {
		if (end - *p < 2 || (*p)[1] < ' ')
			return 0;
		times += (*p)[1] - 29;
		*p += 2;
	}
	return times;
}

static long unpack(const char *p, const char *end, char *text, size_t size)
{
	size_t length = 0, times;
	char c;

	while (p < end) {
		times = take(&p, end, &c);
		if (!times || length + times >= size)
			return -1;
		memset(text + length, c, times);
		length += times;
	}
	text[length] = '\0';
	return length;
}

long packet_read(const char *bytes, size_t length, char *text, size_t size)
{
	const char *begin = memchr(bytes, '$', length), *end;
	char sum[3] = "";

	if (!begin)
		return -1;
	begin++;
	end = memchr(begin, '#', bytes + length - begin);
	if (!end || bytes + length - end < 3)
		return -1;
	memcpy(sum, end + 1, 2);
	if (strtoul(sum, NULL, 16) != checksum(begin, end - begin))
		return -1;
	return unpack(begin, end, text, size);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long packet_unhex(char *text)
{
	size_t i, length = strlen(text);

	if (length % 2)
		return -1;
	for (i = 0; i < length / 2; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		text[i] = high << 4 | low;
	}
	return length / 2;
}
