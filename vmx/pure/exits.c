// SPDX-License-Identifier: GPL-2.0
/*
 * Exit reasons, qualifications and emulated instructions. See exits.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "exits.h"
#include "controls.h"

u32 exit_reason_decode(u64 field)
{
	return (u32)field & (VMX_EXIT_REASON_BASIC_MASK | VMX_EXIT_REASONS_FAILED_ENTRY);
}

struct io_qual io_qual_decode(u64 qual)
{
	return (struct io_qual){
		.size = (qual & 7) + 1,
		.in = qual & BIT64(3),
		.string = qual & BIT64(4),
		.rep = qual & BIT64(5),
		.imm = qual & BIT64(6),
		.port = (u16)(qual >> 16),
	};
}

struct cr_qual cr_qual_decode(u64 qual)
{
	return (struct cr_qual){
		.cr = qual & 0xf,
		.access = (enum cr_access)((qual >> 4) & 3),
		.lmsw_memory = qual & BIT64(6),
		.gpr = (qual >> 8) & 0xf,
		.lmsw_source = (u16)(qual >> 16),
	};
}

struct dr_qual dr_qual_decode(u64 qual)
{
	return (struct dr_qual){
		.dr = qual & 7,
		.from_dr = qual & BIT64(4),
		.gpr = (qual >> 8) & 0xf,
	};
}

struct ept_qual ept_qual_decode(u64 qual)
{
	return (struct ept_qual){
		.read = qual & BIT64(0),
		.write = qual & BIT64(1),
		.fetch = qual & BIT64(2),
		.r = qual & BIT64(3),
		.w = qual & BIT64(4),
		.x = qual & BIT64(5),
		.gla_valid = qual & BIT64(7),
		.final = (qual & BIT64(7)) && (qual & BIT64(8)),
		.nmi_unblocked_by_iret = qual & BIT64(12),
	};
}

#define CPUID_1_ECX_VMX	    BIT64(5)
#define CPUID_1_ECX_OSXSAVE BIT64(27)
#define CPUID_7_ECX_OSPKE   BIT64(4)

static u32 with_bit(u32 value, u32 bit, bool set)
{
	return set ? value | bit : value & ~bit;
}

void cpuid_filter(u32 leaf, u32 subleaf, u64 guest_cr4, u32 regs[4])
{
	if (leaf == 1) {
		regs[2] &= ~(u32)CPUID_1_ECX_VMX;
		regs[2] = with_bit(regs[2], CPUID_1_ECX_OSXSAVE, guest_cr4 & HV_CR4_OSXSAVE);
	} else if (leaf == 7 && subleaf == 0) {
		regs[2] = with_bit(regs[2], CPUID_7_ECX_OSPKE, guest_cr4 & HV_CR4_PKE);
	}
}

#define XCR0_X87    BIT64(0)
#define XCR0_SSE    BIT64(1)
#define XCR0_AVX    BIT64(2)
#define XCR0_MPX    (BIT64(3) | BIT64(4))
#define XCR0_AVX512 (BIT64(5) | BIT64(6) | BIT64(7))
#define XCR0_AMX    (BIT64(17) | BIT64(18))

/* Bits that are only good together. */
static bool all_or_none(u64 value, u64 bits)
{
	return !(value & bits) || (value & bits) == bits;
}

/* See "Enabling the XSAVE Feature Set and XSAVE-Enabled Features". */
bool xsetbv_valid(u32 index, u64 value, u64 xcr0_supported)
{
	if (index != 0 || (value & ~xcr0_supported) || !(value & XCR0_X87))
		return false;
	if ((value & XCR0_AVX) && !(value & XCR0_SSE))
		return false;
	if ((value & XCR0_AVX512) && !(value & XCR0_AVX))
		return false;
	return all_or_none(value, XCR0_MPX) && all_or_none(value, XCR0_AVX512) &&
	       all_or_none(value, XCR0_AMX);
}

/* The bits that exist; writes of others in the low half are ignored, not faults. */
#define CR0_DEFINED                                                                                \
	(HV_CR0_PE | HV_CR0_MP | HV_CR0_EM | HV_CR0_TS | HV_CR0_ET | HV_CR0_NE | HV_CR0_WP |       \
	 HV_CR0_AM | HV_CR0_NW | HV_CR0_CD | HV_CR0_PG)

static bool cr0_faults(const struct cr_write *w)
{
	bool pg = w->value & HV_CR0_PG;

	if (w->value >> 32)
		return true;
	if (pg && !(w->value & HV_CR0_PE))
		return true;
	if ((w->value & HV_CR0_NW) && !(w->value & HV_CR0_CD))
		return true;
	if ((w->cr4 & HV_CR4_CET) && !(w->value & HV_CR0_WP))
		return true;
	/* Paging cannot be left from 64-bit code, nor with PCIDs. */
	return !pg && (w->cr0 & HV_CR0_PG) && (w->code64 || (w->cr4 & HV_CR4_PCIDE));
}

enum cr_verdict cr0_write(struct cr_write *w)
{
	if (cr0_faults(w))
		return CR_WRITE_GP;
	if ((w->value ^ w->cr0) & (HV_CR0_PG | HV_CR0_PE))
		return CR_WRITE_UNSUPPORTED;
	w->shadow = (w->value & CR0_DEFINED) | HV_CR0_ET;
	w->real = vmx_fixed_cr(w->shadow, w->fixed0, w->fixed1);
	return CR_WRITE_OK;
}

static bool cr4_faults(const struct cr_write *w)
{
	u64 changed = w->value ^ w->cr4;
	bool long_mode = w->efer & HV_EFER_LMA;

	if (w->value & ~w->fixed1)
		return true;
	if (long_mode && (!(w->value & HV_CR4_PAE) || (changed & HV_CR4_LA57)))
		return true;
	if ((w->value & HV_CR4_CET) && !(w->cr0 & HV_CR0_WP))
		return true;
	return (changed & w->value & HV_CR4_PCIDE) && (!long_mode || (w->cr3 & 0xfff));
}

enum cr_verdict cr4_write(struct cr_write *w)
{
	if (cr4_faults(w))
		return CR_WRITE_GP;
	w->shadow = w->value;
	w->real = vmx_fixed_cr(w->value | HV_CR4_VMXE, w->fixed0, w->fixed1);
	return CR_WRITE_OK;
}

u64 cr0_after_clts(u64 cr0)
{
	return cr0 & ~HV_CR0_TS;
}

/* LMSW sets PE, MP, EM and TS; it can set PE but never clear it. */
u64 cr0_after_lmsw(u64 cr0, u16 source)
{
	u64 bits = HV_CR0_MP | HV_CR0_EM | HV_CR0_TS;

	return (cr0 & ~bits) | (source & (bits | HV_CR0_PE));
}
