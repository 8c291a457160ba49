// SPDX-License-Identifier: GPL-2.0
/*
 * What the compiler of scripts says of each mistake, with its line and column, and what it makes
 * of a few scripts. User space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "script_fake.h"

static struct script_fake fake;

static const struct {
	const char *text, *error;
} errors[] = {
	{ "x = ;", "script:1:5: \";\": a value was expected" },
	{ "x = 5", "script:1:6: at the end: ; was expected" },
	{ "if (1 { }", "script:1:7: \"{\": ) was expected" },
	{ "if 1 { }", "script:1:4: \"1\": ( was expected" },
	{ "if (1) {", "script:1:9: at the end: } was expected" },
	{ "elsif (1) {}", "script:1:1: \"elsif\": there is no if before it" },
	{ "else {}", "script:1:1: \"else\": there is no if before it" },
	{ "while (1) print(1)", "script:1:19: at the end: ; was expected" },
	{ "for (i = 0; i < 5) {}", "script:1:18: \")\": ; was expected" },
	{ "for (i = 0; i < 5; i++ {}", "script:1:26: at the end: ) was expected" },
	{ "do { } while (1)", "script:1:17: at the end: ; was expected" },
	{ "break;", "script:1:1: \"break\": this is not inside of a loop" },
	{ "continue;", "script:1:1: \"continue\": this is not inside of a loop" },
	{ "x = y;",
	  "script:1:5: \"y\": no variable has this name yet: assign it first (numbers are "
	  "hexadecimal, registers begin with @, symbols are gdb's)" },
	{ "y += 1;", "script:1:1: \"y\": no variable has this name yet: assign it first" },
	{ "y++;", "script:1:1: \"y\": no variable has this name yet: assign it first" },
	{ "5 = 6;", "script:1:1: \"5\": a name was expected" },
	{ "a = 5;", "script:1:1: \"a\": this is a hexadecimal number, unless it is "
		    "declared first: int name;" },
	{ "$pid = 5;", "script:1:1: \"$pid\": $ variables cannot be assigned" },
	{ "$nope;", "script:1:1: \"$nope\": $ variables cannot be assigned" },
	{ "x = $nope;",
	  "script:1:5: \"$nope\": there is no such variable: $pid $tid $core $proc $pname "
	  "$thread $ip $buffer $context $event_id $event_tag $event_stage $date $time" },
	{ "x = $peb;", "script:1:5: \"$peb\": Linux has no PEB: $proc is the task_struct "
		       "of the process" },
	{ "x = $teb;", "script:1:5: \"$teb\": Linux has no TEB: @fs_base is the thread's "
		       "area in user space" },
	{ "@foo = 1;", "script:1:1: \"@foo\": there is no such register" },
	{ "x = @foo;", "script:1:5: \"@foo\": there is no such register" },
	{ "@cr3 = 5;", "script:1:1: \"@cr3\": this register cannot be assigned by a script" },
	{ "@cs = 1;", "script:1:1: \"@cs\": this register cannot be assigned by a script" },
	{ "printf(5);", "script:1:8: \"5\": printf begins with a format: \"...\"" },
	{ "printf(\"%d\");",
	  "script:1:8: \"%d\": the arguments are not as many as this format takes: 1" },
	{ "printf(\"%d\", 1, 2);",
	  "script:1:8: \"%d\": the arguments are not as many as this format takes: 1" },
	{ "printf(\"%q\", 1);", "script:1:8: \"%q\": the format has an unknown conversion" },
	{ "printf(\"%f\", 1);", "script:1:8: \"%f\": the format asks for floating point" },
	{ "printf(\"%d\", 1", "script:1:15: at the end: ) was expected" },
	{ "print();", "script:1:7: \")\": another argument was expected" },
	{ "print(1, 2);", "script:1:8: \",\": there are too many arguments" },
	{ "print(1;", "script:1:8: \";\": ) was expected" },
	{ "strlen();", "script:1:8: \")\": another argument was expected" },
	{ "strlen(L\"x\");", "script:1:8: \"x\": this function takes \"strings\", without the L" },
	{ "wcslen(\"x\");", "script:1:8: \"x\": this function takes L\"strings\"" },
	{ "poi(\"x\");", "script:1:5: \"x\": this function takes a number here" },
	{ "poi(L\"x\");", "script:1:5: \"x\": this function takes a number here" },
	{ "nope(1);", "script:1:1: \"nope\": there is no such function (one of the "
		      "script's own is to be defined before it is called)" },
	{ "x = print(1);", "script:1:5: \"print\": this function gives no value" },
	{ "lbr_save();", "script:1:1: \"lbr_save\": hvgdb does not record branches: use "
			 "gdb's tracepoints" },
	{ "event_trace_step_in();", "script:1:1: \"event_trace_step_in\": scripts do not "
				    "step: call pause(), then use gdb's stepi" },
	{ "test_statement(1);",
	  "script:1:1: \"test_statement\": this is a self-test of HyperDbg's" },
	{ "x = \"abc;", "script:1:5: \"abc;\": this string does not end in its line" },
	{ "x = \"abc\n\";", "script:1:5: \"abc\": this string does not end in its line" },
	{ "x = \"\\q\";", "script:1:5: \"\\q\": this string has an unknown escape" },
	{ "/* abc", "script:1:1: \"/*\": this comment does not end" },
	{ "x = 0n1a;", "script:1:5: \"0n1a\": this is no number; they are hexadecimal, 0n "
		       "is decimal, 0t octal, 0y binary" },
	{ "x = 12345678901234567;",
	  "script:1:5: \"12345678901234567\": this number has more than 64 bits" },
	{ "x = 1g;", "script:1:5: \"1g\": this is no number; they are hexadecimal, 0n is "
		     "decimal, 0t octal, 0y binary" },
	{ "x = ?;", "script:1:5: \"?\": nothing in the language has this character" },
	{ "#include \"x\"", "script:1:1: \"#\": #include works in script { file:... }, "
			    "which hvgdbctl and gdb's Python read" },
	{ "x = nt!foo;", "script:1:5: \"nt\": symbols are gdb's: write the address, which "
			 "`print &name` tells" },
	{ "x = 5;;; }", "script:1:10: \"}\": a statement was expected" },
	{ "int f(a) { }", "script:1:7: \"a\": the type of an argument was expected" },
	{ "int f(int x, int x) { }", "script:1:18: \"x\": two arguments have this name" },
	{ "int f(int x) { } f();",
	  "script:1:18: \"f\": this function has another number of arguments" },
	{ "int f() { } int f() { }",
	  "script:1:17: \"f\": there is a function of this name already" },
	{ "if (1) { int f() { } }",
	  "script:1:14: \"f\": functions are defined outside of all braces" },
	{ "void x;", "script:1:6: \"x\": only functions can be void" },
	{ "int if = 5;", "script:1:5: \"if\": this word has a meaning of its own" },
	{ "int print = 5;", "script:1:5: \"print\": this is the name of a function" },
	{ "if = 5;", "script:1:4: \"=\": ( was expected" },
	{ "print = 5;", "script:1:1: \"print\": this is the name of a function" },
	{ "struct s { };", "script:1:1: \"struct\": gdb knows the types: take the offset "
			   "from ptype/o and use dq(), dd(), dw(), db()" },
	{ "float f = 1;", "script:1:1: \"float\": root has no floating point: scale to integers" },
	{ "typedef int t;", "script:1:1: \"typedef\": gdb knows the types: take the offset "
			    "from ptype/o and use dq(), dd(), dw(), db()" },
	{ "goto x;", "script:1:1: \"goto\": use while, break and continue" },
	{ "switch (x) { }", "script:1:1: \"switch\": use if, elsif and else" },
	{ "x = sizeof(int);", "script:1:5: \"sizeof\": gdb knows the types: take the "
			      "offset from ptype/o and use dq(), dd(), dw(), db()" },
	{ "int a[0];", "script:1:7: \"0\": the size of an array is a number, 1 to 0xf0" },
	{ "int a[f1];", "script:1:7: \"f1\": the size of an array is a number, 1 to 0xf0" },
	{ "int a[x];", "script:1:7: \"x\": the size of an array is a number, 1 to 0xf0" },
	{ "int a[2] = { 1, 2, 3 };", "script:1:20: \"3\": the array has no room for this" },
	{ "int a[2][2] = { 1 };", "script:1:17: \"1\": { was expected" },
	{ "int a[2]; a = 5;", "script:1:13: \"=\": [ was expected" },
	{ "int a[2]; a[1;", "script:1:14: \";\": ] was expected" },
	{ "int x = 1; char x = 2;", "script:1:17: \"x\": this variable has another type already" },
	{ "x = &5;", "script:1:6: \"5\": only variables have an address" },
	{ "x = &@rax;", "script:1:6: \"@rax\": only variables have an address" },
	{ "x = &y;", "script:1:6: \"y\": no variable has this name yet: assign it first" },
	{ "x = 1 +;", "script:1:8: \";\": a value was expected" },
	{ "x = (1;", "script:1:7: \";\": ) was expected" },
	{ "x = ((1);", "script:1:9: \";\": ) was expected" },
	{ "x == 5;", "script:1:3: \"==\": = was expected" },
	{ "x 5;", "script:1:3: \"5\": = was expected" },
	{ "x", "script:1:2: at the end: = was expected" },
	{ ".toolong_toolong_toolong_toolong_toolong = 1;",
	  "script:1:1: \".toolong_toolong_toolong_...\": a name has 31 characters at "
	  "most" },
	{ "f1[0] = 1;", "script:1:1: \"f1\": this is a hexadecimal number, unless it is "
			"declared first: int name;" },
	{ "x = 1;\n  y = ;\n", "script:2:7: \";\": a value was expected" },
	{ "if (1) {\n\tx = 5;\n\tbadname(1);\n}",
	  "script:3:2: \"badname\": there is no such function (one of the script's own is "
	  "to be defined before it is called)" },
	{ "x = \"tab\there\"; y = z;",
	  "script:1:21: \"z\": no variable has this name yet: assign it first (numbers are "
	  "hexadecimal, registers begin with @, symbols are gdb's)" },
	{ "return 5", "script:1:9: at the end: ; was expected" },
	{ "x = strlen;", "script:1:5: \"strlen\": this is a function: ( was expected" },
	{ "memcpy(\"abc\", 1, 1);", "script:1:8: \"abc\": this function takes a number here" },
	{ "x = 5 y = 6;", "script:1:7: \"y\": ; was expected" },
	{ "{ x = 5;", "script:1:9: at the end: } was expected" },
	{ "}", "script:1:1: \"}\": a statement was expected" },
	{ ")", "script:1:1: \")\": a statement was expected" },
	{ "spinlock_lock(.x;", "script:1:17: \";\": ) was expected" },
	{ "event_inject(1);", "script:1:15: \")\": another argument was expected" },
	{ "++;", "script:1:3: \";\": a statement was expected" },
	{ "x = y = ;", "script:1:9: \";\": a value was expected" },
	{ "x = @;", "script:1:5: \"@\": there is no such register" },
	{ "x = $;", "script:1:5: \"$\": there is no such variable: $pid $tid $core $proc $pname "
		    "$thread $ip $buffer $context $event_id $event_tag $event_stage $date $time" },
	{ ".5 = 1;", "script:1:1: \".\": nothing in the language has this character" },
	{ "x = <unk>;", "script:1:5: \"<\": a value was expected" },
	{ "\001", "script:1:1: \"?\": nothing in the language has this character" },
	{ "print(((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))"
	  "))))))));",
	  "script:1:33: \"(\": this is nested too deeply" },
	{ "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{",
	  "script:1:29: \"{\": this is nested too deeply" },
	{ "int q[f0]; int r[1];", "script:1:16: \"r\": there are too many variables" },
	{ "x = 1 ? 2 : 3;", "script:1:7: \"?\": nothing in the language has this character" },
	{ "x = z[1];",
	  "script:1:5: \"z\": no variable has this name yet: assign it first (numbers are "
	  "hexadecimal, registers begin with @, symbols are gdb's)" },
	{ "x = 'c';", "script:1:5: \"'\": nothing in the language has this character" },
};

static void test_errors(void **state)
{
	char line[512];
	size_t i;

	(void)state;
	script_fake_init(&fake);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		if (script_fake_compile(&fake, errors[i].text))
			fail_msg("%s: compiled", errors[i].text);
		snprintf(line, sizeof(line), "%s\n", errors[i].error);
		if (strcmp(fake.error, line))
			fail_msg("%s\n%snot %s", errors[i].text, fake.error, line);
	}
}

static const struct {
	const char *text, *code;
} listings[] = {
	{ "if (@rax != 5) { .n++; }", "0 frame 0\n"
				      "3 reg 100\n"
				      "6 const8 5\n"
				      "8 equal\n"
				      "9 if_goto 12\n"
				      "c const8 1\n"
				      "e global_add 0\n"
				      "11 pop\n"
				      "12 end\n" },
	{ "int sq(int x) { return x * x; } y = sq(3);", "0 frame 1\n"
							"3 goto 1a\n"
							"6 frame 101\n"
							"9 local_get 0\n"
							"b ext 20\n"
							"d local_set 0\n"
							"f local_get 0\n"
							"11 local_get 0\n"
							"13 mul\n"
							"14 ext 20\n"
							"16 return\n"
							"17 const8 0\n"
							"19 return\n"
							"1a const8 3\n"
							"1c go_sub (1) 6\n"
							"20 local_set 0\n"
							"22 end\n" },
	{ "for (i = 0; i < 3; i++) { printf(\"%d\", i); }", "0 frame 1\n"
							    "3 const8 0\n"
							    "5 local_set 0\n"
							    "7 local_get 0\n"
							    "9 const8 3\n"
							    "b less_signed\n"
							    "c log_not\n"
							    "d if_goto 23\n"
							    "10 local_get 0\n"
							    "12 print (1) \"%d\"\n"
							    "19 local_get 0\n"
							    "1b const8 1\n"
							    "1d add\n"
							    "1e local_set 0\n"
							    "20 goto 7\n"
							    "23 end\n" },
	{ "x = @al && poi(@rsp);", "0 frame 1\n"
				   "3 reg 104\n"
				   "6 log_not\n"
				   "7 if_goto 17\n"
				   "a reg 114\n"
				   "d ref64\n"
				   "e log_not\n"
				   "f if_goto 17\n"
				   "12 const8 1\n"
				   "14 goto 19\n"
				   "17 const8 0\n"
				   "19 local_set 0\n"
				   "1b end\n" },
	{ "long v[2]; v[1] = 5; eb($buffer, v[0]);", "0 frame 2\n"
						     "3 local_addr 0\n"
						     "5 const8 1\n"
						     "7 index 2\n"
						     "a const8 3\n"
						     "c lsh\n"
						     "d add\n"
						     "e const8 5\n"
						     "10 call (2)  store\n"
						     "13 pop\n"
						     "14 reg 207\n"
						     "17 local_addr 0\n"
						     "19 const8 0\n"
						     "1b index 2\n"
						     "1e const8 3\n"
						     "20 lsh\n"
						     "21 add\n"
						     "22 ref64\n"
						     "23 call (2) eb\n"
						     "26 pop\n"
						     "27 end\n" },
};

static void test_listings(void **state)
{
	char list[4096];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(listings); i++) {
		script_fake_init(&fake);
		if (!script_fake_compile(&fake, listings[i].text))
			fail_msg("%s", fake.error);
		script_fake_list(&fake, list, sizeof(list));
		if (strcmp(list, listings[i].code))
			fail_msg("%s\n%s", listings[i].text, list);
	}
}

/* count times text, between begin and end. */
static const char *repeat(const char *begin, const char *text, unsigned int count, const char *end)
{
	static char out[0x40000];
	size_t len = snprintf(out, sizeof(out), "%s", begin);

	while (count--)
		len += snprintf(out + len, sizeof(out) - len, "%s", text);
	snprintf(out + len, sizeof(out) - len, "%s", end);
	return out;
}

