// SPDX-License-Identifier: GPL-2.0
/*
 * The table of controls, and the refusals. See controls.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "controls.h"

enum control_field { PIN, CPU, CPU2, EXIT, ENTRY, NR_FIELDS };

enum control_need {
	ON,	   /* required, and on */
	AVAILABLE, /* required, but off until it is wanted */
	IF_THERE,  /* on when the CPU has it */
	IF_CPUID,  /* required and on when CPUID shows the guest the feature */
	OFF,	   /* it must be possible to leave it off */
};

enum cpuid_feature { NONE, RDTSCP, INVPCID, XSAVES, WAITPKG };

struct control_row {
	u8 field;
	u8 need;
	u8 feature;
	u32 bit;
	const char *name;
};

static const struct control_row rows[] = {
	{ PIN, ON, NONE, PIN_BASED_NMI_EXITING, "NMI exiting" },
	{ PIN, ON, NONE, PIN_BASED_VIRTUAL_NMIS, "virtual NMIs" },
	{ PIN, AVAILABLE, NONE, PIN_BASED_EXT_INTR_MASK, "external-interrupt exiting" },
	{ PIN, OFF, NONE, PIN_BASED_VMX_PREEMPTION_TIMER, "activate VMX-preemption timer" },
	{ PIN, OFF, NONE, PIN_BASED_POSTED_INTR, "process posted interrupts" },

	{ CPU, ON, NONE, CPU_BASED_ACTIVATE_SECONDARY_CONTROLS, "activate secondary controls" },
	{ CPU, ON, NONE, CPU_BASED_USE_MSR_BITMAPS, "use MSR bitmaps" },
	{ CPU, ON, NONE, CPU_BASED_USE_IO_BITMAPS, "use I/O bitmaps" },
	{ CPU, AVAILABLE, NONE, CPU_BASED_MONITOR_TRAP_FLAG, "monitor trap flag" },
	{ CPU, AVAILABLE, NONE, CPU_BASED_MOV_DR_EXITING, "MOV-DR exiting" },
	{ CPU, AVAILABLE, NONE, CPU_BASED_NMI_WINDOW_EXITING, "NMI-window exiting" },
	{ CPU, AVAILABLE, NONE, CPU_BASED_INTR_WINDOW_EXITING, "interrupt-window exiting" },
	{ CPU, OFF, NONE, CPU_BASED_USE_TSC_OFFSETTING, "use TSC offsetting" },
	{ CPU, OFF, NONE, CPU_BASED_HLT_EXITING, "HLT exiting" },
	{ CPU, OFF, NONE, CPU_BASED_INVLPG_EXITING, "INVLPG exiting" },
	{ CPU, OFF, NONE, CPU_BASED_MWAIT_EXITING, "MWAIT exiting" },
	{ CPU, OFF, NONE, CPU_BASED_RDPMC_EXITING, "RDPMC exiting" },
	{ CPU, OFF, NONE, CPU_BASED_RDTSC_EXITING, "RDTSC exiting" },
	{ CPU, OFF, NONE, CPU_BASED_CR3_LOAD_EXITING, "CR3-load exiting" },
	{ CPU, OFF, NONE, CPU_BASED_CR3_STORE_EXITING, "CR3-store exiting" },
	{ CPU, OFF, NONE, CPU_BASED_ACTIVATE_TERTIARY_CONTROLS, "activate tertiary controls" },
	{ CPU, OFF, NONE, CPU_BASED_CR8_LOAD_EXITING, "CR8-load exiting" },
	{ CPU, OFF, NONE, CPU_BASED_CR8_STORE_EXITING, "CR8-store exiting" },
	{ CPU, OFF, NONE, CPU_BASED_TPR_SHADOW, "use TPR shadow" },
	{ CPU, OFF, NONE, CPU_BASED_UNCOND_IO_EXITING, "unconditional I/O exiting" },
	{ CPU, OFF, NONE, CPU_BASED_MONITOR_EXITING, "MONITOR exiting" },
	{ CPU, OFF, NONE, CPU_BASED_PAUSE_EXITING, "PAUSE exiting" },

	{ CPU2, ON, NONE, SECONDARY_EXEC_ENABLE_EPT, "enable EPT" },
	{ CPU2, IF_THERE, NONE, SECONDARY_EXEC_UNRESTRICTED_GUEST, "unrestricted guest" },
	{ CPU2, IF_CPUID, RDTSCP, SECONDARY_EXEC_ENABLE_RDTSCP, "enable RDTSCP" },
	{ CPU2, IF_CPUID, INVPCID, SECONDARY_EXEC_ENABLE_INVPCID, "enable INVPCID" },
	{ CPU2, IF_CPUID, XSAVES, SECONDARY_EXEC_ENABLE_XSAVES, "enable XSAVES/XRSTORS" },
	{ CPU2, IF_CPUID, WAITPKG, SECONDARY_EXEC_ENABLE_USR_WAIT_PAUSE,
	  "enable user wait and pause" },

	{ EXIT, ON, NONE, VM_EXIT_SAVE_DEBUG_CONTROLS, "save debug controls" },
	{ EXIT, ON, NONE, VM_EXIT_HOST_ADDR_SPACE_SIZE, "host address-space size" },
	{ EXIT, ON, NONE, VM_EXIT_SAVE_IA32_PAT, "save IA32_PAT" },
	{ EXIT, ON, NONE, VM_EXIT_LOAD_IA32_PAT, "load IA32_PAT on exit" },
	{ EXIT, ON, NONE, VM_EXIT_SAVE_IA32_EFER, "save IA32_EFER" },
	{ EXIT, ON, NONE, VM_EXIT_LOAD_IA32_EFER, "load IA32_EFER on exit" },
	{ EXIT, AVAILABLE, NONE, VM_EXIT_ACK_INTR_ON_EXIT, "acknowledge interrupt on exit" },

	{ ENTRY, ON, NONE, VM_ENTRY_LOAD_DEBUG_CONTROLS, "load debug controls" },
	{ ENTRY, ON, NONE, VM_ENTRY_IA32E_MODE, "IA-32e mode guest" },
	{ ENTRY, ON, NONE, VM_ENTRY_LOAD_IA32_PAT, "load IA32_PAT on entry" },
	{ ENTRY, ON, NONE, VM_ENTRY_LOAD_IA32_EFER, "load IA32_EFER on entry" },
};

