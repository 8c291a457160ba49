// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of root from any CPU, at any time. A CPU may leave VMX between any look and the call
 * (reboot, sleep, an emergency), or may not have been taken over again after a sleep: VMCALL is #UD
 * there, and the kernel's exception table makes a result of it. Guest kernel.
 */
#include <linux/cpumask.h>
#include <linux/smp.h>
#include <asm/asm.h>
#include "kmod.h"

static bool is_guest(unsigned int cpu)
{
	const struct vcpu *vcpu = READ_ONCE(machine.vcpu[cpu]);

	return vcpu && READ_ONCE(vcpu->life) >= VCPU_RUNNING;
}

static u64 call_here(enum hypercall op, u64 arg1, u64 arg2)
{
	u64 result = HYPERCALL_MAGIC;

	/* What can be known is not tried: Bochs ends at a VMCALL outside of VMX operation. */
	if (!is_guest(raw_smp_processor_id()))
		return ROOT_GONE;
	asm volatile("1: vmcall\n"
		     "	jmp 3f\n"
		     "2: mov %[gone], %%rax\n"
		     "3:\n" _ASM_EXTABLE(1b, 2b)
		     : "+a"(result)
		     : "D"((u64)op), "S"(arg1), "d"(arg2), [gone] "i"(ROOT_GONE)
		     : "memory", "cc");
	return result;
}

struct remote_call {
	enum hypercall op;
	u64 arg1, arg2, result;
};

static void do_remote(void *data)
{
	struct remote_call *call = data;

	call->result = call_here(call->op, call->arg1, call->arg2);
}

/* Some calls are about the CPU that makes them; the others may be made by any. */
static bool is_about_this_cpu(enum hypercall op)
{
	return op == HYPERCALL_QUIET || op == HYPERCALL_LEAVE || op == HYPERCALL_OOPS;
}

u64 root_call(enum hypercall op, u64 arg1, u64 arg2)
{
	struct remote_call call = { op, arg1, arg2, call_here(op, arg1, arg2) };
	unsigned int cpu;

	if (call.result != ROOT_GONE || is_about_this_cpu(op) || irqs_disabled())
		return call.result;
	for_each_online_cpu(cpu)
	{
		if (is_guest(cpu))
			smp_call_function_single(cpu, do_remote, &call, 1);
		if (call.result != ROOT_GONE)
			break;
	}
	return call.result;
}
