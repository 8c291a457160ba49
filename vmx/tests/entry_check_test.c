// SPDX-License-Identifier: GPL-2.0
/* Tests of entry_check.c: a running Linux passes, and each rule that is broken is named. User
 * space. */
#include "test.h"
#include "entry_check.h"

static struct entry_guest good_guest(void)
{
	return (struct entry_guest){
		.entry_controls = VM_ENTRY_IA32E_MODE | VM_ENTRY_LOAD_DEBUG_CONTROLS |
				  VM_ENTRY_LOAD_IA32_PAT | VM_ENTRY_LOAD_IA32_EFER,
		.cr0 = 0x80050033,
		.cr3 = 0x10a000 | BIT64(63) >> 1,
		.cr4 = 0x3726f0,
		.efer = 0xd01,
		.pat = 0x0407050600070106ull,
		.debugctl = 0xffc7,
		.dr7 = 0x400,
		.rip = 0xffffffff81000000ull,
		.link_pointer = ~0ull,
		.base = {
			[ENTRY_FS_BASE] = 0x00007fffffffffffull,
			[ENTRY_GS_BASE] = 0xffff888007c00000ull,
			[ENTRY_TR_BASE] = 0xfffffe0000003000ull,
			[ENTRY_GDTR_BASE] = 0xfffffe0000001000ull,
			[ENTRY_IDTR_BASE] = 0xfffffe0000000000ull,
			[ENTRY_SYSENTER_ESP] = 0xfffffe0000002200ull,
			[ENTRY_SYSENTER_EIP] = 0xffffffff81a01000ull,
		},
		.gdtr_limit = 0x7f,
		.idtr_limit = 0xfff,
		.cs_ar = 0xa09b,
		.tr_ar = 0x8b,
	};
}

static const struct entry_cpu cpu = {
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0xff7fff,
	.maxphyaddr = 40,
};

static void test_linux_passes(void **state)
{
	struct entry_guest guest = good_guest();

	(void)state;
	assert_null(entry_check(&guest, &cpu));
	/* A program, also a 32-bit one, whose code segment is not a 64-bit one. */
	guest.rip = 0x401000;
	guest.cs_ar = 0xa0fb;
	assert_null(entry_check(&guest, &cpu));
	guest.cs_ar = 0xc0fb;
	assert_null(entry_check(&guest, &cpu));
}

static void test_five_levels(void **state)
{
	struct entry_guest guest = good_guest();

	(void)state;
	guest.rip = 0xff10000000000000ull;
	assert_non_null(entry_check(&guest, &cpu));
	guest.cr4 |= HV_CR4_LA57;
	assert_null(entry_check(&guest, &cpu));
}

/* At that offset in struct entry_guest these bits are turned over. */
struct row {
	const char *rule;
	size_t offset, size;
	u64 flip;
};

#define ROW(rule, field, flip)                                                                     \
	{                                                                                          \
		rule, offsetof(struct entry_guest, field),                                         \
			sizeof(((struct entry_guest *)0)->field), flip                             \
	}

