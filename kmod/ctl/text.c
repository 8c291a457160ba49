// SPDX-License-Identifier: GPL-2.0
/*
 * Rules as text: commands cut out of a file, and files of scripts put into commands. What the text
 * means root knows; here only braces, strings and comments count. User space.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ctl.h"

/* Where in a command's text we are. */
struct place {
	unsigned int depth; /* of braces */
	bool string, line_comment, comment;
};

/* Moves over the character at c; how many it took. */
static size_t step(struct place *place, const char *c)
{
	if (place->line_comment) {
		place->line_comment = *c != '\n';
		return 1;
	}
	if (place->comment) {
		place->comment = strncmp(c, "*/", 2);
		return place->comment ? 1 : 2;
	}
	if (place->string) {
		place->string = *c != '"' && *c != '\n';
		return *c == '\\' && c[1] && c[1] != '\n' ? 2 : 1;
	}
	if (place->depth && (!strncmp(c, "//", 2) || !strncmp(c, "/*", 2))) {
		place->line_comment = c[1] == '/';
		place->comment = c[1] == '*';
		return 2;
	}
	place->string = *c == '"';
	if (*c == '{')
		place->depth++;
	else if (*c == '}' && place->depth)
		place->depth--;
	return 1;
}

/* Blank lines, and lines that begin with # or //. */
static void skip_comments(const char **text, unsigned int *number)
{
	const char *at = *text;

	for (;;) {
		while (isspace((unsigned char)*at))
			*number += *at++ == '\n';
		if (*at != '#' && strncmp(at, "//", 2))
			break;
		at += strcspn(at, "\n");
	}
	*text = at;
}

bool text_next(const char **text, unsigned int *number, unsigned int *begin, char *out, size_t size,
	       char *why)
{
	struct place place = { 0 };
	const char *at;
	size_t length = 0, taken;

	*why = '\0';
	skip_comments(text, number);
	*begin = *number;
	for (at = *text; *at && (*at != '\n' || place.depth); at += taken) {
		if (!place.depth && !strncmp(at, "\\\n", 2)) {
			taken = 2;
			out[length++] = ' ';
		} else {
			taken = step(&place, at);
			if (length + taken < size)
				memcpy(out + length, at, taken);
			length += taken;
		}
		*number += at[taken - 1] == '\n';
		if (length >= size) {
			snprintf(why, size, "this command is longer than %zu characters", size - 1);
			return false;
		}
	}
	out[length] = '\0';
	if (place.depth)
		snprintf(why, size, "the { of this command has no }");
	*text = at;
	return length && !place.depth;
}

/* The `{` of the next `script {`, NULL if there is none. */
static const char *find_script(const char *line)
{
	struct place place = { 0 };
	const char *at, *brace;

	for (at = line; *at; at += step(&place, at)) {
		if (place.depth || place.string || strncmp(at, "script", 6) ||
		    (at > line && !isspace((unsigned char)at[-1])))
			continue;
		brace = at + 6 + strspn(at + 6, " \t\n");
		if (*brace == '{')
			return brace;
	}
	return NULL;
}

/* The text of a file, which has to fit. */
static bool read_file(const char *path, char *out, size_t size, char *why, size_t why_size)
{
	FILE *file = fopen(path, "re");
	size_t length;
	bool all;

	if (!file) {
		snprintf(why, why_size, "%.256s: %s", path, strerror(errno));
		return false;
	}
	length = fread(out, 1, size - 1, file);
	all = fgetc(file) == EOF;
	fclose(file);
	out[length] = '\0';
	if (!all)
		snprintf(why, why_size, "%.256s is too long: a rule has at most %d characters",
			 path, HVGDB_LINE_MAX);
	return all;
}

bool text_expand(const char *line, char *out, size_t size, char *why)
{
	const char *brace = find_script(line), *from, *end;
	char path[4096];
	size_t length;

	if (strlen(line) >= size) {
		snprintf(why, size, "a rule has at most %zu characters", size - 1);
		return false;
	}
	strcpy(out, line);
	from = brace ? brace + 1 + strspn(brace + 1, " \t\n") : NULL;
	if (!from || strncmp(from, "file:", 5))
		return true;
	from += 5;
	end = strchr(from, '}');
	if (!end)
		return true;
	for (length = end - from; length && isspace((unsigned char)from[length - 1]); length--)
		;
	if (length >= sizeof(path))
		length = sizeof(path) - 1;
	snprintf(path, sizeof(path), "%.*s", (int)length, from);
	length = brace + 1 - line;
	/* What stands behind the braces needs room as well. */
	if (strlen(end) + length + 1 >= size ||
	    !read_file(path, out + length, size - length - strlen(end), why, size))
		return false;
	strcat(out, end);
	return true;
}
