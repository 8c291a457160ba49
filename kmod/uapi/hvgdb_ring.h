/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What root records, as the reader sees it: memory of /dev/hvgdb that is mapped, not copied. Shared
 * by the module, by root and by user space; fixed-size fields only.
 *
 * One file at a time is the reader: HVGDB_RING (hvgdb.h) makes it so and tells the sizes. Then
 *
 *   mmap(PROT_READ, HVGDB_MAP_RINGS)                struct hvgdb_area, and behind it the rings
 *   mmap(PROT_READ | PROT_WRITE, HVGDB_MAP_READER)  struct hvgdb_reader: what the reader says
 *
 * Each CPU has a ring, in which only that CPU writes. A record has a sequence number, counted from
 * load on, and lies in slot sequence % slots. Records from the reader's tail up to `head` are
 * there; root never overwrites them. To read: load head (acquire), look at the records, store the
 * new tail (release). What comes while a ring is full is dropped and counted; as soon as there is
 * room a record of type HVGDB_RECORD_LOST stands where the gap is. Records of several CPUs are put
 * in order by their tsc.
 *
 * Root believes nothing that the reader writes: a wrong tail costs records, nothing else.
 * poll() says POLLIN when a ring has records or the table of outputs has changed, at most
 * HVGDB_POLL_MS after it happened: root itself cannot wake anybody, so a timer looks while somebody
 * sleeps in poll(), and only then. A file that is not the reader gets POLLPRI while outputs are open
 * and nobody reads.
 */
#ifndef HVGDB_UAPI_RING_H
#define HVGDB_UAPI_RING_H

#include <linux/types.h>

/* Changes when a reader of the old layout would misread the new one. */
#define HVGDB_RING_VERSION 2

#define HVGDB_MAP_RINGS	 0x0
#define HVGDB_MAP_READER 0x10000000000 /* offsets for mmap() */

#define HVGDB_POLL_MS 10

#define HVGDB_RECORD_SIZE 128
#define HVGDB_TEXT_SIZE	  92
#define HVGDB_NR_LOSSES	  6
#define HVGDB_MAX_RINGS	  256

enum hvgdb_record_type {
	HVGDB_RECORD_NONE,
	HVGDB_RECORD_EVENT, /* .event */
	HVGDB_RECORD_TEXT,  /* .text */
	HVGDB_RECORD_LOST,  /* .lost */
};

/* flags: this text goes on in the next record of this ring. */
#define HVGDB_RECORD_MORE 1

/* What became of the event when it was recorded. */
enum hvgdb_answer {
	HVGDB_DELIVERED,
	HVGDB_SUPPRESSED,
	HVGDB_SKIPPED, /* suppressed, and the instruction with it */
	HVGDB_STOPPED, /* gdb was told of it and decides */
};

/* One occurrence that a rule matched; the names are those of events/event.h. */
struct hvgdb_event {
	__u8 kind;  /* 0 exception, 1 external interrupt, 2 debug register */
	__u8 stage; /* 0 pre, 1 post */
	__u8 vector;
	__u8 cpl;
	__u8 answer; /* enum hvgdb_answer */
	__u8 has_error;
	__u8 dr; /* debug register as encoded */
	__u8 dr_direction; /* 0 write, 1 read */
	__u8 dr_gpr; /* general register, 0 is rax, 4 is rsp */
	__u8 dr_real; /* debug register that was accessed: 6 and 7 for aliased 4 and 5 */
	__u8 reserved[2];
	__u32 error; /* if has_error */
	__u32 pid; /* tgid */
	__u32 tid;
	char comm[16]; /* ends with NUL unless it is full */
	__u64 rip;
	__u64 address; /* of a page fault; for #DB the causes, as in DR6 */
	__u64 value; /* written to the debug register */
	__u8 reserved2[32];
};

struct hvgdb_text {
	__u32 length; /* of text in this record; there is no NUL */
	char text[HVGDB_TEXT_SIZE];
};

/* Messages (an event, or a text with all its records) of one rule that found no room. */
struct hvgdb_loss {
	__u32 rule; /* 0: of several rules, or of none */
	__u32 outputs; /* set of the outputs that they were for */
	__u64 count; /* 0: this entry is not used */
};

struct hvgdb_lost {
	struct hvgdb_loss loss[HVGDB_NR_LOSSES];
};

struct hvgdb_record {
	__u64 sequence; /* in this CPU's ring, from 0 */
	__u64 tsc; /* hvgdb_area.tsc_khz a millisecond */
	__u32 cpu;
	__u16 type; /* enum hvgdb_record_type */
	__u16 flags; /* HVGDB_RECORD_MORE */
	__u32 rule; /* id, 0: none (a breakpoint's text) */
	__u32 outputs; /* set of bits, numbers in hvgdb_area.output; 0: for watchers only */
	union {
		struct hvgdb_event event;
		struct hvgdb_text text;
		struct hvgdb_lost lost;
	};
};

