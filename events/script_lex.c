// SPDX-License-Identifier: GPL-2.0
/*
 * The text of a script as tokens, and the one line of error that points at one. See
 * script_compile.h. Runs in VMX root and in user space; calls rsp_text_*().
 */
#include "chars.h"
#include "script_compile.h"

#define TEXT_SHOWN 24 /* characters of a token that an error repeats */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool continues_name(char c)
{
	return begins_name(c) || is_digit(c);
}

bool script_fail_two(struct script_compiler *c, const struct script_token *at, const char *a,
		     const char *b)
{
	bool prefixed = at->kind == TOKEN_REGISTER || at->kind == TOKEN_GLOBAL;
	char text[2] = "";
	u32 i;

	if (c->failed)
		return false;
	c->failed = true;
	rsp_text_add(c->error, "script:");
	rsp_text_dec(c->error, at->line);
	rsp_text_add(c->error, ":");
	rsp_text_dec(c->error, at->column);
	rsp_text_add(c->error, at->kind == TOKEN_END ? ": at the end" : ": \"");
	if (prefixed)
		rsp_text_add(c->error, at->kind == TOKEN_GLOBAL ? "." : "@");
	for (i = 0; i < at->text.len && i < TEXT_SHOWN; i++) {
		text[0] = at->text.p[i] >= ' ' && at->text.p[i] <= '~' ? at->text.p[i] : '?';
		rsp_text_add(c->error, text);
	}
	rsp_text_add(c->error, at->text.len > TEXT_SHOWN ? "..." : "");
	rsp_text_add(c->error, at->kind == TOKEN_END ? ": " : "\": ");
	rsp_text_add(c->error, a);
	rsp_text_add(c->error, b);
	rsp_text_add(c->error, "\n");
	return false;
}

bool script_fail(struct script_compiler *c, const struct script_token *at, const char *sentence)
{
	return script_fail_two(c, at, sentence, "");
}

bool script_enter(struct script_compiler *c)
{
	if (++c->nesting <= SCRIPT_NESTING)
		return true;
	c->nesting--;
	return script_fail(c, &c->token, "this is nested too deeply");
}

void script_leave(struct script_compiler *c)
{
	c->nesting--;
}

static char peek(const struct script_compiler *c, u32 ahead)
{
	u32 at = c->token.at + ahead;

	return at < c->len ? c->text[at] : '\0';
}

static void step(struct script_compiler *c)
{
	struct script_token *t = &c->token;

	t->next_column++;
	if (c->text[t->at++] != '\n')
		return;
	t->next_line++;
	t->next_column = 1;
}

static void steps(struct script_compiler *c, u32 count)
{
	while (count--)
		step(c);
}

static void mark(struct script_compiler *c)
{
	c->token.line = c->token.next_line;
	c->token.column = c->token.next_column;
	c->token.text = (struct script_word){ c->text + c->token.at, 0 };
}

static void take_text(struct script_compiler *c, u32 len)
{
	c->token.text = (struct script_word){ c->text + c->token.at, len };
	steps(c, len);
}

static void skip_comment(struct script_compiler *c)
{
	mark(c);
	c->token.text.len = 2;
	c->token.kind = TOKEN_SIGN;
	steps(c, 2);
	while (c->token.at < c->len && !(peek(c, 0) == '*' && peek(c, 1) == '/'))
		step(c);
	if (c->token.at >= c->len)
		script_fail(c, &c->token, "this comment does not end");
	else
		steps(c, 2);
}

static void skip_blanks(struct script_compiler *c)
{
	while (c->token.at < c->len && !c->failed) {
		if (is_blank(peek(c, 0)))
			step(c);
		else if (peek(c, 0) == '/' && peek(c, 1) == '/')
			while (c->token.at < c->len && peek(c, 0) != '\n')
				step(c);
		else if (peek(c, 0) == '/' && peek(c, 1) == '*')
			skip_comment(c);
		else
			return;
	}
}

static unsigned int base_of(const struct script_word *word, u32 *prefix)
{
	static const char letters[] = "xXnNtTyY";
	static const u8 bases[] = { 16, 10, 8, 2 };
	u32 i;

	*prefix = 2;
	for (i = 0; word->len > 2 && word->p[0] == '0' && letters[i]; i++)
		if (word->p[1] == letters[i])
			return bases[i / 2];
	*prefix = 0;
	return 16;
}

/* ` may part the digits of a number, as in HyperDbg. */
static bool number_digits(struct script_compiler *c)
{
	struct script_token *t = &c->token;
	unsigned int base;
	int digit;
	u32 i;

	base = base_of(&t->text, &i);
	for (t->value = 0; i < t->text.len; i++) {
		if (t->text.p[i] == '`')
			continue;
		digit = rsp_hex_value(t->text.p[i]);
		if (digit < 0 || (unsigned int)digit >= base)
			return false;
		if (t->value > (~0ULL - digit) / base)
			return script_fail(c, t, "this number has more than 64 bits");
		t->value = t->value * base + digit;
	}
	return true;
}

