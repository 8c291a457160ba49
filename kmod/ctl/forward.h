/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forwarding: from the rings to the outputs that `output create` made. User space.
 */
#ifndef HVGDB_CTL_FORWARD_H
#define HVGDB_CTL_FORWARD_H

#include "format.h"

/*
 * Forwards in a child process of its own, which ends with this one; for commands that do something
 * else in the foreground. It reads the rings only while outputs are open and nobody else does.
 */
void forward_in_child(void);

/*
 * What a message is shown to, beside its outputs; NULL: nothing else waits in the rings. False:
 * nobody looks any more.
 */
typedef bool (*forward_show_fn)(const struct format_clock *clock, const struct message *message);

/* Forwards until a signal comes, and has every message recorded and shown. */
void forward_and_show(forward_show_fn show);

#endif
