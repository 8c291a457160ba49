// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds the line, or the local session: the open file decides, the process is for the message
 * to the next who wants it. Guest kernel, process context.
 */
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include "kmod.h"

void holder_set(struct holder *holder, struct file *file)
{
	holder->pid = get_pid(task_tgid(current));
	get_task_comm(holder->name, current->group_leader);
	WRITE_ONCE(holder->file, file);
}

void holder_clear(struct holder *holder)
{
	WRITE_ONCE(holder->file, NULL);
	put_pid(holder->pid);
	holder->pid = NULL;
}

void holder_show(const struct holder *holder, struct hvgdb_holder *shown)
{
	memset(shown, 0, sizeof(*shown));
	if (!holder->file)
		return;
	shown->pid = pid_vnr(holder->pid);
	strscpy(shown->name, holder->name, sizeof(shown->name));
}
