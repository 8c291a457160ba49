// SPDX-License-Identifier: GPL-2.0
/*
 * The packets of tracepoints: QT…, qT… and the list of what a frame has. What they mean is the
 * target's (struct rsp_trace_ops); which frame gdb looks at is the session's. Runs in VMX root and
 * in user-space tests.
 */
#include "commands.h"

static const struct rsp_trace_ops *rsp_trace(struct rsp *rsp)
{
	return rsp->ops->trace;
}

static void *rsp_trace_target(struct rsp *rsp)
{
	return rsp->ops->trace_target(rsp->target);
}

void rsp_trace_features(struct rsp *rsp)
{
	if (rsp_trace(rsp))
		rsp_reply_str(rsp, ";ConditionalTracepoints+;TracepointSource+"
				   ";DisconnectedTracing+;EnableDisableTracepoints+"
				   ";InstallInTrace+;tracenz+;QTBuffer:size+"
				   ";qXfer:traceframe-info:read+");
}

/* Hex digits to bytes in their own place; up to the end of the packet if *len is 0. */
static bool rsp_in_hex(struct rsp_in *in, const u8 **bytes, size_t *len)
{
	u8 *place = in->p;

	if (!*len)
		while (rsp_in_left(in) >= 2 * *len + 2 && rsp_hex_value(in->p[2 * *len]) >= 0)
			++*len;
	*bytes = place;
	return *len <= rsp_in_left(in) / 2 && rsp_in_bytes(in, place, *len);
}

/* `len,bytes`, not empty. */
static bool rsp_in_code(struct rsp_in *in, const u8 **code, size_t *len)
{
	u64 number;

	if (!rsp_in_u64(in, &number) || !rsp_in_char(in, ',') || !number ||
	    number > rsp_in_left(in) / 2)
		return false;
	*len = number;
	return rsp_in_hex(in, code, len);
}

/* `number:addr`. */
static bool rsp_in_point(struct rsp_in *in, unsigned int *number, u64 *addr)
{
	return rsp_in_u32(in, number) && rsp_in_char(in, ':') && rsp_in_u64(in, addr);
}

static int rsp_trace_reply(struct rsp *rsp, int error)
{
	return error ? error : rsp_reply_ok(rsp);
}

/* What follows the pass count: only conditions are known, fast and static tracepoints are not. */
static bool rsp_in_point_rest(struct rsp_in *in, struct rsp_tracepoint *point)
{
	if (rsp_in_end(in) || *in->p != ':')
		return true;
	return rsp_in_word(in, ":X") && rsp_in_code(in, &point->condition, &point->condition_len);
}

static int rsp_trace_define(struct rsp *rsp, struct rsp_in *in)
{
	const struct rsp_trace_ops *ops = rsp_trace(rsp);
	struct rsp_tracepoint point = { 0 };
	bool more;
	int error;

	if (!rsp_in_point(in, &point.number, &point.addr) || !rsp_in_char(in, ':'))
		return RSP_EINVAL;
	point.enabled = rsp_in_char(in, 'E');
	if (!point.enabled && !rsp_in_char(in, 'D'))
		return RSP_EINVAL;
	if (!rsp_in_char(in, ':') || !rsp_in_u64(in, &point.steps) || !rsp_in_char(in, ':') ||
	    !rsp_in_u64(in, &point.pass) || !rsp_in_point_rest(in, &point))
		return RSP_EINVAL;
	more = rsp_in_char(in, '-');
	if (!rsp_in_end(in))
		return RSP_EINVAL;
	error = ops->define(rsp_trace_target(rsp), &point);
	rsp->why = point.why;
	if (!error && !more)
		error = ops->complete(rsp_trace_target(rsp), point.number, point.addr);
	return rsp_trace_reply(rsp, error);
}

