// SPDX-License-Identifier: GPL-2.0
/* See fake_target.h. User space only. */
#include <stdio.h>
#include <stdlib.h>

#include "chars.h"
#include "fake_target.h"

#define FAKE_REQUIRE(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void fake_put(void *target, u8 byte)
{
	struct fake *f = target;

	FAKE_REQUIRE(!f->running);
	FAKE_REQUIRE(f->out_len < sizeof(f->out));
	f->out[f->out_len++] = byte;
}

static unsigned int fake_nr_threads(void *target)
{
	(void)target;
	return FAKE_CPUS;
}

static bool fake_thread_alive(void *target, unsigned int thread)
{
	struct fake *f = target;

	FAKE_REQUIRE(thread >= 1 && thread <= FAKE_CPUS);
	return f->alive[thread];
}

static void fake_thread_info(void *target, unsigned int thread, struct rsp_text *out)
{
	(void)target;
	if (thread == 4)
		return;
	rsp_text_add(out, "CPU ");
	rsp_text_dec(out, thread - 1);
	rsp_text_add(out, ", idle");
}

static int fake_read_reg(void *target, unsigned int thread, unsigned int reg, u8 *value)
{
	struct fake *f = target;

	FAKE_REQUIRE(thread >= 1 && thread <= FAKE_CPUS && reg < RSP_NR_REGS);
	if (f->unavailable[reg])
		return RSP_ENOREG;
	memcpy(value, f->s.regs[thread][reg], rsp_reg_size(reg));
	return RSP_OK;
}

static int fake_write_reg(void *target, unsigned int thread, unsigned int reg, const u8 *value)
{
	struct fake *f = target;

	FAKE_REQUIRE(thread >= 1 && thread <= FAKE_CPUS && reg < RSP_NR_REGS);
	if ((int)reg == f->refuse_reg)
		return f->refuse_error;
	memcpy(f->s.regs[thread][reg], value, rsp_reg_size(reg));
	return RSP_OK;
}

static int fake_byte_error(struct fake *f, u64 addr)
{
	if (fake_byte(f, addr))
		return RSP_OK;
	return addr >> 12 == FAKE_MMIO >> 12 ? RSP_ENOTRAM : RSP_EUNMAPPED;
}

static int fake_read_mem(void *target, unsigned int thread, u64 addr, u8 *buf, size_t len,
			 size_t *done)
{
	struct fake *f = target;

	(void)thread;
	FAKE_REQUIRE(len <= RSP_PACKET_SIZE / 2);
	for (*done = 0; *done < len && fake_byte(f, addr + *done); ++*done)
		buf[*done] = *fake_byte(f, addr + *done);
	return *done || !len ? RSP_OK : fake_byte_error(f, addr);
}

static int fake_write_mem(void *target, unsigned int thread, u64 addr, const u8 *buf, size_t len)
{
	struct fake *f = target;
	size_t i;

	(void)thread;
	FAKE_REQUIRE(len);
	for (i = 0; i < len; i++)
		if (!fake_byte(f, addr + i))
			return fake_byte_error(f, addr + i);
	for (i = 0; i < len; i++)
		*fake_byte(f, addr + i) = buf[i];
	return RSP_OK;
}

static bool fake_supports_break(void *target, unsigned int type)
{
	struct fake *f = target;

	FAKE_REQUIRE(type <= RSP_WATCH_ACCESS);
	return type <= RSP_BREAK_HARDWARE || !f->no_watch;
}

static struct fake_break *fake_find_break(struct fake *f, unsigned int type, u64 addr,
					  unsigned int kind)
{
	struct fake_break *b;

	for (b = f->s.breaks; b < f->s.breaks + FAKE_BREAKS; b++)
		if (b->used && b->type == type && b->addr == addr && b->kind == kind)
			return b;
	return NULL;
}

static int fake_insert_break(void *target, unsigned int thread, unsigned int type, u64 addr,
			     unsigned int kind)
{
	struct fake *f = target;
	struct fake_break *b;

	(void)thread;
	if (fake_find_break(f, type, addr, kind))
		return RSP_OK;
	if (type == RSP_BREAK_SOFTWARE && !fake_byte(f, addr))
		return fake_byte_error(f, addr);
	for (b = f->s.breaks; b < f->s.breaks + FAKE_BREAKS; b++) {
		if (b->used)
			continue;
		*b = (struct fake_break){ true, type, kind, addr, "" };
		return RSP_OK;
	}
	return RSP_EBREAKFULL;
}

