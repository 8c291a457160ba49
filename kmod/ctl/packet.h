/* SPDX-License-Identifier: GPL-2.0 */
/* gdb's packets, as much of them as a program needs that asks hvgdb questions. User space. */
#ifndef HVGDB_CTL_PACKET_H
#define HVGDB_CTL_PACKET_H

#include <stdbool.h>
#include <stddef.h>

/* Writes `+$TEXT#xx` (the `+` acknowledges the reply before). Returns its length; size suffices. */
size_t packet_write(const char *text, char *out, size_t size);

/*
 * Finds the one packet among bytes and unpacks it (escapes, repeats) into text, with a NUL behind
 * it. Returns its length, or -1: there is none, it is damaged, or too long.
 */
long packet_read(const char *bytes, size_t length, char *text, size_t size);

/* Pairs of hexadecimal digits, in their own place. Returns the number of bytes, -1: they are none.
 */
long packet_unhex(char *text);

#endif