/* The digits of one number, the lowest register last; those beyond the description are dropped. */
static bool rsp_in_mask(struct rsp_in *in, u64 *mask)
{
	const u8 *start = in->p;

	for (*mask = 0; !rsp_in_end(in) && rsp_hex_value(*in->p) >= 0; in->p++)
		*mask = *mask << 4 | rsp_hex_value(*in->p);
	return in->p != start;
}

/* gdb writes -1 for "no register" in 32 or in 64 bits. */
static bool rsp_in_base(struct rsp_in *in, int *reg)
{
	u64 number;

	*reg = -1;
	if (rsp_in_word(in, "-1"))
		return true;
	if (!rsp_in_u64(in, &number))
		return false;
	if (number == 0xffffffff || number == ~0ull)
		return true;
	*reg = number;
	return number < RSP_NR_REGS;
}

static bool rsp_in_trace_action(struct rsp_in *in, struct rsp_trace_action *action)
{
	if (rsp_in_char(in, 'R')) {
		action->kind = RSP_TRACE_REGISTERS;
		return rsp_in_mask(in, &action->mask);
	}
	if (rsp_in_char(in, 'M')) {
		action->kind = RSP_TRACE_MEMORY;
		return rsp_in_base(in, &action->reg) && rsp_in_char(in, ',') &&
		       rsp_in_u64(in, &action->offset) && rsp_in_char(in, ',') &&
		       rsp_in_u64(in, &action->len);
	}
	action->kind = RSP_TRACE_EXPRESSION;
	return rsp_in_char(in, 'X') && rsp_in_code(in, &action->code, &action->code_len);
}

/* The S of while-stepping stands once, and holds for all that follows of the tracepoint. */
static int rsp_trace_actions(struct rsp *rsp, struct rsp_in *in)
{
	const struct rsp_trace_ops *ops = rsp_trace(rsp);
	struct rsp_trace_action action;
	unsigned int number;
	bool more = false;
	int error = RSP_OK;
	u64 addr;

	if (!rsp_in_point(in, &number, &addr) || !rsp_in_char(in, ':'))
		return RSP_EINVAL;
	while (!error && !more && !rsp_in_end(in)) {
		memset(&action, 0, sizeof(action));
		rsp->trace_stepping |= rsp_in_char(in, 'S');
		action.stepping = rsp->trace_stepping;
		if (!rsp_in_trace_action(in, &action))
			return RSP_EINVAL;
		error = ops->add_action(rsp_trace_target(rsp), number, addr, &action);
		rsp->why = action.why;
		more = rsp_in_char(in, '-');
	}
	if (!error && !rsp_in_end(in))
		error = RSP_EINVAL;
	if (!error && !more)
		error = ops->complete(rsp_trace_target(rsp), number, addr);
	return rsp_trace_reply(rsp, error);
}

static int rsp_trace_qtdp(struct rsp *rsp, struct rsp_in *in)
{
	if (rsp_in_char(in, '-'))
		return rsp_trace_actions(rsp, in);
	rsp->trace_stepping = false;
	return rsp_trace_define(rsp, in);
}

static const char *const rsp_source_names[RSP_TRACE_NR_SOURCES] = { "at", "cond", "cmd" };

static bool rsp_in_source_kind(struct rsp_in *in, u8 *kind)
{
	for (*kind = 0; *kind < RSP_TRACE_NR_SOURCES; ++*kind)
		if (rsp_in_word(in, rsp_source_names[*kind]))
			return true;
	return false;
}

static int rsp_trace_qtdpsrc(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_trace_source source = { 0 };
	unsigned int number;
	u64 addr;

	if (!rsp_in_point(in, &number, &addr) || !rsp_in_char(in, ':') ||
	    !rsp_in_source_kind(in, &source.kind) || !rsp_in_char(in, ':') ||
	    !rsp_in_u64(in, &source.start) || !rsp_in_char(in, ':') ||
	    !rsp_in_u64(in, &source.total) || !rsp_in_char(in, ':') ||
	    !rsp_in_hex(in, &source.text, &source.len) || !rsp_in_end(in))
		return RSP_EINVAL;
	return rsp_trace_reply(
		rsp, rsp_trace(rsp)->add_source(rsp_trace_target(rsp), number, addr, &source));
}

