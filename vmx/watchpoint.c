// SPDX-License-Identifier: GPL-2.0
/*
 * Watchpoints and hardware breakpoints: the table that gdb fills, and what a debug exception means
 * that comes of it. Which register of a CPU has what is debug_regs.c's. Root; the table changes
 * only while every CPU is halted.
 */
#include "root.h"
#include "instr.h"

#define KERNEL_HALF (1ULL << 63)
/* Without the flags and PCID, and without the bit that tells KPTI's two page tables of a process
 * apart. */
#define CR3_PROCESS  0x000fffffffffe000ULL
#define PENDING_HITS 0xfULL

static const u8 access_of[] = {
	[RSP_BREAK_HARDWARE] = DEBUG_EXECUTE,
	[RSP_WATCH_WRITE] = DEBUG_WRITE,
	/* No register watches reads alone. */
	[RSP_WATCH_READ] = DEBUG_READ_WRITE,
	[RSP_WATCH_ACCESS] = DEBUG_READ_WRITE,
};

static struct watchpoint *find(struct machine *m, unsigned int type, u64 addr, u64 len)
{
	unsigned int i;

	for (i = 0; i < WATCH_MAX; i++)
		if (m->watchpoints[i].nr_pieces && m->watchpoints[i].type == type &&
		    m->watchpoints[i].addr == addr && m->watchpoints[i].len == len)
			return &m->watchpoints[i];
	return NULL;
}

/* One that gdb has just taken out is remembered for as long as there are others. */
static struct watchpoint *free_slot(struct machine *m)
{
	struct watchpoint *remembered = NULL;
	unsigned int i;

	for (i = 0; i < WATCH_MAX; i++) {
		if (!m->watchpoints[i].nr_pieces)
			return &m->watchpoints[i];
		if (!m->watchpoints[i].used)
			remembered = &m->watchpoints[i];
	}
	return remembered;
}

/* What is left on the CPU where Linux itself uses the most. */
static unsigned int nr_free(const struct machine *m)
{
	unsigned int i, most = 0;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && halt_is_halted(m->vcpu[i]))
			most = base_max(most, debug_nr_enabled(m->vcpu[i]->snap.dr7));
	return DEBUG_SLOTS - most;
}

static unsigned int nr_used(const struct machine *m)
{
	unsigned int i, nr = 0;

	for (i = 0; i < WATCH_MAX; i++)
		if (m->watchpoints[i].used)
			nr += m->watchpoints[i].nr_pieces;
	return nr;
}

static bool is_canonical(u64 addr)
{
	return (u64)((s64)(addr << 7) >> 7) == addr;
}

static int make(struct machine *m, const struct vcpu *vcpu, unsigned int type, u64 addr, u64 len,
		struct watchpoint **slot)
{
	struct watchpoint new = { .addr = addr, .len = len, .type = type };
	unsigned int nr =
		debug_cut(addr, type == RSP_BREAK_HARDWARE ? 1 : len, access_of[type], new.pieces);

	if (!nr || !is_canonical(addr))
		return RSP_EWATCH;
	*slot = free_slot(m);
	if (!*slot || nr_used(m) + nr > nr_free(m))
		return RSP_EDEBUGFULL;
	new.nr_pieces = nr;
	new.cr3 = addr &KERNEL_HALF ? 0 : vcpu->snap.cr3 &CR3_PROCESS;
	**slot = new;
	return RSP_OK;
}

/*
 * gdb takes them out at every stop and puts them back at every resume, with whatever CPU is
 * selected then: one in a program stays that program's.
 */
int watchpoint_insert(struct machine *m, const struct vcpu *vcpu, unsigned int type, u64 addr,
		      u64 len, struct breakpoint **program)
{
	struct watchpoint *w = find(m, type, addr, len);
	int error = RSP_OK;

	if (!w)
		error = make(m, vcpu, type, addr, len, &w);
	else if (!w->used && nr_used(m) + w->nr_pieces > nr_free(m))
		error = RSP_EDEBUGFULL;
	if (error)
		return error;
	w->used = true;
	w->program.addr = addr;
	w->program.nr_conditions = 0;
	w->program.nr_commands = 0;
	*program = &w->program;
	return RSP_OK;
}

int watchpoint_remove(struct machine *m, unsigned int type, u64 addr, u64 len)
{
	struct watchpoint *w = find(m, type, addr, len);

	if (w)
		w->used = false;
	return RSP_OK;
}

void watchpoint_session_end(struct machine *m)
{
	memset(m->watchpoints, 0, sizeof(m->watchpoints));
}

const struct breakpoint *watchpoint_program(struct machine *m, u64 addr)
{
	unsigned int i;

	for (i = 0; i < WATCH_MAX; i++)
		if (m->watchpoints[i].used && m->watchpoints[i].type == RSP_BREAK_HARDWARE &&
		    m->watchpoints[i].addr == addr)
			return &m->watchpoints[i].program;
	return NULL;
}

