// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into Bochs: its display is a VNC server on all interfaces without a password, of which the harness
 * needs nothing but a way to press "suspend". This confines every listening socket of Bochs to the loopback.
 * Its serial ports write byte by byte: without TCP_NODELAY each answer would wait 40 ms for an acknowledgement.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <unistd.h>

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_in local;

	if (address->sa_family != AF_INET || size != sizeof(local))
		return syscall(SYS_bind, fd, address, size);
	local = *(const struct sockaddr_in *)address;
	local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return syscall(SYS_bind, fd, &local, size);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	int on = 1;

	syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return syscall(SYS_connect, fd, address, size);
}
