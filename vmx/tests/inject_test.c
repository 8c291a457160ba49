// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of inject.c: the double-fault table, every type of event, every state of blocking, and
 * random histories in which each event must be delivered exactly once. User space.
 */
#include "test.h"
#include "inject.h"

#define VALID	  INTR_INFO_VALID_MASK
#define CODE	  INTR_INFO_DELIVER_CODE_MASK
#define EXT	  INTR_TYPE_EXT_INTR
#define NMI	  INTR_TYPE_NMI_INTR
#define HARD	  INTR_TYPE_HARD_EXCEPTION
#define SOFT_INT  INTR_TYPE_SOFT_INTR
#define PRIV	  INTR_TYPE_PRIV_SW_EXCEPTION
#define SOFT_EXC  INTR_TYPE_SOFT_EXCEPTION
#define STI	  GUEST_INTR_STATE_STI
#define MOV_SS	  GUEST_INTR_STATE_MOV_SS
#define NMI_BLOCK GUEST_INTR_STATE_NMI
#define IF	  HV_EFLAGS_IF
#define TF	  HV_EFLAGS_TF
#define BS	  HV_PENDING_DBG_BS

static struct inject_in fresh(void)
{
	struct inject_in in;

	memset(&in, 0, sizeof(in));
	in.exit_reason = EXIT_REASON_CPUID;
	in.rip = 0xffffffff81000000;
	in.rflags = HV_EFLAGS_FIXED | IF;
	in.code64 = true;
	return in;
}

static struct inject_env env_of(const struct inject_in *in, const struct inject_out *out)
{
	return (struct inject_env){
		.rflags = out->rflags,
		.debugctl = out->is_debug ? in->debugctl & ~HV_DEBUGCTL_BTF : in->debugctl,
		.real_mode = in->real_mode,
		.mtf = true,
		.virtual_nmis = true,
	};
}

static void assert_enterable(const struct inject_in *in, const struct inject_out *out)
{
	struct inject_env env = env_of(in, out);
	const char *broken = inject_check(out, &env);

	if (broken)
		fail_msg("%s", broken);
}

static void choose(struct inject_in *in, struct inject_out *out)
{
	inject_choose(in, out);
	assert_enterable(in, out);
}

static char class_letter(u8 vector)
{
	switch (vector) {
	case 8:
		return 'D';
	case 14:
	case 20:
		return 'P';
	case 0:
	case 10:
	case 11:
	case 12:
	case 13:
	case 21:
		return 'C';
	default:
		return 'B';
	}
}

static const struct {
	char first, second;
	enum inject_merge merge;
} sdm_table[] = {
	{ 'B', 'B', INJECT_SERIAL },	   { 'B', 'C', INJECT_SERIAL },
	{ 'B', 'P', INJECT_SERIAL },	   { 'C', 'B', INJECT_SERIAL },
	{ 'C', 'C', INJECT_DOUBLE_FAULT }, { 'C', 'P', INJECT_SERIAL },
	{ 'P', 'B', INJECT_SERIAL },	   { 'P', 'C', INJECT_DOUBLE_FAULT },
	{ 'P', 'P', INJECT_DOUBLE_FAULT }, { 'D', 'B', INJECT_SERIAL },
	{ 'D', 'C', INJECT_TRIPLE_FAULT }, { 'D', 'P', INJECT_TRIPLE_FAULT },
	{ 'D', 'D', INJECT_TRIPLE_FAULT }, { 'B', 'D', INJECT_SERIAL },
	{ 'C', 'D', INJECT_SERIAL },	   { 'P', 'D', INJECT_SERIAL },
};

static enum inject_merge sdm_merge(u8 first, u8 second)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sdm_table); i++)
		if (sdm_table[i].first == class_letter(first) &&
		    sdm_table[i].second == class_letter(second))
			return sdm_table[i].merge;
	fail_msg("no such row");
	return 0;
}

static void vector_in_delivery(struct inject_in *in, u8 vector)
{
	in->idt_info = VALID | HARD | vector | (inject_has_error_code(vector) ? CODE : 0);
	in->idt_error = 0x11;
	inject_collect(in);
}

static bool is_hard(u8 vector)
{
	return vector != 2 && vector != 3 && vector != 4;
}

static void check_merge(u8 first, u8 second)
{
	struct inject_in in = fresh();
	struct inject_out out;
	enum inject_merge merge;

	vector_in_delivery(&in, first);
	merge = inject_fault(&in, second, 0x22);
	if (merge != sdm_merge(first, second))
		fail_msg("vectors %u, %u: %d", first, second, merge);
	choose(&in, &out);
	assert_int_equal(out.triple_fault, merge == INJECT_TRIPLE_FAULT);
	if (merge == INJECT_TRIPLE_FAULT) {
		assert_int_equal(out.entry_info, 0);
	} else if (merge == INJECT_DOUBLE_FAULT) {
		assert_int_equal(out.entry_info, VALID | CODE | HARD | 8);
		assert_int_equal(out.entry_error, 0);
	} else {
		assert_int_equal(out.entry_info & 0xff, second);
		assert_int_equal(out.entry_error, inject_has_error_code(second) ? 0x22 : 0);
	}
}

static void double_fault_table(void **state)
{
	u8 first, second;

	(void)state;
	for (first = 0; first < 32; first++)
		for (second = 0; second < 32; second++)
			if (is_hard(first) && is_hard(second))
				check_merge(first, second);
}

/* INT 8 and INT 14 are software interrupts: whatever their number, benign. */
static void software_interrupts_are_benign(void **state)
{
	struct inject_in in;
	unsigned int vector;

	(void)state;
	for (vector = 0; vector < 256; vector++) {
		in = fresh();
		in.idt_info = VALID | SOFT_INT | vector;
		in.exit_instr_len = 2;
		inject_collect(&in);
		assert_true(in.has_event);
		assert_int_equal(inject_fault(&in, HV_VECTOR_GP, 0), INJECT_SERIAL);
	}
}