static int fake_remove_break(void *target, unsigned int thread, unsigned int type, u64 addr,
			     unsigned int kind)
{
	struct fake_break *b = fake_find_break(target, type, addr, kind);

	(void)thread;
	if (b)
		memset(b, 0, sizeof(*b));
	return RSP_OK;
}

static void fake_describe(struct rsp_text *text, const char *word, const struct rsp_program *p,
			  unsigned int count)
{
	size_t i;

	for (; count; count--, p++) {
		rsp_text_add(text, word);
		for (i = 0; i < p->len; i++) {
			rsp_text_add(text, p->code[i] < 16 ? "0" : "");
			rsp_text_hex(text, p->code[i]);
		}
		word = " or ";
	}
}

static int fake_insert_agent(void *target, unsigned int thread, unsigned int type, u64 addr,
			     unsigned int kind, struct rsp_agent *agent)
{
	static const char why[] = "the first byte is odd";
	struct rsp_text text = { .size = sizeof(((struct fake_break *)0)->agent) - 1 };
	struct fake_break *b;
	unsigned int i;
	int error;

	FAKE_REQUIRE(type <= RSP_BREAK_HARDWARE && agent->nr_conditions <= RSP_AGENT_MAX &&
		     agent->nr_commands <= RSP_AGENT_MAX && !agent->why);
	for (i = 0; i < agent->nr_conditions; i++) {
		FAKE_REQUIRE(agent->conditions[i].len);
		agent->why = why;
		if (agent->conditions[i].code[0] == 0xff)
			return RSP_EPROGRAM;
	}
	error = fake_insert_break(target, thread, type, addr, kind);
	if (error)
		return error;
	b = fake_find_break(target, type, addr, kind);
	memset(b->agent, 0, sizeof(b->agent));
	text.buf = b->agent;
	fake_describe(&text, "if ", agent->conditions, agent->nr_conditions);
	fake_describe(&text, agent->nr_conditions ? " do " : "do ", agent->commands,
		      agent->nr_commands);
	rsp_text_add(&text, agent->persist ? " persist" : "");
	return RSP_OK;
}

static int fake_check_resume(void *target, unsigned int thread, const struct rsp_action *action)
{
	struct fake *f = target;

	FAKE_REQUIRE(f->alive[thread] && action->kind <= RSP_RANGE);
	return (int)thread == f->refuse_thread ? f->refuse_resume : RSP_OK;
}

static void fake_set_action(void *target, unsigned int thread, const struct rsp_action *action)
{
	struct fake *f = target;

	FAKE_REQUIRE(thread >= 1 && thread <= FAKE_CPUS && action->kind <= RSP_RANGE);
	f->s.actions[thread] = *action;
	f->s.set_actions++;
}

static void fake_last_stop(void *target, struct rsp_stop *stop)
{
	*stop = ((struct fake *)target)->stop;
}

static void fake_new_session(void *target)
{
	struct fake *f = target;

	memset(f->s.breaks, 0, sizeof(f->s.breaks));
	f->s.new_sessions++;
}

static u64 fake_text_address(void *target)
{
	return ((struct fake *)target)->text;
}

static const char *fake_exec_file(void *target)
{
	return ((struct fake *)target)->exec_path;
}

static int fake_monitor(void *target, const char *command, struct rsp_text *out)
{
	struct fake *f = target;
	int i;

	snprintf(f->command, sizeof(f->command), "%s", command);
	if (rsp_streq(command, "hello"))
		rsp_text_add(out, "Hello.\n");
	else if (rsp_streq(command, "flood"))
		for (i = 0; i < 5000; i++)
			rsp_text_add(out, "many words ");
	else if (rsp_streq(command, "fail"))
		return RSP_EBUSY;
	else if (rsp_streq(command, "explain"))
		rsp_text_add(out, "There is no such vector.\n");
	else if (!rsp_streq(command, "quiet") && !rsp_starts(command, "mark "))
		return -1;
	return rsp_streq(command, "explain") ? RSP_EINVAL : RSP_OK;
}

/* The second thread holds an event. */
static void fake_event_fields(void *target, unsigned int thread, struct rsp_text *out)
{
	(void)target;
	if (thread == 2)
		rsp_text_add(out, "kind:dr;");
}

