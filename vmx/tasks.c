// SPDX-License-Identifier: GPL-2.0
/*
 * Linux's tasks, as far as rules need them (D18): which one a CPU runs, what a process is called.
 * Read from the guest's memory by offsets that kmod/ has filled in; what cannot be read is left
 * out. Root.
 */
#include "root.h"

/* More processes than this are not searched. */
#define TASKS_MAX 32768

static bool read_field(const struct machine *m, u64 task, u32 offset, void *value, size_t len)
{
	size_t done;

	return memory_read(m, m->host_cr3, task + offset, value, len, &done) == RSP_OK &&
	       done == len;
}

/* The task that Linux's per-CPU variable names, also in interrupts and NMIs; 0: not readable. */
u64 tasks_current(const struct vcpu *vcpu)
{
	u64 at = vcpu->current_task, task;

	return at && read_field(vcpu->machine, at, 0, &task, sizeof(task)) ? task : 0;
}

/* The first thread of that one's process. */
u64 tasks_leader(const struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;
	u64 task = tasks_current(vcpu), leader;

	return task && read_field(m, task, m->task_leader, &leader, sizeof(leader)) ? leader : 0;
}

void tasks_identify(const struct vcpu *vcpu, struct event *event)
{
	const struct machine *m = vcpu->machine;
	u64 task = tasks_current(vcpu);

	if (!task)
		return;
	read_field(m, task, m->task_tgid, &event->pid, sizeof(event->pid));
	read_field(m, task, m->task_pid, &event->tid, sizeof(event->tid));
	read_field(m, task, m->task_comm, event->comm, sizeof(event->comm));
}

static void make_printable(char *comm)
{
	unsigned int i;

	for (i = 0; i < EVENT_COMM_SIZE && comm[i]; i++)
		if (comm[i] < ' ' || comm[i] > '~')
			comm[i] = '?';
}

/*
 * The name of a process. All CPUs are halted, maybe in the midst of a change of the list: what is
 * found then may be short of a process, and is never followed for ever.
 */
bool tasks_name(void *machine, u32 pid, char comm[EVENT_COMM_SIZE])
{
	const struct machine *m = machine;
	u64 task = m->init_task, next;
	u32 tgid, n;

	for (n = 0; n < TASKS_MAX; n++) {
		if (!read_field(m, task, m->task_list, &next, sizeof(next)))
			return false;
		task = next - m->task_list;
		if (task == m->init_task || !read_field(m, task, m->task_tgid, &tgid, sizeof(tgid)))
			return false;
		if (tgid != pid)
			continue;
		if (!read_field(m, task, m->task_comm, comm, EVENT_COMM_SIZE))
			return false;
		make_printable(comm);
		return true;
	}
	return false;
}
