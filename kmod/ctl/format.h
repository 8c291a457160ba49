/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of the rings as text, as JSON lines, and as Chrome trace events (what Perfetto's viewer
 * opens: a process a CPU, a thread a kind of event). User space.
 */
#ifndef HVGDB_CTL_FORMAT_H
#define HVGDB_CTL_FORMAT_H

#include "ring.h"

/* Which second of the world's a TSC is. */
struct format_clock {
	uint64_t tsc_khz, tsc;
	uint64_t microseconds; /* since 1970, at that TSC */
};

/* To be called now and then: the two clocks do not run quite alike. */
void format_set_clock(struct format_clock *clock, uint64_t tsc_khz);

/* Longer than any message: in JSON a character of text may take six. */
#define FORMAT_MAX (6 * MESSAGE_TEXT_MAX + 1024)

/* An event or a text; returns the number of characters, without a NUL. */
size_t format_message(const struct format_clock *clock, enum hvgdb_output_format format,
		      const struct message *message, char out[FORMAT_MAX]);

/* Messages that are missing here. rule 0: of several; cpu < 0: no CPU's ring lost them. */
size_t format_loss(const struct format_clock *clock, enum hvgdb_output_format format, uint64_t tsc,
		   int cpu, uint32_t rule, uint64_t count, char out[FORMAT_MAX]);

/* What a file or a connection begins and ends with. */
size_t format_prologue(enum hvgdb_output_format format, char out[FORMAT_MAX]);
const char *format_epilogue(enum hvgdb_output_format format);

#endif
