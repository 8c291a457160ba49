/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMCOREINFO note: lines of KEY=VALUE that the kernel writes for crash dumps, where we find
 * its load offset and a few symbols without kallsyms.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memcmp, memcpy. Every length is
 * checked: the note may be cut short or lie.
 */
#ifndef HVGDB_VMX_VMCOREINFO_H
#define HVGDB_VMX_VMCOREINFO_H

#include "arch.h"

/* Finds the text inside the ELF note. False if that is not a VMCOREINFO note of at most size. */
bool vmcoreinfo_note_text(const void *note, size_t size, const char **text, size_t *len);

/* The value of a line KEY=hex, as in KERNELOFFSET=1a000000. */
bool vmcoreinfo_hex(const char *text, size_t len, const char *key, u64 *value);

/* SYMBOL(name)=hex */
bool vmcoreinfo_symbol(const char *text, size_t len, const char *name, u64 *value);

/* NUMBER(name)=decimal, may be negative */
bool vmcoreinfo_number(const char *text, size_t len, const char *name, s64 *value);

/* KEY=text, cut to size - 1 bytes and terminated, as in OSRELEASE=6.1.0-56-amd64. */
bool vmcoreinfo_string(const char *text, size_t len, const char *key, char *buf, size_t size);

#endif
