// SPDX-License-Identifier: GPL-2.0
/*
 * Rules as text: commands cut out of a file, and files of scripts put into commands. What the text
 * means root knows; here only braces, strings and comments count. User space.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
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

#define INCLUDES_MAX 8 /* in each other */

/* Where the text of files goes. */
struct sink {
	char *out;
	size_t size, length;
	char *why;
	size_t why_size;
};

static bool add_file(struct sink *sink, const char *path, unsigned int depth);

/* The path in `#include "PATH"`, with its length; NULL if the line is none. */
static const char *included(const char *line, size_t *length)
{
	line += strspn(line, " \t");
	if (strncmp(line, "#include", 8))
		return NULL;
	line += 8 + strspn(line + 8, " \t");
	if (*line++ != '"')
		return NULL;
	*length = strcspn(line, "\"\n");
	return line[*length] == '"' ? line : NULL;
}

/* A path is relative to the folder of the file that includes it. */
static bool add_included(struct sink *sink, const char *from, const char *name, size_t length,
			 unsigned int depth)
{
	const char *slash = strrchr(from, '/');
	size_t folder = name[0] == '/' || !slash ? 0 : slash - from + 1;
	char path[4096];

	if (depth == INCLUDES_MAX || folder + length >= sizeof(path)) {
		snprintf(sink->why, sink->why_size, "%.256s: %s", from,
			 depth == INCLUDES_MAX ? "more than 8 files include each other"
					       : "the path of an #include is too long");
		return false;
	}
	snprintf(path, sizeof(path), "%.*s%.*s", (int)folder, from, (int)length, name);
	return add_file(sink, path, depth + 1);
}

static bool add_line(struct sink *sink, const char *path, const char *line, unsigned int depth)
{
	size_t length;
	const char *name = included(line, &length);

	if (name)
		return add_included(sink, path, name, length, depth);
	length = strlen(line);
	if (length >= sink->size - sink->length) {
		snprintf(sink->why, sink->why_size,
			 "%.256s is too long: a rule has at most %d characters", path,
			 HVGDB_LINE_MAX);
		return false;
	}
	memcpy(sink->out + sink->length, line, length + 1);
	sink->length += length;
	return true;
}

static bool add_lines(struct sink *sink, const char *path, FILE *file, unsigned int depth)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool good = true;

	while (good && (length = getline(&line, &size, file)) >= 0) {
		good = strlen(line) == (size_t)length;
		if (!good)
			snprintf(sink->why, sink->why_size, "%.256s is no text", path);
		else
			good = add_line(sink, path, line, depth);
	}
	free(line);
	if (good && ferror(file)) {
		snprintf(sink->why, sink->why_size, "%.256s: %s", path, strerror(errno));
		good = false;
	}
	/* What follows may not become part of a comment in the last line. */
	if (good && sink->length && sink->out[sink->length - 1] != '\n')
		good = add_line(sink, path, "\n", depth);
	return good;
}

static bool add_file(struct sink *sink, const char *path, unsigned int depth)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (!file) {
		snprintf(sink->why, sink->why_size, "%.256s: %s", path, strerror(errno));
		return false;
	}
	good = add_lines(sink, path, file, depth);
	fclose(file);
	return good;
}

/* The text of a file and of those it includes, which has to fit. */
static bool read_file(const char *path, char *out, size_t size, char *why, size_t why_size)
{
	struct sink sink = { .out = out, .size = size, .why = why, .why_size = why_size };

	out[0] = '\0';
	return add_file(&sink, path, 0);
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

bool text_append_words(char *line, size_t size, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		if (strlen(line) + strlen(words[i]) + 2 > size)
			return false;
		strcat(strcat(line, words[i]), i < count - 1 ? " " : "");
	}
	return true;
}
