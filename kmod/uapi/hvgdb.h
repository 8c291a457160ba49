/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/hvgdb and hvgdbctl say to each other. Shared by the module and by user space; fixed-size
 * fields only. Every structure begins with its own size, so that either side may be newer.
 */
#ifndef HVGDB_UAPI_H
#define HVGDB_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include "hvgdb_ring.h"

#define HVGDB_DEVICE "/dev/hvgdb"

/*
 * Arms a line: from now on root watches this UART and halts for the bytes that arrive there.
 * The file that attached holds the line until it detaches or is closed.
 * Errors: EBUSY somebody else holds it, EOPNOTSUPP not a UART that hvgdb can drive, EINVAL bad structure.
 */
struct hvgdb_attach {
	__u32 size;	/* of this structure */
	__u32 baud;	/* bits per second, as the tty was set; informative */
	__u16 io_port;	/* first I/O port of the 16550 */
	__u16 reserved[3];
	__u64 consumed; /* out: bytes that root has taken so far, counted as below */
};

/*
 * The doorbell: bytes have been read from the tty. If root has seen 0x03 or '$' among them the machine
 * halts here, and the call returns when it runs again.
 */
struct hvgdb_doorbell {
	__u32 size;
	__u32 halted;	/* out: 1 if the machine was halted by this call */
	__u64 consumed; /* out: bytes of the line, counted from the attach on, that root has dealt with:
			 * the controller drops as many from the tty and no more */
};

/*
 * A line about rules and events, as `monitor` takes it: "!dr pid 490", "events", "events c 3". One
 * code path with gdb's. Rules that stop gdb do nothing while no gdb is attached.
 */
#define HVGDB_LINE_MAX 1024
#define HVGDB_TEXT_MAX 8192

struct hvgdb_command {
	__u32 size;
	__u32 line_length; /* up to HVGDB_LINE_MAX */
	__u64 line;	   /* user address of the text */
	__u64 text;	   /* user address of HVGDB_TEXT_MAX bytes for the answer */
	__u32 text_length; /* out */
	__u32 result;	   /* out: 0 done; 1 refused, nothing is changed, the text says why */
};

/*
 * Makes this file the reader of the rings (hvgdb_ring.h); it stays so until it is closed and
 * unmapped. What is in the rings stays there for the next reader.
 * Errors: EBUSY there is a reader, holder says which process; EPROTO the module has another layout
 * than the caller, version says which; EINVAL bad structure.
 */
struct hvgdb_ring_claim {
	__u32 size;
	__u32 version; /* in: HVGDB_RING_VERSION of the caller; out: of the module */
	__u32 holder;  /* out: process id of the reader, the caller's own if it succeeds */
	__u32 reserved;
	__u64 rings_size, reader_size; /* out: bytes to be mapped */
};

#define HVGDB_RING _IOWR('H', 5, struct hvgdb_ring_claim)
#define HVGDB_COMMAND _IOWR('H', 4, struct hvgdb_command)
#define HVGDB_ATTACH _IOWR('H', 1, struct hvgdb_attach)
#define HVGDB_DETACH _IO('H', 2)
#define HVGDB_DOORBELL _IOWR('H', 3, struct hvgdb_doorbell)

#endif
