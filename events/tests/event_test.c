// SPDX-License-Identifier: GPL-2.0
/* Tests of event.c: signals, answers to a resume, endless repetition, descriptions. User space. */
#include "rules_fixture.h"

static void test_signals(void **state)
{
	static const u8 signals[EVENT_NR_EXCEPTIONS] = {
		RSP_SIGFPE,  RSP_SIGEMT,  RSP_SIGUSR1, RSP_SIGEMT,  RSP_SIGSEGV, RSP_SIGSEGV,
		RSP_SIGILL,  RSP_SIGILL,  RSP_SIGSEGV, RSP_SIGABRT, RSP_SIGSEGV, RSP_SIGSEGV,
		RSP_SIGSEGV, RSP_SIGSEGV, RSP_SIGSEGV, RSP_SIGABRT, RSP_SIGFPE,	 RSP_SIGBUS,
		RSP_SIGABRT, RSP_SIGFPE,  RSP_SIGABRT, RSP_SIGABRT, RSP_SIGABRT, RSP_SIGABRT,
		RSP_SIGABRT, RSP_SIGABRT, RSP_SIGABRT, RSP_SIGABRT, RSP_SIGABRT, RSP_SIGABRT,
		RSP_SIGABRT, RSP_SIGABRT,
	};
	struct event event;
	unsigned int v;

	(void)state;
	for (v = 0; v < EVENT_NR_EXCEPTIONS; v++) {
		event = fix_exception(v);
		assert_int_equal(event_signal(&event), signals[v]);
	}
	event = fix_interrupt(0xec);
	assert_int_equal(event_signal(&event), RSP_SIGUSR1);
	event = fix_dr(0, EVENT_DR_READ);
	assert_int_equal(event_signal(&event), RSP_SIGUSR2);
}

static void test_faults(void **state)
{
	/* SDM, "Exceptions and Interrupts": faults, #DB counted as a trap. */
	static const u8 faults[] = { 0, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21 };
	static const u8 others[] = { 1, 2, 3, 4, 8, 18, 0x20, 0x26, 0xff };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		assert_true(event_vector_is_fault(faults[i]));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(event_vector_is_fault(others[i]));
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"de", "db", "nmi", "bp", "of", "br", "ud", "nm", "df", NULL, "ts",
		"np", "ss", "gp",  "pf", NULL, "mf", "ac", "mc", "xm", "ve", "cp",
	};
	unsigned int v;

	(void)state;
	for (v = 0; v < EVENT_NR_VECTORS; v++) {
		const char *name = v < ARRAY_SIZE(names) ? names[v] : NULL;

		assert_int_equal(!event_vector_name(v), !name);
		if (name)
			assert_string_equal(event_vector_name(v), name);
	}
}

static void test_context(void **state)
{
	struct event event = fix_dr(7, EVENT_DR_READ);

	(void)state;
	event.dr_gpr = 15;
	assert_int_equal(event_context(&event), 0xf17);
	event = fix_dr(4, EVENT_DR_WRITE);
	event.dr_gpr = 2;
	assert_int_equal(event_context(&event), 0x204);
	event = fix_interrupt(0xec);
	assert_int_equal(event_context(&event), 0xec);
	event = fix_page_fault();
	assert_int_equal(event_context(&event), 14);
}

enum what { FAULT, BREAKPOINT, TRAP, IRQ, MOV_DR };

static struct event event_of(enum what what, u8 stage)
{
	struct event event = fix_page_fault();

	if (what == BREAKPOINT) {
		event = fix_exception(3);
		event.length = 1;
	}
	if (what == TRAP)
		event = fix_exception(EVENT_VECTOR_DB);
	if (what == IRQ)
		event = fix_interrupt(0x30);
	if (what == MOV_DR)
		event = fix_dr(7, EVENT_DR_WRITE);
	event.stage = stage;
	return event;
}

#define SEGV RSP_SIGSEGV
#define CONT RSP_CONT
#define STEP RSP_STEP

/* One held event, one resume. */
struct resume {
	enum what what;
	u8 stage, reported, signal, suppress, skip, moved, override;
	u8 kind, has_signal, sent;
	enum event_answer answer;
};

