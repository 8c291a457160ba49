// SPDX-License-Identifier: GPL-2.0
/*
 * The debug registers of a CPU: the guest's own, and, while gdb watches something, what hvgdb puts
 * into those that the guest leaves free. Meanwhile MOV DR exits, so the guest reads what it wrote.
 * DR6 is the guest's at all times: an exception that exits does not touch it. Root, on the CPU
 * itself.
 */
#include "root.h"
#include "instr.h"

static u64 cpu_read(unsigned int n)
{
	switch (n) {
	case 0:
		return get_dr0();
	case 1:
		return get_dr1();
	case 2:
		return get_dr2();
	default:
		return get_dr3();
	}
}

static void cpu_write(unsigned int n, u64 value)
{
	switch (n) {
	case 0:
		set_dr0(value);
		break;
	case 1:
		set_dr1(value);
		break;
	case 2:
		set_dr2(value);
		break;
	default:
		set_dr3(value);
		break;
	}
}

u64 debug_regs_read(const struct vcpu *vcpu, unsigned int n)
{
	return vcpu->debug.shared ? vcpu->debug.dr[n] : cpu_read(n);
}

u64 debug_regs_read_dr7(const struct vcpu *vcpu)
{
	return vcpu->debug.shared ? vcpu->debug.dr7 : vmread(GUEST_DR7);
}

/* Where the guest needs a register back, a watchpoint is without one; gdb is told, once. */
static void tell_missing(struct vcpu *vcpu, bool missing)
{
	static const char line[] =
		"hvgdb: Linux uses more debug registers now: not all watchpoints and "
		"hardware breakpoints are seen on every CPU\n";

	if (missing && !vcpu->debug.missing) {
		root_log(vcpu->machine,
			 "Linux uses more debug registers now: not all watchpoints of gdb are "
			 "seen on every CPU");
		console_put(vcpu, line, sizeof(line) - 1, true);
	}
	vcpu->debug.missing = missing;
}

static void share(struct vcpu *vcpu)
{
	struct debug_use *use = &vcpu->debug;
	unsigned int n;

	tell_missing(vcpu,
		     debug_share(use->dr, use->dr7, use->pieces, use->nr_pieces, &use->slots));
	for (n = 0; n < DEBUG_SLOTS; n++)
		if (cpu_read(n) != use->slots.dr[n])
			cpu_write(n, use->slots.dr[n]);
	vmwrite(GUEST_DR7, use->slots.dr7);
}

void debug_regs_write(struct vcpu *vcpu, unsigned int n, u64 value)
{
	if (!vcpu->debug.shared) {
		cpu_write(n, value);
		return;
	}
	vcpu->debug.dr[n] = value;
	share(vcpu);
}

void debug_regs_write_dr7(struct vcpu *vcpu, u64 value)
{
	if (!vcpu->debug.shared) {
		vmwrite(GUEST_DR7, value);
		return;
	}
	vcpu->debug.dr7 = value;
	share(vcpu);
}

/* Everything is the guest's again. */
void debug_regs_give_back(struct vcpu *vcpu)
{
	struct debug_use *use = &vcpu->debug;
	unsigned int n;

	if (!use->shared)
		return;
	use->shared = false;
	use->missing = false;
	for (n = 0; n < DEBUG_SLOTS; n++)
		cpu_write(n, use->dr[n]);
	vmwrite(GUEST_DR7, use->dr7);
}

/* Before the guest runs: what gdb watches now. */
void debug_regs_settle(struct vcpu *vcpu)
{
	struct debug_use *use = &vcpu->debug;
	unsigned int n;

	use->nr_pieces = vcpu->leaving ? 0 : watchpoint_pieces(vcpu->machine, use->pieces);
	if (!use->nr_pieces) {
		debug_regs_give_back(vcpu);
		return;
	}
	if (!use->shared) {
		for (n = 0; n < DEBUG_SLOTS; n++)
			use->dr[n] = cpu_read(n);
		use->dr7 = vmread(GUEST_DR7);
		use->shared = true;
	}
	share(vcpu);
}
