// SPDX-License-Identifier: GPL-2.0
/* Tests of controls.c: what is missing is refused by name, what is chosen is legal. User space. */
#include "test.h"
#include "controls.h"

enum where { PIN, CPU, CPU2, EXIT, ENTRY };

/* A CPU with everything, whose reserved bits are as the SDM has them. */
static struct vmx_caps good_caps(void)
{
	return (struct vmx_caps){
		.basic = 0x00d8100000000011ull | BIT64(55),
		.pinbased = 0x000000ff00000016ull,
		.procbased = 0xfff9fffe04006172ull,
		.procbased2 = 0x057fffff00000000ull,
		.exit = 0x13ffffff00036dfbull,
		.entry = 0x0017ffff000011fbull,
		.misc = 0x40000045ull | BIT64(6),
		.cr0_fixed0 = 0x80000021,
		.cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = 0x2000,
		.cr4_fixed1 = 0x1767ff,
		.ept_vpid_cap = 0x00000f0106734141ull,
		.feature_control = 5,
		.has_vmx = true,
		.rdtscp = true,
		.invpcid = true,
		.xsaves = true,
		.waitpkg = true,
		.maxphyaddr = 39,
	};
}

static u64 *field(struct vmx_caps *caps, enum where where)
{
	u64 *fields[] = { &caps->pinbased, &caps->procbased, &caps->procbased2, &caps->exit,
			  &caps->entry };

	return fields[where];
}

static u32 chosen(const struct vmx_controls *c, enum where where)
{
	const u32 values[] = { c->pin, c->cpu, c->cpu2, c->exit, c->entry };

	return values[where];
}

struct control {
	enum where where;
	u32 bit;
	const char *name;
};

static const struct control on[] = {
	{ PIN, 1u << 3, "NMI exiting" },
	{ PIN, 1u << 5, "virtual NMIs" },
	{ CPU, 1u << 31, "secondary controls" },
	{ CPU, 1u << 28, "MSR bitmaps" },
	{ CPU, 1u << 25, "I/O bitmaps" },
	{ CPU2, 1u << 3, "RDTSCP" },
	{ CPU2, 1u << 12, "INVPCID" },
	{ CPU2, 1u << 20, "XSAVES" },
	{ CPU2, 1u << 26, "user wait" },
	{ EXIT, 1u << 2, "save debug controls" },
	{ EXIT, 1u << 9, "host address-space size" },
	{ EXIT, 1u << 18, "save IA32_PAT" },
	{ EXIT, 1u << 19, "load IA32_PAT" },
	{ EXIT, 1u << 20, "save IA32_EFER" },
	{ EXIT, 1u << 21, "load IA32_EFER" },
	{ ENTRY, 1u << 2, "load debug controls" },
	{ ENTRY, 1u << 9, "IA-32e mode guest" },
	{ ENTRY, 1u << 14, "load IA32_PAT" },
	{ ENTRY, 1u << 15, "load IA32_EFER" },
};

static const struct control available[] = {
	{ PIN, 1u << 0, "external-interrupt exiting" },
	{ CPU, 1u << 27, "monitor trap flag" },
	{ CPU, 1u << 23, "MOV-DR exiting" },
	{ CPU, 1u << 22, "NMI-window exiting" },
	{ CPU, 1u << 2, "interrupt-window exiting" },
	{ EXIT, 1u << 15, "acknowledge interrupt on exit" },
};

static const struct control off[] = {
	{ CPU, 1u << 3, "TSC offsetting" },
	{ CPU, 1u << 7, "HLT" },
	{ CPU, 1u << 9, "INVLPG" },
	{ CPU, 1u << 10, "MWAIT" },
	{ CPU, 1u << 11, "RDPMC" },
	{ CPU, 1u << 12, "RDTSC" },
	{ CPU, 1u << 15, "CR3-load" },
	{ CPU, 1u << 16, "CR3-store" },
	{ CPU, 1u << 19, "CR8-load" },
	{ CPU, 1u << 20, "CR8-store" },
	{ CPU, 1u << 21, "TPR shadow" },
	{ CPU, 1u << 24, "unconditional I/O" },
	{ CPU, 1u << 29, "MONITOR" },
	{ CPU, 1u << 30, "PAUSE" },
	{ PIN, 1u << 6, "preemption timer" },
	{ PIN, 1u << 7, "posted" },
	{ PIN, 1u << 0, "external-interrupt" },
	{ CPU, 1u << 23, "MOV-DR" },
};