static void triple_fault_stays(void **state)
{
	struct inject_in in = fresh();

	(void)state;
	vector_in_delivery(&in, HV_VECTOR_DF);
	assert_int_equal(inject_fault(&in, HV_VECTOR_NP, 0), INJECT_TRIPLE_FAULT);
	assert_int_equal(inject_fault(&in, HV_VECTOR_UD, 0), INJECT_TRIPLE_FAULT);
	in.idt_info = 0;
	inject_collect(&in);
	assert_false(in.triple_fault);
}

/* An exception in the delivery of an interrupt or NMI comes first; the other is not lost. */
static void exception_during_interrupt_keeps_it(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.idt_info = VALID | EXT | 0x41;
	inject_collect(&in);
	inject_fault(&in, HV_VECTOR_NP, 0x8);
	choose(&in, &out);
	assert_int_equal(out.entry_info, VALID | CODE | HARD | HV_VECTOR_NP);
	assert_true(out.irq_window);
	in.idt_info = 0;
	inject_collect(&in);
	choose(&in, &out);
	assert_int_equal(out.entry_info, VALID | EXT | 0x41);

	in = fresh();
	in.interruptibility = NMI_BLOCK;
	in.idt_info = VALID | NMI | 2;
	inject_collect(&in);
	inject_fault(&in, HV_VECTOR_GP, 0);
	choose(&in, &out);
	assert_int_equal(out.entry_info & 0xff, HV_VECTOR_GP);
	assert_true(out.nmi_window);
	assert_true(in.nmi_pending);
}

struct vectoring_row {
	u32 idt_info, idt_error, length;
	u32 entry_info, entry_error, entry_len;
};

static const struct vectoring_row vectoring_rows[] = {
	{ VALID | EXT | 0x20, 0, 7, VALID | EXT | 0x20, 0, 0 },
	{ VALID | EXT | 0xff | 0x1000, 0, 0, VALID | EXT | 0xff, 0, 0 },
	{ VALID | NMI | 2, 0, 3, VALID | NMI | 2, 0, 0 },
	{ VALID | NMI | 2 | 0x1000, 0, 3, VALID | NMI | 2, 0, 0 },
	{ VALID | HARD | 6, 0, 5, VALID | HARD | 6, 0, 0 },
	{ VALID | HARD | 1, 0, 5, VALID | HARD | 1, 0, 0 },
	{ VALID | CODE | HARD | 14 | 0x1000, 0x7, 5, VALID | CODE | HARD | 14, 0x7, 0 },
	{ VALID | CODE | HARD | 14, 0xffff8007, 5, VALID | CODE | HARD | 14, 0x8007, 0 },
	{ VALID | CODE | HARD | 8, 0, 5, VALID | CODE | HARD | 8, 0, 0 },
	{ VALID | CODE | HARD | 17, 0, 5, VALID | CODE | HARD | 17, 0, 0 },
	{ VALID | CODE | HARD | 21, 3, 5, VALID | CODE | HARD | 21, 3, 0 },
	{ VALID | SOFT_INT | 0x80, 0, 2, VALID | SOFT_INT | 0x80, 0, 2 },
	{ VALID | SOFT_INT | 0x80, 0, 0, VALID | SOFT_INT | 0x80, 0, 2 },
	{ VALID | PRIV | 1, 0, 1, VALID | PRIV | 1, 0, 1 },
	{ VALID | SOFT_EXC | 3, 0, 1, VALID | SOFT_EXC | 3, 0, 1 },
	{ VALID | SOFT_EXC | 3, 0, 16, VALID | SOFT_EXC | 3, 0, 1 },
	{ VALID | SOFT_EXC | 3, 0, 15, VALID | SOFT_EXC | 3, 0, 15 },
	{ VALID | SOFT_EXC | 4, 0, 1, VALID | SOFT_EXC | 4, 0, 1 },
	{ VALID | HARD | 3, 0, 1, VALID | SOFT_EXC | 3, 0, 1 },
	{ VALID | HARD | 4, 0, 2, VALID | SOFT_EXC | 4, 0, 2 },
	{ VALID | INTR_TYPE_OTHER_EVENT, 0, 1, 0, 0, 0 },
	{ VALID | INTR_TYPE_RESERVED | 9, 0, 1, 0, 0, 0 },
	{ HARD | 6, 0, 5, 0, 0, 0 },
};

static void every_type_is_reinjected(void **state)
{
	struct inject_out out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectoring_rows); i++) {
		const struct vectoring_row *row = &vectoring_rows[i];
		struct inject_in in = fresh();

		in.exit_reason = EXIT_REASON_EPT_VIOLATION;
		in.idt_info = row->idt_info;
		in.idt_error = row->idt_error;
		in.exit_instr_len = row->length;
		in.interruptibility = (row->idt_info & 0x700) == NMI ? NMI_BLOCK : 0;
		inject_collect(&in);
		choose(&in, &out);
		if (out.entry_info != row->entry_info || out.entry_error != row->entry_error ||
		    out.entry_len != row->entry_len)
			fail_msg("row %zu: %x %x %u", i, out.entry_info, out.entry_error,
				 out.entry_len);
		assert_false(out.set_cr2);
		assert_false(out.is_debug);
		assert_int_equal(out.interruptibility & NMI_BLOCK, 0);
	}
}

static void failed_entry_carries_no_event(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.exit_reason = EXIT_REASON_INVALID_STATE | VMX_EXIT_REASONS_FAILED_ENTRY;
	in.idt_info = VALID | HARD | 6;
	inject_collect(&in);
	choose(&in, &out);
	assert_int_equal(out.entry_info, 0);
}

