// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/module/hvgdb/parameters/bench_halt: each read halts all CPUs once and tells how many TSC
 * ticks it took from the call to the return. For `make bench`. Guest kernel.
 */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <asm/msr.h>
#include "kmod.h"

static int read_ticks(char *buffer, const struct kernel_param *kp)
{
	unsigned long flags;
	u64 start, end;

	local_irq_save(flags);
	start = rdtsc_ordered();
	root_call(HYPERCALL_HALT_ALL, 0, 0);
	end = rdtsc_ordered();
	local_irq_restore(flags);
	return sprintf(buffer, "%llu\n", end - start);
}

static const struct kernel_param_ops ticks_ops = { .get = read_ticks };

module_param_cb(bench_halt, &ticks_ops, NULL, 0400);
MODULE_PARM_DESC(bench_halt, "read: TSC ticks of one halt of all CPUs");
