// SPDX-License-Identifier: GPL-2.0
/*
 * `hvgdbctl forward`: reads the rings and hands each message to the outputs of its rule. It waits
 * for nobody: outputs have queues and threads of their own (sink.c). User space.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "forward.h"
#include "sink.h"

/* Messages after which the ring is told that they have been read. */
#define BATCH 256

#define CLOCK_SECONDS 60

struct forwarder {
	struct ring ring;
	struct format_clock clock;
	time_t clock_set;
	struct hvgdb_output output[HVGDB_NR_OUTPUTS]; /* as the sinks know them */
	struct sink *sink[HVGDB_NR_OUTPUTS];
	char line[HVGDB_FORMAT_TRACE + 1][FORMAT_MAX];
};

static volatile sig_atomic_t ends, reopens;
static forward_show_fn show; /* or NULL */

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		reopens = 1;
	else
		ends = 1;
}

static void heed_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigset_t heeded;

	/* They come through in await() only: none is missed between the look at it and the wait. */
	sigemptyset(&heeded);
	sigaddset(&heeded, SIGINT);
	sigaddset(&heeded, SIGTERM);
	sigaddset(&heeded, SIGHUP);
	sigprocmask(SIG_BLOCK, &heeded, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* True if fd has what events asks for. */
static bool await(int fd, short events, const struct timespec *limit)
{
	struct pollfd news = { .fd = fd, .events = events };

	return await_any(&news, 1, limit);
}

static void set_clock(struct forwarder *f)
{
	time_t now = time(NULL);

	if (now >= f->clock_set && now - f->clock_set < CLOCK_SECONDS)
		return;
	format_set_clock(&f->clock, f->ring.area->tsc_khz);
	f->clock_set = now;
}

/* gdb fetches by itself what is for it. */
static bool is_ours(const struct hvgdb_output *output)
{
	return output->open && output->kind != HVGDB_OUTPUT_GDB;
}

static void open_sink(struct forwarder *f, unsigned int i, const struct hvgdb_output *output)
{
	f->output[i] = *output;
	f->sink[i] = sink_open(output, &f->ring.reader->output[i], &f->clock);
	if (!f->sink[i])
		warn("output %s: no memory", output->name);
}

/* What was opened since; before the messages that are for it. */
static void open_new(struct forwarder *f, const struct hvgdb_output *table)
{
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (is_ours(&table[i]) && !f->sink[i])
			open_sink(f, i, &table[i]);
}

static bool is_same(const struct hvgdb_output *a, const struct hvgdb_output *b)
{
	return is_ours(b) && a->serial == b->serial;
}

/* What was closed, replaced or to be rotated; after the messages that were for it. */
static void settle_old(struct forwarder *f, const struct hvgdb_output *table)
{
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		if (!f->sink[i])
			continue;
		if (!is_same(&f->output[i], &table[i])) {
			sink_tell_end(f->sink[i]);
			sink_end(f->sink[i]);
			f->sink[i] = NULL;
		} else if (f->output[i].rotations != table[i].rotations) {
			f->output[i].rotations = table[i].rotations;
			sink_rotate(f->sink[i], true);
		}
	}
	open_new(f, table);
}

/* Root changes the table while everything stands still, perhaps in the middle of a copy. */
static uint32_t copy_table(const struct forwarder *f, struct hvgdb_output *table)
{
	const uint32_t *generation = &f->ring.area->generation;
	uint32_t before;

	do {
		before = __atomic_load_n(generation, __ATOMIC_ACQUIRE);
		memcpy(table, f->ring.area->output, sizeof(f->ring.area->output));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(generation, __ATOMIC_RELAXED) != before);
	return before;
}

static void put_message(struct forwarder *f, const struct message *message)
{
	size_t length[HVGDB_FORMAT_TRACE + 1] = { 0 };

	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		unsigned int format = f->output[i].format % ARRAY_SIZE(length);

		if (!f->sink[i] || !(message->record->outputs >> i & 1))
			continue;
		if (!length[format])
			length[format] =
				format_message(&f->clock, format, message, f->line[format]);
		sink_put(f->sink[i], f->line[format], length[format]);
	}
}

static void put_loss(struct forwarder *f, const struct hvgdb_record *record,
		     const struct hvgdb_loss *loss)
{
	size_t length;

	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		if (!f->sink[i] || !(loss->outputs >> i & 1))
			continue;
		length = format_loss(&f->clock, f->output[i].format, record->tsc, record->cpu,
				     loss->rule, loss->count, f->line[0]);
		sink_put_loss(f->sink[i], f->line[0], length, loss->count);
	}
}

