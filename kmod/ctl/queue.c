// SPDX-License-Identifier: GPL-2.0
/* Lines that wait for a receiver. See queue.h. User space. */
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "queue.h"

void queue_init(struct queue *queue, size_t limit)
{
	*queue = (struct queue){ .end = &queue->first, .limit = limit };
}

static struct entry *new_entry(struct queue *queue, const char *bytes, size_t length)
{
	struct entry *entry = malloc(sizeof(*entry) + length);

	if (!entry)
		return NULL;
	*entry = (struct entry){ .length = length };
	memcpy(entry->bytes, bytes, length);
	queue->bytes += sizeof(*entry) + length;
	return entry;
}

struct entry *queue_add(struct queue *queue, const char *bytes, size_t length)
{
	struct entry *entry = NULL;

	if (queue->bytes + sizeof(*entry) + length <= queue->limit)
		entry = new_entry(queue, bytes, length);
	if (!entry)
		return NULL;
	*queue->end = entry;
	queue->end = &entry->next;
	return entry;
}

struct entry *queue_add_first(struct queue *queue, const char *bytes, size_t length)
{
	struct entry *entry = new_entry(queue, bytes, length);

	if (!entry)
		return NULL;
	entry->next = queue->first;
	if (!queue->first)
		queue->end = &entry->next;
	queue->first = entry;
	return entry;
}

void queue_drop_first(struct queue *queue)
{
	struct entry *entry = queue->first;

	queue->first = entry->next;
	if (!queue->first)
		queue->end = &queue->first;
	queue->bytes -= sizeof(*entry) + entry->length;
	free(entry);
}

void queue_move(struct queue *queue, struct queue *from)
{
	if (!from->first)
		return;
	*queue->end = from->first;
	queue->end = from->end;
	queue->bytes += from->bytes;
	queue_init(from, from->limit);
}

void queue_tell_gap(struct queue *queue, uint64_t *gap, const struct format_clock *clock,
		    enum hvgdb_output_format format)
{
	char text[FORMAT_MAX];
	struct entry *entry;
	size_t length;

	if (!*gap)
		return;
	length = format_loss(clock, format, __rdtsc(), -1, 0, *gap, text);
	entry = queue_add(queue, text, length);
	if (!entry)
		return;
	entry->losses = *gap;
	*gap = 0;
}
