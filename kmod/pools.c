// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for rules: how many there may be, their scripts, buffers and native code, as the module
 * parameters say. Allocated before the launch, for root allocates nothing. Guest kernel.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include "faults.h"
#include "kmod.h"

static uint max_rules = RULES_DEFAULT_RULES;
module_param(max_rules, uint, 0444);
MODULE_PARM_DESC(max_rules, "how many rules there may be at once, 1 to 1024");

static uint code_pool = RULES_DEFAULT_CODE;
module_param(code_pool, uint, 0444);
MODULE_PARM_DESC(code_pool, "bytes for the native code of rules, up to 1048576");

static uint script_pool = RULES_DEFAULT_SCRIPTS;
module_param(script_pool, uint, 0444);
MODULE_PARM_DESC(script_pool, "bytes for the compiled scripts of rules, up to 16777216");

static uint buffer_pool = RULES_DEFAULT_BUFFERS;
module_param(buffer_pool, uint, 0444);
MODULE_PARM_DESC(buffer_pool, "bytes for the buffers of rules, up to 67108864");

static bool unsafe_code;
module_param(unsafe_code, bool, 0444);
MODULE_PARM_DESC(unsafe_code,
		 "allow rules with native code, which runs below the kernel unguarded");

struct limit {
	const char *name;
	const uint *value;
	uint least, most;
};

static const struct limit limits[] = {
	{ "max_rules", &max_rules, 1, RULES_MAX },
	{ "code_pool", &code_pool, PAGE_SIZE, SZ_1M },
	{ "script_pool", &script_pool, PAGE_SIZE, SZ_16M },
	{ "buffer_pool", &buffer_pool, PAGE_SIZE, SZ_64M },
};

int pools_check(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit *limit = &limits[i];

		if (*limit->value >= limit->least && *limit->value <= limit->most)
			continue;
		pr_err("%s=%u: give a number from %u to %u\n", limit->name, *limit->value,
		       limit->least, limit->most);
		return -EINVAL;
	}
	return 0;
}

/* Where root runs the code it cannot be written; it is written where vmalloc() has put it. */
static int map_code(struct machine *m)
{
	u32 at;
	int error = 0;

	for (at = 0; at < m->pools.code_size && !error; at += PAGE_SIZE)
		error = memory_map_root(m, ROOT_CODE_VA + at,
					(u64)vmalloc_to_pfn(m->pools.code + at) << PAGE_SHIFT,
					_PAGE_PRESENT | _PAGE_ACCESSED);
	return error;
}

/* With pages around it that are not mapped, so that its overflow is a fault. */
static int map_stack(struct machine *m, struct vcpu *vcpu)
{
	u64 at = ROOT_NATIVE_STACKS_VA + vcpu->cpu * ROOT_NATIVE_STACK_STEP;
	u64 end = at + ROOT_NATIVE_STACK_SIZE;
	int error = 0;

	vcpu->native.stack = end;
	for (; at < end && !error; at += PAGE_SIZE)
		error = memory_map_root_page(m, at);
	return error;
}

static int prepare_native(struct machine *m)
{
	unsigned int cpu;
	int error;

	m->unsafe_code = unsafe_code;
	if (!unsafe_code)
		return 0;
	m->pools.code_size = PAGE_ALIGN(code_pool);
	m->pools.code = fault_here() ? NULL : vzalloc(m->pools.code_size);
	if (!m->pools.code)
		return -ENOMEM;
	error = map_code(m);
	for (cpu = 0; cpu < m->nr_cpus && !error; cpu++)
		if (m->vcpu[cpu])
			error = map_stack(m, m->vcpu[cpu]);
	return error;
}

int pools_prepare(struct machine *m)
{
	struct rules_memory *pools = &m->pools;

	pools->nr_rules = max_rules;
	pools->scripts_size = script_pool;
	pools->buffers_size = buffer_pool;
	pools->rules = fault_here() ? NULL : vzalloc(sizeof(*pools->rules) * max_rules);
	pools->scripts = fault_here() ? NULL : vzalloc(script_pool);
	pools->buffers = fault_here() ? NULL : vzalloc(buffer_pool);
	if (!pools->rules || !pools->scripts || !pools->buffers)
		return -ENOMEM;
	return prepare_native(m);
}

void pools_free(struct machine *m)
{
	vfree(m->pools.rules);
	vfree(m->pools.scripts);
	vfree(m->pools.buffers);
	vfree(m->pools.code);
	memset(&m->pools, 0, sizeof(m->pools));
}
