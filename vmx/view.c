// SPDX-License-Identifier: GPL-2.0
/*
 * Two views of the guest's memory (D14). The clean view is the identity map. In the debug view a
 * page of the kernel's text with breakpoints in it leads to a copy that can only be executed: the
 * guest never sees an INT3 of ours where it reads its own text (ftrace, jump labels, kprobes
 * compare what they rewrite), and what it writes goes to the original. A read or write leaves the
 * CPU in the clean view for one step. Root.
 *
 * Pages come and go only while every CPU is halted. Each CPU does the INVEPT that a change demands
 * before it runs again (view_flush()); a switch of the view needs none, since the translations
 * belong to different EPTPs.
 */
#include "root.h"
#include "instr.h"
#include "pure/exits.h"

#define PAGE_OFFSET_MASK (HV_PAGE_SIZE - 1)
#define KERNEL_TEXT	 0xffffffff80000000ULL

/* User pages can be given to somebody else by a device's DMA, which no view sees. */
static bool can_hide(const struct machine *m, const struct breakpoint *bp)
{
	return m->debug_eptp && bp->addr >= KERNEL_TEXT;
}

struct hidden_page *view_find(struct machine *m, u64 gpa)
{
	unsigned int i;

	for (i = 0; i < HIDDEN_MAX && m->nr_hidden; i++)
		if (m->hidden[i].used && m->hidden[i].gpa == (gpa & ~(u64)PAGE_OFFSET_MASK))
			return &m->hidden[i];
	return NULL;
}

static void copy_page(struct machine *m, struct hidden_page *page)
{
	unsigned int i;

	memcpy(ram(page->copy), ram(page->gpa), HV_PAGE_SIZE);
	for (i = 0; i < BREAK_MAX; i++)
		if (m->breakpoints[i].planted && m->breakpoints[i].hidden &&
		    view_find(m, m->breakpoints[i].gpa) == page)
			*view_byte(page, m->breakpoints[i].gpa) = 0xcc;
	page->stale = false;
}

/* All that can fail comes first; a split without a change of access is still an identity map. */
static bool map_copy(struct machine *m, struct hidden_page *page)
{
	struct ept *ept = &m->debug_ept;

	if (ept_split(ept, page->gpa, EPT_LEVEL_4K) || ept_unshare(ept, page->gpa))
		return false;
	ept_set_access(ept, page->gpa, VMX_EPT_EXECUTABLE_MASK);
	ept_set_frame(ept, page->gpa, page->copy);
	return true;
}

static struct hidden_page *hide_page(struct machine *m, u64 gpa)
{
	unsigned int i;

	for (i = 0; i < HIDDEN_MAX; i++) {
		struct hidden_page *page = &m->hidden[i];

		if (page->used || !page->copy)
			continue;
		page->gpa = gpa & ~(u64)PAGE_OFFSET_MASK;
		if (!map_copy(m, page))
			return NULL;
		page->used = true;
		page->breakpoints = 0;
		m->nr_hidden++;
		copy_page(m, page);
		return page;
	}
	return NULL;
}

/* The copy's byte for a guest-physical address. */
volatile u8 *view_byte(const struct hidden_page *page, u64 gpa)
{
	return (u8 *)ram(page->copy) + (gpa & PAGE_OFFSET_MASK);
}

/* False if it cannot be hidden: then it is planted for all to see. */
bool view_plant(struct machine *m, struct breakpoint *bp, u64 gpa)
{
	struct hidden_page *page;

	if (!can_hide(m, bp))
		return false;
	page = view_find(m, gpa);
	if (!page)
		page = hide_page(m, gpa);
	if (!page)
		return false;
	page->breakpoints++;
	*view_byte(page, gpa) = 0xcc;
	return true;
}

void view_unplant(struct machine *m, const struct breakpoint *bp)
{
	struct hidden_page *page = view_find(m, bp->gpa);

	page->breakpoints--;
	*view_byte(page, bp->gpa) = *(volatile u8 *)ram(bp->gpa);
}

