// SPDX-License-Identifier: GPL-2.0
/* target.xml, read back: registers in gdb's order, with known types, whatever the piece size. */
#include "check.h"

static struct fake f;
static char xml[0x4000];

static size_t fetch(unsigned int piece)
{
	char packet[64];
	const char *reply;
	size_t len = 0;

	do {
		sprintf(packet, "qXfer:features:read:target.xml:%zx,%x", len, piece);
		reply = fake_ask(&f, packet);
		assert_true(reply[0] == 'm' || reply[0] == 'l');
		assert_true(strlen(reply) - 1 <= piece);
		assert_true(reply[0] == 'l' || strlen(reply) - 1 == piece);
		strcpy(xml + len, reply + 1);
		len += strlen(reply) - 1;
	} while (reply[0] == 'm');
	return len;
}

static void start(void)
{
	fake_init(&f);
	fake_connect(&f, "xmlRegisters=i386");
}

/* gdb's limit in trace files is 1000 with what it puts in front. */
static void check_lines(const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		assert_in_range(len, 1, 980);
	}
}

static void test_pieces(void **state)
{
	static char whole[sizeof(xml)];
	static const unsigned int pieces[] = { 1, 7, 100, 0xfff, 0x1000 };
	size_t i, len;

	(void)state;
	start();
	len = fetch(0x10000);
	assert_in_range(len, 3000, 4300);
	check_lines(xml);
	memcpy(whole, xml, len + 1);
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		memset(xml, 0, sizeof(xml));
		assert_int_equal(fetch(pieces[i]), len);
		assert_string_equal(xml, whole);
	}
}

/* The value of an attribute of the element at p. */
static void attribute(const char *p, const char *name, char *value)
{
	char start[32];
	const char *end = strchr(p, '>');
	const char *found;

	sprintf(start, " %s=\"", name);
	found = strstr(p, start);
	strcpy(value, "int");
	if (found && found < end)
		sscanf(found + strlen(start), "%63[^\"]", value);
}

static const char *const names =
	"rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip eflags cs ss ds es fs "
	"gs "
	"st0 st1 st2 st3 st4 st5 st6 st7 fctrl fstat ftag fiseg fioff foseg fooff fop "
	"xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7 xmm8 xmm9 xmm10 xmm11 xmm12 xmm13 xmm14 xmm15 "
	"mxcsr fs_base gs_base ";

static void check_type(const char *type)
{
	static const char builtin[] = " int code_ptr data_ptr i387_ext ";
	char text[80];

	sprintf(text, " %s ", type);
	if (strstr(builtin, text))
		return;
	sprintf(text, " id=\"%s\"", type);
	assert_non_null(strstr(xml, text));
}

static void test_registers(void **state)
{
	char value[64], seen[1024] = "";
	unsigned int reg = 0;
	const char *p;

	(void)state;
	start();
	fetch(0x1000);
	for (p = xml; (p = strstr(p, "<reg ")); p++, reg++) {
		attribute(p, "name", value);
		sprintf(seen + strlen(seen), "%s ", value);
		assert_string_equal(value, rsp_reg_name(reg));
		attribute(p, "bitsize", value);
		assert_int_equal(atoi(value), 8 * rsp_reg_size(reg));
		attribute(p, "type", value);
		check_type(value);
	}
	assert_string_equal(seen, names);
	assert_int_equal(reg, RSP_NR_REGS);
	assert_int_equal(rsp_reg_size(RSP_NR_REGS), 0);
}

/* Each register stands in its feature, and every element is closed. */
static void test_structure(void **state)
{
	static const char *const order[] = {
		"<target><architecture>i386:x86-64</architecture>",
		"<feature name=\"org.gnu.gdb.i386.core\"><flags id=\"i386_eflags\" size=\"4\">",
		"\"ID\" start=\"21\" end=\"21\"/></flags>\n<reg name=\"rax\"",
		"\"fop\" bitsize=\"32\"/></feature>",
		"<feature name=\"org.gnu.gdb.i386.sse\">",
		"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>",
		"<union id=\"vec128\">",
		"</union>",
		"<flags id=\"i386_mxcsr\" size=\"4\">",
		"</flags>\n<reg name=\"xmm0\"",
		"</feature><feature name=\"org.gnu.gdb.i386.segments\"><reg name=\"fs_base\"",
		"</feature></target>",
	};
	const char *p = xml;
	size_t i;

	(void)state;
	start();
	fetch(0x1000);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		p = strstr(p, order[i]);
		if (!p)
			fail_msg("%s is missing", order[i]);
		p += strlen(order[i]);
	}
	assert_string_equal(p, "");
	assert_null(strstr(xml, "linux"));
}

/* `p` counts registers as the description does, and `g` has them in the same order. */
static void test_numbers(void **state)
{
	char packet[16], first[3];
	size_t offset = 0;
	unsigned int reg;

	(void)state;
	start();
	for (reg = 0; reg < RSP_NR_REGS; reg++)
		fake_set_reg(&f, 1, reg, 0x40 + reg);
	for (reg = 0; reg < RSP_NR_REGS; reg++) {
		sprintf(first, "%02x", 0x40 + reg);
		sprintf(packet, "p%x", reg);
		assert_int_equal(strlen(fake_ask(&f, packet)), 2 * rsp_reg_size(reg));
		assert_memory_equal(f.reply, first, 2);
		assert_memory_equal(fake_ask(&f, "g") + offset, first, 2);
		offset += 2 * rsp_reg_size(reg);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_pieces),
	cmocka_unit_test(test_registers),
	cmocka_unit_test(test_structure),
	cmocka_unit_test(test_numbers),
};

CHECK_MAIN(tests)