static void assert_refused(const struct vmx_caps *caps, int kind, const char *word)
{
	char text[VMX_REFUSAL_TEXT_MAX];
	struct vmx_controls controls;
	struct vmx_refusal refusal;

	assert_true(vmx_choose_controls(caps, &controls, &refusal) < 0);
	vmx_refusal_text(&refusal, text, sizeof(text));
	if (refusal.kind != kind || !strstr(text, word))
		fail_msg("wanted %d with '%s', got %d: %s", kind, word, refusal.kind, text);
}

static void good_cpu(void **state)
{
	struct vmx_caps caps = good_caps();
	struct vmx_controls c;
	struct vmx_refusal refusal;

	(void)state;
	assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
	assert_int_equal(refusal.kind, VMX_REFUSED_NOT);
	assert_int_equal(c.pin, 0x3e);
	assert_int_equal(c.cpu, 0x96006172);
	assert_int_equal(c.cpu2,
			 (1 << 1) | (1 << 3) | (1 << 7) | (1 << 12) | (1 << 20) | (1 << 26));
	assert_int_equal(c.exit, 0x3f6fff);
	assert_int_equal(c.entry, 0xd3ff);
	assert_null(vmx_check_controls(c.pin, c.cpu, c.cpu2, c.exit, c.entry));
	assert_true(c.has_mtf && c.has_ptimer && c.has_save_ptimer && c.has_unrestricted_guest);
	assert_true(c.has_vpid && c.has_load_perf_global && c.has_exec_only && c.has_1g);
	assert_true(c.has_hlt_activity);
	assert_int_equal(c.ptimer_shift, 5);
}

static void required_controls(void **state)
{
	struct vmx_controls c;
	struct vmx_refusal refusal;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(on); i++) {
		struct vmx_caps caps = good_caps();

		assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
		assert_true(chosen(&c, on[i].where) & on[i].bit);
		*field(&caps, on[i].where) &= ~((u64)on[i].bit << 32);
		assert_refused(&caps, VMX_REFUSED_CONTROL_MISSING, on[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(available); i++) {
		struct vmx_caps caps = good_caps();

		assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
		assert_false(chosen(&c, available[i].where) & available[i].bit);
		*field(&caps, available[i].where) &= ~((u64)available[i].bit << 32);
		assert_refused(&caps, VMX_REFUSED_CONTROL_MISSING, available[i].name);
	}
}

static void controls_that_must_be_off(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(off); i++) {
		struct vmx_caps caps = good_caps();

		*field(&caps, off[i].where) |= off[i].bit;
		assert_refused(&caps, VMX_REFUSED_CONTROL_FORCED, off[i].name);
	}
}

/* A bit that is forced, and neither known nor one of those that always were 1. */
static void unknown_forced_bits(void **state)
{
	static const u32 bits[] = { 1u << 8, 1u << 18, 1u << 27, 1u << 26, 1u << 21 };
	enum where where;

	(void)state;
	for (where = PIN; where <= ENTRY; where++) {
		struct vmx_caps caps = good_caps();

		*field(&caps, where) |= bits[where] | (u64)bits[where] << 32;
		assert_refused(&caps, VMX_REFUSED_CONTROL_FORCED, "does not know");
	}
}

/* Reserved bits that a TRUE MSR would allow to be 0 stay at their default, 1. */
static void reserved_defaults(void **state)
{
	struct vmx_caps caps = good_caps();
	struct vmx_controls c, strict;
	struct vmx_refusal refusal;

	(void)state;
	vmx_choose_controls(&caps, &strict, &refusal);
	caps.pinbased &= ~0xffffffffull;
	caps.procbased &= ~0xffffffffull;
	caps.exit &= ~0xffffffffull;
	caps.entry &= ~0xffffffffull;
	assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
	assert_memory_equal(&c, &strict, sizeof(c));
}

static void needed_only_if_cpuid_has_it(void **state)
{
	struct vmx_caps caps = good_caps();
	struct vmx_controls c;
	struct vmx_refusal refusal;

	(void)state;
	caps.rdtscp = false;
	caps.invpcid = false;
	caps.xsaves = false;
	caps.waitpkg = false;
	assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
	assert_int_equal(c.cpu2, (1 << 1) | (1 << 7));
	caps.procbased2 = (u64)(1 << 1) << 32;
	assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
	assert_int_equal(c.cpu2, 1 << 1);
	assert_false(c.has_unrestricted_guest || c.has_vpid);
}