static int rsp_trace_qtdv(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_trace_variable variable = { 0 };
	unsigned int builtin;

	if (!rsp_in_u32(in, &variable.number) || !rsp_in_char(in, ':') ||
	    !rsp_in_u64(in, &variable.value) || !rsp_in_char(in, ':') ||
	    !rsp_in_u32(in, &builtin) || !rsp_in_char(in, ':') ||
	    !rsp_in_hex(in, &variable.name, &variable.name_len) || !rsp_in_end(in))
		return RSP_EINVAL;
	variable.builtin = builtin;
	return rsp_trace_reply(rsp,
			       rsp_trace(rsp)->define_variable(rsp_trace_target(rsp), &variable));
}

/* `start,end:start,end…`. */
static int rsp_trace_qtro(struct rsp *rsp, struct rsp_in *in)
{
	bool first = true;
	int error = RSP_OK;
	u64 start, end;

	while (!error && (first || rsp_in_char(in, ':'))) {
		if (!rsp_in_u64(in, &start) || !rsp_in_char(in, ',') || !rsp_in_u64(in, &end))
			return RSP_EINVAL;
		error = rsp_trace(rsp)->add_constant(rsp_trace_target(rsp), first, start, end);
		first = false;
	}
	if (!error && !rsp_in_end(in))
		error = RSP_EINVAL;
	return rsp_trace_reply(rsp, error);
}

static int rsp_trace_qtinit(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp->trace_frame = RSP_NO_FRAME;
	rsp_trace(rsp)->init(rsp_trace_target(rsp));
	return rsp_reply_ok(rsp);
}

static int rsp_trace_qtstart(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp->trace_frame = RSP_NO_FRAME;
	return rsp_trace_reply(rsp, rsp_trace(rsp)->start(rsp_trace_target(rsp)));
}

static int rsp_trace_qtstop(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp_trace(rsp)->stop(rsp_trace_target(rsp));
	return rsp_reply_ok(rsp);
}

static int rsp_trace_enable(struct rsp *rsp, struct rsp_in *in, bool enabled)
{
	unsigned int number;
	u64 addr;

	if (!rsp_in_point(in, &number, &addr) || !rsp_in_end(in))
		return RSP_EINVAL;
	return rsp_trace_reply(
		rsp, rsp_trace(rsp)->enable(rsp_trace_target(rsp), number, addr, enabled));
}

static int rsp_trace_qtenable(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_trace_enable(rsp, in, true);
}

static int rsp_trace_qtdisable(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_trace_enable(rsp, in, false);
}

static int rsp_trace_option(struct rsp *rsp, struct rsp_in *in, unsigned int option)
{
	u64 value = ~0ull;

	if ((!rsp_in_word(in, "-1") && !rsp_in_u64(in, &value)) || !rsp_in_end(in))
		return RSP_EINVAL;
	return rsp_trace_reply(rsp,
			       rsp_trace(rsp)->set_option(rsp_trace_target(rsp), option, value));
}

static int rsp_trace_disconnected(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_trace_option(rsp, in, RSP_TRACE_STAY);
}

static int rsp_trace_circular(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_trace_option(rsp, in, RSP_TRACE_CIRCULAR);
}

static int rsp_trace_size(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_trace_option(rsp, in, RSP_TRACE_SIZE);
}

static const char *const rsp_note_names[RSP_TRACE_NR_NOTES] = { "user:", "notes:", "tstop:" };

static bool rsp_in_note(struct rsp_in *in, unsigned int *note)
{
	for (*note = 0; *note < RSP_TRACE_NR_NOTES; ++*note)
		if (rsp_in_word(in, rsp_note_names[*note]))
			return true;
	return false;
}

