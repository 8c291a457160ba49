// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that kernels seldom execute, at CPL 0, on the CPU that asks. Guest kernel, for
 * tests.
 *
 *	echo 'NAME ARGUMENTS' >/sys/module/exotic/parameters/run
 *	cat /sys/module/exotic/parameters/run		"right", "wrong", a number or a fault: "#GP"
 */
#include <linux/jiffies.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <asm/asm.h>
#include <asm/desc.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/special_insns.h>
#include <asm/trapnr.h>
#include "run_param.h"

#define NO_FAULT 0x100
#define DR6_BD	 (1UL << 13)
#define DR7_GD	 (1UL << 13)

/* Runs instructions; the value is the vector of the fault or NO_FAULT. They may use RAX as they
 * like. */
#define VECTOR_OF(instructions, ...)                                                               \
	({                                                                                         \
		u64 vector_;                                                                       \
		asm volatile("1: " instructions                                                    \
			     "\n mov $0x100, %%eax\n 2:\n" _ASM_EXTABLE_FAULT(1b, 2b)              \
			     : "=a"(vector_)                                                       \
			     : __VA_ARGS__                                                         \
			     : "memory", "cc", "rbx", "rsi");                                      \
		vector_;                                                                           \
	})

static void say_vector(u64 vector)
{
	static const char *const names[] = { [0] = "#DE", [6] = "#UD", [13] = "#GP", [14] = "#PF" };

	if (vector == NO_FAULT)
		strcpy(result, "no fault\n");
	else if (vector < ARRAY_SIZE(names) && names[vector])
		sprintf(result, "%s\n", names[vector]);
	else
		sprintf(result, "vector %llu\n", vector);
}

static void say(bool right)
{
	strcpy(result, right ? "right\n" : "wrong\n");
}

static void do_rdmsr(u64 msr, u64 unused)
{
	u64 value;

	if (rdmsrl_safe(msr, &value))
		strcpy(result, "#GP\n");
	else
		sprintf(result, "%#llx\n", value);
}

static void do_wrmsr(u64 msr, u64 value)
{
	strcpy(result, wrmsrl_safe(msr, value) ? "#GP\n" : "no fault\n");
}

static u64 read_xcr0(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (u64)high << 32 | low;
}

/* The value is there for a moment: programs need what they have. */
static void do_xsetbv(u64 index, u64 value)
{
	unsigned long flags;
	u64 before, during, vector;

	local_irq_save(flags);
	before = read_xcr0();
	vector = VECTOR_OF("xsetbv", "c"((u32)index), "a"((u32)value), "d"((u32)(value >> 32)));
	during = read_xcr0();
	asm volatile("xsetbv" : : "c"(0), "a"((u32)before), "d"((u32)(before >> 32)));
	local_irq_restore(flags);
	if (vector != NO_FAULT)
		say_vector(vector);
	else
		say(during == value);
}

static void do_xgetbv(u64 unused1, u64 unused2)
{
	sprintf(result, "%#llx\n", read_xcr0());
}

/* What is in no cache but this CPU's must not be lost. */
static void do_invd(u64 unused1, u64 unused2)
{
	u8 *page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	u64 vector;

	if (!page)
		return;
	memset(page, 0x5a, PAGE_SIZE);
	vector = VECTOR_OF("invd", "a"(0));
	if (vector != NO_FAULT)
		say_vector(vector);
	else
		say(!memchr_inv(page, 0x5a, PAGE_SIZE));
	kfree(page);
}

struct vmx_instruction {
	const char *name;
	u64 (*run)(u64 *operand);
};

#define VMX_INSTRUCTION(name, text)                                                                \
	static u64 run_##name(u64 *operand)                                                        \
	{                                                                                          \
		return VECTOR_OF(text, "a"(0), "c"(operand), "d"(0ULL));                           \
	}

