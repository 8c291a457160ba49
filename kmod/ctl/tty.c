// SPDX-License-Identifier: GPL-2.0
/* A tty as hvgdbctl holds it: alone, raw, quick, and as it was when it is given back. User space.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ctl.h"
#include "line.h"

bool tty_find(const char *text, struct tty *tty, char *why, size_t size)
{
	char path[PATH_MAX], link[64], target[PATH_MAX];
	const char *name;
	struct stat status;
	ssize_t length;

	snprintf(path, sizeof(path), "%s%s", strchr(text, '/') ? "" : "/dev/", text);
	if (stat(path, &status)) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return false;
	}
	/* By number: the file may be a link, or have any name. */
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u", major(status.st_rdev),
		 minor(status.st_rdev));
	length = S_ISCHR(status.st_mode) ? readlink(link, target, sizeof(target) - 1) : -1;
	target[length > 0 ? length : 0] = '\0';
	name = strrchr(target, '/');
	if (!name || !strstr(target, "/tty/") || strlen(name + 1) >= sizeof(tty->name)) {
		snprintf(why, size, "%s is not a terminal line", path);
		return false;
	}
	strcpy(tty->name, name + 1);
	snprintf(tty->path, sizeof(tty->path), "/dev/%s", tty->name);
	return true;
}

bool tty_open(struct tty *tty, char *why, size_t size)
{
	/* Without O_NONBLOCK the open waits for a carrier that a three-wire cable never has. */
	tty->fd = open(tty->path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (tty->fd < 0) {
		snprintf(why, size, "%s: %s", tty->path,
			 errno == EBUSY ? "another program holds the line exclusively"
					: strerror(errno));
		return false;
	}
	if (tcgetattr(tty->fd, &tty->before)) {
		snprintf(why, size, "%s is not a terminal line", tty->path);
		return false;
	}
	tty->has_serial = !ioctl(tty->fd, TIOCGSERIAL, &tty->serial_before);
	if (ioctl(tty->fd, TIOCEXCL)) {
		snprintf(why, size, "%s cannot be had exclusively: %s", tty->path, strerror(errno));
		return false;
	}
	fcntl(tty->fd, F_SETFL, 0);
	return true;
}

bool tty_set_raw(const struct tty *tty, speed_t speed, char *why, size_t size)
{
	struct termios raw = tty->before;

	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	raw.c_cflag &= ~(CRTSCTS | CSTOPB);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	cfsetspeed(&raw, speed);
	if (!tcsetattr(tty->fd, TCSANOW, &raw))
		return true;
	snprintf(why, size, "%s does not take these settings: %s", tty->path, strerror(errno));
	return false;
}

void tty_set_low_latency(const struct tty *tty)
{
	struct serial_struct serial = tty->serial_before;

	serial.flags |= ASYNC_LOW_LATENCY;
	if (tty->has_serial)
		ioctl(tty->fd, TIOCSSERIAL, &serial);
}

void tty_restore(const struct tty *tty)
{
	if (tty->has_serial)
		ioctl(tty->fd, TIOCSSERIAL, &tty->serial_before);
	tcsetattr(tty->fd, TCSANOW, &tty->before);
	ioctl(tty->fd, TIOCNXCL);
}
