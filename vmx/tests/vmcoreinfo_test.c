// SPDX-License-Identifier: GPL-2.0
/* Tests of vmcoreinfo.c: real text, and text that is cut, wrong or absent. User space. */
#include "test.h"
#include "vmcoreinfo.h"

static const char text[] = "OSRELEASE=6.1.0-56-cloud-amd64\n"
			   "BUILD-ID=0123abc\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(init_uts_ns)=ffffffffa9c25340\n"
			   "SYMBOL(_stext)=ffffffffa8200000\n"
			   "OFFSET(list_head.next)=0\n"
			   "NUMBER(phys_base)=-2097152\n"
			   "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
			   "KERNELOFFSET=27200000\n"
			   "SYMBOL(bad)=xyz\n"
			   "SYMBOL(long)=1ffffffffa8200000\n"
			   "SYMBOL(max)=ffffffffffffffff\n"
			   "SYMBOL(prefix)=0xAbC\n"
			   "SYMBOL(empty)=\n"
			   "NUMBER(min)=-9223372036854775808\n"
			   "NUMBER(toomin)=-9223372036854775809\n"
			   "NUMBER(toomax)=9223372036854775808\n"
			   "NUMBER(hex)=ff\n"
			   "CRASHTIME=12";

#define LEN (sizeof(text) - 1)

static void values(void **state)
{
	char buf[64];
	u64 value;
	s64 number;

	(void)state;
	assert_true(vmcoreinfo_hex(text, LEN, "KERNELOFFSET", &value));
	assert_int_equal(value, 0x27200000);
	assert_true(vmcoreinfo_symbol(text, LEN, "_stext", &value));
	assert_int_equal(value, 0xffffffffa8200000);
	assert_true(vmcoreinfo_symbol(text, LEN, "max", &value));
	assert_int_equal(value, ~0ull);
	assert_true(vmcoreinfo_symbol(text, LEN, "prefix", &value));
	assert_int_equal(value, 0xabc);
	assert_true(vmcoreinfo_hex(text, LEN, "CRASHTIME", &value));
	assert_int_equal(value, 0x12);
	assert_true(vmcoreinfo_number(text, LEN, "phys_base", &number));
	assert_int_equal(number, -2097152);
	assert_true(vmcoreinfo_number(text, LEN, "KERNEL_IMAGE_SIZE", &number));
	assert_int_equal(number, 1073741824);
	assert_true(vmcoreinfo_number(text, LEN, "min", &number));
	assert_true(number == INT64_MIN);
	assert_true(vmcoreinfo_string(text, LEN, "OSRELEASE", buf, sizeof(buf)));
	assert_string_equal(buf, "6.1.0-56-cloud-amd64");
	assert_true(vmcoreinfo_string(text, LEN, "OSRELEASE", buf, 4));
	assert_string_equal(buf, "6.1");
	assert_false(vmcoreinfo_string(text, LEN, "OSRELEASE", buf, 0));
	assert_true(vmcoreinfo_string(text, LEN, "CRASHTIME", buf, sizeof(buf)));
	assert_string_equal(buf, "12");
}

static void refusals(void **state)
{
	static const char *const symbols[] = { "bad",	"long",	   "empty", "stext",
					       "_stex", "_stext)", "",	    "nowhere" };
	static const char *const numbers[] = { "toomin", "toomax", "hex", "phys", "_stext" };
	s64 number;
	u64 value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		assert_false(vmcoreinfo_symbol(text, LEN, symbols[i], &value));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_false(vmcoreinfo_number(text, LEN, numbers[i], &number));
	assert_false(vmcoreinfo_hex(text, LEN, "ERNELOFFSET", &value));
	assert_false(vmcoreinfo_hex(text, LEN, "KERNELOFFSE", &value));
	assert_false(vmcoreinfo_hex(text, LEN, "SYMBOL(bad)", &value));
	assert_false(vmcoreinfo_hex(text, 0, "KERNELOFFSET", &value));
}

/* Cut anywhere, in a buffer of just that size: the sanitizer sees every read beyond it. */
static void truncated(void **state)
{
	char *copy, buf[8];
	s64 number;
	u64 value;
	size_t len;

	(void)state;
	for (len = 0; len <= LEN; len++) {
		copy = malloc(len + !len);
		memcpy(copy, text, len);
		vmcoreinfo_symbol(copy, len, "prefix", &value);
		vmcoreinfo_number(copy, len, "toomax", &number);
		vmcoreinfo_hex(copy, len, "CRASHTIME", &value);
		vmcoreinfo_string(copy, len, "CRASHTIME", buf, sizeof(buf));
		free(copy);
	}
}

struct note {
	u32 words[3];
	char name[12];
	char desc[32];
};

static const struct note good = {
	{ 11, 15, 0 },
	"VMCOREINFO",
	"KERNELOFFSET=1\n",
};

static void note(void **state)
{
	struct note n = good;
	const char *found;
	size_t len;
	u64 value;

	(void)state;
	assert_true(vmcoreinfo_note_text(&n, sizeof(n), &found, &len));
	assert_int_equal(len, 15);
	assert_true(vmcoreinfo_hex(found, len, "KERNELOFFSET", &value));
	assert_int_equal(value, 1);
	assert_true(vmcoreinfo_note_text(&n, 24 + 15, &found, &len));
	for (len = 0; len < 24 + 15; len++) {
		void *copy = malloc(len + !len);
		size_t ignored;

		memcpy(copy, &n, len);
		assert_false(vmcoreinfo_note_text(copy, len, &found, &ignored));
		free(copy);
	}
	n.words[1] = 0xffffffff;
	assert_false(vmcoreinfo_note_text(&n, sizeof(n), &found, &len));
	n = good;
	n.words[0] = 5;
	assert_false(vmcoreinfo_note_text(&n, sizeof(n), &found, &len));
	n = good;
	n.name[0] = 'X';
	assert_false(vmcoreinfo_note_text(&n, sizeof(n), &found, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(refusals),
		cmocka_unit_test(truncated),
		cmocka_unit_test(note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
