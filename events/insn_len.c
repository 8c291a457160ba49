// SPDX-License-Identifier: GPL-2.0
/*
 * The length of an x86 instruction, of Intel's CPUs: no AMD extensions. See insn_len.h.
 *
 * Runs in VMX root and in user-space tests. Calls nothing.
 */
#include "insn_len.h"

/*
 * What follows an opcode, one letter each:
 *	.  nothing			m  ModRM
 *	b  8 bits			M  ModRM and 8 bits
 *	w  16 bits			Z  ModRM and an operand
 *	z  an operand of 16 or 32 bits	g  ModRM, and for TEST an operand as z or b
 *	v  an operand of up to 64 bits	r  ModRM that names registers, whatever its mod
 *	j  a branch's distance		a  an address
 *	e  16 and 8 bits		o  ModRM, whose reg field is 0
 *	-  no instruction
 * Not in 64-bit mode: ! nothing, B 8 bits, N ModRM and 8 bits, p a far pointer.
 * Prefixes and escapes are taken before the tables are asked, and stand there as -.
 */
static const char one_byte[] = "mmmmbz!!mmmmbz!-"  /* 00 */
			       "mmmmbz!!mmmmbz!!"  /* 10 */
			       "mmmmbz-!mmmmbz-!"  /* 20 */
			       "mmmmbz-!mmmmbz-!"  /* 30 */
			       "!!!!!!!!!!!!!!!!"  /* 40 */
			       "................"  /* 50 */
			       "!!mm----zZbM...."  /* 60 */
			       "bbbbbbbbbbbbbbbb"  /* 70 */
			       "MZNMmmmmmmmmmmmo"  /* 80 */
			       "..........p....."  /* 90 */
			       "aaaa....bz......"  /* a0 */
			       "bbbbbbbbvvvvvvvv"  /* b0 */
			       "MMw.mmMZe.w..b!."  /* c0 */
			       "mmmmBB!.mmmmmmmm"  /* d0 */
			       "bbbbbbbbjjpb...."  /* e0 */
			       "-.--..gg......mm"; /* f0 */

static const char two_byte[] = "mmmm-.....-.-m.M"  /* 0f 00 */
			       "mmmmmmmmmmmmmmmm"  /* 0f 10 */
			       "rrrr----mmmmmmmm"  /* 0f 20 */
			       "......-.--------"  /* 0f 30 */
			       "mmmmmmmmmmmmmmmm"  /* 0f 40 */
			       "mmmmmmmmmmmmmmmm"  /* 0f 50 */
			       "mmmmmmmmmmmmmmmm"  /* 0f 60 */
			       "MMMMmmm.mm--mmmm"  /* 0f 70 */
			       "jjjjjjjjjjjjjjjj"  /* 0f 80 */
			       "mmmmmmmmmmmmmmmm"  /* 0f 90 */
			       "...mMm--...mMmmm"  /* 0f a0 */
			       "mmmmmmmmmmMmmmmm"  /* 0f b0 */
			       "mmMmMMMm........"  /* 0f c0 */
			       "mmmmmmmmmmmmmmmm"  /* 0f d0 */
			       "mmmmmmmmmmmmmmmm"  /* 0f e0 */
			       "mmmmmmmmmmmmmmmm"; /* 0f f0 */

_Static_assert(sizeof(one_byte) == 257 && sizeof(two_byte) == 257, "a letter for each opcode");

struct insn {
	const u8 *bytes;
	size_t len, at;
	enum insn_width width;
	bool bad;	/* it ended too early, or is none */
	bool operand16; /* operands of 16 bits */
	bool address67; /* the other address size */
	bool rex_w;
};

/* The next byte, or 0 where there are no more: at runs on, which is noticed at the end. */
static u8 insn_peek(const struct insn *insn)
{
	return insn->at < insn->len ? insn->bytes[insn->at] : 0;
}

static u8 insn_take(struct insn *insn)
{
	u8 byte = insn_peek(insn);

	insn->at++;
	return byte;
}

static bool is_legacy_prefix(u8 byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
	       (byte >= 0x64 && byte <= 0x67) || byte == 0xf0 || byte == 0xf2 || byte == 0xf3;
}

static void insn_legacy_prefixes(struct insn *insn)
{
	bool other = false;
	u8 byte;

	while (insn->at < insn->len && is_legacy_prefix(insn_peek(insn))) {
		byte = insn_take(insn);
		if (byte == 0x66)
			other = true;
		if (byte == 0x67)
			insn->address67 = true;
	}
	if (other)
		insn->operand16 = insn->width != INSN_16;
}

/* REX counts only right before the opcode; any prefix after it makes it void. */
static void insn_prefixes(struct insn *insn)
{
	bool rex;

	insn->operand16 = insn->width == INSN_16;
	do {
		insn_legacy_prefixes(insn);
		rex = insn->width == INSN_64 && insn_peek(insn) >> 4 == 4;
		insn->rex_w = rex && insn_take(insn) & 8;
	} while (rex && insn->at < insn->len &&
		 (is_legacy_prefix(insn_peek(insn)) || insn_peek(insn) >> 4 == 4));
	if (insn->rex_w)
		insn->operand16 = false;
}

