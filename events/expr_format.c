// SPDX-License-Identifier: GPL-2.0
/* See expr_format.h. Runs in VMX root and in user space; calls nothing. */
#include "expr_format.h"

/* One row a conversion. */
static const struct expr_conversion {
	char letter;
	u8 kind; /* enum expr_piece_kind */
	u8 base;
	bool upper;
} expr_conversions[] = {
	{ 'd', EXPR_PIECE_SIGNED, 10, false },	 { 'i', EXPR_PIECE_SIGNED, 10, false },
	{ 'u', EXPR_PIECE_UNSIGNED, 10, false }, { 'x', EXPR_PIECE_UNSIGNED, 16, false },
	{ 'X', EXPR_PIECE_UNSIGNED, 16, true },	 { 'o', EXPR_PIECE_UNSIGNED, 8, false },
	{ 'p', EXPR_PIECE_POINTER, 16, false },	 { 'c', EXPR_PIECE_LETTER, 0, false },
	{ 's', EXPR_PIECE_STRING, 0, false },
};

/* One row a length; longer ones before their own beginnings. 0: cannot be used with this kind. */
static const struct expr_length {
	const char *name;
	u8 number, letter, string;
} expr_lengths[] = {
	{ "hh", 1, 0, 0 }, { "h", 2, 0, 0 },
	{ "ll", 8, 0, 0 }, { "l", 8, 4, 4 }, /* wchar_t has four bytes on Linux */
	{ "j", 8, 0, 0 },  { "z", 8, 0, 0 },
	{ "t", 8, 0, 0 },  { "w", 0, 2, 2 }, /* UTF-16, which only scripts ask for */
	{ "", 4, 1, 1 },
};

bool expr_format_open(struct expr_format *format, const u8 *text, size_t len)
{
	size_t i;

	format->p = (const char *)text;
	format->end = format->p + len - 1;
	format->why = "the format does not end with a NUL";
	if (!len || text[len - 1])
		return false;
	format->why = "the format has a NUL inside";
	for (i = 0; i < len - 1; i++)
		if (!text[i])
			return false;
	format->why = NULL;
	return true;
}

static bool expr_format_fail(struct expr_format *format, const char *why)
{
	format->why = why;
	return false;
}

static bool expr_format_octal(struct expr_format *format, struct expr_piece *piece)
{
	unsigned int value = 0, digits = 0;

	for (; digits < 3 && *format->p >= '0' && *format->p <= '7'; digits++)
		value = value * 8 + *format->p++ - '0';
	piece->c = value;
	return value < 256 || expr_format_fail(format, "an octal escape is beyond \\377");
}

static bool expr_format_escape(struct expr_format *format, struct expr_piece *piece)
{
	static const char letters[] = "abefnrtv\"\\'?", values[] = "\a\b\033\f\n\r\t\v\"\\'?";
	size_t i;

	piece->kind = EXPR_PIECE_CHAR;
	if (*format->p >= '0' && *format->p <= '7')
		return expr_format_octal(format, piece);
	for (i = 0; i < sizeof(letters) - 1; i++) {
		if (*format->p != letters[i])
			continue;
		piece->c = values[i];
		format->p++;
		return true;
	}
	return expr_format_fail(format, "the format has an unknown escape");
}

static bool expr_format_flag(struct expr_format *format, struct expr_piece *piece)
{
	switch (*format->p) {
	case '-':
		piece->left = true;
		break;
	case '+':
		piece->plus = true;
		break;
	case ' ':
		piece->space = true;
		break;
	case '#':
		piece->alternate = true;
		break;
	case '0':
		piece->zero = true;
		break;
	case '\'': /* C's grouping of thousands, which the C locale does not have */
		break;
	default:
		return false;
	}
	format->p++;
	return true;
}

static bool expr_format_number(struct expr_format *format, u16 *value)
{
	*value = 0;
	if (*format->p == '*')
		return expr_format_fail(format, "a width or precision cannot be an argument");
	while (*format->p >= '0' && *format->p <= '9') {
		*value = *value * 10 + *format->p++ - '0';
		if (*value > EXPR_WIDTH_MAX)
			return expr_format_fail(format, "a width or precision is beyond 255");
	}
	return true;
}

static const struct expr_length *expr_format_length(struct expr_format *format)
{
	const struct expr_length *length;
	size_t n;

	for (length = expr_lengths;; length++) {
		for (n = 0; length->name[n] && format->p[n] == length->name[n]; n++)
			;
		if (length->name[n])
			continue;
		format->p += n;
		return length;
	}
}

static const struct expr_conversion *expr_format_conversion(struct expr_format *format)
{
	const struct expr_conversion *row;
	const char *p;

	for (row = expr_conversions; row < expr_conversions + ARRAY_SIZE(expr_conversions); row++)
		if (*format->p == row->letter)
			return row;
	format->why = "the format has an unknown conversion";
	for (p = "aAeEfFgG"; *p; p++)
		if (*format->p == *p)
			format->why = "the format asks for floating point";
	if (*format->p == 'n')
		format->why = "the conversion n would write to memory";
	return NULL;
}

static u8 expr_format_bytes(const struct expr_length *length, u8 kind)
{
	switch (kind) {
	case EXPR_PIECE_LETTER:
		return length->letter;
	case EXPR_PIECE_STRING:
		return length->string;
	case EXPR_PIECE_POINTER:
		return length->name[0] ? 0 : 8;
	default:
		return length->number;
	}
}

static bool expr_format_type(struct expr_format *format, struct expr_piece *piece)
{
	const struct expr_length *length = expr_format_length(format);
	const struct expr_conversion *row = expr_format_conversion(format);

	if (!row)
		return false;
	format->p++;
	piece->kind = row->kind;
	piece->base = row->base;
	piece->upper = row->upper;
	piece->bytes = expr_format_bytes(length, row->kind);
	return piece->bytes || expr_format_fail(format, "a length does not fit its conversion");
}

static bool expr_format_percent(struct expr_format *format, struct expr_piece *piece)
{
	if (*format->p == '%') {
		piece->kind = EXPR_PIECE_CHAR;
		piece->c = *format->p++;
		return true;
	}
	while (expr_format_flag(format, piece))
		;
	if (!expr_format_number(format, &piece->width))
		return false;
	piece->has_precision = *format->p == '.';
	if (piece->has_precision) {
		format->p++;
		if (!expr_format_number(format, &piece->precision))
			return false;
	}
	return expr_format_type(format, piece);
}

static bool expr_format_literal(struct expr_format *format, struct expr_piece *piece)
{
	piece->kind = EXPR_PIECE_TEXT;
	piece->text = format->p;
	while (format->p < format->end && *format->p != '%' && *format->p != '\\')
		format->p++;
	piece->len = format->p - piece->text;
	return true;
}

/* The NUL at the end fits nothing that is looked for, so no step passes it. */
bool expr_format_next(struct expr_format *format, struct expr_piece *piece)
{
	memset(piece, 0, sizeof(*piece));
	if (format->why || format->p >= format->end)
		return false;
	switch (*format->p) {
	case '%':
		format->p++;
		return expr_format_percent(format, piece);
	case '\\':
		format->p++;
		return expr_format_escape(format, piece);
	default:
		return expr_format_literal(format, piece);
	}
}
