// SPDX-License-Identifier: GPL-2.0
/*
 * The register table, and g, G, p, P. Owns what the registers are called, how large they are and
 * how gdb shows them. Runs in VMX root and in user-space tests.
 */
#include "commands.h"

struct rsp_reg_row {
	const char *name;
	u8 bits;
	const char *type; /* NULL: gdb's default, an integer of that size */
	const char *feature;
};

#define RSP_IN_CORE	"core"
#define RSP_IN_SSE	"sse"
#define RSP_IN_SEGMENTS "segments"

/* Order, names and sizes are those of gdb's own description of amd64. */
static const struct rsp_reg_row rsp_regs[RSP_NR_REGS] = {
	[RSP_RAX] = { "rax", 64, NULL, RSP_IN_CORE },
	[RSP_RBX] = { "rbx", 64, NULL, RSP_IN_CORE },
	[RSP_RCX] = { "rcx", 64, NULL, RSP_IN_CORE },
	[RSP_RDX] = { "rdx", 64, NULL, RSP_IN_CORE },
	[RSP_RSI] = { "rsi", 64, NULL, RSP_IN_CORE },
	[RSP_RDI] = { "rdi", 64, NULL, RSP_IN_CORE },
	[RSP_RBP] = { "rbp", 64, "data_ptr", RSP_IN_CORE },
	[RSP_RSP] = { "rsp", 64, "data_ptr", RSP_IN_CORE },
	[RSP_R8] = { "r8", 64, NULL, RSP_IN_CORE },
	[RSP_R9] = { "r9", 64, NULL, RSP_IN_CORE },
	[RSP_R10] = { "r10", 64, NULL, RSP_IN_CORE },
	[RSP_R11] = { "r11", 64, NULL, RSP_IN_CORE },
	[RSP_R12] = { "r12", 64, NULL, RSP_IN_CORE },
	[RSP_R13] = { "r13", 64, NULL, RSP_IN_CORE },
	[RSP_R14] = { "r14", 64, NULL, RSP_IN_CORE },
	[RSP_R15] = { "r15", 64, NULL, RSP_IN_CORE },
	[RSP_RIP] = { "rip", 64, "code_ptr", RSP_IN_CORE },
	[RSP_EFLAGS] = { "eflags", 32, "i386_eflags", RSP_IN_CORE },
	[RSP_CS] = { "cs", 32, NULL, RSP_IN_CORE },
	[RSP_SS] = { "ss", 32, NULL, RSP_IN_CORE },
	[RSP_DS] = { "ds", 32, NULL, RSP_IN_CORE },
	[RSP_ES] = { "es", 32, NULL, RSP_IN_CORE },
	[RSP_FS] = { "fs", 32, NULL, RSP_IN_CORE },
	[RSP_GS] = { "gs", 32, NULL, RSP_IN_CORE },
	[RSP_ST0] = { "st0", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 1] = { "st1", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 2] = { "st2", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 3] = { "st3", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 4] = { "st4", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 5] = { "st5", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 6] = { "st6", 80, "i387_ext", RSP_IN_CORE },
	[RSP_ST0 + 7] = { "st7", 80, "i387_ext", RSP_IN_CORE },
	[RSP_FCTRL] = { "fctrl", 32, NULL, RSP_IN_CORE },
	[RSP_FSTAT] = { "fstat", 32, NULL, RSP_IN_CORE },
	[RSP_FTAG] = { "ftag", 32, NULL, RSP_IN_CORE },
	[RSP_FISEG] = { "fiseg", 32, NULL, RSP_IN_CORE },
	[RSP_FIOFF] = { "fioff", 32, NULL, RSP_IN_CORE },
	[RSP_FOSEG] = { "foseg", 32, NULL, RSP_IN_CORE },
	[RSP_FOOFF] = { "fooff", 32, NULL, RSP_IN_CORE },
	[RSP_FOP] = { "fop", 32, NULL, RSP_IN_CORE },
	[RSP_XMM0] = { "xmm0", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 1] = { "xmm1", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 2] = { "xmm2", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 3] = { "xmm3", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 4] = { "xmm4", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 5] = { "xmm5", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 6] = { "xmm6", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 7] = { "xmm7", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 8] = { "xmm8", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 9] = { "xmm9", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 10] = { "xmm10", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 11] = { "xmm11", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 12] = { "xmm12", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 13] = { "xmm13", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 14] = { "xmm14", 128, "vec128", RSP_IN_SSE },
	[RSP_XMM0 + 15] = { "xmm15", 128, "vec128", RSP_IN_SSE },
	[RSP_MXCSR] = { "mxcsr", 32, "i386_mxcsr", RSP_IN_SSE },
	[RSP_FS_BASE] = { "fs_base", 64, NULL, RSP_IN_SEGMENTS },
	[RSP_GS_BASE] = { "gs_base", 64, NULL, RSP_IN_SEGMENTS },
};

