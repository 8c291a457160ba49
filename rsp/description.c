// SPDX-License-Identifier: GPL-2.0
/*
 * target.xml, written from the register table. It is most of what crosses a serial line at connect:
 * what gdb's DTD has a default for (version, type="int", the prolog) is left out, and so are
 * groups, which gdb computes by itself on x86. The few line feeds keep lines below 1000 bytes: gdb
 * copies them to the trace files that it saves, and reads no longer ones. No `linux` feature: with it gdb would never ask for
 * libraries. Runs in VMX root and in user-space tests.
 */
#include "chars.h"
#include "session.h"

struct rsp_bit {
	const char *name;
	u8 bit;
};

struct rsp_view {
	const char *field, *vector, *type;
	u8 count;
};

static const struct rsp_bit rsp_eflags_bits[] = {
	{ "CF", 0 },  { "", 1 },    { "PF", 2 },   { "AF", 4 },	  { "ZF", 6 },	{ "SF", 7 },
	{ "TF", 8 },  { "IF", 9 },  { "DF", 10 },  { "OF", 11 },  { "NT", 14 }, { "RF", 16 },
	{ "VM", 17 }, { "AC", 18 }, { "VIF", 19 }, { "VIP", 20 }, { "ID", 21 }, { NULL, 0 },
};

static const struct rsp_bit rsp_mxcsr_bits[] = {
	{ "IE", 0 },  { "DE", 1 },  { "ZE", 2 },  { "OE", 3 },	{ "UE", 4 },
	{ "PE", 5 },  { "DAZ", 6 }, { "IM", 7 },  { "DM", 8 },	{ "ZM", 9 },
	{ "OM", 10 }, { "UM", 11 }, { "PM", 12 }, { "FZ", 15 }, { NULL, 0 },
};

/*
 * The views of an xmm register: gdb's own but for bfloat16 and half, unknown to gdb 10 and before,
 * which would refuse the whole description for a type that no kernel uses.
 */
static const struct rsp_view rsp_vec128[] = {
	{ "v4_float", "v4f", "ieee_single", 4 }, { "v2_double", "v2d", "ieee_double", 2 },
	{ "v16_int8", "v16i8", "int8", 16 },	 { "v8_int16", "v8i16", "int16", 8 },
	{ "v4_int32", "v4i32", "int32", 4 },	 { "v2_int64", "v2i64", "int64", 2 },
};

static void rsp_xfer_attribute(struct rsp_xfer *xfer, const char *start, const char *value)
{
	rsp_xfer_str(xfer, start);
	rsp_xfer_str(xfer, value);
	rsp_xfer_str(xfer, "\"");
}

static void rsp_xfer_count(struct rsp_xfer *xfer, const char *start, unsigned int value)
{
	rsp_xfer_str(xfer, start);
	rsp_xfer_number(xfer, value);
	rsp_xfer_str(xfer, "\"");
}

static void rsp_describe_flags(struct rsp_xfer *xfer, const char *id, const struct rsp_bit *bits)
{
	rsp_xfer_attribute(xfer, "<flags id=\"", id);
	rsp_xfer_str(xfer, " size=\"4\">");
	for (; bits->name; bits++) {
		rsp_xfer_attribute(xfer, "<field name=\"", bits->name);
		rsp_xfer_count(xfer, " start=\"", bits->bit);
		rsp_xfer_count(xfer, " end=\"", bits->bit);
		rsp_xfer_str(xfer, "/>");
	}
	rsp_xfer_str(xfer, "</flags>\n");
}

static void rsp_describe_vec128(struct rsp_xfer *xfer)
{
	const struct rsp_view *v, *end = rsp_vec128 + ARRAY_SIZE(rsp_vec128);

	for (v = rsp_vec128; v < end; v++) {
		rsp_xfer_attribute(xfer, "<vector id=\"", v->vector);
		rsp_xfer_attribute(xfer, " type=\"", v->type);
		rsp_xfer_count(xfer, " count=\"", v->count);
		rsp_xfer_str(xfer, "/>");
	}
	rsp_xfer_str(xfer, "<union id=\"vec128\">");
	for (v = rsp_vec128; v < end; v++) {
		rsp_xfer_attribute(xfer, "<field name=\"", v->field);
		rsp_xfer_attribute(xfer, " type=\"", v->vector);
		rsp_xfer_str(xfer, "/>");
	}
	rsp_xfer_str(xfer, "<field name=\"uint128\" type=\"uint128\"/></union>\n");
}

static void rsp_describe_types(struct rsp_xfer *xfer, const char *feature)
{
	if (rsp_streq(feature, "core"))
		rsp_describe_flags(xfer, "i386_eflags", rsp_eflags_bits);
	if (!rsp_streq(feature, "sse"))
		return;
	rsp_describe_vec128(xfer);
	rsp_describe_flags(xfer, "i386_mxcsr", rsp_mxcsr_bits);
}

static void rsp_describe_register(struct rsp_xfer *xfer, unsigned int reg)
{
	rsp_xfer_attribute(xfer, "<reg name=\"", rsp_reg_name(reg));
	rsp_xfer_count(xfer, " bitsize=\"", 8 * rsp_reg_size(reg));
	if (rsp_reg_type(reg))
		rsp_xfer_attribute(xfer, " type=\"", rsp_reg_type(reg));
	rsp_xfer_str(xfer, reg % 16 == 15 ? "/>\n" : "/>");
}

void rsp_describe(struct rsp_xfer *xfer)
{
	const char *feature = "";
	unsigned int reg;

	rsp_xfer_str(xfer, "<target><architecture>i386:x86-64</architecture>");
	for (reg = 0; reg < RSP_NR_REGS; reg++) {
		if (!rsp_streq(feature, rsp_reg_feature(reg))) {
			rsp_xfer_str(xfer, *feature ? "</feature>" : "");
			feature = rsp_reg_feature(reg);
			rsp_xfer_attribute(xfer, "<feature name=\"org.gnu.gdb.i386.", feature);
			rsp_xfer_str(xfer, ">");
			rsp_describe_types(xfer, feature);
		}
		rsp_describe_register(xfer, reg);
	}
	rsp_xfer_str(xfer, "</feature></target>");
}
