// SPDX-License-Identifier: GPL-2.0
/*
 * ttyecho TTY: sends back every byte that arrives; for the harness's tests of its own line. Goes to the background
 * by itself once the line is set up. User space.
 */
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int tty = argc > 1 ? open(argv[1], O_RDWR | O_NOCTTY) : -1;
	struct termios mode;
	char bytes[256];
	ssize_t got;

	if (tty < 0 || tcgetattr(tty, &mode)) {
		perror("ttyecho TTY");
		return 1;
	}
	cfmakeraw(&mode);
	mode.c_cflag |= CLOCAL;
	cfsetspeed(&mode, B115200);
	tcsetattr(tty, TCSANOW, &mode);
	if (daemon(0, 0)) {
		perror("ttyecho");
		return 1;
	}
	while ((got = read(tty, bytes, sizeof(bytes))) > 0)
		if (write(tty, bytes, got) != got)
			return 1;
	return 0;
}
