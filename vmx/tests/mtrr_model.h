/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second opinion on MTRRs, one address at a time, by the letter of the SDM's "Memory Type
 * Range Registers"; and the set-ups that the tests of MTRRs and EPT share. User space.
 */
#ifndef HVGDB_MTRR_MODEL_H
#define HVGDB_MTRR_MODEL_H

#include "mtrr.h"

static inline u8 model_fixed(const struct mtrr_state_raw *m, u64 addr)
{
	static const struct {
		u64 start, granule;
	} regs[MTRR_FIXED_NR] = {
		{ 0x00000, 0x10000 }, { 0x80000, 0x4000 }, { 0xa0000, 0x4000 }, { 0xc0000, 0x1000 },
		{ 0xc8000, 0x1000 },  { 0xd0000, 0x1000 }, { 0xd8000, 0x1000 }, { 0xe0000, 0x1000 },
		{ 0xe8000, 0x1000 },  { 0xf0000, 0x1000 }, { 0xf8000, 0x1000 },
	};
	int i = MTRR_FIXED_NR - 1;

	while (addr < regs[i].start)
		i--;
	return m->fixed[i] >> (8 * ((addr - regs[i].start) / regs[i].granule));
}

static inline u8 model_type(const struct mtrr_state_raw *m, u64 addr)
{
	u64 phys = ((1ull << m->maxphyaddr) - 1) & ~0xfffull;
	bool seen[256] = { false };
	unsigned int i, kinds = 0;
	u8 type = 0;

	if (!(m->def_type & 0x800))
		return 0;
	if (addr < 0x100000 && (m->cap & 0x100) && (m->def_type & 0x400))
		return model_fixed(m, addr);
	for (i = 0; i < m->nr_var; i++) {
		u64 mask = m->var_mask[i] & phys;

		if ((m->var_mask[i] & 0x800) && (addr & mask) == (m->var_base[i] & mask))
			seen[m->var_base[i] & 0xff] = true;
	}
	for (i = 0; i < 256; i++)
		if (seen[i]) {
			kinds++;
			type = i;
		}
	if (!kinds)
		return m->def_type;
	if (kinds == 1)
		return type;
	if (kinds == 2 && seen[6] && seen[4])
		return 4;
	return 0;
}

static inline void model_add(struct mtrr_state_raw *m, u64 base, u64 size, u8 type)
{
	m->var_base[m->nr_var] = base | type;
	m->var_mask[m->nr_var++] = (((1ull << m->maxphyaddr) - 1) & ~(size - 1)) | 0x800;
}

enum model_setup {
	MODEL_DISABLED,
	MODEL_FLAT_WB,	  /* default WB, a UC hole below 4G, like most firmware */
	MODEL_DEFAULT_UC, /* default UC, RAM is WB, the hole is cut out of it */
	MODEL_ODD,	  /* ranges that begin and end inside 2M, WT over WB, conflicts */
	MODEL_NR,
};

static inline void model_setup(struct mtrr_state_raw *m, enum model_setup setup,
			       unsigned int maxphyaddr)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->cap = 0x508;
	m->maxphyaddr = maxphyaddr;
	m->def_type = 0xc00;
	for (i = 0; i < MTRR_FIXED_NR; i++)
		m->fixed[i] = i < 2 ? 0x0606060606060606ull : 0;
	m->fixed[3] = 0x0505050505050505ull;
	m->fixed[10] = 0x0506040100060504ull;
	switch (setup) {
	case MODEL_DISABLED:
		m->def_type = 0x6;
		break;
	case MODEL_FLAT_WB:
		m->def_type |= 6;
		model_add(m, 0x80000000, 0x80000000, 0);
		break;
	case MODEL_DEFAULT_UC:
		model_add(m, 0, 0x100000000, 6);
		model_add(m, 0xc0000000, 0x40000000, 0);
		model_add(m, 0xbf800000, 0x800000, 0);
		model_add(m, 0x100000000, 0x40000000, 6);
		break;
	default:
		m->def_type |= 6;
		model_add(m, 0x10003000, 0x1000, 0);
		model_add(m, 0x201f0000, 0x10000, 4);
		model_add(m, 0x30000000, 0x100000, 1);
		model_add(m, 0x40000000, 0x40000000, 4);
		model_add(m, 0x40200000, 0x2000, 5);
		model_add(m, 0x60000000, 0x10000, 6);
		break;
	}
}

#endif
