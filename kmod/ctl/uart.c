// SPDX-License-Identifier: GPL-2.0
/*
 * Which UART is behind a tty, as the kernel tells in /sys/class/tty, and whether root can drive it:
 * a 16550 or one of its relatives, by I/O port or in memory. User space; reads below the folder
 * that it is given.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "line.h"

/* Linux's UPIO_*, what io_type says. */
enum io_type {
	IO_PORT = 0,
	IO_MEM = 2,
	IO_MEM32 = 3,
};

/* Linux's PORT_*, what type says. */
enum uart_type {
	TYPE_UNKNOWN = 0,
	TYPE_16550 = 3, /* its FIFO does not work; those before it have none */
};

#define FIFO_MAX   16 /* what all with a FIFO have */
#define PAGE_BYTES 4096

static bool read_number(const char *folder, const char *name, unsigned long *value)
{
	char path[PATH_MAX], text[64], *end;
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(text, sizeof(text), file);
	fclose(file);
	if (!good)
		return false;
	*value = strtoul(text, &end, 0);
	return end > text;
}

/* Name of the driver behind the tty, or a word that says that there is none. */
static void driver_name(const char *folder, char *name, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/device/driver", folder);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	snprintf(name, size, "%s",
		 length > 0 && strrchr(target, '/') ? strrchr(target, '/') + 1 : "another driver");
}

/* What is no UART of the 8250 driver's at all. */
static bool is_8250(const char *folder, const char *tty, char *why, size_t size)
{
	char real[PATH_MAX], driver[64];
	unsigned long unused;

	if (!realpath(folder, real)) {
		snprintf(why, size, "there is no tty %s on this machine (see /sys/class/tty)", tty);
		return false;
	}
	if (strstr(real, "/usb")) {
		snprintf(why, size,
			 "%s is a USB serial adapter: root drives the UART itself while the "
			 "machine is halted, and cannot drive USB. Use a 16550 on the board or on "
			 "a PCI card; at gdb's end an adapter is fine",
			 tty);
		return false;
	}
	if (strstr(real, "/virtual/")) {
		snprintf(why, size, "%s is no serial port", tty);
		return false;
	}
	if (!read_number(folder, "type", &unused) || !read_number(folder, "io_type", &unused)) {
		driver_name(folder, driver, sizeof(driver));
		snprintf(why, size,
			 "%s belongs to %s, not to the kernel's 8250 driver: root cannot drive it",
			 tty, driver);
		return false;
	}
	return true;
}

/* Its registers must be eight I/O ports in a row. */
static bool has_ports(const char *folder, const char *tty, struct uart *uart, char *why,
		      size_t size)
{
	unsigned long port = 0, shift = 0;

	read_number(folder, "iomem_reg_shift", &shift);
	if (read_number(folder, "port", &port) && port >= 0x100 && port <= 0xfff8 && !(port & 7) &&
	    !shift) {
		uart->port = port;
		return true;
	}
	snprintf(why, size,
		 "%s: root cannot watch its registers (I/O port 0x%lx, spacing %lu): it takes "
		 "eight ports in a row, aligned",
		 tty, port, 1UL << shift);
	return false;
}

/* Kernel drivers of memory-mapped 16550s that move each byte by themselves. */
static bool is_without_dma(const char *driver)
{
	static const char *const known[] = { "serial8250", "serial", "exar_serial",
					     "8250_pericom" };

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(driver, known[i]))
			return true;
	return false;
}

/* Or eight registers in one page. */
static bool has_memory(const char *folder, const char *tty, unsigned long io_type,
		       struct uart *uart, char *why, size_t size)
{
	unsigned long memory = 0, shift = 0, width = io_type == IO_MEM32 ? 4 : 1;
	char driver[64];

	driver_name(folder, driver, sizeof(driver));
	read_number(folder, "iomem_base", &memory);
	read_number(folder, "iomem_reg_shift", &shift);
	if (!is_without_dma(driver)) {
		snprintf(why, size,
			 "%s (registers at 0x%lx, driver %s) may use DMA, past which root would "
			 "not see what arrives. Use a plain 16550, on the board or on a PCI card",
			 tty, memory, driver);
		return false;
	}
	if (!memory || shift > 4 || 1UL << shift < width ||
	    memory / PAGE_BYTES != (memory + (7 << shift) + width - 1) / PAGE_BYTES) {
		snprintf(why, size,
			 "%s: root cannot watch its registers (at 0x%lx, spacing %lu): it takes "
			 "eight in one page",
			 tty, memory, 1UL << shift);
		return false;
	}
	uart->memory = memory;
	uart->shift = shift;
	uart->width = width;
	return true;
}

static bool has_registers(const char *folder, const char *tty, struct uart *uart, char *why,
			  size_t size)
{
	unsigned long io_type = 0;

	*uart = (struct uart){ 0 };
	read_number(folder, "io_type", &io_type);
	switch (io_type) {
	case IO_PORT:
		return has_ports(folder, tty, uart, why, size);
	case IO_MEM:
	case IO_MEM32:
		return has_memory(folder, tty, io_type, uart, why, size);
	default:
		snprintf(why, size,
			 "%s: root cannot drive its registers (the kernel's io_type %lu): it takes "
			 "I/O ports, or memory with accesses of 8 or 32 bits",
			 tty, io_type);
		return false;
	}
}

bool uart_describe(const char *sys, const char *tty, struct uart *uart, char *why, size_t size)
{
	unsigned long type = TYPE_UNKNOWN, fifo = 1, clock = 0;
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/class/tty/%s", sys, tty);
	if (!is_8250(folder, tty, why, size))
		return false;
	read_number(folder, "type", &type);
	if (type == TYPE_UNKNOWN) {
		snprintf(why, size, "there is no UART behind %s: the kernel has found none", tty);
		return false;
	}
	if (!has_registers(folder, tty, uart, why, size))
		return false;
	read_number(folder, "xmit_fifo_size", &fifo);
	read_number(folder, "uartclk", &clock);
	uart->fifo = type <= TYPE_16550 || !fifo ? 1 : fifo > FIFO_MAX ? FIFO_MAX : fifo;
	uart->fastest = clock / 16;
	return true;
}
