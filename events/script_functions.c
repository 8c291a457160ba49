// SPDX-License-Identifier: GPL-2.0
/*
 * The table of the functions of scripts, and those of them that are about events, rules and the
 * machine. See script_functions.h. Runs in VMX root and in user space; calls the operations of
 * struct script_ops.
 */
#include "chars.h"
#include "insn_len.h"
#include "script_functions.h"

#define SPIN_STEPS 64 /* what one try for a lock costs of the step limit */

static enum expr_result print(struct script_call *call, const char *label, u64 value)
{
	const struct script_run *run = call->run;
	char line[96];
	struct rsp_text text = { line, 0, sizeof(line) };

	rsp_text_add(&text, label);
	rsp_text_hex(&text, value);
	rsp_text_add(&text, "\n");
	return run->ops->print(run->ctx, line, text.len);
}

static enum expr_result run_print(struct script_call *call)
{
	return print(call, "", call->args[0]);
}

static void add_digits(struct rsp_text *text, u64 value, unsigned int shift, unsigned int count)
{
	char digit[2] = "";

	while (count--) {
		digit[0] = '0' + (value >> (shift * count) & ((1u << shift) - 1));
		rsp_text_add(text, digit);
	}
}

static void add_characters(struct rsp_text *text, u64 value)
{
	char letter[2] = "";
	unsigned int i;

	for (i = 0; i < 8; i++, value >>= 8) {
		letter[0] = (value & 0xff) >= ' ' && (value & 0xff) <= '~' ? (char)value : '.';
		rsp_text_add(text, letter);
	}
}

/* One value in all bases. */
static enum expr_result run_formats(struct script_call *call)
{
	const struct script_run *run = call->run;
	u64 value = call->args[0];
	char line[256];
	struct rsp_text text = { line, 0, sizeof(line) };

	rsp_text_add(&text, "hex 0x");
	rsp_text_hex(&text, value);
	rsp_text_add(&text, "\ndecimal ");
	rsp_text_dec(&text, value);
	if (value >> 63) {
		rsp_text_add(&text, ", signed -");
		rsp_text_dec(&text, -value);
	}
	rsp_text_add(&text, "\noctal ");
	add_digits(&text, value, 3, 22);
	rsp_text_add(&text, "\nbinary ");
	add_digits(&text, value, 1, 64);
	rsp_text_add(&text, "\ncharacters ");
	add_characters(&text, value);
	rsp_text_add(&text, "\n");
	return run->ops->print(run->ctx, line, text.len);
}

static enum expr_result run_pause(struct script_call *call)
{
	call->run->pause = true;
	return EXPR_OK;
}

static enum expr_result run_flush(struct script_call *call)
{
	call->run->ops->flush(call->run->ctx);
	return EXPR_OK;
}

static enum expr_result run_event_sc(struct script_call *call)
{
	const struct event *event = call->run->event;

	if (!event || event->stage == EVENT_POST)
		return EXPR_REFUSED;
	call->run->suppress = call->args[0];
	return EXPR_OK;
}

/* Ids as `monitor events` lists them; HyperDbg's tags are the same number, further up. */
static u32 rule_id(u64 id)
{
	return id > SCRIPT_TAG_BASE ? id - SCRIPT_TAG_BASE : id;
}

static enum expr_result run_event_enable(struct script_call *call)
{
	const struct script_run *run = call->run;

	return run->ops->rule_enable(run->ctx, rule_id(call->args[0]), true) ? EXPR_OK
									     : EXPR_REFUSED;
}

static enum expr_result run_event_disable(struct script_call *call)
{
	const struct script_run *run = call->run;

	return run->ops->rule_enable(run->ctx, rule_id(call->args[0]), false) ? EXPR_OK
									      : EXPR_REFUSED;
}

static enum expr_result run_event_clear(struct script_call *call)
{
	const struct script_run *run = call->run;

	return run->ops->rule_clear(run->ctx, rule_id(call->args[0])) ? EXPR_OK : EXPR_REFUSED;
}

static enum expr_result inject(struct script_call *call, bool has_error, u64 error)
{
	const struct script_run *run = call->run;
	u64 type = call->args[0], vector = call->args[1];

	if (type > 6 || type == 1 || vector > 0xff || error > 0xffffffff)
		return EXPR_REFUSED;
	return run->ops->inject(run->ctx, type, vector, has_error, error) ? EXPR_OK : EXPR_REFUSED;
}

static enum expr_result run_event_inject(struct script_call *call)
{
	return inject(call, false, 0);
}

static enum expr_result run_event_inject_error_code(struct script_call *call)
{
	return inject(call, true, call->args[2]);
}

