// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of the debug line's UART: how they are reached, and how the guest's own accesses to
 * them come to be seen. By I/O port that is the I/O bitmap; in memory it is a page that the EPT
 * does not map while the line is armed, so that each access is carried out by root (exit_mmio.c).
 * Root.
 */
#include "root.h"
#include "instr.h"

#define PAGE_OFFSET_MASK (HV_PAGE_SIZE - 1)

static u64 page_of(u64 address)
{
	return address & ~(u64)PAGE_OFFSET_MASK;
}

static volatile u8 *register_at(const struct uart_regs *regs, unsigned int reg)
{
	return regs->memory + (regs->phys & PAGE_OFFSET_MASK) + (reg << regs->shift);
}

u8 uart_read(const struct uart_regs *regs, unsigned int reg)
{
	if (regs->port)
		return port_in8(regs->port + reg);
	if (regs->width == 4)
		return *(volatile u32 *)register_at(regs, reg);
	return *register_at(regs, reg);
}

void uart_write(const struct uart_regs *regs, unsigned int reg, u8 value)
{
	if (regs->port)
		port_out8(regs->port + reg, value);
	else if (regs->width == 4)
		*(volatile u32 *)register_at(regs, reg) = value;
	else
		*register_at(regs, reg) = value;
}

/* The ports are eight in a row, aligned: one byte of the bitmap. */
static void watch_ports(struct machine *m, u16 port, bool watch)
{
	m->io_bitmap[port >> 15][(port & 0x7fff) / 8] = watch ? 0xff : 0;
}

static bool watch_page(struct machine *m, u64 page, bool watch)
{
	unsigned int access = watch ? 0 : VMX_EPT_RWX_MASK;

	if (ept_split(&m->ept, page, EPT_LEVEL_4K) ||
	    (m->debug_eptp && ept_split(&m->debug_ept, page, EPT_LEVEL_4K)))
		return false;
	ept_set_access(&m->ept, page, access);
	if (m->debug_eptp)
		ept_set_access(&m->debug_ept, page, access);
	return true;
}

bool uart_watch(struct machine *m, const struct uart_regs *regs, bool watch)
{
	if (!regs->port)
		return watch_page(m, page_of(regs->phys), watch);
	watch_ports(m, regs->port, watch);
	return true;
}

bool uart_watches(const struct machine *m, u64 gpa)
{
	const struct line *line = &m->line;

	return line->armed && !line->regs.port && page_of(gpa) == page_of(line->regs.phys);
}

unsigned int uart_port_register(const struct machine *m, u16 port)
{
	unsigned int reg = port - m->line.regs.port;

	return m->line.regs.port && reg < UART_REGISTERS ? reg : UART_REGISTERS;
}

unsigned int uart_memory_register(const struct machine *m, u64 gpa)
{
	const struct uart_regs *regs = &m->line.regs;
	u64 offset = gpa - regs->phys;

	if (offset >> regs->shift >= UART_REGISTERS || offset & (BIT64(regs->shift) - 1))
		return UART_REGISTERS;
	return offset >> regs->shift;
}