static void no_error_codes_in_real_mode(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.real_mode = true;
	inject_fault(&in, HV_VECTOR_GP, 5);
	choose(&in, &out);
	assert_int_equal(out.entry_info, VALID | HARD | HV_VECTOR_GP);
}

static struct inject_in exception_exit(u32 info, u32 error, u64 qual)
{
	struct inject_in in = fresh();

	in.exit_reason = EXIT_REASON_EXCEPTION_NMI;
	in.exit_intr_info = VALID | info;
	in.exit_intr_error = error;
	in.exit_qual = qual;
	in.exit_instr_len = 1;
	in.idt_error = 0xbad;
	inject_collect(&in);
	return in;
}

static void page_fault_brings_cr2(void **state)
{
	struct inject_in in = exception_exit(CODE | HARD | 14 | 0x1000, 6, 0xdead000);
	struct inject_out out;

	(void)state;
	assert_true(inject_reflect(&in));
	choose(&in, &out);
	assert_int_equal(out.entry_info, VALID | CODE | HARD | 14);
	assert_int_equal(out.entry_error, 6);
	assert_true(out.set_cr2);
	assert_int_equal(out.cr2, 0xdead000);
	assert_true(out.rflags & HV_EFLAGS_RF);
}

/* #PF in the delivery of #PF: CR2 is the second one's, also if it happened the other way round. */
static void double_fault_brings_cr2(void **state)
{
	struct inject_in in = exception_exit(CODE | HARD | 14, 0, 0x5000);
	struct inject_out out;

	(void)state;
	in.idt_info = VALID | CODE | HARD | 14;
	inject_collect(&in);
	inject_reflect(&in);
	choose(&in, &out);
	assert_int_equal(out.entry_info & 0xff, HV_VECTOR_DF);
	assert_true(out.set_cr2);
	assert_int_equal(out.cr2, 0x5000);
	assert_false(out.rflags & HV_EFLAGS_RF);

	in = exception_exit(CODE | HARD | 14, 0, 0x6000);
	inject_reflect(&in);
	inject_fault(&in, HV_VECTOR_GP, 0);
	choose(&in, &out);
	assert_int_equal(out.entry_info & 0xff, HV_VECTOR_DF);
	assert_int_equal(out.cr2, 0x6000);
}

/* Nothing holds it back, and what it takes the place of comes again by itself. */
static void machine_check_in_any_state(void **state)
{
	static const u32 states[] = { 0, STI, MOV_SS, NMI_BLOCK, MOV_SS | NMI_BLOCK };
	unsigned int i, activity;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(states); i++) {
		for (activity = GUEST_ACTIVITY_ACTIVE; activity <= GUEST_ACTIVITY_HLT; activity++) {
			struct inject_in in = exception_exit(CODE | HARD | 14, 0, 0x7000);
			struct inject_out out;

			in.rflags = HV_EFLAGS_FIXED | (i % 2 ? IF : 0);
			in.interruptibility = states[i / 2] & (i % 2 ? ~0u : ~STI);
			in.activity = activity;
			inject_queue_irq(&in, 0x30);
			inject_reflect(&in);
			assert_int_equal(inject_fault(&in, HV_VECTOR_MC, 0), INJECT_SERIAL);
			choose(&in, &out);
			assert_int_equal(out.entry_info, VALID | HARD | HV_VECTOR_MC);
			assert_false(out.rflags & HV_EFLAGS_RF);
			assert_false(out.set_cr2);
			assert_true(inject_holds(&in));
		}
	}
}

static void debug_exception_brings_causes(void **state)
{
	struct inject_in in = exception_exit(HARD | 1, 0, 0x4001);
	struct inject_out out;

	(void)state;
	inject_reflect(&in);
	choose(&in, &out);
	assert_true(out.is_debug);
	assert_int_equal(out.debug_causes, 0x4001);
	assert_false(out.set_cr2);
	assert_false(out.rflags & HV_EFLAGS_RF);

	/* INT1 sets nothing in DR6. */
	in = exception_exit(PRIV | 1, 0, 0);
	inject_reflect(&in);
	choose(&in, &out);
	assert_int_equal(out.entry_info, VALID | PRIV | 1);
	assert_int_equal(out.entry_len, 1);
	assert_false(out.is_debug);
}

/* TF and an instruction in the shadow of STI or MOV SS: the check that Bochs leaves out. */
static void debug_exception_in_shadow(void **state)
{
	struct inject_out out;
	u32 shadow;

	(void)state;
	for (shadow = 1; shadow <= 2; shadow++) {
		struct inject_in in = exception_exit(HARD | 1, 0, 0x4000);

		in.rflags |= TF;
		in.interruptibility = shadow;
		inject_reflect(&in);
		choose(&in, &out);
		assert_true(out.pending_dbg & BS);
		/* Delivering #DB clears BTF, so BS must be there; delivering #UD does not. */
		in = exception_exit(HARD | 1, 0, 0x4000);
		in.rflags |= TF;
		in.interruptibility = shadow;
		in.debugctl = HV_DEBUGCTL_BTF;
		inject_reflect(&in);
		choose(&in, &out);
		assert_true(out.pending_dbg & BS);
		inject_fault(&in, HV_VECTOR_UD, 0);
		choose(&in, &out);
		assert_false(out.pending_dbg & BS);
	}
}

static void nmi_and_interrupt_exits_are_queued(void **state)
{
	struct inject_in in = exception_exit(NMI | 2, 0, 0);
	struct inject_out out;

	(void)state;
	assert_true(inject_reflect(&in));
	assert_true(in.nmi_pending);
	in = fresh();
	in.exit_reason = EXIT_REASON_EXTERNAL_INTERRUPT;
	in.exit_intr_info = VALID | EXT | 0xec;
	inject_collect(&in);
	assert_true(inject_reflect(&in));
	choose(&in, &out);
	assert_int_equal(out.consumed_irq, 0xec);
	assert_int_equal(in.irq_set[3], 0);
	in.exit_intr_info = 0;
	assert_false(inject_reflect(&in));
	in.exit_intr_info = VALID | INTR_TYPE_OTHER_EVENT;
	assert_false(inject_reflect(&in));
	in.exit_reason = EXIT_REASON_CPUID;
	in.exit_intr_info = VALID | HARD | 6;
	assert_false(inject_reflect(&in));
}

