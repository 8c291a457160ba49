// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses of the guest to the page in which the debug line's UART has its registers: root carries
 * them out in its own map of the page, and sees what the driver reads and writes (D1, D5). Root.
 *
 * Drivers reach registers by MOV. For whoever comes with anything else (a program with /dev/mem)
 * the page is opened for good: the line works on, but unwatched, until it is armed again.
 */
#include "root.h"
#include "instr.h"
#include "pure/mmio.h"

#define PAGE_OFFSET_MASK (HV_PAGE_SIZE - 1)

static bool fetch(struct vcpu *vcpu, struct mmio_insn *insn)
{
	u8 bytes[MMIO_INSN_MAX];
	size_t done = 0;

	if (!(vmread(GUEST_CS_AR_BYTES) & HV_AR_L))
		return false;
	memory_read(vcpu->machine, vmread(GUEST_CR3), vmread(GUEST_RIP), bytes, sizeof(bytes),
		    &done);
	return mmio_decode(bytes, done, insn);
}

static u64 read_page(volatile u8 *at, unsigned int size)
{
	switch (size) {
	case 1:
		return *at;
	case 2:
		return *(volatile u16 *)at;
	case 4:
		return *(volatile u32 *)at;
	default:
		return *(volatile u64 *)at;
	}
}

static void write_page(volatile u8 *at, unsigned int size, u64 value)
{
	switch (size) {
	case 1:
		*at = value;
		break;
	case 2:
		*(volatile u16 *)at = value;
		break;
	case 4:
		*(volatile u32 *)at = value;
		break;
	default:
		*(volatile u64 *)at = value;
	}
}

static void carry_out(struct vcpu *vcpu, const struct mmio_insn *insn, u64 gpa)
{
	struct machine *m = vcpu->machine;
	volatile u8 *at = m->line.regs.memory + (gpa & PAGE_OFFSET_MASK);
	unsigned int reg = uart_memory_register(m, gpa);
	u64 value, gpr = vmx_read_gpr(vcpu, insn->gpr);

	if (insn->write) {
		value = mmio_written(insn, gpr);
		value = (value & ~0xffULL) | line_driver_access(m, reg, false, value);
		write_page(at, insn->size, value);
	} else {
		line_driver_reads(m, reg);
		value = read_page(at, insn->size);
		line_driver_access(m, reg, true, value);
		vmx_write_gpr(vcpu, insn->gpr, mmio_read(insn, gpr, value));
	}
}

/* The length in the VMCS is not defined for this exit. */
enum vmx_verdict exit_mmio(struct vcpu *vcpu, u64 gpa)
{
	struct mmio_insn insn;

	if (!fetch(vcpu, &insn) || (gpa & PAGE_OFFSET_MASK) + insn.size > HV_PAGE_SIZE) {
		uart_watch(vcpu->machine, &vcpu->machine->line.regs, false);
		root_log(vcpu->machine, "an instruction other than MOV uses the debug line's UART: "
					"it is not watched any more");
		return VERDICT_RESUME;
	}
	carry_out(vcpu, &insn, gpa);
	skip_instruction(vmx_inject(vcpu), insn.length);
	return step_traps(vcpu) ? exit_mtf(vcpu) : VERDICT_RESUME;
}
