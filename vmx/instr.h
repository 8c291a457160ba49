/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instructions themselves: VMX, MSR, port I/O, control registers. Inline, no state, no policy.
 * Usable in root and in the guest kernel; those marked "root" fault outside VMX operation.
 */
#ifndef HVGDB_INSTR_H
#define HVGDB_INSTR_H

#include "base.h"
#include "offsets.h"

/* A pair in the fix-up table: a fault at .Lfault goes on at .Lresume (see fault.c). */
#define ROOT_FIXUP(fault, resume)                 \
	".pushsection hvgdb_fixup, \"a\"\n"      \
	".balign 4\n"                             \
	".long " fault " - ., " resume " - .\n"   \
	".popsection\n"

/* Root. A field that the CPU does not have reads as 0: callers ask only for what the controls promise. */
static inline u64 vmread(u64 field)
{
	u64 value = 0;

	asm volatile("vmread %1, %0" : "+r"(value) : "r"(field) : "cc");
	return value;
}

/* Root. False if the field does not exist or cannot be written. */
static inline bool vmwrite(u64 field, u64 value)
{
	bool fail;

	asm volatile("vmwrite %2, %1; setna %0" : "=qm"(fail) : "r"(field), "r"(value) : "cc");
	return !fail;
}

static inline bool vmxon(u64 phys)
{
	bool fail;

	asm volatile("vmxon %1; setna %0" : "=qm"(fail) : "m"(phys) : "cc", "memory");
	return !fail;
}

static inline void vmxoff(void)
{
	asm volatile("vmxoff" : : : "cc", "memory");
}

static inline bool vmclear(u64 phys)
{
	bool fail;

	asm volatile("vmclear %1; setna %0" : "=qm"(fail) : "m"(phys) : "cc", "memory");
	return !fail;
}

static inline bool vmptrld(u64 phys)
{
	bool fail;

	asm volatile("vmptrld %1; setna %0" : "=qm"(fail) : "m"(phys) : "cc", "memory");
	return !fail;
}

#define INVEPT_ALL_CONTEXT 2

static inline void invept_all(void)
{
	struct {
		u64 eptp, zero;
	} operand = { 0, 0 };

	asm volatile("invept %0, %1" : : "m"(operand), "r"((u64)INVEPT_ALL_CONTEXT) : "cc", "memory");
}

