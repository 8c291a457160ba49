// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of insn_len.c: a table, and every instruction that objdump finds in real programs. The
 * programs are those of the machine that runs the tests. User space.
 */
#include "rules_fixture.h"
#include "events/insn_len.h"

#define WANTED 50000

static const struct {
	const char *hex;
	u8 mode, length;
} table[] = {
	{ "90", INSN_64, 1 },
	{ "0f0b", INSN_64, 2 },
	{ "0fff00", INSN_64, 3 },
	{ "cc", INSN_64, 1 },
	{ "cd80", INSN_64, 2 },
	{ "0f23f8", INSN_64, 3 },
	{ "0f21040000", INSN_64, 3 }, /* mod is ignored: no SIB */
	{ "48b80102030405060708", INSN_64, 10 },
	{ "b801020304", INSN_64, 5 },
	{ "66b80102", INSN_64, 4 },
	{ "6648b80102030405060708", INSN_64, 11 },
	{ "48a10102030405060708", INSN_64, 10 },
	{ "67a101020304", INSN_64, 6 },
	{ "a101020304", INSN_32, 5 },
	{ "67a10102", INSN_32, 4 },
	{ "a10102", INSN_16, 3 },
	{ "67a101020304", INSN_16, 6 },
	{ "f6c101", INSN_64, 3 },
	{ "f6d1", INSN_64, 2 },
	{ "f7c101020304", INSN_64, 6 },
	{ "66f7c10102", INSN_64, 5 },
	{ "f7f1", INSN_64, 2 },
	{ "c8000001", INSN_64, 4 },
	{ "66e801020304", INSN_64, 6 }, /* Intel: 0x66 does not shorten it */
	{ "66e80102", INSN_32, 4 },
	{ "e80102", INSN_16, 3 },
	{ "0f8001020304", INSN_64, 6 },
	{ "ea010203040506", INSN_32, 7 },
	{ "ea01020304", INSN_16, 5 },
	{ "ea010203040506", INSN_64, 0 },
	{ "6201", INSN_32, 2 }, /* BOUND */
	{ "ce", INSN_32, 1 },	/* INTO */
	{ "ce", INSN_64, 0 },
	{ "d50a", INSN_32, 2 },
	{ "d50a", INSN_64, 0 },
	{ "82c001", INSN_32, 3 },
	{ "82c001", INSN_64, 0 },
	{ "40", INSN_32, 1 },
	{ "4090", INSN_64, 2 },
	{ "c500", INSN_32, 2 }, /* LDS */
	{ "c5f877", INSN_32, 3 },
	{ "c5f877", INSN_64, 3 },
	{ "c4e37d0fc101", INSN_64, 6 },
	{ "c4e2791801", INSN_64, 5 },
	{ "62f17c48280501020304", INSN_64, 10 },
	{ "62f17c4828420c", INSN_64, 7 },
	{ "62f37d483ac101", INSN_64, 7 }, /* vinserti: imm8 */
	{ "62f5544858c1", INSN_64, 6 },	  /* FP16 */
	{ "62f4544858c1", INSN_64, 0 },	  /* map 4 is unknown */
	{ "c5f805", INSN_64, 0 },
	{ "8f00", INSN_64, 2 },
	{ "8fe878c3c838", INSN_64, 0 }, /* XOP is AMD's */
	{ "8b04", INSN_64, 0 },
	{ "8b0425", INSN_64, 0 },
	{ "8b042501020304", INSN_64, 7 },
	{ "8b44250a", INSN_64, 4 },
	{ "8b842501020304", INSN_64, 7 },
	{ "8b0501020304", INSN_64, 6 },
	{ "678b060102", INSN_32, 5 },
	{ "678b460a", INSN_32, 4 },
	{ "678b860102", INSN_32, 5 },
	{ "8b04", INSN_16, 2 },
	{ "0f38f001", INSN_64, 4 },
	{ "660f3a0fc101", INSN_64, 6 },
	{ "0f0fc19e", INSN_64, 4 },
	{ "0f04", INSN_64, 0 },
	{ "0fc7f0", INSN_64, 3 },
	{ "d6", INSN_64, 0 },
	{ "9a010203040506", INSN_32, 7 },
	{ "f20f1ec1", INSN_64, 4 },
	{ "48480f05", INSN_64, 4 },   /* only the last REX counts */
	{ "4866b80102", INSN_64, 5 }, /* void: a prefix follows it */
	{ "666666666666666666666666666690", INSN_64, 15 },
	{ "66666666666666666666666666666690", INSN_64, 0 },
	{ "2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e", INSN_64, 0 },
	{ "263e36642e6590", INSN_64, 7 },
	{ "664881c001020304", INSN_64, 8 }, /* REX.W outranks 0x66 */
	{ "c20102", INSN_64, 3 },
	{ "f6c901", INSN_64, 3 }, /* TEST has two codes */
	{ "f7c901020304", INSN_64, 6 },
	{ "62f67d4842c1", INSN_64, 6 },
	{ "c4e97d58c1", INSN_64, 0 },
	{ "c5c058c1", INSN_32, 4 },
	{ "c5bf58c10102", INSN_32, 6 }, /* LDS with 32 bits of displacement */
	{ "", INSN_64, 0 },
	{ "66", INSN_64, 0 },
	{ "48", INSN_64, 0 },
	{ "0f", INSN_64, 0 },
	{ "0f38", INSN_64, 0 },
	{ "c4e3", INSN_64, 0 },
	{ "c5", INSN_64, 0 },
	{ "62f1", INSN_64, 0 },
	{ "b8010203", INSN_64, 0 },
};