/*
 * The reserved bits that are 1 on every CPU, less those that the rows name. See "VM-Execution
 * Controls" and its neighbours in the appendix "VMX Capability Reporting Facility".
 */
static const u32 reserved_ones[NR_FIELDS] = {
	[PIN] = 0x00000016,
	[CPU] = 0x04006172,
	[EXIT] = 0x00036dfb,
	[ENTRY] = 0x000011fb,
};

static const char *const reserved_names[NR_FIELDS] = {
	[PIN] = "a pin-based VM-execution control that hvgdb does not know",
	[CPU] = "a primary processor-based VM-execution control that hvgdb does not know",
	[CPU2] = "a secondary processor-based VM-execution control that hvgdb does not know",
	[EXIT] = "a VM-exit control that hvgdb does not know",
	[ENTRY] = "a VM-entry control that hvgdb does not know",
};

static u64 field_caps(const struct vmx_caps *caps, unsigned int field)
{
	switch (field) {
	case PIN:
		return caps->pinbased;
	case CPU:
		return caps->procbased;
	case CPU2:
		return caps->procbased2;
	case EXIT:
		return caps->exit;
	default:
		return caps->entry;
	}
}

static bool has_feature(const struct vmx_caps *caps, unsigned int feature)
{
	switch (feature) {
	case RDTSCP:
		return caps->rdtscp;
	case INVPCID:
		return caps->invpcid;
	case XSAVES:
		return caps->xsaves;
	case WAITPKG:
		return caps->waitpkg;
	default:
		return false;
	}
}

/* In the capability MSRs the low half has the bits that must be 1, the high half those that may. */
static u32 must_be_1(u64 cap)
{
	return (u32)cap;
}

static u32 may_be_1(u64 cap)
{
	return (u32)(cap >> 32);
}

static bool refuse(struct vmx_refusal *refusal, int kind, const char *what)
{
	refusal->kind = kind;
	refusal->what = what;
	return false;
}