VMX_INSTRUCTION(vmcall, "vmcall")
VMX_INSTRUCTION(vmlaunch, "vmlaunch")
VMX_INSTRUCTION(vmresume, "vmresume")
VMX_INSTRUCTION(vmxon, "vmxon (%%rcx)")
VMX_INSTRUCTION(vmclear, "vmclear (%%rcx)")
VMX_INSTRUCTION(vmptrld, "vmptrld (%%rcx)")
VMX_INSTRUCTION(vmptrst, "vmptrst (%%rcx)")
VMX_INSTRUCTION(vmread, "vmread %%rdx, %%rbx")
VMX_INSTRUCTION(vmwrite, "vmwrite %%rdx, %%rdx")
VMX_INSTRUCTION(vmfunc, "vmfunc")
VMX_INSTRUCTION(invept, "invept (%%rcx), %%rdx")
VMX_INSTRUCTION(invvpid, "invvpid (%%rcx), %%rdx")
VMX_INSTRUCTION(getsec, "getsec")

/* VMXOFF is not among them: kernels before 6.? execute it in emergencies, and hvgdb gives way. */
static const struct vmx_instruction vmx_instructions[] = {
	{ "vmcall", run_vmcall },   { "vmlaunch", run_vmlaunch }, { "vmresume", run_vmresume },
	{ "vmxon", run_vmxon },	    { "vmclear", run_vmclear },	  { "vmptrld", run_vmptrld },
	{ "vmptrst", run_vmptrst }, { "vmread", run_vmread },	  { "vmwrite", run_vmwrite },
	{ "vmfunc", run_vmfunc },   { "invept", run_invept },	  { "invvpid", run_invvpid },
	{ "getsec", run_getsec },
};

/* The first that is not #UD, or "right". */
static void do_vmx(u64 unused1, u64 unused2)
{
	static u64 operand[2];
	unsigned int i;
	u64 vector;

	say(true);
	for (i = 0; i < ARRAY_SIZE(vmx_instructions); i++) {
		vector = vmx_instructions[i].run(operand);
		if (vector != 6) {
			sprintf(result, "%s: %llu\n", vmx_instructions[i].name, vector);
			return;
		}
	}
}

/* Caching off and on, as the kernel does to change MTRRs. */
static void do_cd(u64 unused1, u64 unused2)
{
	unsigned long flags, before, during, after;

	local_irq_save(flags);
	before = read_cr0();
	asm volatile("mov %0, %%cr0" : : "r"(before | X86_CR0_CD) : "memory");
	wbinvd();
	during = read_cr0();
	asm volatile("mov %0, %%cr0" : : "r"(before) : "memory");
	after = read_cr0();
	local_irq_restore(flags);
	say(!(before & X86_CR0_CD) && during == (before | X86_CR0_CD) && after == before);
}

/* MOV to CR0 of the present value with some bits changed: set, cleared. */
static void do_cr0(u64 set, u64 clear)
{
	unsigned long flags, before;

	local_irq_save(flags);
	before = read_cr0();
	say_vector(VECTOR_OF("mov %%rdx, %%cr0", "d"((before | set) & ~clear), "a"(0)));
	asm volatile("mov %0, %%cr0" : : "r"(before) : "memory");
	local_irq_restore(flags);
}

static void do_cr4(u64 set, u64 clear)
{
	unsigned long flags, before, during;
	u64 vector;

	local_irq_save(flags);
	before = __read_cr4();
	vector = VECTOR_OF("mov %%rdx, %%cr4", "d"((before | set) & ~clear), "a"(0));
	during = __read_cr4();
	if (during != before)
		asm volatile("mov %0, %%cr4" : : "r"(before) : "memory");
	local_irq_restore(flags);
	if (vector != NO_FAULT)
		say_vector(vector);
	else
		say(during == ((before | set) & ~clear) && __read_cr4() == before);
}

/* TS by LMSW and away again by CLTS. Nothing uses the FPU meanwhile. */
static void do_ts(u64 unused1, u64 unused2)
{
	unsigned long flags, before, during, after;

	local_irq_save(flags);
	before = read_cr0();
	asm volatile("lmsw %w0" : : "r"(before | X86_CR0_TS) : "memory");
	during = read_cr0();
	asm volatile("clts" : : : "memory");
	after = read_cr0();
	local_irq_restore(flags);
	say(during == (before | X86_CR0_TS) && after == before);
}

