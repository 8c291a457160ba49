// SPDX-License-Identifier: GPL-2.0
/* The queue of an output, and the thread that empties it. See sink.h. User space. */
#include <errno.h>
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

#include "sink.h"

#define QUEUE_BYTES (4 << 20)
#define END_MS	    2000
#define PIECES	    64
#define LOOK_MS	    100 /* how often a receiver that takes nothing is looked at */
#define RETRY_MIN   250
#define RETRY_MAX   8000

struct entry {
	struct entry *next;
	size_t length;
	bool counts; /* a message, not what is said about lost ones */
	bool prologue;
	char bytes[];
};

struct sink {
	struct hvgdb_output output;
	struct hvgdb_output_status *status, abandoned;
	struct format_clock clock; /* a copy: the other one is set now and then */
	pthread_t thread;

	int news;	      /* an eventfd for the thread to poll */
	pthread_mutex_t lock; /* of all that follows */
	/* What the receiver does not have yet; from unwritten on it has not even been sent. */
	struct entry *first, **end, *unwritten;
	size_t bytes;
	uint64_t gap; /* messages that found no room since something did */
	bool ends, rotates, aside;
	uint64_t deadline;

	/* The thread's own */
	int fd;
	size_t written;	       /* bytes of *unwritten */
	uint64_t acknowledged; /* bytes of this connection that belong to entries that are gone */
	uint64_t sent;	       /* bytes given to this connection */
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

static struct entry *new_entry(struct sink *sink, const char *bytes, size_t length)
{
	struct entry *entry = malloc(sizeof(*entry) + length);

	if (!entry)
		return NULL;
	*entry = (struct entry){ .length = length };
	memcpy(entry->bytes, bytes, length);
	sink->bytes += sizeof(*entry) + length;
	return entry;
}

static bool append(struct sink *sink, const char *bytes, size_t length, bool counts)
{
	struct entry *entry;

	if (sink->bytes + length > QUEUE_BYTES)
		return false;
	entry = new_entry(sink, bytes, length);
	if (!entry)
		return false;
	entry->counts = counts;
	*sink->end = entry;
	sink->end = &entry->next;
	if (!sink->unwritten) {
		sink->unwritten = entry;
		wake(sink);
	}
	return true;
}

/* Says what is missing at this place. */
static void append_gap(struct sink *sink)
{
	char text[FORMAT_MAX];
	size_t length;

	if (!sink->gap)
		return;
	length = format_loss(&sink->clock, sink->output.format, __rdtsc(), -1, 0, sink->gap, text);
	if (append(sink, text, length, false))
		sink->gap = 0;
}

void sink_put(struct sink *sink, const char *bytes, size_t length)
{
	pthread_mutex_lock(&sink->lock);
	append_gap(sink);
	sink->status->taken++;
	if (sink->gap || !append(sink, bytes, length, true)) {
		sink->gap++;
		sink->status->lost++;
	}
	pthread_mutex_unlock(&sink->lock);
}

void sink_put_loss(struct sink *sink, const char *bytes, size_t length, uint64_t count)
{
	pthread_mutex_lock(&sink->lock);
	append_gap(sink);
	sink->status->taken += count;
	sink->status->lost += count;
	if (sink->gap || !append(sink, bytes, length, false))
		sink->gap += count;
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
	return sink->ends && (!sink->first || now_ms() >= sink->deadline);
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

static void drop_first(struct sink *sink)
{
	struct entry *entry = sink->first;

	sink->first = entry->next;
	if (!sink->first)
		sink->end = &sink->first;
	sink->bytes -= sizeof(*entry) + entry->length;
	free(entry);
}

/* What the receiver's kernel has not acknowledged; elsewhere a written byte is a received one. */
static uint64_t unacknowledged(const struct sink *sink)
{
	int bytes = 0;

	if (sink->output.kind == HVGDB_OUTPUT_TCP)
		ioctl(sink->fd, SIOCOUTQ, &bytes);
	return bytes;
}

/* Entries that have arrived as a whole are done with. */
static void settle(struct sink *sink)
{
	uint64_t there = sink->sent - unacknowledged(sink);

	while (sink->first && sink->first != sink->unwritten &&
	       sink->acknowledged + sink->first->length <= there) {
		sink->acknowledged += sink->first->length;
		sink->status->sent += sink->first->counts;
		drop_first(sink);
	}
}

static void disconnect(struct sink *sink, int error)
{
	settle(sink);
	close(sink->fd);
	sink->fd = -1;
	if (sink->first && sink->first->prologue)
		drop_first(sink);
	/* The next receiver gets whole lines, from the first on that this one does not have. */
	sink->unwritten = sink->first;
	sink->written = 0;
	set_state(sink, HVGDB_STATE_WAITING, error);
}

/* What a stream begins with goes out before all that waits. */
static void put_prologue(struct sink *sink)
{
	char text[FORMAT_MAX];
	size_t length = format_prologue(sink->output.format, text);
	struct entry *entry = length ? new_entry(sink, text, length) : NULL;

	if (!entry)
		return;
	entry->prologue = true;
	entry->next = sink->first;
	if (!sink->first)
		sink->end = &entry->next;
	sink->first = sink->unwritten = entry;
}

static int open_it(struct sink *sink, bool *begins)
{
	const struct hvgdb_output *output = &sink->output;
	int fd;

	*begins = true;
	pthread_mutex_unlock(&sink->lock);
	if (output->kind == HVGDB_OUTPUT_FILE)
		fd = sink_open_file(output->address, output->format, begins);
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
	sink->sent = sink->acknowledged = 0;
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

/* Several entries in one call. */
static unsigned int gather(const struct sink *sink, struct iovec *piece)
{
	struct entry *entry = sink->unwritten;
	unsigned int nr;

	for (nr = 0; entry && nr < PIECES; nr++, entry = entry->next)
		piece[nr] = (struct iovec){ entry->bytes, entry->length };
	piece[0].iov_base = (char *)piece[0].iov_base + sink->written;
	piece[0].iov_len -= sink->written;
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
	unsigned int nr = gather(sink, piece);
	ssize_t n;
	int error;

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

	append_gap(sink);
	if (sink->unwritten)
		return 0;
	settle(sink);
	if (is_over(sink) || sink->rotates)
		return 0;
	/* A receiver that has everything says nothing more; one that acknowledges does not either.
	 */
	events = await(sink, POLLRDHUP, true, sink->first || sink->ends ? LOOK_MS : 60000);
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
	sink->gap = status->taken - status->sent - status->lost;
	status->lost += sink->gap;
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
	sink->end = &sink->first;
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
	append_gap(sink);
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
	while (sink->first) {
		sink->status->lost += sink->first->counts;
		drop_first(sink);
	}
	close(sink->news);
	free(sink);
}