/* A script holds its CPU: whoever has the lock runs on another one, and not for long. */
static enum expr_result run_spinlock_lock(struct script_call *call)
{
	struct script_run *run = call->run;
	struct expr_machine *machine = run->machine;
	enum expr_result result;
	u64 old;

	for (;;) {
		result = script_atomic(run, call->args[0], SCRIPT_TRY_LOCK, 0, 0, &old);
		if (result || !old)
			return result;
		machine->steps += SPIN_STEPS;
		if (machine->steps > run->max_steps)
			return EXPR_LOCKED;
		__builtin_ia32_pause();
	}
}

static enum expr_result run_spinlock_unlock(struct script_call *call)
{
	u64 old;

	return script_atomic(call->run, call->args[0], SCRIPT_UNLOCK, 0, 0, &old);
}

static enum expr_result run_interlocked_increment(struct script_call *call)
{
	enum expr_result result =
		script_atomic(call->run, call->args[0], SCRIPT_ADD, 1, 0, &call->value);

	call->value++;
	return result;
}

static enum expr_result run_interlocked_decrement(struct script_call *call)
{
	enum expr_result result =
		script_atomic(call->run, call->args[0], SCRIPT_ADD, ~0ULL, 0, &call->value);

	call->value--;
	return result;
}

static enum expr_result run_interlocked_exchange(struct script_call *call)
{
	return script_atomic(call->run, call->args[0], SCRIPT_EXCHANGE, call->args[1], 0,
			     &call->value);
}

static enum expr_result run_interlocked_exchange_add(struct script_call *call)
{
	return script_atomic(call->run, call->args[0], SCRIPT_ADD, call->args[1], 0, &call->value);
}

static enum expr_result run_interlocked_compare_exchange(struct script_call *call)
{
	return script_atomic(call->run, call->args[0], SCRIPT_COMPARE_EXCHANGE, call->args[1],
			     call->args[2], &call->value);
}

static enum expr_result run_check_address(struct script_call *call)
{
	u8 byte;

	call->value = script_read(call->run, false, call->args[0], &byte, 1) == EXPR_OK;
	return EXPR_OK;
}

static enum expr_result run_virtual_to_physical(struct script_call *call)
{
	const struct script_run *run = call->run;

	if (!run->ops->to_physical(run->ctx, call->args[0], &call->value))
		call->value = 0;
	return EXPR_OK;
}

static enum expr_result run_physical_to_virtual(struct script_call *call)
{
	const struct script_run *run = call->run;

	if (!run->ops->to_virtual(run->ctx, call->args[0], &call->value))
		call->value = 0;
	return EXPR_OK;
}

static enum expr_result run_disassemble_len(struct script_call *call)
{
	u64 addr = call->args[0];
	u8 bytes[INSN_MAX];
	size_t len;

	/* Up to where memory ends. */
	for (len = 0; len < sizeof(bytes); len++)
		if (script_read(call->run, false, addr + len, bytes + len, 1))
			break;
	call->value = insn_length(bytes, len, call->size == 4 ? INSN_32 : INSN_64);
	return len ? EXPR_OK : EXPR_UNMAPPED;
}

static enum expr_result run_microsleep(struct script_call *call)
{
	struct script_run *run = call->run;
	u64 us = base_min(call->args[0], 1000);

	/* A thousandth of the limit each: a millisecond in all. */
	run->machine->steps += us * (run->max_steps / 1000);
	if (us != call->args[0] || run->machine->steps > run->max_steps)
		return EXPR_ENDLESS;
	run->ops->microsleep(run->ctx, us);
	return EXPR_OK;
}

static enum expr_result run_rdtsc(struct script_call *call)
{
	call->value = call->run->ops->tsc(call->run->ctx);
	return EXPR_OK;
}

#define LOAD(name, size)                                                                           \
	{                                                                                          \
		name, "n", true, SCRIPT_LOAD, size, false, NULL                                    \
	}
#define LOAD_PA(name, size)                                                                        \
	{                                                                                          \
		name, "n", true, SCRIPT_CALLED, size, true, script_load                            \
	}
#define STORE(name, size)                                                                          \
	{                                                                                          \
		name, "nn", true, SCRIPT_CALLED, size, false, script_store                         \
	}
#define STORE_PA(name, size)                                                                       \
	{                                                                                          \
		name, "nn", true, SCRIPT_CALLED, size, true, script_store                          \
	}
#define GIVES(name, args, run)                                                                     \
	{                                                                                          \
		name, args, true, SCRIPT_CALLED, 0, false, run                                     \
	}
