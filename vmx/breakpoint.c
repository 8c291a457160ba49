// SPDX-License-Identifier: GPL-2.0
/*
 * Software breakpoints: the table that gdb fills, and the INT3 bytes in guest memory that follow
 * from it. In the kernel's text they are hidden (view.c). Elsewhere the bytes are there only while
 * CPUs run (planted at a resume, taken out at a halt), so a halted guest's memory is always its
 * own. Root, with every CPU halted.
 *
 * A byte is taken out only if it is still the INT3 that was put there and the same linear address
 * still leads to the same page (D13): the guest may have freed, replaced or rewritten it meanwhile.
 */
#include "root.h"

#define INT3 0xcc

static volatile u8 *byte_at(const struct machine *m, u64 gpa)
{
	return ram_contains(&m->ram, gpa, 1) ? ram(gpa) : NULL;
}

/* gdb's breakpoint, a tracepoint, hvgdb's own, or several: one byte serves them. */
static bool wanted(const struct breakpoint *bp)
{
	return bp->used || bp->traced || bp->own;
}

struct breakpoint *breakpoint_at(struct machine *m, u64 addr)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		if (m->breakpoints[i].used && m->breakpoints[i].addr == addr)
			return &m->breakpoints[i];
	return NULL;
}

static struct breakpoint *wanted_at(struct machine *m, u64 addr)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		if (wanted(&m->breakpoints[i]) && m->breakpoints[i].addr == addr)
			return &m->breakpoints[i];
	return NULL;
}

struct breakpoint *breakpoint_planted_at(struct machine *m, u64 gpa)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		if (m->breakpoints[i].planted && m->breakpoints[i].gpa == gpa)
			return &m->breakpoints[i];
	return NULL;
}

/* Slots whose breakpoint gdb has just taken out are remembered for as long as there are others. */
static struct breakpoint *free_slot(struct machine *m)
{
	struct breakpoint *remembered = NULL;
	unsigned int i;

	for (i = 0; i < BREAK_MAX; i++) {
		struct breakpoint *bp = &m->breakpoints[i];

		if (wanted(bp) || bp->planted)
			continue;
		if (!bp->addr) {
			m->breakpoints_top = base_max(m->breakpoints_top, i + 1);
			return bp;
		}
		remembered = bp;
	}
	return remembered;
}

static void unplant(struct machine *m, struct breakpoint *bp)
{
	volatile u8 *byte = byte_at(m, bp->gpa);
	u64 gpa;

	if (bp->hidden)
		view_unplant(m, bp);
	else if (memory_translate(m, bp->cr3, bp->addr, &gpa) && gpa == bp->gpa && *byte == INT3)
		*byte = bp->saved;
	bp->planted = false;
	m->nr_planted--;
	m->nr_open -= !bp->hidden;
	m->nr_no_execute -= bp->no_execute;
}

/* The slot that an address has or had, if that still is the byte which was meant. */
static struct breakpoint *known_slot(struct machine *m, u64 addr)
{
	unsigned int i;
	u64 gpa;

	for (i = 0; i < m->breakpoints_top; i++) {
		struct breakpoint *bp = &m->breakpoints[i];

		if (bp->addr == addr && memory_translate(m, bp->cr3, addr, &gpa) && gpa == bp->gpa)
			return bp;
	}
	return NULL;
}

static int new_slot(struct machine *m, u64 cr3, u64 addr, struct breakpoint **slot)
{
	u64 gpa;
	struct breakpoint *bp;

	if (!memory_translate(m, cr3, addr, &gpa))
		return RSP_EUNMAPPED;
	if (!byte_at(m, gpa))
		return RSP_ENOTRAM;
	bp = wanted_at(m, addr);
	if (!bp)
		bp = free_slot(m);
	if (!bp)
		return RSP_EBREAKFULL;
	if (bp->planted)
		unplant(m, bp);
	bp->addr = addr;
	bp->cr3 = cr3;
	bp->gpa = gpa;
	*slot = bp;
	return RSP_OK;
}

/*
 * gdb takes its breakpoints out at every stop and puts them back at every resume, with whatever CPU
 * is selected then: one in a program stays that program's.
 */
static int take_slot(struct machine *m, struct vcpu *vcpu, u64 addr, struct breakpoint **slot)
{
	*slot = known_slot(m, addr);
	return *slot ? RSP_OK : new_slot(m, vcpu->snap.cr3, addr, slot);
}

