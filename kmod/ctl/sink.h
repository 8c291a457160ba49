/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One output: a bounded queue, and a thread that brings it to a file, a FIFO or a socket. Whoever
 * puts something in never waits; what finds no room is counted, and told of in the stream as soon
 * as there is room. User space.
 */
#ifndef HVGDB_CTL_SINK_H
#define HVGDB_CTL_SINK_H

#include "format.h"

struct sink;

/*
 * Begins to forward. status is in the reader's page and goes on from what an earlier controller
 * left there about the same output: what that one had taken and not delivered counts as lost.
 * NULL if there is no memory.
 */
struct sink *sink_open(const struct hvgdb_output *output, struct hvgdb_output_status *status,
		       const struct format_clock *clock);

/*
 * What is put in goes nowhere before sink_commit(): in between the caller notes that it has taken
 * sink_taken() messages for this output. One message, in the output's format.
 */
void sink_put(struct sink *sink, const char *bytes, size_t length);

/* What is to be said about count messages that a ring has lost. */
void sink_put_loss(struct sink *sink, const char *bytes, size_t length, uint64_t count);

uint64_t sink_taken(const struct sink *sink);
void sink_commit(struct sink *sink);

/* A file is opened anew; aside: what is under its name now gets a number behind it. */
void sink_rotate(struct sink *sink, bool aside);

/* Ends it: what is queued has two seconds to go out. Several can be told before they are ended. */
void sink_tell_end(struct sink *sink);
void sink_end(struct sink *sink);

/* sink_open.c: the other end. A descriptor that does not block, or -errno. */
int sink_connect(enum hvgdb_output_kind kind, const char *address);
/*
 * A file that goes on where an earlier one ended; *empty: it needs a prologue. What lies between
 * found->end and found->intended was never counted as sent, and goes.
 */
int sink_open_file(const char *path, enum hvgdb_output_format format,
		   const struct hvgdb_progress *found, bool *empty);
/* PATH.1, PATH.2 ...: the first that there is none of. */
void sink_move_aside(const char *path, int file);

#endif
