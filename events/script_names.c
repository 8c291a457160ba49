// SPDX-License-Identifier: GPL-2.0
/* See script_names.h. Runs in VMX root and in user space; calls nothing. */
#include "script_names.h"

bool script_word_is(const struct script_word *word, const char *name)
{
	u32 i;

	for (i = 0; i < word->len; i++)
		if (!name[i] || word->p[i] != name[i])
			return false;
	return !name[i];
}

#define WHOLE(name, base, writable)                                                                \
	{                                                                                          \
		name, base, 0, 64, writable                                                        \
	}

/* The four that have a high byte. */
#define OLD(letter, base)                                                                          \
	{ "r" letter "x", base, 0, 64, true }, { "e" letter "x", base, 0, 32, true },              \
		{ letter "x", base, 0, 16, true }, { letter "h", base, 8, 8, true },               \
	{                                                                                          \
		letter "l", base, 0, 8, true                                                       \
	}

#define POINTER(name, base)                                                                        \
	{ "r" name, base, 0, 64, true }, { "e" name, base, 0, 32, true },                          \
		{ name, base, 0, 16, true },                                                       \
	{                                                                                          \
		name "l", base, 0, 8, true                                                         \
	}

/* r8h and r8l are HyperDbg's names; r8b is the assembler's. */
#define NEW(name, base)                                                                            \
	{ name, base, 0, 64, true }, { name "d", base, 0, 32, true },                              \
		{ name "w", base, 0, 16, true }, { name "h", base, 8, 8, true },                   \
		{ name "l", base, 0, 8, true },                                                    \
	{                                                                                          \
		name "b", base, 0, 8, true                                                         \
	}

#define FLAG(name, bit)                                                                            \
	{                                                                                          \
		name, SCRIPT_RFLAGS, bit, 1, true                                                  \
	}

static const struct script_register registers[] = {
	OLD("a", SCRIPT_RAX),
	OLD("c", SCRIPT_RCX),
	OLD("d", SCRIPT_RDX),
	OLD("b", SCRIPT_RBX),
	POINTER("sp", SCRIPT_RSP),
	POINTER("bp", SCRIPT_RBP),
	POINTER("si", SCRIPT_RSI),
	POINTER("di", SCRIPT_RDI),
	NEW("r8", SCRIPT_R8),
	NEW("r9", SCRIPT_R8 + 1),
	NEW("r10", SCRIPT_R8 + 2),
	NEW("r11", SCRIPT_R8 + 3),
	NEW("r12", SCRIPT_R8 + 4),
	NEW("r13", SCRIPT_R8 + 5),
	NEW("r14", SCRIPT_R8 + 6),
	NEW("r15", SCRIPT_R15),
	WHOLE("rip", SCRIPT_RIP, true),
	{ "eip", SCRIPT_RIP, 0, 32, false },
	{ "ip", SCRIPT_RIP, 0, 16, false },
	WHOLE("rflags", SCRIPT_RFLAGS, true),
	{ "eflags", SCRIPT_RFLAGS, 0, 32, true },
	{ "flags", SCRIPT_RFLAGS, 0, 16, true },
	FLAG("cf", 0),
	FLAG("pf", 2),
	FLAG("af", 4),
	FLAG("zf", 6),
	FLAG("sf", 7),
	FLAG("tf", 8),
	FLAG("if", 9),
	FLAG("df", 10),
	FLAG("of", 11),
	{ "iopl", SCRIPT_RFLAGS, 12, 2, true },
	FLAG("nt", 14),
	FLAG("rf", 16),
	{ "vm", SCRIPT_RFLAGS, 17, 1, false },
	FLAG("ac", 18),
	{ "vif", SCRIPT_RFLAGS, 19, 1, false },
	{ "vip", SCRIPT_RFLAGS, 20, 1, false },
	FLAG("id", 21),
	WHOLE("cr0", SCRIPT_CR0, false),
	WHOLE("cr2", SCRIPT_CR2, true),
	WHOLE("cr3", SCRIPT_CR3, false),
	WHOLE("cr4", SCRIPT_CR4, false),
	WHOLE("cr8", SCRIPT_CR8, false),
	WHOLE("efer", SCRIPT_EFER, false),
	WHOLE("dr0", SCRIPT_DR0, true),
	WHOLE("dr1", SCRIPT_DR1, true),
	WHOLE("dr2", SCRIPT_DR2, true),
	WHOLE("dr3", SCRIPT_DR3, true),
	WHOLE("dr6", SCRIPT_DR6, true),
	WHOLE("dr7", SCRIPT_DR7, true),
	{ "cs", SCRIPT_CS, 0, 16, false },
	{ "ds", SCRIPT_DS, 0, 16, false },
	{ "es", SCRIPT_ES, 0, 16, false },
	{ "fs", SCRIPT_FS, 0, 16, false },
	{ "gs", SCRIPT_GS, 0, 16, false },
	{ "ss", SCRIPT_SS, 0, 16, false },
	{ "ldtr", SCRIPT_LDTR, 0, 16, false },
	{ "tr", SCRIPT_TR, 0, 16, false },
	WHOLE("fs_base", SCRIPT_FS_BASE, true),
	WHOLE("gs_base", SCRIPT_GS_BASE, true),
	WHOLE("gdtr", SCRIPT_GDTR, false),
	WHOLE("idtr", SCRIPT_IDTR, false),
};

