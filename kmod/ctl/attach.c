// SPDX-License-Identifier: GPL-2.0
/*
 * `hvgdbctl attach`: holds the debug line open in user space and rings at /dev/hvgdb when bytes
 * arrive, so that gdb's first packet or Ctrl-C halts the machine; and puts on the line what the
 * machine says to gdb while it runs. User space.
 *
 * It never interprets the bytes: root has seen them as the driver read them, and tells how many of
 * them it has dealt with. Those are still in the tty and are thrown away here, exactly as many
 * (D1).
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl.h"
#include "forward.h"
#include "line.h"

#define LOCKS "/run/lock"

struct wish {
	const char *tty;
	const char *baud;
	bool share; /* the console may be on the line too */
};

static struct attached {
	struct tty tty;
	struct uart uart;
	unsigned long baud;
	speed_t speed;
	char lock[128];
	int device;
	uint64_t read;	   /* bytes taken from the tty since the attach */
	uint64_t consumed; /* bytes that root has dealt with, by its own count */
} line;

static char why[WHY_MAX];

__attribute__((noreturn)) static void refuse(void)
{
	fail(EXIT_FAILED, "%s", why);
}

/* Nobody else may read from the line, and nobody write to it who was not announced. */
static void look_for_rivals(const struct wish *wish)
{
	struct rival rival;

	if (!wish->share && rivals_console("/sys", line.tty.name))
		fail(EXIT_FAILED,
		     "the kernel's console is on %s: its messages would run into gdb's packets. "
		     "Boot without console=%s, or give --share and put hvsplit.py between the "
		     "line and gdb (see hvgdbctl(8), SHARING A LINE)",
		     line.tty.name, line.tty.name);
	if (rivals_process("/proc", line.tty.name, wish->share, &rival)) {
		rivals_explain(&rival, line.tty.name, why, sizeof(why));
		refuse();
	}
}

static void take_lock(void)
{
	if (!lock_take(LOCKS, line.tty.name, line.lock, sizeof(line.lock), why, sizeof(why)))
		refuse();
}

static void drop_lock(void)
{
	lock_drop(line.lock, getpid());
}

static void give_back(void)
{
	tty_restore(&line.tty);
	drop_lock();
	guard_dismiss();
}

/* From here on every end gives it back: by give_back(), or by the guard. */
static void take_tty(const struct wish *wish)
{
	take_lock();
	atexit(drop_lock);
	look_for_rivals(wish);
	if (!tty_open(&line.tty, why, sizeof(why)))
		refuse();
	guard_start(&line.tty, line.lock);
	atexit(give_back);
}

static void arm(void)
{
	struct hvgdb_attach attach = {
		.size = sizeof(attach),
		.baud = line.baud,
		.io_port = line.uart.port,
		.fifo = line.uart.fifo,
		.memory = line.uart.memory,
		.width = line.uart.width,
		.shift = line.uart.shift,
	};

	strcpy(attach.tty, line.tty.name);
	tcflush(line.tty.fd, TCIFLUSH);
	if (!ioctl(line.device, HVGDB_ATTACH, &attach)) {
		line.consumed = attach.consumed;
		return;
	}
	if (errno == EBUSY)
		fail(EXIT_FAILED, "the debug line is held by %s (pid %d)", attach.holder.name,
		     attach.holder.pid);
	fail(EXIT_FAILED, "%s cannot be armed: %s", line.tty.name,
	     errno == EOPNOTSUPP ? "hvgdb cannot drive this UART"
	     : errno == ENODEV	 ? "nothing answers at its registers"
				 : strerror(errno));
}

/*
 * Two different settings: the driver programs the UART only when something changes, and root learns
 * what it programs by watching.
 */
static void take_line(void)
{
	if (!tty_set_raw(&line.tty, line.speed == B9600 ? B19200 : B9600, why, sizeof(why)))
		refuse();
	arm();
	if (!tty_set_raw(&line.tty, line.speed, why, sizeof(why)))
		refuse();
	if (baud_actual(line.tty.fd) != line.baud)
		fail(EXIT_FAILED, "%s does not run at %lu baud%s", line.tty.name, line.baud,
		     line.uart.fastest && line.uart.fastest < line.baud
			     ? ": its clock is too slow; give a lower --baud here and in gdb"
			     : "");
	tty_set_low_latency(&line.tty);
}

