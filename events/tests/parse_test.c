// SPDX-License-Identifier: GPL-2.0
/* Tests of parse.c: what each line becomes, and each way to be wrong. User space. */
#include "rules_fixture.h"
#include "chars.h"

static enum parse_result parse(const char *line, bool unsafe_code, struct parse_command *command,
			       char *error, size_t size)
{
	struct parse_env env = { .unsafe_code = unsafe_code, .core_online = fix_online };
	struct rsp_text out = { error, 0, size - 1 };
	enum parse_result result = parse_line(line, strlen(line), &env, command, &out);

	error[out.len] = 0;
	return result;
}

static struct parse_command good(const char *line)
{
	struct parse_command command;
	char error[1024];

	if (parse(line, true, &command, error, sizeof(error)) != PARSE_OK)
		fail_msg("%s: %s", line, error);
	assert_string_equal(error, "");
	return command;
}

static struct rule_spec spec(const char *line)
{
	struct parse_command command = good(line);

	assert_int_equal(command.what, PARSE_RULE);
	return command.spec;
}

static void check_span(const struct rule_span *span, const char *expected)
{
	if (span->len != strlen(expected) || memcmp(span->p, expected, span->len))
		fail_msg("\"%.*s\" is not \"%s\"", (int)span->len, span->p, expected);
}

static void test_defaults(void **state)
{
	struct rule_spec s = spec("!exception");

	(void)state;
	assert_int_equal(s.kind, EVENT_EXCEPTION);
	assert_int_equal(s.vector, RULES_NO_VECTOR);
	assert_int_equal(s.filter.set, 0);
	assert_int_equal(s.stages, EVENT_STAGE_BIT(EVENT_PRE));
	assert_true(s.imm);
	assert_false(s.sc || s.skip || s.persist || s.script.p || s.code.p || s.condition.p);
	assert_int_equal(s.buffer, 0);
	assert_int_equal(s.nr_outputs, 0);
	check_span(&s.text, "!exception");
}

static void test_vectors(void **state)
{
	static const struct {
		const char *line;
		u8 kind;
		s16 vector;
	} cases[] = {
		{ "!exception 0", EVENT_EXCEPTION, 0 },
		{ "!exception 1f", EVENT_EXCEPTION, 31 },
		{ "!exception 0x1F", EVENT_EXCEPTION, 31 },
		{ "!exception 0n31", EVENT_EXCEPTION, 31 },
		{ "!exception 0n9", EVENT_EXCEPTION, 9 },
		{ "!exception 0t37", EVENT_EXCEPTION, 31 },
		{ "!exception 0y11111", EVENT_EXCEPTION, 31 },
		{ "exception e", EVENT_EXCEPTION, 14 },
		{ "  EXCEPTION\tPF  ", EVENT_EXCEPTION, 14 },
		{ "!exception #GP", EVENT_EXCEPTION, 13 },
		{ "!exception de", EVENT_EXCEPTION, 0 },
		{ "!exception db", EVENT_EXCEPTION, 1 },
		{ "!exception ac", EVENT_EXCEPTION, 17 },
		{ "!exception df", EVENT_EXCEPTION, 8 },
		{ "!exception bp", EVENT_EXCEPTION, 3 },
		{ "!exception nmi", EVENT_EXCEPTION, 2 },
		{ "!exception pid 1 e core 1", EVENT_EXCEPTION, 14 },
		{ "!exception pid 1 core 1 ud", EVENT_EXCEPTION, 6 },
		{ "!interrupt 20", EVENT_INTERRUPT, 0x20 },
		{ "!interrupt ff", EVENT_INTERRUPT, 0xff },
		{ "interrupt de", EVENT_INTERRUPT, 0xde },
		{ "!interrupt sc on 0n236", EVENT_INTERRUPT, 0xec },
		{ "!dr", EVENT_DR, RULES_NO_VECTOR },
		{ "dr reg 7", EVENT_DR, RULES_NO_VECTOR },
	};
	struct rule_spec s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		s = spec(cases[i].line);
		if (s.kind != cases[i].kind || s.vector != cases[i].vector)
			fail_msg("%s: %d %d", cases[i].line, s.kind, s.vector);
	}
}