static void fake_monitor_help(void *target, struct rsp_text *out)
{
	(void)target;
	rsp_text_add(out, "hello           a greeting\n");
	rsp_text_add(out, "flood           too much\n");
}

const struct rsp_ops fake_ops = {
	.put = fake_put,
	.nr_threads = fake_nr_threads,
	.thread_alive = fake_thread_alive,
	.thread_info = fake_thread_info,
	.read_reg = fake_read_reg,
	.write_reg = fake_write_reg,
	.read_mem = fake_read_mem,
	.write_mem = fake_write_mem,
	.supports_break = fake_supports_break,
	.insert_break = fake_insert_break,
	.remove_break = fake_remove_break,
	.check_resume = fake_check_resume,
	.set_action = fake_set_action,
	.last_stop = fake_last_stop,
	.new_session = fake_new_session,
	.text_address = fake_text_address,
	.exec_file = fake_exec_file,
	.event_fields = fake_event_fields,
	.monitor = fake_monitor,
	.monitor_help = fake_monitor_help,
};

u8 *fake_byte(struct fake *f, u64 addr)
{
	int i;

	for (i = 0; i < FAKE_PAGES; i++)
		if (f->s.pages[i].addr && addr >> 12 == f->s.pages[i].addr >> 12)
			return &f->s.pages[i].bytes[addr & 0xfff];
	return NULL;
}

u64 fake_reg(struct fake *f, unsigned int thread, unsigned int reg)
{
	u64 value = 0;

	memcpy(&value, f->s.regs[thread][reg], base_min(rsp_reg_size(reg), sizeof(value)));
	return value;
}

void fake_set_reg(struct fake *f, unsigned int thread, unsigned int reg, u64 value)
{
	memcpy(f->s.regs[thread][reg], &value, base_min(rsp_reg_size(reg), sizeof(value)));
}

/* nop nop inc-rax mov-to-(rbx) nop jmp-back: a loop that changes memory. */
static void fake_load_program(struct fake *f)
{
	static const u8 code[] = {
		0x90, 0x90, 0x48, 0xff, 0xc0, 0x48, 0x89, 0x03, 0x90, 0xeb, 0xf5
	};

	memset(fake_byte(f, FAKE_CODE), 0x90, 0x1000);
	memcpy(fake_byte(f, FAKE_CODE), code, sizeof(code));
}

void fake_init(struct fake *f)
{
	unsigned int thread;

	memset(f, 0, sizeof(*f));
	f->s.pages[0].addr = FAKE_CODE;
	f->s.pages[1].addr = FAKE_DATA;
	f->s.pages[2].addr = FAKE_DATA + 0x1000;
	fake_load_program(f);
	for (thread = 1; thread <= FAKE_CPUS; thread++) {
		f->alive[thread] = thread != 3;
		fake_set_reg(f, thread, RSP_RIP, FAKE_CODE);
		fake_set_reg(f, thread, RSP_RBX, FAKE_DATA + 0x100);
		fake_set_reg(f, thread, RSP_RBP, FAKE_DATA + 0x1f00);
		fake_set_reg(f, thread, RSP_RSP, FAKE_DATA + 0x1e00 + 8 * thread);
		fake_set_reg(f, thread, RSP_EFLAGS, 0x246);
		fake_set_reg(f, thread, RSP_CS, 0x10);
		fake_set_reg(f, thread, RSP_SS, 0x18);
		fake_set_reg(f, thread, RSP_MXCSR, 0x1f80);
		fake_set_reg(f, thread, RSP_FCTRL, 0x37f);
		fake_set_reg(f, thread, RSP_GS_BASE, FAKE_DATA + 0x40 * thread);
	}
	f->refuse_reg = -1;
	f->stop = (struct rsp_stop){ .thread = 1, .signal = RSP_SIGINT };
	f->ops = fake_ops;
	rsp_init(&f->rsp, &f->ops, f);
}

void fake_init_agent(struct fake *f)
{
	fake_init(f);
	f->ops.insert_break_agent = fake_insert_agent;
}

size_t fake_frame(char *to, const void *payload, size_t len)
{
	const u8 *p = payload;
	size_t i, n = 0;
	u8 sum = 0;

	to[n++] = '$';
	for (i = 0; i < len; i++) {
		to[n++] = p[i];
		sum += p[i];
	}
	to[n++] = '#';
	to[n++] = rsp_hex_char(sum >> 4);
	to[n++] = rsp_hex_char(sum);
	return n;
}

