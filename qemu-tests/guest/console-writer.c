// SPDX-License-Identifier: GPL-2.0
/* console-writer TTY [BLOCKS]: writes 4 KiB blocks of numbered 16-byte lines ("00000001 ......\n"), so that loss shows. User space. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int blocks = argc > 2 ? atoi(argv[2]) : 1;
	int tty = argc > 1 ? open(argv[1], O_WRONLY | O_NOCTTY) : -1;
	char line[32];

	if (tty < 0) {
		perror("console-writer TTY [BLOCKS]");
		return 1;
	}
	for (int number = 0; number < blocks * 256; number++) {
		snprintf(line, sizeof(line), "%08d ......\n", number);
		if (write(tty, line, 16) != 16) {
			perror("console-writer: write");
			return 1;
		}
	}
	tcdrain(tty);
	return 0;
}
