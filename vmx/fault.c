// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions in root. Where one was expected (a guest's RDMSR of an MSR that does not exist) the
 * fix-up table says where to go on; native code of a rule is ended; any other is a defect of ours:
 * say so and stop. Root.
 */
#include "root.h"
#include "instr.h"

struct fixup {
	s32 fault, resume; /* relative to the field itself */
};

extern const struct fixup fixup_begin[], fixup_end[];

static u64 target(const s32 *field)
{
	return (u64)field + *field;
}

static const struct fixup *find_fixup(u64 rip)
{
	const struct fixup *fixup;

	for (fixup = fixup_begin; fixup < fixup_end; fixup++)
		if (target(&fixup->fault) == rip)
			return fixup;
	return NULL;
}

void root_fault(struct root_frame *frame)
{
	const struct fixup *fixup = find_fixup(frame->rip);
	struct machine *m = &machine;

	if (fixup) {
		frame->rip = target(&fixup->resume);
		return;
	}
	if (native_fault(frame))
		return;
	root_log_number(m, "fault in root, vector ", frame->vector);
	root_log_number(m, "  error code ", frame->error);
	root_log_number(m, "  RIP (decimal, relative to vmx_exit) ", frame->rip - (u64)vmx_exit);
	last_words(m, "hvgdb: fault in root, vector ", frame->vector);
	last_words(m, "hvgdb:   RIP ", frame->rip);
	last_words(m, "hvgdb:   CR2 ", get_cr2());
	for (;;)
		relax();
}
