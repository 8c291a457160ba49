// SPDX-License-Identifier: GPL-2.0
/* Tests of `output` and of rules that name outputs. User space. */
#include "rules_fixture.h"

static struct hvgdb_area area;
static struct hvgdb_reader reader;
static struct outputs outputs;
static struct fixture f;
static char text[8192];

static int setup(void **state)
{
	(void)state;
	fix_init(&f);
	memset(&area, 0, sizeof(area));
	memset(&reader, 0, sizeof(reader));
	outputs = (struct outputs){ .area = &area, .reader = &reader };
	return 0;
}

static enum command_result run(const char *line)
{
	struct command_env env = { .origin = RULE_MONITOR, .outputs = &outputs };
	struct rsp_text out = { .buf = text, .size = sizeof(text) - 1 };
	enum command_result result = command_run(&f.rules, &env, line, strlen(line), &out);

	text[out.len] = 0;
	return result;
}

static void works(const char *line)
{
	if (run(line) != COMMAND_OK)
		fail_msg("%s: %s", line, text);
}

static void refused(const char *line, const char *sentence)
{
	struct hvgdb_area before = area;

	assert_int_equal(run(line), COMMAND_ERROR);
	if (!strstr(text, sentence))
		fail_msg("%s: %s", line, text);
	assert_memory_equal(&before, &area, sizeof(area));
}

static void grammar(void **state)
{
	static const struct {
		const char *line, *sentence;
	} wrong[] = {
		{ "output make x", "is not create, open" },
		{ "output create", "the name of an output" },
		{ "output create a,b file /x", "is no name" },
		{ "output create a", "file, namedpipe" },
		{ "output create a disk /x", "is not file" },
		{ "output create a file", "a path" },
		{ "output create a file x", "is not a path" },
		{ "output create a unix x", "is not a path" },
		{ "output create a tcp", "HOST:PORT" },
		{ "output create a tcp host", "decimal port" },
		{ "output create a tcp host:", "decimal port" },
		{ "output create a tcp :80", "decimal port" },
		{ "output create a tcp host:0", "decimal port" },
		{ "output create a tcp host:65536", "decimal port" },
		{ "output create a tcp host:99999999999999999999", "decimal port" },
		{ "output create a file /x json", "only format" },
		{ "output create a file /x format", "text, json or trace" },
		{ "output create a file /x format xml", "is not text, json" },
		{ "output create a file /x format json y", "nothing was to follow" },
		{ "output create a file /x { }", "brace" },
		{ "output open", "the name of an output" },
		{ "output open a b", "nothing was to follow" },
		{ "output open a", "no output with this name" },
		{ "output close a", "no output with this name" },
		{ "output create a2345678901234567890123456789012 file /x", "at most 31" },
		{ "!exception ud output { a }", "there is no output \"a\"" },
		{ "!exception ud output { a, b, c, d, e, f }", "at most five" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		refused(wrong[i].line, wrong[i].sentence);
	works("output");
	assert_string_equal(text, "no outputs\n");
}

static void life(void **state)
{
	(void)state;
	works("output create trace file /tmp/t format trace");
	works("output create far tcp [::1]:4711");
	works("OUTPUT Create p FIFO /tmp/p format JSON");
	works("output create here gdb");
	assert_int_equal(area.output[0].kind, HVGDB_OUTPUT_FILE);
	assert_int_equal(area.output[0].format, HVGDB_FORMAT_TRACE);
	assert_string_equal(area.output[0].address, "/tmp/t");
	assert_string_equal(area.output[1].address, "[::1]:4711");
	assert_int_equal(area.output[2].kind, HVGDB_OUTPUT_PIPE);
	assert_int_equal(area.output[3].kind, HVGDB_OUTPUT_GDB);
	assert_int_equal(outputs.open, 0);
	refused("output create far file /x", "there is an output with this name");
	works("output open far");
	works("output open far");
	assert_int_equal(outputs.open, 2);
	works("output rotate trace");
	assert_int_equal(area.output[0].rotations, 1);
	refused("output rotate far", "only files");
	works("output close far");
	assert_int_equal(outputs.open, 0);
	works("output remove far");
	assert_int_equal(area.output[1].kind, HVGDB_OUTPUT_NONE);
	works("output create near unix /tmp/s");
	assert_int_equal(area.output[1].serial, 5);
}

static void many(void **state)
{
	char line[64];
	u32 generation, i;

	(void)state;
	for (i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		generation = area.generation;
		snprintf(line, sizeof(line), "output create o%u file /tmp/o%u", i, i);
		works(line);
		assert_int_not_equal(area.generation, generation);
		snprintf(line, sizeof(line), "output open o%u", i);
		works(line);
	}
	refused("output create more file /x", "there are 32 outputs");
	assert_int_equal(outputs.open, 0xffffffff);
	works("!exception ud output {o31,o0, o3 }");
	assert_int_equal(f.slots[0].outputs, 1u << 31 | 1 | 8);
}

/* A rule with an output records, and does not stop gdb. */
static void rules(void **state)
{
	(void)state;
	works("output create a file /tmp/a");
	works("!exception ud output { a }");
	assert_false(f.slots[0].breaks);
	assert_non_null(strstr(text, "recorded"));
	refused("output remove a", "rule 0x1 names this output");
	works("events c 1");
	works("output remove a");
	works("!exception ud");
	assert_true(f.slots[0].breaks);
}

static void list(void **state)
{
	(void)state;
	works("output create a file /tmp/a format json");
	works("output");
	assert_string_equal(text, "a  file /tmp/a  json  closed\n");
	works("output open a");
	works("output");
	assert_non_null(strstr(text, "opened, nobody forwards"));
	area.reader = 77;
	works("output");
	assert_non_null(strstr(text, "not seen by the controller yet"));
	reader.output[0] = (struct hvgdb_output_status){
		.serial = 1,
		.state = HVGDB_STATE_WAITING,
		.taken = 13,
		.lost = 6,
		.error = 111,
		.progress_at = 1,
		.progress[1].sent = 5,
	};
	works("output");
	assert_string_equal(text,
			    "a  file /tmp/a  json  opened, waiting for a receiver, errno 111, "
			    "sent 5, waiting 2, lost 6\nforwarded by process 77\n");
	/* Whatever a reader writes there. */
	memset(&reader, 0xff, sizeof(reader));
	reader.output[0].serial = 1;
	works("output");
}

static void nowhere(void **state)
{
	(void)state;
	outputs.area = NULL;
	assert_int_equal(run("output"), COMMAND_ERROR);
	assert_int_equal(run("output create a file /x"), COMMAND_ERROR);
	assert_int_equal(run("!exception ud output { a }"), COMMAND_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(grammar, setup), cmocka_unit_test_setup(life, setup),
		cmocka_unit_test_setup(many, setup),	cmocka_unit_test_setup(rules, setup),
		cmocka_unit_test_setup(list, setup),	cmocka_unit_test_setup(nowhere, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
