// SPDX-License-Identifier: GPL-2.0
/*
 * The interpreter. Every instruction is taken by bytecode_decode(), which keeps it within the
 * program, and gets room on the stack by its row before it runs; what is left to each is its own
 * meaning, defined for all values. Runs in VMX root and in user space; calls only the operations
 * of struct expr_ops.
 */
#include "expr_machine.h"

const char *expr_result_text(enum expr_result result)
{
	static const char *const texts[EXPR_NR_RESULTS] = {
		[EXPR_OK] = "no error",
		[EXPR_BAD_CODE] = "the program is damaged",
		[EXPR_BAD_JUMP] = "a jump leads out of the program",
		[EXPR_OVERFLOW] = "the stack of the program overflows",
		[EXPR_UNDERFLOW] = "the program takes more from its stack than is there",
		[EXPR_ENDLESS] = "the program ran longer than allowed",
		[EXPR_DIVISION] = "division by zero",
		[EXPR_NO_REGISTER] = "no such register, or its value is not available here",
		[EXPR_UNMAPPED] = "the page tables of the guest do not map an address",
		[EXPR_NOT_RAM] = "an address is mapped to something that is not RAM",
		[EXPR_NO_VARIABLE] = "no such variable",
		[EXPR_READ_ONLY] = "this cannot be written",
		[EXPR_TOO_LONG] = "more than can be collected or printed at once",
		[EXPR_FULL] = "the buffer is full",
		[EXPR_BAD_FORMAT] = "the format of a printf does not fit its arguments",
		[EXPR_UNSUPPORTED] = "this cannot be done here",
		[EXPR_REFUSED] = "a function of the script failed",
		[EXPR_INDEX] = "an index is beyond its array",
		[EXPR_NESTED] = "functions call each other too deeply",
		[EXPR_LOCKED] = "a spinlock was not free in time",
	};

	return (unsigned int)result < EXPR_NR_RESULTS ? texts[result] : "unknown error";
}

enum expr_result expr_read(struct expr_vm *vm, u64 addr, void *buf, size_t len)
{
	const struct expr_env *env = vm->env;
	enum expr_result result;

	if (vm->machine->steps++ >= vm->max_steps)
		return EXPR_ENDLESS;
	if (!env->ops->read_mem)
		return EXPR_UNSUPPORTED;
	if (addr + len - 1 < addr)
		result = EXPR_UNMAPPED;
	else
		result = env->ops->read_mem(env->ctx, addr, buf, len);
	if (result)
		vm->machine->fault_addr = addr;
	return result;
}

void expr_stream_open(struct expr_stream *stream, struct expr_vm *vm, u64 addr)
{
	stream->vm = vm;
	stream->addr = addr;
	stream->pos = 0;
	stream->filled = 0;
}

/* What cannot be read up to the boundary may still have a readable beginning. */
static enum expr_result expr_stream_fill(struct expr_stream *stream)
{
	size_t len = EXPR_CHUNK - (stream->addr & (EXPR_CHUNK - 1));
	enum expr_result result = expr_read(stream->vm, stream->addr, stream->buf, len);

	if (result) {
		len = 1;
		result = expr_read(stream->vm, stream->addr, stream->buf, len);
	}
	stream->pos = 0;
	stream->filled = result ? 0 : len;
	return result;
}

enum expr_result expr_stream_byte(struct expr_stream *stream, u8 *byte)
{
	enum expr_result result;

	if (stream->pos == stream->filled) {
		result = expr_stream_fill(stream);
		if (result)
			return result;
	}
	*byte = stream->buf[stream->pos++];
	stream->addr++;
	return EXPR_OK;
}

/*
 * The instructions. s is where the values that they pop begin, the deepest first; what they push
 * goes to the same place.
 */

static enum expr_result run_add(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] += s[1];
	return EXPR_OK;
}

static enum expr_result run_sub(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] -= s[1];
	return EXPR_OK;
}

static enum expr_result run_mul(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] *= s[1];
	return EXPR_OK;
}

