// SPDX-License-Identifier: GPL-2.0
/*
 * What scripts have, in words, from the tables that the compiler uses. Runs in VMX root and in user
 * space; calls rsp_text_*().
 */
#include "script_functions.h"

#define WIDTH 100 /* of a line */

struct help {
	struct rsp_text *out;
	const char *title;
	size_t start; /* of the line at hand */
};

static void begin_line(struct help *help)
{
	rsp_text_add(help->out, help->title);
	help->start = help->out->len;
}

static void add_name(struct help *help, const char *sign, const char *name)
{
	if (help->out->len - help->start > WIDTH) {
		rsp_text_add(help->out, "\n");
		begin_line(help);
	}
	rsp_text_add(help->out, " ");
	rsp_text_add(help->out, sign);
	rsp_text_add(help->out, name);
}

static struct help begin(struct rsp_text *out, const char *title)
{
	struct help help = { .out = out, .title = title };

	begin_line(&help);
	return help;
}

static void functions(struct rsp_text *out)
{
	struct help help = begin(out, "script functions:");
	const struct script_function *function;
	unsigned int i;

	for (i = 0; (function = script_function(i)); i++)
		if (function->name[0] != ' ')
			add_name(&help, "", function->name);
	rsp_text_add(out, "\n");
}

static void pseudos(struct rsp_text *out)
{
	struct help help = begin(out, "script variables:");
	unsigned int i;

	for (i = 0; i < SCRIPT_NR_PSEUDOS; i++)
		add_name(&help, "$", script_pseudo_name(i));
	rsp_text_add(out, "\n");
}

void script_help(struct rsp_text *out)
{
	rsp_text_add(
		out,
		"script { if ($pid == 0n490) { .n++; printf(\"%s at %llx\\n\", $pname, @rip); } } "
		"- what a rule does instead of stopping; numbers are hexadecimal\n"
		"script statements: if elsif else for while do break continue return; x = 1; "
		".x += 1; @rax = 1; int f(int y) { }\n");
	functions(out);
	pseudos(out);
}