static const struct resume resumes[] = {
	/* continue sends the signal back; any signal does; S too */
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, CONT, 1, SEGV, EVENT_DELIVER },
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, CONT, 1, RSP_SIGUSR1, EVENT_DELIVER },
	{ FAULT, 0, 1, SEGV, 0, 1, 0, 0, STEP, 1, SEGV, EVENT_DELIVER },
	{ IRQ, 0, 1, RSP_SIGUSR1, 0, 0, 0, 0, CONT, 1, RSP_SIGUSR1, EVENT_DELIVER },
	/* signal 0 suppresses, by kind of event */
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, CONT, 0, 0, EVENT_SUPPRESS },
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, STEP, 0, 0, EVENT_SUPPRESS },
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, RSP_RANGE, 0, 0, EVENT_SUPPRESS },
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, CONT, 1, 0, EVENT_SUPPRESS },
	{ FAULT, 0, 1, SEGV, 0, 1, 0, 0, CONT, 0, 0, EVENT_SUPPRESS_SKIP },
	{ FAULT, 0, 1, SEGV, 0, 1, 1, 0, CONT, 0, 0, EVENT_SUPPRESS },
	{ BREAKPOINT, 0, 1, RSP_SIGEMT, 0, 0, 0, 0, CONT, 0, 0, EVENT_SUPPRESS_SKIP },
	{ BREAKPOINT, 0, 1, RSP_SIGEMT, 0, 0, 1, 0, CONT, 0, 0, EVENT_SUPPRESS },
	{ TRAP, 0, 1, RSP_SIGEMT, 0, 1, 0, 0, CONT, 0, 0, EVENT_SUPPRESS },
	{ IRQ, 0, 1, RSP_SIGUSR1, 0, 1, 0, 0, CONT, 0, 0, EVENT_SUPPRESS },
	{ MOV_DR, 0, 1, RSP_SIGUSR2, 0, 0, 0, 0, CONT, 0, 0, EVENT_SUPPRESS_SKIP },
	{ MOV_DR, 0, 1, RSP_SIGUSR2, 0, 0, 1, 0, CONT, 0, 0, EVENT_SUPPRESS },
	/* the rules' own sc does not matter once gdb has a signal to pass */
	{ FAULT, 0, 1, SEGV, 1, 0, 0, 0, CONT, 1, SEGV, EVENT_DELIVER },
	/* a stop with signal 0: sc on suppresses, an rwatch delivers, a signal typed delivers */
	{ FAULT, 0, 1, 0, 1, 0, 0, 0, CONT, 0, 0, EVENT_SUPPRESS },
	{ FAULT, 0, 1, 0, 0, 0, 0, 0, CONT, 0, 0, EVENT_DELIVER },
	{ FAULT, 0, 1, 0, 1, 0, 0, 0, CONT, 1, SEGV, EVENT_DELIVER },
	/* monitor events sc overrides all of it */
	{ FAULT, 0, 1, SEGV, 0, 0, 0, EVENT_SC_ON, CONT, 1, SEGV, EVENT_SUPPRESS },
	{ FAULT, 0, 1, SEGV, 0, 1, 0, EVENT_SC_ON, CONT, 1, SEGV, EVENT_SUPPRESS_SKIP },
	{ FAULT, 0, 1, SEGV, 0, 0, 0, EVENT_SC_OFF, CONT, 0, 0, EVENT_DELIVER },
	{ FAULT, 0, 1, 0, 1, 0, 0, EVENT_SC_OFF, CONT, 0, 0, EVENT_DELIVER },
	/* stage post: nothing is left to suppress */
	{ FAULT, 1, 1, 0, 1, 0, 0, 0, CONT, 0, 0, EVENT_DELIVER },
	{ MOV_DR, 1, 1, 0, 0, 0, 0, EVENT_SC_ON, CONT, 0, 0, EVENT_DELIVER },
	/* D8: what was not reported stays, and so does what may not run */
	{ FAULT, 0, 0, 0, 0, 0, 0, 0, CONT, 0, 0, EVENT_HOLD },
	{ FAULT, 0, 0, 0, 1, 0, 0, 0, STEP, 0, 0, EVENT_HOLD },
	{ FAULT, 0, 0, 0, 0, 0, 0, 0, CONT, 1, SEGV, EVENT_HOLD },
	{ FAULT, 0, 1, SEGV, 0, 0, 0, 0, RSP_STAY, 0, 0, EVENT_HOLD },
};

static enum event_answer answer_to(const struct resume *r, bool detach)
{
	struct event event = event_of(r->what, r->stage);
	struct event_held held = {
		.event = &event,
		.reported = r->reported,
		.signal = r->signal,
		.suppress = r->suppress,
		.skip = r->skip,
		.rip_changed = r->moved,
		.override = r->override,
	};
	struct rsp_action action = {
		.kind = r->kind,
		.has_signal = r->has_signal,
		.signal = r->sent,
	};

	return event_resolve(&held, detach ? NULL : &action);
}

