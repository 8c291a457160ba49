// SPDX-License-Identifier: GPL-2.0
/*
 * This CPU's local APIC: one NMI to one CPU by physical destination (D24); how interrupts end that
 * were acknowledged and do not reach the guest (D9). In xAPIC mode the guest may be between its two
 * writes of the interrupt command register, so the upper half is put back. Root.
 */
#include "root.h"
#include "instr.h"
#include "irq_end.h"
#include "pure/apic.h"

/* A delivery takes microseconds; a bus that does not accept it must not hang root. */
#define DELIVERY_POLLS 100000

static volatile u32 *xapic(u32 offset)
{
	return (volatile u32 *)(ROOT_APIC_VA + offset);
}

static bool await_delivery(void)
{
	unsigned int polls;

	for (polls = 0; polls < DELIVERY_POLLS; polls++) {
		if (!(*xapic(LAPIC_ICR_LOW_OFFSET) & LAPIC_ICR_BUSY))
			return true;
		relax();
	}
	return false;
}

static void xapic_send(const struct lapic_icr *icr)
{
	u32 high;

	await_delivery();
	high = *xapic(LAPIC_ICR_HIGH_OFFSET);
	*xapic(LAPIC_ICR_HIGH_OFFSET) = icr->high;
	*xapic(LAPIC_ICR_LOW_OFFSET) = icr->low;
	await_delivery();
	*xapic(LAPIC_ICR_HIGH_OFFSET) = high;
}

/*
 * See "MSR Access in x2APIC Mode": such a WRMSR does not wait for the stores before it, and the CPU
 * that is interrupted has to see why.
 */
static void x2apic_send(u64 icr)
{
	store_fence();
	msr_write(HV_MSR_X2APIC_ICR, icr);
}

void apic_send_nmi(const struct machine *m, u32 apic_id)
{
	enum lapic_mode mode = lapic_mode_of(msr_read(HV_MSR_IA32_APIC_BASE));
	struct lapic_icr icr;

	if (!lapic_nmi_icr(mode, apic_id, &icr))
		return;
	if (mode == LAPIC_X2APIC)
		x2apic_send(icr.msr);
	else
		xapic_send(&icr);
}

#define APIC_EOI	   0xb0
#define APIC_SPURIOUS	   0xf0
#define APIC_ISR	   0x100
#define APIC_TMR	   0x180
#define X2APIC_MSR(offset) (0x800 + (offset) / 16)
#define APIC_ICR_SELF	   0x44000 /* fixed, edge, asserted, to this CPU */
#define PIC_COMMAND	   0x20
#define PIC_SLAVE_COMMAND  0xa0
#define PIC_EOI		   0x20

static bool is_x2apic(void)
{
	return lapic_mode_of(msr_read(HV_MSR_IA32_APIC_BASE)) == LAPIC_X2APIC;
}

static u32 read_register(u32 offset)
{
	return is_x2apic() ? (u32)msr_read(X2APIC_MSR(offset)) : *xapic(offset);
}

static void send_eoi(void)
{
	if (is_x2apic())
		msr_write(X2APIC_MSR(APIC_EOI), 0);
	else
		*xapic(APIC_EOI) = 0;
}

static void read_set(u32 offset, u64 set[4])
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		set[i / 2] |= (u64)read_register(offset + 16 * i) << 32 * (i % 2);
}

static enum irq_end how_it_ends(u8 vector)
{
	struct irq_state state = { .vector = vector, .spurious = (u8)read_register(APIC_SPURIOUS) };

	read_set(APIC_ISR, state.isr);
	return irq_end(&state);
}

/* A vector that was acknowledged and will not reach the guest is ended as the guest would (D9). */
void apic_end_suppressed(struct vcpu *vcpu, u8 vector)
{
	vcpu->irq_later[vector / 64] &= ~BIT64(vector % 64);
	switch (how_it_ends(vector)) {
	case IRQ_END_EOI:
		send_eoi();
		break;
	case IRQ_END_LATER:
		vcpu->irq_later[vector / 64] |= BIT64(vector % 64);
		break;
	case IRQ_END_PIC:
		port_out8(PIC_SLAVE_COMMAND, PIC_EOI);
		port_out8(PIC_COMMAND, PIC_EOI);
		break;
	default:
		break;
	}
}

/* Looks again at those that a higher vector was in the way of; now and then. */
void apic_end_later(struct vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (vcpu->irq_later[i])
			apic_end_suppressed(vcpu, 64 * i + 63 - __builtin_clzll(vcpu->irq_later[i]));
}

/* A line that nobody serves: to be asked once for each suppressed interrupt. */
bool apic_is_storm(struct vcpu *vcpu, u8 vector)
{
	u64 level[4] = { 0 };

	read_set(APIC_TMR, level);
	return irq_storm_suppressed(&vcpu->storm, vector, level);
}

static void interrupt_self(u8 vector)
{
	if (is_x2apic()) {
		x2apic_send(APIC_ICR_SELF | vector);
		return;
	}
	await_delivery();
	*xapic(LAPIC_ICR_LOW_OFFSET) = APIC_ICR_SELF | vector;
	await_delivery();
}

/*
 * A vector that was acknowledged becomes a request again. (With a second one of its kind already
 * requested they are one, as they would be had it not been acknowledged; the 8259's have no way
 * back.) The upper half of the command register has no part in an interrupt to oneself.
 */
void apic_raise_again(struct vcpu *vcpu, u8 vector)
{
	if (how_it_ends(vector) != IRQ_END_EOI)
		return;
	send_eoi();
	interrupt_self(vector);
}
