// SPDX-License-Identifier: GPL-2.0
/*
 * The stub with the fake target behind a TCP port, for a real gdb: `stub_server` prints its port,
 * serves one connection after the other (the machine lives on) and ends when the last of
 * `stub_server COUNT [VMLINUX [agent]]` is closed. With `agent` it evaluates conditions, runs
 * commands and has tracepoints. User space only.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/stub_agent.h"
#include "fake_target.h"

static struct fake machine;

static void flush(int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < machine.out_len) {
		n = write(fd, machine.out + done, machine.out_len - done);
		if (n <= 0)
			break;
		done += n;
	}
	fake_forget_output(&machine);
}

static void handle(enum rsp_verdict verdict, bool *first)
{
	if (verdict == RSP_RESUME || verdict == RSP_DETACH) {
		machine.running = true;
		*first = true;
	}
	if (verdict == RSP_DETACH)
		for (int i = 1; i <= FAKE_CPUS; i++)
			machine.s.actions[i].kind = RSP_CONT;
	if (verdict == RSP_INTERRUPT)
		fake_halt(&machine, 1, RSP_SIGINT, RSP_STOP_PLAIN);
	if (verdict == RSP_ATTACH) {
		machine.running = false;
		machine.stop = (struct rsp_stop){ .thread = 1, .signal = RSP_SIGINT };
	}
}

/* A slice of guest time; the stop reply if it ends in a stop. */
static void run(bool *first)
{
	int i;

	for (i = 0; i < 1000 && machine.running; i++) {
		if (fake_execute(&machine, *first)) {
			machine.running = false;
			rsp_stopped(&machine.rsp);
		}
		*first = false;
	}
}

static void serve(int fd)
{
	u8 buf[4096];
	bool first = false;
	ssize_t n, i;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (machine.running)
			run(&first);
		flush(fd);
		if (!poll(&p, 1, machine.running ? 1 : -1))
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return;
		for (i = 0; i < n; i++)
			handle(rsp_feed(&machine.rsp, buf[i]), &first);
		flush(fd);
	}
}

static int listen_anywhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 4) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len)) {
		perror("stub_server");
		exit(1);
	}
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	int fd, listener, count = argc > 1 ? atoi(argv[1]) : 1;

	fake_init(&machine);
	if (argc > 3)
		stub_agent_install(&machine);
	machine.text = FAKE_CODE;
	machine.exec_path = argc > 2 ? argv[2] : NULL;
	rsp_abandon(&machine.rsp);
	machine.running = true;
	for (listener = listen_anywhere(); count > 0; count--) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			return 1;
		serve(fd);
		close(fd);
	}
	return 0;
}
