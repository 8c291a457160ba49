// SPDX-License-Identifier: GPL-2.0
/*
 * Root's own descriptor tables: GDT, TSS and an IDT for leaving of each CPU, one IDT for all. Runs
 * in the guest kernel before the launch; what it builds is used by root. Calls nothing of the
 * kernel's.
 */
#include "vcpu.h"
#include "host.h"
#include "offsets.h"

_Static_assert(offsetof(struct vcpu, nmi_stack) + ROOT_IST_SIZE == OFFSET_VCPU_NMI_STACK_TOP,
	       "entry.S");
_Static_assert(offsetof(struct vcpu, mc_stack) + ROOT_IST_SIZE == OFFSET_VCPU_MC_STACK_TOP,
	       "entry.S");
_Static_assert(offsetof(struct vcpu, regs) == OFFSET_VCPU_REGS, "entry.S");
_Static_assert(sizeof(struct guest_regs) == VCPU_REGS_SIZE, "entry.S");
_Static_assert(offsetof(struct vcpu, iret_frame) == OFFSET_VCPU_REGS + VCPU_REGS_SIZE, "entry.S");
_Static_assert(offsetof(struct vcpu, root_nmi) == OFFSET_VCPU_ROOT_NMI, "entry.S");
_Static_assert(offsetof(struct vcpu, root_mc) == OFFSET_VCPU_ROOT_MC, "entry.S");
_Static_assert(offsetof(struct vcpu, leave_idt) == OFFSET_VCPU_LEAVE_IDT, "entry.S");
_Static_assert(offsetof(struct vcpu, native) == OFFSET_VCPU_NATIVE, "entry.S");
_Static_assert(offsetof(struct native, rsp) == OFFSET_NATIVE_RSP, "entry.S");
_Static_assert(offsetof(struct native, since) == OFFSET_NATIVE_SINCE, "entry.S");
_Static_assert(offsetof(struct native, abort) == OFFSET_NATIVE_ABORT, "entry.S");
_Static_assert(offsetof(struct native, rax) == OFFSET_NATIVE_RAX, "entry.S");
_Static_assert(offsetof(struct native, stack) == OFFSET_NATIVE_STACK, "entry.S");

#define GDT_CODE64	  0x00af9b000000ffffULL
#define GDT_DATA	  0x00cf93000000ffffULL
#define GDT_TSS_AVAILABLE 0x89ULL

/* Set at load where Linux does the same on its own exits: see entry.S. */
u8 vmx_clear_branch_history;

/*
 * Every gate has a stack of its own: a fault may come where RSP leads nowhere, in native code. None
 * of the handlers faults. Those of the table for leaving have none, for the TSS is not root's there.
 */
enum root_ist { IST_NONE, IST_NMI, IST_DF, IST_MC, IST_FAULT };

/* See "TSS Descriptor in 64-bit mode": 16 bytes, two slots. */
void host_set_tss_descriptor(u64 *slot, u64 base, u32 limit)
{
	slot[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | GDT_TSS_AVAILABLE << 40 |
		  (u64)(limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
	slot[1] = base >> 32;
}

static void set_tss_stack(struct vcpu *vcpu, enum root_ist ist, u8 *stack)
{
	u64 top = (u64)stack + ROOT_IST_SIZE;

	/* IST1 is at offset 36 of the 64-bit TSS, unaligned. */
	memcpy(&vcpu->tss[36 + 8 * (ist - 1)], &top, sizeof(top));
}

static void set_gate(u64 *idt, unsigned int vector, void (*handler)(void), enum root_ist ist)
{
	u64 target = (u64)handler;

	idt[2 * vector] = (target & 0xffff) | ROOT_CS << 16 | (u64)ist << 32 | 0x8eULL << 40 |
			  (target >> 16 & 0xffff) << 48;
	idt[2 * vector + 1] = target >> 32;
}

void host_prepare_cpu(struct vcpu *vcpu)
{
	memset(vcpu->gdt, 0, sizeof(vcpu->gdt));
	vcpu->gdt[ROOT_CS / 8] = GDT_CODE64;
	vcpu->gdt[ROOT_DS / 8] = GDT_DATA;
	memset(vcpu->tss, 0, sizeof(vcpu->tss));
	set_tss_stack(vcpu, IST_NMI, vcpu->nmi_stack);
	set_tss_stack(vcpu, IST_DF, vcpu->df_stack);
	set_tss_stack(vcpu, IST_MC, vcpu->mc_stack);
	set_tss_stack(vcpu, IST_FAULT, vcpu->fault_stack);
	host_set_tss_descriptor(&vcpu->gdt[ROOT_TR / 8], (u64)vcpu->tss, sizeof(vcpu->tss) - 1);
	memset(vcpu->leave_idt, 0, sizeof(vcpu->leave_idt));
	set_gate(vcpu->leave_idt, HV_VECTOR_NMI, leaving_nmi_gate, IST_NONE);
	set_gate(vcpu->leave_idt, HV_VECTOR_MC, leaving_mc_gate, IST_NONE);
}

/* External interrupts cannot arrive (root runs with IF=0), so their gates stay not present. */
void host_prepare_idt(u64 *idt)
{
	unsigned int vector;

	memset(idt, 0, HV_PAGE_SIZE);
	for (vector = 0; vector < 32; vector++)
		set_gate(idt, vector, (void (*)(void))((u64)root_fault_gates + 16 * vector),
			 IST_FAULT);
	set_gate(idt, HV_VECTOR_NMI, root_nmi_gate, IST_NMI);
	set_gate(idt, HV_VECTOR_DF, (void (*)(void))((u64)root_fault_gates + 16 * HV_VECTOR_DF),
		 IST_DF);
	set_gate(idt, HV_VECTOR_MC, root_mc_gate, IST_MC);
}
