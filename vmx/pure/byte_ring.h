/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bytes that came over the line, each with its place in the stream since load, so that root
 * and the controller can agree which of them were consumed. When it is full the oldest byte goes
 * and is counted.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing; the caller serialises.
 */
#ifndef HVGDB_VMX_BYTE_RING_H
#define HVGDB_VMX_BYTE_RING_H

#include "arch.h"

#define BYTE_RING_SIZE 0x8000 /* a power of two, more than one packet of the protocol */

struct byte_ring {
	u64 first;   /* sequence number of the oldest byte kept */
	u64 next;    /* that the next byte will get */
	u64 dropped; /* bytes lost to overflow, unread */
	u8 data[BYTE_RING_SIZE];
};

void byte_ring_init(struct byte_ring *ring);

/* Returns the byte's sequence number. */
u64 byte_ring_put(struct byte_ring *ring, u8 byte);

/* False if that byte is gone or has not come yet. */
bool byte_ring_peek(const struct byte_ring *ring, u64 seq, u8 *byte);

/* Forgets every byte before seq; returns how many that were. */
u64 byte_ring_consume(struct byte_ring *ring, u64 seq);

static inline u64 byte_ring_count(const struct byte_ring *ring)
{
	return ring->next - ring->first;
}

#endif
