// SPDX-License-Identifier: GPL-2.0
/*
 * Halting: a CPU parks in root and publishes its state; one parked CPU, the master, runs the debug
 * loop, brings the others in with NMIs and lets them go again. Root.
 *
 * A CPU is wanted by halt_wanted, told so by a kick. The kick's NMI may arrive in the guest (an
 * exit), in root, or much later; nmi_due says that one more NMI than the guest's own will come,
 * whenever it comes.
 */
#include "root.h"
#include "instr.h"

/* How long a CPU may take to arrive (D24). */
#define ARRIVE_MS 100

/* Well below what any watchdog of the kernel's tolerates. */
#define LONG_HALT_MS 2000

bool halt_is_halted(const struct vcpu *vcpu)
{
	return load_acquire(&vcpu->life) == VCPU_HALTED;
}

/*
 * The first thing that a CPU runs after a long halt is an NMI, ahead of the timer interrupt that
 * waits and would find the CPU stuck.
 */
static void calm_watchdogs(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	if (vcpu->release == STEP_NONE &&
	    read_tsc() - vcpu->halted_since >= LONG_HALT_MS * m->tsc_khz)
		nmi_calm_watchdogs(vcpu);
}

static void go_on(struct vcpu *vcpu)
{
	trace_released(vcpu);
	snapshot_restore(vcpu);
	vcpu->shows_oops = false;
	calm_watchdogs(vcpu);
	step_end(vcpu);
	events_intercept(vcpu);
	view_enter(vcpu);
	if (vcpu->release != STEP_NONE)
		step_begin(vcpu, vcpu->release);
	vcpu->ran_since = read_tsc();
	store_release(&vcpu->life, VCPU_RUNNING);
}

/* Parks until released. Whoever finds no master becomes it. */
void halt_enter(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	s32 nobody;

	vcpu->halts++;
	vcpu->halted_since = read_tsc();
	snapshot_take(vcpu);
	last_words_show(vcpu);
	store_release(&vcpu->halt_wanted, 0);
	store_release(&vcpu->life, VCPU_HALTED);
	while (halt_is_halted(vcpu)) {
		nobody = -1;
		if (load_acquire(&m->master) == (s32)vcpu->cpu ||
		    __atomic_compare_exchange_n(&m->master, &nobody, vcpu->cpu, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			debug_loop(vcpu);
		else
			relax();
	}
	go_on(vcpu);
}

/* A CPU that leaves for good while it is master (it steps, the others are halted) hands that on. */
void halt_resign(struct vcpu *vcpu)
{
	s32 self = vcpu->cpu;

	__atomic_compare_exchange_n(&vcpu->machine->master, &self, -1, false, __ATOMIC_RELEASE,
				    __ATOMIC_RELAXED);
}

static void kick(struct vcpu *vcpu)
{
	store_release(&vcpu->halt_wanted, 1);
	if (fault_deaf(vcpu))
		return;
	store_release(&vcpu->nmi_due, 1);
	apic_send_nmi(vcpu->machine, vcpu->apic_id);
}

static bool is_away(const struct vcpu *vcpu)
{
	u32 life = load_acquire(&vcpu->life);

	return life == VCPU_RUNNING || life == VCPU_RELEASED;
}

static bool all_here(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && is_away(m->vcpu[i]))
			return false;
	return true;
}

/* Brings every CPU in. False if one did not come in time: it is marked and parks when it comes. */
bool halt_others(struct vcpu *self)
{
	struct machine *m = self->machine;
	u64 start = read_tsc();
	unsigned int i;

	m->kicked_at = start;
	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && is_away(m->vcpu[i]) && !load_acquire(&m->vcpu[i]->halt_wanted))
			kick(m->vcpu[i]);
	while (!all_here(m)) {
		if (read_tsc() - start > ARRIVE_MS * m->tsc_khz) {
			m->kick_misses++;
			return false;
		}
		native_watch(m, self);
		relax();
	}
	return true;
}

/* While the others are debugged: whoever has not come is asked again (D24). */
void halt_kick_again(struct machine *m)
{
	u64 now = read_tsc();
	unsigned int i;

	if (now - m->kicked_at < ARRIVE_MS * m->tsc_khz)
		return;
	m->kicked_at = now;
	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i] && is_away(m->vcpu[i]))
			kick(m->vcpu[i]);
}

/* Lets a halted CPU go; how says whether it steps. Its own spinning loop does the rest. */
void halt_release(struct vcpu *vcpu, enum vcpu_step how)
{
	vcpu->release = how;
	/* Only the master kicks, and it is us: a kick that crossed the parking is answered. */
	store_release(&vcpu->halt_wanted, 0);
	store_release(&vcpu->life, VCPU_RELEASED);
}