static void show_page(struct machine *m, struct hidden_page *page)
{
	ept_set_frame(&m->debug_ept, page->gpa, page->gpa);
	ept_set_access(&m->debug_ept, page->gpa, VMX_EPT_RWX_MASK);
	m->nr_hidden--;
	page->used = false;
}

/*
 * After the breakpoints are where they belong: pages without any are shown again, stale copies
 * renewed.
 */
void view_settle(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < HIDDEN_MAX && m->nr_hidden; i++) {
		struct hidden_page *page = &m->hidden[i];

		if (!page->used)
			continue;
		if (!page->breakpoints)
			show_page(m, page);
		else if (page->stale)
			copy_page(m, page);
	}
}

/* Root has written guest memory while all CPUs are halted. */
void view_written(struct machine *m, u64 gpa)
{
	struct hidden_page *page = view_find(m, gpa);

	if (page)
		page->stale = true;
}

static void set_view(struct vcpu *vcpu, bool debug)
{
	if (vcpu->debug_view == debug)
		return;
	vcpu->debug_view = debug;
	vmwrite(EPT_POINTER, debug ? vcpu->machine->debug_eptp : vcpu->machine->eptp);
}

/*
 * The instruction under a hidden INT3 runs. Its hit has been dealt with: a halt that comes first
 * must not make it another one.
 */
void view_pass(struct vcpu *vcpu, u64 gpa, u64 rip)
{
	vcpu->passing = true;
	vcpu->passing_gpa = gpa;
	vcpu->passing_rip = rip;
	view_peek(vcpu, view_find(vcpu->machine, gpa), false);
}

/* Where the halt found it, and the INT3 is still there. */
static struct hidden_page *page_to_pass(const struct vcpu *vcpu)
{
	if (!vcpu->passing || vmread(GUEST_RIP) != vcpu->passing_rip)
		return NULL;
	return view_find(vcpu->machine, vcpu->passing_gpa);
}

/* On each CPU's own way out of a halt. */
void view_enter(struct vcpu *vcpu)
{
	struct hidden_page *page = page_to_pass(vcpu);
	struct machine *m = vcpu->machine;

	vcpu->peek = NULL;
	vcpu->passing = page != NULL;
	if (page)
		view_peek(vcpu, page, false);
	else /* Over a hidden INT3 the step is one in the clean view. */
		set_view(vcpu, m->nr_hidden && vcpu->release != STEP_INTERNAL);
}

/* On each CPU before every entry: what it may have cached of the EPT before the last change goes.
 */
void view_flush(struct vcpu *vcpu)
{
	u64 changes = load_acquire(&vcpu->machine->ept_pool.changes);

	if (vcpu->ept_seen == changes || check_forgets(vcpu))
		return;
	vcpu->ept_seen = changes;
	invept_all();
}

/* The next instruction of this CPU sees its text as it is. */
void view_peek(struct vcpu *vcpu, struct hidden_page *page, bool writes)
{
	vcpu->peek = page;
	vcpu->peek_writes = writes;
	set_view(vcpu, false);
}

/* That instruction is done. */
void view_peeked(struct vcpu *vcpu)
{
	if (vcpu->peek_writes)
		copy_page(vcpu->machine, vcpu->peek);
	vcpu->peek = NULL;
	vcpu->passing = false;
	set_view(vcpu, vcpu->machine->nr_hidden);
}

enum vmx_verdict exit_ept_violation(struct vcpu *vcpu)
{
	u64 gpa = vmread(GUEST_PHYSICAL_ADDRESS);
	struct hidden_page *page = view_find(vcpu->machine, gpa);
	struct ept_qual qual = ept_qual_decode(vmread(EXIT_QUALIFICATION));

	if (uart_watches(vcpu->machine, gpa))
		return exit_mmio(vcpu, gpa);
	if (!page || !vcpu->debug_view || qual.fetch)
		return VERDICT_FATAL;
	vmx_inject(vcpu);
	view_peek(vcpu, page, qual.write);
	return VERDICT_RESUME;
}