int breakpoint_insert(struct machine *m, struct vcpu *vcpu, u64 addr)
{
	struct breakpoint *bp;
	int error = take_slot(m, vcpu, addr, &bp);

	if (error)
		return error;
	bp->used = true;
	bp->persist = false;
	bp->nr_conditions = 0;
	bp->nr_commands = 0;
	return RSP_OK;
}

int breakpoint_remove(struct machine *m, u64 addr)
{
	struct breakpoint *bp = breakpoint_at(m, addr);

	if (bp)
		bp->used = false;
	return RSP_OK;
}

int breakpoint_trace(struct machine *m, struct vcpu *vcpu, u64 addr)
{
	struct breakpoint *bp;
	int error = take_slot(m, vcpu, addr, &bp);

	if (!error)
		bp->traced = true;
	return error;
}

bool breakpoint_is_traced(struct machine *m, u64 addr)
{
	const struct breakpoint *bp = wanted_at(m, addr);

	return bp && bp->traced;
}

/* In the kernel, for hvgdb itself. gdb may have one at the same address; it knows nothing of this.
 */
int breakpoint_insert_own(struct machine *m, u64 addr)
{
	struct breakpoint *bp = known_slot(m, addr);
	int error = bp ? RSP_OK : new_slot(m, m->host_cr3, addr, &bp);

	if (error)
		return error;
	bp->cr3 = m->host_cr3;
	bp->own = true;
	return RSP_OK;
}

void breakpoint_remove_own(struct machine *m, u64 addr)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		if (m->breakpoints[i].addr == addr)
			m->breakpoints[i].own = false;
}

void breakpoint_untrace_all(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		m->breakpoints[i].traced = false;
}

static void forget(struct machine *m, struct breakpoint *bp)
{
	if (bp->planted)
		unplant(m, bp);
	memset(bp, 0, sizeof(*bp));
}

void breakpoint_remove_range(struct machine *m, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		if (m->breakpoints[i].addr >= start && m->breakpoints[i].addr < end)
			forget(m, &m->breakpoints[i]);
}

/* Those that gdb marked to persist stay, and so does what a trace needs. */
void breakpoint_session_end(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++) {
		struct breakpoint *bp = &m->breakpoints[i];

		bp->used &= bp->persist;
		if (!wanted(bp))
			forget(m, bp);
	}
}

/* In the guest's memory, for all to see. False if there is nothing to plant in. */
static bool plant_openly(struct machine *m, struct breakpoint *bp, u64 gpa)
{
	volatile u8 *byte = byte_at(m, gpa);

	if (!byte || m->plant_holds)
		return false;
	bp->saved = *byte;
	*byte = INT3;
	return true;
}

static void plant(struct machine *m, struct breakpoint *bp)
{
	u64 gpa;

	/*
	 * Only the page that was meant when the breakpoint was made: page tables may have become
	 * somebody else's. Two addresses of one byte: the first has planted it, a hit there is
	 * stepped over.
	 */
	if (!memory_translate(m, bp->cr3, bp->addr, &gpa) || gpa != bp->gpa ||
	    breakpoint_planted_at(m, gpa))
		return;
	bp->hidden = view_plant(m, bp, gpa);
	if (!bp->hidden && !plant_openly(m, bp, gpa))
		return;
	bp->planted = true;
	bp->no_execute = memory_no_execute(m, bp->cr3, bp->addr);
	m->nr_planted++;
	m->nr_open += !bp->hidden;
	m->nr_no_execute += bp->no_execute;
}

/* Before CPUs run: what gdb has removed goes, what it wants comes. */
void breakpoint_plant_all(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++)
		if (m->breakpoints[i].planted && !wanted(&m->breakpoints[i]))
			unplant(m, &m->breakpoints[i]);
	for (i = 0; i < m->breakpoints_top; i++)
		if (wanted(&m->breakpoints[i]) && !m->breakpoints[i].planted)
			plant(m, &m->breakpoints[i]);
	view_settle(m);
}

/* At a halt: guest memory is the guest's own again. Hidden ones never were in it. */
void breakpoint_unplant_all(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top && m->nr_open; i++)
		if (m->breakpoints[i].planted && !m->breakpoints[i].hidden)
			unplant(m, &m->breakpoints[i]);
}
