// SPDX-License-Identifier: GPL-2.0
/*
 * printf in the interpreter: arguments come from its stack, strings from guest memory, which may
 * not be there. Runs in VMX root and in user space; calls only the operations of struct expr_ops.
 */
#include "expr_format.h"
#include "expr_machine.h"

struct expr_out {
	struct expr_vm *vm;
	u64 channel;
	size_t len;   /* in machine->text */
	size_t total; /* of this printf */
	enum expr_result result;
};

static void expr_out_flush(struct expr_out *out)
{
	const struct expr_env *env = out->vm->env;

	if (!out->len || out->result)
		return;
	out->result = env->ops->print(env->ctx, out->channel, out->vm->machine->text, out->len);
	out->len = 0;
}

static void expr_out_char(struct expr_out *out, char c)
{
	if (out->result)
		return;
	if (out->total == EXPR_PRINT_MAX) {
		expr_out_flush(out);
		out->result = EXPR_TOO_LONG;
		return;
	}
	out->total++;
	out->vm->machine->text[out->len++] = c;
	if (out->len == EXPR_PRINT_BUFFER)
		expr_out_flush(out);
}

static void expr_out_text(struct expr_out *out, const char *text, size_t len)
{
	while (len--)
		expr_out_char(out, *text++);
}

static void expr_out_pad(struct expr_out *out, char c, size_t used, size_t width)
{
	for (; used < width; used++)
		expr_out_char(out, c);
}

struct expr_digits {
	char text[24]; /* backwards; 64 bits in octal are 22 */
	u8 len;
	const char *prefix;
	u8 prefix_len;
};

static void expr_digits_make(struct expr_digits *d, const struct expr_piece *piece, u64 value)
{
	const char *digits = piece->upper ? "0123456789ABCDEF" : "0123456789abcdef";

	d->len = 0;
	for (; value; value /= piece->base)
		d->text[d->len++] = digits[value % piece->base];
	if (!d->len && !(piece->has_precision && !piece->precision))
		d->text[d->len++] = '0';
}

static void expr_digits_prefix(struct expr_digits *d, const char *prefix, u8 len)
{
	d->prefix = prefix;
	d->prefix_len = len;
}

/* C's order: spaces, sign or 0x, zeros of the width or of the precision, digits, spaces. */
static void expr_out_digits(struct expr_out *out, const struct expr_piece *piece,
			    const struct expr_digits *d)
{
	size_t zeros = base_max(d->len, piece->precision), used, i;

	if (piece->zero && !piece->left && !piece->has_precision && piece->width > d->prefix_len)
		zeros = base_max(zeros, piece->width - d->prefix_len);
	used = zeros + d->prefix_len;
	if (!piece->left)
		expr_out_pad(out, ' ', used, piece->width);
	expr_out_text(out, d->prefix, d->prefix_len);
	expr_out_pad(out, '0', d->len, zeros);
	for (i = d->len; i; i--)
		expr_out_char(out, d->text[i - 1]);
	if (piece->left)
		expr_out_pad(out, ' ', used, piece->width);
}

static void expr_out_signed(struct expr_out *out, const struct expr_piece *piece, u64 value)
{
	unsigned int shift = 64 - 8 * piece->bytes;
	s64 number = (s64)(value << shift) >> shift;
	struct expr_digits d;

	expr_digits_make(&d, piece, number < 0 ? -(u64)number : (u64)number);
	expr_digits_prefix(&d, "-+ ", 0);
	if (number < 0)
		expr_digits_prefix(&d, "-", 1);
	else if (piece->plus)
		expr_digits_prefix(&d, "+", 1);
	else if (piece->space)
		expr_digits_prefix(&d, " ", 1);
	expr_out_digits(out, piece, &d);
}

static void expr_out_unsigned(struct expr_out *out, const struct expr_piece *piece, u64 value)
{
	unsigned int shift = 64 - 8 * piece->bytes;
	struct expr_digits d;

	value = value << shift >> shift;
	expr_digits_make(&d, piece, value);
	expr_digits_prefix(&d, "", 0);
	if (piece->alternate && piece->base == 16 && value)
		expr_digits_prefix(&d, piece->upper ? "0X" : "0x", 2);
	if (piece->alternate && piece->base == 8 && (!d.len || d.text[d.len - 1] != '0') &&
	    d.len >= piece->precision)
		expr_digits_prefix(&d, "0", 1);
	expr_out_digits(out, piece, &d);
}

static void expr_out_pointer(struct expr_out *out, const struct expr_piece *piece, u64 value)
{
	struct expr_digits d;

	expr_digits_make(&d, piece, value);
	expr_digits_prefix(&d, "0x", 2);
	expr_out_digits(out, piece, &d);
}

/* One character of any width, as UTF-8 if it needs more than a byte. */
static void expr_out_letter(struct expr_out *out, u8 bytes, u32 c)
{
	if (bytes == 1 || c < 0x80) {
		expr_out_char(out, c);
		return;
	}
	if (c > 0x10ffff)
		c = 0xfffd;
	if (c < 0x800) {
		expr_out_char(out, 0xc0 | c >> 6);
	} else if (c < 0x10000) {
		expr_out_char(out, 0xe0 | c >> 12);
		expr_out_char(out, 0x80 | (c >> 6 & 0x3f));
	} else {
		expr_out_char(out, 0xf0 | c >> 18);
		expr_out_char(out, 0x80 | (c >> 12 & 0x3f));
		expr_out_char(out, 0x80 | (c >> 6 & 0x3f));
	}
	expr_out_char(out, 0x80 | (c & 0x3f));
}

