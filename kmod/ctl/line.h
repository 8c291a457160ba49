/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A serial line, from its name to its being held: what `hvgdbctl attach` is made of. User space.
 * Functions that can refuse return false and write a sentence of at most `size` bytes to why.
 */
#ifndef HVGDB_CTL_LINE_H
#define HVGDB_CTL_LINE_H

#include <linux/serial.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "../uapi/hvgdb.h"

#define WHY_MAX 512

/* uart.c: sys is "/sys", but in tests. */
struct uart {
	uint16_t port;	 /* 0: in memory */
	uint64_t memory; /* physical address of its first register */
	uint8_t width;	 /* bytes of an access */
	uint8_t shift;	 /* from one register to the next, as a power of two */
	unsigned int fifo;     /* bytes that the transmitter takes at once, 1 to 16 */
	unsigned long fastest; /* baud, by its clock; 0: not known */
};

bool uart_describe(const char *sys, const char *tty, struct uart *uart, char *why, size_t size);

/* lock.c: folder is "/run/lock". path gets the file's name, "" where there are no such files. */
bool lock_take(const char *folder, const char *tty, char *path, size_t path_size, char *why,
	       size_t size);
/* Removes the file if it is that process's. */
void lock_drop(const char *path, long owner);
/* The process that a lock file's contents name; 0: none. */
long lock_owner(const char *text, size_t length);

/* rivals.c: sys is "/sys", proc is "/proc". */
struct rival {
	long pid;
	char name[32];
	char unit[128]; /* of systemd, "" if none */
};

/* Whether the kernel's messages go there. */
bool rivals_console(const char *sys, const char *tty);
/* Finds a process that has the line open; readers_only: one that writes only is no rival. */
bool rivals_process(const char *proc, const char *tty, bool readers_only, struct rival *rival);
/* What is to be done about it. */
void rivals_explain(const struct rival *rival, const char *tty, char *why, size_t size);

/* baud.c */
#define BAUD_DEFAULT 115200

/* The constant for termios; false if the kernel has none, then why lists those that there are. */
bool baud_speed(const char *text, unsigned long *baud, speed_t *speed, char *why, size_t size);
/* What the driver has really set, 0 if it does not tell. */
unsigned long baud_actual(int tty);

/* tty.c */
struct tty {
	int fd;
	char name[HVGDB_NAME_MAX]; /* as in /sys/class/tty */
	char path[64];
	struct termios before;
	struct serial_struct serial_before;
	bool has_serial; /* serial_before is known */
};

/* The kernel's name of what a user calls ttyS0, /dev/ttyS0 or /dev/serial/by-path/... */
bool tty_find(const char *text, struct tty *tty, char *why, size_t size);
/* Exclusively; remembers the settings. */
bool tty_open(struct tty *tty, char *why, size_t size);
bool tty_set_raw(const struct tty *tty, speed_t speed, char *why, size_t size);
/* Every byte at once, instead of a tick of the timer later. */
void tty_set_low_latency(const struct tty *tty);
void tty_restore(const struct tty *tty);

/*
 * guard.c: a child that outlives us by an instant. Should we be killed, it gives the line back and
 * removes the lock file; guard_dismiss() is for those who have done it themselves.
 */
void guard_start(const struct tty *tty, const char *lock);
void guard_dismiss(void);

#endif
