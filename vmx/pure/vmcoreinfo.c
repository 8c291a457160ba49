// SPDX-License-Identifier: GPL-2.0
/*
 * VMCOREINFO. See vmcoreinfo.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memcmp, memcpy.
 */
#include "vmcoreinfo.h"

static const char note_name[] = "VMCOREINFO";

/* An ELF note: three words, the name and the description, each padded to four bytes. */
struct note_header {
	u32 name_size;
	u32 desc_size;
	u32 type;
};

bool vmcoreinfo_note_text(const void *note, size_t size, const char **text, size_t *len)
{
	const char *at = note;
	struct note_header header;
	size_t start;

	if (size < sizeof(header))
		return false;
	memcpy(&header, at, sizeof(header));
	if (header.name_size != sizeof(note_name) || size - sizeof(header) < sizeof(note_name) ||
	    memcmp(at + sizeof(header), note_name, sizeof(note_name)))
		return false;
	start = sizeof(header) + ((sizeof(note_name) + 3) & ~3ul);
	if (start > size || header.desc_size > size - start)
		return false;
	*text = at + start;
	*len = header.desc_size;
	return true;
}

struct value {
	const char *at;
	size_t len;
};

static size_t line_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] != '\n' && text[i] != '\0')
		i++;
	return i;
}

static bool eat(struct value *line, const char *word)
{
	size_t i = 0;

	for (; word[i]; i++)
		if (i >= line->len || line->at[i] != word[i])
			return false;
	line->at += i;
	line->len -= i;
	return true;
}

/* The part after '=' of the line that begins with before, name and after. */
static bool find(const char *text, size_t len, const char *before, const char *name,
		 const char *after, struct value *value)
{
	size_t i = 0;

	while (i < len) {
		value->at = text + i;
		value->len = line_length(text + i, len - i);
		i += value->len + 1;
		if (eat(value, before) && eat(value, name) && eat(value, after))
			return true;
	}
	return false;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The whole of the text must be a number below 2^64. */
static bool parse(const struct value *text, unsigned int base, u64 *number)
{
	u64 sum = 0;
	size_t i;

	for (i = 0; i < text->len; i++) {
		int d = digit(text->at[i]);

		if (d < 0 || (unsigned int)d >= base || sum > (~0ull - (u64)d) / base)
			return false;
		sum = sum * base + (u64)d;
	}
	*number = sum;
	return text->len > 0;
}

static bool parse_hex(struct value *text, u64 *number)
{
	eat(text, "0x");
	return parse(text, 16, number);
}

bool vmcoreinfo_hex(const char *text, size_t len, const char *key, u64 *value)
{
	struct value found;

	return find(text, len, "", key, "=", &found) && parse_hex(&found, value);
}

bool vmcoreinfo_symbol(const char *text, size_t len, const char *name, u64 *value)
{
	struct value found;

	return find(text, len, "SYMBOL(", name, ")=", &found) && parse_hex(&found, value);
}

bool vmcoreinfo_number(const char *text, size_t len, const char *name, s64 *value)
{
	struct value found;
	bool negative;
	u64 number;

	if (!find(text, len, "NUMBER(", name, ")=", &found))
		return false;
	negative = eat(&found, "-");
	if (!parse(&found, 10, &number) || number > BIT64(63) - !negative)
		return false;
	*value = (s64)(negative ? 0 - number : number);
	return true;
}

bool vmcoreinfo_string(const char *text, size_t len, const char *key, char *buf, size_t size)
{
	struct value found;

	if (!size || !find(text, len, "", key, "=", &found))
		return false;
	if (found.len > size - 1)
		found.len = size - 1;
	memcpy(buf, found.at, found.len);
	buf[found.len] = '\0';
	return true;
}
