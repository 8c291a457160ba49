// SPDX-License-Identifier: GPL-2.0
/*
 * EPT tables. See ept.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memcpy, memset.
 */
#include "ept.h"

#define ENTRIES		 512
#define LEVEL_PML4	 4
#define PAGE_SHIFT_4K	 12
#define ADDRESS_BITS_MAX 48 /* what a 4-level walk translates */

/*
 * In an entry that leads to a table: no entry of another table leads there. So the table is a
 * view's own if it and all tables above it have the mark. The CPU ignores the bit.
 */
#define OWN BIT64(52)

static u64 level_size(unsigned int level)
{
	return BIT64(PAGE_SHIFT_4K + 9 * (level - 1));
}

static unsigned int level_index(u64 gpa, unsigned int level)
{
	return (unsigned int)(gpa >> (PAGE_SHIFT_4K + 9 * (level - 1))) & (ENTRIES - 1);
}

static u64 *table_at(const struct ept *ept, u64 phys)
{
	return (u64 *)(uintptr_t)(phys + ept->virt_offset);
}

static bool is_present(u64 entry)
{
	return entry & VMX_EPT_RWX_MASK;
}

static bool is_table(u64 entry, unsigned int level)
{
	return is_present(entry) && level > EPT_LEVEL_4K && !(entry & VMX_EPT_LEAF_BIT);
}

/* See "Guidelines for Use of the INVEPT Instruction". */
static bool demands_invept(u64 old, u64 now)
{
	u64 moved = VMX_EPT_ADDR_MASK | VMX_EPT_MT_MASK | VMX_EPT_IPAT_BIT | VMX_EPT_LEAF_BIT;

	return is_present(old) && ((old & ~now & VMX_EPT_RWX_MASK) || ((old ^ now) & moved));
}

/*
 * Another CPU's walk sees the old entry or the new one, and with the new one all of its table.
 * Whoever sees the count sees the entry.
 */
static void store(struct ept *ept, u64 *entry, u64 value)
{
	u64 old = *entry;

	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	if (demands_invept(old, value))
		__atomic_fetch_add(&ept->pool->changes, 1, __ATOMIC_RELEASE);
}

static size_t spare(const struct ept *ept)
{
	return ept->pool->nr - ept->pool->used;
}

static u64 take_page(struct ept *ept)
{
	return ept->pool->phys[ept->pool->used++];
}

static unsigned int address_bits(unsigned int maxphyaddr)
{
	return (unsigned int)base_min(maxphyaddr, ADDRESS_BITS_MAX);
}

static u64 nr_of(unsigned int bits, unsigned int level)
{
	u64 size = level_size(level);

	return (BIT64(bits) + size - 1) / size;
}

static bool one_type(const struct mtrr_state_raw *mtrr, u64 gpa, unsigned int level)
{
	bool uniform;

	mtrr_range_type(mtrr, gpa, gpa + level_size(level), &uniform);
	return uniform;
}

static size_t count_below_1g(const struct mtrr_state_raw *mtrr, u64 base)
{
	size_t pages = 1;
	u64 gpa;

	if (one_type(mtrr, base, EPT_LEVEL_1G))
		return pages;
	for (gpa = base; gpa < base + level_size(EPT_LEVEL_1G); gpa += level_size(EPT_LEVEL_2M))
		if (!one_type(mtrr, gpa, EPT_LEVEL_2M))
			pages++;
	return pages;
}

size_t ept_count_pages(const struct mtrr_state_raw *mtrr, unsigned int maxphyaddr, bool has_1g)
{
	unsigned int bits = address_bits(maxphyaddr);
	size_t pages = 1 + nr_of(bits, LEVEL_PML4);
	u64 gpa;

	for (gpa = 0; gpa < BIT64(bits); gpa += level_size(EPT_LEVEL_1G))
		if (!has_1g || !one_type(mtrr, gpa, EPT_LEVEL_1G))
			pages += count_below_1g(mtrr, gpa);
	return pages;
}

/* IPAT stays clear: the guest's PAT goes on to combine with the type, as it did with the MTRRs'. */
static u64 leaf_entry(const struct mtrr_state_raw *mtrr, u64 gpa, unsigned int level)
{
	bool uniform;
	u64 type = mtrr_range_type(mtrr, gpa, gpa + level_size(level), &uniform);
	u64 entry = gpa | VMX_EPT_RWX_MASK | (type << VMX_EPT_MT_EPTE_SHIFT);

	return level > EPT_LEVEL_4K ? entry | VMX_EPT_LEAF_BIT : entry;
}

/* Links an empty table into *entry; NULL if the pool has none left. */
static u64 *new_table(struct ept *ept, u64 *entry)
{
	u64 phys;

	if (!spare(ept))
		return NULL;
	phys = take_page(ept);
	memset(table_at(ept, phys), 0, ENTRIES * sizeof(u64));
	store(ept, entry, phys | VMX_EPT_RWX_MASK);
	return table_at(ept, phys);
}

