// SPDX-License-Identifier: GPL-2.0
/* Baud rates: those that the kernel has names for, and what the driver made of one. User space. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl.h"
#include "line.h"

static const struct {
	unsigned long baud;
	speed_t speed;
} speeds[] = {
	{ 9600, B9600 },       { 19200, B19200 },     { 38400, B38400 },     { 57600, B57600 },
	{ 115200, B115200 },   { 230400, B230400 },   { 460800, B460800 },   { 500000, B500000 },
	{ 576000, B576000 },   { 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 },
	{ 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 }, { 3000000, B3000000 },
	{ 3500000, B3500000 }, { 4000000, B4000000 },
};

bool baud_speed(const char *text, unsigned long *baud, speed_t *speed, char *why, size_t size)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	size_t length;

	for (size_t i = 0; *text && !*end && i < ARRAY_SIZE(speeds); i++) {
		if (speeds[i].baud != value)
			continue;
		*baud = value;
		*speed = speeds[i].speed;
		return true;
	}
	length = snprintf(why, size, "--baud %.32s: give one of", text);
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		length += snprintf(why + length, size - length, " %lu", speeds[i].baud);
	return false;
}

unsigned long baud_actual(int tty)
{
	struct termios now;

	if (tcgetattr(tty, &now))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i].speed == cfgetospeed(&now))
			return speeds[i].baud;
	return 0;
}
