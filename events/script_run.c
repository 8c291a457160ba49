// SPDX-License-Identifier: GPL-2.0
/*
 * A run of a compiled script: registers by parts, $ variables, functions by number. See script.h.
 * Runs in VMX root and in user space; calls the operations of struct script_ops.
 */
#include "chars.h"
#include "script_functions.h"

static u64 mask_of(const struct script_register *reg)
{
	return reg->bits == 64 ? ~0ULL : BIT64(reg->bits) - 1;
}

static enum expr_result read_register(struct script_run *run, const struct script_register *reg,
				      u64 *value)
{
	enum expr_result result = run->ops->get(run->ctx, reg->base, value);

	*value = *value >> reg->shift & mask_of(reg);
	return result;
}

/* A part leaves the rest as it is, but for the lower half of a general register, which clears. */
static enum expr_result write_register(struct script_run *run, const struct script_register *reg,
				       u64 value)
{
	u64 mask = mask_of(reg), whole = 0;
	enum expr_result result;

	if (!reg->writable)
		return EXPR_READ_ONLY;
	if (reg->bits < 64 && !(reg->bits == 32 && reg->base <= SCRIPT_R15)) {
		result = run->ops->get(run->ctx, reg->base, &whole);
		if (result)
			return result;
	}
	whole = (whole & ~(mask << reg->shift)) | (value & mask) << reg->shift;
	return run->ops->set(run->ctx, reg->base, whole);
}

static void two_digits(char *out, u64 number)
{
	out[0] = '0' + number / 10 % 10;
	out[1] = '0' + number % 10;
}

static void write_time(char *out, u64 seconds)
{
	u64 day = seconds % 86400;

	two_digits(out, day / 3600);
	two_digits(out + 3, day / 60 % 60);
	two_digits(out + 6, day % 60);
	out[2] = out[5] = ':';
	out[8] = '\0';
}

/* The Gregorian calendar, in eras of 400 years that begin with March. */
static void write_date(char *out, u64 seconds)
{
	u64 days = seconds / 86400 + 719468, era = days / 146097, of_era = days % 146097;
	u64 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	u64 of_year = of_era - (365 * year + year / 4 - year / 100);
	u64 month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);
	two_digits(out, year / 100);
	two_digits(out + 2, year);
	two_digits(out + 5, month);
	two_digits(out + 8, day);
	out[4] = out[7] = '-';
	out[10] = '\0';
}

static const struct event *task_of(const struct script_run *run)
{
	return run->event ? run->event : run->task;
}

static enum expr_result task_value(const struct event *task, unsigned int pseudo, u64 *value)
{
	if (!task)
		return EXPR_NO_REGISTER;
	switch (pseudo) {
	case SCRIPT_PID:
		*value = task->pid;
		break;
	case SCRIPT_TID:
		*value = task->tid;
		break;
	default:
		*value = task->cpu;
		break;
	}
	return EXPR_OK;
}

static enum expr_result event_value(const struct event *event, unsigned int pseudo, u64 *value)
{
	if (!event)
		return EXPR_NO_REGISTER;
	*value = pseudo == SCRIPT_CONTEXT ? event_context(event) : event->stage == EVENT_POST;
	return EXPR_OK;
}

static enum expr_result text_value(struct script_run *run, unsigned int pseudo, u64 *value)
{
	switch (pseudo) {
	case SCRIPT_PNAME:
		if (!task_of(run))
			return EXPR_NO_REGISTER;
		memcpy(run->name, task_of(run)->comm, EVENT_COMM_SIZE);
		run->name[EVENT_COMM_SIZE] = '\0';
		*value = SCRIPT_SPACE_NAME;
		break;
	case SCRIPT_DATE:
		write_date(run->date, run->ops->seconds(run->ctx));
		*value = SCRIPT_SPACE_DATE;
		break;
	default:
		write_time(run->time, run->ops->seconds(run->ctx));
		*value = SCRIPT_SPACE_TIME;
		break;
	}
	return EXPR_OK;
}

