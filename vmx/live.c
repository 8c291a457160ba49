// SPDX-License-Identifier: GPL-2.0
/*
 * Registers and memory of a CPU that is in an exit and not halted: what conditions, commands and
 * tracepoints see. Root, each CPU for itself.
 */
#include "root.h"
#include "instr.h"
#include "target.h"

/* Where the general registers of gdb's order are in struct guest_regs; rsp is in the VMCS. */
static const u8 general_order[RSP_R15 + 1] = {
	[RSP_RAX] = 0,	[RSP_RBX] = 3,	[RSP_RCX] = 1,	[RSP_RDX] = 2,
	[RSP_RSI] = 6,	[RSP_RDI] = 7,	[RSP_RBP] = 5,	[RSP_RSP] = 4,
	[RSP_R8] = 8,	[RSP_R9] = 9,	[RSP_R10] = 10, [RSP_R11] = 11,
	[RSP_R12] = 12, [RSP_R13] = 13, [RSP_R14] = 14, [RSP_R15] = 15
};

/* The rest of those that are numbers; 0: not one of the VMCS. */
static const u16 vmcs_order[RSP_NR_REGS] = {
	[RSP_RSP] = GUEST_RSP,	      [RSP_CS] = GUEST_CS_SELECTOR,  [RSP_SS] = GUEST_SS_SELECTOR,
	[RSP_DS] = GUEST_DS_SELECTOR, [RSP_ES] = GUEST_ES_SELECTOR,  [RSP_FS] = GUEST_FS_SELECTOR,
	[RSP_GS] = GUEST_GS_SELECTOR, [RSP_FS_BASE] = GUEST_FS_BASE, [RSP_GS_BASE] = GUEST_GS_BASE,
};

/* The injector's copy, once it is loaded, is ahead of the VMCS. */
static bool live_number(struct vcpu *vcpu, unsigned int reg, u64 *value)
{
	if (reg == RSP_RIP)
		*value = vmx_inject(vcpu)->rip;
	else if (reg == RSP_EFLAGS)
		*value = vmx_inject(vcpu)->rflags;
	else if (reg < RSP_NR_REGS && vmcs_order[reg])
		*value = vmread(vmcs_order[reg]);
	else if (reg <= RSP_R15)
		*value = (&vcpu->regs.rax)[general_order[reg]];
	else
		return false;
	return true;
}

enum expr_result live_reg(void *ctx, unsigned int reg, u64 *value)
{
	return live_number(ctx, reg, value) ? EXPR_OK : EXPR_NO_REGISTER;
}

/* The guest's FPU registers are still in the CPU; they are looked at once an exit at most. */
static const struct fxsave_area *live_fpu(struct vcpu *vcpu)
{
	if (vcpu->fpu_exit != vcpu->exits)
		fxsave(&vcpu->snap.fpu);
	vcpu->fpu_exit = vcpu->exits;
	return &vcpu->snap.fpu;
}

enum expr_result live_reg_bytes(void *ctx, unsigned int reg, u8 *value)
{
	struct vcpu *vcpu = ctx;
	u64 number;

	memset(value, 0, rsp_reg_size(reg));
	if (live_number(vcpu, reg, &number))
		memcpy(value, &number, rsp_reg_size(reg));
	else
		target_read_fpu(live_fpu(vcpu), reg, value);
	return EXPR_OK;
}

enum expr_result live_mem(void *ctx, u64 addr, void *buf, size_t len)
{
	struct vcpu *vcpu = ctx;
	size_t done;
	int error = memory_read(vcpu->machine, vmread(GUEST_CR3), addr, buf, len, &done);

	if (error == RSP_ENOTRAM)
		return EXPR_NOT_RAM;
	return error || done < len ? EXPR_UNMAPPED : EXPR_OK;
}