/* `user:HEX;notes:HEX;tstop:HEX;`, any of them. */
static int rsp_trace_qtnotes(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int note;
	const u8 *text;
	size_t len;
	int error = RSP_OK;

	while (!error && !rsp_in_end(in)) {
		len = 0;
		if (!rsp_in_note(in, &note) || !rsp_in_hex(in, &text, &len))
			return RSP_EINVAL;
		if (!rsp_in_end(in) && !rsp_in_char(in, ';'))
			return RSP_EINVAL;
		error = rsp_trace(rsp)->set_note(rsp_trace_target(rsp), note, text, len);
	}
	return rsp_trace_reply(rsp, error);
}

/*
 * A halted machine writes no files: text in front of the reply says who does, and when. gdb shows
 * errors of this packet as they are, whatever it has announced, and takes numbers for something
 * else.
 */
static int rsp_trace_qtsave(struct rsp *rsp, struct rsp_in *in)
{
	const char *text = NULL;
	const u8 *name;
	size_t len = 0;
	int error;

	if (!rsp_in_hex(in, &name, &len) || !len || !rsp_in_end(in))
		return RSP_EINVAL;
	error = rsp_trace(rsp)->save(rsp_trace_target(rsp), name, len, &text);
	if (!error) {
		rsp_console_before_reply(rsp, text);
		return rsp_reply_ok(rsp);
	}
	rsp->last_error = error;
	rsp->last_why = NULL;
	rsp_reply_str(rsp, "E.");
	rsp_reply_str(rsp, rsp_error_text(error));
	return RSP_OK;
}

struct rsp_trace_word {
	const char *name;
	u8 how; /* enum rsp_trace_how */
	bool two;
};

static bool rsp_in_find(struct rsp_in *in, struct rsp_trace_find *find)
{
	static const struct rsp_trace_word words[] = {
		{ "pc:", RSP_TRACE_BY_PC, false },    { "tdp:", RSP_TRACE_BY_POINT, false },
		{ "range:", RSP_TRACE_INSIDE, true }, { "outside:", RSP_TRACE_OUTSIDE, true },
		{ "", RSP_TRACE_BY_NUMBER, false },
	};
	const struct rsp_trace_word *word = words;

	while (!rsp_in_word(in, word->name))
		word++;
	find->how = word->how;
	if (!rsp_in_u64(in, &find->a))
		return false;
	if (word->two && (!rsp_in_char(in, ':') || !rsp_in_u64(in, &find->b)))
		return false;
	return rsp_in_end(in);
}

/* gdb's word for "no frame, the machine as it is". */
static bool rsp_is_no_frame(const struct rsp_trace_find *find)
{
	return find->how == RSP_TRACE_BY_NUMBER && (u32)find->a == 0xffffffff;
}

static int rsp_trace_qtframe(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_trace_find find = { .from = rsp->trace_frame + 1 };

	if (!rsp_in_find(in, &find))
		return RSP_EINVAL;
	if (rsp_is_no_frame(&find))
		rsp->trace_frame = RSP_NO_FRAME;
	if (rsp_is_no_frame(&find) || !rsp_trace(rsp)->find(rsp_trace_target(rsp), &find)) {
		rsp_reply_str(rsp, "F-1");
		return RSP_OK;
	}
	rsp->trace_frame = find.from;
	rsp_reply_char(rsp, 'F');
	rsp_reply_number(rsp, find.from);
	rsp_reply_char(rsp, 'T');
	rsp_reply_number(rsp, find.tracepoint);
	return RSP_OK;
}

static void rsp_reply_field(struct rsp *rsp, const char *name, u64 value)
{
	rsp_reply_str(rsp, name);
	rsp_reply_number(rsp, value);
}

static void rsp_reply_note(struct rsp *rsp, unsigned int note)
{
	const u8 *text = NULL;
	size_t len = rsp_trace(rsp)->note(rsp_trace_target(rsp), note, &text);

	rsp_reply_bytes(rsp, text, len);
}