static void test_parameters(void **state)
{
	struct rule_spec s = spec(
		" !exception skip on addr 0 ffffffffffffffff stage pre sc on pf "
		"rip 0xffffffff81000000 ffffffff81ffffff cpl 2 core 0y11 pid 490 persist imm no "
		"buffer 1000 pfec 1f 0n17 output {a,b , c.d,e,  f} ");

	(void)state;
	assert_int_equal(s.filter.set,
			 RULE_PID | RULE_CORE | RULE_CPL | RULE_RIP | RULE_ADDR | RULE_PFEC);
	assert_int_equal(s.text.p[0], '!');
	assert_int_equal(s.text.p[s.text.len - 1], '}');
	assert_int_equal(s.filter.pid, 0x490);
	assert_int_equal(s.filter.core, 3);
	assert_int_equal(s.filter.cpl, 2);
	assert_int_equal(s.filter.rip.from, 0xffffffff81000000);
	assert_int_equal(s.filter.rip.to, 0xffffffff81ffffff);
	assert_int_equal(s.filter.addr.from, 0);
	assert_int_equal(s.filter.addr.to, ~0ULL);
	assert_int_equal(s.filter.pfec_mask, 0x1f);
	assert_int_equal(s.filter.pfec_value, 17);
	assert_true(s.skip && s.sc && s.persist && !s.imm);
	assert_int_equal(s.buffer, 0x1000);
	assert_int_equal(s.nr_outputs, 5);
	check_span(&s.output[0], "a");
	check_span(&s.output[1], "b");
	check_span(&s.output[2], "c.d");
	check_span(&s.output[4], "f");
	s = spec("!exception pf pid 3fffff pfec ffffffff ffffffff rip 5 5");
	assert_int_equal(s.filter.pid, 0x3fffff);
	assert_int_equal(s.filter.pfec_mask & s.filter.pfec_value, 0xffffffff);
	assert_int_equal(s.filter.rip.from, s.filter.rip.to);
	s = spec("!dr access r pid all reg 5");
	assert_int_equal(s.filter.set, RULE_REG | RULE_ACCESS);
	assert_int_equal(s.filter.reg, 5);
	assert_int_equal(s.filter.access, RULE_ACCESS_BIT(EVENT_DR_READ));
	assert_int_equal(spec("!dr access w").filter.access, RULE_ACCESS_BIT(EVENT_DR_WRITE));
	assert_int_equal(spec("!dr access RW").filter.access, 3);
	assert_int_equal(spec("!dr stage post").stages, EVENT_STAGE_BIT(EVENT_POST));
	assert_int_equal(spec("!dr stage all").stages, EVENT_STAGE_ALL);
	assert_int_equal(spec("!dr stage all sc off").stages, EVENT_STAGE_ALL);
	assert_int_equal(spec("!dr pid 0").filter.set, RULE_PID);
	assert_int_equal(spec("!exception pf skip off").skip, false);
	assert_int_equal(spec("!exception bp skip off").skip, false);
}

static void test_braces(void **state)
{
	struct rule_spec s = spec("!dr script { if (@rax) { print(\"}{\\\"}\"); } } condition "
				  "{ 90 31C0 } code{c3}pid 1");

	(void)state;
	check_span(&s.script, "if (@rax) { print(\"}{\\\"}\"); }");
	check_span(&s.condition, "90 31C0");
	check_span(&s.code, "c3");
	assert_false(s.code_first);
	assert_false(s.script_file);
	assert_int_equal(s.filter.pid, 1);
	s = spec("!dr code { 90 } script {file: /tmp/a b.ds }");
	assert_true(s.code_first);
	assert_true(s.script_file);
	check_span(&s.script, "/tmp/a b.ds");
	/* Lines count from the brace. */
	s = spec("!dr script {\n  x\n}\n");
	check_span(&s.script, "\n  x");
	s = spec("!dr script { // }\" {\n x /* } \" */ y } sc on");
	check_span(&s.script, "// }\" {\n x /* } \" */ y");
	assert_true(s.sc);
	s = spec("!dr script {\n file: /a }");
	assert_true(s.script_file);
	check_span(&s.script, "/a");
}