static const char *const pseudos[SCRIPT_NR_PSEUDOS] = {
	[SCRIPT_PID] = "pid",
	[SCRIPT_TID] = "tid",
	[SCRIPT_PNAME] = "pname",
	[SCRIPT_CORE] = "core",
	[SCRIPT_PROC] = "proc",
	[SCRIPT_THREAD] = "thread",
	[SCRIPT_IP] = "ip",
	[SCRIPT_BUFFER] = "buffer",
	[SCRIPT_CONTEXT] = "context",
	[SCRIPT_EVENT_TAG] = "event_tag",
	[SCRIPT_EVENT_ID] = "event_id",
	[SCRIPT_EVENT_STAGE] = "event_stage",
	[SCRIPT_DATE] = "date",
	[SCRIPT_TIME] = "time",
};

#define STEPPING "scripts do not step: call pause(), then use gdb's stepi"
#define LBR	 "hvgdb does not record branches: use gdb's tracepoints"
#define FLOATS	 "root has no floating point: scale to integers"
#define TYPES	 "gdb knows the types: take the offset from ptype/o and use dq(), dd(), dw(), db()"

/* One row a word; those with $ are $ variables. */
static const struct {
	const char *name, *why;
} refusals[] = {
	{ "$peb", "Linux has no PEB: $proc is the task_struct of the process" },
	{ "$teb", "Linux has no TEB: @fs_base is the thread's area in user space" },
	{ "struct", TYPES },
	{ "union", TYPES },
	{ "typedef", TYPES },
	{ "enum", TYPES },
	{ "sizeof", TYPES },
	{ "float", FLOATS },
	{ "double", FLOATS },
	{ "goto", "use while, break and continue" },
	{ "switch", "use if, elsif and else" },
	{ "case", "use if, elsif and else" },
	{ "event_trace_step", STEPPING },
	{ "event_trace_step_in", STEPPING },
	{ "event_trace_step_out", STEPPING },
	{ "event_trace_instrumentation_step", STEPPING },
	{ "event_trace_instrumentation_step_in", STEPPING },
	{ "lbr_save", LBR },
	{ "lbr_dump", LBR },
	{ "lbr_print", LBR },
	{ "lbr_check", LBR },
	{ "lbr_restore", LBR },
	{ "lbr_restore_by_filter", LBR },
	{ "test_statement", "this is a self-test of HyperDbg's" },
};

const struct script_register *script_register(unsigned int n)
{
	return n < ARRAY_SIZE(registers) ? &registers[n] : NULL;
}

const char *script_pseudo_name(enum script_pseudo pseudo)
{
	return pseudos[pseudo];
}

int script_find_register(const struct script_word *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		if (script_word_is(name, registers[i].name))
			return i;
	return -1;
}

int script_find_pseudo(const struct script_word *name)
{
	unsigned int i;

	for (i = 0; i < SCRIPT_NR_PSEUDOS; i++)
		if (script_word_is(name, pseudos[i]))
			return i;
	return -1;
}

const char *script_refused(const struct script_word *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		if (script_word_is(name, refusals[i].name))
			return refusals[i].why;
	return NULL;
}
