/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which physical addresses are RAM: the only ones that the debugger touches unasked.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing. Filled at load; in root only read.
 */
#ifndef HVGDB_VMX_RAMAP_H
#define HVGDB_VMX_RAMAP_H

#include "arch.h"

#define RAM_MAP_MAX 512

struct ram_range {
	u64 start;
	u64 end; /* the first byte after it */
};

struct ram_map {
	unsigned int nr;
	struct ram_range largest;	     /* of them: it answers most questions */
	struct ram_range range[RAM_MAP_MAX]; /* sorted, disjoint, not adjacent */
};

/* In any order; overlaps merge. -ENOSPC and nothing changed if there are too many ranges. */
int ram_map_add(struct ram_map *map, u64 start, u64 end);

/* Takes a hole out (a poisoned page). -ENOSPC and nothing changed if that makes too many. */
int ram_map_remove(struct ram_map *map, u64 start, u64 end);

/* How many of the len bytes from start on are RAM, up to the first that is not. */
u64 ram_prefix(const struct ram_map *map, u64 start, u64 len);

static inline bool ram_range_contains(const struct ram_range *range, u64 start, u64 len)
{
	return start >= range->start && start < range->end && len <= range->end - start;
}

/* Whether all len bytes are RAM; false for no bytes. In the path of every read of guest memory. */
static inline bool ram_contains(const struct ram_map *map, u64 start, u64 len)
{
	return len && (ram_range_contains(&map->largest, start, len) ||
		       ram_prefix(map, start, len) == len);
}

#endif
