/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings of /dev/hvgdb as their one reader sees them: messages of all CPUs in the order in which
 * they happened. User space.
 */
#ifndef HVGDB_CTL_RING_H
#define HVGDB_CTL_RING_H

#include "ctl.h"

struct ring {
	int device;
	uint64_t rings_size, reader_size;
	const struct hvgdb_area *area;
	struct hvgdb_reader *reader;
	uint64_t next[HVGDB_MAX_RINGS], head[HVGDB_MAX_RINGS];
};

/* What is longest: a text of several records. */
#define MESSAGE_TEXT_MAX 4096

struct message {
	const struct hvgdb_record *record; /* its first; good until ring_done() */
	size_t length;			   /* of text */
	char text[MESSAGE_TEXT_MAX];
};

/*
 * Makes this process the reader. 0, or an errno: EBUSY, and *holder is the process that reads;
 * EPROTO, the module is of another version.
 */
int ring_open(struct ring *ring, int device, uint32_t *holder);

/* The same, or the end with a sentence. */
void ring_claim(struct ring *ring);

/* Looks what is there. To be followed by ring_next() until it says false. */
void ring_refresh(struct ring *ring);

/* The oldest message that was there at the last ring_refresh(). */
bool ring_next(struct ring *ring, struct message *message);

/* Another process may read from here on. */
void ring_close(struct ring *ring);

/*
 * All that was given out is dealt with: the output with this serial has taken so many messages so
 * far, and the records may be overwritten. A reader that is killed before ring_done() leaves all of
 * it to the next one, as if nothing had been given out.
 */
void ring_account(struct ring *ring, unsigned int output, uint32_t serial, uint64_t taken);
void ring_done(struct ring *ring);

#endif
