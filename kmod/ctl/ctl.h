/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of hvgdbctl offer to each other. User space.
 *
 * A command is a row of commands[] in main.c and a file of its own. It ends with an exit status:
 * 0 done, 1 it could not be done (the reason is on stderr), 2 the command line makes no sense.
 */
#ifndef HVGDB_CTL_H
#define HVGDB_CTL_H

#include <signal.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../uapi/hvgdb.h"

#define EXIT_FAILED 1
#define EXIT_USAGE  2

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct command {
	const char *name;
	const char *usage;   /* lines as they are typed, without "hvgdbctl " */
	const char *summary; /* one line for the list */
	const char *help;    /* the rest of `hvgdbctl NAME --help`, or NULL */
	/* argv[0] is the name. */
	int (*run)(int argc, char **argv);
};

extern const struct command attach_command;
extern const struct command event_command;
extern const struct command script_command;
extern const struct command serve_command;
extern const struct command status_command;
extern const struct command watch_command;
extern const struct command trace_command;
extern const struct command output_command;
extern const struct command forward_command;

/* say.c: messages. Under systemd they carry a priority. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 1, 2))) void warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
__attribute__((format(printf, 2, 3), noreturn)) void fail(int status, const char *format, ...);

/* service.c: ending, and talking to systemd. */
extern volatile sig_atomic_t stop_signal; /* not 0: this signal asks us to end */

void catch_signals(void);
/* Until fd is ready for what poll(2) calls events. False: a signal asks us to end. */
bool wait_for(int fd, short events);
/* The same for several. */
bool wait_for_any(struct pollfd *polls, size_t nr);
/*
 * One look at several, for those with signals of their own, which they have blocked: they come here,
 * and only here. True if one is ready; limit NULL: whenever that is.
 */
struct timespec;
bool await_any(struct pollfd *polls, size_t nr, const struct timespec *limit);
__attribute__((format(printf, 1, 2))) void notify_ready(const char *format, ...);
void notify_stopping(void);

/*
 * trace.c: writes the trace into a file, in another process, which tells gdb what became of it.
 */
void trace_save_beside(const char *path);

/* device.c: /dev/hvgdb. */

/* A descriptor, or the end with a sentence. */
int device_open(void);

/*
 * Runs one line as `monitor` takes it (events, rules, scripts, outputs). *answer is the text, of
 * *length bytes, good until the next call. Returns 0, or 1 if it was refused: then the text says
 * why.
 */
int device_command(int device, const char *line, const char **answer, size_t *length);

/*
 * text.c: rules as text. Puts the contents of files in place of `script { file:PATH }`. False: why
 * says what is wrong; size is that of both out and why.
 */
bool text_expand(const char *line, char *out, size_t size, char *why);
/* Puts the words of a command line, a space apart, behind what is in line. False: it is longer than size. */
bool text_append_words(char *line, size_t size, int count, char **words);
/*
 * Takes the next command out of a file's text: a line, or more if braces or a backslash hold them
 * together, without comments in front. *number is the number of the line that *text points to, and
 * moves with it; *begin gets that of the command. False: there are no more, or why is not empty.
 */
bool text_next(const char **text, unsigned int *number, unsigned int *begin, char *out, size_t size,
	       char *why);

/* The same for a command of hvgdbctl: prints the answer, returns the exit status. */
int device_command_print(const char *line);

#endif
