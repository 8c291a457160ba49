// SPDX-License-Identifier: GPL-2.0
/*
 * The debug line: a 16550 that belongs to the kernel's driver while the guest runs and to root
 * while it is halted. Root watches what the driver reads (D1), notices when nobody reads (D2),
 * takes the UART over and hands it back (D4). Root.
 */
#include "root.h"
#include "instr.h"

enum uart_register {
	UART_RBR = 0, /* read */
	UART_THR = 0, /* written */
	UART_DLL = 0, /* with LCR.DLAB */
	UART_IER = 1,
	UART_DLM = 1, /* with LCR.DLAB */
	UART_IIR = 2, /* read */
	UART_FCR = 2, /* written */
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
};

#define LCR_DLAB      0x80
#define LCR_8N1	      0x03
#define LSR_DR	      0x01
#define LSR_THRE      0x20
#define LSR_TEMT      0x40
#define FCR_ENABLE    0x01
#define FCR_RESET     0x06
#define FCR_TRIGGER_8 0x80 /* what Linux's driver sets on a 16550A */
#define MCR_READY     0x0b /* DTR, RTS, OUT2 */
#define FIFO_DEPTH    16

#define GDB_INTERRUPT 0x03
#define GDB_PACKET    '$'

/*
 * How long the controller may take to ring, and a byte may lie unread, before root acts by itself.
 */
#define RING_MS	     250
#define UNDRAINED_MS 100
/* 16 bytes at 9600 baud take 17 ms. */
#define TRANSMIT_MS 50

static u64 ms(const struct machine *m, u64 n)
{
	return n * m->tsc_khz;
}

static u8 uart_in(const struct machine *m, enum uart_register reg)
{
	return uart_read(&m->line.regs, reg);
}

static void uart_out(const struct machine *m, enum uart_register reg, u8 value)
{
	uart_write(&m->line.regs, reg, value);
}

/* A UART that sleeps or is gone reads as all ones. */
static bool data_ready(struct machine *m)
{
	u8 lsr = uart_in(m, UART_LSR);

	return lsr != 0xff && lsr & LSR_DR;
}

static bool is_call(u8 byte)
{
	return byte == GDB_INTERRUPT || byte == GDB_PACKET;
}

/* A line without a tty is nobody's: set it up, 8N1 at 115200 unless it already runs. */
static void program_uart(struct machine *m)
{
	uart_out(m, UART_IER, 0);
	uart_out(m, UART_LCR, LCR_8N1 | LCR_DLAB);
	uart_out(m, UART_DLL, 1);
	uart_out(m, UART_DLM, 0);
	uart_out(m, UART_LCR, LCR_8N1);
	uart_out(m, UART_FCR, FCR_ENABLE);
	uart_out(m, UART_MCR, MCR_READY);
}

/* Where nobody answers all bits read as one, and the poll would see data for ever. */
static bool somebody_answers(const struct uart_regs *regs)
{
	return uart_read(regs, UART_LCR) != 0xff || uart_read(regs, UART_LSR) != 0xff;
}

/* All CPUs are halted: what is watched may change. */
enum line_result line_arm(struct machine *m, const struct uart_regs *regs, u8 fifo, bool controller)
{
	struct line *line = &m->line;

	if (!somebody_answers(regs))
		return LINE_NO_ANSWER;
	line_disarm(m);
	if (!uart_watch(m, regs, true))
		return LINE_NO_ROOM;
	memset(line, 0, sizeof(*line));
	byte_ring_init(&line->driver_bytes);
	byte_ring_init(&line->own_bytes);
	line->armed = true;
	line->regs = *regs;
	line->by_controller = controller;
	line->fifo = fifo ? fifo : FIFO_DEPTH;
	line->fcr = FCR_ENABLE | FCR_TRIGGER_8;
	line->dlab = uart_in(m, UART_LCR) & LCR_DLAB;
	if (!controller)
		program_uart(m);
	return LINE_ARMED;
}

void line_disarm(struct machine *m)
{
	if (!m->line.armed)
		return;
	uart_watch(m, &m->line.regs, false);
	m->line.armed = false;
	console_reset(m);
}

static void driver_read(struct machine *m, u8 byte)
{
	struct line *line = &m->line;

	if (line->nothing_there)
		return;
	line->undrained = false;
	/* Before the byte can be seen: whoever sees it and no call would take it for noise. */
	if (is_call(byte) && !line->called_since)
		store_release(&line->called_since, read_tsc() | 1);
	byte_ring_put(&line->driver_bytes, byte);
}

/*
 * Just before the driver reads a register. Setting the UART up, after a sleep too, it reads RBR with
 * nothing there: counted as a byte, that would make the controller believe that a later one has been
 * dealt with. What the driver has seen in LSR counts in any case: below the trigger level of its
 * FIFO an emulated UART may give a byte that LSR does not show any more.
 */
void line_driver_reads(struct machine *m, unsigned int reg)
{
	struct line *line = &m->line;

	if (!line->armed || reg != UART_RBR || line->dlab)
		return;
	line->nothing_there = !line->driver_sees_data && !data_ready(m);
	line->driver_sees_data = false;
}