static unsigned int insn_address_size(const struct insn *insn)
{
	if (insn->width == INSN_64)
		return insn->address67 ? 4 : 8;
	return (insn->width == INSN_16) == insn->address67 ? 4 : 2;
}

static unsigned int insn_operand(const struct insn *insn)
{
	return insn->operand16 ? 2 : 4;
}

static void insn_memory16(struct insn *insn, u8 mod, u8 rm)
{
	if (mod == 2 || (mod == 0 && rm == 6))
		insn->at += 2;
	else
		insn->at += mod;
}

static void insn_memory(struct insn *insn, u8 mod, u8 rm)
{
	u8 base = rm;

	if (rm == 4)
		base = insn_take(insn) & 7;
	if (mod == 2 || (mod == 0 && base == 5))
		insn->at += 4;
	else
		insn->at += mod;
}

/* Takes ModRM, SIB and displacement; returns the reg field. */
static u8 insn_modrm(struct insn *insn)
{
	u8 modrm = insn_take(insn), mod = modrm >> 6;

	if (mod == 3)
		return modrm >> 3 & 7;
	if (insn_address_size(insn) == 2)
		insn_memory16(insn, mod, modrm & 7);
	else
		insn_memory(insn, mod, modrm & 7);
	return modrm >> 3 & 7;
}

static unsigned int insn_immediate(const struct insn *insn, char letter, u8 opcode, u8 reg)
{
	switch (letter) {
	case 'b':
	case 'B':
	case 'M':
	case 'N':
		return 1;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'z':
	case 'Z':
		return insn_operand(insn);
	case 'p':
		return insn_operand(insn) + 2;
	case 'v':
		return insn->rex_w ? 8 : insn_operand(insn);
	case 'a':
		return insn_address_size(insn);
	case 'j': /* Intel's CPUs ignore 0x66 here */
		return insn->width == INSN_64 ? 4 : insn_operand(insn);
	case 'g':
		return reg > 1 ? 0 : opcode & 1 ? insn_operand(insn) : 1;
	}
	return 0;
}

static bool letter_in(char letter, const char *letters)
{
	while (*letters && *letters != letter)
		letters++;
	return *letters;
}

static void insn_rest(struct insn *insn, char letter, u8 opcode)
{
	u8 reg = 0;

	if (letter == '-' || (insn->width == INSN_64 && letter_in(letter, "!BNp")))
		insn->bad = true;
	if (letter == 'r')
		insn->at++;
	if (letter_in(letter, "mMZNgo"))
		reg = insn_modrm(insn);
	if (letter == 'o' && reg)
		insn->bad = true;
	insn->at += insn_immediate(insn, letter, opcode, reg);
}

/* A map of VEX and EVEX: 1 is 0f, 2 is 0f 38, 3 is 0f 3a, 5 and 6 are AVX512-FP16's. */
static void insn_vector(struct insn *insn, u8 map)
{
	u8 opcode = insn_take(insn);
	char letter = 'm';

	if (map == 1)
		letter = two_byte[opcode];
	else if (map == 3)
		letter = 'M';
	else if (map != 2 && map != 5 && map != 6)
		insn->bad = true;
	if (!letter_in(letter, "mM") && opcode != 0x77) /* vzeroupper, vzeroall */
		insn->bad = true;
	insn_rest(insn, letter, opcode);
}

/*
 * VEX and EVEX took the codes of LDS, LES and BOUND: outside of 64-bit mode it is theirs only where
 * those would name a register.
 */
static bool insn_vector_prefix(struct insn *insn, u8 opcode)
{
	bool wide = insn->width == INSN_64 || insn_peek(insn) >= 0xc0;
	u8 first;

	if (!wide || (opcode != 0xc4 && opcode != 0xc5 && opcode != 0x62))
		return false;
	first = insn_take(insn);
	insn->at += opcode == 0xc5 ? 0 : opcode == 0xc4 ? 1 : 2;
	insn_vector(insn, opcode == 0xc5 ? 1 : opcode == 0xc4 ? first & 31 : first & 7);
	return true;
}

static void insn_escape(struct insn *insn)
{
	u8 opcode = insn_take(insn);

	if (opcode == 0x38 || opcode == 0x3a)
		insn_rest(insn, opcode == 0x38 ? 'm' : 'M', insn_take(insn));
	else
		insn_rest(insn, two_byte[opcode], opcode);
}

unsigned int insn_length(const u8 *bytes, size_t len, enum insn_width width)
{
	struct insn insn = { .bytes = bytes,
			     .len = len < INSN_MAX ? len : INSN_MAX,
			     .width = width };
	u8 opcode;

	insn_prefixes(&insn);
	opcode = insn_take(&insn);
	if (opcode == 0x0f)
		insn_escape(&insn);
	else if (!insn_vector_prefix(&insn, opcode))
		insn_rest(&insn, one_byte[opcode], opcode);
	return insn.bad || insn.at > insn.len ? 0 : insn.at;
}