static void optional_controls(void **state)
{
	struct vmx_caps caps = good_caps();
	struct vmx_controls c;
	struct vmx_refusal refusal;

	(void)state;
	caps.pinbased &= ~((u64)(1 << 6) << 32);
	caps.misc = 0;
	caps.entry &= ~((u64)(1 << 13) << 32);
	caps.ept_vpid_cap &= ~(BIT64(0) | BIT64(17) | BIT64(42));
	assert_int_equal(vmx_choose_controls(&caps, &c, &refusal), 0);
	assert_false(c.has_ptimer || c.has_save_ptimer || c.has_load_perf_global || c.has_vpid);
	assert_false(c.has_exec_only || c.has_1g || c.has_hlt_activity);
}

static void firmware(void **state)
{
	struct vmx_caps caps = good_caps();

	(void)state;
	caps.feature_control = 1;
	assert_refused(&caps, VMX_REFUSED_FIRMWARE_OFF, "switched VMX off");
	caps.feature_control = 3;
	assert_refused(&caps, VMX_REFUSED_FIRMWARE_OFF, "switched VMX off");
	caps.feature_control = 4;
	assert_refused(&caps, VMX_REFUSED_FIRMWARE_UNLOCKED, "unlocked");
	caps.feature_control = 0;
	assert_refused(&caps, VMX_REFUSED_FIRMWARE_UNLOCKED, "unlocked");
	caps.has_vmx = false;
	assert_refused(&caps, VMX_REFUSED_NO_VMX, "no VMX");
}

struct basic_row {
	u64 clear, set;
	const char *word;
};

static const struct basic_row basic_rows[] = {
	{ 0, BIT64(31), "revision" },	   { 0, 1ull << 32, "4096" },
	{ 0x1fffull << 32, 0, "4096" },	   { 0, BIT64(48), "4 GiB" },
	{ 0xfull << 50, 0, "write-back" }, { 0, 1ull << 50, "write-back" },
};

static void basic(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(basic_rows); i++) {
		struct vmx_caps caps = good_caps();

		caps.basic = (caps.basic & ~basic_rows[i].clear) | basic_rows[i].set;
		assert_refused(&caps, VMX_REFUSED_BASIC, basic_rows[i].word);
	}
}

static const struct {
	unsigned int bit;
	const char *word;
} ept_rows[] = {
	{ 6, "page-walk length of 4" }, { 14, "write-back" },  { 16, "2-MByte" }, { 20, "INVEPT" },
	{ 25, "single-context" },	{ 26, "all-context" },
};

static void ept(void **state)
{
	struct vmx_caps caps = good_caps();
	size_t i;

	(void)state;
	caps.procbased2 &= ~((u64)(1 << 1) << 32);
	assert_refused(&caps, VMX_REFUSED_NO_EPT, "no EPT");
	for (i = 0; i < ARRAY_SIZE(ept_rows); i++) {
		caps = good_caps();
		caps.ept_vpid_cap &= ~BIT64(ept_rows[i].bit);
		assert_refused(&caps, VMX_REFUSED_EPT_CAP, ept_rows[i].word);
	}
}

static void distinct_errnos(void **state)
{
	struct vmx_controls c;
	struct vmx_refusal refusal;
	struct vmx_caps caps[8];
	int codes[8];
	size_t i, j;

	(void)state;
	for (i = 0; i < 8; i++)
		caps[i] = good_caps();
	caps[0].has_vmx = false;
	caps[1].feature_control = 1;
	caps[2].feature_control = 0;
	caps[3].basic = 0;
	caps[4].pinbased = 0;
	caps[5].procbased |= 1 << 15;
	caps[6].procbased2 = 0;
	caps[6].rdtscp = false;
	caps[7].ept_vpid_cap = 0;
	for (i = 0; i < 8; i++) {
		codes[i] = vmx_choose_controls(&caps[i], &c, &refusal);
		assert_true(codes[i] < 0);
		for (j = 0; j < i; j++)
			assert_int_not_equal(codes[i], codes[j]);
	}
}

