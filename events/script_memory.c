// SPDX-License-Identifier: GPL-2.0
/*
 * What a script can address: the guest's memory, and its own variables and strings at addresses
 * that no page table maps. See script_functions.h. Runs in VMX root and in user space; calls
 * memcpy and the operations of struct script_ops.
 */
#include "script_functions.h"

struct space {
	u8 *p;
	size_t size;
	bool writable;
};

/* The part of a script's own memory that an address lies in; false: it is the guest's. */
static bool space_of(struct script_run *run, u64 addr, struct space *space)
{
	if (addr >> 56 != EXPR_SPACE >> 56)
		return false;
	switch (addr & ~0xffffffffffffULL) {
	case EXPR_SPACE_LOCALS:
		*space = (struct space){ (u8 *)run->machine->locals, sizeof(run->machine->locals),
					 true };
		break;
	case SCRIPT_SPACE_GLOBALS:
		*space = (struct space){ (u8 *)run->globals->value, sizeof(run->globals->value),
					 true };
		break;
	case SCRIPT_SPACE_DATA:
		*space = (struct space){ (u8 *)run->data, run->data_len, false };
		break;
	case SCRIPT_SPACE_NAME:
		*space = (struct space){ (u8 *)run->name, sizeof(run->name), false };
		break;
	case SCRIPT_SPACE_DATE:
		*space = (struct space){ (u8 *)run->date, sizeof(run->date), false };
		break;
	case SCRIPT_SPACE_TIME:
		*space = (struct space){ (u8 *)run->time, sizeof(run->time), false };
		break;
	default:
		*space = (struct space){ NULL, 0, false };
	}
	return true;
}

static u8 *space_at(const struct space *space, u64 addr, size_t len)
{
	u64 offset = addr & 0xffffffffffffULL;

	return len <= space->size && offset <= space->size - len ? space->p + offset : NULL;
}

/* A step for each eight bytes: what takes time counts. */
static bool is_beyond_limit(struct script_run *run, size_t len)
{
	run->machine->steps += 1 + len / 8;
	return run->machine->steps > run->max_steps;
}

enum expr_result script_read(struct script_run *run, bool physical, u64 addr, void *buf, size_t len)
{
	struct space space;
	const u8 *p;

	if (is_beyond_limit(run, len))
		return EXPR_ENDLESS;
	if (physical || !space_of(run, addr, &space))
		return run->ops->read(run->ctx, physical, addr, buf, len);
	p = space_at(&space, addr, len);
	if (!p)
		return EXPR_UNMAPPED;
	memcpy(buf, p, len);
	return EXPR_OK;
}

enum expr_result script_write(struct script_run *run, bool physical, u64 addr, const void *buf,
			      size_t len)
{
	struct space space;
	u8 *p;

	if (is_beyond_limit(run, len))
		return EXPR_ENDLESS;
	if (physical || !space_of(run, addr, &space))
		return run->ops->write(run->ctx, physical, addr, buf, len);
	p = space_at(&space, addr, len);
	if (!p || !space.writable)
		return p ? EXPR_READ_ONLY : EXPR_UNMAPPED;
	memcpy(p, buf, len);
	return EXPR_OK;
}

size_t script_atomic_size(enum script_atomic op)
{
	return op == SCRIPT_TRY_LOCK || op == SCRIPT_UNLOCK ? 4 : 8;
}

u64 script_atomic_do(void *p, enum script_atomic op, u64 a, u64 b)
{
	switch (op) {
	case SCRIPT_EXCHANGE:
		return __atomic_exchange_n((u64 *)p, a, __ATOMIC_SEQ_CST);
	case SCRIPT_ADD:
		return __atomic_fetch_add((u64 *)p, a, __ATOMIC_SEQ_CST);
	case SCRIPT_COMPARE_EXCHANGE:
		__atomic_compare_exchange_n((u64 *)p, &b, a, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return b;
	case SCRIPT_TRY_LOCK:
		return __atomic_exchange_n((u32 *)p, 1, __ATOMIC_SEQ_CST);
	case SCRIPT_UNLOCK:
		return __atomic_exchange_n((u32 *)p, 0, __ATOMIC_SEQ_CST);
	}
	return 0;
}

enum expr_result script_atomic(struct script_run *run, u64 addr, enum script_atomic op, u64 a,
			       u64 b, u64 *old)
{
	size_t size = script_atomic_size(op);
	struct space space;
	u8 *p;

	*old = 0;
	if (is_beyond_limit(run, size))
		return EXPR_ENDLESS;
	if (addr % size)
		return EXPR_REFUSED;
	if (!space_of(run, addr, &space))
		return run->ops->atomic(run->ctx, addr, op, a, b, old);
	p = space_at(&space, addr, size);
	if (!p || !space.writable)
		return p ? EXPR_READ_ONLY : EXPR_UNMAPPED;
	*old = script_atomic_do(p, op, a, b);
	return EXPR_OK;
}