static enum expr_result read_pseudo(struct script_run *run, unsigned int pseudo, u64 *value)
{
	switch (pseudo) {
	case SCRIPT_PNAME:
	case SCRIPT_DATE:
	case SCRIPT_TIME:
		return text_value(run, pseudo, value);
	case SCRIPT_PROC:
	case SCRIPT_THREAD:
		*value = run->ops->task(run->ctx, pseudo == SCRIPT_PROC);
		return EXPR_OK;
	case SCRIPT_IP:
		return run->ops->get(run->ctx, SCRIPT_RIP, value);
	case SCRIPT_BUFFER:
		*value = run->ops->buffer(run->ctx);
		return EXPR_OK;
	case SCRIPT_EVENT_ID:
		*value = run->rule_id;
		return EXPR_OK;
	case SCRIPT_EVENT_TAG:
		*value = run->rule_id ? SCRIPT_TAG_BASE + run->rule_id : 0;
		return EXPR_OK;
	case SCRIPT_PID:
	case SCRIPT_TID:
	case SCRIPT_CORE:
		return task_value(task_of(run), pseudo, value);
	default:
		return event_value(run->event, pseudo, value);
	}
}

static enum expr_result op_read_reg(void *ctx, unsigned int reg, u64 *value)
{
	const struct script_register *row = script_register(reg - SCRIPT_REG_FIRST);

	if (reg >= SCRIPT_PSEUDO_FIRST && reg < SCRIPT_REG_LIMIT)
		return read_pseudo(ctx, reg - SCRIPT_PSEUDO_FIRST, value);
	return row ? read_register(ctx, row, value) : EXPR_NO_REGISTER;
}

static enum expr_result op_write_reg(void *ctx, unsigned int reg, u64 value)
{
	const struct script_register *row = script_register(reg - SCRIPT_REG_FIRST);

	return row ? write_register(ctx, row, value) : EXPR_NO_REGISTER;
}

static enum expr_result op_read_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	return script_read(ctx, false, addr, buf, len);
}

static enum expr_result op_print(void *ctx, u64 channel, const char *text, size_t len)
{
	const struct script_run *run = ctx;

	(void)channel;
	return run->ops->print(run->ctx, text, len);
}

static enum expr_result op_call(void *ctx, unsigned int number, const u64 *args, unsigned int nargs,
				const u8 *text, size_t text_len, u64 *value)
{
	const struct script_function *function = script_function(number);
	struct script_call call = { .run = ctx, .args = args };
	enum expr_result result;

	(void)text;
	(void)text_len;
	if (!function || !function->run)
		return EXPR_BAD_CODE;
	if (nargs > 3 || rsp_strlen(function->args) != nargs)
		return EXPR_BAD_CODE;
	call.size = function->size;
	call.physical = function->physical;
	result = function->run(&call);
	*value = call.value;
	return result;
}

static const struct expr_ops script_expr_ops = {
	.read_reg = op_read_reg,
	.write_reg = op_write_reg,
	.read_mem = op_read_mem,
	.print = op_print,
	.call = op_call,
};

static u32 line_of(const u8 *lines, u32 nr, u32 pc)
{
	struct script_line line;
	u32 found = 0;

	for (; nr; nr--, lines += sizeof(line)) {
		memcpy(&line, lines, sizeof(line));
		if (line.pc > pc)
			break;
		found = line.line;
	}
	return found;
}

enum expr_result script_run(struct script_run *run, const u8 *image, size_t len, u32 *line)
{
	struct expr_env env = { .ops = &script_expr_ops,
				.ctx = run,
				.machine = run->machine,
				.max_steps = run->max_steps,
				.globals = run->globals->value,
				.nr_globals = run->globals->nr };
	struct script_header header;
	enum expr_result result;
	size_t lines_len;
	u64 value;

	*line = 0;
	if (len < sizeof(header))
		return EXPR_BAD_CODE;
	memcpy(&header, image, sizeof(header));
	lines_len = header.nr_lines * sizeof(struct script_line);
	if (len != sizeof(header) + header.code_len + lines_len + header.data_len)
		return EXPR_BAD_CODE;
	run->code = image + sizeof(header);
	run->code_len = header.code_len;
	run->data = run->code + header.code_len + lines_len;
	run->data_len = header.data_len;
	result = expr_run(run->code, run->code_len, &env, &value);
	if (result)
		*line = line_of(run->code + header.code_len, header.nr_lines,
				run->machine->fault_pc);
	return result;
}

bool script_is_hopeless(enum expr_result result)
{
	switch (result) {
	case EXPR_BAD_CODE:
	case EXPR_BAD_JUMP:
	case EXPR_OVERFLOW:
	case EXPR_UNDERFLOW:
	case EXPR_ENDLESS:
	case EXPR_NESTED:
	case EXPR_LOCKED:
		return true;
	default:
		return false;
	}
}