static void test_resolve(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(resumes); i++) {
		if (answer_to(&resumes[i], false) != resumes[i].answer)
			fail_msg("resume %zu: %d, expected %d", i, answer_to(&resumes[i], false),
				 resumes[i].answer);
		/* D, k, a new session: always delivered, reported or not. */
		assert_int_equal(answer_to(&resumes[i], true), EVENT_DELIVER);
	}
}

static void test_silent(void **state)
{
	struct event event = event_of(FAULT, EVENT_PRE);

	(void)state;
	assert_int_equal(event_resolve_silent(&event, false, true, false), EVENT_DELIVER);
	assert_int_equal(event_resolve_silent(&event, true, true, false), EVENT_SUPPRESS_SKIP);
	assert_int_equal(event_resolve_silent(&event, true, true, true), EVENT_SUPPRESS);
	assert_int_equal(event_resolve_silent(&event, true, false, false), EVENT_SUPPRESS);
	event.stage = EVENT_POST;
	assert_int_equal(event_resolve_silent(&event, true, false, false), EVENT_DELIVER);
}

/* How many calls with this event until it is too much. */
static unsigned int calls_until(struct event_repeats *repeats, const struct event *event)
{
	unsigned int n = 1;

	while (n < 5000 && !event_repeats(repeats, event, EVENT_SUPPRESS, false))
		n++;
	return n;
}

static void test_repeats(void **state)
{
	struct event_repeats repeats = { 0 };
	struct event event = event_of(FAULT, EVENT_PRE);

	(void)state;
	assert_int_equal(calls_until(&repeats, &event), 1000);
	assert_int_equal(calls_until(&repeats, &event), 1000);
	assert_false(event_repeats(&repeats, &event, EVENT_SUPPRESS, false));
	assert_false(event_repeats(&repeats, &event, EVENT_HOLD, false));
	assert_int_equal(calls_until(&repeats, &event), 999);
	/* Going on, in whatever way, starts anew. */
	event_repeats(&repeats, &event, EVENT_SUPPRESS, false);
	assert_false(event_repeats(&repeats, &event, EVENT_DELIVER, false));
	assert_int_equal(calls_until(&repeats, &event), 1000);
	event_repeats(&repeats, &event, EVENT_SUPPRESS, false);
	event_repeats(&repeats, &event, EVENT_SUPPRESS_SKIP, false);
	assert_int_equal(calls_until(&repeats, &event), 1000);
	event_repeats(&repeats, &event, EVENT_SUPPRESS, false);
	event_repeats(&repeats, &event, EVENT_SUPPRESS, true);
	assert_int_equal(calls_until(&repeats, &event), 1000);
}

static void test_repeats_not(void **state)
{
	struct event_repeats repeats = { 0 };
	struct event trap = event_of(TRAP, EVENT_PRE), irq = event_of(IRQ, EVENT_PRE);

	(void)state;
	assert_int_equal(calls_until(&repeats, &trap), 5000);
	assert_int_equal(calls_until(&repeats, &irq), 5000);
}

/* One that takes the place of another does not inherit its count. */
static void test_repeats_replaced(void **state)
{
	struct event_repeats repeats = { 0 };
	struct event event = event_of(FAULT, EVENT_PRE);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * EVENT_REPEAT_SLOTS; i++) {
		event.pid = i % EVENT_REPEAT_SLOTS;
		event_repeats(&repeats, &event, EVENT_SUPPRESS, false);
	}
	event.pid = i;
	assert_int_equal(calls_until(&repeats, &event), 1000);
}

/* Two programs that take turns, and others that come by once. */
static void test_repeats_mixed(void **state)
{
	struct event_repeats repeats = { 0 };
	struct event a = event_of(FAULT, EVENT_PRE), b = a, passing = a;
	unsigned int n;

	(void)state;
	b.pid = 7;
	for (n = 1; n < 5000; n++) {
		passing.rip = n;
		event_repeats(&repeats, &passing, EVENT_SUPPRESS, false);
		if (event_repeats(&repeats, &a, EVENT_SUPPRESS, false))
			break;
		assert_false(event_repeats(&repeats, &b, EVENT_SUPPRESS, false));
	}
	assert_int_equal(n, 1000);
	assert_true(event_repeats(&repeats, &b, EVENT_SUPPRESS, false));
}

static void check_description(const struct event *event, const char *expected)
{
	char buf[256];
	struct rsp_text out = { buf, 0, sizeof(buf) - 1 };

	event_describe(event, &out);
	buf[out.len] = 0;
	assert_string_equal(buf, expected);
}

