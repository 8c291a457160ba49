// SPDX-License-Identifier: GPL-2.0
/* The queue of an output, and the thread that empties it. See sink.h. User space. */
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "queue.h"
#include "sink.h"

#define QUEUE_BYTES (4 << 20)
#define END_MS	    2000
#define PIECES	    64
#define WRITE_MAX   (64 << 10)
#define LOOK_MS	    100 /* how often a receiver that takes nothing is looked at */
#define RETRY_MIN   250
#define RETRY_MAX   8000

struct sink {
	struct hvgdb_output output;
	struct hvgdb_output_status *status, abandoned;
	struct format_clock clock; /* a copy: the other one is set now and then */
	pthread_t thread;

	/* Of whoever puts something in: nothing of a batch is seen before it is committed. */
	bool batch_begun;
	struct queue batch;
	uint64_t batch_gap;
	uint64_t taken, lost; /* with the batch */

	int news;	      /* an eventfd for the thread to poll */
	pthread_mutex_t lock; /* of all that follows */
	/* What the receiver does not have yet; from unwritten on it has not even been sent. */
	struct queue queue;
	struct entry *unwritten;
	uint64_t gap; /* messages that found no room since something did */
	bool ends, rotates, aside;
	uint64_t deadline;

	/* The thread's own */
	int fd;
	size_t written;	       /* bytes of *unwritten */
	uint64_t before;       /* size of the file when it was opened */
	uint64_t acknowledged; /* bytes of this connection that belong to entries that are gone */
	uint64_t sent;	       /* bytes given to this connection */
	struct hvgdb_progress progress, found;
	unsigned int retry_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void wake(struct sink *sink)
{
	eventfd_write(sink->news, 1);
}

/* Says what is missing behind all that waits. */
static void tell_gap(struct sink *sink)
{
	struct entry **end = sink->queue.end;

	queue_tell_gap(&sink->queue, &sink->gap, &sink->clock, sink->output.format);
	if (sink->unwritten || !*end)
		return;
	sink->unwritten = *end;
	wake(sink);
}

static void begin_batch(struct sink *sink)
{
	if (sink->batch_begun)
		return;
	sink->batch_begun = true;
	pthread_mutex_lock(&sink->lock);
	queue_init(&sink->batch, QUEUE_BYTES - sink->queue.bytes);
	if (sink->queue.bytes > QUEUE_BYTES)
		sink->batch.limit = 0;
	sink->batch_gap = sink->gap;
	sink->gap = 0;
	pthread_mutex_unlock(&sink->lock);
}

/* NULL: there is no room, or something is missing already at this place. */
static struct entry *put(struct sink *sink, const char *bytes, size_t length)
{
	begin_batch(sink);
	queue_tell_gap(&sink->batch, &sink->batch_gap, &sink->clock, sink->output.format);
	return sink->batch_gap ? NULL : queue_add(&sink->batch, bytes, length);
}

void sink_put(struct sink *sink, const char *bytes, size_t length)
{
	struct entry *entry = put(sink, bytes, length);

	sink->taken++;
	if (entry) {
		entry->messages = 1;
	} else {
		sink->batch_gap++;
		sink->lost++;
	}
}

void sink_put_loss(struct sink *sink, const char *bytes, size_t length, uint64_t count)
{
	struct entry *entry = put(sink, bytes, length);

	sink->taken += count;
	sink->lost += count;
	if (entry)
		entry->losses = count;
	else
		sink->batch_gap += count;
}

uint64_t sink_taken(const struct sink *sink)
{
	return sink->taken;
}

void sink_commit(struct sink *sink)
{
	struct entry *first = sink->batch.first;

	if (!sink->batch_begun)
		return;
	sink->batch_begun = false;
	pthread_mutex_lock(&sink->lock);
	sink->status->taken = sink->taken;
	sink->status->lost = sink->lost;
	sink->gap = sink->batch_gap;
	queue_move(&sink->queue, &sink->batch);
	if (!sink->unwritten && first) {
		sink->unwritten = first;
		wake(sink);
	}
	pthread_mutex_unlock(&sink->lock);
}

void sink_rotate(struct sink *sink, bool aside)
{
	pthread_mutex_lock(&sink->lock);
	sink->rotates = true;
	sink->aside = aside;
	wake(sink);
	pthread_mutex_unlock(&sink->lock);
}

/* From here on the thread. It holds the lock but while it writes, connects and sleeps. */

static void set_state(struct sink *sink, enum hvgdb_output_state state, int error)
{
	sink->status->state = state;
	sink->status->error = error;
}

static bool is_over(const struct sink *sink)
{
	return sink->ends && (!sink->queue.first || now_ms() >= sink->deadline);
}

/* Waits for events of the other end, and for news if asked to; what happened at the other end. */
static short await(struct sink *sink, short events, bool news, int ms)
{
	struct pollfd wait[] = {
		{ .fd = sink->fd, .events = events },
		{ .fd = news ? sink->news : -1, .events = POLLIN },
	};
	eventfd_t count;

	pthread_mutex_unlock(&sink->lock);
	poll(wait, ARRAY_SIZE(wait), ms);
	if (wait[1].revents)
		eventfd_read(sink->news, &count);
	pthread_mutex_lock(&sink->lock);
	return wait[0].revents;
}

static void nap(struct sink *sink, int ms)
{
	uint64_t until = now_ms() + ms, now;

	while (!sink->ends && (now = now_ms()) < until)
		await(sink, 0, true, until - now);
}

/* What the receiver's kernel has not acknowledged; elsewhere a written byte is a received one. */
static uint64_t unacknowledged(const struct sink *sink)
{
	int bytes = 0;

	if (sink->output.kind == HVGDB_OUTPUT_TCP)
		ioctl(sink->fd, SIOCOUTQ, &bytes);
	return bytes;
}

/* Whatever happens to us, the next controller finds this or what was before. */
static void publish(struct sink *sink, size_t writing)
{
	uint32_t at = !sink->status->progress_at;

	sink->progress.end = sink->before + sink->acknowledged;
	sink->progress.intended = sink->before + sink->sent + writing;
	sink->status->progress[at] = sink->progress;
	__atomic_store_n(&sink->status->progress_at, at, __ATOMIC_RELEASE);
}

/* Entries that have arrived as a whole are done with. */
static void settle(struct sink *sink)
{
	uint64_t there = sink->sent - unacknowledged(sink);
	const struct entry *entry;

	while ((entry = sink->queue.first) && entry != sink->unwritten &&
	       sink->acknowledged + entry->length <= there) {
		sink->acknowledged += entry->length;
		sink->progress.sent += entry->messages;
		sink->progress.told += entry->losses;
		queue_drop_first(&sink->queue);
	}
	publish(sink, 0);
}

static void disconnect(struct sink *sink, int error)
{
	settle(sink);
	close(sink->fd);
	sink->fd = -1;
	if (sink->queue.first && sink->queue.first->prologue)
		queue_drop_first(&sink->queue);
	/* The next receiver gets whole lines, from the first on that this one does not have. */
	sink->unwritten = sink->queue.first;
	sink->written = 0;
	set_state(sink, HVGDB_STATE_WAITING, error);
}

/* What a stream begins with goes out before all that waits. */
static void put_prologue(struct sink *sink)
{
	char text[FORMAT_MAX];
	size_t length = format_prologue(sink->output.format, text);
	struct entry *entry = length ? queue_add_first(&sink->queue, text, length) : NULL;

	if (!entry)
		return;
	entry->prologue = true;
	sink->unwritten = entry;
}

static int open_it(struct sink *sink, bool *begins)
{
	const struct hvgdb_output *output = &sink->output;
	int fd;

	*begins = true;
	pthread_mutex_unlock(&sink->lock);
	if (output->kind == HVGDB_OUTPUT_FILE)
		fd = sink_open_file(output->address, output->format, &sink->found, begins);
	else
		fd = sink_connect(output->kind, output->address);
	pthread_mutex_lock(&sink->lock);
	return fd;
}

static void begin(struct sink *sink)
{
	bool begins;
	int fd = open_it(sink, &begins);

	if (fd < 0) {
		set_state(sink, HVGDB_STATE_WAITING, -fd);
		sink->retry_ms = sink->retry_ms ? 2 * sink->retry_ms : RETRY_MIN;
		if (sink->retry_ms > RETRY_MAX)
			sink->retry_ms = RETRY_MAX;
		nap(sink, sink->retry_ms);
		return;
	}
	sink->fd = fd;
	sink->found = (struct hvgdb_progress){ 0 };
	sink->sent = sink->acknowledged = 0;
	sink->before = sink->output.kind == HVGDB_OUTPUT_FILE ? lseek(fd, 0, SEEK_END) : 0;
	sink->retry_ms = 0;
	set_state(sink, HVGDB_STATE_OPEN, 0);
	if (begins)
		put_prologue(sink);
}

static void finish_file(struct sink *sink)
{
	const char *epilogue = format_epilogue(sink->output.format);

	if (!sink->written && *epilogue && write(sink->fd, epilogue, strlen(epilogue)) < 0)
		set_state(sink, HVGDB_STATE_FAILED, errno);
}

static void rotate(struct sink *sink)
{
	sink->rotates = false;
	if (sink->fd < 0 || sink->output.kind != HVGDB_OUTPUT_FILE)
		return;
	finish_file(sink);
	if (sink->aside)
		sink_move_aside(sink->output.address, sink->fd);
	close(sink->fd);
	sink->fd = -1;
}

/* Waits until the receiver takes something or is gone; 0, or an errno. */
static int await_receiver(struct sink *sink)
{
	short events = await(sink, POLLOUT | POLLRDHUP, false, LOOK_MS);

	return events & (POLLERR | POLLHUP | POLLRDHUP) ? EPIPE : 0;
}

/* Several entries in one call; as many as go into a FIFO as a whole or not at all. */
static unsigned int gather(const struct sink *sink, struct iovec *piece, size_t *total)
{
	size_t limit = sink->output.kind == HVGDB_OUTPUT_PIPE ? PIPE_BUF : WRITE_MAX;
	struct entry *entry = sink->unwritten;
	unsigned int nr;

	*total = 0;
	for (nr = 0; entry && nr < PIECES; nr++, entry = entry->next) {
		size_t skip = nr ? 0 : sink->written;

		if (nr && *total + entry->length > limit)
			break;
		piece[nr] = (struct iovec){ entry->bytes + skip, entry->length - skip };
		*total += entry->length - skip;
	}
	return nr;
}

static void account(struct sink *sink, size_t n)
{
	sink->sent += n;
	sink->written += n;
	while (sink->unwritten && sink->written >= sink->unwritten->length) {
		sink->written -= sink->unwritten->length;
		sink->unwritten = sink->unwritten->next;
	}
	settle(sink);
}

/* 0, or an errno of the receiver's end. */
static int write_some(struct sink *sink)
{
	struct iovec piece[PIECES];
	size_t total;
	unsigned int nr = gather(sink, piece, &total);
	ssize_t n;
	int error;

	publish(sink, total);
	pthread_mutex_unlock(&sink->lock);
	n = writev(sink->fd, piece, nr);
	error = n < 0 ? errno : 0;
	pthread_mutex_lock(&sink->lock);
	if (error == EAGAIN)
		return await_receiver(sink);
	if (n < 0)
		return error == EINTR ? 0 : error;
	account(sink, n);
	return 0;
}

/* Nothing to write: a gap at the end is told of, and what is on its way is waited for. */
static int stand_by(struct sink *sink)
{
	short events;

	tell_gap(sink);
	if (sink->unwritten)
		return 0;
	settle(sink);
	if (is_over(sink) || sink->rotates)
		return 0;
	/* A receiver that has everything says nothing more; one that acknowledges does not either.
	 */
	events = await(sink, POLLRDHUP, true, sink->queue.first || sink->ends ? LOOK_MS : 60000);
	return events & (POLLERR | POLLHUP | POLLRDHUP) ? EPIPE : 0;
}

/* A full disk may have room again: what has been written of a line stays. */
static void trouble(struct sink *sink, int error)
{
	if (sink->output.kind != HVGDB_OUTPUT_FILE) {
		disconnect(sink, error);
		return;
	}
	set_state(sink, HVGDB_STATE_FAILED, error);
	nap(sink, RETRY_MAX);
}

static void *work(void *arg)
{
	struct sink *sink = arg;
	int error;

	pthread_mutex_lock(&sink->lock);
	while (!is_over(sink)) {
		if (sink->rotates && !sink->written)
			rotate(sink);
		if (sink->fd < 0) {
			begin(sink);
			continue;
		}
		error = sink->unwritten ? write_some(sink) : stand_by(sink);
		if (error)
			trouble(sink, error);
		else if (sink->status->state == HVGDB_STATE_FAILED)
			set_state(sink, HVGDB_STATE_OPEN, 0);
	}
	if (sink->fd >= 0) {
		finish_file(sink);
		settle(sink);
		close(sink->fd);
	}
	set_state(sink, HVGDB_STATE_CLOSED, 0);
	pthread_mutex_unlock(&sink->lock);
	return NULL;
}

/* What an earlier controller took and never delivered is lost. */
static void adopt(struct sink *sink)
{
	struct hvgdb_output_status *status = sink->status;

	if (status->serial != sink->output.serial)
		*status = (struct hvgdb_output_status){ .serial = sink->output.serial };
	status->progress_at &= 1;
	sink->found = sink->progress = status->progress[status->progress_at];
	sink->taken = status->taken;
	sink->lost = status->lost = status->taken - sink->progress.sent;
	sink->gap = sink->lost - sink->progress.told;
}

struct sink *sink_open(const struct hvgdb_output *output, struct hvgdb_output_status *status,
		       const struct format_clock *clock)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->output = *output;
	sink->output.address[HVGDB_ADDRESS_SIZE - 1] = 0;
	sink->status = status;
	sink->clock = *clock;
	queue_init(&sink->queue, QUEUE_BYTES);
	sink->fd = -1;
	sink->news = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&sink->lock, NULL);
	adopt(sink);
	set_state(sink, HVGDB_STATE_WAITING, 0);
	if (sink->news >= 0 && !pthread_create(&sink->thread, NULL, work, sink))
		return sink;
	free(sink);
	return NULL;
}

void sink_tell_end(struct sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	tell_gap(sink);
	sink->ends = true;
	sink->deadline = now_ms() + END_MS;
	wake(sink);
	pthread_mutex_unlock(&sink->lock);
}

/* A thread that hangs in the kernel (a dead file server) is left to itself, with its memory. */
void sink_end(struct sink *sink)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2 * END_MS / 1000;
	if (pthread_timedjoin_np(sink->thread, NULL, &until)) {
		pthread_mutex_lock(&sink->lock);
		sink->status = &sink->abandoned;
		pthread_mutex_unlock(&sink->lock);
		return;
	}
	while (sink->queue.first) {
		sink->status->lost += sink->queue.first->messages;
		queue_drop_first(&sink->queue);
	}
	close(sink->news);
	free(sink);
}