static bool fill_pt(struct ept *ept, const struct mtrr_state_raw *mtrr, u64 *pde, u64 base)
{
	u64 *pt = new_table(ept, pde);
	unsigned int i;

	if (!pt)
		return false;
	for (i = 0; i < ENTRIES; i++)
		pt[i] = leaf_entry(mtrr, base + i * level_size(EPT_LEVEL_4K), EPT_LEVEL_4K);
	return true;
}

static bool fill_pd(struct ept *ept, const struct mtrr_state_raw *mtrr, u64 *pdpte, u64 base)
{
	u64 *pd = new_table(ept, pdpte);
	/* A CPU without 1G pages has hundreds of thousands of these entries, nearly all of one
	 * type. */
	bool uniform = one_type(mtrr, base, EPT_LEVEL_1G);
	u64 first = leaf_entry(mtrr, base, EPT_LEVEL_2M);
	unsigned int i;

	if (!pd)
		return false;
	for (i = 0; i < ENTRIES; i++) {
		u64 gpa = base + i * level_size(EPT_LEVEL_2M);

		if (uniform)
			pd[i] = first + i * level_size(EPT_LEVEL_2M);
		else if (one_type(mtrr, gpa, EPT_LEVEL_2M))
			pd[i] = leaf_entry(mtrr, gpa, EPT_LEVEL_2M);
		else if (!fill_pt(ept, mtrr, &pd[i], gpa))
			return false;
	}
	return true;
}

static bool fill_pdpt(struct ept *ept, const struct mtrr_state_raw *mtrr, u64 *pml4e, u64 base,
		      bool has_1g)
{
	u64 *pdpt = new_table(ept, pml4e);
	unsigned int i;

	if (!pdpt)
		return false;
	for (i = 0; i < ENTRIES; i++) {
		u64 gpa = base + i * level_size(EPT_LEVEL_1G);

		if (gpa >= BIT64(ept->address_bits))
			break;
		if (has_1g && one_type(mtrr, gpa, EPT_LEVEL_1G))
			pdpt[i] = leaf_entry(mtrr, gpa, EPT_LEVEL_1G);
		else if (!fill_pd(ept, mtrr, &pdpt[i], gpa))
			return false;
	}
	return true;
}

int ept_build(struct ept *ept, const struct mtrr_state_raw *mtrr, unsigned int maxphyaddr,
	      bool has_1g)
{
	u64 i, *pml4;

	ept->address_bits = address_bits(maxphyaddr);
	if (!spare(ept))
		return -ENOSPC;
	ept->root = take_page(ept);
	pml4 = table_at(ept, ept->root);
	memset(pml4, 0, ENTRIES * sizeof(u64));
	for (i = 0; i < nr_of(ept->address_bits, LEVEL_PML4); i++)
		if (!fill_pdpt(ept, mtrr, &pml4[i], i * level_size(LEVEL_PML4), has_1g))
			return -ENOSPC;
	return 0;
}

u64 ept_pointer(const struct ept *ept)
{
	return ept->root | VMX_EPTP_PWL_4 | VMX_EPTP_MT_WB;
}

u64 *ept_lookup(struct ept *ept, u64 gpa, unsigned int *level)
{
	u64 *entry, phys = ept->root;

	if (gpa >= BIT64(ept->address_bits))
		return NULL;
	for (*level = LEVEL_PML4;; (*level)--) {
		entry = table_at(ept, phys) + level_index(gpa, *level);
		if (!is_table(*entry, *level))
			return entry;
		phys = *entry & VMX_EPT_ADDR_MASK;
	}
}

/* One large page into 512 of the next size, with the same access and type. */
static u64 *split_once(struct ept *ept, u64 *entry, unsigned int level, u64 gpa)
{
	u64 phys = take_page(ept);
	u64 *table = table_at(ept, phys);
	u64 size = level_size(level - 1);
	u64 first = *entry;
	unsigned int i;

	if (level - 1 == EPT_LEVEL_4K)
		first &= ~VMX_EPT_LEAF_BIT;
	for (i = 0; i < ENTRIES; i++)
		table[i] = first + i * size;
	store(ept, entry, phys | VMX_EPT_RWX_MASK | OWN);
	return table + level_index(gpa, level - 1);
}

int ept_split(struct ept *ept, u64 gpa, unsigned int to_level)
{
	unsigned int level;
	u64 *entry = ept_lookup(ept, gpa, &level);

	if (!entry || to_level < EPT_LEVEL_4K || to_level > EPT_LEVEL_1G)
		return -EINVAL;
	if (level <= to_level)
		return 0;
	if (!is_present(*entry))
		return -ENOENT;
	if (spare(ept) < level - to_level)
		return -ENOSPC;
	for (; level > to_level; level--)
		entry = split_once(ept, entry, level, gpa);
	return 0;
}

unsigned int ept_split_cost(struct ept *ept, u64 gpa)
{
	unsigned int level;
	u64 *entry = ept_lookup(ept, gpa, &level);

	return entry && is_present(*entry) ? level - EPT_LEVEL_4K : 0;
}

