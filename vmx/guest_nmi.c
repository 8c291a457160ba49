// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's NMIs, from the moment they come (as an exit, or in root) to the injector: which are
 * kicks and which the guest's own, what rules want of them, and the NMIs that root sends into the
 * guest for its own reasons. Root.
 *
 * A CPU without us handles one NMI and remembers one more. Here the one that is remembered is
 * inject.nmi_pending, and what would have come before it waits in vcpu->nmi.
 */
#include "root.h"
#include "instr.h"

/* A guest that had an NMI of its own in this time before a kick may have lost one to the kick. */
#define LIVELY_MS 1000

static bool in_handler(struct vcpu *vcpu)
{
	u64 state = vcpu->inject_loaded ? vcpu->inject.interruptibility
					: vmread(GUEST_INTERRUPTIBILITY_INFO);

	return state & GUEST_INTR_STATE_NMI;
}

static u64 waiting(const struct vcpu *vcpu)
{
	const struct inject_in *in = &vcpu->inject;

	return vcpu->nmi.unseen + vcpu->nmi.due + (in->nmi_pending && !vcpu->nmi.pending_is_extra) +
	       (vcpu->inject_loaded && in->nmi_reinject);
}

/* What is beyond the CPU's own memory of NMIs is lost, as without us. */
void nmi_queue(struct vcpu *vcpu, u64 nmis)
{
	u64 most = in_handler(vcpu) ? 1 : 2, there = waiting(vcpu);

	if (!nmis)
		return;
	vcpu->nmi.last = read_tsc();
	if (there < most)
		vcpu->nmi.unseen += base_min(nmis, most - there);
}

static bool is_lively(const struct vcpu *vcpu)
{
	return vcpu->nmi.last && read_tsc() - vcpu->nmi.last < LIVELY_MS * vcpu->machine->tsc_khz;
}

/*
 * Sorts NMIs that have come: one is a kick's if a kick is due, the rest are the guest's. A kick may
 * have met one of the guest's in the latch, where two are one (D11). Where that is likely enough
 * the guest gets an NMI that may be nobody's.
 */
void nmi_account(struct vcpu *vcpu, u64 nmis)
{
	bool kick = __atomic_exchange_n(&vcpu->nmi_due, 0, __ATOMIC_ACQ_REL);

	if (kick && (nmis > 1 || is_lively(vcpu)))
		vcpu->nmi.extra = true;
	nmi_queue(vcpu, nmis - (kick && nmis));
}

/*
 * Rules are asked when the guest would take the NMI: not while it handles another, nor while an
 * instruction is stepped over.
 */
void nmi_show_rules(struct vcpu *vcpu)
{
	while (vcpu->nmi.unseen && vcpu->want == WANT_NOTHING) {
		if (!vcpu->intercepts.nmi) {
			vcpu->nmi.due += vcpu->nmi.unseen;
			vcpu->nmi.unseen = 0;
			return;
		}
		if (vcpu->held.active || step_holds_events(vcpu) || in_handler(vcpu))
			return;
		vcpu->nmi.unseen--;
		events_nmi(vcpu);
	}
}

/* Brings the next one before the injector. True if there was one. */
bool nmi_offer(struct vcpu *vcpu)
{
	struct guest_nmis *nmi = &vcpu->nmi;

	if (vcpu->inject.nmi_pending || (!nmi->due && !nmi->extra))
		return false;
	nmi->pending_is_extra = !nmi->due;
	if (nmi->due)
		nmi->due--;
	else
		nmi->extra = false;
	vcpu->inject.nmi_pending = true;
	return true;
}

/*
 * After the injector's choice. kmod/ is told with each NMI whether it may be nobody's; one whose
 * delivery was cut short has not been there to ask yet.
 */
void nmi_chosen(struct vcpu *vcpu, bool cut_short, bool consumed)
{
	struct guest_nmis *nmi = &vcpu->nmi;

	if (consumed && !cut_short) {
		store_release(&vcpu->guest_nmi_maybe, nmi->pending_is_extra);
		nmi->pending_is_extra = false;
	} else if (cut_short && !consumed && load_acquire(&vcpu->guest_nmi_maybe)) {
		nmi->pending_is_extra = true;
	}
}

/* Whether an exit is wanted as soon as the guest can take an NMI, beside what the injector has. */
bool nmi_wants_window(const struct vcpu *vcpu)
{
	return vcpu->nmi.unseen || vcpu->nmi.due || vcpu->nmi.extra;
}

/* One that tells the watchdogs of a long halt, ahead of the timer interrupt that waits. */
void nmi_calm_watchdogs(struct vcpu *vcpu)
{
	store_release(&vcpu->guest_nmi_calm, 1);
	vcpu->nmi.extra = true;
}

/*
 * The exit leaves NMIs blocked in root, and only one more would be remembered. An IRET unblocks
 * them at once, so that each further one is counted by root's own gate.
 */
void nmi_exit(struct vcpu *vcpu)
{
	vmx_inject(vcpu);
	unblock_nmis();
	nmi_account(vcpu, 1 + __atomic_exchange_n(&vcpu->root_nmi, 0, __ATOMIC_ACQ_REL));
}

/* This CPU leaves: how many NMIs kmod/ is to raise in place of those that wait. */
u64 nmi_take_all(struct vcpu *vcpu)
{
	bool extra = vcpu->nmi.extra || vcpu->nmi.pending_is_extra;
	u64 nmis = base_min(waiting(vcpu), 2);

	memset(&vcpu->nmi, 0, sizeof(vcpu->nmi));
	vcpu->inject.nmi_pending = false;
	vcpu->inject.nmi_reinject = false;
	if (nmis || !extra)
		return nmis;
	store_release(&vcpu->guest_nmi_maybe, 1);
	return 1;
}
