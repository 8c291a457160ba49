/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The producer's side of one CPU's ring of records (kmod/uapi/hvgdb_ring.h): room, order, and the
 * account of what was dropped. Nothing that the reader writes is believed.
 *
 * Runs in root and in user-space tests ('both'). Calls memset and memcpy; one CPU writes, one
 * reader reads.
 */
#ifndef HVGDB_VMX_RECORD_RING_H
#define HVGDB_VMX_RECORD_RING_H

#include "arch.h"
#include "uapi/hvgdb_ring.h"

struct record_ring {
	struct hvgdb_ring *shared;   /* NULL: there is no ring, everything is dropped */
	struct hvgdb_record *record; /* slots of them */
	u64 slots;		     /* a power of two */
	const u64 *tail;	     /* the reader's word */
	u32 cpu;
	u64 head;  /* root's own copy: shared->head is for the reader */
	u64 begun; /* where the message at hand begins */
	u64 lost, told;
	struct hvgdb_lost losses; /* since the last record of type HVGDB_RECORD_LOST */
};

/* memory holds a struct hvgdb_ring, HVGDB_RING_HEADER bytes in all, and the records. */
void record_ring_init(struct record_ring *ring, u32 cpu, void *memory, u64 slots, const u64 *tail);

/*
 * Begins a message of nr records. False if there is no room for it: then it is counted as lost.
 * The records are nobody's until record_ring_commit().
 */
bool record_ring_begin(struct record_ring *ring, u64 tsc, u32 rule, u32 outputs, unsigned int nr);

/* The n-th record of the message that was begun, with all of its head filled in but the type. */
struct hvgdb_record *record_ring_record(struct record_ring *ring, unsigned int n, u64 tsc, u32 rule,
					u32 outputs);

/* A text as one message of as many records as it needs; false if it found no room. */
bool record_ring_text(struct record_ring *ring, u64 tsc, u32 rule, u32 outputs, const char *text,
		      size_t len);

/* Gives the reader what was begun. */
void record_ring_commit(struct record_ring *ring, unsigned int nr);

/* Where root is the reader itself: the record at the tail, NULL if there is none. */
const struct hvgdb_record *record_ring_oldest(const struct record_ring *ring);

/* Tells of losses now, if there are any and there is room, without waiting for a message. */
void record_ring_tell(struct record_ring *ring, u64 tsc);

#endif
