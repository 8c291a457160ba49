// SPDX-License-Identifier: GPL-2.0
/*
 * The words of `monitor stop-on`. See stop_on.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "stop_on.h"

static const struct {
	const char *name;
	u32 bit;
} kinds[] = {
	{ "panic", STOP_ON_PANIC },
	{ "oops", STOP_ON_OOPS },
};

static const char *skip_blanks(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* Behind the word if the text begins with it and it ends there, else NULL. */
static const char *behind_word(const char *at, const char *word)
{
	while (*word)
		if (*at++ != *word++)
			return NULL;
	return *at && *at != ' ' && *at != ',' ? NULL : at;
}

static const char *take_kind(const char *at, u32 *bits)
{
	const char *next;
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		next = behind_word(at, kinds[i].name);
		if (!next)
			continue;
		*bits |= kinds[i].bit;
		return next;
	}
	return NULL;
}

/* Names with commas between them; NULL if one is unknown or missing. */
static const char *take_list(const char *at, u32 *bits)
{
	for (;;) {
		at = take_kind(skip_blanks(at), bits);
		if (!at)
			return NULL;
		at = skip_blanks(at);
		if (*at != ',')
			return at;
		at++;
	}
}

static bool take_switch(const char *at, bool *on)
{
	const char *next = behind_word(at, "on");

	*on = next;
	if (!next)
		next = behind_word(at, "off");
	return next && !*skip_blanks(next);
}

enum stop_on_result stop_on_parse(const char *arguments, u32 *set)
{
	const char *at = skip_blanks(arguments);
	u32 bits = 0;
	bool on;

	if (!*at)
		return STOP_ON_SHOW;
	at = take_list(at, &bits);
	if (!at)
		return STOP_ON_NO_SUCH;
	if (!take_switch(at, &on))
		return STOP_ON_NO_SWITCH;
	*set = on ? *set | bits : *set & ~bits;
	return STOP_ON_OK;
}
