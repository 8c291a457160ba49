/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forwarding: from the rings to the outputs that `output create` made. User space.
 */
#ifndef HVGDB_CTL_FORWARD_H
#define HVGDB_CTL_FORWARD_H

/*
 * Forwards in a child process of its own, which ends with this one; for commands that do something
 * else in the foreground. It reads the rings only while outputs are open and nobody else does.
 */
void forward_in_child(void);

#endif
