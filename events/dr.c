// SPDX-License-Identifier: GPL-2.0
/*
 * MOV to and from debug registers. See dr.h.
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#include "dr.h"

#define DR6_WRITABLE 0xe00fu /* B0-B3, BD, BS, BT */
#define DR6_BLD	     (1u << 11)
#define DR6_BD	     (1u << 13)
#define DR6_RTM	     (1u << 16)
#define DR6_ONES     0xffff0ff0u /* what reads as 1, BLD and RTM on CPUs without them included */

#define DR7_WRITABLE 0xffff23ffu /* all but bits 10, 11, 12, 14, 15 */
#define DR7_ONE	     (1u << 10)
#define DR7_RTM	     (1u << 11)
#define DR7_GD	     (1u << 13)

u8 dr_real(u8 reg, bool de)
{
	reg &= 7;
	return !de && (reg == 4 || reg == 5) ? reg + 2 : reg;
}

static u64 dr_make6(const struct dr_state *state, u64 value)
{
	u32 writable = DR6_WRITABLE;

	if (state->rtm)
		writable |= DR6_RTM;
	if (state->bus_lock)
		writable |= DR6_BLD;
	return (value & writable) | (DR6_ONES & ~writable);
}

static u64 dr_make7(const struct dr_state *state, u64 value)
{
	return (value & (DR7_WRITABLE | (state->rtm ? DR7_RTM : 0))) | DR7_ONE;
}

static enum dr_fault dr_check(const struct dr_state *state, u8 reg)
{
	if (state->de && (reg == 4 || reg == 5))
		return DR_UD;
	if (state->cpl)
		return DR_GP;
	if (state->dr7 & DR7_GD)
		return DR_DB;
	return DR_OK;
}

static u64 dr_read(const struct dr_state *state, u8 reg)
{
	if (reg < 4)
		return state->dr[reg];
	return reg == 6 ? state->dr6 : state->dr7;
}

static enum dr_fault dr_write(struct dr_state *state, u8 reg, u64 value)
{
	if (reg < 4) {
		state->dr[reg] = value;
		return DR_OK;
	}
	if (value >> 32)
		return DR_GP;
	if (reg == 6)
		state->dr6 = dr_make6(state, value);
	else
		state->dr7 = dr_make7(state, value);
	return DR_OK;
}

/* GD is cleared so that the handler can use the registers; RTM reads 1: not in a transaction. */
static void dr_guard(struct dr_state *state)
{
	state->dr6 |= DR6_BD | DR6_RTM;
	state->dr7 &= ~(u64)DR7_GD;
}

struct dr_result dr_access(const struct dr_state *state, u8 reg, enum event_dr_direction direction,
			   u64 gpr)
{
	struct dr_result result = { .fault = dr_check(state, reg & 7), .state = *state };

	if (result.fault == DR_DB)
		dr_guard(&result.state);
	if (result.fault)
		return result;
	reg = dr_real(reg, state->de);
	if (!state->code64)
		gpr &= 0xffffffff;
	if (direction == EVENT_DR_WRITE) {
		result.fault = dr_write(&result.state, reg, gpr);
		return result;
	}
	result.set_gpr = true;
	result.gpr = dr_read(state, reg);
	if (!state->code64)
		result.gpr &= 0xffffffff;
	return result;
}
