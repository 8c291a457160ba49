// SPDX-License-Identifier: GPL-2.0
/* See script_fake.h. User space only. */
#include <stdarg.h>
#include <stdio.h>

#include "script_fake.h"

static void say(struct script_fake *fake, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(fake->out + fake->out_len, sizeof(fake->out) - fake->out_len, format, args);
	va_end(args);
	fake->out_len = base_min(fake->out_len + len, sizeof(fake->out) - 1);
}

static enum expr_result fake_get(void *ctx, enum script_base base, u64 *value)
{
	struct script_fake *fake = ctx;

	*value = fake->bases[base];
	return EXPR_OK;
}

static enum expr_result fake_set(void *ctx, enum script_base base, u64 value)
{
	struct script_fake *fake = ctx;

	fake->bases[base] = value;
	return EXPR_OK;
}

static u8 *memory(struct script_fake *fake, bool physical, u64 addr, size_t len)
{
	u64 offset = addr - (physical ? 0x1000 : SCRIPT_FAKE_PAGE);

	return offset <= SCRIPT_FAKE_PAGE_LEN && len <= SCRIPT_FAKE_PAGE_LEN - offset
		       ? fake->page + offset
		       : NULL;
}

static enum expr_result fake_read(void *ctx, bool physical, u64 addr, void *buf, size_t len)
{
	const u8 *p = memory(ctx, physical, addr, len);

	if (!p)
		return EXPR_UNMAPPED;
	memcpy(buf, p, len);
	return EXPR_OK;
}

static enum expr_result fake_write(void *ctx, bool physical, u64 addr, const void *buf, size_t len)
{
	u8 *p = memory(ctx, physical, addr, len);

	if (!p)
		return EXPR_UNMAPPED;
	memcpy(p, buf, len);
	return EXPR_OK;
}

static enum expr_result fake_atomic(void *ctx, u64 addr, enum script_atomic op, u64 a, u64 b,
				    u64 *old)
{
	u8 *p = memory(ctx, false, addr, script_atomic_size(op));

	if (!p)
		return EXPR_UNMAPPED;
	*old = script_atomic_do(p, op, a, b);
	return EXPR_OK;
}

static bool fake_to_physical(void *ctx, u64 addr, u64 *physical)
{
	*physical = addr - SCRIPT_FAKE_PAGE + 0x1000;
	return memory(ctx, false, addr, 1);
}

static bool fake_to_virtual(void *ctx, u64 physical, u64 *addr)
{
	*addr = physical - 0x1000 + SCRIPT_FAKE_PAGE;
	return memory(ctx, true, physical, 1);
}

static enum expr_result fake_print(void *ctx, const char *text, size_t len)
{
	say(ctx, "%.*s", (int)len, text);
	return EXPR_OK;
}

static void fake_flush(void *ctx)
{
	say(ctx, "[flush]");
}

static bool fake_inject(void *ctx, u8 type, u8 vector, bool has_error, u32 error)
{
	say(ctx, has_error ? "[inject %u %x %x]" : "[inject %u %x]", type, vector, error);
	return type != 4;
}

static bool fake_enable(void *ctx, u32 id, bool on)
{
	say(ctx, "[%s %x]", on ? "enable" : "disable", id);
	return id < 8;
}

static bool fake_clear(void *ctx, u32 id)
{
	say(ctx, "[clear %x]", id);
	return id < 8;
}

static u64 fake_task(void *ctx, bool leader)
{
	(void)ctx;
	return SCRIPT_FAKE_PAGE + (leader ? 0x800 : 0x900);
}

static u64 fake_buffer(void *ctx)
{
	(void)ctx;
	return SCRIPT_FAKE_PAGE + 0xa00;
}

static u64 fake_seconds(void *ctx)
{
	(void)ctx;
	return 1709210096; /* 2024-02-29 12:34:56 UTC */
}

static u64 fake_tsc(void *ctx)
{
	return ++((struct script_fake *)ctx)->tsc;
}

static void fake_microsleep(void *ctx, u32 us)
{
	say(ctx, "[sleep %u]", us);
}

static const struct script_ops fake_ops = {
	.get = fake_get,
	.set = fake_set,
	.read = fake_read,
	.write = fake_write,
	.atomic = fake_atomic,
	.to_physical = fake_to_physical,
	.to_virtual = fake_to_virtual,
	.print = fake_print,
	.flush = fake_flush,
	.inject = fake_inject,
	.rule_enable = fake_enable,
	.rule_clear = fake_clear,
	.task = fake_task,
	.buffer = fake_buffer,
	.seconds = fake_seconds,
	.tsc = fake_tsc,
	.microsleep = fake_microsleep,
};

void script_fake_init(struct script_fake *fake)
{
	unsigned int i;

	memset(fake, 0, sizeof(*fake));
	for (i = 0; i < SCRIPT_NR_BASES; i++)
		fake->bases[i] = 0x1111111111111111ull * (i % 16) + i;
	fake->bases[SCRIPT_RFLAGS] = 0x246;
	for (i = 0; i < 256; i++)
		fake->page[i] = i;
	memcpy(fake->page + 0x100, "hello", 6);
	memcpy(fake->page + 0x120, "w\0i\0d\0e\0\0", 10);
	memcpy(fake->page + SCRIPT_FAKE_PAGE_LEN - 3, "end", 3);
	fake->event = (struct event){ .kind = EVENT_EXCEPTION,
				      .vector = 14,
				      .cpu = 3,
				      .pid = 0x490,
				      .tid = 0x491,
				      .comm = "bash" };
	fake->run = (struct script_run){ .ops = &fake_ops,
					 .ctx = fake,
					 .machine = &fake->machine,
					 .globals = &fake->globals,
					 .event = &fake->event,
					 .rule_id = 5,
					 .max_steps = 20000 };
}

bool script_fake_compile(struct script_fake *fake, const char *text)
{
	struct rsp_text error = { fake->error, 0, sizeof(fake->error) - 1 };
	bool good = script_compile(&fake->compiler, &fake->check, &fake->globals, text,
				   strlen(text), &error);

	fake->error[error.len] = '\0';
	return good;
}

enum expr_result script_fake_run(struct script_fake *fake)
{
	u32 len;
	const u8 *image = script_image(&fake->compiler, &len);

	return script_run(&fake->run, image, len, &fake->line);
}

void script_fake_list(const struct script_fake *fake, char *out, size_t size)
{
	const struct script_compiler *c = &fake->compiler;
	struct bytecode_insn insn;
	size_t len = 0;
	u32 pc;

	out[0] = '\0';
	for (pc = 0; pc < c->code_len && len < size; pc += insn.size) {
		if (!bytecode_decode(c->code, c->code_len, pc, &insn))
			break;
		len += snprintf(out + len, size - len, "%x %s", pc, insn.row->name);
		if (insn.row->flags & BC_ARGS)
			len += snprintf(out + len, size - len, " (%u)", insn.args);
		if (insn.op == BC_CALL)
			len += snprintf(out + len, size - len, " %s",
					script_function(insn.operand)->name);
		else if (insn.row->flags & BC_TEXT)
			len += snprintf(out + len, size - len, " \"%s\"", insn.text);
		else if (insn.row->operand)
			len += snprintf(out + len, size - len, " %llx",
					(unsigned long long)insn.operand);
		len += snprintf(out + len, size - len, "\n");
	}
}