static void test_events(void **state)
{
	static const struct {
		const char *line;
		struct parse_command command;
	} cases[] = {
		{ "events", { .what = PARSE_EVENTS_LIST } },
		{ "events  ", { .what = PARSE_EVENTS_LIST } },
		{ "events e 1", { .what = PARSE_EVENTS_ENABLE, .id = 1 } },
		{ "events d 10", { .what = PARSE_EVENTS_DISABLE, .id = 0x10 } },
		{ "events c 0n10", { .what = PARSE_EVENTS_CLEAR, .id = 10 } },
		{ "events E all", { .what = PARSE_EVENTS_ENABLE, .all = true } },
		{ "events d ALL", { .what = PARSE_EVENTS_DISABLE, .all = true } },
		{ "events c all", { .what = PARSE_EVENTS_CLEAR, .all = true } },
		{ "events sc on", { .what = PARSE_EVENTS_SC, .on = true } },
		{ "events sc off", { .what = PARSE_EVENTS_SC } },
		{ "event", { .what = PARSE_EVENT } },
	};
	struct parse_command got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		got = good(cases[i].line);
		if (got.what != cases[i].command.what || got.all != cases[i].command.all ||
		    got.on != cases[i].command.on || got.id != cases[i].command.id)
			fail_msg("%s: %d %d %d %u", cases[i].line, got.what, got.all, got.on,
				 got.id);
	}
}

static void test_unknown(void **state)
{
	static const char *const lines[] = {
		"",	    "  ",   "help", "!events", "!event", "eventss",
		"exceptio", "! dr", "{",    "!",       "!!dr",
	};
	struct parse_command command;
	char error[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(parse(lines[i], true, &command, error, sizeof(error)),
				 PARSE_UNKNOWN);
		assert_string_equal(error, "");
	}
}

