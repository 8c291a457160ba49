// SPDX-License-Identifier: GPL-2.0
/*
 * Words, numbers, braces, errors. See parse_in.h.
 *
 * Runs in VMX root, in user-space tests and in hvgdbctl. Calls rsp_text_*().
 */
#include "parse_in.h"
#include "chars.h"

#define WORD_SHOWN 32 /* characters of a word that an error line repeats */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static void in_skip_blanks(struct parse_in *in)
{
	while (in->at < in->len && is_blank(in->line[in->at]))
		in->at++;
}

static bool in_ends_word(char c)
{
	return is_blank(c) || c == '{' || c == '}';
}

bool in_word(struct parse_in *in)
{
	size_t start;

	in_skip_blanks(in);
	start = in->at;
	while (in->at < in->len && !in_ends_word(in->line[in->at]))
		in->at++;
	if (in->at == start)
		return false;
	in->word = (struct rule_span){ in->line + start, in->at - start };
	return true;
}

bool in_end(struct parse_in *in)
{
	struct rule_span brace = { in->line + in->at, 1 };

	return in->at >= in->len || in_fail(in, &brace, "a brace without a parameter");
}

bool in_is(const struct rule_span *word, const char *name)
{
	size_t i;

	for (i = 0; i < word->len && name[i]; i++)
		if (lower(word->p[i]) != name[i])
			return false;
	return i == word->len && !name[i];
}

static void in_add_word(struct parse_in *in, const struct rule_span *word)
{
	char c[2] = { 0 };
	size_t i;

	for (i = 0; i < word->len && i < WORD_SHOWN; i++) {
		c[0] = word->p[i] >= ' ' && word->p[i] <= '~' ? word->p[i] : '?';
		rsp_text_add(in->error, c);
	}
	if (word->len > WORD_SHOWN)
		rsp_text_add(in->error, "...");
}

bool in_fail(struct parse_in *in, const struct rule_span *where, const char *sentence)
{
	rsp_text_add(in->error, "at character ");
	rsp_text_dec(in->error, where->p - in->line + 1);
	if (where->len) {
		rsp_text_add(in->error, ", \"");
		in_add_word(in, where);
		rsp_text_add(in->error, "\"");
	}
	rsp_text_add(in->error, ": ");
	rsp_text_add(in->error, sentence);
	rsp_text_add(in->error, "; usage: ");
	rsp_text_add(in->error, in->usage);
	rsp_text_add(in->error, "\n");
	return false;
}

bool in_fail_word(struct parse_in *in, const char *sentence)
{
	return in_fail(in, &in->word, sentence);
}

/* The sentence "needs WHAT" has two parts, in_fail() takes one. */
static bool in_fail_needs(struct parse_in *in, const char *needs, const char *what)
{
	char buf[96];
	struct rsp_text sentence = { buf, 0, sizeof(buf) - 1 };

	rsp_text_add(&sentence, needs);
	rsp_text_add(&sentence, what);
	buf[sentence.len] = 0;
	return in_fail_word(in, buf);
}

bool in_need(struct parse_in *in, const char *what)
{
	return in_word(in) || in_fail_needs(in, "is to be followed by ", what);
}

static unsigned int in_base(const struct rule_span *word, size_t *prefix)
{
	static const struct {
		char letter;
		u8 base;
	} bases[] = { { 'x', 16 }, { 'n', 10 }, { 't', 8 }, { 'y', 2 } };
	size_t i;

	*prefix = 2;
	for (i = 0; word->len > 2 && word->p[0] == '0' && i < ARRAY_SIZE(bases); i++)
		if (lower(word->p[1]) == bases[i].letter)
			return bases[i].base;
	*prefix = 0;
	return 16;
}

bool in_number(const struct rule_span *word, u64 *value)
{
	size_t i;
	unsigned int base = in_base(word, &i);
	int digit;

	for (*value = 0; i < word->len; i++) {
		digit = rsp_hex_value(word->p[i]);
		if (digit < 0 || (unsigned int)digit >= base)
			return false;
		if (*value > (~0ULL - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return word->len;
}

bool in_need_number(struct parse_in *in, const char *what, u64 max, u64 *value)
{
	if (!in_need(in, what))
		return false;
	if (!in_number(&in->word, value) || *value > max)
		return in_fail_needs(in, "is not ", what);
	return true;
}

bool in_need_choice(struct parse_in *in, const char *yes, const char *no, bool *value)
{
	char buf[32];
	struct rsp_text what = { buf, 0, sizeof(buf) - 1 };

	rsp_text_add(&what, yes);
	rsp_text_add(&what, " or ");
	rsp_text_add(&what, no);
	buf[what.len] = 0;
	if (!in_need(in, buf))
		return false;
	*value = in_is(&in->word, yes);
	return *value || in_is(&in->word, no) || in_fail_needs(in, "is not ", buf);
}

/* Past a string that begins at in->at; braces in it are text. */
static void in_skip_string(struct parse_in *in)
{
	for (in->at++; in->at < in->len && in->line[in->at] != '"'; in->at++)
		if (in->line[in->at] == '\\')
			in->at++;
	in->at++;
}

static bool in_begins(const struct parse_in *in, char first, char second)
{
	return in->at + 1 < in->len && in->line[in->at] == first && in->line[in->at + 1] == second;
}

/* Past a comment of a script, if one begins here; it may have braces and quotes in it. */
static bool in_skip_comment(struct parse_in *in)
{
	bool line = in_begins(in, '/', '/');

	if (!line && !in_begins(in, '/', '*'))
		return false;
	for (in->at += 2; in->at < in->len; in->at++)
		if (line ? in->line[in->at] == '\n' : in_begins(in, '*', '/'))
			break;
	in->at += line ? 0 : 2;
	return true;
}

/* From behind an opening brace to its closing one; false if there is none. */
static bool in_find_close(struct parse_in *in)
{
	unsigned int depth = 1;

	while (in->at < in->len) {
		if (in->line[in->at] == '"') {
			in_skip_string(in);
			continue;
		}
		if (in_skip_comment(in))
			continue;
		if (in->line[in->at] == '{')
			depth++;
		if (in->line[in->at] == '}' && !--depth)
			return true;
		in->at++;
	}
	return false;
}

void in_trim(struct rule_span *span)
{
	while (span->len && is_blank(span->p[0])) {
		span->p++;
		span->len--;
	}
	while (span->len && is_blank(span->p[span->len - 1]))
		span->len--;
}

bool in_need_braces(struct parse_in *in, struct rule_span *text)
{
	struct rule_span open;

	in_skip_blanks(in);
	if (in->at >= in->len || in->line[in->at] != '{')
		return in_fail_word(in, "is to be followed by { and }");
	open = (struct rule_span){ in->line + in->at++, 1 };
	text->p = in->line + in->at;
	if (!in_find_close(in))
		return in_fail(in, &open, "this brace is not closed");
	text->len = in->line + in->at++ - text->p;
	in_trim(text);
	return text->len || in_fail(in, &open, "there is nothing between the braces");
}
