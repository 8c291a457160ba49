// SPDX-License-Identifier: GPL-2.0
/*
 * The table of RAM. See ramap.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "ramap.h"

/* Index of the first range that ends after addr. */
static unsigned int first_after(const struct ram_map *map, u64 addr)
{
	unsigned int low = 0, high = map->nr;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (map->range[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void find_largest(struct ram_map *map)
{
	unsigned int i;

	map->largest = (struct ram_range){ 0, 0 };
	for (i = 0; i < map->nr; i++)
		if (map->range[i].end - map->range[i].start > map->largest.end - map->largest.start)
			map->largest = map->range[i];
}

/* Replaces the nr_old ranges at index by nr_new of *with. */
static int replace(struct ram_map *map, unsigned int index, unsigned int nr_old,
		   const struct ram_range *with, unsigned int nr_new)
{
	unsigned int i, tail = map->nr - index - nr_old;

	if (map->nr - nr_old + nr_new > RAM_MAP_MAX)
		return -ENOSPC;
	if (nr_new > nr_old)
		for (i = tail; i-- > 0;)
			map->range[index + nr_new + i] = map->range[index + nr_old + i];
	else if (nr_new < nr_old)
		for (i = 0; i < tail; i++)
			map->range[index + nr_new + i] = map->range[index + nr_old + i];
	for (i = 0; i < nr_new; i++)
		map->range[index + i] = with[i];
	map->nr = map->nr - nr_old + nr_new;
	find_largest(map);
	return 0;
}

int ram_map_add(struct ram_map *map, u64 start, u64 end)
{
	struct ram_range merged = { start, end };
	unsigned int first, last;

	if (start >= end)
		return 0;
	/* Adjacent ranges merge too, so that a range is never longer than its one entry. */
	first = start ? first_after(map, start - 1) : 0;
	for (last = first; last < map->nr && map->range[last].start <= end; last++) {
		merged.start = base_min(merged.start, map->range[last].start);
		merged.end = base_max(merged.end, map->range[last].end);
	}
	return replace(map, first, last - first, &merged, 1);
}

int ram_map_remove(struct ram_map *map, u64 start, u64 end)
{
	struct ram_range kept[2];
	unsigned int first, last, nr_kept = 0;

	if (start >= end)
		return 0;
	first = first_after(map, start);
	for (last = first; last < map->nr && map->range[last].start < end; last++) {
		struct ram_range *range = &map->range[last];

		if (range->start < start)
			kept[nr_kept++] = (struct ram_range){ range->start, start };
		if (range->end > end)
			kept[nr_kept++] = (struct ram_range){ end, range->end };
	}
	return replace(map, first, last - first, kept, nr_kept);
}

u64 ram_prefix(const struct ram_map *map, u64 start, u64 len)
{
	unsigned int index = first_after(map, start);

	if (index >= map->nr || map->range[index].start > start)
		return 0;
	return base_min(len, map->range[index].end - start);
}