/* The line, and its error without the usage that follows. */
static const struct {
	const char *line, *error;
} errors[] = {
	{ "!exception 20", "at character 12, \"20\": exceptions have the vectors 0 to 0x1f; "
			   "try !interrupt" },
	{ "!interrupt 1f",
	  "at character 12, \"1f\": external interrupts have the vectors 0x20 to 0xff" },
	{ "!interrupt 100",
	  "at character 12, \"100\": external interrupts have the vectors 0x20 to 0xff" },
	{ "!interrupt pf", "at character 12, \"pf\": no such parameter" },
	{ "!interrupt", "at character 1, \"!interrupt\": a vector is missing, 0x20 to 0xff" },
	{ " interrupt sc on", "at character 2, \"interrupt\": a vector is missing, 0x20 to 0xff" },
	{ "!exception e f", "at character 14, \"f\": a second vector" },
	{ "!exception pg", "at character 12, \"pg\": no such parameter or exception" },
	{ "!exception 0x", "at character 12, \"0x\": no such parameter or exception" },
	{ "!exception 0n1f", "at character 12, \"0n1f\": no such parameter or exception" },
	{ "!exception 0y2", "at character 12, \"0y2\": no such parameter or exception" },
	{ "!exception #", "at character 12, \"#\": no such parameter or exception" },
	{ "!exception 10000000000000000",
	  "at character 12, \"10000000000000000\": no such parameter or exception" },
	{ "!dr 7", "at character 5, \"7\": no such parameter" },
	{ "!dr foo", "at character 5, \"foo\": no such parameter" },
	{ "!dr pid", "at character 5, \"pid\": is to be followed by a process id or all" },
	{ "!dr pid x", "at character 9, \"x\": is not a process id or all" },
	{ "!dr pid 400000", "at character 9, \"400000\": is not a process id or all" },
	{ "!dr pid {", "at character 5, \"pid\": is to be followed by a process id or all" },
	{ "!dr trace",
	  "at character 5, \"trace\": is to be followed by the number of a tracepoint (0n for decimal)" },
	{ "!dr trace 0", "at character 11, \"0\": tracepoints are numbered from 1" },
	{ "!dr trace 10000",
	  "at character 11, \"10000\": is not the number of a tracepoint (0n for decimal)" },
	{ "!dr pid 1 pid 2", "at character 11, \"pid\": this parameter is there twice" },
	{ "!dr pid all pid 2", "at character 13, \"pid\": this parameter is there twice" },
	{ "!dr core 4", "at character 10, \"4\": this core is not online" },
	{ "!dr core ffffffff", "at character 10, \"ffffffff\": is not the number of a core" },
	{ "!dr cpl 4", "at character 9, \"4\": is not a ring, 0 to 3" },
	{ "!dr rip 10", "at character 9, \"10\": is to be followed by an address" },
	{ "!dr rip 10 f", "at character 12, \"f\": the range ends before it begins" },
	{ "!dr imm maybe", "at character 9, \"maybe\": is not yes or no" },
	{ "!dr sc", "at character 5, \"sc\": is to be followed by on or off" },
	{ "!dr stage", "at character 5, \"stage\": is to be followed by pre, post or all" },
	{ "!dr stage mid", "at character 11, \"mid\": is not pre, post or all" },
	{ "!dr sc on stage post", "at character 5, \"sc\": in stage post the event is on its way: "
				  "only stage pre can suppress it" },
	{ "!dr stage all sc on", "at character 15, \"sc\": in stage post the event is on its way: "
				 "only stage pre can suppress it" },
	{ "!dr buffer 10000001", "at character 12, \"10000001\": is not a number of bytes" },
	{ "!dr reg 8", "at character 9, \"8\": is not the number of a debug register, 0 to 7" },
	{ "!dr access x", "at character 12, \"x\": is not r, w or rw" },
	{ "!dr access", "at character 5, \"access\": is to be followed by r, w or rw" },
	{ "!dr skip on", "at character 5, \"skip\": only !exception has this parameter" },
	{ "!interrupt 30 pfec 1 1",
	  "at character 15, \"pfec\": only !exception has this parameter" },
	{ "!exception reg 1", "at character 12, \"reg\": only !dr has this parameter" },
	{ "!exception pfec 1 1",
	  "at character 12, \"pfec\": only page faults have that: name the vector 0xe" },
	{ "!exception gp addr 0 1",
	  "at character 15, \"addr\": only page faults have that: name the vector 0xe" },
	{ "!exception pf pfec 1 3", "at character 22, \"3\": has bits that the mask has not: "
				    "nothing would match" },
	{ "!exception pf pfec 100000000 0",
	  "at character 20, \"100000000\": is not a mask of 32 bits" },
	{ "!exception bp skip on", "at character 15, \"skip\": only faults leave RIP at the "
				   "instruction, and this vector is none" },
	{ "!dr script", "at character 5, \"script\": is to be followed by { and }" },
	{ "!dr script x", "at character 5, \"script\": is to be followed by { and }" },
	{ "!dr script { x", "at character 12, \"{\": this brace is not closed" },
	{ "!dr script { { x }", "at character 12, \"{\": this brace is not closed" },
	{ "!dr script { \"}", "at character 12, \"{\": this brace is not closed" },
	{ "!dr script { \"\\", "at character 12, \"{\": this brace is not closed" },
	{ "!dr script { }", "at character 12, \"{\": there is nothing between the braces" },
	{ "!dr script { file: }", "at character 19: file: is to be followed by a path" },
	{ "!dr code { 9 }", "at character 12, \"9\": has an odd number of hexadecimal digits" },
	{ "!dr code { 90 9 90 9 }",
	  "at character 15, \"9\": has an odd number of hexadecimal digits" },
	{ "!dr condition { g0 }", "at character 17, \"g0\": is not hexadecimal" },
	{ "!dr output x", "at character 5, \"output\": is to be followed by { and }" },
	{ "!dr condition { 90 zz }", "at character 20, \"zz\": is not hexadecimal" },
	{ "!dr condition { 0x90 }", "at character 17, \"0x90\": is not hexadecimal" },
	{ "!dr code { 90", "at character 10, \"{\": this brace is not closed" },
	{ "!dr output { a,,b }", "at character 16: the name of an output is missing" },
	{ "!dr output { a, }", "at character 16: the name of an output is missing" },
	{ "!dr output { a,b,c,d,e,f }", "at character 24, \"f\": a rule has at most five outputs" },
	{ "!dr {", "at character 5, \"{\": a brace without a parameter" },
	{ "!dr }", "at character 5, \"}\": a brace without a parameter" },
	{ "!dr \33[2J", "at character 5, \"?[2J\": no such parameter" },
	{ "!dr 123456789012345678901234567890123456",
	  "at character 5, \"12345678901234567890123456789012...\": no such parameter" },
	{ "!dr 12345678901234567890123456789012",
	  "at character 5, \"12345678901234567890123456789012\": no such parameter" },
	{ "!dr ~ ", "at character 5, \"~\": no such parameter" },
	{ "events x", "at character 8, \"x\": is not e, d, c or sc" },
	{ "events e", "at character 8, \"e\": is to be followed by the id of a rule, or all" },
	{ "events e z", "at character 10, \"z\": is neither the id of a rule nor all" },
	{ "events e 100000000",
	  "at character 10, \"100000000\": is neither the id of a rule nor all" },
	{ "events e 1 2", "at character 12, \"2\": nothing was to follow" },
	{ "events e all x", "at character 14, \"x\": nothing was to follow" },
	{ "events sc", "at character 8, \"sc\": is to be followed by on or off" },
	{ "events sc on x", "at character 14, \"x\": nothing was to follow" },
	{ "events {", "at character 8, \"{\": a brace without a parameter" },
	{ "event 1", "at character 7, \"1\": nothing was to follow" },
};

