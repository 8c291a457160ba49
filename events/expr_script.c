// SPDX-License-Identifier: GPL-2.0
/*
 * The instructions of scripts: variables, functions, registers that are written, printf with its
 * arguments in order. Runs in VMX root and in user space; calls only the operations of struct
 * expr_ops.
 */
#include "expr_machine.h"

/* The slots are zero at the beginning of a run; most programs say by BC_FRAME how many they have.
 */
static u64 *expr_local(struct expr_vm *vm, u64 slot)
{
	struct expr_machine *machine = vm->machine;

	if (!vm->has_locals)
		memset(machine->locals, 0, sizeof(machine->locals));
	vm->has_locals = true;
	slot += vm->base;
	return slot < EXPR_LOCALS ? &machine->locals[slot] : NULL;
}

static enum expr_result run_local_get(struct expr_vm *vm, u64 *s)
{
	u64 *local = expr_local(vm, vm->insn.operand);

	if (!local)
		return EXPR_NO_VARIABLE;
	s[0] = *local;
	return EXPR_OK;
}

static enum expr_result run_local_set(struct expr_vm *vm, u64 *s)
{
	u64 *local = expr_local(vm, vm->insn.operand);

	if (!local)
		return EXPR_NO_VARIABLE;
	*local = s[0];
	return EXPR_OK;
}

static enum expr_result run_local_addr(struct expr_vm *vm, u64 *s)
{
	u64 *local = expr_local(vm, vm->insn.operand);

	if (!local)
		return EXPR_NO_VARIABLE;
	s[0] = EXPR_SPACE_LOCALS + (local - vm->machine->locals) * sizeof(*local);
	return EXPR_OK;
}

static enum expr_result run_index(struct expr_vm *vm, u64 *s)
{
	return s[0] < vm->insn.operand ? EXPR_OK : EXPR_INDEX;
}

static enum expr_result run_frame(struct expr_vm *vm, u64 *s)
{
	u8 args = vm->insn.operand >> 8, size = vm->insn.operand;

	(void)s;
	if (vm->base + size > EXPR_LOCALS)
		return EXPR_NESTED;
	if (args < size)
		memset(&vm->machine->locals[vm->base + args], 0, (size - args) * sizeof(u64));
	vm->size = size;
	vm->has_locals = true;
	return EXPR_OK;
}

static enum expr_result run_go_sub(struct expr_vm *vm, u64 *s)
{
	struct expr_machine *machine = vm->machine;
	u32 base = vm->base + vm->size;
	u8 args = vm->insn.args;

	if (vm->calls == EXPR_CALLS || base + args > EXPR_LOCALS)
		return EXPR_NESTED;
	if (vm->insn.operand >= vm->len)
		return EXPR_BAD_JUMP;
	expr_local(vm, 0);
	machine->calls[vm->calls++] = (struct expr_call){
		.next = vm->next, .base = vm->base, .size = vm->size, .slot = s - machine->stack
	};
	memcpy(&machine->locals[base], s, args * sizeof(*s));
	s[0] = 0;
	vm->base = base;
	vm->size = args;
	vm->next = vm->insn.operand;
	return EXPR_OK;
}

static enum expr_result run_return(struct expr_vm *vm, u64 *s)
{
	struct expr_machine *machine = vm->machine;
	const struct expr_call *call;

	if (!vm->calls) {
		vm->ended = true;
		return EXPR_OK;
	}
	call = &machine->calls[--vm->calls];
	machine->stack[call->slot] = s[0];
	vm->after = call->slot + 1;
	vm->base = call->base;
	vm->size = call->size;
	vm->next = call->next;
	return EXPR_OK;
}

static u64 *expr_global(const struct expr_vm *vm)
{
	const struct expr_env *env = vm->env;

	return vm->insn.operand < env->nr_globals ? &env->globals[vm->insn.operand] : NULL;
}

static enum expr_result run_global_get(struct expr_vm *vm, u64 *s)
{
	u64 *global = expr_global(vm);

	if (!global)
		return EXPR_NO_VARIABLE;
	s[0] = __atomic_load_n(global, __ATOMIC_RELAXED);
	return EXPR_OK;
}

static enum expr_result run_global_set(struct expr_vm *vm, u64 *s)
{
	u64 *global = expr_global(vm);

	if (!global)
		return EXPR_NO_VARIABLE;
	__atomic_store_n(global, s[0], __ATOMIC_RELAXED);
	return EXPR_OK;
}

static enum expr_result run_global_add(struct expr_vm *vm, u64 *s)
{
	u64 *global = expr_global(vm);

	if (!global)
		return EXPR_NO_VARIABLE;
	s[0] = __atomic_add_fetch(global, s[0], __ATOMIC_RELAXED);
	return EXPR_OK;
}

static enum expr_result run_reg_set(struct expr_vm *vm, u64 *s)
{
	const struct expr_env *env = vm->env;

	if (!env->ops->write_reg)
		return EXPR_UNSUPPORTED;
	return env->ops->write_reg(env->ctx, vm->insn.operand, s[0]);
}

static enum expr_result run_call(struct expr_vm *vm, u64 *s)
{
	const struct bytecode_insn *insn = &vm->insn;
	const struct expr_env *env = vm->env;
	bool has_text = insn->row->flags & BC_TEXT;
	enum expr_result result;
	u64 value = 0;

	if (!env->ops->call)
		return EXPR_UNSUPPORTED;
	result =
		env->ops->call(env->ctx, insn->operand, s, insn->args, has_text ? insn->text : NULL,
			       has_text ? insn->text_len : 0, &value);
	s[0] = value;
	return result;
}

static enum expr_result run_print(struct expr_vm *vm, u64 *s)
{
	return expr_print(vm, 0, s, 1);
}

#define ROW(op) [(op)-BC_LOCAL_GET]

const expr_instruction expr_script_instructions[BC_NR - BC_LOCAL_GET] = {
	ROW(BC_LOCAL_GET) = run_local_get,
	ROW(BC_LOCAL_SET) = run_local_set,
	ROW(BC_CALL) = run_call,
	ROW(BC_CALL_TEXT) = run_call,
	ROW(BC_REG_SET) = run_reg_set,
	ROW(BC_GLOBAL_GET) = run_global_get,
	ROW(BC_GLOBAL_SET) = run_global_set,
	ROW(BC_GLOBAL_ADD) = run_global_add,
	ROW(BC_LOCAL_ADDR) = run_local_addr,
	ROW(BC_INDEX) = run_index,
	ROW(BC_GO_SUB) = run_go_sub,
	ROW(BC_RETURN) = run_return,
	ROW(BC_FRAME) = run_frame,
	ROW(BC_PRINT) = run_print,
};