static bool choose_row(const struct vmx_caps *caps, const struct control_row *row, u32 *value,
		       struct vmx_refusal *refusal)
{
	u64 cap = field_caps(caps, row->field);
	bool there = may_be_1(cap) & row->bit;
	bool forced = must_be_1(cap) & row->bit;
	bool on = row->need == ON || (row->need == IF_THERE && there) ||
		  (row->need == IF_CPUID && has_feature(caps, row->feature));

	if (!there && (on || row->need == AVAILABLE)) {
		if (row->bit == SECONDARY_EXEC_ENABLE_EPT && row->field == CPU2)
			return refuse(refusal, VMX_REFUSED_NO_EPT, NULL);
		return refuse(refusal, VMX_REFUSED_CONTROL_MISSING, row->name);
	}
	if (forced && (row->need == OFF || row->need == AVAILABLE))
		return refuse(refusal, VMX_REFUSED_CONTROL_FORCED, row->name);
	if (on || forced)
		*value |= row->bit;
	return true;
}

/*
 * A bit that is forced to 1, has no row, and is none of the reserved bits that always were 1, does
 * something that we do not know. Of those reserved bits the default is 1 even where the TRUE MSR
 * would allow 0: that is how the CPU behaves for software that knows nothing of them.
 */
static bool check_forced(const struct vmx_caps *caps, const u32 known[], u32 value[],
			 struct vmx_refusal *refusal)
{
	unsigned int i;

	for (i = 0; i < NR_FIELDS; i++) {
		u64 cap = field_caps(caps, i);
		u32 forced = must_be_1(cap);

		if (forced & ~(known[i] | reserved_ones[i]))
			return refuse(refusal, VMX_REFUSED_CONTROL_FORCED, reserved_names[i]);
		value[i] |= forced | (reserved_ones[i] & may_be_1(cap));
	}
	return true;
}

static bool choose_rows(const struct vmx_caps *caps, struct vmx_controls *controls,
			struct vmx_refusal *refusal)
{
	u32 value[NR_FIELDS] = { 0 };
	u32 known[NR_FIELDS] = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!choose_row(caps, &rows[i], &value[rows[i].field], refusal))
			return false;
		known[rows[i].field] |= rows[i].bit;
	}
	if (!check_forced(caps, known, value, refusal))
		return false;
	controls->pin = value[PIN];
	controls->cpu = value[CPU];
	controls->cpu2 = value[CPU2];
	controls->exit = value[EXIT];
	controls->entry = value[ENTRY];
	return true;
}

/* See "Basic VMX Information". */
static bool check_basic(u64 basic, struct vmx_refusal *refusal)
{
	u32 size = (basic >> 32) & 0x1fff;

	if (basic & BIT64(31))
		return refuse(refusal, VMX_REFUSED_BASIC, "bit 31 of the revision is set");
	if (size == 0 || size > 4096)
		return refuse(refusal, VMX_REFUSED_BASIC, "its VMCS is larger than 4096 bytes");
	if (basic & BIT64(48))
		return refuse(refusal, VMX_REFUSED_BASIC, "its VMCS must lie below 4 GiB");
	if (((basic >> 50) & 0xf) != HV_MT_WB)
		return refuse(refusal, VMX_REFUSED_BASIC, "its VMCS memory is not write-back");
	return true;
}

struct ept_row {
	u64 bits;
	const char *name;
};

/* See "VPID and EPT Capabilities". Without 2M pages the identity map would not fit into RAM. */
static const struct ept_row ept_rows[] = {
	{ VMX_EPT_PAGE_WALK_4_BIT, "a page-walk length of 4" },
	{ VMX_EPTP_WB_BIT, "write-back EPT paging structures" },
	{ VMX_EPT_2MB_PAGE_BIT, "2-MByte EPT pages" },
	{ VMX_EPT_INVEPT_BIT, "INVEPT" },
	{ VMX_EPT_EXTENT_CONTEXT_BIT, "single-context INVEPT" },
	{ VMX_EPT_EXTENT_GLOBAL_BIT, "all-context INVEPT" },
};

static bool check_ept(u64 cap, struct vmx_refusal *refusal)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ept_rows); i++)
		if (!(cap & ept_rows[i].bits))
			return refuse(refusal, VMX_REFUSED_EPT_CAP, ept_rows[i].name);
	return true;
}

