// SPDX-License-Identifier: GPL-2.0
/*
 * The producer's side of a ring of records. See record_ring.h.
 *
 * Runs in root and in user-space tests ('both'). Calls memset and memcpy.
 */
#include "record_ring.h"

_Static_assert(sizeof(struct hvgdb_record) == HVGDB_RECORD_SIZE, "the layout is the reader's too");
_Static_assert(sizeof(struct hvgdb_event) == sizeof(struct hvgdb_lost), "and has no holes");

void record_ring_init(struct record_ring *ring, u32 cpu, void *memory, u64 slots, const u64 *tail)
{
	memset(ring, 0, sizeof(*ring));
	ring->shared = memory;
	ring->record = (void *)((u8 *)memory + HVGDB_RING_HEADER);
	ring->slots = slots;
	ring->tail = tail;
	ring->cpu = cpu;
}

/* A tail that cannot be counts as one that has never moved. */
static u64 room(const struct record_ring *ring)
{
	u64 used = ring->head - __atomic_load_n(ring->tail, __ATOMIC_ACQUIRE);

	return used <= ring->slots ? ring->slots - used : 0;
}

static void publish(struct record_ring *ring)
{
	__atomic_store_n(&ring->shared->head, ring->head, __ATOMIC_RELEASE);
}

/* The last entry is for all rules that find none of their own. */
static struct hvgdb_loss *loss_of(struct record_ring *ring, u32 rule)
{
	struct hvgdb_loss *loss = ring->losses.loss;
	unsigned int i;

	for (i = 0; i < HVGDB_NR_LOSSES - 1; i++)
		if (!loss[i].count || loss[i].rule == rule)
			break;
	loss[i].rule = i < HVGDB_NR_LOSSES - 1 ? rule : 0;
	return &loss[i];
}

static void drop(struct record_ring *ring, u32 rule, u32 outputs)
{
	struct hvgdb_loss *loss = loss_of(ring, rule);

	loss->outputs |= outputs;
	loss->count++;
	ring->lost++;
	__atomic_store_n(&ring->shared->lost, ring->lost, __ATOMIC_RELAXED);
}

static struct hvgdb_record *slot(struct record_ring *ring, u64 sequence)
{
	return &ring->record[sequence & (ring->slots - 1)];
}

struct hvgdb_record *record_ring_record(struct record_ring *ring, unsigned int n, u64 tsc, u32 rule,
					u32 outputs)
{
	struct hvgdb_record *record = slot(ring, ring->begun + n);

	record->sequence = ring->begun + n;
	record->tsc = tsc;
	record->cpu = ring->cpu;
	record->flags = 0;
	record->rule = rule;
	record->outputs = outputs;
	return record;
}

static u32 lost_outputs(const struct record_ring *ring)
{
	u32 outputs = 0;
	unsigned int i;

	for (i = 0; i < HVGDB_NR_LOSSES; i++)
		outputs |= ring->losses.loss[i].outputs;
	return outputs;
}

/* There is room for it. */
static void put_lost(struct record_ring *ring, u64 tsc)
{
	struct hvgdb_record *record;

	ring->begun = ring->head;
	record = record_ring_record(ring, 0, tsc, 0, lost_outputs(ring));
	record->type = HVGDB_RECORD_LOST;
	record->lost = ring->losses;
	memset(&ring->losses, 0, sizeof(ring->losses));
	ring->told = ring->lost;
	__atomic_store_n(&ring->shared->told, ring->told, __ATOMIC_RELAXED);
	ring->head++;
}

bool record_ring_begin(struct record_ring *ring, u64 tsc, u32 rule, u32 outputs, unsigned int nr)
{
	bool gap = ring->told != ring->lost;

	if (!ring->shared)
		return false;
	if (room(ring) < nr + gap) {
		drop(ring, rule, outputs);
		return false;
	}
	if (gap)
		put_lost(ring, tsc);
	ring->begun = ring->head;
	return true;
}

void record_ring_commit(struct record_ring *ring, unsigned int nr)
{
	ring->head = ring->begun + nr;
	publish(ring);
}

bool record_ring_text(struct record_ring *ring, u64 tsc, u32 rule, u32 outputs, const char *text,
		      size_t len)
{
	unsigned int i, nr = (len + HVGDB_TEXT_SIZE - 1) / HVGDB_TEXT_SIZE;
	struct hvgdb_record *record;

	if (!record_ring_begin(ring, tsc, rule, outputs, nr))
		return false;
	for (i = 0; i < nr; i++) {
		record = record_ring_record(ring, i, tsc, rule, outputs);
		record->type = HVGDB_RECORD_TEXT;
		record->flags = i + 1 < nr ? HVGDB_RECORD_MORE : 0;
		record->text.length = base_min(len, HVGDB_TEXT_SIZE);
		memcpy(record->text.text, text, record->text.length);
		text += record->text.length;
		len -= record->text.length;
	}
	record_ring_commit(ring, nr);
	return true;
}

const struct hvgdb_record *record_ring_oldest(const struct record_ring *ring)
{
	u64 tail = __atomic_load_n(ring->tail, __ATOMIC_ACQUIRE);

	return tail == ring->head ? NULL : &ring->record[tail & (ring->slots - 1)];
}

void record_ring_tell(struct record_ring *ring, u64 tsc)
{
	if (!ring->shared || ring->told == ring->lost || !room(ring))
		return;
	put_lost(ring, tsc);
	publish(ring);
}
