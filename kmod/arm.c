// SPDX-License-Identifier: GPL-2.0
/*
 * What may be the debug line's UART, and its registers' way into root's address space. Guest
 * kernel, before root is asked to arm it.
 */
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/msr.h>
#include "kmod.h"
#include "root.h"

#define PCI_CONFIG_PORTS 0xcf8

static u64 mapped[ROOT_UART_PAGES]; /* physical addresses; a page stays until the module goes */

/* Legacy ports of the chipset are no UARTs. */
static bool port_allowed(u16 port)
{
	return port >= 0x100 && port <= 0xfff8 && !(port & 7) && port != PCI_CONFIG_PORTS;
}

/* Root itself needs that one. */
static bool is_apic(u64 phys)
{
	u64 base;

	rdmsrl(MSR_IA32_APICBASE, base);
	return (phys & PAGE_MASK) == (base & MSR_IA32_APICBASE_BASE & PTE_PFN_MASK);
}

/* Eight registers in one page, aligned as their accesses are; where there is no RAM. */
static bool memory_allowed(const struct uart_regs *regs)
{
	u64 last = regs->phys + (7ULL << regs->shift) + regs->width - 1;

	return (regs->width == 1 || regs->width == 4) && regs->shift <= 4 &&
	       1 << regs->shift >= regs->width && !(regs->phys & (regs->width - 1)) &&
	       regs->phys >= PAGE_SIZE && !is_apic(regs->phys) && !(last >> machine.caps.maxphyaddr) &&
	       regs->phys >> PAGE_SHIFT == last >> PAGE_SHIFT &&
	       region_intersects(regs->phys & PAGE_MASK, PAGE_SIZE, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) == REGION_DISJOINT;
}

/* Root has never looked at an entry that was not there, so none of its TLBs has it. */
static int map_page(u64 page, u64 va)
{
	return memory_map_root(&machine, va, page, ROOT_DEVICE_PTE);
}

static int map_registers(struct uart_regs *regs)
{
	u64 page = regs->phys & PAGE_MASK, va;
	unsigned int i;
	int error;

	for (i = 0; i < ROOT_UART_PAGES && mapped[i] && mapped[i] != page; i++)
		;
	if (i == ROOT_UART_PAGES)
		return -ENOSPC;
	va = ROOT_UART_VA + i * PAGE_SIZE;
	error = mapped[i] ? 0 : map_page(page, va);
	if (error)
		return error;
	mapped[i] = page;
	regs->memory = (volatile u8 *)va;
	return 0;
}

int uart_arm(const struct uart_regs *regs, u8 fifo, bool controller)
{
	struct hypercall_arm arm = { .regs = *regs, .fifo = fifo, .controller = controller };
	int error = 0;

	if (regs->port ? !port_allowed(regs->port) : !memory_allowed(regs))
		return -EOPNOTSUPP;
	if (!regs->port)
		error = map_registers(&arm.regs);
	if (error)
		return error;
	switch (root_call(HYPERCALL_ARM, (u64)&arm, 0)) {
	case LINE_ARMED:
		return 0;
	case LINE_NO_ROOM:
		return -ENOSPC;
	default:
		return -ENODEV;
	}
}

/* The forms that console=uart8250 uses. */
static const struct uart_form {
	const char *prefix;
	u8 width, shift; /* width 0: an I/O port */
} forms[] = {
	{ "io,", 0, 0 },
	{ "mmio,", 1, 0 },
	{ "mmio32,", 4, 2 },
};

int uart_parse(const char *text, struct uart_regs *regs)
{
	unsigned int i;
	size_t length;

	*regs = (struct uart_regs){ 0 };
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		length = strlen(forms[i].prefix);
		if (strncmp(text, forms[i].prefix, length))
			continue;
		regs->width = forms[i].width;
		regs->shift = forms[i].shift;
		return regs->width ? kstrtou64(text + length, 0, &regs->phys)
				   : kstrtou16(text + length, 0, &regs->port);
	}
	return -EINVAL;
}