static void do_dr7(u64 unused1, u64 unused2)
{
	unsigned long dr7, dr6;

	asm volatile("mov %%dr7, %0\n mov %%dr6, %1" : "=r"(dr7), "=r"(dr6));
	sprintf(result, "%#lx %#lx\n", dr6, dr7);
}

static unsigned long dr_access(unsigned int reg, bool write, unsigned long value)
{
#define DR_ACCESS(number)                                                                          \
	case number:                                                                               \
		if (write)                                                                         \
			asm volatile("mov %0, %%dr" #number : : "r"(value));                       \
		else                                                                               \
			asm volatile("mov %%dr" #number ", %0" : "=r"(value));                     \
		break
	switch (reg) {
		DR_ACCESS(0);
		DR_ACCESS(1);
		DR_ACCESS(2);
		DR_ACCESS(3);
		DR_ACCESS(6);
		DR_ACCESS(7);
	}
#undef DR_ACCESS
	return value;
}

/*
 * Writes a register and reads it so many times, and once more to have it as it was; false if a read
 * gives anything else. Nothing is enabled in DR7.
 */
static bool dr_keeps(unsigned int reg, u64 count)
{
	unsigned long before = dr_access(reg, false, 0), wanted, found;
	bool right = true;

	while (count--) {
		wanted = reg < 4 ? 0xffff800000001000UL + 4096 * reg + count : before;
		dr_access(reg, true, wanted);
		found = dr_access(reg, false, 0);
		if (found != wanted) {
			sprintf(result, "DR%u: %#lx instead of %#lx\n", reg, found, wanted);
			right = false;
		}
	}
	dr_access(reg, true, before);
	return right;
}

/* Without CR4.DE, which Linux leaves clear, DR4 is DR6 and DR5 is DR7. */
static bool dr_aliases(u64 count)
{
	unsigned long dr6 = dr_access(6, false, 0), dr7 = dr_access(7, false, 0), found;

	while (count--) {
		asm volatile("mov %%dr4, %0\n mov %1, %%dr5" : "=&r"(found) : "r"(dr7));
		if (found == dr6)
			continue;
		sprintf(result, "DR4: %#lx instead of %#lx\n", found, dr6);
		return false;
	}
	return true;
}

/* With it they do not exist. */
static bool dr_absent(u64 count)
{
	unsigned long before = __read_cr4();
	u64 read = X86_TRAP_UD, write = X86_TRAP_UD;

	asm volatile("mov %0, %%cr4" : : "r"(before | X86_CR4_DE) : "memory");
	while (count-- && read == X86_TRAP_UD && write == X86_TRAP_UD) {
		read = VECTOR_OF("mov %%dr4, %%rsi", "a"(0));
		write = VECTOR_OF("mov %%rsi, %%dr5", "a"(0));
	}
	asm volatile("mov %0, %%cr4" : : "r"(before) : "memory");
	if (read == X86_TRAP_UD && write == X86_TRAP_UD)
		return true;
	sprintf(result, "DR4, DR5: vectors %llu, %llu\n", read, write);
	return false;
}

static void do_drs(u64 count, u64 unused)
{
	static const unsigned int regs[] = { 0, 1, 2, 3, 6, 7 };
	unsigned long flags;
	bool right = true;
	unsigned int i;

	local_irq_save(flags);
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		right &= dr_keeps(regs[i], count);
	right &= dr_aliases(count) && dr_absent(count);
	local_irq_restore(flags);
	if (right)
		say(true);
}

#define TYPE_FREE_TSS	 9
#define LIMIT_BEFORE_IST 0x23

/* Loads the task register with this limit. LTR marks the descriptor, which the usual GDT forbids.
 */
static void load_tss(u16 limit)
{
	unsigned int cpu = smp_processor_id();
	tss_desc *tss = (tss_desc *)&get_cpu_gdt_rw(cpu)[GDT_ENTRY_TSS];

	tss->limit0 = limit;
	tss->type = TYPE_FREE_TSS;
	load_direct_gdt(cpu);
	asm volatile("ltr %w0" : : "q"(GDT_ENTRY_TSS * 8));
	load_fixmap_gdt(cpu);
}

/*
 * What Linux cannot cause: #TS, so many times, by an interrupt whose stack lies behind the end of
 * the TSS.
 */
static void do_tss(u64 count, u64 unused)
{
	tss_desc *tss = (tss_desc *)&get_cpu_gdt_rw(smp_processor_id())[GDT_ENTRY_TSS];
	u16 limit = tss->limit0;
	unsigned long flags;
	u64 right = 0, i;

	local_irq_save(flags);
	load_tss(LIMIT_BEFORE_IST);
	for (i = 0; i < count; i++)
		right += VECTOR_OF("int $1", "a"(0)) == X86_TRAP_TS;
	load_tss(limit);
	local_irq_restore(flags);
	say(right == count);
}

static unsigned int general_detects;

/* The kernel uses no general detect: who sees DR6.BD is the only one to be interested. */
static int on_die(struct notifier_block *block, unsigned long event, void *data)
{
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || !(*dr6 & DR6_BD))
		return NOTIFY_DONE;
	general_detects++;
	*dr6 &= ~DR6_BD;
	return NOTIFY_STOP;
}

static struct notifier_block die_block = { .notifier_call = on_die, .priority = INT_MAX };

/* DR7.GD: the next access to a debug register is one #DB, which clears GD; then it is carried out.
 */
static void do_gd(u64 unused1, u64 unused2)
{
	unsigned long flags, before, dr3, after;

	general_detects = 0;
	local_irq_save(flags);
	asm volatile("mov %%dr7, %0" : "=r"(before));
	asm volatile("mov %0, %%dr7" : : "r"(before | DR7_GD));
	asm volatile("mov %%dr3, %0" : "=r"(dr3));
	asm volatile("mov %%dr7, %0" : "=r"(after));
	local_irq_restore(flags);
	if (general_detects == 1 && after == before && !dr3)
		say(true);
	else
		sprintf(result, "%u times, DR7 %#lx, then %#lx\n", general_detects, before, after);
}

/*
 * Spins until a tick has been handled: with one CPU only its own interrupts bring that. gdb steps
 * over the loop from exotic_wait_begin to exotic_wait_end.
 */
static void do_wait(u64 ticks, u64 unused)
{
	unsigned long end = jiffies + ticks;

	asm volatile(".globl exotic_wait_begin\n"
		     "exotic_wait_begin:\n"
		     " pause\n"
		     " mov jiffies(%%rip), %%rax\n"
		     " cmp %0, %%rax\n"
		     " js exotic_wait_begin\n"
		     ".globl exotic_wait_end\n"
		     "exotic_wait_end: nop\n"
		     :
		     : "r"(end)
		     : "rax", "cc", "memory");
	say(!time_before(jiffies, end));
}

static const struct operation {
	const char *name;
	void (*run)(u64 first, u64 second);
} operations[] = {
	{ "rdmsr", do_rdmsr },	 { "wrmsr", do_wrmsr }, { "xsetbv", do_xsetbv },
	{ "xgetbv", do_xgetbv }, { "invd", do_invd },	{ "vmx", do_vmx },
	{ "cd", do_cd },	 { "cr0", do_cr0 },	{ "cr4", do_cr4 },
	{ "ts", do_ts },	 { "dr7", do_dr7 },	{ "gd", do_gd },
	{ "wait", do_wait },	 { "drs", do_drs },	{ "tss", do_tss },
};

static int set_run(const char *text, const struct kernel_param *kp)
{
	u64 first = 0, second = 0;
	char name[16];
	unsigned int i;

	if (sscanf(text, "%15s %lli %lli", name, &first, &second) < 1)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		if (!strcmp(operations[i].name, name)) {
			preempt_disable();
			operations[i].run(first, second);
			preempt_enable();
			return 0;
		}
	return -EINVAL;
}

static int __init exotic_init(void)
{
	return register_die_notifier(&die_block);
}

static void __exit exotic_exit(void)
{
	unregister_die_notifier(&die_block);
}

module_init(exotic_init);
module_exit(exotic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hvgdb tests: rare instructions at CPL 0");