/* Why it does not run: a word, for some an explanation, and a tracepoint. */
static void rsp_reply_end(struct rsp *rsp, const struct rsp_trace_status *status)
{
	static const char *const names[] = {
		[RSP_TRACE_NEVER_RUN] = "tnotrun:0",
		[RSP_TRACE_STOPPED] = "tstop:",
		[RSP_TRACE_FULL] = "tfull:0",
		[RSP_TRACE_PASSED] = "tpasscount:",
		[RSP_TRACE_DISCONNECTED] = "tdisconnected:0",
		[RSP_TRACE_FAILED] = "terror:",
	};

	rsp_reply_char(rsp, ';');
	rsp_reply_str(rsp, names[status->end]);
	if (status->end == RSP_TRACE_STOPPED) {
		rsp_reply_note(rsp, RSP_TRACE_TSTOP);
		rsp_reply_str(rsp, ":0");
	} else if (status->end == RSP_TRACE_FAILED) {
		rsp_reply_bytes(rsp, status->why, rsp_strlen(status->why));
		rsp_reply_field(rsp, ":", status->tracepoint);
	} else if (status->end == RSP_TRACE_PASSED) {
		rsp_reply_number(rsp, status->tracepoint);
	}
}

static int rsp_trace_qtstatus(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_trace_status status = { 0 };

	(void)in;
	rsp_trace(rsp)->status(rsp_trace_target(rsp), &status);
	rsp_reply_field(rsp, "T", status.running);
	rsp_reply_end(rsp, &status);
	rsp_reply_field(rsp, ";tframes:", status.frames);
	rsp_reply_field(rsp, ";tcreated:", status.created);
	rsp_reply_field(rsp, ";tfree:", status.free);
	rsp_reply_field(rsp, ";tsize:", status.size);
	rsp_reply_field(rsp, ";circular:", status.circular);
	rsp_reply_field(rsp, ";disconn:", status.disconnected);
	rsp_reply_field(rsp, ";starttime:", status.started);
	rsp_reply_field(rsp, ";stoptime:", status.ended);
	rsp_reply_str(rsp, ";username:");
	rsp_reply_note(rsp, RSP_TRACE_USER);
	rsp_reply_str(rsp, ";notes:");
	rsp_reply_note(rsp, RSP_TRACE_NOTES);
	return RSP_OK;
}

static int rsp_trace_qtp(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int number;
	u64 addr, hits, bytes;
	int error;

	if (!rsp_in_point(in, &number, &addr) || !rsp_in_end(in))
		return RSP_EINVAL;
	error = rsp_trace(rsp)->point_status(rsp_trace_target(rsp), number, addr, &hits, &bytes);
	if (error)
		return error;
	rsp_reply_field(rsp, "V", hits);
	rsp_reply_field(rsp, ":", bytes);
	return RSP_OK;
}

static int rsp_trace_qtv(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int number;
	u64 value;

	if (!rsp_in_u32(in, &number) || !rsp_in_end(in))
		return RSP_EINVAL;
	if (rsp_trace(rsp)->get_variable(rsp_trace_target(rsp), rsp->trace_frame, number, &value))
		rsp_reply_field(rsp, "V", value);
	else
		rsp_reply_char(rsp, 'U');
	return RSP_OK;
}

static int rsp_reply_variable(struct rsp *rsp)
{
	struct rsp_trace_variable v;

	if (!rsp_trace(rsp)->variable(rsp_trace_target(rsp), rsp->trace_index++, &v)) {
		rsp_reply_char(rsp, 'l');
		return RSP_OK;
	}
	rsp_reply_number(rsp, v.number);
	rsp_reply_field(rsp, ":", v.value);
	rsp_reply_field(rsp, ":", v.builtin);
	rsp_reply_char(rsp, ':');
	rsp_reply_bytes(rsp, v.name, v.name_len);
	return RSP_OK;
}

static int rsp_trace_qtfv(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp->trace_index = 0;
	return rsp_reply_variable(rsp);
}

static int rsp_trace_qtsv(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	return rsp_reply_variable(rsp);
}