enum rsp_verdict fake_feed(struct fake *f, const void *bytes, size_t len)
{
	enum rsp_verdict verdict;
	size_t i;

	for (i = 0; i < len; i++) {
		verdict = rsp_feed(&f->rsp, ((const u8 *)bytes)[i]);
		if (verdict != RSP_NOTHING && verdict != RSP_ATTACH)
			return verdict;
	}
	return RSP_NOTHING;
}

enum rsp_verdict fake_send_bytes(struct fake *f, const void *payload, size_t len)
{
	static char frame[0x20000];

	return fake_feed(f, frame, fake_frame(frame, payload, len));
}

enum rsp_verdict fake_send(struct fake *f, const char *payload)
{
	return fake_send_bytes(f, payload, strlen(payload));
}

/* gdb's read_frame(): a run repeats the byte before it, before anything else is looked at. */
static size_t fake_expand(struct fake *f, size_t n)
{
	int repeat = f->out[f->out_pos++] - 29;

	FAKE_REQUIRE(n > 0 && repeat >= 3 && repeat <= 126 - 29);
	memset(&f->reply[n], f->reply[n - 1], repeat);
	return n + repeat;
}

static void fake_check_sum(struct fake *f, u8 sum)
{
	FAKE_REQUIRE(f->out_pos + 2 <= f->out_len);
	FAKE_REQUIRE(f->out[f->out_pos] == rsp_hex_char(sum >> 4));
	FAKE_REQUIRE(f->out[f->out_pos + 1] == rsp_hex_char(sum));
	f->out_pos += 2;
}

static void fake_decode(struct fake *f)
{
	size_t start = f->out_pos, n = 0;
	u8 byte, sum = 0;

	while (f->out[f->out_pos] != '#') {
		FAKE_REQUIRE(f->out_pos < f->out_len && n < sizeof(f->reply) - 200);
		byte = f->out[f->out_pos++];
		FAKE_REQUIRE(byte != '$');
		if (byte == '*')
			n = fake_expand(f, n);
		else
			f->reply[n++] = byte;
	}
	f->reply[n] = '\0';
	for (; start < f->out_pos; start++)
		sum += f->out[start];
	f->out_pos++;
	fake_check_sum(f, sum);
}

const char *fake_reply(struct fake *f)
{
	while (f->out_pos < f->out_len) {
		u8 byte = f->out[f->out_pos++];

		if (byte == '$') {
			fake_decode(f);
			return f->reply;
		}
		FAKE_REQUIRE(byte == '+' || byte == '-');
	}
	return NULL;
}

const char *fake_raw(struct fake *f)
{
	size_t len = f->out_len - f->out_pos;

	memcpy(f->reply, f->out + f->out_pos, len);
	f->reply[len] = '\0';
	fake_forget_output(f);
	return f->reply;
}

void fake_forget_output(struct fake *f)
{
	f->out_len = 0;
	f->out_pos = 0;
}

const char *fake_ask(struct fake *f, const char *payload)
{
	fake_forget_output(f);
	fake_send(f, payload);
	return fake_reply(f);
}

void fake_connect(struct fake *f, const char *features)
{
	char packet[256];

	snprintf(packet, sizeof(packet), "qSupported:%s", features);
	fake_send(f, packet);
	fake_send(f, "QStartNoAckMode");
	fake_forget_output(f);
}

void fake_halt(struct fake *f, unsigned int thread, u8 signal, u8 kind)
{
	f->running = false;
	f->stop = (struct rsp_stop){ .thread = thread, .signal = signal, .kind = kind };
	rsp_stopped(&f->rsp);
}

static bool fake_stop(struct fake *f, unsigned int thread, u8 kind)
{
	f->stop = (struct rsp_stop){ .thread = thread, .signal = RSP_SIGTRAP, .kind = kind };
	return true;
}

static bool fake_stops_before(struct fake *f, unsigned int thread)
{
	u64 rip = fake_reg(f, thread, RSP_RIP);

	if (fake_find_break(f, RSP_BREAK_SOFTWARE, rip, 1))
		return fake_stop(f, thread, RSP_STOP_SWBREAK);
	if (fake_find_break(f, RSP_BREAK_HARDWARE, rip, 1))
		return fake_stop(f, thread, RSP_STOP_HWBREAK);
	return false;
}

