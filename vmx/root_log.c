// SPDX-License-Identifier: GPL-2.0
/*
 * Text from root for the kernel log: a ring that kmod/ empties. Whoever finds it busy or full drops
 * the line rather than wait. Root.
 */
#include "root.h"

static bool log_open(struct root_log *log)
{
	return !__atomic_exchange_n(&log->lock, 1, __ATOMIC_ACQUIRE);
}

static void log_char(struct root_log *log, char c)
{
	if (log->head - load_acquire(&log->tail) < ROOT_LOG_SIZE)
		log->text[log->head++ % ROOT_LOG_SIZE] = c;
}

static void log_text(struct root_log *log, const char *text)
{
	while (*text)
		log_char(log, *text++);
}

static void log_close(struct root_log *log)
{
	log_char(log, '\n');
	store_release(&log->lock, 0);
}

void root_log(struct machine *m, const char *text)
{
	if (!log_open(&m->log))
		return;
	log_text(&m->log, text);
	log_close(&m->log);
}

void root_log_number(struct machine *m, const char *text, u64 value)
{
	char digits[24];
	struct rsp_text number = { .buf = digits, .size = sizeof(digits) };

	if (!log_open(&m->log))
		return;
	log_text(&m->log, text);
	rsp_text_dec(&number, value);
	digits[base_min(number.len, sizeof(digits) - 1)] = '\0';
	log_text(&m->log, digits);
	log_close(&m->log);
}