static void rsp_reply_code(struct rsp *rsp, const u8 *code, size_t len)
{
	rsp_reply_field(rsp, "X", len);
	rsp_reply_char(rsp, ',');
	rsp_reply_bytes(rsp, code, len);
}

static void rsp_reply_point(struct rsp *rsp, const struct rsp_tracepoint *point)
{
	rsp_reply_str(rsp, point->enabled ? ":E" : ":D");
	rsp_reply_field(rsp, ":", point->steps);
	rsp_reply_field(rsp, ":", point->pass);
	if (!point->condition_len)
		return;
	rsp_reply_char(rsp, ':');
	rsp_reply_code(rsp, point->condition, point->condition_len);
}

static void rsp_reply_action(struct rsp *rsp, const struct rsp_trace_action *action)
{
	rsp_reply_char(rsp, ':');
	if (action->kind == RSP_TRACE_REGISTERS) {
		rsp_reply_field(rsp, "R", action->mask);
	} else if (action->kind == RSP_TRACE_MEMORY) {
		rsp_reply_field(rsp, "M", action->reg < 0 ? 0xffffffff : (u64)action->reg);
		rsp_reply_field(rsp, ",", action->offset);
		rsp_reply_field(rsp, ",", action->len);
	} else {
		rsp_reply_code(rsp, action->code, action->code_len);
	}
}

static void rsp_reply_source(struct rsp *rsp, const struct rsp_trace_source *source)
{
	rsp_reply_char(rsp, ':');
	rsp_reply_str(rsp, rsp_source_names[source->kind]);
	rsp_reply_field(rsp, ":", source->start);
	rsp_reply_field(rsp, ":", source->total);
	rsp_reply_char(rsp, ':');
	rsp_reply_bytes(rsp, source->text, source->len);
}

/* `T`, `A` for the hit, `S` for the steps, `Z` for the user's words. */
static int rsp_reply_item(struct rsp *rsp)
{
	struct rsp_trace_item item = { 0 };
	bool stepping;

	if (!rsp_trace(rsp)->item(rsp_trace_target(rsp), rsp->trace_index++, &item)) {
		rsp_reply_char(rsp, 'l');
		return RSP_OK;
	}
	stepping = item.kind == 'A' && item.action.stepping;
	rsp_reply_char(rsp, stepping ? 'S' : item.kind);
	rsp_reply_number(rsp, item.point.number);
	rsp_reply_field(rsp, ":", item.point.addr);
	if (item.kind == 'T')
		rsp_reply_point(rsp, &item.point);
	else if (item.kind == 'A')
		rsp_reply_action(rsp, &item.action);
	else
		rsp_reply_source(rsp, &item.source);
	return RSP_OK;
}

static int rsp_trace_qtfp(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp->trace_index = 0;
	return rsp_reply_item(rsp);
}

static int rsp_trace_qtsp(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	return rsp_reply_item(rsp);
}

static int rsp_trace_qtbuffer(struct rsp *rsp, struct rsp_in *in)
{
	u64 offset, len;

	if (!rsp_in_u64(in, &offset) || !rsp_in_char(in, ',') || !rsp_in_u64(in, &len) ||
	    !rsp_in_end(in))
		return RSP_EINVAL;
	len = base_min(len, RSP_PACKET_SIZE / 2);
	len = rsp_trace(rsp)->raw(rsp_trace_target(rsp), offset, rsp->rx.data, len);
	if (len)
		rsp_reply_bytes(rsp, rsp->rx.data, len);
	else
		rsp_reply_char(rsp, 'l');
	return RSP_OK;
}

struct rsp_trace_packet {
	const char *name;
	int (*run)(struct rsp *rsp, struct rsp_in *in);
};