#define DOES(name, args, run)                                                                      \
	{                                                                                          \
		name, args, false, SCRIPT_CALLED, 0, false, run                                    \
	}

static const struct script_function functions[] = {
	LOAD("poi", 8),
	LOAD("dq", 8),
	LOAD("dd", 4),
	LOAD("dw", 2),
	LOAD("db", 1),
	LOAD("low", 2),
	{ "hi", "n", true, SCRIPT_HI, 4, false, NULL },
	LOAD_PA("poi_pa", 8),
	LOAD_PA("dq_pa", 8),
	LOAD_PA("dd_pa", 4),
	LOAD_PA("dw_pa", 2),
	LOAD_PA("db_pa", 1),
	LOAD_PA("low_pa", 2),
	{ "hi_pa", "n", true, SCRIPT_CALLED, 4, true, script_hi_physical },
	{ "not", "n", true, SCRIPT_NOT, 0, false, NULL },
	{ "neg", "n", true, SCRIPT_NEG, 0, false, NULL },
	{ "ref", "n", true, SCRIPT_REFERENCE, 0, false, NULL },
	{ "reference", "n", true, SCRIPT_REFERENCE, 0, false, NULL },
	STORE("eb", 1),
	STORE("ed", 4),
	STORE("eq", 8),
	STORE_PA("eb_pa", 1),
	STORE_PA("ed_pa", 4),
	STORE_PA("eq_pa", 8),
	/* `*p = v`, which fails where eq() says 0. No name of a script has a blank. */
	{ " store", "nn", false, SCRIPT_CALLED, 0, false, script_store },
	DOES("memcpy", "nsn", script_memcpy),
	{ "memcpy_pa", "nnn", false, SCRIPT_CALLED, 0, true, script_memcpy },
	GIVES("memcmp", "ssn", script_memcmp),
	{ "strlen", "s", true, SCRIPT_CALLED, 1, false, script_strlen },
	{ "strcmp", "ss", true, SCRIPT_CALLED, 1, false, script_strcmp },
	{ "strncmp", "ssn", true, SCRIPT_CALLED, 1, false, script_strncmp },
	{ "wcslen", "w", true, SCRIPT_CALLED, 2, false, script_strlen },
	{ "wcscmp", "ww", true, SCRIPT_CALLED, 2, false, script_strcmp },
	{ "wcsncmp", "wwn", true, SCRIPT_CALLED, 2, false, script_strncmp },
	{ "printf", "", false, SCRIPT_PRINTF, 0, false, NULL },
	DOES("print", "n", run_print),
	DOES("formats", "n", run_formats),
	DOES("pause", "", run_pause),
	DOES("flush", "", run_flush),
	DOES("event_sc", "n", run_event_sc),
	DOES("event_enable", "n", run_event_enable),
	DOES("event_disable", "n", run_event_disable),
	DOES("event_clear", "n", run_event_clear),
	DOES("event_inject", "nn", run_event_inject),
	DOES("event_inject_error_code", "nnn", run_event_inject_error_code),
	DOES("spinlock_lock", "n", run_spinlock_lock),
	DOES("spinlock_lock_custom_wait", "nn", run_spinlock_lock),
	DOES("spinlock_unlock", "n", run_spinlock_unlock),
	GIVES("interlocked_increment", "n", run_interlocked_increment),
	GIVES("interlocked_decrement", "n", run_interlocked_decrement),
	GIVES("interlocked_exchange", "nn", run_interlocked_exchange),
	GIVES("interlocked_exchange_add", "nn", run_interlocked_exchange_add),
	GIVES("interlocked_compare_exchange", "nnn", run_interlocked_compare_exchange),
	GIVES("check_address", "n", run_check_address),
	GIVES("virtual_to_physical", "n", run_virtual_to_physical),
	GIVES("physical_to_virtual", "n", run_physical_to_virtual),
	{ "disassemble_len", "n", true, SCRIPT_CALLED, 8, false, run_disassemble_len },
	{ "disassemble_len64", "n", true, SCRIPT_CALLED, 8, false, run_disassemble_len },
	{ "disassemble_len32", "n", true, SCRIPT_CALLED, 4, false, run_disassemble_len },
	DOES("microsleep", "n", run_microsleep),
	GIVES("rdtsc", "", run_rdtsc),
	GIVES("rdtscp", "", run_rdtsc),
};

const struct script_function *script_function(unsigned int n)
{
	return n < ARRAY_SIZE(functions) ? &functions[n] : NULL;
}

int script_find_function(const struct script_word *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		if (script_word_is(name, functions[i].name))
			return i;
	return -1;
}
