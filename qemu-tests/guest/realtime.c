// SPDX-License-Identifier: GPL-2.0
/* realtime COMMAND...: runs it as a first-in-first-out task of the highest priority. User space. */
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sched_param highest = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };

	if (argc < 2 || sched_setscheduler(0, SCHED_FIFO, &highest)) {
		perror("realtime: sched_setscheduler");
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