struct rf_row {
	u8 vector;
	bool rf;
};

static const struct rf_row rf_rows[] = {
	{ 0, true },  { 1, false }, { 3, false }, { 4, false },	 { 5, true },  { 6, true },
	{ 7, true },  { 8, false }, { 10, true }, { 11, true },	 { 12, true }, { 13, true },
	{ 14, true }, { 16, true }, { 17, true }, { 18, false }, { 19, true },
};

static void faults_set_rf(void **state)
{
	struct inject_out out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rf_rows); i++) {
		struct inject_in in = fresh();

		inject_fault(&in, rf_rows[i].vector, 0);
		choose(&in, &out);
		if (!!(out.rflags & HV_EFLAGS_RF) != rf_rows[i].rf)
			fail_msg("vector %u", rf_rows[i].vector);
	}
}

struct iret_row {
	u32 reason;
	u32 intr_info;
	u64 qual;
	u32 idt_info;
	bool blocked;
};

static const struct iret_row iret_rows[] = {
	{ EXIT_REASON_EXCEPTION_NMI, VALID | CODE | HARD | 14 | 0x1000, 0, 0, true },
	{ EXIT_REASON_EXCEPTION_NMI, VALID | CODE | HARD | 14, 0, 0, false },
	{ EXIT_REASON_EXCEPTION_NMI, VALID | CODE | HARD | 8 | 0x1000, 0, 0, false },
	{ EXIT_REASON_EXCEPTION_NMI, VALID | CODE | HARD | 14 | 0x1000, 0, VALID | HARD | 6,
	  false },
	{ EXIT_REASON_EXCEPTION_NMI, CODE | HARD | 14 | 0x1000, 0, 0, false },
	{ EXIT_REASON_EPT_VIOLATION, 0, 0x1000, 0, true },
	{ EXIT_REASON_EPT_VIOLATION, 0, 0x0fff, 0, false },
	{ EXIT_REASON_EPT_VIOLATION, 0, 0x1000, VALID | HARD | 6, false },
	{ EXIT_REASON_EPT_VIOLATION, 0, 0x1000, VALID | NMI | 2, false },
	{ EXIT_REASON_PML_FULL, 0, 0x1000, 0, true },
	{ EXIT_REASON_SPP_EVENT, 0, 0x1000, 0, true },
	{ EXIT_REASON_EPT_MISCONFIG, 0, 0x1000, 0, false },
	{ EXIT_REASON_CPUID, VALID | HARD | 14 | 0x1000, 0x1000, 0, false },
};

static void faulting_iret_restores_blocking(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(iret_rows); i++) {
		struct inject_in in = fresh();

		in.exit_reason = iret_rows[i].reason;
		in.exit_intr_info = iret_rows[i].intr_info;
		in.exit_qual = iret_rows[i].qual;
		in.idt_info = iret_rows[i].idt_info;
		inject_collect(&in);
		if (!!(in.interruptibility & NMI_BLOCK) != iret_rows[i].blocked)
			fail_msg("row %zu", i);
	}
}

/* One NMI cut short and one that came meanwhile are two. */
static void two_nmis(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.interruptibility = NMI_BLOCK;
	in.idt_info = VALID | NMI | 2;
	in.nmi_pending = true;
	inject_collect(&in);
	choose(&in, &out);
	assert_true(out.consumed_nmi);
	assert_true(out.nmi_window);
	in.interruptibility = NMI_BLOCK;
	in.idt_info = 0;
	inject_collect(&in);
	choose(&in, &out);
	assert_false(out.consumed_nmi);
	assert_true(out.nmi_window);
	in.interruptibility = 0;
	choose(&in, &out);
	assert_true(out.consumed_nmi);
	assert_false(out.nmi_window);
}

struct combination {
	u64 rflags, debugctl, pending_dbg;
	u32 interruptibility, activity;
	bool stepping, rip_changed, nmi_pending;
	int irqs;
	u32 idt_info;
};

static unsigned int count_irqs(const struct inject_in *in)
{
	unsigned int i, nr = 0;

	for (i = 0; i < 4; i++)
		nr += __builtin_popcountll(in->irq_set[i]);
	return nr;
}

static unsigned int count_nmis(const struct inject_in *in)
{
	return in->nmi_pending + in->nmi_reinject;
}

static void check_conservation(const struct inject_in *before, const struct inject_in *after,
			       const struct inject_out *out)
{
	unsigned int nmis = count_nmis(before), irqs = count_irqs(before);

	assert_int_equal(irqs, count_irqs(after) + (out->consumed_irq >= 0));
	assert_false(after->nmi_reinject);
	/* Two that must wait merge; none appears from nowhere, and the last one stays. */
	assert_true(count_nmis(after) + out->consumed_nmi <= nmis);
	if (nmis)
		assert_true(count_nmis(after) + out->consumed_nmi >= 1);
	if (out->consumed_irq >= 0)
		assert_int_equal(out->consumed_irq, inject_highest_irq(before->irq_set));
}

/* What must be injected in this state, from first principles. */
static u32 expected_type(const struct inject_in *in)
{
	u32 shadow = in->rip_changed || in->activity ? 0 : in->interruptibility & (STI | MOV_SS);
	bool traps = in->pending_dbg & (BS | HV_PENDING_DBG_ENABLED_BP);

	if (!(in->rflags & IF))
		shadow &= ~STI;
	if (in->activity == GUEST_ACTIVITY_WAIT_SIPI)
		return ~0u;
	if (in->has_event)
		return in->event.type;
	if (in->stepping || shadow || traps)
		return ~0u;
	if (count_nmis(in) && !(in->interruptibility & NMI_BLOCK))
		return NMI;
	if (count_irqs(in) && (in->rflags & IF) && in->activity != GUEST_ACTIVITY_SHUTDOWN)
		return EXT;
	return ~0u;
}

