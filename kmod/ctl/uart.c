// SPDX-License-Identifier: GPL-2.0
/*
 * Which UART is behind a tty, as the kernel tells in /sys/class/tty, and whether root can drive it:
 * a 16550 or one of its relatives, by I/O port. User space; reads below the folder that it is
 * given.
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
	IO_HUB6 = 1,
};

/* Linux's PORT_*, what type says. */
enum uart_type {
	TYPE_UNKNOWN = 0,
	TYPE_16550 = 3, /* its FIFO does not work; those before it have none */
};

#define FIFO_MAX 16 /* what all with a FIFO have */

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
static bool has_ports(const char *folder, const char *tty, unsigned long *port, char *why,
		      size_t size)
{
	unsigned long io_type = 0, shift = 0, memory = 0;
	char driver[64];

	read_number(folder, "io_type", &io_type);
	if (io_type == IO_PORT) {
		read_number(folder, "iomem_reg_shift", &shift);
		if (read_number(folder, "port", port) && *port >= 0x100 && *port <= 0xfff8 &&
		    !(*port & 7) && !shift)
			return true;
		snprintf(why, size,
			 "%s: root cannot watch its registers (I/O port 0x%lx, spacing %lu): it "
			 "takes eight ports in a row, aligned",
			 tty, *port, 1UL << shift);
		return false;
	}
	driver_name(folder, driver, sizeof(driver));
	read_number(folder, "iomem_base", &memory);
	snprintf(why, size,
		 "%s is %s (at 0x%lx, driver %s, which may use DMA): root drives a 16550 by I/O "
		 "port only, for there it sees what the kernel's driver does. Use such a port, on "
		 "the board or on a PCI card",
		 tty, io_type == IO_HUB6 ? "on a HUB6 card" : "memory-mapped", memory, driver);
	return false;
}

bool uart_describe(const char *sys, const char *tty, struct uart *uart, char *why, size_t size)
{
	unsigned long type = TYPE_UNKNOWN, port = 0, fifo = 1, clock = 0;
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/class/tty/%s", sys, tty);
	if (!is_8250(folder, tty, why, size))
		return false;
	read_number(folder, "type", &type);
	if (type == TYPE_UNKNOWN) {
		snprintf(why, size, "there is no UART behind %s: the kernel has found none", tty);
		return false;
	}
	if (!has_ports(folder, tty, &port, why, size))
		return false;
	read_number(folder, "xmit_fifo_size", &fifo);
	read_number(folder, "uartclk", &clock);
	uart->port = port;
	uart->fifo = type <= TYPE_16550 || !fifo ? 1 : fifo > FIFO_MAX ? FIFO_MAX : fifo;
	uart->fastest = clock / 16;
	return true;
}
