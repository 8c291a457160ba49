/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The EPT: an identity map of everything that the CPU can address, its memory types those of the
 * MTRRs, in the largest pages that have one type; and its later splits down to 4 KiB.
 *
 * Table pages come from a pool that was filled at load. They are reached at physical address plus
 * virt_offset, which is the direct map in the kernel, root's linear map in root. The pool counts
 * the changes that demand an INVEPT of every CPU; the caller splits only while all CPUs are halted
 * (page sizes must not change under fetches).
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memcpy, memset.
 */
#ifndef HVGDB_VMX_EPT_H
#define HVGDB_VMX_EPT_H

#include "arch.h"
#include "mtrr.h"

#define EPT_LEVEL_4K 1
#define EPT_LEVEL_2M 2
#define EPT_LEVEL_1G 3

struct ept_pool {
	const u64 *phys; /* the pages' physical addresses, 4 KiB aligned; contents are ignored */
	size_t nr;
	size_t used;
	u64 changes; /* of translations that CPUs may have cached: each CPU owes an INVEPT for them
		      */
};

struct ept {
	struct ept_pool *pool;
	u64 virt_offset; /* a table page at physical P is seen at virtual P + virt_offset */
	u64 root;	 /* physical address of the PML4 */
	unsigned int address_bits;
};

/* How many pages ept_build() will take: the pool needs that many, and spare ones for splits. */
size_t ept_count_pages(const struct mtrr_state_raw *mtrr, unsigned int maxphyaddr, bool has_1g);

/* The caller has set pool and virt_offset. -ENOSPC if the pool is too small: *ept is unusable. */
int ept_build(struct ept *ept, const struct mtrr_state_raw *mtrr, unsigned int maxphyaddr,
	      bool has_1g);

/* EPTP: write-back paging structures, 4-level walk, no accessed and dirty flags. */
u64 ept_pointer(const struct ept *ept);

/*
 * The entry that maps gpa and the level it stands in, or the non-present or malformed entry that
 * ends the walk. NULL only if gpa is beyond the map.
 */
u64 *ept_lookup(struct ept *ept, u64 gpa, unsigned int *level);

/*
 * Makes the page that maps gpa no larger than to_level. -ENOSPC: the spare pages do not suffice
 * and nothing has changed; -EINVAL: gpa is beyond the map, or to_level no level; -ENOENT: an entry
 * above is not present.
 */
int ept_split(struct ept *ept, u64 gpa, unsigned int to_level);

/* How many pages ept_split(ept, gpa, EPT_LEVEL_4K) would take. */
unsigned int ept_split_cost(struct ept *ept, u64 gpa);

/* rwx: VMX_EPT_*_MASK. -EINVAL unless a 4K page maps gpa, or for writable without readable. */
int ept_set_access(struct ept *ept, u64 gpa, unsigned int rwx);

/* Lets gpa (in a 4K page) lead to another page; type and access stay. -EINVAL as above. */
int ept_set_frame(struct ept *ept, u64 gpa, u64 hpa);

/*
 * Gives every page that maps as itself the type that these MTRRs say, splitting where a page has
 * several now. -ENOSPC: the spare pages do not suffice for a split; that page gets UC, which is
 * slow and right.
 */
int ept_retype(struct ept *ept, const struct mtrr_state_raw *mtrr);

/*
 * A second view that shares every lower table with from: takes one page. Before access differs
 * for a page in one of the views only, that view calls ept_unshare() for it.
 */
int ept_fork(struct ept *from, struct ept *to);

/*
 * Gives ept tables of its own on the way to gpa: at most three pages (PDPT, PD, PT). -ENOSPC and
 * nothing changed if the pool has fewer.
 */
int ept_unshare(struct ept *ept, u64 gpa);

#endif