static void check_windows(const struct inject_in *before, const struct inject_in *after,
			  const struct inject_out *out)
{
	bool closed = before->stepping || before->activity == GUEST_ACTIVITY_WAIT_SIPI;

	assert_int_equal(out->nmi_window, !closed && after->nmi_pending);
	assert_int_equal(out->irq_window, !closed && count_irqs(after) &&
						  before->activity != GUEST_ACTIVITY_SHUTDOWN);
}

static void check_stepping(const struct inject_in *before, const struct inject_out *out)
{
	if (!before->stepping)
		return;
	assert_false(out->consumed_nmi);
	assert_int_equal(out->consumed_irq, -1);
	assert_int_not_equal(out->activity, GUEST_ACTIVITY_HLT);
	if ((before->rflags & IF) && !(before->rflags & TF) && !out->entry_info &&
	    !(before->pending_dbg & BS) && out->activity == GUEST_ACTIVITY_ACTIVE)
		assert_true(out->interruptibility & (STI | MOV_SS));
}

static void check_combination(const struct combination *c)
{
	struct inject_in in = fresh(), before;
	struct inject_out out;

	in.rflags = HV_EFLAGS_FIXED | c->rflags;
	in.debugctl = c->debugctl;
	in.pending_dbg = c->pending_dbg;
	in.interruptibility = c->interruptibility;
	in.activity = c->activity;
	in.nmi_pending = c->nmi_pending;
	in.idt_info = c->idt_info;
	in.exit_instr_len = 2;
	if (c->irqs > 0)
		inject_queue_irq(&in, 0x31);
	if (c->irqs > 1)
		inject_queue_irq(&in, 0xf0);
	inject_collect(&in);
	in.stepping = c->stepping;
	in.rip_changed = c->rip_changed;
	before = in;
	choose(&in, &out);
	check_conservation(&before, &in, &out);
	if (out.entry_info)
		assert_int_equal(out.entry_info & 0x700, expected_type(&before));
	else
		assert_int_equal(expected_type(&before), ~0u);
	check_windows(&before, &in, &out);
	check_stepping(&before, &out);
	if (out.entry_info)
		assert_int_equal(out.activity, GUEST_ACTIVITY_ACTIVE);
}

static const u32 events[] = {
	0,
	VALID | EXT | 0x55,
	VALID | NMI | 2,
	VALID | HARD | 6,
	VALID | HARD | 1,
	VALID | CODE | HARD | 14,
	VALID | SOFT_INT | 0x80,
	VALID | PRIV | 1,
	VALID | SOFT_EXC | 3,
};

static const u64 pendings[] = { 0, BS, HV_PENDING_DBG_ENABLED_BP | 1, 2,
				BS | HV_PENDING_DBG_ENABLED_BP | 4 };
static const u64 flags[] = { 0, IF, TF, IF | TF };

static void all_flags(struct combination *c)
{
	unsigned int i, bits;

	for (i = 0; i < ARRAY_SIZE(flags) * ARRAY_SIZE(pendings); i++) {
		c->rflags = flags[i % ARRAY_SIZE(flags)];
		c->pending_dbg = pendings[i / ARRAY_SIZE(flags)];
		for (bits = 0; bits < 16; bits++) {
			c->debugctl = bits & 1 ? HV_DEBUGCTL_BTF : 0;
			c->stepping = bits & 2;
			c->rip_changed = bits & 4;
			c->nmi_pending = bits & 8;
			for (c->irqs = 0; c->irqs < 3; c->irqs++)
				check_combination(c);
		}
	}
}

static void all_combinations(void **state)
{
	struct combination c;
	size_t i;

	(void)state;
	memset(&c, 0, sizeof(c));
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		c.idt_info = events[i];
		for (c.interruptibility = 0; c.interruptibility < 64; c.interruptibility++)
			for (c.activity = 0; c.activity < 4; c.activity++)
				all_flags(&c);
	}
}

static void hlt_stays_without_reason(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.activity = GUEST_ACTIVITY_HLT;
	choose(&in, &out);
	assert_int_equal(out.activity, GUEST_ACTIVITY_HLT);
	in.rflags &= ~IF;
	inject_queue_irq(&in, 0x30);
	choose(&in, &out);
	assert_int_equal(out.activity, GUEST_ACTIVITY_HLT);
	assert_true(out.irq_window);
	in.rip_changed = true;
	choose(&in, &out);
	assert_int_equal(out.activity, GUEST_ACTIVITY_ACTIVE);
	assert_false(in.rip_changed);
}

struct history {
	struct inject_in in;
	u64 seed;
	unsigned int arrived[256], delivered[256];
	unsigned int nmis_sent, nmis_taken;
	unsigned int cut_short;
};

static void arrive(struct history *h)
{
	u8 vector = 32 + random_below(&h->seed, 224);

	if (!(h->in.irq_set[vector / 64] & BIT64(vector % 64))) {
		h->arrived[vector]++;
		inject_queue_irq(&h->in, vector);
	}
	if (random_below(&h->seed, 8) == 0 && !h->in.nmi_pending) {
		h->nmis_sent++;
		h->in.nmi_pending = true;
	}
}

