// SPDX-License-Identifier: GPL-2.0
/*
 * MOVs to and from memory. See mmio.h and the SDM, volume 2, "Instruction Format".
 *
 * Runs in root and in user-space tests ('both'). Calls nothing.
 */
#include "mmio.h"

#define PREFIX_OPERAND 0x66
#define REX_W	       8
#define REX_R	       4

enum form {
	FORM_NONE,
	FORM_STORE,
	FORM_LOAD,
	FORM_VALUE,
	FORM_ZERO,
	FORM_SIGN,
};

/* A row an opcode; bytes 0: as the operand size says. Two bytes begin with 0x0f. */
static const struct opcode {
	u8 two, code;
	u8 form;
	u8 bytes;
} opcodes[] = {
	{ 0, 0x88, FORM_STORE, 1 }, { 0, 0x89, FORM_STORE, 0 }, { 0, 0x8a, FORM_LOAD, 1 },
	{ 0, 0x8b, FORM_LOAD, 0 },  { 0, 0xc6, FORM_VALUE, 1 }, { 0, 0xc7, FORM_VALUE, 0 },
	{ 1, 0xb6, FORM_ZERO, 1 },  { 1, 0xb7, FORM_ZERO, 2 },	{ 1, 0xbe, FORM_SIGN, 1 },
	{ 1, 0xbf, FORM_SIGN, 2 },
};

struct bytes {
	const u8 *at;
	size_t left;
	bool short_of;
};

static u8 take(struct bytes *bytes)
{
	if (!bytes->left) {
		bytes->short_of = true;
		return 0;
	}
	bytes->left--;
	return *bytes->at++;
}

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case PREFIX_OPERAND:
	case 0x67: /* address size: where it leads has been found out by the CPU */
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
		return true;
	default:
		return false;
	}
}

static const struct opcode *find(u8 two, u8 code)
{
	unsigned int i;

	for (i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		if (opcodes[i].two == two && opcodes[i].code == code)
			return &opcodes[i];
	return NULL;
}

/* What belongs to the address, behind the ModRM byte. */
static void skip_address(struct bytes *bytes, u8 modrm)
{
	unsigned int mod = modrm >> 6, base = modrm & 7, skip;

	if (base == 4)
		base = take(bytes) & 7;
	skip = mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0;
	while (skip--)
		take(bytes);
}

static u64 extended(u64 value, unsigned int bytes)
{
	unsigned int unused = 64 - 8 * bytes;

	return (u64)((s64)(value << unused) >> unused);
}

static u64 kept(u64 value, unsigned int bytes)
{
	return bytes == 8 ? value : value & (BIT64(8 * bytes) - 1);
}

/* At most four bytes, of which the sign goes on. */
static u64 take_value(struct bytes *bytes, unsigned int size)
{
	unsigned int i, n = size < 4 ? size : 4;
	u64 value = 0;

	for (i = 0; i < n; i++)
		value |= (u64)take(bytes) << 8 * i;
	return kept(extended(value, n), size);
}

static void set_register(struct mmio_insn *insn, u8 modrm, u8 rex, unsigned int bytes)
{
	insn->gpr = (modrm >> 3 & 7) + (rex & REX_R ? 8 : 0);
	if (bytes != 1 || rex || insn->gpr < 4)
		return;
	insn->high = true;
	insn->gpr -= 4;
}

bool mmio_decode(const u8 *code, size_t len, struct mmio_insn *insn)
{
	struct bytes bytes = { .at = code, .left = len < MMIO_INSN_MAX ? len : MMIO_INSN_MAX };
	unsigned int operand = 4;
	const struct opcode *op;
	u8 byte, modrm, rex = 0;

	*insn = (struct mmio_insn){ 0 };
	for (byte = take(&bytes); is_prefix(byte); byte = take(&bytes))
		if (byte == PREFIX_OPERAND)
			operand = 2;
	if (byte >> 4 == 4) {
		rex = byte;
		byte = take(&bytes);
	}
	if (rex & REX_W)
		operand = 8;
	op = byte == 0x0f ? find(1, take(&bytes)) : find(0, byte);
	modrm = take(&bytes);
	if (!op || modrm >> 6 == 3 || (op->form == FORM_VALUE && modrm >> 3 & 7))
		return false;
	skip_address(&bytes, modrm);
	insn->size = op->bytes ? op->bytes : operand;
	insn->to = op->form == FORM_ZERO || op->form == FORM_SIGN ? operand : insn->size;
	insn->write = op->form == FORM_STORE || op->form == FORM_VALUE;
	insn->sign = op->form == FORM_SIGN;
	insn->is_value = op->form == FORM_VALUE;
	if (insn->is_value)
		insn->value = take_value(&bytes, insn->size);
	else
		set_register(insn, modrm, rex, insn->to);
	insn->length = bytes.at - code;
	return !bytes.short_of;
}

u64 mmio_written(const struct mmio_insn *insn, u64 reg)
{
	if (insn->is_value)
		return insn->value;
	return kept(insn->high ? reg >> 8 : reg, insn->size);
}

u64 mmio_read(const struct mmio_insn *insn, u64 reg, u64 value)
{
	value = kept(value, insn->size);
	if (insn->sign)
		value = kept(extended(value, insn->size), insn->to);
	if (insn->high)
		return (reg & ~0xff00ULL) | value << 8;
	/* 32 bits clear the upper half, fewer leave the rest alone. */
	if (insn->to >= 4)
		return value;
	return (reg & ~(BIT64(8 * insn->to) - 1)) | value;
}
