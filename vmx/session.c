// SPDX-License-Identifier: GPL-2.0
/*
 * What begins and ends with a gdb: its breakpoints and rules, and the use of the module that it
 * counts as. Root, with every CPU halted.
 */
#include "root.h"

/*
 * Linux's own count of who uses the module, as try_module_get() and module_put() keep it: while gdb
 * is attached rmmod is refused. 0 says that the module is already on its way out.
 */
static bool use_module(struct machine *m)
{
	s32 uses;

	if (!m->module_uses)
		return false;
	uses = load_acquire(m->module_uses);
	while (uses > 0)
		if (__atomic_compare_exchange_n(m->module_uses, &uses, uses + 1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static void unuse_module(struct machine *m)
{
	if (m->uses_module)
		__atomic_fetch_sub(m->module_uses, 1, __ATOMIC_ACQ_REL);
	m->uses_module = false;
}

static void forget(struct machine *m)
{
	breakpoint_session_end(m);
	watchpoint_session_end(m);
	trace_session_end(m);
	rules_session_end(&m->rules);
}

void session_begin(struct machine *m)
{
	forget(m);
	console_forget(m);
	m->trace_file_wanted = false;
	m->rules.gdb_present = true;
	if (m->uses_module)
		return;
	m->uses_module = use_module(m);
	if (m->uses_module)
		root_log(m, "gdb is attached, rmmod is refused meanwhile; 1 in "
			    "/sys/module/hvgdb/parameters/force_unload ends that");
}

void session_end(struct machine *m)
{
	forget(m);
	m->rules.gdb_present = false;
	console_forget(m);
	unuse_module(m);
}

/*
 * The controller has ended, perhaps to be started again: nothing stops meanwhile, for nobody could
 * be told, and rmmod may come first.
 */
void session_suspend(struct machine *m)
{
	m->rules.gdb_present = false;
	unuse_module(m);
}

/* A line is there again, and the gdb at its other end may have noticed nothing. */
void session_continue(struct machine *m)
{
	m->rules.gdb_present = rsp_attached(&m->rsp);
	if (m->rules.gdb_present && !m->uses_module)
		m->uses_module = use_module(m);
}
