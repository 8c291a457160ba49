// SPDX-License-Identifier: GPL-2.0
/*
 * `hvgdbctl attach`: holds the debug line open in user space and rings at /dev/hvgdb when bytes
 * arrive, so that gdb's first packet or Ctrl-C halts the machine. User space.
 *
 * It never interprets the bytes: root has seen them as the driver read them, and tells how many of
 * them it has dealt with. Those are still in the tty and are thrown away here, exactly as many
 * (D1).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <linux/serial.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

struct line {
	const char *name;
	int tty, device;
	struct termios before;
	uint64_t read;	   /* bytes taken from the tty since the attach */
	uint64_t consumed; /* bytes that root has dealt with, by its own count */
};

static speed_t speed_of(const char *baud)
{
	static const struct {
		unsigned long baud;
		speed_t speed;
	} speeds[] = {
		{ 9600, B9600 },     { 19200, B19200 },	  { 38400, B38400 },   { 57600, B57600 },
		{ 115200, B115200 }, { 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 },
	};
	char *end;
	unsigned long value = strtoul(baud, &end, 10);

	for (size_t i = 0; *baud && !*end && i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i].baud == value)
			return speeds[i].speed;
	fail(EXIT_USAGE,
	     "--baud %s: give 9600, 19200, 38400, 57600, 115200, 230400, 460800 or 921600", baud);
}

static void open_tty(struct line *line)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", line->name[0] == '/' ? "" : "/dev/", line->name);
	line->tty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (line->tty < 0)
		fail(1, "%s: %s", path,
		     errno == EBUSY ? "another program holds the line exclusively"
				    : strerror(errno));
	if (tcgetattr(line->tty, &line->before))
		fail(1, "%s is not a terminal line", path);
	if (ioctl(line->tty, TIOCEXCL))
		fail(1, "%s cannot be opened exclusively: %s", path, strerror(errno));
	fcntl(line->tty, F_SETFL, 0);
}

/* The 16550's I/O port, as the kernel's driver knows it. */
static uint16_t io_port(const struct line *line)
{
	struct serial_struct serial;

	if (ioctl(line->tty, TIOCGSERIAL, &serial))
		fail(1, "%s is not a serial port of the kernel's: %s", line->name, strerror(errno));
	if (serial.type == PORT_UNKNOWN || serial.io_type != SERIAL_IO_PORT || !serial.port)
		fail(1, "%s is not a 16550 by I/O port: hvgdb cannot drive it", line->name);
	return serial.port;
}

static void set_raw(const struct line *line, speed_t speed)
{
	struct termios raw = line->before;

	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	raw.c_cflag &= ~(CRTSCTS | CSTOPB);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	cfsetspeed(&raw, speed);
	if (tcsetattr(line->tty, TCSANOW, &raw))
		fail(1, "%s does not take these settings: %s", line->name, strerror(errno));
}

static void set_low_latency(const struct line *line)
{
	struct serial_struct serial;

	if (ioctl(line->tty, TIOCGSERIAL, &serial))
		return;
	serial.flags |= ASYNC_LOW_LATENCY;
	ioctl(line->tty, TIOCSSERIAL, &serial);
}

static void arm(struct line *line, unsigned int baud)
{
	struct hvgdb_attach attach = {
		.size = sizeof(attach),
		.baud = baud,
		.io_port = io_port(line),
	};

	line->device = device_open();
	tcflush(line->tty, TCIFLUSH);
	if (ioctl(line->device, HVGDB_ATTACH, &attach))
		fail(1, "%s cannot be armed: %s", line->name,
		     errno == EBUSY	   ? "another hvgdbctl holds the debug line"
		     : errno == EOPNOTSUPP ? "hvgdb cannot drive this UART"
					   : strerror(errno));
	line->consumed = attach.consumed;
}

static void ring(struct line *line)
{
	struct hvgdb_doorbell bell = { .size = sizeof(bell) };

	if (ioctl(line->device, HVGDB_DOORBELL, &bell))
		fail(1, "ringing failed: %s", strerror(errno));
	line->consumed = bell.consumed;
}

/* Waits in interrupt mode: read() sleeps until the driver has bytes. */
static void serve(struct line *line)
{
	char bytes[256];
	ssize_t n;

	while (wait_for(line->tty, POLLIN)) {
		n = read(line->tty, bytes, sizeof(bytes));
		if (n <= 0)
			fail(1, "%s is gone: %s", line->name, n ? strerror(errno) : "end of file");
		line->read += n;
		/* All of it may be what root took from the driver during the last halt. */
		if (line->read > line->consumed)
			ring(line);
	}
}

static int attach(const char *tty, const char *baud)
{
	struct line line = { .name = tty };
	speed_t speed = speed_of(baud);

	catch_signals();
	mlockall(MCL_CURRENT | MCL_FUTURE);
	open_tty(&line);
	/*
	 * Two different settings: the driver programs the UART only when something changes, and
	 * root learns what it programs by watching.
	 */
	set_raw(&line, speed == B9600 ? B19200 : B9600);
	arm(&line, strtoul(baud, NULL, 10));
	set_raw(&line, speed);
	set_low_latency(&line);
	printf("%s is the debug line, at %s baud\n", tty, baud);
	fflush(stdout);
	serve(&line);
	ioctl(line.device, HVGDB_DETACH);
	tcsetattr(line.tty, TCSANOW, &line.before);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "baud", required_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 },
	};
	const char *baud = "115200";
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'b')
			return EXIT_USAGE;
		baud = optarg;
	}
	if (argc - optind != 1)
		fail(EXIT_USAGE, "attach takes one line: hvgdbctl attach ttyS0");
	return attach(argv[optind], baud);
}

const struct command attach_command = {
	.name = "attach",
	.usage = "attach TTY [--baud N]",
	.summary = "make a serial line the debug line, until this program is stopped",
	.help = "gdb at the other end of TTY (say, ttyS0) can then attach with `target remote`.\n\n"
		"  --baud N   bits per second (default 115200)\n",
	.run = run,
};
