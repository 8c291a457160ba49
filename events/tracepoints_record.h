/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the actions and sources of a tracepoint lie in the pool: a list of records, each followed by
 * its bytes. For the files of tracepoints only.
 */
#ifndef HVGDB_EVENTS_TRACEPOINTS_RECORD_H
#define HVGDB_EVENTS_TRACEPOINTS_RECORD_H

#include "tracepoints.h"

enum trace_what { TRACE_ACTION, TRACE_SOURCE };

struct trace_record {
	u32 next; /* offset + 1; stands first, where it is patched */
	u32 len;  /* bytes behind the record: code or text */
	u8 what;  /* enum trace_what */
	u8 kind;  /* enum rsp_trace_action_kind or rsp_trace_source_kind */
	bool stepping;
	int reg;
	u64 a, b; /* mask, or offset and length; start and total */
};

bool trace_record_get(const struct tracepoints *t, u32 place, struct trace_record *record,
		      const u8 **bytes);

#endif
