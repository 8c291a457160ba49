/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between kernel versions, 5.10 to 6.12, and nothing else. Guest kernel only. */
#ifndef HVGDB_COMPAT_H
#define HVGDB_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>
/* paddr_vmcoreinfo_note() */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <linux/vmcore_info.h>
#else
#include <linux/crash_core.h>
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#include <linux/cc_platform.h>
#else
#include <linux/mem_encrypt.h>
#endif
#include <asm/cpufeature.h>
#include <asm/pgtable.h>
#include <asm/reboot.h>

/* Top-level slot of the LDT remap area: with PTI it belongs to one process (LDT_PGD_ENTRY). */
static inline int compat_ldt_slot(bool la57)
{
	return PTRS_PER_PGD + (la57 ? -112 : -240);
}

/* Address of the per-CPU pointer to the running task. */
static inline unsigned long compat_current_task(unsigned int cpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return (unsigned long)&per_cpu(pcpu_hot, cpu).current_task;
#else
	return (unsigned long)&per_cpu(current_task, cpu);
#endif
}

/* The nr-th stretch of a module's memory, of length 0 if that is not used; false after the last. */
static inline bool compat_module_memory(const struct module *mod, unsigned int nr, u64 *base,
					u64 *size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	if (nr >= MOD_MEM_NUM_TYPES)
		return false;
	*base = (u64)mod->mem[nr].base;
	*size = mod->mem[nr].size;
#else
	const struct module_layout *layout = nr ? &mod->init_layout : &mod->core_layout;

	if (nr > 1)
		return false;
	*base = (u64)layout->base;
	*size = layout->size;
#endif
	return true;
}

static inline bool compat_page_poisoned(unsigned long pfn)
{
#ifdef CONFIG_MEMORY_FAILURE
	return pfn_valid(pfn) && PageHWPoison(pfn_to_page(pfn));
#else
	return false;
#endif
}

static inline bool compat_memory_encrypted(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
	return cc_platform_has(CC_ATTR_MEM_ENCRYPT);
#else
	return mem_encrypt_active();
#endif
}

#if defined(COMPAT_EMERGENCY_CALLBACK) && IS_ENABLED(CONFIG_KVM_INTEL)
static inline void compat_emergency_register(void (*callback)(void))
{
	cpu_emergency_register_virt_callback(callback);
}

static inline void compat_emergency_unregister(void (*callback)(void))
{
	cpu_emergency_unregister_virt_callback(callback);
}
#else
/* Older kernels execute VMXOFF in an emergency, which root sees (exit_vmxoff). */
static inline void compat_emergency_register(void (*callback)(void))
{
}

static inline void compat_emergency_unregister(void (*callback)(void))
{
}
#endif

/* Callbacks of the last CPU before a sleep and the first one after it. */
#ifdef COMPAT_SYSCORE
#define COMPAT_DEFINE_SYSCORE(name, before, after)                                                 \
	static int name##_suspend(void *data)                                                      \
	{                                                                                          \
		return before();                                                                   \
	}                                                                                          \
	static void name##_resume(void *data)                                                      \
	{                                                                                          \
		after();                                                                           \
	}                                                                                          \
	static const struct syscore_ops name##_ops = { .suspend = name##_suspend,                  \
						       .resume = name##_resume };                  \
	static struct syscore name = { .ops = &name##_ops }
#define compat_syscore_register(name)	register_syscore(name)
#define compat_syscore_unregister(name) unregister_syscore(name)
#else
#define COMPAT_DEFINE_SYSCORE(name, before, after)                                                 \
	static struct syscore_ops name = { .suspend = before, .resume = after }
#define compat_syscore_register(name)	register_syscore_ops(name)
#define compat_syscore_unregister(name) unregister_syscore_ops(name)
#endif

/* A mapping that mprotect() cannot make writable. */
static inline void compat_never_writable(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_clear(vma, VM_MAYWRITE);
#else
	vma->vm_flags &= ~VM_MAYWRITE;
#endif
}

static inline void compat_hrtimer_setup(struct hrtimer *timer,
					enum hrtimer_restart (*function)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer->function = function;
#endif
}

#ifdef X86_FEATURE_CLEAR_BHB_LOOP
#define COMPAT_CLEAR_BHB X86_FEATURE_CLEAR_BHB_LOOP
#endif

static inline bool compat_must_clear_branch_history(void)
{
#ifdef COMPAT_CLEAR_BHB
	return boot_cpu_has(COMPAT_CLEAR_BHB);
#else
	return false;
#endif
}

#endif
