// SPDX-License-Identifier: GPL-2.0
/*
 * Text to gdb while the guest runs (D5). Each CPU puts its messages in a ring of its own; the
 * controller fetches them as whole O packets, one at a time, and writes them to the tty. Root
 * watches the driver put them on the wire, so that it knows at a halt how far a packet has come: it
 * sends the rest itself before it says anything else, and takes what the driver still has of it out
 * of the stream. Root.
 *
 * O packets belong between a resume and its stop reply; elsewhere gdb takes them as the reply.
 */
#include "root.h"
#include "instr.h"

/* Text of a packet: at 115200 baud it is on the line for 50 ms. */
#define PACKET_TEXT 256
/* What somebody who asks for `imm no` may wait for. */
#define LATE_MS 1000
/* How long messages may lie when the controller does not fetch them. */
#define PATIENCE_MS 1000
/* Another CPU's older message may still be on its way. */
#define UNRIPE_MS 1
/* A packet of which the driver has sent nothing for so long is not there any more. */
#define GONE_MS 5000

/* gdb skips it between packets, and the driver and the UART have something to do. */
#define FILLER '\n'

bool console_wanted(const struct machine *m)
{
	return rsp_awaits_stop(&m->rsp);
}

/* There is no controller: root itself sends, or nobody. */
bool console_needs_halt(const struct machine *m)
{
	return console_wanted(m) && m->line.armed && !m->line.by_controller;
}

static const struct hvgdb_record *oldest_of(const struct vcpu *vcpu)
{
	return record_ring_oldest(&vcpu->console);
}

/* The CPU whose message is the oldest of all; NULL if there is none. */
static struct vcpu *oldest(const struct machine *m)
{
	struct vcpu *found = NULL;
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		if (!m->vcpu[i] || !oldest_of(m->vcpu[i]))
			continue;
		if (!found || oldest_of(m->vcpu[i])->tsc < oldest_of(found)->tsc)
			found = m->vcpu[i];
	}
	return found;
}

/* To gdb without further delay: by the controller, or in a halt at the end of this exit. */
void console_flush(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	if (!oldest_of(vcpu))
		return;
	if (!console_needs_halt(m))
		store_release(&m->console.news, 1);
	else if (vcpu->want == WANT_NOTHING)
		vcpu->want = WANT_TELL;
}

void console_put(struct vcpu *vcpu, const char *text, size_t len, bool soon)
{
	struct machine *m = vcpu->machine;

	if (!console_wanted(m))
		return;
	record_ring_text(&vcpu->console, read_tsc(), 0, 0, text, len);
	if (soon || vcpu->console.head - vcpu->console_tail > vcpu->console.slots / 2)
		console_flush(vcpu);
}

static void add_text(struct rsp_text *out, const struct hvgdb_record *record)
{
	size_t len = base_min(record->text.length, out->size - out->len);

	memcpy(out->buf + out->len, record->text.text, len);
	out->len += len;
}

static void add_lost(struct rsp_text *out, const struct hvgdb_record *record)
{
	u64 count = 0;
	unsigned int i;

	for (i = 0; i < HVGDB_NR_LOSSES; i++)
		count += record->lost.loss[i].count;
	rsp_text_add(out, "hvgdb: ");
	rsp_text_dec(out, count);
	rsp_text_add(out, " messages are lost here\n");
}

/* The oldest messages, as many as go into a packet: whole records, in order. */
static size_t collect(struct machine *m, u64 until, char text[PACKET_TEXT])
{
	struct rsp_text out = { .buf = text, .size = PACKET_TEXT };
	const struct hvgdb_record *record;
	struct vcpu *vcpu;

	while (out.size - out.len >= HVGDB_TEXT_SIZE && (vcpu = oldest(m))) {
		record = oldest_of(vcpu);
		if (record->tsc > until)
			break;
		if (record->type == HVGDB_RECORD_LOST)
			add_lost(&out, record);
		else
			add_text(&out, record);
		store_release(&vcpu->console_tail, vcpu->console_tail + 1);
	}
	return out.len;
}

static u8 hex(unsigned int digit)
{
	return "0123456789abcdef"[digit & 15];
}