static const char *named(unsigned int count, const char *format, const char *end)
{
	static char out[0x40000];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		len += snprintf(out + len, sizeof(out) - len, format, i);
	snprintf(out + len, sizeof(out) - len, "%s", end);
	return out;
}

static void refuse(const char *text, const char *why)
{
	if (script_fake_compile(&fake, text))
		fail_msg("compiled: %s", why);
	if (!strstr(fake.error, why))
		fail_msg("%s: %s", why, fake.error);
}

/* What is limited is refused, and does not overflow; just below the limit it works. */
static void test_limits(void **state)
{
	(void)state;
	script_fake_init(&fake);
	refuse(repeat("", "x = 1;", 4000, ""), "8192 bytes of code at most");
	refuse(repeat("x = \"", "0123456789abcdef", 256, "\";"), "4096 bytes at most");
	refuse(named(SCRIPT_LOCALS + 1, "v%u = 1;", ""), "too many variables");
	refuse(named(SCRIPT_GLOBALS + 1, ".g%u = 1;", ""), "128 global variables");
	assert_int_equal(fake.globals.nr, 0);
	refuse(named(SCRIPT_FUNCTIONS + 1, "int h%u() { }", ""), "16 functions at most");
	refuse(repeat("printf(\"\"", ", 1", 17, ");"), "16 arguments at most");
	refuse(repeat("", "{", 29, ""), "nested too deeply");
	refuse(repeat("x = ", "~", 99, "1;"), "nested too deeply");
	assert_true(script_fake_compile(&fake, repeat("x = \"", "0123456789abcde\\n", 255, "\";")));
	assert_true(script_fake_compile(&fake, named(SCRIPT_LOCALS, "v%u = 1;", "")));
	assert_true(script_fake_compile(&fake, named(SCRIPT_GLOBALS, ".g%u = 1;", "")));
	assert_true(script_fake_compile(&fake, named(SCRIPT_FUNCTIONS, "int h%u() { }", "")));
	assert_true(script_fake_compile(&fake, repeat("x = 1", "+ 1", 2000, ";")));
	/* More statements than the table of lines has rows, each in a line of its own. */
	assert_true(script_fake_compile(&fake, repeat("", ";\n", 3000, "")));
	assert_true(script_fake_compile(&fake, repeat("x = 1;", "x++;\n", 1100, "")) ||
		    strstr(fake.error, "8192"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_listings),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
