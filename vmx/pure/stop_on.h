/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of `monitor stop-on`: which of the kernel's last words stop gdb.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_STOP_ON_H
#define HVGDB_VMX_STOP_ON_H

#include "arch.h"

#define STOP_ON_PANIC (1u << 0)
#define STOP_ON_OOPS  (1u << 1)

enum stop_on_result {
	STOP_ON_OK,
	STOP_ON_SHOW,	   /* nothing but blanks: a question */
	STOP_ON_NO_SUCH,   /* a word of the list is neither panic nor oops */
	STOP_ON_NO_SWITCH, /* the list is not followed by on or off, and the end */
};

/* "panic,oops on": changes *set, if all of it is understood. */
enum stop_on_result stop_on_parse(const char *arguments, u32 *set);

#endif