/* The one quotient that does not fit wraps around, where the CPU would fault. */
static enum expr_result run_div_signed(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	if (!s[1])
		return EXPR_DIVISION;
	s[0] = s[1] == ~0ull ? -s[0] : (u64)((s64)s[0] / (s64)s[1]);
	return EXPR_OK;
}

static enum expr_result run_div_unsigned(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	if (!s[1])
		return EXPR_DIVISION;
	s[0] /= s[1];
	return EXPR_OK;
}

static enum expr_result run_rem_signed(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	if (!s[1])
		return EXPR_DIVISION;
	s[0] = s[1] == ~0ull ? 0 : (u64)((s64)s[0] % (s64)s[1]);
	return EXPR_OK;
}

static enum expr_result run_rem_unsigned(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	if (!s[1])
		return EXPR_DIVISION;
	s[0] %= s[1];
	return EXPR_OK;
}

static enum expr_result run_lsh(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = s[1] < 64 ? s[0] << s[1] : 0;
	return EXPR_OK;
}

static enum expr_result run_rsh_signed(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = (u64)((s64)s[0] >> base_min(s[1], 63));
	return EXPR_OK;
}

static enum expr_result run_rsh_unsigned(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = s[1] < 64 ? s[0] >> s[1] : 0;
	return EXPR_OK;
}

static enum expr_result expr_collect(struct expr_vm *vm, u64 addr, u64 len)
{
	const struct expr_env *env = vm->env;

	if (!len)
		return EXPR_OK;
	if (len > EXPR_COLLECT_MAX)
		return EXPR_TOO_LONG;
	if (!env->ops->collect)
		return EXPR_UNSUPPORTED;
	vm->machine->steps += len / EXPR_CHUNK;
	vm->machine->fault_addr = addr;
	return addr + len - 1 < addr ? EXPR_UNMAPPED : env->ops->collect(env->ctx, addr, len);
}

static enum expr_result run_trace(struct expr_vm *vm, u64 *s)
{
	return expr_collect(vm, s[0], s[1]);
}

/* The address stays on the stack. */
static enum expr_result run_trace_quick(struct expr_vm *vm, u64 *s)
{
	return expr_collect(vm, s[0], vm->insn.operand);
}

/* Up to its NUL, and including it; a string that ends where memory ends is collected so far. */
static enum expr_result run_tracenz(struct expr_vm *vm, u64 *s)
{
	enum expr_result result = EXPR_OK;
	struct expr_stream stream;
	u64 len;
	u8 byte = 1;

	if (s[1] > EXPR_COLLECT_MAX)
		return EXPR_TOO_LONG;
	expr_stream_open(&stream, vm, s[0]);
	for (len = 0; len < s[1] && byte && !result; len += !result)
		result = expr_stream_byte(&stream, &byte);
	return len || !result ? expr_collect(vm, s[0], len) : result;
}

static enum expr_result run_tracev(struct expr_vm *vm, u64 *s)
{
	const struct expr_env *env = vm->env;

	(void)s;
	if (!env->ops->collect_var)
		return EXPR_UNSUPPORTED;
	return env->ops->collect_var(env->ctx, vm->insn.operand);
}

static enum expr_result run_log_not(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = !s[0];
	return EXPR_OK;
}

static enum expr_result run_bit_and(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] &= s[1];
	return EXPR_OK;
}

static enum expr_result run_bit_or(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] |= s[1];
	return EXPR_OK;
}

static enum expr_result run_bit_xor(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] ^= s[1];
	return EXPR_OK;
}

static enum expr_result run_bit_not(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = ~s[0];
	return EXPR_OK;
}

static enum expr_result run_equal(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = s[0] == s[1];
	return EXPR_OK;
}

static enum expr_result run_less_signed(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = (s64)s[0] < (s64)s[1];
	return EXPR_OK;
}

static enum expr_result run_less_unsigned(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[0] = s[0] < s[1];
	return EXPR_OK;
}

/* The manual: with as many bits as a value has, or more, there is nothing to extend. */
static enum expr_result run_ext(struct expr_vm *vm, u64 *s)
{
	u64 bits = vm->insn.operand;