static bool fake_store(struct fake *f, unsigned int thread)
{
	u64 addr = fake_reg(f, thread, RSP_RBX);
	struct fake_break *b;

	if (fake_byte(f, addr) && fake_byte(f, addr + 7))
		memcpy(fake_byte(f, addr), f->s.regs[thread][RSP_RAX], 8);
	for (b = f->s.breaks; b < f->s.breaks + FAKE_BREAKS; b++) {
		if (!b->used || b->type < RSP_WATCH_WRITE || b->type == RSP_WATCH_READ)
			continue;
		if (addr >= b->addr + b->kind || addr + 8 <= b->addr)
			continue;
		fake_stop(f, thread, RSP_STOP_WATCH);
		f->stop.watch = b->type;
		f->stop.addr = base_max(addr, b->addr);
		return true;
	}
	return false;
}

static bool fake_instruction(struct fake *f, unsigned int thread)
{
	u64 rip = fake_reg(f, thread, RSP_RIP);
	const u8 *code = fake_byte(f, rip);
	bool stopped = false;
	u64 len = 1;

	if (code && !memcmp(code, "\x48\xff\xc0", 3)) {
		fake_set_reg(f, thread, RSP_RAX, fake_reg(f, thread, RSP_RAX) + 1);
		len = 3;
	} else if (code && !memcmp(code, "\x48\x89\x03", 3)) {
		stopped = fake_store(f, thread);
		len = 3;
	} else if (code && code[0] == 0xeb) {
		len = 2 + (s8)code[1];
	}
	fake_set_reg(f, thread, RSP_RIP, rip + len);
	return stopped;
}

static bool fake_run_thread(struct fake *f, unsigned int thread, bool first)
{
	const struct rsp_action *action = &f->s.actions[thread];
	u64 rip;

	if (!first && !(f->before && f->before(f, thread)) && fake_stops_before(f, thread))
		return true;
	if (fake_instruction(f, thread))
		return true;
	rip = fake_reg(f, thread, RSP_RIP);
	if (action->kind == RSP_STEP ||
	    (action->kind == RSP_RANGE && (rip < action->start || rip >= action->end)))
		return fake_stop(f, thread, RSP_STOP_PLAIN);
	return false;
}

/* While one CPU steps the others run nothing. */
bool fake_execute(struct fake *f, bool first)
{
	unsigned int thread;

	for (thread = 1; thread <= FAKE_CPUS; thread++)
		if (f->alive[thread] && f->s.actions[thread].kind >= RSP_STEP)
			return fake_run_thread(f, thread, first);
	for (thread = 1; thread <= FAKE_CPUS; thread++)
		if (f->alive[thread] && f->s.actions[thread].kind == RSP_CONT &&
		    fake_run_thread(f, thread, first))
			return true;
	return false;
}

static void fake_suffer_byte(struct fake *f, u8 byte)
{
	switch (rsp_feed(&f->rsp, byte)) {
	case RSP_RESUME:
		FAKE_REQUIRE(rsp_awaits_stop(&f->rsp));
		f->running = true;
		break;
	case RSP_DETACH:
		FAKE_REQUIRE(!rsp_attached(&f->rsp));
		f->running = true;
		break;
	case RSP_INTERRUPT:
		FAKE_REQUIRE(f->running);
		fake_halt(f, 2, RSP_SIGINT, RSP_STOP_PLAIN);
		FAKE_REQUIRE(!rsp_awaits_stop(&f->rsp));
		break;
	case RSP_ATTACH:
		FAKE_REQUIRE(f->running);
		f->running = false;
		break;
	default:
		break;
	}
}

void fake_suffer(const u8 *bytes, size_t len)
{
	static struct fake f;
	char frame[64];
	size_t i;

	fake_init_trace(&f);
	for (i = 0; i < len; i++) {
		fake_suffer_byte(&f, bytes[i]);
		while (fake_reply(&f))
			;
		fake_forget_output(&f);
	}
	len = fake_frame(frame, "qSupported:swbreak+", 19);
	for (i = 0; i < len; i++)
		fake_suffer_byte(&f, frame[i]);
	FAKE_REQUIRE(f.out[0] == '+');
	FAKE_REQUIRE(rsp_starts(fake_reply(&f), "PacketSize=4000;"));
	FAKE_REQUIRE(!fake_reply(&f) && rsp_attached(&f.rsp));
}
