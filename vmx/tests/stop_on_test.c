// SPDX-License-Identifier: GPL-2.0
/* The words of `monitor stop-on`: one table. User space. */
#include "test.h"
#include "pure/stop_on.h"

static const struct {
	const char *text;
	u32 before, after;
	enum stop_on_result result;
} rows[] = {
	{ "", 2, 2, STOP_ON_SHOW },
	{ "  ", 1, 1, STOP_ON_SHOW },
	{ "panic on", 0, STOP_ON_PANIC, STOP_ON_OK },
	{ "oops on", 0, STOP_ON_OOPS, STOP_ON_OK },
	{ "oops on", STOP_ON_PANIC, STOP_ON_PANIC | STOP_ON_OOPS, STOP_ON_OK },
	{ "panic,oops on", 0, STOP_ON_PANIC | STOP_ON_OOPS, STOP_ON_OK },
	{ "oops , panic  on ", 0, STOP_ON_PANIC | STOP_ON_OOPS, STOP_ON_OK },
	{ "panic,oops off", 3, 0, STOP_ON_OK },
	{ "panic off", 3, STOP_ON_OOPS, STOP_ON_OK },
	{ "panic,panic on", 0, STOP_ON_PANIC, STOP_ON_OK },
	{ "panic", 0, 0, STOP_ON_NO_SWITCH },
	{ "panic onn", 0, 0, STOP_ON_NO_SWITCH },
	{ "panic on off", 0, 0, STOP_ON_NO_SWITCH },
	{ "panic oops on", 0, 0, STOP_ON_NO_SWITCH },
	{ "panic,oops o", 0, 0, STOP_ON_NO_SWITCH },
	{ "panic on,oops on", 0, 0, STOP_ON_NO_SWITCH },
	{ "on", 0, 0, STOP_ON_NO_SUCH },
	{ "panics on", 0, 0, STOP_ON_NO_SUCH },
	{ "pani on", 0, 0, STOP_ON_NO_SUCH },
	{ "panic, on", 3, 3, STOP_ON_NO_SUCH },
	{ ",panic on", 3, 3, STOP_ON_NO_SUCH },
	{ "panic,,oops on", 0, 0, STOP_ON_NO_SUCH },
	{ "PANIC on", 0, 0, STOP_ON_NO_SUCH },
	{ "panic,warn on", 0, 0, STOP_ON_NO_SUCH },
};

static void test_words(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		u32 set = rows[i].before;

		if (stop_on_parse(rows[i].text, &set) != rows[i].result || set != rows[i].after)
			fail_msg("\"%s\" leads to %u", rows[i].text, set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
