// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's page walk. See walk.h, and the SDM's "4-Level Paging and 5-Level Paging".
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but the caller's read_phys.
 */
#include "walk.h"

#define PTE_P	      BIT64(0)
#define PTE_W	      BIT64(1)
#define PTE_U	      BIT64(2)
#define PTE_PS	      BIT64(7)
#define PTE_NX	      BIT64(63)
#define LEVEL_4K      1
#define LEVEL_1G      3
#define PHYS_BITS_MAX 52

static bool is_canonical(u64 gva, bool la57)
{
	unsigned int shift = la57 ? 7 : 16;

	return (u64)((s64)(gva << shift) >> shift) == gva;
}

static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* Bits maxphyaddr-1 to 12: where an address can stand. */
static u64 address_mask(unsigned int maxphyaddr)
{
	return (BIT64(base_min(maxphyaddr, PHYS_BITS_MAX)) - 1) & ~0xfffull;
}

/* In entries where an address is what `address` masks. */
static u64 reserved_mask(unsigned int level, bool leaf, u64 address)
{
	u64 mask = (BIT64(PHYS_BITS_MAX) - 1) & ~address & ~0xfffull;

	/* A large page's address is aligned to its size; bit 12 is its PAT bit. */
	if (leaf && level > LEVEL_4K)
		mask |= (BIT64(level_shift(level)) - 1) & ~0x1fffull;
	if (level > LEVEL_1G)
		mask |= PTE_PS;
	return mask;
}

static bool is_leaf(u64 entry, unsigned int level)
{
	return level == LEVEL_4K || (level <= LEVEL_1G && (entry & PTE_PS));
}

static void narrow(struct walk_out *out, u64 entry)
{
	out->writable = out->writable && (entry & PTE_W);
	out->user = out->user && (entry & PTE_U);
	out->nx = out->nx || (entry & PTE_NX);
	out->levels++;
}

enum walk_result walk_guest(const struct walk_in *in, u64 gva, struct walk_out *out)
{
	u64 mask = address_mask(in->maxphyaddr);
	u64 entry, table = in->cr3 & mask;
	unsigned int level;

	memset(out, 0, sizeof(*out));
	out->writable = true;
	out->user = true;
	if (!is_canonical(gva, in->la57))
		return WALK_NOT_CANONICAL;
	for (level = in->la57 ? 5 : 4;; level--) {
		u64 index = (gva >> level_shift(level)) & 511;

		if (!in->read_phys(in->ctx, table + index * 8, &entry))
			return WALK_UNREADABLE;
		narrow(out, entry);
		if (!(entry & PTE_P))
			return WALK_NOT_PRESENT;
		if (entry & reserved_mask(level, is_leaf(entry, level), mask))
			return WALK_RESERVED;
		if (is_leaf(entry, level))
			break;
		table = entry & mask;
	}
	out->page_size = BIT64(level_shift(level));
	out->gpa = (entry & mask & ~(out->page_size - 1)) | (gva & (out->page_size - 1));
	return WALK_OK;
}
