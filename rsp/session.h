/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of one session, and what the files of rsp/ offer to each other. Runs in VMX root and
 * in user-space tests. Users of rsp/ need it only to know the size of struct rsp.
 */
#ifndef HVGDB_RSP_SESSION_H
#define HVGDB_RSP_SESSION_H

#include "rsp.h"
#include "trace.h"

/* What a command handler returns besides enum rsp_error. */
#define RSP_UNKNOWN (-1) /* answer the empty packet */
#define RSP_SILENT  (-2) /* no answer, or it has been sent */

struct rsp_rx {
	u8 state;
	u8 sum;	     /* of the bytes between '$' and '#' */
	u8 expected; /* the sum that the packet claims */
	u8 error;    /* enum rsp_error: well framed, but not to be obeyed */
	size_t len;
	u8 data[RSP_PACKET_SIZE + 1]; /* un-escaped; the last byte is for a NUL */
};

struct rsp_tx {
	bool cut;     /* something did not fit */
	bool unacked; /* sent, and gdb may still say '-' */
	size_t len;
	u8 data[RSP_PACKET_SIZE]; /* before run-length encoding */
};

struct rsp {
	const struct rsp_ops *ops;
	void *target;

	bool resumed;	  /* else halted */
	bool awaits_stop; /* a resume packet has had no stop reply yet */
	bool attached;
	bool acknowledged;
	bool no_ack;
	bool just_interrupted;	/* the stop reply to a 0x03 was the last that was said */
	bool interrupt_pending; /* a 0x03 came while halted: the next resume ends at once */
	bool unanswered;	/* no-ack: a damaged packet came, so gdb waits for a reply to it */

	/* What gdb said in qSupported. */
	bool gdb_swbreak, gdb_hwbreak, gdb_error_message;

	int general_thread; /* Hg: whose registers and memory */
	int resume_thread;  /* Hc */

	u8 last_error;	      /* for `monitor why` */
	const char *last_why; /* what the target had to add, or NULL */
	const char *stop_why; /* of the stop at hand; NULL: nothing to say */
	bool error_unspoken;  /* it goes out as a console line at the next resume */

	u8 verdict;	 /* enum rsp_verdict of the packet at hand */
	const char *why; /* what the target has to add to an RSP_EPROGRAM of this packet */

	u64 trace_frame;	  /* the one that gdb looks at, or RSP_NO_FRAME */
	unsigned int trace_index; /* of the list that gdb reads item by item */
	bool trace_stepping;	  /* the actions that come are those of while-stepping */

	struct rsp_agent agent; /* of the Z packet at hand: too large for root's stack */

	struct rsp_rx rx;
	struct rsp_tx tx;
	char text[RSP_PACKET_SIZE / 2]; /* output of a monitor command: in hex it fills a packet */
};

/* packet.c */
enum rsp_rx_event {
	RSP_RX_NOTHING,
	RSP_RX_ACK,
	RSP_RX_NAK,
	RSP_RX_BREAK,	/* 0x03 outside of a packet */
	RSP_RX_START,	/* '$' */
	RSP_RX_PACKET,	/* rx->data, rx->len, rx->error */
	RSP_RX_DAMAGED, /* its checksum is wrong */
};

enum rsp_rx_event rsp_rx_byte(struct rsp_rx *rx, u8 byte);
void rsp_rx_reset(struct rsp_rx *rx);
void rsp_put_ack(struct rsp *rsp, char ack);
void rsp_send(struct rsp *rsp);

/* reply.c */
void rsp_reply_begin(struct rsp *rsp);
void rsp_reply_char(struct rsp *rsp, char c);
void rsp_reply_str(struct rsp *rsp, const char *s);
void rsp_reply_number(struct rsp *rsp, u64 value);
void rsp_reply_bytes(struct rsp *rsp, const void *bytes, size_t len);
void rsp_reply_unavailable(struct rsp *rsp, size_t len);
bool rsp_reply_binary(struct rsp *rsp, u8 byte);
void rsp_reply_error(struct rsp *rsp, int error, const char *why);
int rsp_reply_ok(struct rsp *rsp);

/* commands.c */
enum rsp_verdict rsp_run_packet(struct rsp *rsp);

/* session.c */
void rsp_begin_session(struct rsp *rsp);

/* threads.c */
bool rsp_thread_valid(struct rsp *rsp, int thread);
int rsp_general_thread(struct rsp *rsp, unsigned int *thread);
int rsp_resume_thread(struct rsp *rsp, unsigned int *thread);

/* registers.c */
const char *rsp_reg_name(unsigned int reg);
const char *rsp_reg_type(unsigned int reg);
const char *rsp_reg_feature(unsigned int reg);

/* stop.c */
void rsp_send_stop(struct rsp *rsp);

/* xfer.c: the part of a document that gdb asked for, cut out while it is being written */
struct rsp_xfer {
	struct rsp *rsp;
	u64 offset, length;
	u64 pos;  /* in the document */
	u64 sent; /* bytes of it in the reply */
	bool full;
};

void rsp_xfer_str(struct rsp_xfer *xfer, const char *s);
void rsp_xfer_number(struct rsp_xfer *xfer, unsigned int value);
void rsp_xfer_hex(struct rsp_xfer *xfer, u64 value);

/* description.c */
void rsp_describe(struct rsp_xfer *xfer);

/* trace.c: the machine, or what the frame has of it that gdb looks at */
void rsp_trace_features(struct rsp *rsp);
bool rsp_in_frame(const struct rsp *rsp);
int rsp_read_reg(struct rsp *rsp, unsigned int thread, unsigned int reg, u8 *value);
int rsp_read_mem(struct rsp *rsp, unsigned int thread, u64 addr, u8 *buf, size_t len,
		 size_t *done);
void rsp_describe_frame(struct rsp_xfer *xfer);

/*
 * A line of text in front of the reply to the packet at hand: for packets to which gdb listens like
 * this (gdb's remote_get_noisy_reply()), and no others.
 */
void rsp_console_before_reply(struct rsp *rsp, const char *text);

#endif