static bool check_firmware(const struct vmx_caps *caps, struct vmx_refusal *refusal)
{
	if (!caps->has_vmx)
		return refuse(refusal, VMX_REFUSED_NO_VMX, NULL);
	if (!(caps->feature_control & HV_FEATURE_CONTROL_LOCKED))
		return refuse(refusal, VMX_REFUSED_FIRMWARE_UNLOCKED, NULL);
	if (!(caps->feature_control & HV_FEATURE_CONTROL_VMX_OUTSIDE_SMX))
		return refuse(refusal, VMX_REFUSED_FIRMWARE_OFF, NULL);
	return true;
}

static void note_available(const struct vmx_caps *caps, struct vmx_controls *controls)
{
	u32 pin = may_be_1(caps->pinbased);
	u32 cpu2 = may_be_1(caps->procbased2);
	u32 exit = may_be_1(caps->exit);
	u32 entry = may_be_1(caps->entry);
	u64 vpid = VMX_VPID_INVVPID_BIT | VMX_VPID_EXTENT_GLOBAL_BIT;

	controls->has_mtf = may_be_1(caps->procbased) & CPU_BASED_MONITOR_TRAP_FLAG;
	controls->has_ptimer = pin & PIN_BASED_VMX_PREEMPTION_TIMER;
	controls->has_save_ptimer =
		controls->has_ptimer && (exit & VM_EXIT_SAVE_VMX_PREEMPTION_TIMER);
	controls->has_unrestricted_guest = cpu2 & SECONDARY_EXEC_UNRESTRICTED_GUEST;
	controls->has_vpid =
		(cpu2 & SECONDARY_EXEC_ENABLE_VPID) && (caps->ept_vpid_cap & vpid) == vpid;
	controls->has_load_perf_global = (exit & VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL) &&
					 (entry & VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL);
	controls->has_exec_only = caps->ept_vpid_cap & VMX_EPT_EXECUTE_ONLY_BIT;
	controls->has_1g = caps->ept_vpid_cap & VMX_EPT_1GB_PAGE_BIT;
	controls->has_hlt_activity = caps->misc & BIT64(6);
	controls->ptimer_shift = caps->misc & 0x1f;
}

/* Asked before the single controls: old CPUs lack several, and EPT is the one people know of. */
static bool check_has_ept(const struct vmx_caps *caps, struct vmx_refusal *refusal)
{
	if (!(caps->procbased >> 32 & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS) ||
	    caps->procbased2 >> 32 & SECONDARY_EXEC_ENABLE_EPT)
		return true;
	refusal->kind = VMX_REFUSED_NO_EPT;
	return false;
}

static const int refusal_errno[] = {
	[VMX_REFUSED_NOT] = 0,
	[VMX_REFUSED_NO_VMX] = -ENODEV,
	[VMX_REFUSED_FIRMWARE_OFF] = -EACCES,
	[VMX_REFUSED_FIRMWARE_UNLOCKED] = -EPERM,
	[VMX_REFUSED_BASIC] = -ENXIO,
	[VMX_REFUSED_CONTROL_MISSING] = -EOPNOTSUPP,
	[VMX_REFUSED_CONTROL_FORCED] = -ERANGE,
	[VMX_REFUSED_NO_EPT] = -ENOSYS,
	[VMX_REFUSED_EPT_CAP] = -EDOM,
};

int vmx_choose_controls(const struct vmx_caps *caps, struct vmx_controls *controls,
			struct vmx_refusal *refusal)
{
	memset(controls, 0, sizeof(*controls));
	refusal->kind = VMX_REFUSED_NOT;
	refusal->what = NULL;
	if (check_firmware(caps, refusal) && check_basic(caps->basic, refusal) &&
	    check_has_ept(caps, refusal) && choose_rows(caps, controls, refusal) &&
	    check_ept(caps->ept_vpid_cap, refusal))
		note_available(caps, controls);
	return refusal_errno[refusal->kind];
}