static void ring(void)
{
	struct hvgdb_doorbell bell = { .size = sizeof(bell) };

	if (ioctl(line.device, HVGDB_DOORBELL, &bell))
		fail(EXIT_FAILED, "ringing failed: %s",
		     errno == ENODEV ? "hvgdb has left the CPUs" : strerror(errno));
	line.consumed = bell.consumed;
}

static void take_bytes(void)
{
	char bytes[256];
	ssize_t n = read(line.tty.fd, bytes, sizeof(bytes));

	if (n <= 0)
		fail(EXIT_FAILED, "%s is gone: %s", line.tty.name,
		     n ? strerror(errno) : "end of file");
	line.read += n;
	/* All of it may be what root took from the driver during the last halt. */
	if (line.read > line.consumed)
		ring();
}

/* What the machine says to gdb while it runs: one packet, whole. */
static void pass_text(void)
{
	char packet[HVGDB_PACKET_MAX];
	ssize_t length = read(line.device, packet, sizeof(packet)), done = 0, n;

	while (done < length) {
		n = write(line.tty.fd, packet + done, length - done);
		if (n < 0 && errno != EINTR)
			return;
		done += n > 0 ? n : 0;
	}
}

/* gdb wants a file. It is written beside us: the line cannot wait. */
static void save_trace(void)
{
	struct hvgdb_trace_file wanted = { .size = sizeof(wanted) };

	if (!ioctl(line.device, HVGDB_TRACE_FILE, &wanted))
		trace_save_beside(wanted.name);
}

/* Waits in interrupt mode: it sleeps until the driver has bytes. */
static void serve(void)
{
	struct pollfd polls[] = {
		{ .fd = line.tty.fd, .events = POLLIN },
		{ .fd = line.device, .events = POLLIN | POLLRDBAND },
	};

	while (wait_for_any(polls, ARRAY_SIZE(polls))) {
		if (polls[0].revents)
			take_bytes();
		if (polls[1].revents & POLLIN)
			pass_text();
		if (polls[1].revents & POLLRDBAND)
			save_trace();
	}
}

static int attach(const struct wish *wish)
{
	if (!baud_speed(wish->baud, &line.baud, &line.speed, why, sizeof(why)))
		fail(EXIT_USAGE, "%s", why);
	if (!tty_find(wish->tty, &line.tty, why, sizeof(why)) ||
	    !uart_describe("/sys", line.tty.name, &line.uart, why, sizeof(why)))
		refuse();
	catch_signals();
	/* Before anything is open that the child would keep open. */
	forward_in_child();
	take_tty(wish);
	/* Behind the guard, which is not to hold the device: when we end the line is disarmed. */
	line.device = device_open();
	take_line();
	mlockall(MCL_CURRENT | MCL_FUTURE);
	say("%s is the debug line, at %lu baud", line.tty.name, line.baud);
	notify_ready("%s at %lu baud is the debug line", line.tty.name, line.baud);
	serve();
	notify_stopping();
	ioctl(line.device, HVGDB_DETACH);
	say("%s is given back", line.tty.name);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "baud", required_argument, NULL, 'b' },
		{ "share", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct wish wish = { .baud = "115200" };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b')
			wish.baud = optarg;
		else if (option == 's')
			wish.share = true;
		else
			return EXIT_USAGE;
	}
	if (argc - optind != 1) {
		complain("attach takes one line, as in `hvgdbctl attach ttyS0`");
		return EXIT_USAGE;
	}
	wish.tty = argv[optind];
	return attach(&wish);
}

const struct command attach_command = {
	.name = "attach",
	.usage = "attach TTY [--baud N] [--share]",
	.summary = "make a serial line the debug line, until this program is stopped",
	.help = "gdb at the other end of TTY (ttyS0, /dev/ttyS0, ...) can then attach with\n"
		"`target remote`. TTY has to be a 16550 or a relative of it without DMA, on the\n"
		"board or on a PCI card. However this program ends, the line is given back as it "
		"was.\n\n"
		"  --baud N   bits per second (default 115200), as `set serial baud` in gdb\n"
		"  --share    the kernel's console may be on the same line; gdb then needs\n"
		"             hvsplit.py between itself and the line\n",
	.run = run,
};