static const struct row rows[] = {
	ROW("CR0 has a bit that VMX fixes otherwise", cr0, HV_CR0_NE),
	ROW("CR0 has a bit that VMX fixes otherwise", cr0, BIT64(32)),
	ROW("CR4 has a bit that VMX fixes otherwise", cr4, HV_CR4_VMXE),
	ROW("CR4 has a bit that VMX fixes otherwise", cr4, BIT64(15)),
	ROW("CR3 has bits beyond the physical address width", cr3, BIT64(40)),
	ROW("CR3 has bits beyond the physical address width", cr3, BIT64(63)),
	ROW("IA-32e mode needs CR0.PG and CR4.PAE", cr4, HV_CR4_PAE),
	ROW("CR4.PCIDE is set outside IA-32e mode", entry_controls, VM_ENTRY_IA32E_MODE),
	ROW("reserved bits of IA32_EFER are set", efer, BIT64(12)),
	ROW("IA32_EFER.LMA does not agree with the control IA-32e mode guest", efer, HV_EFER_LMA),
	ROW("IA32_EFER.LME does not agree with LMA", efer, HV_EFER_LME),
	ROW("reserved bits of IA32_DEBUGCTL are set", debugctl, BIT64(3)),
	ROW("reserved bits of IA32_DEBUGCTL are set", debugctl, BIT64(5)),
	ROW("reserved bits of IA32_DEBUGCTL are set", debugctl, BIT64(16)),
	ROW("bits 63:32 of DR7 are set", dr7, BIT64(32)),
	ROW("IA32_PAT has a reserved memory type", pat, 0x04),
	ROW("IA32_PAT has a reserved memory type", pat, 0x0a00000000000000ull),
	ROW("FS.base is not canonical", base[ENTRY_FS_BASE], BIT64(47)),
	ROW("GS.base is not canonical", base[ENTRY_GS_BASE], BIT64(47)),
	ROW("TR.base is not canonical", base[ENTRY_TR_BASE], BIT64(63)),
	ROW("GDTR.base is not canonical", base[ENTRY_GDTR_BASE], BIT64(50)),
	ROW("IDTR.base is not canonical", base[ENTRY_IDTR_BASE], BIT64(48)),
	ROW("IA32_SYSENTER_ESP is not canonical", base[ENTRY_SYSENTER_ESP], BIT64(62)),
	ROW("IA32_SYSENTER_EIP is not canonical", base[ENTRY_SYSENTER_EIP], BIT64(47)),
	ROW("bits 31:16 of a descriptor table's limit are set", gdtr_limit, 0x10000),
	ROW("bits 31:16 of a descriptor table's limit are set", idtr_limit, 0x80000000),
	ROW("TR is unusable or not a busy TSS", tr_ar, HV_AR_UNUSABLE),
	ROW("TR is unusable or not a busy TSS", tr_ar, 2),
	ROW("TR is not a busy 64-bit TSS", tr_ar, 8),
	ROW("CS has both L and D set", cs_ar, HV_AR_DB),
	ROW("RIP is not canonical, or too wide for its mode", rip, BIT64(63)),
	ROW("RIP is not canonical, or too wide for its mode", rip, BIT64(47)),
	ROW("RIP is not canonical, or too wide for its mode", cs_ar, HV_AR_L),
	ROW("the VMCS link pointer is not all ones", link_pointer, 1),
};

static void test_each_rule(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct entry_guest guest = good_guest();
		u8 *field = (u8 *)&guest + rows[i].offset;
		const char *broken;

		if (rows[i].size == 8)
			*(u64 *)field ^= rows[i].flip;
		else
			*(u32 *)field ^= (u32)rows[i].flip;
		broken = entry_check(&guest, &cpu);
		if (!broken || strcmp(broken, rows[i].rule))
			fail_msg("row %zu: '%s' instead of '%s'", i, broken ? broken : "nothing",
				 rows[i].rule);
	}
}

/* What takes more than one bit. */
static void test_bits_that_need_each_other(void **state)
{
	struct entry_cpu unrestricted = cpu;
	struct entry_guest guest = good_guest();

	(void)state;
	unrestricted.cr0_fixed0 = HV_CR0_NE;
	guest.cr0 &= ~HV_CR0_PE;
	assert_string_equal(entry_check(&guest, &unrestricted), "CR0.PG is set without PE");
	guest = good_guest();
	guest.cr4 |= HV_CR4_CET;
	assert_null(entry_check(&guest, &cpu));
	guest.cr0 &= ~HV_CR0_WP;
	assert_string_equal(entry_check(&guest, &cpu), "CR4.CET is set without CR0.WP");
}

/* What is not loaded is not checked. */
static void test_controls_decide(void **state)
{
	struct entry_guest guest = good_guest();

	(void)state;
	guest.entry_controls &= VM_ENTRY_IA32E_MODE;
	guest.efer = guest.pat = guest.debugctl = guest.dr7 = ~0ull;
	assert_null(entry_check(&guest, &cpu));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux_passes),
		cmocka_unit_test(test_five_levels),
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_bits_that_need_each_other),
		cmocka_unit_test(test_controls_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