static void test_describe(void **state)
{
	struct event event = fix_page_fault();

	(void)state;
	check_description(&event,
			  "exception 0xe (pf), error code 0x6, address 0x7000 (pre), rip 0x401000, "
			  "ring 3, CPU 1, pid 0x490 = 1168 (bash), tid 1169");
	event = fix_dr(4, EVENT_DR_READ);
	event.dr_real = 6;
	event.dr_gpr = 4;
	event.value = 0xffff0ff0;
	check_description(&event, "read of dr4 (dr6) to rsp (pre), rip 0x401000, ring 3, CPU 1, "
				  "pid 0x490 = 1168 (bash), tid 1169");
	event.stage = EVENT_POST;
	check_description(&event,
			  "read of dr4 (dr6) to rsp, value 0xffff0ff0 (post), rip 0x401000, "
			  "ring 3, CPU 1, pid 0x490 = 1168 (bash), tid 1169");
	event = fix_dr(7, EVENT_DR_WRITE);
	event.value = 0x400;
	memcpy(event.comm, "a\33[31m ~\177defghijkl", EVENT_COMM_SIZE);
	check_description(&event, "write of dr7 from rax, value 0x400 (pre), rip 0x401000, ring 3, "
				  "CPU 1, pid 0x490 = 1168 (a?[31m ~?defghij), tid 1169");
	event = fix_interrupt(0xec);
	event.pid = 0;
	event.comm[0] = 0;
	check_description(&event, "interrupt 0xec (pre), rip 0x401000, ring 3, CPU 1, "
				  "pid 0x0 = 0 (), tid 1169");
	event = fix_exception(EVENT_VECTOR_DB);
	event.address = 0x4000;
	event.comm[0] = 0;
	check_description(&event, "exception 0x1 (db), causes 0x4000 (pre), rip 0x401000, ring 3, "
				  "CPU 1, pid 0x490 = 1168 (), tid 1169");
	event = fix_exception(9);
	check_description(&event, "exception 0x9 (pre), rip 0x401000, ring 3, CPU 1, "
				  "pid 0x490 = 1168 (bash), tid 1169");
}

static void check_fields(const struct event *event, const char *expected)
{
	char buf[256];
	struct rsp_text out = { buf, 0, sizeof(buf) - 1 };

	event_fields(event, &out);
	buf[out.len] = 0;
	assert_string_equal(buf, expected);
}

static void test_fields(void **state)
{
	struct event event = fix_page_fault();

	(void)state;
	event.comm[0] = (char)0xf0;
	check_fields(&event, "kind:exception;stage:pre;vector:e;error:6;address:7000;context:e;"
			     "rip:401000;cpl:3;cpu:1;pid:490;tid:491;comm:f0617368;");
	event = fix_exception(EVENT_VECTOR_DB);
	event.address = 0x4000;
	memcpy(event.comm, "0123456789abcdef", EVENT_COMM_SIZE);
	check_fields(&event,
		     "kind:exception;stage:pre;vector:1;address:4000;context:1;rip:401000;cpl:3;"
		     "cpu:1;pid:490;tid:491;comm:30313233343536373839616263646566;");
	event = fix_exception(6);
	event.comm[0] = 0;
	check_fields(&event, "kind:exception;stage:pre;vector:6;context:6;rip:401000;cpl:3;cpu:1;"
			     "pid:490;tid:491;comm:;");
	event = fix_interrupt(0xec);
	check_fields(&event, "kind:interrupt;stage:pre;vector:ec;context:ec;rip:401000;cpl:3;cpu:1;"
			     "pid:490;tid:491;comm:62617368;");
	event = fix_dr(4, EVENT_DR_READ);
	event.dr_real = 6;
	event.dr_gpr = 2;
	event.value = 0xffff0ff0;
	check_fields(&event, "kind:dr;stage:pre;reg:4;real:6;access:r;gpr:2;context:214;rip:401000;"
			     "cpl:3;cpu:1;pid:490;tid:491;comm:62617368;");
	event.stage = EVENT_POST;
	check_fields(&event,
		     "kind:dr;stage:post;reg:4;real:6;access:r;gpr:2;value:ffff0ff0;context:214;"
		     "rip:401000;cpl:3;cpu:1;pid:490;tid:491;comm:62617368;");
	event = fix_dr(7, EVENT_DR_WRITE);
	event.value = 0x400;
	check_fields(&event, "kind:dr;stage:pre;reg:7;real:7;access:w;gpr:0;value:400;context:7;"
			     "rip:401000;cpl:3;cpu:1;pid:490;tid:491;comm:62617368;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),	    cmocka_unit_test(test_faults),
		cmocka_unit_test(test_context),	    cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_silent),	    cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_repeats_not), cmocka_unit_test(test_repeats_mixed),
		cmocka_unit_test(test_describe),    cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_repeats_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