static void change_guest(struct history *h)
{
	static const u32 shadows[] = { 0, 0, 0, STI, MOV_SS };

	h->in.rflags = HV_EFLAGS_FIXED | (random_bool(&h->seed) ? IF : 0) |
		       (random_below(&h->seed, 5) ? 0 : TF);
	h->in.interruptibility = shadows[random_below(&h->seed, ARRAY_SIZE(shadows))];
	if (!(h->in.rflags & IF))
		h->in.interruptibility &= ~STI;
	if (random_below(&h->seed, 4) == 0)
		h->in.interruptibility |= NMI_BLOCK;
	h->in.activity = random_below(&h->seed, 6) ? 0 : GUEST_ACTIVITY_HLT;
	if (h->in.activity)
		h->in.interruptibility &= NMI_BLOCK;
	h->in.pending_dbg = random_below(&h->seed, 6) ? 0 : BS;
	h->in.stepping = random_below(&h->seed, 3) == 0;
}

/* The guest takes what was injected, or an EPT violation cuts it short. */
static void enter(struct history *h, const struct inject_out *out)
{
	h->in.idt_info = 0;
	h->in.exit_reason = EXIT_REASON_CPUID;
	if (!out->entry_info)
		return;
	if (random_below(&h->seed, 3) == 0) {
		h->in.exit_reason = EXIT_REASON_EPT_VIOLATION;
		h->in.idt_info = out->entry_info;
		h->in.exit_instr_len = out->entry_len;
		h->cut_short++;
		return;
	}
	if (out->consumed_irq >= 0)
		h->delivered[out->consumed_irq]++;
	h->nmis_taken += out->consumed_nmi;
}

static void one_exit(struct history *h, bool quiet)
{
	struct inject_in before;
	struct inject_out out;
	u32 cut_nmi;

	inject_collect(&h->in);
	cut_nmi = h->in.nmi_reinject;
	if (quiet) {
		h->in.interruptibility = 0;
		h->in.rflags = HV_EFLAGS_FIXED | IF;
		h->in.activity = 0;
		h->in.pending_dbg = 0;
		h->in.stepping = false;
	} else {
		change_guest(h);
		if (random_below(&h->seed, 4) == 0)
			inject_fault(&h->in, HV_VECTOR_GP, 0);
		if (random_bool(&h->seed))
			arrive(h);
	}
	before = h->in;
	choose(&h->in, &out);
	check_conservation(&before, &h->in, &out);
	/* Two NMIs that both wait have become one, as in hardware. */
	if (cut_nmi && before.nmi_pending && !out.consumed_nmi)
		h->nmis_sent--;
	if (random_below(&h->seed, 16) == 0) {
		inject_cancel(&h->in, &out);
		choose(&h->in, &out);
	}
	enter(h, &out);
}

static void random_histories(void **state)
{
	static struct history h;
	int run, i, v;

	(void)state;
	for (run = 0; run < 300; run++) {
		memset(&h, 0, sizeof(h));
		h.in = fresh();
		h.seed = 0x9e3779b97f4a7c15ull + run;
		for (i = 0; i < 1000; i++)
			one_exit(&h, false);
		for (i = 0; i < 2000; i++)
			one_exit(&h, true);
		assert_true(h.cut_short > 0);
		for (v = 0; v < 256; v++)
			assert_int_equal(h.arrived[v], h.delivered[v]);
		assert_int_equal(h.nmis_sent, h.nmis_taken);
		assert_int_equal(count_irqs(&h.in) + count_nmis(&h.in), 0);
	}
}

/* Where the guest steps itself, holding interrupts would add or lose a trap of its own. */
static void stepping_a_guest_that_steps(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.stepping = true;
	in.rflags |= TF;
	choose(&in, &out);
	assert_int_equal(out.interruptibility, 0);
	assert_int_equal(out.pending_dbg, 0);
	in.rflags &= ~TF;
	in.pending_dbg = BS;
	choose(&in, &out);
	assert_int_equal(out.interruptibility, 0);
	assert_int_equal(out.pending_dbg, BS);
	in.pending_dbg = 0;
	choose(&in, &out);
	assert_int_equal(out.interruptibility, STI);
}

static void highest_first(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;
	int vector;

	(void)state;
	assert_int_equal(inject_highest_irq(in.irq_set), -1);
	for (vector = 0; vector < 256; vector++)
		inject_queue_irq(&in, vector);
	for (vector = 255; vector >= 0; vector--) {
		choose(&in, &out);
		assert_int_equal(out.consumed_irq, vector);
		assert_int_equal(out.irq_window, vector > 0);
	}
	choose(&in, &out);
	assert_int_equal(out.consumed_irq, -1);
}

static void cancel_puts_back(void **state)
{
	struct inject_out first, second;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectoring_rows); i++) {
		struct inject_in in = fresh();

		in.idt_info = vectoring_rows[i].idt_info;
		in.idt_error = vectoring_rows[i].idt_error;
		in.exit_instr_len = vectoring_rows[i].length;
		inject_collect(&in);
		choose(&in, &first);
		inject_cancel(&in, &first);
		choose(&in, &second);
		assert_memory_equal(&first, &second, sizeof(first));
	}
}

static void cancel_keeps_payloads(void **state)
{
	static const u8 vectors[] = { HV_VECTOR_PF, HV_VECTOR_DB };
	struct inject_out first, second;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct inject_in in = exception_exit(HARD | vectors[i], 2, 0x4002);

		inject_reflect(&in);
		choose(&in, &first);
		inject_cancel(&in, &first);
		choose(&in, &second);
		assert_memory_equal(&first, &second, sizeof(first));
		assert_true(first.set_cr2 || first.is_debug);
	}
}

struct skip_row {
	u64 rip;
	u32 length;
	bool code64;
	u64 rflags, debugctl;
	u32 interruptibility;
	u64 next;
	bool bs;
};