static bool is_called(const struct script_compiler *c)
{
	u32 ahead = 0;

	while (is_blank(peek(c, ahead)))
		ahead++;
	return peek(c, ahead) == '(';
}

/*
 * Letters that are all hex digits are a number, unless they are called, db(), or have been declared
 * with a type, `int a`.
 */
static void lex_word(struct script_compiler *c)
{
	struct script_token *t = &c->token;
	bool digit = is_digit(peek(c, 0));
	u32 len = 0;

	while (continues_name(peek(c, len)) || peek(c, len) == '`')
		len++;
	take_text(c, len);
	if (peek(c, 0) == '!' && begins_name(peek(c, 1))) {
		script_fail(c, t,
			    "symbols are gdb's: write the address, which `print &name` tells");
		return;
	}
	t->called = is_called(c);
	t->kind = TOKEN_NUMBER;
	if (!digit && (t->called || script_find_local(c, &t->text))) {
		t->kind = TOKEN_WORD;
		return;
	}
	if (number_digits(c) || c->failed)
		return;
	t->kind = TOKEN_WORD;
	if (digit)
		script_fail(c, t,
			    "this is no number; they are hexadecimal, 0n is decimal, "
			    "0t octal, 0y binary");
}

static void lex_prefixed(struct script_compiler *c, u8 kind, bool keep_prefix)
{
	struct script_token *t = &c->token;
	u32 len = 1;

	while (continues_name(peek(c, len)))
		len++;
	take_text(c, len);
	t->kind = kind;
	if (keep_prefix)
		return;
	t->text.p++;
	t->text.len--;
}

/* The text between quotes, with its escapes as they are. */
static void lex_string(struct script_compiler *c, u8 kind)
{
	struct script_token *t = &c->token;
	u32 len = 0;

	t->kind = kind;
	steps(c, kind == TOKEN_WIDE_STRING ? 2 : 1);
	while (t->at + len < c->len && peek(c, len) != '"' && peek(c, len) != '\n')
		len += peek(c, len) == '\\' && t->at + len + 1 < c->len ? 2 : 1;
	take_text(c, len);
	if (peek(c, 0) != '"')
		script_fail(c, t, "this string does not end in its line");
	else
		step(c);
}

static void lex_sign(struct script_compiler *c)
{
	/* Longer ones before their own beginnings. */
	static const char *const signs[] = {
		"<<=", ">>=", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "++",
		"--",  "+=",  "-=", "*=", "/=", "%=", "&=", "|=", "^=", "{",  "}",
		"(",   ")",   "[",  "]",  ";",	",",  "=",  "<",  ">",	"+",  "-",
		"*",   "/",   "%",  "&",  "|",	"^",  "~",  "!",
	};
	struct script_token *t = &c->token;
	size_t i;
	u32 n;

	t->kind = TOKEN_SIGN;
	for (i = 0; i < ARRAY_SIZE(signs); i++) {
		for (n = 0; signs[i][n] && signs[i][n] == peek(c, n); n++)
			;
		if (!signs[i][n]) {
			take_text(c, n);
			return;
		}
	}
	t->text.len = 1;
	script_fail(c, t,
		    peek(c, 0) == '#' ? "#include works in script { file:... }, which hvgdbctl and "
					"gdb's Python read"
				      : "nothing in the language has this character");
}

void script_next(struct script_compiler *c)
{
	struct script_token *t = &c->token;

	skip_blanks(c);
	if (c->failed)
		return;
	mark(c);
	t->called = false;
	if (t->at >= c->len)
		t->kind = TOKEN_END;
	else if (peek(c, 0) == 'L' && peek(c, 1) == '"')
		lex_string(c, TOKEN_WIDE_STRING);
	else if (continues_name(peek(c, 0)))
		lex_word(c);
	else if (peek(c, 0) == '"')
		lex_string(c, TOKEN_STRING);
	else if (peek(c, 0) == '@')
		lex_prefixed(c, TOKEN_REGISTER, false);
	else if (peek(c, 0) == '.' && begins_name(peek(c, 1)))
		lex_prefixed(c, TOKEN_GLOBAL, false);
	else if (peek(c, 0) == '$')
		lex_prefixed(c, TOKEN_PSEUDO, true);
	else
		lex_sign(c);
}

void script_first(struct script_compiler *c)
{
	c->token = (struct script_token){ .next_line = 1, .next_column = 1 };
	script_next(c);
}

void script_back_to(struct script_compiler *c, const struct script_token *token)
{
	c->token = *token;
}

bool script_is(const struct script_compiler *c, const char *sign_or_word)
{
	return (c->token.kind == TOKEN_SIGN || c->token.kind == TOKEN_WORD) && !c->failed &&
	       script_word_is(&c->token.text, sign_or_word);
}

bool script_take(struct script_compiler *c, const char *sign_or_word)
{
	if (!script_is(c, sign_or_word))
		return false;
	script_next(c);
	return !c->failed;
}

bool script_need(struct script_compiler *c, const char *sign)
{
	return script_take(c, sign) || script_fail_two(c, &c->token, sign, " was expected");
}
