// SPDX-License-Identifier: GPL-2.0
/*
 * The test-only build FAULTS=1: the load fails where it is told to, a CPU pretends to lack what
 * others have, a CPU does not answer when it is to halt. Guest kernel.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <asm/tlbflush.h>
#include "faults.h"
#include "kmod.h"

static uint fail_at;
module_param(fail_at, uint, 0444);
MODULE_PARM_DESC(fail_at, "test only: the load fails at the point of this number, from 1 on");

static bool fail_each;
module_param(fail_each, bool, 0444);
MODULE_PARM_DESC(fail_each, "test only: the load fails at every point in turn, then succeeds");

static uint fail_stride = 1;
module_param(fail_stride, uint, 0444);
MODULE_PARM_DESC(fail_stride,
		 "test only: of many points in a row at one place, only every so many count");

static char *lack[8];
module_param_array(lack, charp, NULL, 0444);
MODULE_PARM_DESC(lack, "test only: what the CPUs do not have, as in lack=procbased2:1,pinbased:6");

module_param_named(deaf, machine.deaf, int, 0644);
MODULE_PARM_DESC(deaf, "test only: this CPU does not answer when it is to halt; -1: none");

static atomic_t points = ATOMIC_INIT(0);
static void *last_place;
static uint repeats;

/* Once from each place, and then every so many times while nothing comes between. */
static bool counts(void *place)
{
	if (place != xchg(&last_place, place))
		repeats = 0;
	return !fail_stride || repeats++ % fail_stride == 0;
}

bool fault_here(void)
{
	return fail_at && counts(__builtin_return_address(0)) &&
	       (uint)atomic_inc_return(&points) == fail_at;
}

struct capability {
	const char *name;
	size_t offset;
	unsigned int shift; /* of the bits that say what may be 1 */
};

static const struct capability capabilities[] = {
	{ "pinbased", offsetof(struct vmx_caps, pinbased), 32 },
	{ "procbased", offsetof(struct vmx_caps, procbased), 32 },
	{ "procbased2", offsetof(struct vmx_caps, procbased2), 32 },
	{ "exit", offsetof(struct vmx_caps, exit), 32 },
	{ "entry", offsetof(struct vmx_caps, entry), 32 },
	{ "ept_vpid_cap", offsetof(struct vmx_caps, ept_vpid_cap), 0 },
};

static void take_away(struct vmx_caps *caps, const char *what)
{
	size_t i, len;
	uint bit;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		len = strlen(capabilities[i].name);
		if (strncmp(what, capabilities[i].name, len) || what[len] != ':' ||
		    kstrtouint(what + len + 1, 0, &bit))
			continue;
		*(u64 *)((u8 *)caps + capabilities[i].offset) &=
			~BIT_ULL(bit + capabilities[i].shift);
	}
}

void fault_caps(struct vmx_caps *caps)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lack) && lack[i]; i++)
		take_away(caps, lack[i]);
}

static void look_for_traces(void *found)
{
	if (__read_cr4() & X86_CR4_VMXE)
		atomic_inc(found);
}

/* One load that fails, and what it leaves behind. */
static int fail_once(int (*load)(void))
{
	atomic_t vmx_on = ATOMIC_INIT(0);
	int error;

	atomic_set(&points, 0);
	last_place = NULL;
	error = load();
	if ((uint)atomic_read(&points) < fail_at)
		return error;
	if (!error) {
		pr_err("point %u failed and the load did not\n", fail_at);
		return -EIO;
	}
	on_each_cpu(look_for_traces, &vmx_on, 1);
	if (atomic_read(&vmx_on) || machine.vcpu[0]) {
		pr_err("point %u failed and left something behind\n", fail_at);
		return -EIO;
	}
	return -EAGAIN;
}

int fault_load(int (*load)(void))
{
	int error;

	if (!fail_each)
		return load();
	do {
		fail_at++;
		error = fail_once(load);
	} while (error == -EAGAIN);
	pr_info("the load failed at %u points in turn\n", fail_at - 1);
	return error;
}
