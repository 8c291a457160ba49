// SPDX-License-Identifier: GPL-2.0
/*
 * The sentence of each enum rsp_error. They travel in `E.` replies, which gdb does not un-escape:
 * no '#', '$', '}' or '*' in them. Runs in VMX root and in user-space tests; calls nothing.
 */
#include "rsp.h"

static const char *const rsp_error_texts[RSP_NR_ERRORS] = {
	[RSP_OK] = "no error",
	[RSP_EINVAL] = "the packet makes no sense",
	[RSP_ENOTHREAD] = "no such CPU, or it is offline",
	[RSP_ENOREG] = "no such register, or its value is not available now",
	[RSP_EREADONLY] = "this register cannot be written",
	[RSP_EREGVALUE] = "the CPU could not run with this value in the register",
	[RSP_EUNMAPPED] = "the page tables of the guest do not map this address",
	[RSP_ENOTRAM] = "the address is mapped to something that is not RAM",
	[RSP_ENOBREAK] = "there is no breakpoint at this address",
	[RSP_EBREAKFULL] = "no room for another breakpoint or watchpoint",
	[RSP_ENOTANSWERING] = "the CPU does not answer",
	[RSP_ETOOLONG] = "this is more than a packet holds",
	[RSP_EBUSY] = "this cannot be done in the present state",
	[RSP_EVENTPENDING] = "an event must be delivered to the guest first",
	[RSP_ENOTRESUMABLE] = "after a triple fault the machine can only be reset: use continue",
	[RSP_EDAMAGED] = "the packet was damaged on the line: please repeat the command",
	[RSP_EWATCHPAGE] = "use awatch on the event page: gdb drops the hits of a watch whose "
			   "value has not changed",
	[RSP_ENOHALT] = "this gdb runs on the machine that it looks at, so nothing may halt it: "
			"use tracepoints, or rules with a script",
	[RSP_EGONE] = "the process of this moment is on no CPU now: continue and press Ctrl-C for "
		      "a new moment",
	[RSP_EPROGRAM] = "a condition or command cannot be run",
	[RSP_ETRACEFULL] = "no room for more tracepoints, actions or variables: module "
			   "parameter trace_actions",
	[RSP_ETRACESIZE] = "the trace buffer is smaller than this: module parameter trace_pool",
	[RSP_EWATCH] = "the debug registers of a CPU cover four pieces of up to 8 aligned "
		       "bytes: watch less",
	[RSP_EDEBUGFULL] = "no debug register is free: a CPU has four, and those that Linux "
			   "uses itself (perf, ptrace) stay its own",
	[RSP_ETRACERUNS] = "the trace goes on: stop it first, with tstop",
	[RSP_ENOWRITER] = "hvgdbctl attach is not there to write files: use tsave without -r, "
			  "or run hvgdbctl trace save on the machine",
	[RSP_EPROGRAMS] = "a breakpoint cannot have as many conditions or commands",
};

const char *rsp_error_text(int error)
{
	if (error < 0 || error >= RSP_NR_ERRORS)
		return "unknown error";
	return rsp_error_texts[error];
}