static void forward(struct forwarder *f, const struct message *message)
{
	if (message->record->type != HVGDB_RECORD_LOST) {
		put_message(f, message);
		return;
	}
	for (unsigned int i = 0; i < HVGDB_NR_LOSSES; i++)
		if (message->record->lost.loss[i].count)
			put_loss(f, message->record, &message->record->lost.loss[i]);
}

/* What has been put into the sinks is taken, all of it at once; from here on it may go out. */
static void commit(struct forwarder *f)
{
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		ring_account(&f->ring, i, f->sink[i] ? f->output[i].serial : 0,
			     f->sink[i] ? sink_taken(f->sink[i]) : 0);
	ring_done(&f->ring);
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (f->sink[i])
			sink_commit(f->sink[i]);
}

/* All that is there. */
static void pass(struct forwarder *f)
{
	static struct hvgdb_output table[HVGDB_NR_OUTPUTS];
	static struct message message;
	uint32_t generation;
	unsigned int nr = 0;

	set_clock(f);
	ring_refresh(&f->ring);
	generation = copy_table(f, table);
	open_new(f, table);
	while (ring_next(&f->ring, &message)) {
		if (show && !show(&f->clock, &message))
			ends = 1;
		forward(f, &message);
		if (++nr % BATCH == 0)
			commit(f);
	}
	commit(f);
	if (show && !show(&f->clock, NULL))
		ends = 1;
	settle_old(f, table);
	f->ring.reader->generation = generation;
}

static void reopen_files(struct forwarder *f)
{
	reopens = 0;
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (f->sink[i])
			sink_rotate(f->sink[i], false);
}

static void end_all(struct forwarder *f)
{
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (f->sink[i])
			sink_tell_end(f->sink[i]);
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		if (f->sink[i])
			sink_end(f->sink[i]);
		f->sink[i] = NULL;
	}
}

static bool always(const struct forwarder *f)
{
	(void)f;
	return true;
}

static void forward_while(struct forwarder *f, bool (*wanted)(const struct forwarder *f))
{
	static const struct timespec second = { .tv_sec = 1 };

	do {
		pass(f);
		if (reopens)
			reopen_files(f);
		await(f->ring.device, POLLIN, &second);
	} while (!ends && wanted(f));
	pass(f);
}

static int run(int argc, char **argv)
{
	static struct forwarder forwarder;

	(void)argv;
	if (argc > 1)
		fail(EXIT_USAGE, "forward takes no arguments: outputs are made with "
				 "hvgdbctl output");
	heed_signals();
	ring_claim(&forwarder.ring);
	say("events are forwarded to the outputs");
	forward_while(&forwarder, always);
	end_all(&forwarder);
	return 0;
}

void forward_and_show(forward_show_fn to)
{
	static struct forwarder forwarder;

	show = to;
	heed_signals();
	ring_claim(&forwarder.ring);
	forwarder.ring.reader->watch = 1;
	notify_ready("showing events");
	forward_while(&forwarder, always);
	end_all(&forwarder);
}

static bool has_outputs(const struct forwarder *f)
{
	for (unsigned int i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (f->sink[i])
			return true;
	return false;
}

/* Waits until outputs are open and nobody reads the rings, and reads them as long as it is so. */
static void forward_if_asked(struct forwarder *f)
{
	int device = device_open();
	uint32_t holder;

	if (!await(device, POLLPRI, NULL) || ring_open(&f->ring, device, &holder)) {
		close(device);
		return;
	}
	forward_while(f, has_outputs);
	end_all(f);
	ring_close(&f->ring);
}

void forward_in_child(void)
{
	static struct forwarder forwarder;
	pid_t parent = getpid();

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	heed_signals();
	if (getppid() != parent)
		_exit(0);
	while (!ends)
		forward_if_asked(&forwarder);
	_exit(0);
}

const struct command forward_command = {
	.name = "forward",
	.usage = "forward",
	.summary = "bring recorded events to files, pipes and sockets",
	.help = "Stays until it is stopped. Which events go where:\n"
		"    hvgdbctl output create trace file /tmp/trace.json format trace\n"
		"    hvgdbctl output open trace\n"
		"    hvgdbctl event add '!exception pf pid 0n490 output { trace }'\n"
		"`hvgdbctl attach` does the same beside its own work. SIGHUP opens files anew.\n"
		"A receiver that is slow or away loses messages, which its stream then says.\n",
	.run = run,
};
