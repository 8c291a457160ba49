/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scripts of rules: HyperDbg's language, compiled to bytecode (bytecode.h), and run on an event.
 * docs/events.md tells the language. All memory is the owner's; nothing is allocated and nothing
 * recurses without a limit. Runs in VMX root, in user-space tests and in hvgdbctl.
 */
#ifndef HVGDB_EVENTS_SCRIPT_H
#define HVGDB_EVENTS_SCRIPT_H

#include "event.h"
#include "expr.h"

#define SCRIPT_NAME_MAX	 32   /* bytes of a name, its NUL among them */
#define SCRIPT_GLOBALS	 128  /* .name: all scripts together */
#define SCRIPT_DATA_MAX	 4096 /* bytes of the strings of one script */
#define SCRIPT_LINES_MAX 1024 /* statements of one script */
#define SCRIPT_STEPS	 1000000

/*
 * A compiled script: this header, code_len bytes of bytecode, nr_lines rows of struct script_line,
 * data_len bytes of strings. A multiple of nothing: rows are read by memcpy().
 */
struct script_header {
	u16 code_len, nr_lines, data_len;
};

/* From pc on the code belongs to this line. */
struct script_line {
	u16 pc, line;
};

#define SCRIPT_IMAGE_MAX                                                                           \
	(sizeof(struct script_header) + EXPR_CODE_MAX +                                            \
	 SCRIPT_LINES_MAX * sizeof(struct script_line) + SCRIPT_DATA_MAX)

/* Variables that all scripts and all CPUs share; they live as long as the module. */
struct script_globals {
	u32 nr;
	char name[SCRIPT_GLOBALS][SCRIPT_NAME_MAX];
	u64 value[SCRIPT_GLOBALS];
};

struct script_compiler; /* script_compile.h; too large for root's stack */

/*
 * Compiles text. True: *image and *image_len, which last until the next compilation; globals may
 * have got new names. False: one line is in error, "script:LINE:COLUMN: ...", and nothing else has
 * changed. check is scratch.
 */
bool script_compile(struct script_compiler *c, struct expr_check *check,
		    struct script_globals *globals, const char *text, size_t len,
		    struct rsp_text *error);
const u8 *script_image(const struct script_compiler *c, u32 *len);

/* Registers as the machine knows them; parts of them are worked out from these. */
enum script_base {
	SCRIPT_RAX, /* general registers in the order of their encoding */
	SCRIPT_RCX,
	SCRIPT_RDX,
	SCRIPT_RBX,
	SCRIPT_RSP,
	SCRIPT_RBP,
	SCRIPT_RSI,
	SCRIPT_RDI,
	SCRIPT_R8,
	SCRIPT_R15 = 15,
	SCRIPT_RIP,
	SCRIPT_RFLAGS,
	SCRIPT_CR0,
	SCRIPT_CR2,
	SCRIPT_CR3,
	SCRIPT_CR4,
	SCRIPT_CR8,
	SCRIPT_EFER,
	SCRIPT_DR0,
	SCRIPT_DR1,
	SCRIPT_DR2,
	SCRIPT_DR3,
	SCRIPT_DR6,
	SCRIPT_DR7,
	SCRIPT_CS,
	SCRIPT_DS,
	SCRIPT_ES,
	SCRIPT_FS,
	SCRIPT_GS,
	SCRIPT_SS,
	SCRIPT_LDTR,
	SCRIPT_TR,
	SCRIPT_FS_BASE,
	SCRIPT_GS_BASE,
	SCRIPT_GDTR, /* the base */
	SCRIPT_IDTR,
	SCRIPT_NR_BASES,
};

enum script_atomic {
	SCRIPT_EXCHANGE,
	SCRIPT_ADD,
	SCRIPT_COMPARE_EXCHANGE, /* a is stored if b is there */
	SCRIPT_TRY_LOCK,	 /* 32 bits; old is 0 if the lock is ours now */
	SCRIPT_UNLOCK,
};

/* What script_atomic_do() needs of the memory: bytes, and aligned to as many. */
size_t script_atomic_size(enum script_atomic op);
u64 script_atomic_do(void *p, enum script_atomic op, u64 a, u64 b);

/*
 * What a script can do to the machine; ctx is the owner's. Addresses are the guest's, linear unless
 * physical is said. None may fault, allocate or wait. All must be there.
 */
struct script_ops {
	enum expr_result (*get)(void *ctx, enum script_base base, u64 *value);
	enum expr_result (*set)(void *ctx, enum script_base base, u64 value);
	enum expr_result (*read)(void *ctx, bool physical, u64 addr, void *buf, size_t len);
	enum expr_result (*write)(void *ctx, bool physical, u64 addr, const void *buf, size_t len);
	enum expr_result (*atomic)(void *ctx, u64 addr, enum script_atomic op, u64 a, u64 b,
				   u64 *old);
	bool (*to_physical)(void *ctx, u64 addr, u64 *physical);
	bool (*to_virtual)(void *ctx, u64 physical, u64 *addr); /* kernel's map of all memory */

	enum expr_result (*print)(void *ctx, const char *text, size_t len);
	void (*flush)(void *ctx);

	/* False: not on this event. */
	bool (*inject)(void *ctx, u8 type, u8 vector, bool has_error, u32 error);
	/* False: no such rule. */
	bool (*rule_enable)(void *ctx, u32 id, bool on);
	bool (*rule_clear)(void *ctx, u32 id);

	u64 (*task)(void *ctx, bool leader); /* address of the task_struct, 0 if unknown */
	u64 (*buffer)(void *ctx);	     /* address of the rule's, 0 if it has none */
	u64 (*seconds)(void *ctx);	     /* since 1970, UTC */
	u64 (*tsc)(void *ctx);
	void (*microsleep)(void *ctx, u32 microseconds);
};

/* One run. The owner fills what is above the line; the rest is script_run()'s. */
struct script_run {
	const struct script_ops *ops;
	void *ctx;
	struct expr_machine *machine;
	struct script_globals *globals;
	const struct event *event; /* NULL: there is none; then */
	const struct event *task;  /* has CPU, pid, tid and name of what runs; or NULL */
	u32 rule_id;		   /* $event_id; 0: none */
	u32 max_steps;
	bool suppress; /* in and out: event_sc() */
	bool pause;    /* out: pause() was called */

	const u8 *code, *data;
	u32 code_len, data_len;
	char name[EVENT_COMM_SIZE + 1], date[12], time[12];
};

/* EXPR_OK or why it ended early; *line is where, 0 if that is unknown. */
enum expr_result script_run(struct script_run *run, const u8 *image, size_t len, u32 *line);

/* For `monitor help script`: lines that begin with this word. */
void script_help(struct rsp_text *out);

/* Whether a rule whose script ended like this is not to run again. */
bool script_is_hopeless(enum expr_result result);

#endif