/* One byte that the guest's driver moves. The access is done by the caller, with what this returns. */
u8 line_driver_access(struct machine *m, unsigned int reg, bool in, u8 value)
{
	struct line *line = &m->line;

	if (!line->armed || reg >= UART_REGISTERS)
		return value;
	if (in && reg == UART_LSR)
		line->driver_sees_data = value != 0xff && value & LSR_DR;
	if (in && reg == UART_RBR && !line->dlab)
		driver_read(m, value);
	if (!in && reg == UART_LCR)
		line->dlab = value & LCR_DLAB;
	if (!in && reg == UART_FCR)
		line->fcr = value & ~FCR_RESET;
	if (!in && reg == UART_THR && !line->dlab)
		return console_driver_writes(m, value);
	return value;
}

/* The driver has read something that starts a conversation. */
bool line_driver_was_called(struct machine *m)
{
	return m->line.armed && load_acquire(&m->line.called_since);
}

/* The kernel's driver sets its ports up again after a sleep; one that is ours alone we do. */
void line_awake(struct machine *m)
{
	if (m->line.armed && !m->line.by_controller)
		program_uart(m);
}

/*
 * Asked while some CPUs run and others are halted: did anybody call? What lies in the UART is read
 * here, for the driver may be on a CPU that does not run.
 */
bool line_calls(struct machine *m)
{
	struct line *line = &m->line;
	bool called = false;
	u8 byte;

	if (!line->armed)
		return false;
	while (!line->dlab && data_ready(m) && byte_ring_count(&line->own_bytes) < BYTE_RING_SIZE) {
		byte = uart_in(m, UART_RBR);
		byte_ring_put(&line->own_bytes, byte);
		called |= is_call(byte);
	}
	return called || line_driver_was_called(m);
}

/*
 * Asked on each CPU a few times a second (D2). True if root must halt by itself: the controller was
 * called and does not ring, or a byte lies in the UART and no driver takes it. Until then only LSR
 * is read.
 */
bool line_poll_due(struct machine *m)
{
	struct line *line = &m->line;
	u64 now = read_tsc(), called = load_acquire(&line->called_since);

	if (!line->armed || line->taken)
		return false;
	if (called && now - called > ms(m, RING_MS))
		return true;
	if (!data_ready(m)) {
		line->undrained = false;
		return false;
	}
	if (!line->undrained) {
		line->undrained_since = now;
		line->undrained = true;
		return false;
	}
	return now - line->undrained_since > ms(m, UNDRAINED_MS);
}

/*
 * True if the driver was called. If not, the bytes that it has read so far call nobody, and are
 * dealt with: only those, for on another CPU it may be reading a call at this moment.
 */
bool line_forget_noise(struct machine *m)
{
	struct line *line = &m->line;
	u64 seen = load_acquire(&line->driver_bytes.next);

	if (line_driver_was_called(m))
		return true;
	line->consumed = seen;
	byte_ring_consume(&line->driver_bytes, seen);
	return false;
}

static bool wait_for(struct machine *m, u8 bit, u64 limit_ms)
{
	u64 start = read_tsc();

	while (!(uart_in(m, UART_LSR) & bit)) {
		if (read_tsc() - start > ms(m, limit_ms))
			return false;
		relax();
	}
	return true;
}

void line_take(struct machine *m)
{
	struct line *line = &m->line;

	if (!line->armed || line->taken)
		return;
	line->taken = true;
	line->saved_lcr = uart_in(m, UART_LCR);
	uart_out(m, UART_LCR, line->saved_lcr & ~LCR_DLAB);
	line->saved_ier = uart_in(m, UART_IER);
	uart_out(m, UART_IER, 0);
	line->saved_mcr = uart_in(m, UART_MCR);
	/* Trigger level 1: a 16550 shows data below its trigger level only after a while. */
	uart_out(m, UART_FCR, FCR_ENABLE);
	wait_for(m, LSR_TEMT, TRANSMIT_MS);
	line->tx_room = line->fifo;
}

void line_give(struct machine *m)
{
	struct line *line = &m->line;

	if (!line->armed || !line->taken)
		return;
	wait_for(m, LSR_TEMT, TRANSMIT_MS);
	uart_out(m, UART_FCR, line->fcr);
	uart_out(m, UART_MCR, line->saved_mcr);
	uart_out(m, UART_IER, 0);
	/* From 0 to what it was: a transmitter interrupt that the driver waits for comes again. */
	uart_out(m, UART_IER, line->saved_ier);
	uart_out(m, UART_LCR, line->saved_lcr);
	line->undrained = false;
	line->taken = false;
}

/* The next byte in the order in which they came: the driver's, those read ahead, the UART's. */
bool line_get(struct machine *m, u8 *byte)
{
	struct line *line = &m->line;

	store_release(&line->called_since, 0);
	if (byte_ring_peek(&line->driver_bytes, line->consumed, byte)) {
		byte_ring_consume(&line->driver_bytes, ++line->consumed);
		return true;
	}
	if (byte_ring_count(&line->own_bytes)) {
		byte_ring_peek(&line->own_bytes, line->own_bytes.first, byte);
		byte_ring_consume(&line->own_bytes, line->own_bytes.first + 1);
		return true;
	}
	if (!line->taken || !data_ready(m))
		return false;
	*byte = uart_in(m, UART_RBR);
	return true;
}

void line_put(void *target, u8 byte)
{
	struct machine *m = target;
	struct line *line = &m->line;

	if (!line->taken)
		return;
	if (!line->tx_room) {
		wait_for(m, LSR_THRE, TRANSMIT_MS);
		line->tx_room = line->fifo;
	}
	line->tx_room--;
	uart_out(m, UART_THR, byte);
}