static const char *const refusal_sentence[] = {
	[VMX_REFUSED_NOT] = "this CPU can run hvgdb",
	[VMX_REFUSED_NO_VMX] = "this CPU, or the hypervisor below it, offers no VMX",
	[VMX_REFUSED_FIRMWARE_OFF] = "the firmware has switched VMX off and locked it: "
				     "look for VT-x in the firmware's setup",
	[VMX_REFUSED_FIRMWARE_UNLOCKED] = "the firmware left IA32_FEATURE_CONTROL unlocked: hvgdb "
					  "does not lock it, because that lasts until reset",
	[VMX_REFUSED_BASIC] = "this CPU's VMX is unfit: ",
	[VMX_REFUSED_CONTROL_MISSING] = "this CPU lacks a VMX control that hvgdb needs: ",
	[VMX_REFUSED_CONTROL_FORCED] = "this CPU cannot switch off a VMX control: ",
	[VMX_REFUSED_NO_EPT] = "this CPU has no EPT (extended page tables)",
	[VMX_REFUSED_EPT_CAP] = "this CPU's EPT lacks what hvgdb needs: ",
};

static size_t append(char *buf, size_t size, size_t at, const char *text)
{
	while (text && *text && at + 1 < size)
		buf[at++] = *text++;
	return at;
}

const char *vmx_refusal_text(const struct vmx_refusal *refusal, char *buf, size_t size)
{
	size_t at = 0;

	if (!size)
		return "";
	if (refusal->kind < 0 || (size_t)refusal->kind >= ARRAY_SIZE(refusal_sentence)) {
		at = append(buf, size, at, "unknown refusal");
	} else {
		at = append(buf, size, at, refusal_sentence[refusal->kind]);
		at = append(buf, size, at, refusal->what);
	}
	buf[at] = '\0';
	return buf;
}

static const char *check_pin(u32 pin, u32 cpu, u32 exit)
{
	if ((pin & PIN_BASED_VIRTUAL_NMIS) && !(pin & PIN_BASED_NMI_EXITING))
		return "virtual NMIs need NMI exiting";
	if ((cpu & CPU_BASED_NMI_WINDOW_EXITING) && !(pin & PIN_BASED_VIRTUAL_NMIS))
		return "NMI-window exiting needs virtual NMIs";
	if ((exit & VM_EXIT_SAVE_VMX_PREEMPTION_TIMER) && !(pin & PIN_BASED_VMX_PREEMPTION_TIMER))
		return "save VMX-preemption timer value needs the timer";
	if ((pin & PIN_BASED_POSTED_INTR) && !(exit & VM_EXIT_ACK_INTR_ON_EXIT))
		return "posted interrupts need acknowledge interrupt on exit";
	return NULL;
}

/* See "Checks on VMX Controls". */
const char *vmx_check_controls(u32 pin, u32 cpu, u32 cpu2, u32 exit, u32 entry)
{
	const char *broken = check_pin(pin, cpu, exit);

	if (broken)
		return broken;
	if (!(cpu & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS))
		cpu2 = 0;
	if ((cpu2 & SECONDARY_EXEC_UNRESTRICTED_GUEST) && !(cpu2 & SECONDARY_EXEC_ENABLE_EPT))
		return "unrestricted guest needs EPT";
	if ((cpu2 & SECONDARY_EXEC_ENABLE_PML) && !(cpu2 & SECONDARY_EXEC_ENABLE_EPT))
		return "page-modification logging needs EPT";
	if ((cpu2 & SECONDARY_EXEC_MODE_BASED_EPT_EXEC) && !(cpu2 & SECONDARY_EXEC_ENABLE_EPT))
		return "mode-based execute control needs EPT";
	if ((cpu2 & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE) && !(cpu & CPU_BASED_TPR_SHADOW))
		return "virtualize x2APIC mode needs the TPR shadow";
	if ((cpu2 & SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY) && !(pin & PIN_BASED_EXT_INTR_MASK))
		return "virtual-interrupt delivery needs external-interrupt exiting";
	if (entry & (VM_ENTRY_SMM | VM_ENTRY_DEACT_DUAL_MONITOR))
		return "entry to SMM and dual-monitor treatment are for SMM only";
	return NULL;
}

u64 vmx_fixed_cr(u64 value, u64 fixed0, u64 fixed1)
{
	return (value | fixed0) & fixed1;
}