/* All that CPUs are to watch; there is always room for it in as many registers. */
unsigned int watchpoint_pieces(const struct machine *m, struct debug_piece pieces[DEBUG_SLOTS])
{
	unsigned int i, j, nr = 0;

	for (i = 0; i < WATCH_MAX; i++)
		for (j = 0; m->watchpoints[i].used && j < m->watchpoints[i].nr_pieces; j++)
			if (nr < DEBUG_SLOTS)
				pieces[nr++] = m->watchpoints[i].pieces[j];
	return nr;
}

static bool has_piece(const struct watchpoint *w, const struct debug_piece *piece)
{
	unsigned int i;

	for (i = 0; i < w->nr_pieces; i++)
		if (w->pieces[i].addr == piece->addr && w->pieces[i].access == piece->access)
			return true;
	return false;
}

/* Several of gdb's may watch the same bytes: the first is named, and gdb checks them all. */
static struct watchpoint *owner(const struct vcpu *vcpu, unsigned int n)
{
	struct machine *m = vcpu->machine;
	unsigned int i;

	for (i = 0; i < WATCH_MAX; i++)
		if (m->watchpoints[i].used &&
		    has_piece(&m->watchpoints[i], &vcpu->debug.pieces[vcpu->debug.slots.piece[n]]))
			return &m->watchpoints[i];
	return NULL;
}

/* The registers of ours among those whose condition was met, a bit each. */
static u64 our_hits(const struct vcpu *vcpu, u64 causes)
{
	u64 hits = 0;
	unsigned int n;

	for (n = 0; vcpu->debug.shared && n < DEBUG_SLOTS; n++)
		if (vcpu->debug.slots.piece[n] >= 0)
			hits |= causes & BIT64(n);
	return hits;
}

static void stop_at(struct vcpu *vcpu, const struct watchpoint *w, u64 addr)
{
	bool code = w->type == RSP_BREAK_HARDWARE;

	debug_stop(vcpu, code ? RSP_STOP_HWBREAK : RSP_STOP_WATCH, RSP_SIGTRAP, addr);
	vcpu->stop.watch = w->type;
}

/* True if it stops gdb. */
static bool hit(struct vcpu *vcpu, unsigned int n)
{
	struct watchpoint *w = owner(vcpu, n);

	if (!w || !vcpu->machine->line.armed ||
	    (w->cr3 && w->cr3 != (vmread(GUEST_CR3) & CR3_PROCESS)))
		return false;
	if (w->type == RSP_BREAK_HARDWARE && agent_hit(vcpu, &w->program) != AGENT_STOP)
		return false;
	stop_at(vcpu, w, vcpu->debug.slots.dr[n]);
	return true;
}

/* One stop is told, whatever else was hit by the same instruction. */
static enum vmx_verdict all_hits(struct vcpu *vcpu, u64 hits)
{
	bool code = false;
	unsigned int n;

	for (n = 0; n < DEBUG_SLOTS; n++) {
		if (!(hits & BIT64(n)))
			continue;
		if (hit(vcpu, n))
			return VERDICT_HALT;
		code |= vcpu->debug.pieces[vcpu->debug.slots.piece[n]].access == DEBUG_EXECUTE;
	}
	/* The instruction runs now. */
	if (code)
		vmx_inject(vcpu)->rflags |= HV_EFLAGS_RF;
	return VERDICT_RESUME;
}

/* What is left of a debug exception when ours is taken out of it: nothing, if the guest asked for
 * none. */
static bool guest_has_cause(const struct vcpu *vcpu, u64 causes)
{
	return causes & ~PENDING_HITS || causes & debug_enabled(vcpu->debug.dr7);
}

enum vmx_verdict watchpoint_exception(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);
	u64 hits = our_hits(vcpu, in->exit_qual);
	enum vmx_verdict verdict;

	/* A breakpoint instruction's own (INT1) has no causes. */
	if (!hits)
		return events_exception(vcpu);
	in->exit_qual &= ~hits;
	if (guest_has_cause(vcpu, in->exit_qual)) {
		verdict = events_exception(vcpu);
		if (vcpu->want != WANT_NOTHING)
			return verdict;
	}
	return all_hits(vcpu, hits);
}

/*
 * A step is over and the CPU had a debug exception in store for the instruction: gdb hears of the
 * watchpoint instead of the step.
 */
bool watchpoint_after_step(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);
	u64 hits = our_hits(vcpu, in->pending_dbg);

	if (!hits)
		return false;
	in->pending_dbg &= ~hits;
	if (!(in->pending_dbg & debug_enabled(vcpu->debug.dr7)))
		in->pending_dbg &= ~HV_PENDING_DBG_ENABLED_BP;
	return all_hits(vcpu, hits) == VERDICT_HALT;
}