	if (!bits)
		return EXPR_BAD_CODE;
	if (bits < 64)
		s[0] = (u64)((s64)(s[0] << (64 - bits)) >> (64 - bits));
	return EXPR_OK;
}

static enum expr_result run_zero_ext(struct expr_vm *vm, u64 *s)
{
	u64 bits = vm->insn.operand;

	if (!bits)
		return EXPR_BAD_CODE;
	if (bits < 64)
		s[0] &= (1ull << bits) - 1;
	return EXPR_OK;
}

/* Little endian, like the machine that this runs on. */
static enum expr_result run_ref(struct expr_vm *vm, u64 *s)
{
	u64 value = 0;
	enum expr_result result = expr_read(vm, s[0], &value, 1 << (vm->insn.op - BC_REF8));

	s[0] = value;
	return result;
}

static enum expr_result run_goto(struct expr_vm *vm, u64 *s)
{
	(void)s;
	if (vm->insn.operand >= vm->len)
		return EXPR_BAD_JUMP;
	vm->next = vm->insn.operand;
	return EXPR_OK;
}

static enum expr_result run_if_goto(struct expr_vm *vm, u64 *s)
{
	return s[0] ? run_goto(vm, s) : EXPR_OK;
}

static enum expr_result run_const(struct expr_vm *vm, u64 *s)
{
	s[0] = vm->insn.operand;
	return EXPR_OK;
}

static enum expr_result run_reg(struct expr_vm *vm, u64 *s)
{
	const struct expr_env *env = vm->env;

	if (!env->ops->read_reg)
		return EXPR_UNSUPPORTED;
	return env->ops->read_reg(env->ctx, vm->insn.operand, s);
}

static enum expr_result run_end(struct expr_vm *vm, u64 *s)
{
	(void)s;
	vm->ended = true;
	return EXPR_OK;
}

static enum expr_result run_dup(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	s[1] = s[0];
	return EXPR_OK;
}

static enum expr_result run_pop(struct expr_vm *vm, u64 *s)
{
	(void)vm;
	(void)s;
	return EXPR_OK;
}

static enum expr_result run_swap(struct expr_vm *vm, u64 *s)
{
	u64 a = s[0];

	(void)vm;
	s[0] = s[1];
	s[1] = a;
	return EXPR_OK;
}

static enum expr_result run_rot(struct expr_vm *vm, u64 *s)
{
	u64 c = s[2];

	(void)vm;
	s[2] = s[1];
	s[1] = s[0];
	s[0] = c;
	return EXPR_OK;
}

/* s is the first free place: 0 picks the top. */
static enum expr_result run_pick(struct expr_vm *vm, u64 *s)
{
	if (vm->insn.operand >= vm->depth)
		return EXPR_UNDERFLOW;
	s[0] = vm->machine->stack[vm->depth - 1 - vm->insn.operand];
	return EXPR_OK;
}

static enum expr_result run_getv(struct expr_vm *vm, u64 *s)
{
	const struct expr_env *env = vm->env;

	if (!env->ops->get_var)
		return EXPR_UNSUPPORTED;
	return env->ops->get_var(env->ctx, vm->insn.operand, s);
}

static enum expr_result run_setv(struct expr_vm *vm, u64 *s)
{
	const struct expr_env *env = vm->env;

	if (!env->ops->set_var)
		return EXPR_UNSUPPORTED;
	return env->ops->set_var(env->ctx, vm->insn.operand, s[0]);
}

/* On top of the arguments lie the channel and the function: gdb's own are always 0. */
static enum expr_result run_printf(struct expr_vm *vm, u64 *s)
{
	u64 *channel = s + vm->insn.args;

	if (channel[1])
		return EXPR_UNSUPPORTED;
	return expr_print(vm, channel[0], channel - 1, -1);
}