static void expr_out_one(struct expr_out *out, const struct expr_piece *piece, u64 value)
{
	unsigned int shift = 64 - 8 * piece->bytes;

	if (!piece->left)
		expr_out_pad(out, ' ', 1, piece->width);
	expr_out_letter(out, piece->bytes, value << shift >> shift);
	if (piece->left)
		expr_out_pad(out, ' ', 1, piece->width);
}

struct expr_string {
	struct expr_stream stream;
	u8 bytes; /* of a character */
	size_t count, limit;
	bool cut, unreadable;
	u64 at; /* where it could not be read */
};

static void expr_string_open(struct expr_string *s, struct expr_out *out,
			     const struct expr_piece *piece, u64 addr)
{
	expr_stream_open(&s->stream, out->vm, addr);
	s->bytes = piece->bytes;
	s->count = 0;
	s->limit = EXPR_STRING_MAX / piece->bytes;
	if (piece->has_precision)
		s->limit = base_min(s->limit, piece->precision);
	s->cut = false;
	s->unreadable = false;
}

/* False at the string's end, whatever ends it. */
static bool expr_string_next(struct expr_string *s, u32 *c)
{
	unsigned int i;
	u8 byte;

	*c = 0;
	if (s->count == s->limit) {
		s->cut = s->limit == EXPR_STRING_MAX / s->bytes;
		return false;
	}
	for (i = 0; i < s->bytes; i++) {
		s->at = s->stream.addr;
		s->unreadable = expr_stream_byte(&s->stream, &byte) != EXPR_OK;
		if (s->unreadable)
			return false;
		*c |= (u32)byte << (8 * i);
	}
	s->count++;
	return *c != 0;
}

/* Spaces to the left of a string need its length first. */
static void expr_out_indent(struct expr_out *out, const struct expr_piece *piece, u64 addr)
{
	struct expr_string s;
	size_t len = 0;
	u32 c;

	if (piece->left || !piece->width)
		return;
	expr_string_open(&s, out, piece, addr);
	while (len < piece->width && expr_string_next(&s, &c))
		len++;
	if (!s.unreadable)
		expr_out_pad(out, ' ', len, piece->width);
}

static void expr_out_address(struct expr_out *out, u64 addr)
{
	static const struct expr_piece pointer = { .base = 16 };

	expr_out_text(out, "<cannot read ", 13);
	expr_out_pointer(out, &pointer, addr);
	expr_out_char(out, '>');
}

/* A string that is not there is no reason to lose the rest of the line. */
static void expr_out_string(struct expr_out *out, const struct expr_piece *piece, u64 addr)
{
	struct expr_string s;
	size_t len = 0;
	u32 c;

	if (!addr) {
		expr_out_text(out, "(null)", 6);
		return;
	}
	expr_out_indent(out, piece, addr);
	expr_string_open(&s, out, piece, addr);
	for (; expr_string_next(&s, &c); len++)
		expr_out_letter(out, s.bytes, c);
	if (s.unreadable)
		expr_out_address(out, s.at);
	else if (s.cut)
		expr_out_text(out, "...", 3);
	else if (piece->left)
		expr_out_pad(out, ' ', len, piece->width);
}

static void expr_out_piece(struct expr_out *out, const struct expr_piece *piece, u64 value)
{
	switch (piece->kind) {
	case EXPR_PIECE_TEXT:
		expr_out_text(out, piece->text, piece->len);
		break;
	case EXPR_PIECE_CHAR:
		expr_out_char(out, piece->c);
		break;
	case EXPR_PIECE_SIGNED:
		expr_out_signed(out, piece, value);
		break;
	case EXPR_PIECE_UNSIGNED:
		expr_out_unsigned(out, piece, value);
		break;
	case EXPR_PIECE_POINTER:
		expr_out_pointer(out, piece, value);
		break;
	case EXPR_PIECE_LETTER:
		expr_out_one(out, piece, value);
		break;
	default:
		expr_out_string(out, piece, value);
		break;
	}
}

enum expr_result expr_print(struct expr_vm *vm, u64 channel, const u64 *first, int stride)
{
	struct expr_out out = { .vm = vm, .channel = channel };
	unsigned int left = vm->insn.args;
	struct expr_format format;
	struct expr_piece piece;
	u64 value;

	if (!vm->env->ops->print)
		return EXPR_UNSUPPORTED;
	if (!expr_format_open(&format, vm->insn.text, vm->insn.text_len))
		return EXPR_BAD_FORMAT;
	while (!out.result && expr_format_next(&format, &piece)) {
		value = 0;
		if (piece.kind >= EXPR_PIECE_SIGNED) {
			if (!left--)
				return EXPR_BAD_FORMAT;
			value = *first;
			first += stride;
		}
		expr_out_piece(&out, &piece, value);
	}
	expr_out_flush(&out);
	if (!out.result && format.why)
		return EXPR_BAD_FORMAT;
	return out.result;
}