static inline u64 msr_read(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline void msr_write(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

/* Root. False if the MSR does not exist. */
static inline bool msr_read_safe(u32 msr, u64 *value)
{
	u32 low = 0, high = 0;
	u8 ok = 0;

	asm volatile("1: rdmsr\n"
		     "movb $1, %2\n"
		     "2:\n" ROOT_FIXUP("1b", "2b")
		     : "+a"(low), "+d"(high), "+r"(ok)
		     : "c"(msr));
	*value = (u64)high << 32 | low;
	return ok;
}

/* Root. False if the MSR does not exist or refuses the value. */
static inline bool msr_write_safe(u32 msr, u64 value)
{
	u8 ok = 0;

	asm volatile("1: wrmsr\n"
		     "movb $1, %0\n"
		     "2:\n" ROOT_FIXUP("1b", "2b")
		     : "+r"(ok)
		     : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
		     : "memory");
	return ok;
}

/* Root. */
static inline bool xsetbv_safe(u32 index, u64 value)
{
	u8 ok = 0;

	asm volatile("1: xsetbv\n"
		     "movb $1, %0\n"
		     "2:\n" ROOT_FIXUP("1b", "2b")
		     : "+r"(ok)
		     : "c"(index), "a"((u32)value), "d"((u32)(value >> 32))
		     : "memory");
	return ok;
}

static inline void run_cpuid(u32 regs[4], u32 leaf, u32 subleaf)
{
	asm volatile("cpuid"
		     : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
		     : "a"(leaf), "c"(subleaf)
		     : "memory");
}

static inline u64 read_tsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

/* Root. An IRET to the next instruction, which ends blocking by NMI. */
static inline void unblock_nmis(void)
{
	asm volatile("movq %%rsp, %%rax\n"
		     "pushq %0\n"
		     "pushq %%rax\n"
		     "pushfq\n"
		     "pushq %1\n"
		     "leaq 1f(%%rip), %%rax\n"
		     "pushq %%rax\n"
		     "iretq\n"
		     "1:\n"
		     :
		     : "i"(ROOT_DS), "i"(ROOT_CS)
		     : "rax", "memory", "cc");
}

/* All stores before are seen by all before anything behind begins, also WRMSR. */
static inline void store_fence(void)
{
	asm volatile("mfence; lfence" : : : "memory");
}

static inline void relax(void)
{
	asm volatile("pause" : : : "memory");
}

static inline u8 port_in8(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_out8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u16 port_in16(u16 port)
{
	u16 value;

	asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_out16(u16 port, u16 value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline u32 port_in32(u16 port)
{
	u32 value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_out32(u16 port, u32 value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline void fxsave(void *area)
{
	asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

/* Root. False if the area holds what FXRSTOR refuses (reserved bits of MXCSR). */
static inline bool fxrstor_safe(const void *area)
{
	u8 ok = 0;

	asm volatile("1: fxrstor64 (%1)\n"
		     "movb $1, %0\n"
		     "2:\n" ROOT_FIXUP("1b", "2b")
		     : "+r"(ok)
		     : "r"(area)
		     : "memory");
	return ok;
}

#define DEFINE_ACCESS_CR(n)                                            \
	static inline u64 get_cr##n(void)                            \
	{                                                            \
		u64 value;                                           \
		asm volatile("mov %%cr" #n ", %0" : "=r"(value));    \
		return value;                                        \
	}                                                            \
	static inline void set_cr##n(u64 value)                      \
	{                                                            \
		asm volatile("mov %0, %%cr" #n : : "r"(value) : "memory"); \
	}

DEFINE_ACCESS_CR(0)
DEFINE_ACCESS_CR(2)
DEFINE_ACCESS_CR(3)
DEFINE_ACCESS_CR(4)
DEFINE_ACCESS_CR(8)

#define DEFINE_ACCESS_DR(n)                                                 \
	static inline u64 get_dr##n(void)                                   \
	{                                                                   \
		u64 value;                                                  \
		asm volatile("mov %%db" #n ", %0" : "=r"(value));           \
		return value;                                               \
	}                                                                   \
	static inline void set_dr##n(u64 value)                             \
	{                                                                   \
		asm volatile("mov %0, %%db" #n : : "r"(value) : "memory");  \
	}

DEFINE_ACCESS_DR(0)
DEFINE_ACCESS_DR(1)
DEFINE_ACCESS_DR(2)
DEFINE_ACCESS_DR(3)
DEFINE_ACCESS_DR(6)
DEFINE_ACCESS_DR(7)

struct descriptor_table {
	u16 limit;
	u64 base;
} __attribute__((packed));

static inline void get_gdt(struct descriptor_table *table)
{
	asm volatile("sgdt %0" : "=m"(*table));
}

static inline void get_idt(struct descriptor_table *table)
{
	asm volatile("sidt %0" : "=m"(*table));
}

static inline void set_gdt(const struct descriptor_table *table)
{
	asm volatile("lgdt %0" : : "m"(*table));
}

static inline void set_idt(const struct descriptor_table *table)
{
	asm volatile("lidt %0" : : "m"(*table));
}

#define DEFINE_READ_SELECTOR(reg, insn)                      \
	static inline u16 get_##reg(void)                    \
	{                                                    \
		u16 value;                                   \
		asm volatile(insn " %0" : "=rm"(value));     \
		return value;                                \
	}

DEFINE_READ_SELECTOR(cs, "mov %%cs,")
DEFINE_READ_SELECTOR(ss, "mov %%ss,")
DEFINE_READ_SELECTOR(ds, "mov %%ds,")
DEFINE_READ_SELECTOR(es, "mov %%es,")
DEFINE_READ_SELECTOR(fs, "mov %%fs,")
DEFINE_READ_SELECTOR(gs, "mov %%gs,")
DEFINE_READ_SELECTOR(tr, "str")
DEFINE_READ_SELECTOR(ldtr, "sldt")

#endif
