// SPDX-License-Identifier: GPL-2.0
/*
 * MTRRs to memory types. See mtrr.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 *
 * A range is cut into naturally aligned blocks, each a power of two in size. For such a block a
 * variable range covers all of it, none of it or a part, and its mask tells which, contiguous or
 * not. Ranges that begin or end inside the block are the parts.
 */
#include "mtrr.h"

#define CAP_FIX		BIT64(8)
#define DEF_TYPE_FE	BIT64(10)
#define DEF_TYPE_E	BIT64(11)
#define MASK_VALID	BIT64(11)
#define FIXED_END	0x100000ull
#define FIXED_16K_START 0x80000ull
#define FIXED_4K_START	0xc0000ull
#define PAGE_4K		0x1000ull
#define TYPE_NONE	0xffu
#define PHYS_BITS_MAX	52

static u8 valid_type(u64 type)
{
	switch (type) {
	case HV_MT_UC:
	case HV_MT_WC:
	case HV_MT_WT:
	case HV_MT_WP:
	case HV_MT_WB:
		return (u8)type;
	default:
		return HV_MT_UC;
	}
}

/*
 * See "MTRR Precedences". What it leaves undefined becomes uncacheable: slow, but with no caching
 * that the machine does not expect.
 */
static u8 combine(u8 a, u8 b)
{
	if (a == TYPE_NONE || a == b)
		return b;
	if ((a == HV_MT_WB && b == HV_MT_WT) || (a == HV_MT_WT && b == HV_MT_WB))
		return HV_MT_WT;
	return HV_MT_UC;
}

struct block_type {
	u8 covered; /* what the ranges that cover all of the block make of it */
	u8 parts;   /* a bit for each type of those that cover a part of it */
};

static void scan_variable(const struct mtrr_state_raw *mtrr, u64 start, u64 size,
			  struct block_type *block)
{
	u64 address_bits = (BIT64(base_min(mtrr->maxphyaddr, PHYS_BITS_MAX)) - 1) & ~(PAGE_4K - 1);
	unsigned int i;

	for (i = 0; i < mtrr->nr_var && i < MTRR_VAR_MAX; i++) {
		u64 mask = mtrr->var_mask[i] & address_bits;
		u8 type = valid_type(mtrr->var_base[i] & 0xff);

		if (!(mtrr->var_mask[i] & MASK_VALID))
			continue;
		if ((start ^ mtrr->var_base[i]) & mask & ~(size - 1))
			continue;
		if (mask & (size - 1))
			block->parts |= 1u << type;
		else
			block->covered = combine(block->covered, type);
	}
}

/* Whether a range of that type over a part of the block leaves the part as the rest is. */
static bool part_is_same(u8 covered, u8 rest, u8 part)
{
	return covered == TYPE_NONE ? part == rest : combine(covered, part) == covered;
}

/* Type of a naturally aligned block; not uniform only where a part makes a difference. */
static u8 block_type(const struct mtrr_state_raw *mtrr, u64 start, u64 size, bool *uniform)
{
	struct block_type block = { TYPE_NONE, 0 };
	u8 type, part;

	scan_variable(mtrr, start, size, &block);
	type = block.covered == TYPE_NONE ? valid_type(mtrr->def_type & 0xff) : block.covered;
	for (part = 0; part <= HV_MT_WB; part++)
		if ((block.parts & (1u << part)) && !part_is_same(block.covered, type, part))
			*uniform = false;
	return type;
}

static u64 block_size(u64 start, u64 end)
{
	u64 size = PAGE_4K;

	while (!(start & (size * 2 - 1)) && start + size * 2 <= end && size < BIT64(51))
		size *= 2;
	return size;
}

static u8 variable_type(const struct mtrr_state_raw *mtrr, u64 start, u64 end, bool *uniform)
{
	u8 type = TYPE_NONE;

	while (start < end) {
		u64 size = block_size(start, end);
		u8 here = block_type(mtrr, start, size, uniform);

		if (type == TYPE_NONE)
			type = here;
		if (here != type)
			*uniform = false;
		/* A block of mixed types begins with the type of its first page. */
		if (!*uniform)
			break;
		start += size;
	}
	return type;
}

/* Which of the eleven registers, and which of its eight bytes. */
static u8 fixed_page_type(const struct mtrr_state_raw *mtrr, u64 addr)
{
	unsigned int index, byte;

	if (addr < FIXED_16K_START) {
		index = 0;
		byte = (unsigned int)(addr >> 16);
	} else if (addr < FIXED_4K_START) {
		u64 offset = addr - FIXED_16K_START;

		index = 1 + (unsigned int)(offset >> 17);
		byte = (unsigned int)(offset >> 14) & 7;
	} else {
		u64 offset = addr - FIXED_4K_START;

		index = 3 + (unsigned int)(offset >> 15);
		byte = (unsigned int)(offset >> 12) & 7;
	}
	return valid_type((mtrr->fixed[index] >> (byte * 8)) & 0xff);
}

static u8 fixed_type(const struct mtrr_state_raw *mtrr, u64 start, u64 end, bool *uniform)
{
	u8 type = fixed_page_type(mtrr, start);

	for (; start < end; start += PAGE_4K)
		if (fixed_page_type(mtrr, start) != type)
			*uniform = false;
	return type;
}

static u8 first_page_type(const struct mtrr_state_raw *mtrr, u64 start)
{
	bool ignored = true;

	return block_type(mtrr, start, PAGE_4K, &ignored);
}

u8 mtrr_range_type(const struct mtrr_state_raw *mtrr, u64 start, u64 end, bool *uniform)
{
	bool fixed = (mtrr->cap & CAP_FIX) && (mtrr->def_type & DEF_TYPE_FE);
	u8 type, above;

	*uniform = true;
	if (!(mtrr->def_type & DEF_TYPE_E))
		return HV_MT_UC;
	if (!fixed || start >= FIXED_END) {
		type = variable_type(mtrr, start, end, uniform);
		return *uniform ? type : first_page_type(mtrr, start);
	}
	type = fixed_type(mtrr, start, base_min(end, FIXED_END), uniform);
	if (end > FIXED_END) {
		above = variable_type(mtrr, FIXED_END, end, uniform);
		if (above != type)
			*uniform = false;
	}
	return type;
}