int ept_set_access(struct ept *ept, u64 gpa, unsigned int rwx)
{
	unsigned int level;
	u64 *entry = ept_lookup(ept, gpa, &level);

	if (!entry || level != EPT_LEVEL_4K || (rwx & ~VMX_EPT_RWX_MASK))
		return -EINVAL;
	/* See "EPT Misconfigurations". */
	if ((rwx & VMX_EPT_WRITABLE_MASK) && !(rwx & VMX_EPT_READABLE_MASK))
		return -EINVAL;
	store(ept, entry, (*entry & ~VMX_EPT_RWX_MASK) | rwx);
	return 0;
}

int ept_set_frame(struct ept *ept, u64 gpa, u64 hpa)
{
	unsigned int level;
	u64 *entry = ept_lookup(ept, gpa, &level);

	if (!entry || level != EPT_LEVEL_4K || (hpa & ~VMX_EPT_ADDR_MASK))
		return -EINVAL;
	store(ept, entry, (*entry & ~VMX_EPT_ADDR_MASK) | hpa);
	return 0;
}

/* What the copy leads to is from now on shared with the original, and the other way round. */
static void copy_shared(const struct ept *ept, u64 from, u64 to)
{
	const u64 *source = table_at(ept, from);
	u64 *copy = table_at(ept, to);
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		copy[i] = source[i] & ~OWN;
}

int ept_fork(struct ept *from, struct ept *to)
{
	u64 *pml4 = table_at(from, from->root);
	unsigned int i;

	if (!spare(from))
		return -ENOSPC;
	*to = *from;
	to->root = take_page(from);
	copy_shared(from, from->root, to->root);
	for (i = 0; i < ENTRIES; i++)
		store(from, &pml4[i], pml4[i] & ~OWN);
	return 0;
}

static size_t shared_tables(const struct ept *ept, u64 gpa)
{
	unsigned int level = LEVEL_PML4;
	bool own = true;
	size_t shared = 0;
	u64 entry, phys = ept->root;

	for (;; level--) {
		entry = table_at(ept, phys)[level_index(gpa, level)];
		if (!is_table(entry, level))
			return shared;
		own = own && (entry & OWN);
		shared += !own;
		phys = entry & VMX_EPT_ADDR_MASK;
	}
}

int ept_unshare(struct ept *ept, u64 gpa)
{
	unsigned int level = LEVEL_PML4;
	u64 *entry, phys = ept->root;

	if (gpa >= BIT64(ept->address_bits))
		return -EINVAL;
	if (spare(ept) < shared_tables(ept, gpa))
		return -ENOSPC;
	for (;; level--) {
		entry = table_at(ept, phys) + level_index(gpa, level);
		if (!is_table(*entry, level))
			return 0;
		phys = *entry & VMX_EPT_ADDR_MASK;
		if (!(*entry & OWN)) {
			u64 copy = take_page(ept);

			copy_shared(ept, phys, copy);
			store(ept, entry, (*entry & ~VMX_EPT_ADDR_MASK) | copy | OWN);
			phys = copy;
		}
	}
}

static u64 with_type(u64 entry, u64 type)
{
	return (entry & ~VMX_EPT_MT_MASK) | type << VMX_EPT_MT_EPTE_SHIFT;
}

/* The type that a leaf gets; of several, the one that is right for all. */
static u64 retyped(const struct mtrr_state_raw *mtrr, u64 entry, u64 gpa, unsigned int level)
{
	bool uniform;
	u64 type = mtrr_range_type(mtrr, gpa, gpa + level_size(level), &uniform);

	return with_type(entry, uniform ? type : HV_MT_UC);
}

/* One page of the map; returns how many bytes it covers. */
static u64 retype_page(struct ept *ept, const struct mtrr_state_raw *mtrr, u64 gpa, int *error)
{
	unsigned int level;
	u64 *entry = ept_lookup(ept, gpa, &level);

	while (is_present(*entry) && level > EPT_LEVEL_4K && !one_type(mtrr, gpa, level)) {
		if (ept_split(ept, gpa, level - 1)) {
			*error = -ENOSPC;
			break;
		}
		entry = ept_lookup(ept, gpa, &level);
	}
	if (is_present(*entry))
		store(ept, entry, retyped(mtrr, *entry, gpa, level));
	return level_size(level);
}

/* A stretch of 1 GiB that has one type: nobody needs to ask for each page. */
static void retype_uniform(struct ept *ept, u64 base, u64 type)
{
	unsigned int level;
	u64 gpa, *entry;

	for (gpa = base; gpa < base + level_size(EPT_LEVEL_1G); gpa += level_size(level)) {
		entry = ept_lookup(ept, gpa, &level);
		if (is_present(*entry))
			store(ept, entry, with_type(*entry, type));
	}
}

int ept_retype(struct ept *ept, const struct mtrr_state_raw *mtrr)
{
	u64 base, gpa, type, end;
	int error = 0;
	bool uniform;

	for (base = 0; base < BIT64(ept->address_bits); base = end) {
		end = base + level_size(EPT_LEVEL_1G);
		type = mtrr_range_type(mtrr, base, end, &uniform);
		if (uniform)
			retype_uniform(ept, base, type);
		for (gpa = base; gpa < end && !uniform;)
			gpa += retype_page(ept, mtrr, gpa, &error);
	}
	return error;
}