static const struct skip_row skip_rows[] = {
	{ 0xffffffff81000000, 2, true, 0, 0, 0, 0xffffffff81000002, false },
	{ 0xffffffff81000000, 2, true, TF, 0, 0, 0xffffffff81000002, true },
	{ 0xffffffff81000000, 2, true, TF, HV_DEBUGCTL_BTF, 0, 0xffffffff81000002, false },
	{ 0xffffffff81000000, 3, true, 0, 0, STI, 0xffffffff81000003, false },
	{ 0xffffffff81000000, 3, true, TF, 0, MOV_SS, 0xffffffff81000003, true },
	{ 0xfffffffe, 2, true, 0, 0, 0, 0x100000000, false },
	{ 0xfffffffe, 2, false, 0, 0, 0, 0, false },
	{ 0xfffffffe, 3, false, 0, 0, 0, 1, false },
	{ 0x1000, 15, false, 0, 0, 0, 0x100f, false },
	{ 0x1000, 2, true, HV_EFLAGS_RF, 0, NMI_BLOCK, 0x1002, false },
};

static void skip_table(void **state)
{
	struct inject_out out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(skip_rows); i++) {
		const struct skip_row *row = &skip_rows[i];
		struct inject_in in = fresh();

		in.rip = row->rip;
		in.code64 = row->code64;
		in.rflags = HV_EFLAGS_FIXED | IF | row->rflags;
		in.debugctl = row->debugctl;
		in.interruptibility = row->interruptibility;
		skip_instruction(&in, row->length);
		if (in.rip != row->next || !!(in.pending_dbg & BS) != row->bs)
			fail_msg("row %zu", i);
		assert_int_equal(in.interruptibility, row->interruptibility & NMI_BLOCK);
		assert_false(in.rflags & HV_EFLAGS_RF);
		choose(&in, &out);
	}
}

/* A trap of the guest's own comes before what waits. */
static void single_step_trap_before_interrupts(void **state)
{
	struct inject_in in = fresh();
	struct inject_out out;

	(void)state;
	in.rflags |= TF;
	in.nmi_pending = true;
	inject_queue_irq(&in, 0x40);
	skip_instruction(&in, 2);
	choose(&in, &out);
	assert_int_equal(out.entry_info, 0);
	assert_true(out.pending_dbg & BS);
	assert_true(out.nmi_window && out.irq_window);
}

struct debug_row {
	u64 dr6, causes, after;
};

static const struct debug_row debug_rows[] = {
	{ 0xffff0ff0, 0x4000, 0xffff4ff0 },  { 0xffff0ff0, 0x1001, 0xffff0ff1 },
	{ 0xffff0ff2, 0x4004, 0xffff4ff4 },  { 0xffff4ff0, 0x2000, 0xffff6ff0 },
	{ 0xffff0ff0, 0x10000, 0xfffe0ff0 }, { 0xfffe0ff0, 0x4000, 0xffff4ff0 },
	{ 0xffff0ff0, 0x800, 0xffff07f0 },   { 0xffff07f0, 0x4000, 0xffff47f0 },
	{ 0xffff0ff0, 0x8000, 0xffff8ff0 },
};

static void debug_registers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(debug_rows); i++) {
		struct debug_state s = { debug_rows[i].dr6, 0x2755, 0x4003 };

		debug_deliver(&s, debug_rows[i].causes);
		if (s.dr6 != debug_rows[i].after)
			fail_msg("row %zu: %llx", i, (unsigned long long)s.dr6);
		assert_int_equal(s.dr7, 0x755);
		assert_int_equal(s.debugctl, 0x4000);
	}
}

struct check_row {
	struct inject_out out;
	struct inject_env env;
	const char *word; /* in the sentence; NULL: nothing wrong */
};

#define FLAGS (HV_EFLAGS_FIXED | IF)
#define ENV_IF                                                                                     \
	{                                                                                          \
		.rflags = FLAGS, .virtual_nmis = true                                              \
	}

