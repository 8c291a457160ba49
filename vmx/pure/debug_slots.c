// SPDX-License-Identifier: GPL-2.0
/* How the guest and hvgdb share a CPU's debug registers. See debug_slots.h. Root and user-space
 * tests. */
#include "debug_slots.h"

#define LARGEST_PIECE 8

#define DR7_ENABLE(n)	 (3ull << 2 * (n))
#define DR7_GLOBAL(n)	 (2ull << 2 * (n))
#define DR7_ACCESS_AT(n) (16 + 4 * (n))
#define DR7_LENGTH_AT(n) (18 + 4 * (n))
#define DR7_CONDITION(n) (15ull << DR7_ACCESS_AT(n))

static u64 length_bits(u8 len)
{
	switch (len) {
	case 1:
		return 0;
	case 2:
		return 1;
	case 4:
		return 3;
	default:
		return 2;
	}
}

static u8 next_piece(u64 addr, u64 len)
{
	u8 size = LARGEST_PIECE;

	while (size > 1 && (addr % size || size > len))
		size /= 2;
	return size;
}

unsigned int debug_cut(u64 addr, u64 len, u8 access, struct debug_piece pieces[DEBUG_SLOTS])
{
	unsigned int nr = 0;
	u8 size;

	if (addr + len < addr)
		return 0;
	for (; len; addr += size, len -= size) {
		if (nr == DEBUG_SLOTS)
			return 0;
		size = next_piece(addr, len);
		pieces[nr++] = (struct debug_piece){ .addr = addr, .access = access, .len = size };
	}
	return nr;
}

unsigned int debug_enabled(u64 dr7)
{
	unsigned int n, enabled = 0;

	for (n = 0; n < DEBUG_SLOTS; n++)
		if (dr7 & DR7_ENABLE(n))
			enabled |= 1u << n;
	return enabled;
}

unsigned int debug_nr_enabled(u64 dr7)
{
	unsigned int n, nr = 0, enabled = debug_enabled(dr7);

	for (n = 0; n < DEBUG_SLOTS; n++)
		nr += enabled >> n & 1;
	return nr;
}

static void put(struct debug_slots *slots, unsigned int n, const struct debug_piece *piece)
{
	slots->dr[n] = piece->addr;
	slots->dr7 &= ~DR7_CONDITION(n);
	slots->dr7 |= DR7_GLOBAL(n) | (u64)piece->access << DR7_ACCESS_AT(n) |
		      length_bits(piece->len) << DR7_LENGTH_AT(n);
}

unsigned int debug_share(const u64 guest_dr[DEBUG_SLOTS], u64 guest_dr7,
			 const struct debug_piece *pieces, unsigned int nr,
			 struct debug_slots *slots)
{
	unsigned int n, done = 0, enabled = debug_enabled(guest_dr7);

	slots->dr7 = guest_dr7;
	for (n = 0; n < DEBUG_SLOTS; n++) {
		slots->dr[n] = guest_dr[n];
		slots->piece[n] = -1;
		if (enabled & 1u << n || done == nr)
			continue;
		put(slots, n, &pieces[done]);
		slots->piece[n] = done++;
	}
	return nr - done;
}
