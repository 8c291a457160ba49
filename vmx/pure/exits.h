/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What exit reasons and qualifications say, and the answers of emulated instructions: CPUID,
 * XSETBV, MOV to CR0 and CR4.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#ifndef HVGDB_VMX_EXITS_H
#define HVGDB_VMX_EXITS_H

#include "arch.h"

/*
 * The basic reason, with bit 31 where the entry failed. Its other bits tell of circumstances (an
 * enclave that was left, a bus lock), which change nothing of what is to be done.
 */
u32 exit_reason_decode(u64 field);

/* See "Exit Qualification for I/O Instructions". */
struct io_qual {
	unsigned int size; /* bytes: 1, 2, 4 */
	bool in;
	bool string;
	bool rep;
	bool imm;
	u16 port;
};

enum cr_access {
	CR_MOV_TO,
	CR_MOV_FROM,
	CR_CLTS,
	CR_LMSW,
};

/*
 * See "Exit Qualification for Control-Register Accesses". gpr: 0 RAX, 1 RCX, 2 RDX, 3 RBX, 4 RSP,
 * 5 RBP, 6 RSI, 7 RDI, then R8 to R15.
 */
struct cr_qual {
	unsigned int cr;
	enum cr_access access;
	bool lmsw_memory;
	unsigned int gpr;
	u16 lmsw_source;
};

/* See "Exit Qualification for MOV DR". */
struct dr_qual {
	unsigned int dr;
	bool from_dr; /* MOV from the debug register to gpr */
	unsigned int gpr;
};

/* See "Exit Qualification for EPT Violations". */
struct ept_qual {
	bool read, write, fetch; /* what was tried */
	bool r, w, x;		 /* what the entries allowed */
	bool gla_valid;		 /* GUEST_LINEAR_ADDRESS is valid */
	bool final;		 /* with gla_valid: the access itself, no page-table access */
	bool nmi_unblocked_by_iret;
};

struct io_qual io_qual_decode(u64 qual);
struct cr_qual cr_qual_decode(u64 qual);
struct dr_qual dr_qual_decode(u64 qual);
struct ept_qual ept_qual_decode(u64 qual);

/*
 * Corrects what CPUID answered in root. regs: EAX, EBX, ECX, EDX, 32 bits each: assigned to the
 * guest's 64-bit registers they clear the upper halves, as the instruction does.
 */
void cpuid_filter(u32 leaf, u32 subleaf, u64 guest_cr4, u32 regs[4]);

/* False: #GP(0). xcr0_supported: CPUID.0DH.0, EDX:EAX. */
bool xsetbv_valid(u32 index, u64 value, u64 xcr0_supported);

enum cr_verdict {
	CR_WRITE_OK,
	CR_WRITE_GP,	      /* #GP(0), as without us */
	CR_WRITE_UNSUPPORTED, /* legal, but we cannot: paging switched on or off */
};

struct cr_write {
	u64 value;    /* what the guest writes */
	u64 cr0, cr4; /* what it has now, as it sees them */
	u64 cr3;
	u64 efer;
	bool code64; /* CS.L */
	u64 fixed0;  /* of this register, with what unrestricted guest relaxes taken out */
	u64 fixed1;
	/* Results, on CR_WRITE_OK. */
	u64 real;   /* for GUEST_CR0, GUEST_CR4 */
	u64 shadow; /* for the read shadow */
};

enum cr_verdict cr0_write(struct cr_write *w);
enum cr_verdict cr4_write(struct cr_write *w);

/* CLTS and LMSW as the MOV to CR0 that they amount to. */
u64 cr0_after_clts(u64 cr0);
u64 cr0_after_lmsw(u64 cr0, u16 source);

#endif
