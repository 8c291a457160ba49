// SPDX-License-Identifier: GPL-2.0
/*
 * The MTRRs as they are in the CPU, and what follows when the guest changes them: under EPT they do
 * not act on the guest's accesses any more, so the EPT has to say the same. Root, but mtrrs_read()
 * runs in the guest kernel at load too.
 */
#include "root.h"
#include "instr.h"
#include "pure/mtrr.h"

#define MTRRCAP_FIX	BIT64(8)
#define MTRRCAP_VCNT	0xff
#define DEF_TYPE_ENABLE BIT64(11)

void mtrrs_read(struct mtrr_state_raw *mtrr, unsigned int maxphyaddr)
{
	static const u32 fixed[MTRR_FIXED_NR] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
						  0x26b, 0x26c, 0x26d, 0x26e, 0x26f };
	unsigned int i;

	memset(mtrr, 0, sizeof(*mtrr));
	mtrr->maxphyaddr = maxphyaddr;
	mtrr->cap = msr_read(HV_MSR_IA32_MTRRCAP);
	mtrr->def_type = msr_read(HV_MSR_IA32_MTRR_DEF_TYPE);
	for (i = 0; i < MTRR_FIXED_NR && mtrr->cap & MTRRCAP_FIX; i++)
		mtrr->fixed[i] = msr_read(fixed[i]);
	mtrr->nr_var = base_min(mtrr->cap & MTRRCAP_VCNT, MTRR_VAR_MAX);
	for (i = 0; i < mtrr->nr_var; i++) {
		mtrr->var_base[i] = msr_read(HV_MSR_IA32_MTRR_PHYSBASE0 + 2 * i);
		mtrr->var_mask[i] = msr_read(HV_MSR_IA32_MTRR_PHYSMASK0 + 2 * i);
	}
}

bool mtrrs_is_one(u32 msr)
{
	return (msr >= HV_MSR_IA32_MTRR_PHYSBASE0 &&
		msr < HV_MSR_IA32_MTRR_PHYSBASE0 + 2 * MTRR_VAR_MAX) ||
	       (msr >= HV_MSR_IA32_MTRR_FIX64K_00000 && msr <= HV_MSR_IA32_MTRR_FIX4K_C0000 + 7) ||
	       msr == HV_MSR_IA32_MTRR_DEF_TYPE;
}

/*
 * The guest writes MTRRs on all CPUs at once, each its own, with MTRRs off meanwhile: the first CPU
 * that has them on again changes the EPT for all, each does its own INVEPT at its next entry.
 */
void mtrrs_written(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct mtrr_state_raw now;

	mtrrs_read(&now, m->caps.maxphyaddr);
	if (!(now.def_type & DEF_TYPE_ENABLE))
		return;
	if (memcmp(&now, &m->mtrr, sizeof(now))) {
		m->mtrr = now;
		if (ept_retype(&m->ept, &now) || (m->debug_eptp && ept_retype(&m->debug_ept, &now)))
			root_log(m, "MTRRs changed, and the EPT has no pages left: some memory is "
				    "uncached");
	}
}
