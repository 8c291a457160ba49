/* SPDX-License-Identifier: GPL-2.0 */
/* One run of a script, for the files of vmx/ that carry it out. Root. */
#ifndef HVGDB_SCRIPT_CONTEXT_H
#define HVGDB_SCRIPT_CONTEXT_H

#include "root.h"
#include "script.h"

struct script_context {
	struct vcpu *vcpu;
	const struct event_rule *rule; /* NULL: typed at gdb's prompt, and the CPU is halted */
	const struct event *event;
	struct rsp_text *answer; /* at the prompt: where text goes */
};

static inline bool script_is_halted(const struct script_context *context)
{
	return !context->rule;
}

/* script_registers.c: of struct script_ops. */
enum expr_result script_get_register(void *ctx, enum script_base base, u64 *value);
enum expr_result script_set_register(void *ctx, enum script_base base, u64 value);

#endif