static size_t decode(const char *hex, u8 *bytes, size_t size)
{
	unsigned int byte;
	size_t len;

	for (len = 0; len < size && sscanf(hex + 2 * len, "%2x", &byte) == 1; len++)
		bytes[len] = byte;
	return len;
}

static void test_table(void **state)
{
	u8 bytes[32];
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		len = decode(table[i].hex, bytes, sizeof(bytes));
		if (insn_length(bytes, len, table[i].mode) != table[i].length)
			fail_msg("%s: %u", table[i].hex, insn_length(bytes, len, table[i].mode));
	}
}

/*
 * "  addr:\t bytes \tmnemonic": a line of objdump -w. Lone prefixes and data are left out, and
 * FWAIT, which objdump joins with the instruction behind it.
 */
static size_t objdump_bytes(char *line, u8 *bytes, size_t size)
{
	char *hex = strchr(line, '\t'), *name = hex ? strchr(hex + 1, '\t') : NULL;
	char digits[64];
	size_t n = 0, len;

	if (!name || strstr(name, "(bad)") || strstr(name, ".byte"))
		return 0;
	for (hex++; hex < name && n < sizeof(digits) - 1; hex++)
		if (*hex != ' ')
			digits[n++] = *hex;
	digits[n] = 0;
	len = decode(digits, bytes, size);
	if (!strncmp(name + 1, "rex", 3) && !strpbrk(name, "%$("))
		return 0;
	return bytes[0] == 0x9b && len > 1 ? 0 : len;
}

static unsigned long check_program(const char *path)
{
	unsigned long count = 0;
	char line[512];
	u8 bytes[32];
	size_t len;
	FILE *dump;

	snprintf(line, sizeof(line), "objdump -d -w -M intel64 %s 2>/dev/null", path);
	dump = popen(line, "r");
	while (dump && fgets(line, sizeof(line), dump)) {
		len = objdump_bytes(line, bytes, sizeof(bytes));
		if (!len)
			continue;
		count++;
		memset(bytes + len, 0xff, sizeof(bytes) - len);
		if (insn_length(bytes, INSN_MAX, INSN_64) != len)
			fail_msg("%s: %u, not %zu", line, insn_length(bytes, INSN_MAX, INSN_64),
				 len);
		/* One byte less is no instruction, or it would have ended there. */
		assert_int_equal(insn_length(bytes, len - 1, INSN_64), 0);
	}
	if (dump)
		pclose(dump);
	return count;
}

static void test_programs(void **state)
{
	static const char *const programs[] = {
		"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/bin/bash", "/bin/ls",
		"/lib/x86_64-linux-gnu/libm.so.6",
	};
	unsigned long count = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(programs) && count < WANTED; i++)
		count += check_program(programs[i]);
	print_message("%lu instructions\n", count);
	if (!count)
		skip();
	assert_true(count > WANTED);
}

/* Every two-byte beginning, and many random ones, in exactly as much memory as there is. */
static void test_hostile(void **state)
{
	unsigned int seed = 1, round, len, i, length;
	enum insn_width mode;
	u8 *bytes;

	(void)state;
	for (round = 0; round < 400000; round++) {
		len = round % 16 + !(round % 16) * 15;
		bytes = malloc(len);
		for (i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = seed >> 16;
		}
		bytes[0] = round >> 4;
		if (len > 1)
			bytes[1] = round >> 12;
		for (mode = INSN_16; mode <= INSN_64; mode++) {
			length = insn_length(bytes, len, mode);
			assert_true(length <= len && length <= INSN_MAX);
		}
		free(bytes);
	}
	assert_int_equal(insn_length(NULL, 0, INSN_64), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
