// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a session: halted or resumed, attached or not, acks or none, and what each byte of
 * the line means in these states. Owns struct rsp. Runs in VMX root and in user-space tests.
 */
#include "chars.h"
#include "session.h"

/* Back to what a gdb expects that has just been started. */
static void rsp_forget(struct rsp *rsp)
{
	rsp->awaits_stop = false;
	rsp->attached = false;
	rsp->no_ack = false;
	rsp->unanswered = false;
	rsp->interrupt_pending = false;
	rsp->just_interrupted = false;
	rsp->gdb_swbreak = false;
	rsp->gdb_hwbreak = false;
	rsp->gdb_error_message = false;
	rsp->general_thread = 0;
	rsp->resume_thread = 0;
	rsp->trace_frame = RSP_NO_FRAME;
	rsp->trace_index = 0;
	rsp->trace_stepping = false;
	rsp->last_error = RSP_OK;
	rsp->last_why = NULL;
	rsp->stop_why = NULL;
	rsp->error_unspoken = false;
	rsp_reply_begin(rsp);
}

void rsp_init(struct rsp *rsp, const struct rsp_ops *ops, void *target)
{
	rsp->ops = ops;
	rsp->target = target;
	rsp->resumed = false;
	rsp->acknowledged = false;
	rsp_rx_reset(&rsp->rx);
	rsp_forget(rsp);
}

void rsp_begin_session(struct rsp *rsp)
{
	rsp_forget(rsp);
	rsp->attached = true;
	rsp->ops->new_session(rsp->target);
}

void rsp_abandon(struct rsp *rsp)
{
	rsp_forget(rsp);
	rsp_rx_reset(&rsp->rx);
	rsp->resumed = true;
}

void rsp_end(struct rsp *rsp)
{
	if (rsp->resumed && rsp->awaits_stop) {
		rsp_reply_begin(rsp);
		rsp_reply_str(rsp, "W00");
		rsp_send(rsp);
	}
	rsp_abandon(rsp);
}

bool rsp_awaits_stop(const struct rsp *rsp)
{
	return rsp->awaits_stop;
}

bool rsp_acknowledged(const struct rsp *rsp)
{
	return rsp->acknowledged;
}

bool rsp_attached(const struct rsp *rsp)
{
	return rsp->attached;
}

static void rsp_answer_stop(struct rsp *rsp)
{
	rsp->awaits_stop = false;
	rsp_rx_reset(&rsp->rx);
	rsp_send_stop(rsp);
}

/*
 * After RSP_ATTACH nothing is sent although a resume may still be outstanding: the '$' is most
 * likely from a new gdb, which would take the stop reply for the answer to its first packet.
 */
void rsp_stopped(struct rsp *rsp)
{
	bool answer = rsp->resumed && rsp->awaits_stop;

	rsp->resumed = false;
	rsp->acknowledged = false;
	if (answer)
		rsp_answer_stop(rsp);
}

static void rsp_console_begin(struct rsp *rsp)
{
	rsp_reply_begin(rsp);
	rsp_reply_char(rsp, 'O');
}

static void rsp_console_text(struct rsp *rsp, const char *text)
{
	size_t room = (sizeof(rsp->tx.data) - rsp->tx.len) / 2;

	rsp_reply_bytes(rsp, text, base_min(rsp_strlen(text), room));
}

void rsp_console(struct rsp *rsp, const char *text)
{
	if (!rsp->resumed || !rsp->awaits_stop)
		return;
	rsp_console_begin(rsp);
	rsp_console_text(rsp, text);
	rsp_send(rsp);
}

void rsp_console_before_reply(struct rsp *rsp, const char *text)
{
	rsp_console_begin(rsp);
	rsp_console_text(rsp, "hvgdb: ");
	rsp_console_text(rsp, text);
	rsp_console_text(rsp, "\n");
	rsp_send(rsp);
	rsp_reply_begin(rsp);
}

/* A gdb without error-message+ drops the text of errors, and this is the first time it listens. */
static void rsp_speak_error(struct rsp *rsp)
{
	if (!rsp->error_unspoken)
		return;
	rsp->error_unspoken = false;
	rsp_console_begin(rsp);
	rsp_console_text(rsp, "hvgdb: ");
	rsp_console_text(rsp, rsp_error_text(rsp->last_error));
	rsp_console_text(rsp, rsp->last_why ? ": " : "");
	rsp_console_text(rsp, rsp->last_why ? rsp->last_why : "");
	rsp_console_text(rsp, "\n");
	rsp_send(rsp);
}

