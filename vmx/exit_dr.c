// SPDX-License-Identifier: GPL-2.0
/*
 * MOV DR for a guest whose accesses exit: what it would have done is worked out by events/dr.c and
 * done here, on the guest's own registers (root has none of its own in use). Root.
 */
#include "root.h"
#include "instr.h"
#include "dr.h"
#include "pure/exits.h"

static struct dr_state read_state(const struct vcpu *vcpu)
{
	u32 features[4];
	struct dr_state state = {
		.dr = { debug_regs_read(vcpu, 0), debug_regs_read(vcpu, 1),
			debug_regs_read(vcpu, 2), debug_regs_read(vcpu, 3) },
		.dr6 = get_dr6(),
		.dr7 = debug_regs_read_dr7(vcpu),
		.de = vmread(GUEST_CR4) & HV_CR4_DE,
		.code64 = vmread(GUEST_CS_AR_BYTES) & HV_AR_L,
		.cpl = vmread(GUEST_SS_AR_BYTES) >> HV_AR_DPL_SHIFT & 3,
	};

	run_cpuid(features, 7, 0);
	state.rtm = features[1] & BIT64(11);
	state.bus_lock = features[2] & BIT64(24);
	return state;
}

static void write_state(struct vcpu *vcpu, const struct dr_state *before,
			const struct dr_state *after)
{
	unsigned int n;

	for (n = 0; n < DEBUG_SLOTS; n++)
		if (after->dr[n] != before->dr[n])
			debug_regs_write(vcpu, n, after->dr[n]);
	if (after->dr6 != before->dr6)
		set_dr6(after->dr6);
	if (after->dr7 != before->dr7)
		debug_regs_write_dr7(vcpu, after->dr7);
}

void dr_describe(struct vcpu *vcpu, struct event *event)
{
	struct dr_qual qual = dr_qual_decode(vmread(EXIT_QUALIFICATION));

	event->dr = qual.dr;
	event->dr_real = dr_real(qual.dr, vmread(GUEST_CR4) & HV_CR4_DE);
	event->dr_direction = qual.from_dr ? EVENT_DR_READ : EVENT_DR_WRITE;
	event->dr_gpr = qual.gpr;
	event->value = qual.from_dr ? 0 : vmx_read_gpr(vcpu, qual.gpr);
}

void dr_emulate(struct vcpu *vcpu, const struct event *event)
{
	struct dr_state before = read_state(vcpu);
	struct dr_result result = dr_access(&before, event->dr, event->dr_direction,
					    vmx_read_gpr(vcpu, event->dr_gpr));

	write_state(vcpu, &before, &result.state);
	switch (result.fault) {
	case DR_UD:
		vmx_inject_fault(vcpu, HV_VECTOR_UD, 0);
		return;
	case DR_GP:
		vmx_inject_fault(vcpu, HV_VECTOR_GP, 0);
		return;
	case DR_DB:
		vmx_inject_fault(vcpu, HV_VECTOR_DB, 0);
		return;
	default:
		break;
	}
	if (result.set_gpr)
		vmx_write_gpr(vcpu, event->dr_gpr, result.gpr);
	skip_instruction(vmx_inject(vcpu), event->length);
}
