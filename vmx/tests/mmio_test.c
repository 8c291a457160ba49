// SPDX-License-Identifier: GPL-2.0
/* Tests of the MOVs that reach device registers. User space. */
#include "test.h"
#include "mmio.h"

#define RAX 0x1122334455667788ULL

static const struct row {
	const char *what;
	u8 code[15];
	u8 length, size, to, gpr;
	bool write, sign, is_value, high;
	u64 value; /* written, out of RAX or the immediate; or the register after 0x..ff was read */
} rows[] = {
	/* readb() and writeb() as compilers write them */
	{ "mov (%rdi),%al", { 0x8a, 0x07 }, 2, 1, 1, 0, .value = 0x11223344556677ffULL },
	{ "mov 5(%rdi),%al", { 0x8a, 0x47, 5 }, 3, 1, 1, 0, .value = 0x11223344556677ffULL },
	{ "mov %al,(%rdi)", { 0x88, 0x07 }, 2, 1, 1, 0, true, .value = 0x88 },
	{ "movzbl (%rdi),%eax", { 0x0f, 0xb6, 0x07 }, 3, 1, 4, 0, .value = 0xff },
	{ "movzbl 0x12345678(%rip),%eax",
	  { 0x0f, 0xb6, 0x05, 0x78, 0x56, 0x34, 0x12 },
	  7,
	  1,
	  4,
	  0,
	  .value = 0xff },
	{ "mov (%rdi),%eax", { 0x8b, 0x07 }, 2, 4, 4, 0, .value = 0xffffffff },
	{ "mov %esi,(%rdi)", { 0x89, 0x37 }, 2, 4, 4, 6, true, .value = 0x55667788 },
	{ "mov %sil,(%rdi)", { 0x40, 0x88, 0x37 }, 3, 1, 1, 6, true, .value = 0x88 },
	{ "mov %dh,(%rdi)", { 0x88, 0x37 }, 2, 1, 1, 2, true, .high = true, .value = 0x77 },
	{ "mov (%rdi),%ah",
	  { 0x8a, 0x27 },
	  2,
	  1,
	  1,
	  0,
	  .high = true,
	  .value = 0x112233445566ff88ULL },
	{ "mov %r9b,0x8(%r12,%rax,4)",
	  { 0x45, 0x88, 0x4c, 0x84, 8 },
	  5,
	  1,
	  1,
	  9,
	  true,
	  .value = 0x88 },
	{ "mov (%rdi),%ax", { 0x66, 0x8b, 0x07 }, 3, 2, 2, 0, .value = 0x112233445566ffffULL },
	{ "mov (%rdi),%r10", { 0x4c, 0x8b, 0x17 }, 3, 8, 8, 10, .value = ~0ULL },
	{ "mov 0x11223344,%eax",
	  { 0x8b, 0x04, 0x25, 0x44, 0x33, 0x22, 0x11 },
	  7,
	  4,
	  4,
	  0,
	  .value = 0xffffffff },
	{ "movb $1,4(%rax)", { 0xc6, 0x40, 4, 1 }, 4, 1, 1, 0, true, .is_value = true, .value = 1 },
	{ "movw $0x1234,(%rax)",
	  { 0x66, 0xc7, 0, 0x34, 0x12 },
	  5,
	  2,
	  2,
	  0,
	  true,
	  .is_value = true,
	  .value = 0x1234 },
	{ "movq $-2,(%rax)",
	  { 0x48, 0xc7, 0, 0xfe, 0xff, 0xff, 0xff },
	  7,
	  8,
	  8,
	  0,
	  true,
	  .is_value = true,
	  .value = -2ULL },
	{ "movl $-2,%gs:(%rax)",
	  { 0x65, 0xc7, 0, 0xfe, 0xff, 0xff, 0xff },
	  7,
	  4,
	  4,
	  0,
	  true,
	  .is_value = true,
	  .value = 0xfffffffe },
	{ "movsbl (%rdi),%eax",
	  { 0x0f, 0xbe, 0x07 },
	  3,
	  1,
	  4,
	  0,
	  .sign = true,
	  .value = 0xffffffff },
	{ "movsbq (%rdi),%rax",
	  { 0x48, 0x0f, 0xbe, 0x07 },
	  4,
	  1,
	  8,
	  0,
	  .sign = true,
	  .value = ~0ULL },
	{ "movzwl (%rdi),%eax", { 0x0f, 0xb7, 0x07 }, 3, 2, 4, 0, .value = 0xffff },
};

static void decodes(void **state)
{
	struct mmio_insn insn;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		print_message("%s\n", row->what);
		assert_true(mmio_decode(row->code, 15, &insn));
		assert_int_equal(insn.length, row->length);
		assert_int_equal(insn.size, row->size);
		assert_int_equal(insn.to, row->to);
		assert_int_equal(insn.gpr, row->gpr);
		assert_int_equal(insn.write, row->write);
		assert_int_equal(insn.sign, row->sign);
		assert_int_equal(insn.is_value, row->is_value);
		assert_int_equal(insn.high, row->high);
		if (row->write)
			assert_int_equal(mmio_written(&insn, RAX), row->value);
		else
			assert_int_equal(mmio_read(&insn, RAX, ~0ULL), row->value);
		/* Not with a byte less. */
		assert_false(mmio_decode(row->code, row->length - 1, &insn));
	}
}

static void others(void **state)
{
	static const u8 codes[][15] = {
		{ 0x88, 0xc0 },	      /* register to register */
		{ 0xc6, 0x48, 0, 0 }, /* no /0 */
		{ 0xf3, 0xa4 },	      /* rep movsb */
		{ 0x0f, 0x10, 0x07 }, /* movups */
		{ 0x80, 0x0f, 1 },    /* orb */
		{ 0xf0, 0x88, 0x07 }, /* lock */
		{ 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		  0x66, 0x66 },
	};
	struct mmio_insn insn;

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_false(mmio_decode(codes[i], 15, &insn));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(decodes), cmocka_unit_test(others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
