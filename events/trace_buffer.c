// SPDX-License-Identifier: GPL-2.0
/* See trace_buffer.h. Runs in VMX root and in user space; calls nothing. */
#include "trace_buffer.h"

/* What stands in the ring, in front of a frame's blocks and of a block's bytes. */
struct trace_frame_head {
	u64 size; /* with this */
	u64 tsc, pc;
	u16 point;
};

struct trace_block_head {
	u64 key;
	u32 len;
	u8 kind;
};

static void trace_ring_write(struct trace_ring *ring, u64 pos, const void *bytes, size_t len)
{
	u64 at = pos & (ring->size - 1);
	size_t first = base_min(len, ring->size - at);

	memcpy(ring->memory + at, bytes, first);
	memcpy(ring->memory, (const u8 *)bytes + first, len - first);
}

static void trace_ring_read(const struct trace_ring *ring, u64 pos, void *bytes, size_t len)
{
	u64 at = pos & (ring->size - 1);
	size_t first = base_min(len, ring->size - at);

	memcpy(bytes, ring->memory + at, first);
	memcpy((u8 *)bytes + first, ring->memory, len - first);
}

void trace_ring_init(struct trace_ring *ring, u8 *memory, u64 size)
{
	memset(ring, 0, sizeof(*ring));
	ring->memory = memory;
	if (!size)
		return;
	for (ring->size = 1; ring->size <= size / 2;)
		ring->size *= 2;
	ring->limit = ring->size;
}

void trace_ring_clear(struct trace_ring *ring)
{
	ring->tail = 0;
	ring->head = 0;
	ring->frames = 0;
	ring->created = 0;
	ring->lost = 0;
	ring->writing = false;
	ring->full = false;
}

static void trace_drop_oldest(struct trace_ring *ring)
{
	struct trace_frame_head head;

	trace_ring_read(ring, ring->tail, &head, sizeof(head));
	ring->tail += head.size;
	ring->frames--;
}

static void trace_append(struct trace_ring *ring, const void *bytes, size_t len)
{
	if (!ring->writing || ring->full)
		return;
	while (ring->circular && ring->frames && ring->end + len - ring->tail > ring->limit)
		trace_drop_oldest(ring);
	ring->full = ring->end + len - ring->tail > ring->limit;
	if (ring->full)
		return;
	trace_ring_write(ring, ring->end, bytes, len);
	ring->end += len;
}

void trace_begin(struct trace_ring *ring, u16 point, u64 tsc, u64 pc)
{
	struct trace_frame_head head = { .point = point, .tsc = tsc, .pc = pc };

	ring->writing = true;
	ring->full = false;
	ring->end = ring->head;
	trace_append(ring, &head, sizeof(head));
}

void trace_block_begin(struct trace_ring *ring, u8 kind)
{
	struct trace_block_head head = { .kind = kind };

	ring->block = ring->end;
	trace_append(ring, &head, sizeof(head));
}

void trace_block_add(struct trace_ring *ring, const void *bytes, size_t len)
{
	trace_append(ring, bytes, len);
}

void trace_block_end(struct trace_ring *ring, u64 key)
{
	struct trace_block_head head;

	if (!ring->writing || ring->full)
		return;
	trace_ring_read(ring, ring->block, &head, sizeof(head));
	head.key = key;
	head.len = ring->end - ring->block - sizeof(head);
	if (head.len)
		trace_ring_write(ring, ring->block, &head, sizeof(head));
	else
		ring->end = ring->block;
}

bool trace_end(struct trace_ring *ring)
{
	struct trace_frame_head head;

	if (!ring->writing)
		return false;
	ring->writing = false;
	if (ring->full) {
		ring->lost++;
		return false;
	}
	trace_ring_read(ring, ring->head, &head, sizeof(head));
	head.size = ring->end - ring->head;
	trace_ring_write(ring, ring->head, &head, sizeof(head));
	ring->head = ring->end;
	ring->last = head.size;
	ring->frames++;
	ring->created++;
	return true;
}

void trace_buffer_init(struct trace_buffer *buffer, struct trace_ring *rings, unsigned int cpus)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->rings = rings;
	buffer->cpus = base_min(cpus, TRACE_CPUS);
}

