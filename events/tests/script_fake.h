/* SPDX-License-Identifier: GPL-2.0 */
/* A machine for scripts: registers, a page of memory, and what they did to it. User space only. */
#ifndef HVGDB_EVENTS_SCRIPT_FAKE_H
#define HVGDB_EVENTS_SCRIPT_FAKE_H

#include "script_compile.h"

#define SCRIPT_FAKE_PAGE     0xffff888000001000ull /* physical 0x1000 */
#define SCRIPT_FAKE_PAGE_LEN 0x1000

struct script_fake {
	u64 bases[SCRIPT_NR_BASES];
	u8 page[SCRIPT_FAKE_PAGE_LEN];
	char out[0x4000]; /* what was printed, and what was done in [brackets] */
	size_t out_len;
	u64 tsc;
	struct event event;
	struct expr_machine machine;
	struct expr_check check;
	struct script_globals globals;
	struct script_compiler compiler;
	struct script_run run;
	char error[512];
	u32 line; /* of a run that failed */
};

void script_fake_init(struct script_fake *fake);

/* False: fake->error has the line. */
bool script_fake_compile(struct script_fake *fake, const char *text);

/* Runs what was compiled last; output is appended to fake->out. */
enum expr_result script_fake_run(struct script_fake *fake);

/* The code as text, an instruction a line. */
void script_fake_list(const struct script_fake *fake, char *out, size_t size);

#endif
