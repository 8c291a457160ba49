/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of a script that stand for something else: registers, $ variables, words that are
 * refused. Runs in VMX root and in user space; calls nothing.
 */
#ifndef HVGDB_EVENTS_SCRIPT_NAMES_H
#define HVGDB_EVENTS_SCRIPT_NAMES_H

#include "script.h"

/* A piece of the script's text. */
struct script_word {
	const char *p;
	u32 len;
};

bool script_word_is(const struct script_word *word, const char *name);

/* @name: bits of a register. */
struct script_register {
	const char *name;
	u8 base; /* enum script_base */
	u8 shift, bits;
	bool writable;
};

enum script_pseudo {
	SCRIPT_PID,
	SCRIPT_TID,
	SCRIPT_PNAME,
	SCRIPT_CORE,
	SCRIPT_PROC,
	SCRIPT_THREAD,
	SCRIPT_IP,
	SCRIPT_BUFFER,
	SCRIPT_CONTEXT,
	SCRIPT_EVENT_TAG,
	SCRIPT_EVENT_ID,
	SCRIPT_EVENT_STAGE,
	SCRIPT_DATE,
	SCRIPT_TIME,
	SCRIPT_NR_PSEUDOS,
};

/* HyperDbg's tags begin here. */
#define SCRIPT_TAG_BASE 0x1000000

/* Operands of BC_REG and BC_REG_SET in scripts. */
#define SCRIPT_REG_FIRST    0x100
#define SCRIPT_PSEUDO_FIRST 0x200
#define SCRIPT_REG_LIMIT    (SCRIPT_PSEUDO_FIRST + SCRIPT_NR_PSEUDOS)

/* The n-th, NULL behind the last. */
const struct script_register *script_register(unsigned int n);

/* Without the $. */
const char *script_pseudo_name(enum script_pseudo pseudo);

/* The number of the row with that name, -1 if there is none. */
int script_find_register(const struct script_word *name);
int script_find_pseudo(const struct script_word *name);

/* Why a word of HyperDbg's or of C's cannot be used here, and what to use instead; or NULL. */
const char *script_refused(const struct script_word *name);

#endif
