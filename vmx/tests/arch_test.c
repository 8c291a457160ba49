// SPDX-License-Identifier: GPL-2.0
/* Tests of the name tables in arch.c. User space. */
#include "test.h"
#include "arch.h"

static void exit_names(void **state)
{
	u32 reason, other, unknown = 0;

	(void)state;
	assert_string_equal(vmx_exit_name(EXIT_REASON_CPUID), "CPUID");
	assert_string_equal(vmx_exit_name(0), "EXCEPTION_NMI");
	assert_string_equal(vmx_exit_name(33 | VMX_EXIT_REASONS_FAILED_ENTRY), "INVALID_STATE");
	for (reason = 0; reason < 0x10000; reason++) {
		assert_non_null(vmx_exit_name(reason));
		unknown += !strcmp(vmx_exit_name(reason), "unknown exit reason");
	}
	assert_int_equal(unknown, 0x10000 - 74);
	for (reason = 0; reason < 78; reason++)
		for (other = 0; other < reason; other++)
			if (vmx_exit_name(reason) != vmx_exit_name(35))
				assert_string_not_equal(vmx_exit_name(reason),
							vmx_exit_name(other));
}

/* See "Field Encoding in VMCS": bits 11:10 tell the area, and none is the high half of another. */
static void dump_fields(void **state)
{
	static const int area_of_group[] = { 2, 3, 0, 1 };
	unsigned int i, j;

	(void)state;
	assert_true(vmcs_dump_nr > 100);
	for (i = 0; i < vmcs_dump_nr; i++) {
		const struct vmcs_field_name *f = &vmcs_dump_fields[i];
		bool link = f->field == VMX_PREEMPTION_TIMER_VALUE;

		assert_int_equal(f->field & 1, 0);
		assert_true(link || (f->field >> 10 & 3) == (u32)area_of_group[f->group]);
		assert_true(i == 0 || vmcs_dump_fields[i - 1].group <= f->group);
		for (j = 0; j < i; j++) {
			assert_int_not_equal(f->field, vmcs_dump_fields[j].field);
			assert_string_not_equal(f->name, vmcs_dump_fields[j].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_names),
		cmocka_unit_test(dump_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