unsigned int rsp_reg_size(unsigned int reg)
{
	return reg < RSP_NR_REGS ? rsp_regs[reg].bits / 8 : 0;
}

const char *rsp_reg_name(unsigned int reg)
{
	return rsp_regs[reg].name;
}

const char *rsp_reg_type(unsigned int reg)
{
	return rsp_regs[reg].type;
}

const char *rsp_reg_feature(unsigned int reg)
{
	return rsp_regs[reg].feature;
}

static void rsp_reply_register(struct rsp *rsp, unsigned int thread, unsigned int reg)
{
	u8 value[RSP_REG_MAX];

	if (rsp_read_reg(rsp, thread, reg, value))
		rsp_reply_unavailable(rsp, rsp_reg_size(reg));
	else
		rsp_reply_bytes(rsp, value, rsp_reg_size(reg));
}

int rsp_cmd_read_registers(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int reg, thread;
	int error = rsp_general_thread(rsp, &thread);

	(void)in;
	if (error)
		return error;
	for (reg = 0; reg < RSP_NR_REGS; reg++)
		rsp_reply_register(rsp, thread, reg);
	return RSP_OK;
}

static int rsp_in_register(struct rsp_in *in, unsigned int *reg)
{
	if (!rsp_in_u32(in, reg))
		return RSP_EINVAL;
	return *reg < RSP_NR_REGS ? RSP_OK : RSP_ENOREG;
}

int rsp_cmd_read_register(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int reg, thread;
	int error = rsp_in_register(in, &reg);

	if (!error)
		error = rsp_in_end(in) ? rsp_general_thread(rsp, &thread) : RSP_EINVAL;
	if (error)
		return error;
	rsp_reply_register(rsp, thread, reg);
	return RSP_OK;
}

int rsp_cmd_write_register(struct rsp *rsp, struct rsp_in *in)
{
	u8 value[RSP_REG_MAX];
	unsigned int reg, thread;
	int error = rsp_in_register(in, &reg);

	if (error)
		return error;
	if (!rsp_in_char(in, '=') || !rsp_in_bytes(in, value, rsp_reg_size(reg)) || !rsp_in_end(in))
		return RSP_EINVAL;
	error = rsp_in_frame(rsp) ? RSP_EBUSY : rsp_general_thread(rsp, &thread);
	if (!error)
		error = rsp->ops->write_reg(rsp->target, thread, reg, value);
	return error ? error : rsp_reply_ok(rsp);
}

/* One thread's registers in the order of `g`: what they are to be and what they were. */
struct rsp_reg_file {
	unsigned int thread;
	const u8 *value;
	u8 *before;
};

/*
 * Registers that have the value already are left alone: gdb sends back all that it has, also what
 * cannot be written. One that cannot be read has no value that gdb could have meant.
 */
static int rsp_write_changed(struct rsp *rsp, struct rsp_reg_file *file, unsigned int reg,
			     size_t offset)
{
	const u8 *value = file->value + offset;
	u8 *before = file->before + offset;

	if (rsp->ops->read_reg(rsp->target, file->thread, reg, before)) {
		memcpy(before, value, rsp_reg_size(reg));
		return RSP_OK;
	}
	if (!memcmp(before, value, rsp_reg_size(reg)))
		return RSP_OK;
	return rsp->ops->write_reg(rsp->target, file->thread, reg, value);
}

static void rsp_put_back(struct rsp *rsp, struct rsp_reg_file *file, unsigned int reg,
			 size_t offset)
{
	while (reg--) {
		offset -= rsp_reg_size(reg);
		if (memcmp(file->before + offset, file->value + offset, rsp_reg_size(reg)))
			rsp->ops->write_reg(rsp->target, file->thread, reg, file->before + offset);
	}
}

static size_t rsp_reg_file_size(void)
{
	unsigned int reg;
	size_t size = 0;

	for (reg = 0; reg < RSP_NR_REGS; reg++)
		size += rsp_reg_size(reg);
	return size;
}

/*
 * Only the target knows whether it takes a value, so all or nothing means: undo. Both buffers of
 * the session are free here and save the room on the stack.
 */
int rsp_cmd_write_registers(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_reg_file file = { 0, rsp->rx.data, rsp->tx.data };
	size_t offset = 0, size = rsp_reg_file_size();
	unsigned int reg;
	int error;

	if (rsp_in_left(in) != 2 * size || !rsp_in_bytes(in, rsp->rx.data, size))
		return RSP_EINVAL;
	error = rsp_in_frame(rsp) ? RSP_EBUSY : rsp_general_thread(rsp, &file.thread);
	for (reg = 0; !error && reg < RSP_NR_REGS; reg++) {
		error = rsp_write_changed(rsp, &file, reg, offset);
		if (error)
			rsp_put_back(rsp, &file, reg, offset);
		offset += rsp_reg_size(reg);
	}
	return error ? error : rsp_reply_ok(rsp);
}