static const struct check_row check_rows[] = {
	{ { .entry_info = 0 }, ENV_IF, NULL },
	{ { .entry_info = VALID | EXT | 0x30 }, ENV_IF, NULL },
	{ { .entry_info = VALID | EXT | 0x30 | 0x1000 }, ENV_IF, "reserved bits of the VM-entry" },
	{ { .entry_info = VALID | 0x100 | 1 }, ENV_IF, "type 1" },
	{ { .entry_info = VALID | 0x700 }, ENV_IF, "type 7" },
	{ { .entry_info = VALID | 0x700 }, { .rflags = FLAGS, .mtf = true }, NULL },
	{ { .entry_info = VALID | 0x701 }, { .rflags = FLAGS, .mtf = true }, "type 7" },
	{ { .entry_info = VALID | NMI | 3 }, ENV_IF, "vector 2" },
	{ { .entry_info = VALID | HARD | 32 }, ENV_IF, "at most 31" },
	{ { .entry_info = VALID | HARD | 13 }, ENV_IF, "deliver-error-code" },
	{ { .entry_info = VALID | CODE | HARD | 6 }, ENV_IF, "deliver-error-code" },
	{ { .entry_info = VALID | CODE | EXT | 13 }, ENV_IF, "deliver-error-code" },
	{ { .entry_info = VALID | CODE | HARD | 6 },
	  { .rflags = FLAGS, .any_error_code = true },
	  NULL },
	{ { .entry_info = VALID | CODE | HARD | 13 },
	  { .rflags = FLAGS, .real_mode = true },
	  "deliver-error-code" },
	{ { .entry_info = VALID | CODE | HARD | 13, .entry_error = 0x10000 }, ENV_IF, "31:16" },
	{ { .entry_info = VALID | SOFT_EXC | 3 }, ENV_IF, "length" },
	{ { .entry_info = VALID | SOFT_EXC | 3 }, { .rflags = FLAGS, .zero_length = true }, NULL },
	{ { .entry_info = VALID | SOFT_INT | 3, .entry_len = 16 }, ENV_IF, "length" },
	{ { .entry_info = VALID | PRIV | 1, .entry_len = 15 }, ENV_IF, NULL },
	{ { .activity = 4 }, ENV_IF, "none of the four" },
	{ { .activity = 1 }, { .rflags = FLAGS, .ss_dpl = 3 }, "SS.DPL" },
	{ { .activity = 1, .interruptibility = STI }, ENV_IF, "not active" },
	{ { .activity = 2, .interruptibility = MOV_SS }, ENV_IF, "not active" },
	{ { .activity = 1, .entry_info = VALID | HARD | 6 }, ENV_IF, "wake from HLT" },
	{ { .activity = 1, .entry_info = VALID | HARD | 1 }, ENV_IF, NULL },
	{ { .activity = 1, .entry_info = VALID | HARD | 18 }, ENV_IF, NULL },
	{ { .activity = 1, .entry_info = VALID | EXT | 40 }, ENV_IF, NULL },
	{ { .activity = 2, .entry_info = VALID | EXT | 40 }, ENV_IF, "shutdown" },
	{ { .activity = 2, .entry_info = VALID | NMI | 2 }, ENV_IF, NULL },
	{ { .activity = 3, .entry_info = VALID | NMI | 2 }, ENV_IF, "wait-for-SIPI" },
	{ { .interruptibility = 0x20 }, ENV_IF, "reserved bits of the interruptibility" },
	{ { .interruptibility = 4 }, ENV_IF, "SMI" },
	{ { .interruptibility = 3 }, ENV_IF, "at once" },
	{ { .interruptibility = STI }, { .rflags = HV_EFLAGS_FIXED }, "IF clear" },
	{ { .interruptibility = 0x12 }, ENV_IF, "enclave" },
	{ { .entry_info = VALID | EXT | 40 }, { .rflags = HV_EFLAGS_FIXED }, "IF clear" },
	{ { .entry_info = VALID | EXT | 40, .interruptibility = STI }, ENV_IF, "external" },
	{ { .entry_info = VALID | EXT | 40, .interruptibility = MOV_SS }, ENV_IF, "external" },
	{ { .entry_info = VALID | NMI | 2, .interruptibility = MOV_SS }, ENV_IF, "an NMI" },
	{ { .entry_info = VALID | NMI | 2, .interruptibility = STI }, ENV_IF, "an NMI" },
	{ { .entry_info = VALID | NMI | 2, .interruptibility = 8 }, ENV_IF, "blocking by NMI" },
	{ { .entry_info = VALID | NMI | 2, .interruptibility = 8 }, { .rflags = FLAGS }, NULL },
	{ { .pending_dbg = 0x10 }, ENV_IF, "reserved bits of the pending" },
	{ { .pending_dbg = 0x11000 }, ENV_IF, NULL },
	{ { .pending_dbg = 0x10000 }, ENV_IF, "transaction" },
	{ { .pending_dbg = 0x15000 }, ENV_IF, "transaction" },
	{ { .pending_dbg = 0x11000, .interruptibility = MOV_SS }, ENV_IF, "MOV SS" },
	{ { .interruptibility = STI }, { .rflags = FLAGS | TF }, "BS" },
	{ { .interruptibility = MOV_SS, .pending_dbg = BS }, { .rflags = FLAGS }, "BS" },
	{ { .activity = 1, .pending_dbg = BS }, { .rflags = FLAGS }, "BS" },
	{ { .interruptibility = STI, .pending_dbg = BS }, { .rflags = FLAGS | TF }, NULL },
	{ { .interruptibility = STI, .pending_dbg = BS },
	  { .rflags = FLAGS | TF, .debugctl = HV_DEBUGCTL_BTF },
	  "BS" },
	{ { .pending_dbg = BS }, { .rflags = FLAGS }, NULL },
	{ { .nmi_window = true }, { .rflags = FLAGS }, "NMI-window" },
	{ { .nmi_window = true }, ENV_IF, NULL },
	{ { .entry_info = 0 }, { .rflags = IF }, "bit 1" },
	{ { .entry_info = 0 }, { .rflags = FLAGS | 8 }, "reserved bits of RFLAGS" },
	{ { .entry_info = 0 }, { .rflags = FLAGS | HV_EFLAGS_VM }, "RFLAGS.VM" },
};

static void checks_name_the_rule(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(check_rows); i++) {
		const struct check_row *row = &check_rows[i];
		const char *broken = inject_check(&row->out, &row->env);

		if (!row->word != !broken || (broken && !strstr(broken, row->word)))
			fail_msg("row %zu: %s", i, broken ? broken : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(double_fault_table),
		cmocka_unit_test(software_interrupts_are_benign),
		cmocka_unit_test(triple_fault_stays),
		cmocka_unit_test(exception_during_interrupt_keeps_it),
		cmocka_unit_test(every_type_is_reinjected),
		cmocka_unit_test(failed_entry_carries_no_event),
		cmocka_unit_test(no_error_codes_in_real_mode),
		cmocka_unit_test(page_fault_brings_cr2),
		cmocka_unit_test(double_fault_brings_cr2),
		cmocka_unit_test(machine_check_in_any_state),
		cmocka_unit_test(debug_exception_brings_causes),
		cmocka_unit_test(debug_exception_in_shadow),
		cmocka_unit_test(nmi_and_interrupt_exits_are_queued),
		cmocka_unit_test(faults_set_rf),
		cmocka_unit_test(faulting_iret_restores_blocking),
		cmocka_unit_test(two_nmis),
		cmocka_unit_test(all_combinations),
		cmocka_unit_test(hlt_stays_without_reason),
		cmocka_unit_test(random_histories),
		cmocka_unit_test(stepping_a_guest_that_steps),
		cmocka_unit_test(highest_first),
		cmocka_unit_test(cancel_puts_back),
		cmocka_unit_test(cancel_keeps_payloads),
		cmocka_unit_test(skip_table),
		cmocka_unit_test(single_step_trap_before_interrupts),
		cmocka_unit_test(debug_registers),
		cmocka_unit_test(checks_name_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
