// SPDX-License-Identifier: GPL-2.0
/*
 * `hvgdbctl serve`: gdb on the machine that it looks at, through a pseudo terminal or a TCP port on
 * loopback. Carries bytes between gdb and /dev/hvgdb; what they mean root knows. User space.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

static char reply[HVGDB_LOCAL_OUT_MAX];

/* False if gdb has gone. It may be slow to read, and we are to end meanwhile: so this never blocks.
 */
static bool write_all(int gdb, const char *bytes, size_t length)
{
	ssize_t done;

	while (length) {
		if (!wait_for(gdb, POLLOUT))
			return false;
		done = write(gdb, bytes, length);
		if (done < 0 && errno == EAGAIN)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		length -= done;
	}
	return true;
}

static void call_root(int device, struct hvgdb_local *local)
{
	if (!ioctl(device, HVGDB_LOCAL, local))
		return;
	if (errno == EBUSY)
		fail(EXIT_FAILED, "%s (pid %d) serves a gdb already", local->holder.name,
		     local->holder.pid);
	fail(EXIT_FAILED, "%s: %s", HVGDB_DEVICE, strerror(errno));
}

/* All of the bytes, in as many calls as it takes. */
static bool pass_on(int device, int gdb, const char *bytes, size_t length)
{
	struct hvgdb_local local = { .size = sizeof(local) };

	local.out = (uintptr_t)reply;
	do {
		local.in = (uintptr_t)bytes;
		local.in_length = length;
		call_root(device, &local);
		if (!write_all(gdb, reply, local.out_length))
			return false;
		bytes += local.in_taken;
		length -= local.in_taken;
	} while (length);
	return true;
}

/* Makes the session ours, and root forget the gdb before: it may have been killed in mid-packet. */
static void start_session(int device)
{
	struct hvgdb_local local = { .size = sizeof(local), .reset = 1 };

	local.out = (uintptr_t)reply;
	call_root(device, &local);
}

/* Until gdb leaves, or somebody stops us. */
static void serve_one(int device, int gdb)
{
	char bytes[HVGDB_LOCAL_IN_MAX];
	bool going = true;
	ssize_t length;

	fcntl(gdb, F_SETFL, O_NONBLOCK);
	while (going && wait_for(gdb, POLLIN)) {
		length = read(gdb, bytes, sizeof(bytes));
		if (length < 0 && errno == EAGAIN)
			continue;
		going = length > 0 && pass_on(device, gdb, bytes, length);
	}
	start_session(device);
}

static int serve_pty(int device)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct termios raw;
	char path[64];

	if (master < 0 || grantpt(master) || unlockpt(master) ||
	    ptsname_r(master, path, sizeof(path)))
		fail(EXIT_FAILED, "no pseudo terminal: %s", strerror(errno));
	/* Held open: between two gdbs the master would see an error without end. */
	slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || tcgetattr(slave, &raw))
		fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	printf("target remote %s\n", path);
	fflush(stdout);
	notify_ready("serving gdb at %s", path);
	serve_one(device, master);
	return 0;
}

/*
 * Loopback is open to every user of the machine, and this port is as good as root: who is at the
 * other end is in the kernel's list of sockets, by the user that owns it.
 */
static bool owner_of_peer(const struct sockaddr_in *peer, const struct sockaddr_in *self,
			  unsigned int *uid)
{
	unsigned int from, from_port, to, to_port;
	FILE *list = fopen("/proc/net/tcp", "re");
	char line[256];
	bool found = false;

	while (list && !found && fgets(line, sizeof(line), list))
		found = sscanf(line, " %*u: %8X:%4X %8X:%4X %*X %*s %*s %*s %u", &from, &from_port,
			       &to, &to_port, uid) == 5 &&
			from == peer->sin_addr.s_addr && from_port == ntohs(peer->sin_port) &&
			to == self->sin_addr.s_addr && to_port == ntohs(self->sin_port);
	if (list)
		fclose(list);
	return found;
}

static bool may_connect(int gdb, unsigned int allowed)
{
	struct sockaddr_in peer, self;
	socklen_t peer_size = sizeof(peer), self_size = sizeof(self);
	unsigned int uid;

	if (getpeername(gdb, (struct sockaddr *)&peer, &peer_size) ||
	    getsockname(gdb, (struct sockaddr *)&self, &self_size) ||
	    !owner_of_peer(&peer, &self, &uid)) {
		warn("a connection was refused: its owner is not known");
		return false;
	}
	if (uid != 0 && uid != allowed) {
		warn("a connection of user %u was refused; --uid %u allows it", uid, uid);
		return false;
	}
	return true;
}

static int listen_on(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int one = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (server < 0 || setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 1) ||
	    getsockname(server, (struct sockaddr *)&address, &size))
		fail(EXIT_FAILED, "port %u on loopback: %s", port, strerror(errno));
	printf("target remote localhost:%u\n", ntohs(address.sin_port));
	fflush(stdout);
	notify_ready("serving gdb at localhost:%u", ntohs(address.sin_port));
	return server;
}

static int serve_tcp(int device, unsigned int port, unsigned int uid)
{
	int one = 1, gdb, server = listen_on(port);

	while (wait_for(server, POLLIN)) {
		gdb = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		if (gdb < 0)
			continue;
		setsockopt(gdb, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (may_connect(gdb, uid))
			serve_one(device, gdb);
		close(gdb);
	}
	return 0;
}

static unsigned int number(const char *option, const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > max)
		fail(EXIT_USAGE, "%s %s: give a number up to %lu", option, text, max);
	return value;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pty", no_argument, NULL, 'p' },
		{ "tcp", required_argument, NULL, 't' },
		{ "uid", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int port = 0, uid = 0;
	bool pty = false, tcp = false;
	int option, device;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			pty = true;
		else if (option == 't')
			port = number("--tcp", optarg, 65535);
		else if (option == 'u')
			uid = number("--uid", optarg, UINT32_MAX - 1);
		else
			return EXIT_USAGE;
		tcp |= option == 't';
	}
	if (optind != argc || pty == tcp) {
		complain("serve takes either --pty or --tcp PORT");
		return EXIT_USAGE;
	}
	catch_signals();
	device = device_open();
	start_session(device);
	return pty ? serve_pty(device) : serve_tcp(device, port, uid);
}

const struct command serve_command = {
	.name = "serve",
	.usage = "serve --pty\n"
		 "serve --tcp PORT [--uid UID]",
	.summary = "let a gdb on this very machine look at it while it runs",
	.help = "gdb sees a moment: the registers of all CPUs as they were when it attached or\n"
		"pressed Ctrl-C, and memory as it is. `continue` waits for the next Ctrl-C.\n"
		"What would halt the machine (breakpoints, steps) is refused; tracepoints, rules\n"
		"with scripts and everything else work. The first line of output is the gdb\n"
		"command that connects.\n\n"
		"  --pty       a pseudo terminal, for root\n"
		"  --tcp PORT  a port on loopback, for processes of root; 0 chooses a free one\n"
		"  --uid UID   also for processes of this user, who thereby becomes as good as "
		"root\n",
	.run = run,
};
