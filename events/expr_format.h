/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The format of printf, piece by piece: the verifier looks at all pieces, the interpreter prints
 * them. C escapes are still unexpanded, as gdb sends them. Runs in VMX root and in user space;
 * calls nothing.
 */
#ifndef HVGDB_EVENTS_EXPR_FORMAT_H
#define HVGDB_EVENTS_EXPR_FORMAT_H

#include "base.h"

#define EXPR_WIDTH_MAX 255

enum expr_piece_kind {
	EXPR_PIECE_TEXT, /* .text, .len */
	EXPR_PIECE_CHAR, /* .c: an escape or %% */
	EXPR_PIECE_SIGNED,
	EXPR_PIECE_UNSIGNED,
	EXPR_PIECE_POINTER,
	EXPR_PIECE_LETTER, /* %c */
	EXPR_PIECE_STRING,
};

struct expr_piece {
	u8 kind; /* enum expr_piece_kind; from EXPR_PIECE_SIGNED on it takes an argument */
	char c;
	const char *text;
	size_t len;

	u8 bytes; /* of the argument, or of one character of it */
	u8 base;
	bool upper, left, plus, space, alternate, zero, has_precision;
	u16 width, precision;
};

struct expr_format {
	const char *p, *end; /* end is at the NUL */
	const char *why;     /* of an error: a sentence without its full stop */
};

/* False, with format->why, if text is not one string with its NUL at the end. */
bool expr_format_open(struct expr_format *format, const u8 *text, size_t len);

/* False at the end, and at an error: then format->why is set. */
bool expr_format_next(struct expr_format *format, struct expr_piece *piece);

#endif