/* A ring: this, in a page of its own, then the records. */
struct hvgdb_ring {
	__u64 head; /* sequence number that the next record will have */
	__u64 lost; /* messages dropped since load */
	__u64 told; /* of these, in records of type HVGDB_RECORD_LOST */
};

#define HVGDB_RING_HEADER 4096

/* Outputs: where records go. Made by `output create`, driven by the reader. */
#define HVGDB_NR_OUTPUTS   32
#define HVGDB_NAME_SIZE	   32
#define HVGDB_ADDRESS_SIZE 200

enum hvgdb_output_kind {
	HVGDB_OUTPUT_NONE, /* the slot is free */
	HVGDB_OUTPUT_FILE,
	HVGDB_OUTPUT_PIPE, /* FIFO */
	HVGDB_OUTPUT_TCP,  /* HOST:PORT */
	HVGDB_OUTPUT_UNIX, /* stream socket */
	HVGDB_OUTPUT_GDB,  /* kept below the kernel until gdb fetches it */
};

enum hvgdb_output_format {
	HVGDB_FORMAT_TEXT,
	HVGDB_FORMAT_JSON,  /* one object a line */
	HVGDB_FORMAT_TRACE, /* Chrome trace events */
};

struct hvgdb_output {
	__u8 kind;   /* enum hvgdb_output_kind */
	__u8 format; /* enum hvgdb_output_format */
	__u8 open;   /* else records are for nobody */
	__u8 reserved;
	__u32 serial;	 /* another one under the same number has another serial */
	__u32 rotations; /* counts `output rotate` */
	char name[HVGDB_NAME_SIZE]; /* with NUL, as is address */
	char address[HVGDB_ADDRESS_SIZE];
};

/* At offset 0 of the rings' memory. Ring i lies at ring_offset + i * ring_stride. */
struct hvgdb_area {
	__u32 version; /* HVGDB_RING_VERSION */
	__u32 size;    /* of this structure */
	__u32 record_size;
	__u32 nr_rings; /* one a possible CPU */
	__u64 ring_offset, ring_stride;
	__u64 slots; /* of a ring, a power of two */
	__u64 tsc_khz;
	__u32 generation; /* changes with the table of outputs: to copy it, look before and after */
	__u32 nr_outputs; /* HVGDB_NR_OUTPUTS */
	__u32 reader; /* process id of the reader, 0: none */
	__u32 reserved;
	struct hvgdb_output output[HVGDB_NR_OUTPUTS];
};

enum hvgdb_output_state {
	HVGDB_STATE_CLOSED,
	HVGDB_STATE_OPEN,
	HVGDB_STATE_WAITING, /* nobody at the other end yet, or no more: it is tried again */
	HVGDB_STATE_FAILED,
};

/*
 * A reader may be killed between any two instructions, and the next one is to know exactly how far
 * it came. So what belongs together is written in two places by turns, and one store says which
 * place holds.
 */

/* What an output's receiver has. */
struct hvgdb_progress {
	__u64 sent;	/* messages that it has */
	__u64 told;	/* lost messages that it has been told of */
	__u64 end;	/* of a file: its size with these in it */
	__u64 intended; /* of a file: and with what is being written at this moment */
};

/* What the reader tells of each output, for the list of `output`. */
struct hvgdb_output_status {
	__u32 serial; /* of the output that this is about */
	__u32 state;  /* enum hvgdb_output_state */
	__u64 taken;  /* messages for it that have left the rings, lost ones too */
	__u64 lost;   /* messages that the output could not take, or that the ring had dropped */
	__u64 error;  /* errno of the last failure */
	__u32 progress_at; /* which one holds, 0 or 1 */
	__u32 reserved;
	struct hvgdb_progress progress[2];
};

/* Messages that are taken, and the place in the rings behind them. */
struct hvgdb_account {
	struct {
		__u32 serial; /* of the output that this is about */
		__u32 reserved;
		__u64 taken; /* as in its status, which follows */
	} output[HVGDB_NR_OUTPUTS];
	__u64 tail[HVGDB_MAX_RINGS]; /* the cursors follow */
};

/* A cache line each. */
struct hvgdb_cursor {
	__u64 tail; /* sequence number of the first record that may not be overwritten */
	__u64 reserved[7];
};

struct hvgdb_reader {
	__u32 watch; /* 1: events of every rule are recorded, also of those without an output */
	__u32 generation; /* hvgdb_area.generation that the reader has acted on */
	__u32 account_at; /* which one holds, 0 or 1 */
	__u32 reserved[13];
	struct hvgdb_output_status output[HVGDB_NR_OUTPUTS];
	struct hvgdb_account account[2];
	struct hvgdb_cursor cursor[HVGDB_MAX_RINGS];
};

#endif
