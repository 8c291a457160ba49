// SPDX-License-Identifier: GPL-2.0
/*
 * Segment descriptors. See segment.h.
 *
 * Runs in root and in user-space tests ('both'). Calls nothing but memcpy.
 */
#include "segment.h"

#define SELECTOR_TI	   0x4
#define SELECTOR_RPL_TI	   0x7
#define TYPE_ACCESSED	   0x1u
#define TYPE_LDT	   2u
#define TYPE_TSS_AVAILABLE 9u
#define TYPE_TSS_BUSY	   11u

static void make_unusable(u16 selector, struct vmx_segment *out)
{
	out->selector = selector;
	out->base = 0;
	out->limit = 0;
	out->ar = HV_AR_UNUSABLE;
}

/* See "Segment Descriptors". */
static void decode_low(u64 desc, struct vmx_segment *out)
{
	u32 limit = (u32)(desc & 0xffff) | (u32)((desc >> 32) & 0xf0000);

	out->base = ((desc >> 16) & 0xffffff) | ((desc >> 32) & 0xff000000);
	out->ar = (u32)(desc >> 40) & 0xf0ff;
	out->limit = out->ar & HV_AR_G ? (limit << 12) | 0xfff : limit;
}

/* In long mode these have 16 bytes; the type field of the upper half is reserved, 0. */
static bool decode_high(u64 high, struct vmx_segment *out)
{
	u32 type = out->ar & HV_AR_TYPE_MASK;

	if ((high >> 40) & 0x1f)
		return false;
	if (type != TYPE_LDT && type != TYPE_TSS_AVAILABLE && type != TYPE_TSS_BUSY)
		return false;
	out->base |= high << 32;
	return true;
}

static bool decode(const u8 *table, u32 limit, u16 selector, bool system, struct vmx_segment *out)
{
	u32 offset = selector & ~SELECTOR_RPL_TI;
	u32 size = system ? 16 : 8;
	u64 half[2] = { 0 };

	if (offset + size - 1 > limit)
		return false;
	memcpy(half, table + offset, size);
	decode_low(half[0], out);
	if (!(out->ar & HV_AR_P) || system == !!(out->ar & HV_AR_S))
		return false;
	if (system)
		return decode_high(half[1], out);
	/* The CPU set it when the register was loaded, and VM entry insists on it. */
	out->ar |= TYPE_ACCESSED;
	return true;
}

bool segment_decode(const u8 *gdt, u32 gdt_limit, u16 selector, bool system,
		    struct vmx_segment *out)
{
	make_unusable(selector, out);
	if (!(selector & ~3))
		return true;
	if (!(selector & SELECTOR_TI) && decode(gdt, gdt_limit, selector, system, out))
		return true;
	make_unusable(selector, out);
	return false;
}

bool segment_decode_ldt(const u8 *ldt, u32 ldt_limit, u16 selector, struct vmx_segment *out)
{
	make_unusable(selector, out);
	if ((selector & SELECTOR_TI) && decode(ldt, ldt_limit, selector, false, out))
		return true;
	make_unusable(selector, out);
	return false;
}

bool segment_tr(const u8 *gdt, u32 gdt_limit, u16 selector, struct vmx_segment *out)
{
	u32 type;

	if (!segment_decode(gdt, gdt_limit, selector, true, out))
		return false;
	type = out->ar & HV_AR_TYPE_MASK;
	if (out->ar & HV_AR_UNUSABLE || type == TYPE_LDT) {
		make_unusable(selector, out);
		return false;
	}
	out->ar = (out->ar & ~HV_AR_TYPE_MASK) | TYPE_TSS_BUSY;
	return true;
}