/* `$O...#xx` in console->packet. */
static void make_packet(struct console *console, const char *text, size_t len)
{
	u8 *p = console->packet, sum = 'O';
	size_t i;

	*p++ = '$';
	*p++ = 'O';
	for (i = 0; i < len; i++) {
		*p++ = hex((u8)text[i] >> 4);
		*p++ = hex(text[i]);
		sum += p[-1] + p[-2];
	}
	*p++ = '#';
	*p++ = hex(sum >> 4);
	*p++ = hex(sum);
	console->length = p - console->packet;
	console->driven = 0;
	console->told = 0;
}

static bool older_than(const struct machine *m, u64 since, u64 ms)
{
	return read_tsc() - since > ms * m->tsc_khz;
}

static bool is_under_way(const struct machine *m)
{
	const struct console *console = &m->console;

	return console->driven < console->length && !older_than(m, console->since, GONE_MS);
}

/* The controller asks for the next packet; 0: there is none yet. */
size_t console_fetch(struct machine *m, u8 *to, size_t size)
{
	struct console *console = &m->console;
	char text[PACKET_TEXT];
	size_t len;

	if (is_under_way(m) || m->line.taken || !console_wanted(m) ||
	    size < sizeof(console->packet))
		return 0;
	store_release(&console->news, 0);
	len = collect(m, read_tsc() - UNRIPE_MS * m->tsc_khz, text);
	if (oldest(m))
		store_release(&console->news, 1);
	if (!len)
		return 0;
	make_packet(console, text, len);
	console->since = read_tsc();
	memcpy(to, console->packet, console->length);
	return console->length;
}

/*
 * A byte that the driver sends: what is to be sent in its place. In the packet at hand bytes are
 * told (they are on the wire) or, where root has been quicker, told already.
 */
u8 console_driver_writes(struct machine *m, u8 byte)
{
	struct console *console = &m->console;
	bool told;

	if (console->driven >= console->length || byte != console->packet[console->driven])
		return byte;
	told = console->driven < console->told;
	console->driven++;
	console->since = read_tsc();
	if (told)
		return FILLER;
	console->told = console->driven;
	return byte;
}

/* Sends from here on what the driver would have sent. */
static void finish_packet(struct machine *m)
{
	struct console *console = &m->console;

	while (console->told < console->length)
		line_put(m, console->packet[console->told++]);
}

/* At a halt, the line is ours: a packet that has begun is ended, whatever follows. */
void console_settle(struct machine *m)
{
	if (m->console.told && m->line.taken)
		finish_packet(m);
}

/* Before a stop reply: everything that was said before. */
void console_drain(struct machine *m)
{
	char text[PACKET_TEXT + 1];
	unsigned int i;
	size_t len;

	if (!console_wanted(m) || !m->line.taken)
		return;
	finish_packet(m);
	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i])
			record_ring_tell(&m->vcpu[i]->console, read_tsc());
	while ((len = collect(m, ~0ULL, text))) {
		text[len] = '\0';
		rsp_console(&m->rsp, text);
	}
	m->console.news = 0;
}

/* The session is over, or the controller is another one: nobody wants what is left. */
void console_forget(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i])
			m->vcpu[i]->console_tail = m->vcpu[i]->console.head;
	m->console.told = m->console.length;
	m->console.news = 0;
}

/* The tty is closed: what it had of a packet does not come any more. */
void console_reset(struct machine *m)
{
	m->console.length = m->console.told = m->console.driven = 0;
}

/*
 * Asked on each CPU a few times a second. True if root has to send by itself: messages lie there
 * and no controller fetches them, or what it fetched does not reach the UART.
 */
bool console_poll_due(struct machine *m)
{
	struct console *console = &m->console;
	struct vcpu *vcpu = oldest(m);
	u64 since;

	if (!m->line.armed || m->line.taken || !console_wanted(m))
		return false;
	if (console->told < console->length)
		return older_than(m, console->since, PATIENCE_MS);
	if (!vcpu)
		return false;
	since = oldest_of(vcpu)->tsc;
	if (older_than(m, since, LATE_MS))
		store_release(&console->news, 1);
	/* A line that is slower than what is said is no reason to halt. */
	since = base_max(since, console->since);
	return !m->line.by_controller || older_than(m, since, LATE_MS + PATIENCE_MS);
}
