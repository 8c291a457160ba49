// SPDX-License-Identifier: GPL-2.0
/* Commands cut out of files, and files put into commands. User space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmod/ctl/ctl.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

#define SIZE 256

static const char *text;
static unsigned int number;
static char out[SIZE], why[SIZE];

static void begin(const char *contents)
{
	text = contents;
	number = 1;
}

static void expect(unsigned int line, const char *command)
{
	unsigned int found;

	if (!text_next(&text, &number, &found, out, sizeof(out), why))
		fail_msg("no \"%s\": %s", command, why);
	assert_string_equal(out, command);
	assert_int_equal(found, line);
}

static void expect_end(const char *reason)
{
	unsigned int found;

	assert_false(text_next(&text, &number, &found, out, sizeof(out), why));
	assert_string_equal(why, reason);
}

static void test_lines(void **state)
{
	(void)state;
	begin("events\n\n  # not this\n// nor this\n  !dr pid 1\n!exception pf");
	expect(1, "events");
	expect(5, "!dr pid 1");
	expect(6, "!exception pf");
	expect_end("");
	begin("");
	expect_end("");
	begin("\n# only\n\n");
	expect_end("");
}

static void test_braces(void **state)
{
	(void)state;
	begin("!dr script {\n  if (a) { b; }\n}\nevents\n");
	expect(1, "!dr script {\n  if (a) { b; }\n}");
	expect(4, "events");
	expect_end("");
	begin("!dr \\\n  pid 1\nevents");
	expect(1, "!dr    pid 1");
	expect(3, "events");
}

static void test_braces_that_do_not_count(void **state)
{
	(void)state;
	begin("!dr script { printf(\"}{{\\\"}\"); }\nevents");
	expect(1, "!dr script { printf(\"}{{\\\"}\"); }");
	expect(2, "events");
	begin("!dr script {\n // it's a }\n /* } */ x; }\nevents");
	expect(1, "!dr script {\n // it's a }\n /* } */ x; }");
	expect(4, "events");
	/* Outside of braces // is no comment but at the beginning: a path may have it. */
	begin("output create a file /tmp//a\nevents");
	expect(1, "output create a file /tmp//a");
	expect(2, "events");
}

static void test_mistakes(void **state)
{
	char *large = calloc(1, 2 * SIZE);

	(void)state;
	begin("events\n!dr script { a;\n");
	expect(1, "events");
	expect_end("the { of this command has no }");
	memset(large, 'x', 2 * SIZE - 1);
	begin(large);
	expect_end("this command is longer than 255 characters");
	large[SIZE - 1] = '\0';
	begin(large);
	expect(1, large);
	free(large);
}

static void test_expand(void **state)
{
	char path[] = "/tmp/hvgdb-text-test-XXXXXX", line[SIZE], wanted[SIZE];
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	assert_true(write(file, "pause();\n", 9) == 9);
	assert_true(text_expand("!dr pid 1", out, SIZE, why));
	assert_string_equal(out, "!dr pid 1");
	assert_true(text_expand("!dr script { x; }", out, SIZE, why));
	assert_string_equal(out, "!dr script { x; }");
	snprintf(line, SIZE, "!dr script { file: %s } pid 1", path);
	assert_false(text_expand(line, out, SIZE, why));
	snprintf(line, SIZE, "!dr script { file:%s } pid 1", path);
	snprintf(wanted, SIZE, "!dr script {pause();\n} pid 1");
	assert_true(text_expand(line, out, SIZE, why));
	assert_string_equal(out, wanted);
	/* In a string it is text. */
	snprintf(line, SIZE, "!dr output { a } script { printf(\"script { file:x }\"); }");
	assert_true(text_expand(line, out, SIZE, why));
	assert_string_equal(out, line);
	assert_false(text_expand("!dr script { file:/nowhere/x }", out, SIZE, why));
	assert_non_null(strstr(why, "/nowhere/x: No such file"));
	assert_true(write(file, "// no end", 9) == 9);
	snprintf(wanted, SIZE, "!dr script {pause();\n// no end\n} pid 1");
	snprintf(line, SIZE, "!dr script { file:%s } pid 1", path);
	assert_true(text_expand(line, out, SIZE, why));
	assert_string_equal(out, wanted);
	assert_true(ftruncate(file, 2 * SIZE) == 0);
	assert_false(text_expand(line, out, SIZE, why));
	assert_non_null(strstr(why, "no text"));
	memset(line, 'x', SIZE);
	assert_true(pwrite(file, line, SIZE, 0) == SIZE);
	snprintf(line, SIZE, "!dr script { file:%s } pid 1", path);
	assert_false(text_expand(line, out, SIZE, why));
	close(file);
	unlink(path);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Relative to the file that includes, and not for ever. */
static void test_append_words(void **state)
{
	char line[12] = "run";
	char *words[] = { " a", "b", "", "c" };

	(void)state;
	assert_true(text_append_words(line, sizeof(line), 0, words));
	assert_string_equal(line, "run");
	assert_true(text_append_words(line, sizeof(line), 4, words));
	assert_string_equal(line, "run a b  c");
	assert_false(text_append_words(line, sizeof(line), 1, words));
	assert_string_equal(line, "run a b  c");
}

static void test_include(void **state)
{
	char folder[] = "/tmp/hvgdb-text-test-XXXXXX", a[64], b[64], line[SIZE];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(a, sizeof(a), "%s/a", folder);
	snprintf(b, sizeof(b), "%s/b", folder);
	write_file(a, "x = 1;\n  #include \"b\"\ny = 2;\n");
	write_file(b, "z = 3;");
	snprintf(line, SIZE, "!dr script { file:%s }", a);
	assert_true(text_expand(line, out, SIZE, why));
	assert_string_equal(out, "!dr script {x = 1;\nz = 3;\ny = 2;\n}");
	write_file(b, "#include \"a\"\n");
	assert_false(text_expand(line, out, SIZE, why));
	assert_non_null(strstr(why, "include each other"));
	write_file(b, "#include \"c\"\n");
	assert_false(text_expand(line, out, SIZE, why));
	assert_non_null(strstr(why, "/c: No such file"));
	unlink(a);
	unlink(b);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_braces),
		cmocka_unit_test(test_braces_that_do_not_count),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_append_words),
		cmocka_unit_test(test_include),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
