/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/hvgdb and hvgdbctl say to each other. Shared by the module and by user space;
 * fixed-size fields only. Every structure begins with its own size, so that either side may be
 * newer.
 */
#ifndef HVGDB_UAPI_H
#define HVGDB_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include "hvgdb_ring.h"

#define HVGDB_DEVICE "/dev/hvgdb"

#define HVGDB_NAME_MAX 16 /* of a process or a tty, with the zero */

/* A process that has opened the device and uses what only one may use. */
struct hvgdb_holder {
	__s32 pid; /* as the caller sees it; 0: nobody, or not to be seen from here */
	char name[HVGDB_NAME_MAX];
};

/*
 * Arms a line: from now on root watches this UART and halts for the bytes that arrive there.
 * The file that attached holds the line until it detaches or is closed.
 * Errors: EBUSY somebody else holds it (holder says who), EOPNOTSUPP not a UART that hvgdb can
 * drive, ENODEV nothing answers there, ENOSPC its page cannot be watched, EINVAL bad structure.
 */
struct hvgdb_attach {
	__u32 size;    /* of this structure */
	__u32 baud;    /* bits per second, as the tty was set; informative */
	__u16 io_port; /* first I/O port of the 16550; 0: its registers are in memory */
	__u16 fifo;    /* bytes that its transmitter takes at once, 1 to 16; 0: 16 */
	__u16 reserved[2];
	__u64 consumed;		    /* out: bytes that root has taken so far, counted as below */
	char tty[HVGDB_NAME_MAX];   /* name of the tty; informative */
	struct hvgdb_holder holder; /* out, with EBUSY */
	__u32 reserved2;
	__u64 memory; /* physical address of its first register; all eight in one page */
	__u8 width;   /* bytes of an access, 1 or 4 */
	__u8 shift;   /* from one register to the next, as a power of two */
	__u8 reserved3[6];
};

/*
 * The doorbell: bytes have been read from the tty. If root has seen 0x03 or '$' among them the
 * machine halts here, and the call returns when it runs again.
 */
struct hvgdb_doorbell {
	__u32 size;
	__u32 halted;	/* out: 1 if the machine was halted by this call */
	__u64 consumed; /* out: bytes of the line, counted from the attach on, that root has dealt
			 * with: the controller drops as many from the tty and no more */
};

/*
 * A line about rules and events, as `monitor` takes it: "!dr pid 490", "events", "events c 3". One
 * code path with gdb's. A rule that stops gdb does nothing while none is attached, and is refused
 * while no line is armed that one could be on.
 */
#define HVGDB_LINE_MAX 8191
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

/*
 * Bytes of a gdb on this machine. The first call makes the file the holder of the local session,
 * until it is closed. Call again with what was not taken, and with none for what comes later (not
 * needed: a reply is complete when the call returns).
 * Errors: EBUSY somebody else holds it (holder says who), EINVAL bad structure.
 */
#define HVGDB_LOCAL_IN_MAX  4096
#define HVGDB_LOCAL_OUT_MAX 32768

struct hvgdb_local {
	__u32 size;
	__u32 reset;		    /* 1: these bytes are a new gdb's */
	__u64 in, out;		    /* user addresses; out has HVGDB_LOCAL_OUT_MAX bytes */
	__u32 in_length;	    /* up to HVGDB_LOCAL_IN_MAX */
	__u32 in_taken;		    /* out */
	__u32 out_length;	    /* out */
	__u32 running;		    /* out: 1 if gdb waits for a stop: only Ctrl-C brings one */
	struct hvgdb_holder holder; /* out, with EBUSY */
	__u32 reserved;
};

/* What is going on, without a halt. */
struct hvgdb_status {
	__u32 size;
	__u32 cpus, cpus_online; /* out: all that may be; those that are guests now */
	__u32 line_port;	 /* out: I/O port of the debug line, 0: see line_memory */
	__u32 line_baud;	 /* out: 0: armed at load (uart=) */
	char line_tty[HVGDB_NAME_MAX];
	struct hvgdb_holder line, local; /* out: who holds the line and the local session */
	__u32 gdb;			 /* out: 1 if a gdb is attached on the line */
	__u32 rules;			 /* out */
	__u32 reserved;
	__u64 exits, halts; /* out: since load, all CPUs */
	__u64 line_memory;  /* out: where its registers are; 0, and no line_port: none is armed */
};

#define HVGDB_ATTACH   _IOWR('H', 1, struct hvgdb_attach)
#define HVGDB_DETACH   _IO('H', 2)
#define HVGDB_DOORBELL _IOWR('H', 3, struct hvgdb_doorbell)
#define HVGDB_COMMAND  _IOWR('H', 4, struct hvgdb_command)
/*
 * Text for gdb while the machine runs: when poll() says POLLIN to the file that attached,
 * read(HVGDB_PACKET_MAX bytes or more) gives one packet, to be written to the tty as it is and
 * before the next read(). EAGAIN: there is none yet.
 */
#define HVGDB_PACKET_MAX 1024

/*
 * gdb wants the trace in a file on this machine (`tsave -r`): poll() says POLLRDBAND to the
 * file that attached, and this call gives the name, once. EAGAIN: there is none.
 */
#define HVGDB_TRACE_FILE_MAX 256

struct hvgdb_trace_file {
	__u32 size;
	char name[HVGDB_TRACE_FILE_MAX]; /* out */
};

/*
 * A line of text for gdb while it waits for a stop; else for the kernel log. Printable ASCII; the
 * end of the line is added. EINVAL: it is something else.
 */
#define HVGDB_NOTICE_MAX 500

struct hvgdb_notice {
	__u32 size;
	char text[HVGDB_NOTICE_MAX]; /* ends with a zero */
};

#define HVGDB_RING     _IOWR('H', 5, struct hvgdb_ring_claim)
#define HVGDB_STATUS   _IOWR('H', 6, struct hvgdb_status)
#define HVGDB_LOCAL    _IOWR('H', 7, struct hvgdb_local)
#define HVGDB_TRACE_FILE _IOWR('H', 8, struct hvgdb_trace_file)
#define HVGDB_NOTICE   _IOWR('H', 9, struct hvgdb_notice)

#endif
