// SPDX-License-Identifier: GPL-2.0
/*
 * The frame: bytes to packets and back. Owns struct rsp_rx, and the sending of struct rsp_tx. Runs
 * in VMX root and in user-space tests; calls nothing but ops->put().
 */
#include "chars.h"
#include "session.h"

enum rsp_rx_state { RSP_RX_IDLE, RSP_RX_DATA, RSP_RX_ESCAPE, RSP_RX_SUM_HIGH, RSP_RX_SUM_LOW };

/* The longest run whose count, 29 + repeats, is still printable. */
#define RSP_RUN_MAX 98
#define RSP_RUN_MIN 4

void rsp_rx_reset(struct rsp_rx *rx)
{
	rx->state = RSP_RX_IDLE;
	rx->sum = 0;
	rx->expected = 0;
	rx->error = RSP_OK;
	rx->len = 0;
}

static void rsp_rx_store(struct rsp_rx *rx, u8 byte)
{
	if (rx->len < RSP_PACKET_SIZE)
		rx->data[rx->len++] = byte;
	else
		rx->error = RSP_ETOOLONG;
}

static enum rsp_rx_event rsp_rx_idle(u8 byte)
{
	switch (byte) {
	case '+':
		return RSP_RX_ACK;
	case '-':
		return RSP_RX_NAK;
	case 0x03:
		return RSP_RX_BREAK;
	default:
		return RSP_RX_NOTHING;
	}
}

/* 0x03 is data here: gdb does not escape it when it writes memory with X. */
static void rsp_rx_data(struct rsp_rx *rx, u8 byte)
{
	bool escaped = rx->state == RSP_RX_ESCAPE;

	if (byte == '#') {
		if (escaped)
			rx->error = RSP_EINVAL;
		rx->state = RSP_RX_SUM_HIGH;
		return;
	}
	rx->sum += byte;
	rx->state = RSP_RX_DATA;
	if (escaped)
		rsp_rx_store(rx, byte ^ 0x20);
	else if (byte == '}')
		rx->state = RSP_RX_ESCAPE;
	else
		rsp_rx_store(rx, byte);
}

static enum rsp_rx_event rsp_rx_digit(struct rsp_rx *rx, u8 byte)
{
	int value = rsp_hex_value(byte);
	bool last = rx->state == RSP_RX_SUM_LOW;

	if (value < 0) {
		rx->state = RSP_RX_IDLE;
		return RSP_RX_DAMAGED;
	}
	rx->expected = rx->expected << 4 | value;
	rx->state = last ? RSP_RX_IDLE : RSP_RX_SUM_LOW;
	if (!last)
		return RSP_RX_NOTHING;
	return rx->expected == rx->sum ? RSP_RX_PACKET : RSP_RX_DAMAGED;
}

/* A '$' always starts a packet: gdb escapes it in data, so one inside means that the rest is lost.
 */
enum rsp_rx_event rsp_rx_byte(struct rsp_rx *rx, u8 byte)
{
	if (byte == '$') {
		rsp_rx_reset(rx);
		rx->state = RSP_RX_DATA;
		return RSP_RX_START;
	}
	switch (rx->state) {
	case RSP_RX_IDLE:
		return rsp_rx_idle(byte);
	case RSP_RX_DATA:
	case RSP_RX_ESCAPE:
		rsp_rx_data(rx, byte);
		return RSP_RX_NOTHING;
	default:
		return rsp_rx_digit(rx, byte);
	}
}

void rsp_put_ack(struct rsp *rsp, char ack)
{
	rsp->ops->put(rsp->target, ack);
}

/* How many equal bytes to send as one run; a count must not look like framing. */
static size_t rsp_run_length(const u8 *data, size_t len)
{
	size_t run = 1;

	while (run < len && run < RSP_RUN_MAX && data[run] == data[0])
		run++;
	while (run == '#' - 28 || run == '$' - 28 || run == '+' - 28 || run == '-' - 28)
		run--;
	return run < RSP_RUN_MIN ? 1 : run;
}

static void rsp_put_data(struct rsp *rsp, u8 byte, u8 *sum)
{
	rsp->ops->put(rsp->target, byte);
	*sum += byte;
}

/* Encodes while sending, so what is kept for a '-' is the plain payload. */
void rsp_send(struct rsp *rsp)
{
	struct rsp_tx *tx = &rsp->tx;
	size_t i, run;
	u8 sum = 0;

	rsp->ops->put(rsp->target, '$');
	for (i = 0; i < tx->len; i += run) {
		run = rsp_run_length(&tx->data[i], tx->len - i);
		rsp_put_data(rsp, tx->data[i], &sum);
		if (run > 1) {
			rsp_put_data(rsp, '*', &sum);
			rsp_put_data(rsp, run + 28, &sum);
		}
	}
	rsp->ops->put(rsp->target, '#');
	rsp->ops->put(rsp->target, rsp_hex_char(sum >> 4));
	rsp->ops->put(rsp->target, rsp_hex_char(sum));
	tx->unacked = !rsp->no_ack;
}
