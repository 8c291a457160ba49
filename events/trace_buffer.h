/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tracepoints collected: a ring of frames for each CPU, in memory that was there before. A CPU
 * writes to its own ring only; all rings are read as one list, in the order of the TSC, while no
 * CPU writes. Runs in VMX root and in user space; calls nothing.
 */
#ifndef HVGDB_EVENTS_TRACE_BUFFER_H
#define HVGDB_EVENTS_TRACE_BUFFER_H

#include "base.h"

#define TRACE_CPUS  256
#define TRACE_BLOCK 65535 /* bytes of one block: more does not fit a trace file */

/* Letters of gdb's trace files. */
enum trace_kind {
	TRACE_REGS = 'R',   /* key is a bit for each register; their values, packed */
	TRACE_MEMORY = 'M', /* key is the address */
	TRACE_VALUE = 'V',  /* key is the number of a trace state variable; 8 bytes */
};

/* Positions count bytes since the ring was cleared; where they lie follows from the size. */
struct trace_ring {
	u8 *memory;
	u64 size;		   /* a power of two, or 0: nothing fits */
	u64 tail;		   /* the oldest frame */
	u64 head;		   /* behind the newest */
	u64 end;		   /* behind what is being written */
	u64 block;		   /* the block being written */
	u64 last;		   /* bytes of the newest frame */
	u64 frames, created, lost; /* there, ever finished, and without room */
	u64 limit;		   /* of the bytes in use; the user may want less than there is */
	bool circular;		   /* the oldest give way */
	bool writing, full;
};

struct trace_frame {
	u64 number;
	unsigned int cpu;
	u64 pos, size; /* of its blocks */
	u16 point;     /* number of the tracepoint */
	u64 tsc, pc;
};

struct trace_block {
	u8 kind; /* enum trace_kind */
	u64 key;
	u64 pos; /* of the bytes; 0 in a block that asks for the first one */
	u32 len;
	u64 next;
};

/* All rings, and the place of the last reader: going on from there is cheap. */
struct trace_buffer {
	struct trace_ring *rings;
	unsigned int cpus;
	u64 number;	     /* of the frame that comes next */
	u64 pos[TRACE_CPUS]; /* of each ring's next frame */
	u64 created;	     /* when this was last looked at: a change starts it anew */
};

/* Uses as much of size as a power of two allows. */
void trace_ring_init(struct trace_ring *ring, u8 *memory, u64 size);
void trace_ring_clear(struct trace_ring *ring);

/*
 * One frame: begin, blocks, end. A block that does not fit spoils the frame, and end throws it away
 * and counts it as lost (false). Nothing is seen of a frame before its end.
 */
void trace_begin(struct trace_ring *ring, u16 point, u64 tsc, u64 pc);
void trace_block_begin(struct trace_ring *ring, u8 kind);
void trace_block_add(struct trace_ring *ring, const void *bytes, size_t len);
/* A block without bytes is taken back. */
void trace_block_end(struct trace_ring *ring, u64 key);
bool trace_end(struct trace_ring *ring);

void trace_buffer_init(struct trace_buffer *buffer, struct trace_ring *rings, unsigned int cpus);
void trace_buffer_clear(struct trace_buffer *buffer);
/* limit 0: all that there is. */
void trace_buffer_configure(struct trace_buffer *buffer, bool circular, u64 limit);

/* Sums over all rings. */
struct trace_usage {
	u64 frames, created, lost, size, free;
};

void trace_buffer_usage(const struct trace_buffer *buffer, struct trace_usage *usage);

/* The frame of that number, counted from the oldest that is there. False: not as many. */
bool trace_find(struct trace_buffer *buffer, u64 number, struct trace_frame *frame);

/* The block behind the one in *block; the first if that is all zero. False behind the last. */
bool trace_next_block(const struct trace_buffer *buffer, const struct trace_frame *frame,
		      struct trace_block *block);
/* offset + len is within the block. */
void trace_copy(const struct trace_buffer *buffer, const struct trace_frame *frame,
		const struct trace_block *block, u32 offset, void *out, size_t len);

#endif
