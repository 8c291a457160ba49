// SPDX-License-Identifier: GPL-2.0
/*
 * The ring of received bytes. See byte_ring.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "byte_ring.h"

static unsigned int place(u64 seq)
{
	return (unsigned int)(seq & (BYTE_RING_SIZE - 1));
}

void byte_ring_init(struct byte_ring *ring)
{
	ring->first = 0;
	ring->next = 0;
	ring->dropped = 0;
}

u64 byte_ring_put(struct byte_ring *ring, u8 byte)
{
	if (byte_ring_count(ring) == BYTE_RING_SIZE) {
		ring->first++;
		ring->dropped++;
	}
	ring->data[place(ring->next)] = byte;
	return ring->next++;
}

bool byte_ring_peek(const struct byte_ring *ring, u64 seq, u8 *byte)
{
	if (seq - ring->first >= byte_ring_count(ring))
		return false;
	*byte = ring->data[place(seq)];
	return true;
}

u64 byte_ring_consume(struct byte_ring *ring, u64 seq)
{
	u64 nr;

	if (seq <= ring->first)
		return 0;
	nr = base_min(seq - ring->first, byte_ring_count(ring));
	ring->first += nr;
	return nr;
}