static void trace_rewind(struct trace_buffer *buffer)
{
	unsigned int cpu;

	buffer->number = 0;
	for (cpu = 0; cpu < buffer->cpus; cpu++)
		buffer->pos[cpu] = buffer->rings[cpu].tail;
}

void trace_buffer_clear(struct trace_buffer *buffer)
{
	unsigned int cpu;

	for (cpu = 0; cpu < buffer->cpus; cpu++)
		trace_ring_clear(&buffer->rings[cpu]);
	buffer->created = 0;
	trace_rewind(buffer);
}

void trace_buffer_configure(struct trace_buffer *buffer, bool circular, u64 limit)
{
	struct trace_ring *ring;
	unsigned int cpu;

	for (cpu = 0; cpu < buffer->cpus; cpu++) {
		ring = &buffer->rings[cpu];
		ring->circular = circular;
		ring->limit = limit ? base_min(limit, ring->size) : ring->size;
	}
}

void trace_buffer_usage(const struct trace_buffer *buffer, struct trace_usage *usage)
{
	const struct trace_ring *ring;
	unsigned int cpu;
	u64 used;

	memset(usage, 0, sizeof(*usage));
	for (cpu = 0; cpu < buffer->cpus; cpu++) {
		ring = &buffer->rings[cpu];
		used = ring->head - ring->tail;
		usage->frames += ring->frames;
		usage->created += ring->created;
		usage->lost += ring->lost;
		usage->size += ring->limit;
		usage->free += used < ring->limit ? ring->limit - used : 0;
	}
}

/* The ring whose next frame is the oldest of all; of equals the lower CPU's. */
static bool trace_next(const struct trace_buffer *buffer, unsigned int *next,
		       struct trace_frame_head *head)
{
	struct trace_frame_head other;
	bool found = false;
	unsigned int cpu;

	for (cpu = 0; cpu < buffer->cpus; cpu++) {
		if (buffer->pos[cpu] == buffer->rings[cpu].head)
			continue;
		trace_ring_read(&buffer->rings[cpu], buffer->pos[cpu], &other, sizeof(other));
		if (found && other.tsc >= head->tsc)
			continue;
		*head = other;
		*next = cpu;
		found = true;
	}
	return found;
}

/* Another frame was written, or one had to give way: numbers mean other frames than before. */
static bool trace_changed(struct trace_buffer *buffer)
{
	u64 created = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < buffer->cpus; cpu++)
		created += buffer->rings[cpu].created + buffer->rings[cpu].lost;
	if (created == buffer->created)
		return false;
	buffer->created = created;
	return true;
}

static void trace_fill(const struct trace_buffer *buffer, unsigned int cpu,
		       const struct trace_frame_head *head, struct trace_frame *frame)
{
	frame->number = buffer->number;
	frame->cpu = cpu;
	frame->pos = buffer->pos[cpu] + sizeof(*head);
	frame->size = head->size - sizeof(*head);
	frame->point = head->point;
	frame->tsc = head->tsc;
	frame->pc = head->pc;
}

bool trace_find(struct trace_buffer *buffer, u64 number, struct trace_frame *frame)
{
	struct trace_frame_head head = { 0 };
	unsigned int cpu = 0;

	if (trace_changed(buffer) || number < buffer->number)
		trace_rewind(buffer);
	for (;;) {
		if (!trace_next(buffer, &cpu, &head))
			return false;
		if (buffer->number == number)
			break;
		buffer->pos[cpu] += head.size;
		buffer->number++;
	}
	trace_fill(buffer, cpu, &head, frame);
	return true;
}

bool trace_next_block(const struct trace_buffer *buffer, const struct trace_frame *frame,
		      struct trace_block *block)
{
	u64 pos = block->next ? block->next : frame->pos;
	struct trace_block_head head;

	if (pos == frame->pos + frame->size)
		return false;
	trace_ring_read(&buffer->rings[frame->cpu], pos, &head, sizeof(head));
	block->kind = head.kind;
	block->key = head.key;
	block->len = head.len;
	block->pos = pos + sizeof(head);
	block->next = block->pos + head.len;
	return true;
}

void trace_copy(const struct trace_buffer *buffer, const struct trace_frame *frame,
		const struct trace_block *block, u32 offset, void *out, size_t len)
{
	trace_ring_read(&buffer->rings[frame->cpu], block->pos + offset, out, len);
}
