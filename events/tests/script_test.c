// SPDX-License-Identifier: GPL-2.0
/* Scripts: what each kind of statement, operator, function and name does. User space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_fake.h"

static struct script_fake fake;

/* What a script prints, or how it fails. */
struct row {
	const char *text, *out;
};

static void run_one(const char *text, const char *out)
{
	enum expr_result result;

	script_fake_init(&fake);
	if (!script_fake_compile(&fake, text))
		fail_msg("%s\n%s", text, fake.error);
	result = script_fake_run(&fake);
	if (result)
		fail_msg("%s\nline %u: %s", text, fake.line, expr_result_text(result));
	if (strcmp(fake.out, out))
		fail_msg("%s\nprinted: %s\nnot:     %s", text, fake.out, out);
}

static void run_rows(const struct row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		run_one(rows[i].text, rows[i].out);
}

/* P(x) is "printf of one number". */
#define P(x) "printf(\"%llx \", " x ");"

static void test_numbers(void **state)
{
	static const struct row rows[] = {
		{ P("10"), "10 " },
		{ P("0x10"), "10 " },
		{ P("0n10"), "a " },
		{ P("0t10"), "8 " },
		{ P("0y10"), "2 " },
		{ P("0X1F") P("0N31") P("0T17") P("0Y11"), "1f 1f f 3 " },
		{ P("face"), "face " },
		{ P("fffff801`deadbeef"), "fffff801deadbeef " },
		{ P("ffffffffffffffff"), "ffffffffffffffff " },
		{ P("0"), "0 " },
		{ P("0b1"), "b1 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_operators(void **state)
{
	static const struct row rows[] = {
		{ P("1 + 2 * 3"), "7 " },
		{ P("(1 + 2) * 3"), "9 " },
		{ P("10 - 3 - 2"), "b " },
		{ P("20 / 4 / 2") P("0n17 % 5"), "4 2 " },
		{ P("1 << 4 + 1"), "20 " },
		{ P("ff >> 4 & 3"), "3 " },
		{ P("6 | 1 ^ 3 & 2"), "7 " },
		{ P("1 | 2 == 2"), "1 " },
		{ P("4 & 6 == 6"), "0 " },
		{ P("3 == 3 == 1") P("1 < 2 == 1"), "1 1 " },
		{ P("1 < 2") P("2 < 1") P("2 <= 2") P("3 <= 2"), "1 0 1 0 " },
		{ P("2 > 1") P("1 > 2") P("2 >= 2") P("1 >= 2"), "1 0 1 0 " },
		{ P("1 != 2") P("2 != 2"), "1 0 " },
		{ P("5 && 6") P("5 && 0") P("0 || 7") P("0 || 0"), "1 0 1 0 " },
		{ P("0 && 1 || 1") P("1 || 1 && 0"), "1 1 " },
		{ P("1 && 2 == 2 | 0"), "1 " },
		{ P("-1"), "ffffffffffffffff " },
		{ P("- - 5") P("+5") P("-5 + 6") P("2 - -3"), "5 5 1 5 " },
		{ P("~0") P("~ff & fff"), "ffffffffffffffff f00 " },
		{ P("!0") P("!5") P("!!5"), "1 0 1 " },
		{ P("not(0)") P("neg(1)"), "ffffffffffffffff ffffffffffffffff " },
		/* Comparisons are signed, quotients and shifts are not. */
		{ P("-1 < 0") P("ffffffff80000000 < 1"), "1 1 " },
		{ P("-1 / 2") P("-1 >> 3c") P("-1 % 10"), "7fffffffffffffff f f " },
		/* The right side is not looked at. */
		{ P("0 && poi(1)") P("1 || poi(1)"), "0 1 " },
		{ P("* (ffff888000001000 + 8)"), "f0e0d0c0b0a0908 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_statements(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ ";", "" },
		{ "x = 5; if (x == 5) { print(1); } else { print(2); }", "1\n" },
		{ "x = 6; if (x == 5) { print(1); } else { print(2); }", "2\n" },
		{ "x = 6; if (x == 5) print(1); elsif (x == 6) print(2); else print(3);", "2\n" },
		{ "x = 7; if (x == 5) { print(1); } elsif (x == 6) { print(2); } elsif (x == 7) "
		  "{ print(3); } else { print(4); }",
		  "3\n" },
		{ "x = 8; if (x == 5) { print(1); } elsif (x == 6) { print(2); }", "" },
		{ "if (1) if (0) print(1); else print(2);", "2\n" },
		{ "if (0) print(1); else if (1) print(2);", "2\n" },
		{ "if (1 != 1) { print(1); } if (!(1 != 1)) { print(2); }", "2\n" },
		{ "for (i = 0; i < 3; i++) { print(i); }", "0\n1\n2\n" },
		{ "for (i = 3; i; i -= 1) print(i);", "3\n2\n1\n" },
		{ "for (int i = 0; i != 2; i = i + 1) { print(i); }", "0\n1\n" },
		{ "i = 0; for (;;) { if (i == 2) { break; } print(i); i++; }", "0\n1\n" },
		{ "for (i = 0; i < 5; i++) { if (i & 1) { continue; } print(i); }", "0\n2\n4\n" },
		{ "for (i = 0; i < 2; i++) for (j = 0; j < 2; j++) { if (j) break; print(i); }",
		  "0\n1\n" },
		{ "for (i = 0; i < 2; i = (i + 1)) print(i);", "0\n1\n" },
		{ "i = 0; while (i < 3) { i++; if (i == 2) continue; print(i); }", "1\n3\n" },
		{ "while (1) { break; } print(1);", "1\n" },
		{ "i = 5; do { print(i); i--; } while (i > 3);", "5\n4\n" },
		{ "do { continue; } while (0); print(1);", "1\n" },
		{ "print(1); return; print(2);", "1\n" },
		{ "{ print(1); { print(2); } }", "1\n2\n" },
		{ "// one\nprint(1); /* two\n print(2); */ print(3); // four", "1\n3\n" },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_assignments(void **state)
{
	static const struct row rows[] = {
		{ "x = 7; x += 3;" P("x") "x -= 2;" P("x") "x *= 4;" P("x") "x /= 3;" P("x"),
		  "a 8 20 a " },
		{ "x = 7; x %= 4;" P("x") "x <<= 4;" P("x") "x >>= 1;" P("x"), "3 30 18 " },
		{ "x = 6; x &= c;" P("x") "x |= 3;" P("x") "x ^= 5;" P("x"), "4 7 2 " },
		{ "x = 1; x++; x++; x--; ++x; --x;" P("x"), "2 " },
		{ "x = y = .z = @rax = 5;" P("x") P("y") P(".z") P("@rax"), "5 5 5 5 " },
		{ ".g = 5; .g += 3; .g++; .g--; ++.g; .g -= 2; .g *= 2;" P(".g"), "e " },
		{ P(".never_set"), "0 " },
		{ "@rbx = 10; @rbx += 1; @rbx++;" P("@rbx"), "12 " },
		{ "p = ffff888000001000; *p = 1234; *p += 1;" P("*p") P("dw(p)"), "1235 1235 " },
		{ "x = 1; p = &x; *p = 9;" P("x") P("*&x"), "9 9 " },
		{ ".g = 1; *(&.g) = 8;" P(".g") "p = reference(.g); *p = 4;" P(".g"), "8 4 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_types(void **state)
{
	static const struct row rows[] = {
		{ "int x = 1ffffffff;" P("x") "x = 7fffffff; x++;" P("x"),
		  "ffffffffffffffff ffffffff80000000 " },
		{ "unsigned int x = 1ffffffff;" P("x") "x++;" P("x"), "ffffffff 0 " },
		{ "char c = 80;" P("c") "unsigned char u = 180;" P("u"), "ffffffffffffff80 80 " },
		{ "short s = 18000;" P("s") "bool b = 1;" P("b"), "ffffffffffff8000 1 " },
		{ "long x = -8; " P("x / 2") P("x >> 1"), "fffffffffffffffc fffffffffffffffc " },
		{ "unsigned long x = -8;" P("x > 1") P("x / 2"), "1 7ffffffffffffffc " },
		{ "long long x = 5; long int y = 6; unsigned long long z = 7; unsigned u = -1;" P(
			  "x + y + z") P("u"),
		  "12 ffffffff " },
		{ "short int s = -1; unsigned short t = -1;" P("s") P("t"),
		  "ffffffffffffffff ffff " },
		{ "int *p = ffff888000001000; x = *p;" P("x"), "706050403020100 " },
		{ "int x;" P("x"), "0 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_arrays(void **state)
{
	static const struct row rows[] = {
		{ "int a[3] = { 1, 2, 3 };" P("a[0]") P("a[1]") P("a[2]"), "1 2 3 " },
		{ "int a[3] = { 1 }; a[2] = a[0] + 4; a[1] += 7; a[1]++;" P("a[1]") P("a[2]"),
		  "8 5 " },
		{ "int a[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };" P("a[1][0]") P("a[0][2]"), "4 3 " },
		{ "int a[2][2]; a[1][1] = 5; i = 1;" P("a[i][i]") P("a[0][1]"), "5 0 " },
		{ "char a[2] = { ff, 1, };" P("a[0]") P("*(&a[1])"), "ffffffffffffffff 1 " },
		{ "long a[10]; for (i = 0; i < 10; i++) { a[i] = i * i; } s = 0; "
		  "for (i = 0; i < 10; i++) { s += a[i]; }" P("s"),
		  "4d8 " },
		{ "long a[2]; long b[2] = { 5, 6 }; memcpy(a, b, 10);" P("a[0]") P("a[1]"),
		  "5 6 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_own_functions(void **state)
{
	static const struct row rows[] = {
		{ "int add(int a, int b) { return a + b; }" P("add(2, 3)"), "5 " },
		{ "int add(int a, int b) { return a + b; }" P("add(add(1, 2), add(3, add(4, 5)))"),
		  "f " },
		{ "void hello() { printf(\"hi \"); } hello(); hello();", "hi hi " },
		{ "long fact(long n) { if (n < 2) { return 1; } return n * fact(n - 1); }" P(
			  "fact(5)"),
		  "78 " },
		{ "x = 1; int f(int x) { y = x + 1; x = 9; return y; } z = f(4);" P("x") P("z"),
		  "1 5 " },
		{ "char low_byte(long x) { return x; }" P("low_byte(1ff)"), "ffffffffffffffff " },
		{ "int trunc(char x) { return x; }" P("trunc(180)"), "ffffffffffffff80 " },
		{ "int f() { for (i = 0; i < 5; i++) { if (i == 3) { return i; } } return 9; }" P(
			  "f() + f()"),
		  "6 " },
		{ "int none() { } " P("none()"), "0 " },
		{ "void early(int x) { if (x) { return; } print(x); } early(1); early(0);", "0\n" },
		{ "int f(int a) { long v[4] = { 1, 2, 3, 4 }; return v[a]; }" P("f(2)") P("f(3)"),
		  "3 4 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_registers(void **state)
{
	static const struct row rows[] = {
		{ "@rax = 1122334455667788;" P("@eax") P("@ax") P("@al") P("@ah"),
		  "55667788 7788 88 77 " },
		{ "@rax = -1; @al = 0;" P("@rax") "@ah = 1;" P("@rax") "@ax = 5;" P("@rax"),
		  "ffffffffffffff00 ffffffffffff0100 ffffffffffff0005 " },
		{ "@rax = -1; @eax = 5;" P("@rax"), "5 " },
		{ "@r8 = -1; @r8d = 1;" P("@r8") "@r9w = 2; @r10b = 3; @r10l = 4; @r15 = 5;" P(
			  "@r15d"),
		  "1 5 " },
		{ "@rsi = 1234; @sil = ff; @di = 1; @bp = 2; @rsp = 8;" P("@rsi") P("@esp"),
		  "12ff 8 " },
		{ P("@zf") P("@cf") P("@if") "@cf = 1; @zf = 0; @iopl = 3;" P("@rflags") P("@iopl"),
		  "1 0 1 3207 3 " },
		{ "@dr7 = 400; @cr2 = 5; @rip = 10;" P("@dr7") P("@cr2") P("@rip") P("$ip"),
		  "400 5 10 10 " },
		{ P("@cr0 != @cr4") P("@cs == @ss") P("@fs_base != @gs_base"), "1 0 1 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_pseudos(void **state)
{
	static const struct row rows[] = {
		{ P("$pid") P("$tid") P("$core"), "490 491 3 " },
		{ P("$context") P("$event_id") P("$event_tag") P("$event_stage"),
		  "e 5 1000005 0 " },
		{ "printf(\"%s %d\", $pname, strcmp($pname, \"bash\"));", "bash 0" },
		{ "printf(\"%s %s\", $date, $time);", "2024-02-29 12:34:56" },
		{ P("$proc") P("$thread") P("$buffer"),
		  "ffff888000001800 ffff888000001900 ffff888000001a00 " },
		{ "eq($buffer, 5);" P("poi($buffer)"), "5 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

#define A "ffff888000001000"

static void test_memory(void **state)
{
	static const struct row rows[] = {
		{ P("db(" A ")") P("dw(" A "+1)") P("dd(" A "+4)") P("dq(" A ")") P("poi(" A ")"),
		  "0 201 7060504 706050403020100 706050403020100 " },
		{ P("low(" A "+2)") P("hi(" A "+2)"), "302 504 " },
		{ P("db_pa(1001)") P("dw_pa(1001)") P("dd_pa(1004)") P("dq_pa(1000)"),
		  "1 201 7060504 706050403020100 " },
		{ P("poi_pa(1000)") P("low_pa(1002)") P("hi_pa(1002)"),
		  "706050403020100 302 504 " },
		{ P("eb(" A ", 1ff)") P("db(" A ")") P("ed(" A ", 5)") P("dd(" A ")"),
		  "1 ff 1 5 " },
		{ P("eb_pa(1000, 9)") P("ed_pa(1004, 8)") P("eq_pa(1008, 7)") P("dq(" A "+8)"),
		  "1 1 1 7 " },
		{ P("eq(1, 5)") P("eb_pa(9000, 5)"), "0 0 " },
		{ P("memcmp(" A ", " A ", 10)") P("memcmp(" A ", " A "+1, 10)"),
		  "0 ffffffffffffffff " },
		{ P("memcmp(" A " + 100, \"hello\", 5)"), "0 " },
		{ "memcpy(" A ", \"abc\", 4); printf(\"%s\", " A ");", "abc" },
		{ "memcpy(" A "+3d, " A "+7d, 90);" P("db(" A "+3d)") P("db(" A "+cc)"), "7d 0 " },
		{ "memcpy_pa(1000, 1010, 4);" P("dd(" A ")"), "13121110 " },
		{ P("strlen(\"hello\")") P("strlen(" A "+100)") P("strlen(\"\")"), "5 5 0 " },
		{ P("wcslen(L\"wide\")") P("wcslen(" A "+120)"), "4 4 " },
		{ P("strcmp(" A "+100, \"hello\")") P("strcmp(\"a\", \"b\")")
			  P("strcmp(\"b\", \"a\")") P("strcmp(\"a\", \"ab\")"),
		  "0 ffffffffffffffff 1 ffffffffffffffff " },
		{ P("strncmp(\"abc\", \"abd\", 2)") P("strncmp(\"abc\", \"abd\", 3)"),
		  "0 ffffffffffffffff " },
		{ P("wcscmp(" A "+120, L\"wide\")") P("wcsncmp(L\"wi\", L\"wo\", 1)"), "0 0 " },
		{ P("check_address(" A ")") P("check_address(5)"), "1 0 " },
		{ P("virtual_to_physical(" A "+5)") P("physical_to_virtual(1005)")
			  P("virtual_to_physical(5)"),
		  "1005 ffff888000001005 0 " },
		{ "eb(" A ", 90); ed(" A "+10, 0c4834848);" P("disassemble_len(" A ")")
			  P("disassemble_len64(" A "+10)") P("disassemble_len32(" A "+10)"),
		  "1 5 1 " },
		{ P("strlen(\"\\x41\\101\\n\\\"\\\\\")"), "5 " },
		{ "printf(\"%ws|%s\", L\"\xc3\xa4\xf0\x9f\x98\x80\", \"\xc3\xa4\");",
		  "\xc3\xa4\xed\xa0\xbd\xed\xb8\x80|\xc3\xa4" },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_printing(void **state)
{
	static const struct row rows[] = {
		{ "print(0n255); print(-1);", "ff\nffffffffffffffff\n" },
		{ "printf(\"plain\\n\");", "plain\n" },
		{ "printf(\"%d %i %u %o %x %X\", 0n10, -1, ffffffff, 8, ff, ff);",
		  "10 -1 4294967295 10 ff FF" },
		{ "printf(\"%lld %llx %lu %hd %hhx\", -1, -1, 5, 1ffff, 1ff);",
		  "-1 ffffffffffffffff 5 -1 ff" },
		{ "printf(\"%c%c %p %5d|%-5d|%05x %%\", 41, 42, 1000, 1, 2, 3);",
		  "AB 0x1000     1|2    |00003 %" },
		{ "printf(\"%s %.2s [%8s] %ws\", \"one\", \"two\", \"x\", L\"wide\");",
		  "one tw [       x] wide" },
		{ "printf(\"%s\", " A "+100); printf(\" %s\", 5); printf(\" %s\", " A "+ffd);",
		  "hello <cannot read 0x5> end<cannot read 0xffff888000002000>" },
		{ "formats(-2);",
		  "hex 0xfffffffffffffffe\ndecimal 18446744073709551614, signed -2\n"
		  "octal 1777777777777777777776\nbinary "
		  "1111111111111111111111111111111111111111111111111111111111111110\n"
		  "characters ........\n" },
		{ "formats(4241);",
		  "hex 0x4241\ndecimal 16961\noctal 0000000000000000041101\nbinary "
		  "0000000000000000000000000000000000000000000000000100001001000001\n"
		  "characters AB......\n" },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
}

static void test_machine(void **state)
{
	static const struct row rows[] = {
		{ "flush(); event_enable(3); event_disable(1000004); event_clear($event_id);",
		  "[flush][enable 3][disable 4][clear 5]" },
		{ "event_inject(3, d); event_inject_error_code(3, e, 2); event_inject(0, 0n32);",
		  "[inject 3 d][inject 3 e 2][inject 0 20]" },
		{ "microsleep(0n10); microsleep(5);", "[sleep 10][sleep 5]" },
		{ P("rdtsc()") P("rdtscp()"), "1 2 " },
		{ "spinlock_lock(&.l);" P(".l") "spinlock_unlock(&.l);" P(".l"), "1 0 " },
		{ "spinlock_lock_custom_wait(&.l, 100); spinlock_unlock(&.l);", "" },
		{ ".n = 5;" P("interlocked_increment(&.n)") P("interlocked_decrement(&.n)"),
		  "6 5 " },
		{ ".n = 5;" P("interlocked_exchange(&.n, 7)") P("interlocked_exchange_add(&.n, 2)")
			  P(".n"),
		  "5 7 9 " },
		{ ".n = 5;" P("interlocked_compare_exchange(&.n, 8, 5)")
			  P("interlocked_compare_exchange(&.n, 9, 5)") P(".n"),
		  "5 8 8 " },
		{ "interlocked_increment(" A ");" P("db(" A ")"), "1 " },
	};

	(void)state;
	run_rows(rows, ARRAY_SIZE(rows));
	run_one("event_sc(1); pause();", "");
	assert_true(fake.run.suppress && fake.run.pause);
	run_one("event_sc(1); event_sc(0);", "");
	assert_true(!fake.run.suppress && !fake.run.pause);
}

/* How a run ends, and in which line. */
static void test_failures(void **state)
{
	static const struct {
		const char *text;
		enum expr_result result;
		u32 line;
	} rows[] = {
		{ "while (1) { }", EXPR_ENDLESS, 1 },
		{ "x = 1;\n\nfor (;;) {\n x++;\n}", EXPR_ENDLESS, 0 },
		{ "x = 1;\nx = 5 / (x - 1);", EXPR_DIVISION, 2 },
		{ "x = 1;\n\n\nx = poi(x);\nprint(x);", EXPR_UNMAPPED, 4 },
		{ "*5 = 1;", EXPR_UNMAPPED, 1 },
		{ "memcpy(5, " A ", 1);", EXPR_UNMAPPED, 1 },
		{ "x = \"abc\"; memcpy(x, " A ", 1);", EXPR_READ_ONLY, 1 },
		{ "print(strlen(5));", EXPR_UNMAPPED, 1 },
		{ "print(strlen(" A "+ffd));", EXPR_UNMAPPED, 1 },
		{ "int a[2]; i = 2;\na[i] = 1;", EXPR_INDEX, 2 },
		{ "int f(int x) {\n return f(x);\n}\nf(1);", EXPR_NESTED, 2 },
		{ "spinlock_lock(&.l); spinlock_lock(&.l);", EXPR_LOCKED, 1 },
		{ "microsleep(0n900); microsleep(0n200);", EXPR_ENDLESS, 1 },
		{ "microsleep(0n5000);", EXPR_ENDLESS, 1 },
		{ "event_inject(9, 1);", EXPR_REFUSED, 1 },
		{ "event_inject(4, 1);", EXPR_REFUSED, 1 },
		{ "event_inject(3, 100);", EXPR_REFUSED, 1 },
		{ "event_enable(9);", EXPR_REFUSED, 1 },
		{ "memcmp(" A ", " A ", ffffff); while (1) { memcmp(" A ", " A ", 1000); }",
		  EXPR_UNMAPPED, 1 },
		{ "while (1) { memcmp(" A ", " A ", 1000); }", EXPR_ENDLESS, 1 },
		{ "interlocked_increment(" A "+1);", EXPR_REFUSED, 1 },
		{ "print(disassemble_len(5));", EXPR_UNMAPPED, 1 },
	};
	enum expr_result result;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		script_fake_init(&fake);
		if (!script_fake_compile(&fake, rows[i].text))
			fail_msg("%s\n%s", rows[i].text, fake.error);
		result = script_fake_run(&fake);
		if (result != rows[i].result)
			fail_msg("%s\n%s", rows[i].text, expr_result_text(result));
		if (rows[i].line && fake.line != rows[i].line)
			fail_msg("%s\nin line %u", rows[i].text, fake.line);
	}
}

static void test_without_event(void **state)
{
	(void)state;
	script_fake_init(&fake);
	fake.run.event = NULL;
	assert_true(script_fake_compile(&fake, "print(@rax);"));
	assert_int_equal(script_fake_run(&fake), EXPR_OK);
	assert_true(script_fake_compile(&fake, "print($pid);"));
	assert_int_equal(script_fake_run(&fake), EXPR_NO_REGISTER);
	assert_true(script_fake_compile(&fake, "event_sc(1);"));
	assert_int_equal(script_fake_run(&fake), EXPR_REFUSED);
}

/* Globals outlive scripts, and a script that is refused leaves no names. */
static void test_globals(void **state)
{
	(void)state;
	script_fake_init(&fake);
	assert_true(script_fake_compile(&fake, ".count += 5;"));
	assert_int_equal(script_fake_run(&fake), EXPR_OK);
	assert_int_equal(script_fake_run(&fake), EXPR_OK);
	assert_false(script_fake_compile(&fake, ".other = 5; .third = ;"));
	assert_int_equal(fake.globals.nr, 1);
	assert_true(script_fake_compile(&fake, "print(.count);"));
	assert_int_equal(script_fake_run(&fake), EXPR_OK);
	assert_string_equal(fake.out, "a\n");
}

/* A damaged image is refused, whatever is wrong with it. */
static void test_damaged(void **state)
{
	static u8 copy[SCRIPT_IMAGE_MAX];
	const u8 *image;
	u32 len, i;

	(void)state;
	script_fake_init(&fake);
	assert_true(script_fake_compile(&fake, "x = \"abc\"; printf(\"%s\", x);"));
	image = script_image(&fake.compiler, &len);
	for (i = 0; i < len; i++)
		assert_int_equal(script_run(&fake.run, image, i, &fake.line), EXPR_BAD_CODE);
	memcpy(copy, image, len);
	copy[0]++;
	assert_int_equal(script_run(&fake.run, copy, len, &fake.line), EXPR_BAD_CODE);
}

/* All that can be used is named, in lines that fit. */
static void test_help(void **state)
{
	static char help[4096];
	struct rsp_text out = { help, 0, sizeof(help) - 1 };
	const char *line, *end;

	(void)state;
	script_help(&out);
	assert_true(out.len < sizeof(help) - 1);
	assert_non_null(strstr(help, " spinlock_lock_custom_wait "));
	assert_non_null(strstr(help, " $event_stage "));
	assert_null(strstr(help, "store"));
	for (line = help; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_memory_equal(line, "script", 6);
		assert_true(end - line < 160);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	      cmocka_unit_test(test_operators),
		cmocka_unit_test(test_statements),    cmocka_unit_test(test_assignments),
		cmocka_unit_test(test_types),	      cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_own_functions), cmocka_unit_test(test_registers),
		cmocka_unit_test(test_pseudos),	      cmocka_unit_test(test_memory),
		cmocka_unit_test(test_printing),      cmocka_unit_test(test_machine),
		cmocka_unit_test(test_failures),      cmocka_unit_test(test_without_event),
		cmocka_unit_test(test_globals),	      cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
