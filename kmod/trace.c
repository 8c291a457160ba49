// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of tracepoints: a ring for each possible CPU and the pool of definitions, reserved at
 * load as the module parameters say. Guest kernel, before the launch and after the last VMXOFF.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/vmalloc.h>
#include "kmod.h"

static uint trace_pool = 1024;
module_param(trace_pool, uint, 0444);
MODULE_PARM_DESC(trace_pool,
		 "KiB of trace buffer for each CPU, rounded down to a power of two; 0: none");

static uint trace_actions = 64;
module_param(trace_actions, uint, 0444);
MODULE_PARM_DESC(trace_actions, "KiB for the conditions, actions and sources of tracepoints");

static u8 *rings;

static int refuse(const char *parameter, u64 size)
{
	pr_err("no memory for %s: %llu KiB in all\n", parameter, size >> 10);
	return -ENOMEM;
}

int trace_prepare(struct machine *m)
{
	u64 size = trace_pool ? rounddown_pow_of_two((u64)trace_pool << 10) : 0;
	unsigned int cpu;

	m->trace_definitions_size = min(trace_actions, 1u << 20) << 10;
	m->trace_definitions = vzalloc(max(m->trace_definitions_size, 1u));
	if (!m->trace_definitions)
		return refuse("trace_actions", m->trace_definitions_size);
	rings = vzalloc(max(size * m->nr_cpus, 1ull));
	if (!rings) {
		trace_free(m);
		return refuse("trace_pool", size * m->nr_cpus);
	}
	for (cpu = 0; cpu < m->nr_cpus; cpu++)
		trace_ring_init(&m->trace_rings[cpu], rings + cpu * size, size);
	return 0;
}

void trace_free(struct machine *m)
{
	vfree(rings);
	vfree(m->trace_definitions);
	rings = NULL;
	m->trace_definitions = NULL;
}