void rsp_explain_stop(struct rsp *rsp, const char *why)
{
	rsp->stop_why = why;
}

static bool rsp_opens_session(const struct rsp *rsp)
{
	static const char name[] = "qSupported";

	return rsp->rx.len >= sizeof(name) - 1 && !memcmp(rsp->rx.data, name, sizeof(name) - 1);
}

static enum rsp_verdict rsp_take_packet(struct rsp *rsp)
{
	enum rsp_verdict verdict;

	rsp->acknowledged = true;
	rsp->attached = true;
	rsp->unanswered = false;
	rsp->awaits_stop = false;
	rsp->just_interrupted = false;
	/* A new gdb starts with acks, whatever the old one had agreed on. */
	if (!rsp->no_ack || rsp_opens_session(rsp))
		rsp_put_ack(rsp, '+');
	verdict = rsp_run_packet(rsp);
	if (verdict == RSP_RESUME) {
		rsp->resumed = true;
		rsp->awaits_stop = true;
		rsp_speak_error(rsp);
	} else if (verdict == RSP_DETACH) {
		rsp_abandon(rsp);
	}
	return verdict;
}

/*
 * '-' makes a gdb with acks send again, also a new one that found us without; a gdb without acks
 * skips it, and waits for an answer that would never come. So its next sign of impatience gets one.
 */
static void rsp_refuse_packet(struct rsp *rsp)
{
	rsp_put_ack(rsp, '-');
	rsp->unanswered = rsp->no_ack;
}

/* Nothing else may follow a '-' or 0x03 of a halted machine: gdb would be one reply ahead for ever.
 */
static void rsp_answer_damaged(struct rsp *rsp)
{
	if (!rsp->unanswered)
		return;
	rsp->unanswered = false;
	rsp_reply_error(rsp, RSP_EDAMAGED, NULL);
	rsp_send(rsp);
}

static void rsp_take_nak(struct rsp *rsp)
{
	if (rsp->tx.unacked)
		rsp_send(rsp);
	else
		rsp_answer_damaged(rsp);
}

static enum rsp_verdict rsp_feed_resumed(struct rsp *rsp, u8 byte)
{
	if (byte == 0x03)
		return RSP_INTERRUPT;
	if (byte != '$')
		return RSP_NOTHING;
	rsp->resumed = false;
	rsp->acknowledged = false;
	rsp->tx.unacked = false;
	rsp_rx_byte(&rsp->rx, byte);
	return RSP_ATTACH;
}

/*
 * gdb passes a Ctrl-C on from the moment in which it says "Continuing.", so a 0x03 may come before
 * its resume packet, and while it waits, so one may cross a stop reply; under a stop that gdb
 * passes over all the time each would. It is kept for the next resume. Only one right behind the
 * answer to another is an impatient user's second.
 */
static void rsp_take_break(struct rsp *rsp)
{
	if (rsp->unanswered)
		rsp_answer_damaged(rsp);
	else if (rsp->attached && !rsp->just_interrupted)
		rsp->interrupt_pending = true;
}

bool rsp_take_interrupt(struct rsp *rsp)
{
	bool pending = rsp->interrupt_pending;

	rsp->interrupt_pending = false;
	return pending;
}

static enum rsp_verdict rsp_feed_halted(struct rsp *rsp, u8 byte)
{
	switch (rsp_rx_byte(&rsp->rx, byte)) {
	case RSP_RX_ACK:
		rsp->acknowledged = true;
		rsp->tx.unacked = false;
		break;
	case RSP_RX_NAK:
		rsp_take_nak(rsp);
		break;
	case RSP_RX_BREAK:
		rsp_take_break(rsp);
		break;
	case RSP_RX_PACKET:
		return rsp_take_packet(rsp);
	case RSP_RX_DAMAGED:
		rsp_refuse_packet(rsp);
		break;
	default:
		break;
	}
	return RSP_NOTHING;
}

enum rsp_verdict rsp_feed(struct rsp *rsp, u8 byte)
{
	if (rsp->resumed)
		return rsp_feed_resumed(rsp, byte);
	if (byte == 0x03 && rsp->awaits_stop) {
		/* So the '$' that halted us was noise: the old gdb is alive and wants its stop. */
		rsp_answer_stop(rsp);
		return RSP_NOTHING;
	}
	return rsp_feed_halted(rsp, byte);
}