/* One row an opcode; those without one are refused before they get here. */
static const expr_instruction expr_instructions[BC_LOCAL_GET] = {
	[BC_ADD] = run_add,
	[BC_SUB] = run_sub,
	[BC_MUL] = run_mul,
	[BC_DIV_SIGNED] = run_div_signed,
	[BC_DIV_UNSIGNED] = run_div_unsigned,
	[BC_REM_SIGNED] = run_rem_signed,
	[BC_REM_UNSIGNED] = run_rem_unsigned,
	[BC_LSH] = run_lsh,
	[BC_RSH_SIGNED] = run_rsh_signed,
	[BC_RSH_UNSIGNED] = run_rsh_unsigned,
	[BC_TRACE] = run_trace,
	[BC_TRACE_QUICK] = run_trace_quick,
	[BC_LOG_NOT] = run_log_not,
	[BC_BIT_AND] = run_bit_and,
	[BC_BIT_OR] = run_bit_or,
	[BC_BIT_XOR] = run_bit_xor,
	[BC_BIT_NOT] = run_bit_not,
	[BC_EQUAL] = run_equal,
	[BC_LESS_SIGNED] = run_less_signed,
	[BC_LESS_UNSIGNED] = run_less_unsigned,
	[BC_EXT] = run_ext,
	[BC_REF8] = run_ref,
	[BC_REF16] = run_ref,
	[BC_REF32] = run_ref,
	[BC_REF64] = run_ref,
	[BC_IF_GOTO] = run_if_goto,
	[BC_GOTO] = run_goto,
	[BC_CONST8] = run_const,
	[BC_CONST16] = run_const,
	[BC_CONST32] = run_const,
	[BC_CONST64] = run_const,
	[BC_REG] = run_reg,
	[BC_END] = run_end,
	[BC_DUP] = run_dup,
	[BC_POP] = run_pop,
	[BC_ZERO_EXT] = run_zero_ext,
	[BC_SWAP] = run_swap,
	[BC_GETV] = run_getv,
	[BC_SETV] = run_setv,
	[BC_TRACEV] = run_tracev,
	[BC_TRACENZ] = run_tracenz,
	[BC_TRACE16] = run_trace_quick,
	[BC_PICK] = run_pick,
	[BC_ROT] = run_rot,
	[BC_PRINTF] = run_printf,
};

static expr_instruction expr_instruction_of(u8 op)
{
	return op < BC_LOCAL_GET ? expr_instructions[op]
				 : expr_script_instructions[op - BC_LOCAL_GET];
}

static enum expr_result expr_step(struct expr_vm *vm)
{
	struct bytecode_insn *insn = &vm->insn;
	expr_instruction run = expr_instruction_of(insn->op);
	enum expr_result result;
	u32 base;

	if (!run)
		return EXPR_BAD_CODE;
	if (vm->depth < insn->pops)
		return EXPR_UNDERFLOW;
	base = vm->depth - insn->pops;
	vm->after = base + insn->row->pushes;
	if (vm->after > EXPR_STACK_MAX)
		return vm->calls ? EXPR_NESTED : EXPR_OVERFLOW;
	vm->next = vm->pc + insn->size;
	result = run(vm, &vm->machine->stack[base]);
	vm->depth = vm->after;
	return result;
}

static enum expr_result expr_loop(struct expr_vm *vm, const u8 *code)
{
	enum expr_result result = EXPR_OK;

	while (!result && !vm->ended) {
		if (vm->machine->steps++ >= vm->max_steps)
			return EXPR_ENDLESS;
		vm->pc = vm->next;
		if (!bytecode_decode(code, vm->len, vm->pc, &vm->insn))
			return EXPR_BAD_CODE;
		result = expr_step(vm);
	}
	return result;
}

enum expr_result expr_run(const u8 *code, size_t len, const struct expr_env *env, u64 *value)
{
	struct expr_vm vm = { .env = env, .machine = env->machine, .len = len };
	enum expr_result result;

	*value = 0;
	if (len > EXPR_CODE_MAX)
		return EXPR_BAD_CODE;
	vm.max_steps = env->max_steps ? env->max_steps : EXPR_STEPS;
	vm.machine->steps = 0;
	vm.machine->fault_addr = 0;
	result = expr_loop(&vm, code);
	vm.machine->fault_pc = vm.pc;
	if (!result && vm.depth)
		*value = vm.machine->stack[vm.depth - 1];
	return result;
}