static void random_caps(void **state)
{
	struct vmx_controls c;
	struct vmx_refusal refusal;
	u64 seed = 4711;
	int i, accepted = 0;
	enum where where;

	(void)state;
	for (i = 0; i < 200000; i++) {
		struct vmx_caps caps = good_caps();
		int flips = random_below(&seed, 6);

		while (flips--)
			*field(&caps, random_below(&seed, 5)) ^= BIT64(random_below(&seed, 64));
		if (vmx_choose_controls(&caps, &c, &refusal))
			continue;
		accepted++;
		for (where = PIN; where <= ENTRY; where++) {
			u64 cap = *field(&caps, where);
			u32 value = chosen(&c, where);

			assert_int_equal(value & (u32)cap, (u32)cap);
			if (((cap >> 32) & (u32)cap) == (u32)cap)
				assert_int_equal(value & ~(u32)(cap >> 32), 0);
		}
		assert_null(vmx_check_controls(c.pin, c.cpu, c.cpu2, c.exit, c.entry));
	}
	assert_in_range(accepted, 20000, 199999);
}

static void texts(void **state)
{
	char text[VMX_REFUSAL_TEXT_MAX], tiny[8];
	struct vmx_refusal refusal;
	int kind;

	(void)state;
	for (kind = -1; kind < 12; kind++) {
		refusal = (struct vmx_refusal){ kind, NULL };
		assert_true(strlen(vmx_refusal_text(&refusal, text, sizeof(text))) > 10);
		assert_int_equal(strlen(vmx_refusal_text(&refusal, tiny, sizeof(tiny))), 7);
		assert_int_equal(strlen(vmx_refusal_text(&refusal, tiny, 1)), 0);
		assert_int_equal(strlen(vmx_refusal_text(&refusal, tiny, 0)), 0);
	}
}

struct check_row {
	u32 pin, cpu, cpu2, exit, entry;
	const char *word;
};

static const struct check_row check_rows[] = {
	{ 1 << 5, 0, 0, 0, 0, "virtual NMIs need" },
	{ 1 << 3, 1 << 22, 0, 0, 0, "NMI-window" },
	{ 0x28, 1 << 22, 0, 0, 0, NULL },
	{ 0, 0, 0, 1 << 22, 0, "timer" },
	{ 1 << 6, 0, 0, 1 << 22, 0, NULL },
	{ 1 << 7, 0, 0, 0, 0, "posted" },
	{ 0, 1u << 31, 1 << 7, 0, 0, "unrestricted" },
	{ 0, 0, 1 << 7, 0, 0, NULL },
	{ 0, 1u << 31, 1 << 17, 0, 0, "page-modification" },
	{ 0, 1u << 31, 1 << 22, 0, 0, "mode-based" },
	{ 0, 1u << 31, 1 << 4, 0, 0, "x2APIC" },
	{ 0, 1u << 31, 1 << 9, 0, 0, "virtual-interrupt" },
	{ 0, 0, 0, 0, 1 << 10, "SMM" },
};

static void control_checks(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(check_rows); i++) {
		const struct check_row *row = &check_rows[i];
		const char *broken =
			vmx_check_controls(row->pin, row->cpu, row->cpu2, row->exit, row->entry);

		if (!row->word != !broken || (broken && !strstr(broken, row->word)))
			fail_msg("row %zu: %s", i, broken ? broken : "nothing");
	}
}

static void fixed_bits(void **state)
{
	(void)state;
	assert_int_equal(vmx_fixed_cr(0, 0x80000021, 0xffffffff), 0x80000021);
	assert_int_equal(vmx_fixed_cr(0xffffffffffffffff, 0x2000, 0x1767ff), 0x1767ff);
	assert_int_equal(vmx_fixed_cr(0x6b0, 0x2000, 0x1767ff), 0x26b0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_cpu),
		cmocka_unit_test(required_controls),
		cmocka_unit_test(controls_that_must_be_off),
		cmocka_unit_test(unknown_forced_bits),
		cmocka_unit_test(reserved_defaults),
		cmocka_unit_test(needed_only_if_cpuid_has_it),
		cmocka_unit_test(optional_controls),
		cmocka_unit_test(firmware),
		cmocka_unit_test(basic),
		cmocka_unit_test(ept),
		cmocka_unit_test(distinct_errnos),
		cmocka_unit_test(random_caps),
		cmocka_unit_test(texts),
		cmocka_unit_test(control_checks),
		cmocka_unit_test(fixed_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
