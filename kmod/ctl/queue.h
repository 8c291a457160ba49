/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What waits for a receiver: lines of an output in their order, up to a number of bytes. Knows
 * nothing of threads. User space.
 */
#ifndef HVGDB_CTL_QUEUE_H
#define HVGDB_CTL_QUEUE_H

#include "format.h"

struct entry {
	struct entry *next;
	size_t length;
	uint64_t messages; /* that it is, 0 or 1 */
	uint64_t losses;   /* that it tells of */
	bool prologue;
	char bytes[];
};

struct queue {
	struct entry *first, **end;
	size_t bytes, limit;
};

void queue_init(struct queue *queue, size_t limit);

/* NULL: there is no room. */
struct entry *queue_add(struct queue *queue, const char *bytes, size_t length);

/* In front of all that waits, whether there is room or not. NULL: no memory. */
struct entry *queue_add_first(struct queue *queue, const char *bytes, size_t length);

void queue_drop_first(struct queue *queue);

/* All of from, which is empty then, goes behind what is there. */
void queue_move(struct queue *queue, struct queue *from);

/* Says that *gap messages are missing at this place, and *gap is 0, if there is room for it. */
void queue_tell_gap(struct queue *queue, uint64_t *gap, const struct format_clock *clock,
		    enum hvgdb_output_format format);

#endif
