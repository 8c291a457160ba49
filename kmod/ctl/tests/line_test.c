// SPDX-License-Identifier: GPL-2.0
/* Lines, their UARTs, locks and rivals, in folders made for the purpose. User space. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod/ctl/ctl.h"
#include "kmod/ctl/line.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

static char top[] = "/tmp/hvgdb-line-test-XXXXXX";
static char why[WHY_MAX];

/* A file below top, with the folders that lead to it. */
static void put(const char *contents, const char *format, ...)
{
	char path[PATH_MAX], *slash;
	va_list args;
	FILE *file;
	int length = snprintf(path, sizeof(path), "%s/", top);

	va_start(args, format);
	vsnprintf(path + length, sizeof(path) - length, format, args);
	va_end(args);
	for (slash = path + length; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(contents, file);
	fclose(file);
}

static void put_link(const char *target, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

/* A tty of the 8250 driver's. */
static void put_uart(const char *tty, const char *bus, int type, int io_type, const char *port,
		     int shift, int fifo)
{
	char text[64], name[PATH_MAX], target[PATH_MAX];
	const struct {
		const char *name;
		int value;
	} numbers[] = {
		{ "type", type },	    { "io_type", io_type }, { "iomem_reg_shift", shift },
		{ "xmit_fifo_size", fifo }, { "uartclk", 1843200 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		snprintf(text, sizeof(text), "%d\n", numbers[i].value);
		put(text, "sys/devices/%s/%s/%s", bus, tty, numbers[i].name);
	}
	put(port, "sys/devices/%s/%s/port", bus, tty);
	put("0xFE036000\n", "sys/devices/%s/%s/iomem_base", bus, tty);
	snprintf(target, sizeof(target), "%s/sys/devices/%s/%s", top, bus, tty);
	snprintf(name, sizeof(name), "sys/class/tty/%s", tty);
	put("", "sys/class/tty/placeholder");
	put_link(target, name);
}

static bool describe(const char *tty, struct uart *uart)
{
	char sys[PATH_MAX];

	*why = '\0';
	snprintf(sys, sizeof(sys), "%s/sys", top);
	return uart_describe(sys, tty, uart, why, sizeof(why));
}

static void accepts(const char *tty, unsigned int port, unsigned int fifo)
{
	struct uart uart;

	if (!describe(tty, &uart))
		fail_msg("%s: %s", tty, why);
	assert_int_equal(uart.port, port);
	assert_int_equal(uart.fifo, fifo);
	assert_int_equal(uart.fastest, 115200);
}

static void refuses(const char *tty, const char *word)
{
	struct uart uart;

	assert_false(describe(tty, &uart));
	if (!strstr(why, word))
		fail_msg("no \"%s\" in \"%s\"", word, why);
}

static void test_uart_taken(void **state)
{
	(void)state;
	put_uart("ttyS0", "pnp0/00:04/tty", 4, 0, "0x3F8\n", 0, 16);
	accepts("ttyS0", 0x3f8, 16);
	put_uart("ttyS4", "pci0000:00/0000:02:00.0/tty", 6, 0, "0xE050\n", 0, 32);
	accepts("ttyS4", 0xe050, 16);
	put_uart("ttyS5", "pnp0/00:05/tty", 1, 0, "0x2E8\n", 0, 1);
	accepts("ttyS5", 0x2e8, 1);
	/* A 16550 without the A: its FIFO does not work, whatever the driver says. */
	put_uart("ttyS6", "pnp0/00:06/tty", 3, 0, "0x3E8\n", 0, 16);
	accepts("ttyS6", 0x3e8, 1);
}

static void test_uart_in_memory(void **state)
{
	struct uart uart;

	(void)state;
	put_uart("ttyS14", "pci0000:00/0000:06:00.0/tty", 4, 3, "0x0\n", 2, 16);
	put("", "sys/devices/pci0000:00/0000:06:00.0/tty/ttyS14/device/x");
	put_link("/sys/bus/pci/drivers/serial",
		 "sys/devices/pci0000:00/0000:06:00.0/tty/ttyS14/device/driver");
	assert_true(describe("ttyS14", &uart));
	assert_int_equal(uart.port, 0);
	assert_int_equal(uart.memory, 0xfe036000);
	assert_int_equal(uart.width, 4);
	assert_int_equal(uart.shift, 2);
	put_uart("ttyS14", "pci0000:00/0000:06:00.0/tty", 4, 2, "0x0\n", 0, 16);
	assert_true(describe("ttyS14", &uart));
	assert_int_equal(uart.width, 1);
	assert_int_equal(uart.shift, 0);
}

static void test_uart_refused(void **state)
{
	(void)state;
	put_uart("ttyS7", "pci0000:00/0000:00:1e.0/tty", 4, 2, "0x0\n", 2, 64);
	put_link("/sys/bus/platform/drivers/dw-apb-uart", "sys/devices/pci0000:00/driver");
	put("", "sys/devices/pci0000:00/0000:00:1e.0/tty/ttyS7/device/x");
	put_link("/sys/bus/platform/drivers/dw-apb-uart",
		 "sys/devices/pci0000:00/0000:00:1e.0/tty/ttyS7/device/driver");
	refuses("ttyS7", "(registers at 0xfe036000, driver dw-apb-uart) may use DMA");
	put_uart("ttyS8", "platform/serial8250/tty", 0, 0, "0x0\n", 0, 0);
	refuses("ttyS8", "no UART behind ttyS8");
	put_uart("ttyS9", "pnp0/00:09/tty", 4, 0, "0x3F9\n", 0, 16);
	refuses("ttyS9", "eight ports in a row");
	put_uart("ttyS10", "pnp0/00:10/tty", 4, 0, "0x60\n", 0, 16);
	refuses("ttyS10", "I/O port 0x60");
	put_uart("ttyS11", "pci0000:00/0000:03:00.0/tty", 4, 0, "0xE000\n", 2, 16);
	refuses("ttyS11", "spacing 4");
	put_uart("ttyS12", "pci0000:00/0000:04:00.0/tty", 4, 3, "0x0\n", 1, 16);
	put("", "sys/devices/pci0000:00/0000:04:00.0/tty/ttyS12/device/x");
	put_link("/sys/bus/pci/drivers/serial",
		 "sys/devices/pci0000:00/0000:04:00.0/tty/ttyS12/device/driver");
	refuses("ttyS12", "eight in one page");
	put_uart("ttyS13", "pci0000:00/0000:05:00.0/tty", 4, 6, "0x0\n", 2, 16);
	refuses("ttyS13", "io_type 6");
	put_uart("ttyUSB0", "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/ttyUSB0/tty", 4, 0, "0\n", 0,
		 16);
	refuses("ttyUSB0", "USB serial adapter");
	put_uart("tty1", "virtual/tty", 4, 0, "0\n", 0, 16);
	refuses("tty1", "no serial port");
	put("", "sys/class/tty/ttyAMA0/device/x");
	put_link("/sys/bus/amba/drivers/uart-pl011", "sys/class/tty/ttyAMA0/device/driver");
	refuses("ttyAMA0", "belongs to uart-pl011");
	put("", "sys/class/tty/ttyX0/x");
	refuses("ttyX0", "belongs to another driver");
	refuses("ttyS99", "no tty ttyS99");
}

static void test_lock_contents(void **state)
{
	int32_t binary = 4711;

	(void)state;
	assert_int_equal(lock_owner("      1234\n", 11), 1234);
	assert_int_equal(lock_owner("1234", 4), 1234);
	assert_int_equal(lock_owner("       12 minicom root\n", 23), 12);
	assert_int_equal(lock_owner((char *)&binary, sizeof(binary)), 4711);
	assert_int_equal(lock_owner("", 0), 0);
	assert_int_equal(lock_owner("\n", 1), 0);
	assert_int_equal(lock_owner("hello\n", 6), 0);
	assert_int_equal(lock_owner("12x\n", 4), 0);
	assert_int_equal(lock_owner("-5\n", 3), 0);
	assert_int_equal(lock_owner("0\n", 2), 0);
}

static bool take(char *path)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/lock", top);
	return lock_take(folder, "ttyS0", path, PATH_MAX, why, sizeof(why));
}

/* The number of a process that has ended. */
static pid_t nobody(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	return child;
}

static void test_lock(void **state)
{
	char path[PATH_MAX], again[PATH_MAX], text[32];
	struct stat status;

	(void)state;
	put("", "lock/placeholder");
	assert_true(take(path));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 11);
	assert_int_equal(status.st_mode & 0777, 0644);
	/* It is ours, and we are alive. */
	assert_false(take(again));
	snprintf(text, sizeof(text), "process %d,", getpid());
	assert_non_null(strstr(why, text));
	lock_drop(path, getpid() + 1);
	assert_int_equal(stat(path, &status), 0);
	lock_drop(path, getpid());
	assert_int_equal(stat(path, &status), -1);
	lock_drop(path, getpid());
}

static void test_lock_stale(void **state)
{
	char path[PATH_MAX], text[32];

	(void)state;
	snprintf(text, sizeof(text), "%10d\n", nobody());
	put(text, "lock/LCK..ttyS0");
	assert_true(take(path));
	lock_drop(path, getpid());
	put("what is this", "lock/LCK..ttyS0");
	assert_false(take(path));
	assert_non_null(strstr(why, "names no process"));
	unlink(path);
}

static void test_lock_nowhere(void **state)
{
	char path[PATH_MAX] = "x";

	(void)state;
	assert_true(lock_take("/nowhere/at/all", "ttyS0", path, sizeof(path), why, sizeof(why)));
	assert_string_equal(path, "");
	lock_drop(path, getpid());
}

static void test_console(void **state)
{
	char sys[PATH_MAX];

	(void)state;
	snprintf(sys, sizeof(sys), "%s/sys", top);
	put("tty0 ttyS1\n", "sys/class/tty/console/active");
	assert_true(rivals_console(sys, "ttyS1"));
	assert_true(rivals_console(sys, "tty0"));
	assert_false(rivals_console(sys, "ttyS0"));
	assert_false(rivals_console(sys, "ttyS"));
	assert_false(rivals_console("/nowhere", "ttyS0"));
}

/* A process that has the device open. */
static void put_process(int pid, const char *comm, const char *cgroup, const char *flags)
{
	char name[64];

	put(comm, "proc/%d/comm", pid);
	put(cgroup, "proc/%d/cgroup", pid);
	put("", "proc/%d/fd/placeholder", pid);
	put(flags, "proc/%d/fdinfo/3", pid);
	snprintf(name, sizeof(name), "proc/%d/fd/3", pid);
	put_link("/dev/ttyS3", name);
}

static void test_rivals(void **state)
{
	char proc[PATH_MAX];
	struct rival rival;

	(void)state;
	snprintf(proc, sizeof(proc), "%s/proc", top);
	put("self\n", "proc/version");
	put("", "proc/17/fd/placeholder");
	assert_false(rivals_process(proc, "ttyS3", false, &rival));

	put_process(300, "logger\n", "0::/system.slice/logger.service\n",
		    "pos:\t0\nflags:\t0100001\n");
	assert_true(rivals_process(proc, "ttyS3", false, &rival));
	assert_int_equal(rival.pid, 300);
	assert_false(rivals_process(proc, "ttyS3", true, &rival));
	assert_false(rivals_process(proc, "ttyS33", false, &rival));

	put_process(312, "agetty\n",
		    "0::/system.slice/system-serial\\x2dgetty.slice/serial-getty@ttyS3.service\n",
		    "pos:\t0\nflags:\t0104002\nmnt_id:\t22\n");
	assert_true(rivals_process(proc, "ttyS3", true, &rival));
	assert_int_equal(rival.pid, 312);
	assert_string_equal(rival.name, "agetty");
	assert_string_equal(rival.unit, "serial-getty@ttyS3.service");
	rivals_explain(&rival, "ttyS3", why, sizeof(why));
	assert_non_null(strstr(why, "agetty (pid 312)"));
	assert_non_null(strstr(why, "`systemctl stop serial-getty@ttyS3.service`"));

	put("0::/\n", "proc/312/cgroup");
	assert_true(rivals_process(proc, "ttyS3", true, &rival));
	assert_string_equal(rival.unit, "");
	rivals_explain(&rival, "ttyS3", why, sizeof(why));
	assert_non_null(strstr(why, "kill 312"));
}

static void test_baud(void **state)
{
	unsigned long baud = 0;
	speed_t speed = 0;

	(void)state;
	assert_true(baud_speed("9600", &baud, &speed, why, sizeof(why)));
	assert_int_equal(speed, B9600);
	assert_true(baud_speed("4000000", &baud, &speed, why, sizeof(why)));
	assert_int_equal(baud, 4000000);
	assert_int_equal(speed, B4000000);
	assert_false(baud_speed("115201", &baud, &speed, why, sizeof(why)));
	assert_non_null(strstr(why, "4000000"));
	assert_false(baud_speed("", &baud, &speed, why, sizeof(why)));
	assert_false(baud_speed("9600x", &baud, &speed, why, sizeof(why)));
}

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uart_taken),   cmocka_unit_test(test_uart_in_memory),
		cmocka_unit_test(test_uart_refused), cmocka_unit_test(test_lock_contents),
		cmocka_unit_test(test_lock),	     cmocka_unit_test(test_lock_stale),
		cmocka_unit_test(test_lock_nowhere), cmocka_unit_test(test_console),
		cmocka_unit_test(test_rivals),	     cmocka_unit_test(test_baud),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
