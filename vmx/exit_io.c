// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O that exits: the debug line's UART, whose traffic root watches while the line is armed
 * (D1). Everything is done as the guest asked, but for what root has sent already (D5). Root.
 */
#include "root.h"
#include "instr.h"
#include "pure/exits.h"

static u32 port_in(u16 port, unsigned int size)
{
	switch (size) {
	case 1:
		return port_in8(port);
	case 2:
		return port_in16(port);
	default:
		return port_in32(port);
	}
}

static void port_out(u16 port, unsigned int size, u32 value)
{
	switch (size) {
	case 1:
		port_out8(port, value);
		break;
	case 2:
		port_out16(port, value);
		break;
	default:
		port_out32(port, value);
	}
}

/* IN to EAX clears the upper half; to AL and AX it leaves the rest alone. */
static void set_rax(struct vcpu *vcpu, unsigned int size, u32 value)
{
	if (size == 4)
		vcpu->regs.rax = value;
	else
		memcpy(&vcpu->regs.rax, &value, size);
}

static void single_in(struct vcpu *vcpu, const struct io_qual *io)
{
	unsigned int reg = uart_port_register(vcpu->machine, io->port);
	u32 value;

	line_driver_reads(vcpu->machine, reg);
	value = port_in(io->port, io->size);
	if (io->size == 1)
		line_driver_access(vcpu->machine, reg, true, value);
	set_rax(vcpu, io->size, value);
}

static void single_out(struct vcpu *vcpu, const struct io_qual *io)
{
	u32 value = vcpu->regs.rax;

	if (io->size == 1)
		value = line_driver_access(vcpu->machine,
					   uart_port_register(vcpu->machine, io->port), false,
					   value);
	port_out(io->port, io->size, value);
}

/*
 * INS and OUTS touch memory and may fault there: the CPU does that best. It executes one iteration
 * with the I/O bitmaps off, and the trap flag brings it back.
 */
static void step_unwatched(struct vcpu *vcpu)
{
	vcpu->io_unwatched = true;
	vcpu->cpu_controls &= ~CPU_BASED_USE_IO_BITMAPS;
	vmwrite(CPU_BASED_VM_EXEC_CONTROL, vcpu->cpu_controls);
	if (vcpu->step == STEP_NONE)
		step_begin(vcpu, STEP_INTERNAL);
}

enum vmx_verdict exit_io(struct vcpu *vcpu)
{
	struct io_qual io = io_qual_decode(vmread(EXIT_QUALIFICATION));

	if (io.string) {
		step_unwatched(vcpu);
		return VERDICT_RESUME;
	}
	if (io.in)
		single_in(vcpu, &io);
	else
		single_out(vcpu, &io);
	return VERDICT_SKIP;
}