static void test_errors(void **state)
{
	struct parse_command command;
	char error[1024], expected[1024], name[16];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		sscanf(errors[i].line, "%15s", name);
		snprintf(expected, sizeof(expected), "%s; usage: %s\n", errors[i].error,
			 parse_usage(name));
		if (parse(errors[i].line, true, &command, error, sizeof(error)) != PARSE_ERROR ||
		    strcmp(error, expected))
			fail_msg("%s:\n got %s expected %s", errors[i].line, error, expected);
	}
}

static void test_unsafe_code(void **state)
{
	struct parse_command command;
	char error[1024];

	(void)state;
	assert_int_equal(parse("!dr code { 90 }", false, &command, error, sizeof(error)),
			 PARSE_ERROR);
	assert_non_null(strstr(error, "at character 5, \"code\": native code needs the module "
				      "parameter unsafe_code=1; usage: !dr "));
	assert_int_equal(parse("!dr condition { 90 }", false, &command, error, sizeof(error)),
			 PARSE_ERROR);
	assert_int_equal(parse("!dr script { x }", false, &command, error, sizeof(error)),
			 PARSE_OK);
}

static void test_long_line(void **state)
{
	static char line[PARSE_LINE_MAX + 2];
	struct parse_command command;
	char error[1024];

	(void)state;
	memset(line, ' ', sizeof(line) - 1);
	memcpy(line, "!dr", 3);
	assert_int_equal(parse(line, true, &command, error, sizeof(error)), PARSE_ERROR);
	assert_non_null(strstr(error, "the line is longer than 8191 characters"));
	line[PARSE_LINE_MAX] = 0;
	assert_int_equal(parse(line, true, &command, error, sizeof(error)), PARSE_OK);
}

/* Every beginning of a good line is good, bad or not ours, but never read beyond its end. */
static void test_beginnings(void **state)
{
	static const char line[] =
		"!exception pf pfec 6 2 addr 1000 0x2000 pid 490 script { \"a\\\"\" "
		"} condition { 90 } code { 90 } output { a, b } sc on skip on";
	struct parse_env env = { .unsafe_code = true };
	struct parse_command command;
	char error[1024];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(line); len++) {
		struct rsp_text out = { error, 0, sizeof(error) };
		char *copy = malloc(len + !len);

		memcpy(copy, line, len);
		parse_line(copy, len, &env, &command, &out);
		free(copy);
	}
}

static void test_help(void **state)
{
	char buf[1024];
	struct rsp_text out = { buf, 0, sizeof(buf) - 1 };

	(void)state;
	parse_help(&out);
	buf[out.len] = 0;
	assert_string_equal(buf,
			    "!exception - tell of exceptions, 0 to 0x1f or pf, gp, ud ...\n"
			    "!interrupt - tell of an external interrupt, 0x20 to 0xff\n"
			    "!dr - tell of MOV to and from debug registers\n"
			    "events - list, enable, disable, clear rules; suppress the event at "
			    "hand or not\nevent - the last event of this CPU\n"
			    "output - where records of rules go, and how much of it arrived\n");
	assert_null(parse_usage("nothing"));
	assert_ptr_equal(parse_usage("dr"), parse_usage("!dr"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_braces),
		cmocka_unit_test(test_events),	   cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_errors),	   cmocka_unit_test(test_unsafe_code),
		cmocka_unit_test(test_long_line),  cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
