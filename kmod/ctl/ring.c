// SPDX-License-Identifier: GPL-2.0
/* The reader's side of the rings. See ring.h. User space. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "ring.h"

/* From the moment that a record names to the moment it is in the ring, at most. */
#define UNRIPE_MS 1

static const struct hvgdb_ring *ring_of(const struct ring *ring, uint32_t i)
{
	const char *area = (const char *)ring->area;

	return (const void *)(area + ring->area->ring_offset + i * ring->area->ring_stride);
}

static const struct hvgdb_record *record_at(const struct ring *ring, uint32_t i, uint64_t sequence)
{
	const char *records = (const char *)ring_of(ring, i) + HVGDB_RING_HEADER;

	return (const struct hvgdb_record *)records + (sequence & (ring->area->slots - 1));
}

static void move_cursors(struct ring *ring)
{
	for (uint32_t i = 0; i < ring->area->nr_rings; i++)
		__atomic_store_n(&ring->reader->cursor[i].tail, ring->next[i], __ATOMIC_RELEASE);
}

/* Where the account of the last reader ends. A place that cannot be is not believed. */
static void go_on(struct ring *ring)
{
	const struct hvgdb_account *account = &ring->reader->account[ring->reader->account_at & 1];

	ring->reader->account_at &= 1;
	for (uint32_t i = 0; i < ring->area->nr_rings; i++) {
		uint64_t head = __atomic_load_n(&ring_of(ring, i)->head, __ATOMIC_ACQUIRE);

		ring->next[i] = ring->reader->cursor[i].tail;
		if (head - account->tail[i] <= head - ring->next[i])
			ring->next[i] = account->tail[i];
		ring->head[i] = ring->next[i];
	}
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (ring->reader->output[i].serial == account->output[i].serial)
			ring->reader->output[i].taken = account->output[i].taken;
	move_cursors(ring);
}

static int map(struct ring *ring, const struct hvgdb_ring_claim *claim)
{
	void *area =
		mmap(NULL, claim->rings_size, PROT_READ, MAP_SHARED, ring->device, HVGDB_MAP_RINGS);
	void *reader = mmap(NULL, claim->reader_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    ring->device, HVGDB_MAP_READER);

	if (area == MAP_FAILED || reader == MAP_FAILED)
		return errno;
	ring->rings_size = claim->rings_size;
	ring->reader_size = claim->reader_size;
	ring->area = area;
	ring->reader = reader;
	go_on(ring);
	return 0;
}

int ring_open(struct ring *ring, int device, uint32_t *holder)
{
	struct hvgdb_ring_claim claim = { .size = sizeof(claim), .version = HVGDB_RING_VERSION };

	*ring = (struct ring){ .device = device };
	if (ioctl(device, HVGDB_RING, &claim)) {
		*holder = claim.holder;
		return errno;
	}
	return map(ring, &claim);
}

void ring_close(struct ring *ring)
{
	munmap((void *)ring->area, ring->rings_size);
	munmap(ring->reader, ring->reader_size);
	close(ring->device);
}

void ring_claim(struct ring *ring)
{
	uint32_t holder = 0;
	int error = ring_open(ring, device_open(), &holder);

	if (error == EBUSY)
		fail(EXIT_FAILED, "process %u reads the events already, and there can be one",
		     holder);
	if (error == EPROTO)
		fail(EXIT_FAILED, "hvgdbctl and the loaded module are of different versions");
	if (error)
		fail(EXIT_FAILED, "the rings cannot be read: %s", strerror(error));
}

void ring_refresh(struct ring *ring)
{
	uint64_t ripe = __rdtsc() - UNRIPE_MS * ring->area->tsc_khz;

	for (uint32_t i = 0; i < ring->area->nr_rings; i++) {
		uint64_t head = __atomic_load_n(&ring_of(ring, i)->head, __ATOMIC_ACQUIRE);

		/* An older one of another CPU may still be on its way. */
		while (head != ring->next[i] && record_at(ring, i, head - 1)->tsc > ripe)
			head--;
		ring->head[i] = head;
	}
}

static bool is_oldest(const struct ring *ring, uint32_t i, const struct hvgdb_record *oldest)
{
	return ring->next[i] != ring->head[i] &&
	       (!oldest || record_at(ring, i, ring->next[i])->tsc < oldest->tsc);
}

/* Its records lie one behind the other, and came all at once. */
static void take(struct ring *ring, uint32_t i, struct message *message)
{
	const struct hvgdb_record *record;
	size_t length;

	message->record = record_at(ring, i, ring->next[i]);
	message->length = 0;
	do {
		record = record_at(ring, i, ring->next[i]++);
		if (record->type != HVGDB_RECORD_TEXT)
			return;
		length = record->text.length;
		if (length > HVGDB_TEXT_SIZE || length > MESSAGE_TEXT_MAX - message->length)
			length = 0;
		memcpy(message->text + message->length, record->text.text, length);
		message->length += length;
	} while (record->flags & HVGDB_RECORD_MORE && ring->next[i] != ring->head[i]);
}

bool ring_next(struct ring *ring, struct message *message)
{
	const struct hvgdb_record *oldest = NULL;
	uint32_t from = 0;

	for (uint32_t i = 0; i < ring->area->nr_rings; i++) {
		if (!is_oldest(ring, i, oldest))
			continue;
		oldest = record_at(ring, i, ring->next[i]);
		from = i;
	}
	if (oldest)
		take(ring, from, message);
	return oldest;
}

static struct hvgdb_account *account_to_be(const struct ring *ring)
{
	return &ring->reader->account[!ring->reader->account_at];
}

void ring_account(struct ring *ring, unsigned int output, uint32_t serial, uint64_t taken)
{
	account_to_be(ring)->output[output].serial = serial;
	account_to_be(ring)->output[output].taken = taken;
}

void ring_done(struct ring *ring)
{
	memcpy(account_to_be(ring)->tail, ring->next, ring->area->nr_rings * sizeof(ring->next[0]));
	__atomic_store_n(&ring->reader->account_at, !ring->reader->account_at, __ATOMIC_RELEASE);
	move_cursors(ring);
}