/* The first row that fits is taken, so longer names stand before their own beginnings. */
static const struct rsp_trace_packet rsp_trace_packets[] = {
	{ "QTinit", rsp_trace_qtinit },
	{ "QTDPsrc:", rsp_trace_qtdpsrc },
	{ "QTDP:", rsp_trace_qtdp },
	{ "QTDV:", rsp_trace_qtdv },
	{ "QTro:", rsp_trace_qtro },
	{ "QTStart", rsp_trace_qtstart },
	{ "QTStop", rsp_trace_qtstop },
	{ "QTEnable:", rsp_trace_qtenable },
	{ "QTDisable:", rsp_trace_qtdisable },
	{ "QTDisconnected:", rsp_trace_disconnected },
	{ "QTBuffer:circular:", rsp_trace_circular },
	{ "QTBuffer:size:", rsp_trace_size },
	{ "QTNotes:", rsp_trace_qtnotes },
	{ "QTFrame:", rsp_trace_qtframe },
	{ "qTStatus", rsp_trace_qtstatus },
	{ "qTP:", rsp_trace_qtp },
	{ "qTV:", rsp_trace_qtv },
	{ "qTfV", rsp_trace_qtfv },
	{ "qTsV", rsp_trace_qtsv },
	{ "qTfP", rsp_trace_qtfp },
	{ "qTsP", rsp_trace_qtsp },
	{ "qTBuffer:", rsp_trace_qtbuffer },
	{ "QTSave:", rsp_trace_qtsave },
};

int rsp_cmd_trace(struct rsp *rsp, struct rsp_in *in)
{
	const struct rsp_trace_packet *packet = rsp_trace_packets;
	struct rsp_in whole = { rsp->rx.data, in->end };

	if (!rsp_trace(rsp))
		return RSP_UNKNOWN;
	for (; packet < rsp_trace_packets + ARRAY_SIZE(rsp_trace_packets); packet++)
		if (rsp_in_word(&whole, packet->name))
			return packet->run(rsp, &whole);
	return RSP_UNKNOWN;
}

/* While a frame is looked at, the machine is what the frame has of it. */
bool rsp_in_frame(const struct rsp *rsp)
{
	return rsp->trace_frame != RSP_NO_FRAME;
}

int rsp_read_reg(struct rsp *rsp, unsigned int thread, unsigned int reg, u8 *value)
{
	if (rsp_in_frame(rsp))
		return rsp_trace(rsp)->frame_reg(rsp_trace_target(rsp), rsp->trace_frame, reg,
						 value);
	return rsp->ops->read_reg(rsp->target, thread, reg, value);
}

int rsp_read_mem(struct rsp *rsp, unsigned int thread, u64 addr, u8 *buf, size_t len, size_t *done)
{
	if (rsp_in_frame(rsp))
		return rsp_trace(rsp)->frame_mem(rsp_trace_target(rsp), rsp->trace_frame, addr, buf,
						 len, done);
	return rsp->ops->read_mem(rsp->target, thread, addr, buf, len, done);
}

static void rsp_xfer_range(struct rsp_xfer *xfer, u64 addr, u64 len)
{
	rsp_xfer_str(xfer, "<memory start=\"0x");
	rsp_xfer_hex(xfer, addr);
	rsp_xfer_str(xfer, "\" length=\"0x");
	rsp_xfer_hex(xfer, len);
	rsp_xfer_str(xfer, "\"/>\n");
}

void rsp_describe_frame(struct rsp_xfer *xfer)
{
	const struct rsp_trace_ops *ops = rsp_trace(xfer->rsp);
	u64 frame = xfer->rsp->trace_frame, addr, len;
	void *target = rsp_trace_target(xfer->rsp);
	unsigned int i, number;

	rsp_xfer_str(xfer, "<traceframe-info>\n");
	for (i = 0; ops->frame_range(target, frame, i, &addr, &len); i++)
		rsp_xfer_range(xfer, addr, len);
	for (i = 0; ops->frame_variable(target, frame, i, &number); i++) {
		rsp_xfer_str(xfer, "<tvar id=\"");
		rsp_xfer_number(xfer, number);
		rsp_xfer_str(xfer, "\"/>\n");
	}
	rsp_xfer_str(xfer, "</traceframe-info>\n");
}
