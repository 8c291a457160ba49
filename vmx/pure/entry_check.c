// SPDX-License-Identifier: GPL-2.0
/*
 * VM-entry checks on guest registers. See entry_check.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "entry_check.h"

/* IA32_DEBUGCTL: LBR, BTF, BLD; TR to RTM. */
#define DEBUGCTL_DEFINED 0xffc7ull
#define EFER_DEFINED	 (HV_EFER_SCE | HV_EFER_LME | HV_EFER_LMA | HV_EFER_NXE)

static const char *const base_rules[] = {
	[ENTRY_FS_BASE] = "FS.base is not canonical",
	[ENTRY_GS_BASE] = "GS.base is not canonical",
	[ENTRY_TR_BASE] = "TR.base is not canonical",
	[ENTRY_GDTR_BASE] = "GDTR.base is not canonical",
	[ENTRY_IDTR_BASE] = "IDTR.base is not canonical",
	[ENTRY_SYSENTER_ESP] = "IA32_SYSENTER_ESP is not canonical",
	[ENTRY_SYSENTER_EIP] = "IA32_SYSENTER_EIP is not canonical",
};

static bool is_canonical(u64 address, bool la57)
{
	unsigned int unused = la57 ? 7 : 16;

	return (u64)((s64)(address << unused) >> unused) == address;
}

static bool in_64bit_mode(const struct entry_guest *guest)
{
	return (guest->entry_controls & VM_ENTRY_IA32E_MODE) && (guest->cs_ar & HV_AR_L);
}

/* See "Checks on Guest Control Registers, Debug Registers, and MSRs". */
static const char *check_cr(const struct entry_guest *guest, const struct entry_cpu *cpu)
{
	u64 cr3_defined = (BIT64(cpu->maxphyaddr) - 1) | BIT64(61) | BIT64(62);

	if ((guest->cr0 & cpu->cr0_fixed0) != cpu->cr0_fixed0 || (guest->cr0 & ~cpu->cr0_fixed1))
		return "CR0 has a bit that VMX fixes otherwise";
	if ((guest->cr4 & cpu->cr4_fixed0) != cpu->cr4_fixed0 || (guest->cr4 & ~cpu->cr4_fixed1))
		return "CR4 has a bit that VMX fixes otherwise";
	if ((guest->cr0 & HV_CR0_PG) && !(guest->cr0 & HV_CR0_PE))
		return "CR0.PG is set without PE";
	if ((guest->cr4 & HV_CR4_CET) && !(guest->cr0 & HV_CR0_WP))
		return "CR4.CET is set without CR0.WP";
	if (guest->cr3 & ~cr3_defined)
		return "CR3 has bits beyond the physical address width";
	return NULL;
}

static const char *check_mode(const struct entry_guest *guest)
{
	bool ia32e = guest->entry_controls & VM_ENTRY_IA32E_MODE;

	if (ia32e && (!(guest->cr0 & HV_CR0_PG) || !(guest->cr4 & HV_CR4_PAE)))
		return "IA-32e mode needs CR0.PG and CR4.PAE";
	if (!ia32e && (guest->cr4 & HV_CR4_PCIDE))
		return "CR4.PCIDE is set outside IA-32e mode";
	if (!(guest->entry_controls & VM_ENTRY_LOAD_IA32_EFER))
		return NULL;
	if (guest->efer & ~EFER_DEFINED)
		return "reserved bits of IA32_EFER are set";
	if (!!(guest->efer & HV_EFER_LMA) != ia32e)
		return "IA32_EFER.LMA does not agree with the control IA-32e mode guest";
	if ((guest->cr0 & HV_CR0_PG) && !!(guest->efer & HV_EFER_LME) != ia32e)
		return "IA32_EFER.LME does not agree with LMA";
	return NULL;
}

static bool pat_valid(u64 pat)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = pat >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static const char *check_msrs(const struct entry_guest *guest)
{
	unsigned int i;

	if (guest->entry_controls & VM_ENTRY_LOAD_DEBUG_CONTROLS) {
		if (guest->debugctl & ~DEBUGCTL_DEFINED)
			return "reserved bits of IA32_DEBUGCTL are set";
		if (guest->dr7 >> 32)
			return "bits 63:32 of DR7 are set";
	}
	if ((guest->entry_controls & VM_ENTRY_LOAD_IA32_PAT) && !pat_valid(guest->pat))
		return "IA32_PAT has a reserved memory type";
	for (i = 0; i < ENTRY_BASES; i++)
		if (!is_canonical(guest->base[i], guest->cr4 & HV_CR4_LA57))
			return base_rules[i];
	return NULL;
}

/* See "Checks on Guest Segment Registers", "... Descriptor-Table Registers", "... RIP, RFLAGS, and
 * SSP". */
static const char *check_rest(const struct entry_guest *guest)
{
	u32 tr_type = guest->tr_ar & 0xf;

	if (guest->gdtr_limit >> 16 || guest->idtr_limit >> 16)
		return "bits 31:16 of a descriptor table's limit are set";
	if (guest->tr_ar & HV_AR_UNUSABLE || (tr_type != 11 && tr_type != 3))
		return "TR is unusable or not a busy TSS";
	if ((guest->entry_controls & VM_ENTRY_IA32E_MODE) && tr_type != 11)
		return "TR is not a busy 64-bit TSS";
	if (in_64bit_mode(guest) && (guest->cs_ar & HV_AR_DB))
		return "CS has both L and D set";
	if (in_64bit_mode(guest) ? !is_canonical(guest->rip, guest->cr4 & HV_CR4_LA57)
				 : guest->rip >> 32 != 0)
		return "RIP is not canonical, or too wide for its mode";
	if (guest->link_pointer != ~0ull)
		return "the VMCS link pointer is not all ones";
	return NULL;
}

const char *entry_check(const struct entry_guest *guest, const struct entry_cpu *cpu)
{
	const char *broken = check_cr(guest, cpu);

	if (!broken)
		broken = check_mode(guest);
	if (!broken)
		broken = check_msrs(guest);
	return broken ? broken : check_rest(guest);
}
