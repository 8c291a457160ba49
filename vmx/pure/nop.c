// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that do nothing. See nop.h, and the SDM's "NOP" and "ENDBR64".
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "nop.h"

#define PREFIX_OPERAND_SIZE 0x66
#define PREFIX_CS	    0x2e
#define NOP_SHORT	    0x90
#define LENGTH_MAX	    15

/* ModRM of the long form, 0F 1F /0: how many bytes it has with all that follows; 0: not /0. */
static size_t modrm_length(const u8 *p, size_t room)
{
	unsigned int mod = p[0] >> 6, rm = p[0] & 7;
	bool sib = mod != 3 && rm == 4;

	if (p[0] >> 3 & 7)
		return 0;
	if (mod == 1)
		return 2 + sib;
	if (mod == 2 || (mod == 0 && rm == 5))
		return 5 + sib;
	/* Without a base there is a displacement. */
	if (mod == 0 && sib && room > 1 && (p[1] & 7) == 5)
		return 6;
	return 1 + sib;
}

static bool is_prefix(u8 byte)
{
	return byte == PREFIX_OPERAND_SIZE || byte == PREFIX_CS;
}

static size_t endbr64_length(const u8 *p, size_t room)
{
	return room >= 4 && p[0] == 0xf3 && p[1] == 0x0f && p[2] == 0x1e && p[3] == 0xfa ? 4 : 0;
}

size_t nop_length(const u8 *bytes, size_t room, bool endbranch)
{
	size_t at = 0, rest = 0;

	room = base_min(room, LENGTH_MAX);
	while (at < room && is_prefix(bytes[at]))
		at++;
	if (at < room && bytes[at] == NOP_SHORT)
		return at + 1;
	if (room - at >= 3 && bytes[at] == 0x0f && bytes[at + 1] == 0x1f)
		rest = modrm_length(bytes + at + 2, room - at - 2);
	if (rest)
		return at + 2 + rest <= room ? at + 2 + rest : 0;
	return endbranch ? endbr64_length(bytes, room) : 0;
}
