// SPDX-License-Identifier: GPL-2.0
/*
 * Brings root's messages to the kernel log: root writes a ring (it may call nothing of the
 * kernel's), a slow worker prints it. Guest kernel.
 */
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "kmod.h"

static DEFINE_MUTEX(flush_lock);

/* Takes one line out of the ring; false if there is none. */
static bool next_line(struct root_log *log, char *line, size_t size)
{
	u64 head = smp_load_acquire(&log->head);
	size_t len = 0;
	char c;

	if (log->tail == head)
		return false;
	while (log->tail != head) {
		c = log->text[log->tail++ % ROOT_LOG_SIZE];
		if (c == '\n')
			break;
		if (len < size - 1)
			line[len++] = c;
	}
	line[len] = '\0';
	return true;
}

void log_flush(void)
{
	char line[160];

	mutex_lock(&flush_lock);
	while (next_line(&machine.log, line, sizeof(line)))
		pr_info("%s\n", line);
	mutex_unlock(&flush_lock);
}

static void print_work(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(log_work, print_work);

static void print_work(struct work_struct *work)
{
	log_flush();
	nmi_after_halt();
	schedule_delayed_work(&log_work, HZ);
}

void log_start(void)
{
	schedule_delayed_work(&log_work, HZ);
}

void log_stop(void)
{
	cancel_delayed_work_sync(&log_work);
	log_flush();
}
