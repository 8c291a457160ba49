// SPDX-License-Identifier: GPL-2.0
/* The `monitor` commands that are about the machine: one row a command. Root, in the debug loop. */
#include "root.h"
#include "command.h"
#include "script.h"

struct command {
	const char *name, *help;
	int (*run)(struct machine *m, const char *arguments, struct rsp_text *out);
};

static bool equals(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The rest of the line if it begins with this word, else NULL. */
static const char *after_word(const char *line, const char *word)
{
	while (*word && *line == *word) {
		line++;
		word++;
	}
	if (*word || (*line && *line != ' '))
		return NULL;
	while (*line == ' ')
		line++;
	return line;
}

static void section(struct rsp_text *out, const char *name, u64 address)
{
	rsp_text_add(out, " -s ");
	rsp_text_add(out, name);
	rsp_text_add(out, " 0x");
	rsp_text_hex(out, address);
}

static int run_symbols(struct machine *m, const char *arguments, struct rsp_text *out)
{
	rsp_text_add(out, "add-symbol-file hvgdb.ko");
	section(out, ".text", m->module_text);
	section(out, ".rodata", m->module_rodata);
	section(out, ".data", m->module_data);
	section(out, ".bss", m->module_bss);
	rsp_text_add(out, "\n");
	return RSP_OK;
}

static int run_step_others(struct machine *m, const char *arguments, struct rsp_text *out)
{
	if (equals(arguments, "on") || equals(arguments, "off"))
		m->step_others = equals(arguments, "on");
	else if (*arguments)
		rsp_text_add(out, "step-others takes on or off\n");
	rsp_text_add(out, m->step_others ? "While one CPU steps, the others run.\n"
					 : "While one CPU steps, the others stay halted.\n");
	return RSP_OK;
}

static void count(struct rsp_text *out, const char *what, u64 number)
{
	rsp_text_add(out, what);
	rsp_text_dec(out, number);
}

/* "  EXCEPTION_NMI 12, CPUID 3": of all CPUs, those that there were. */
static void count_exits(const struct machine *m, struct rsp_text *out)
{
	const char *separator = "exits by reason: ";
	unsigned int reason, i;
	u64 sum;

	for (reason = 0; reason < EXIT_COUNTED; reason++) {
		for (i = 0, sum = 0; i < m->nr_cpus; i++)
			sum += m->vcpu[i] ? m->vcpu[i]->exits_of[reason] : 0;
		if (!sum)
			continue;
		rsp_text_add(out, separator);
		rsp_text_add(out, vmx_exit_name(reason));
		count(out, " ", sum);
		separator = ", ";
	}
	rsp_text_add(out, "\n");
}

static int run_stats(struct machine *m, const char *arguments, struct rsp_text *out)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++) {
		if (!m->vcpu[i] || m->vcpu[i]->life < VCPU_RUNNING)
			continue;
		count(out, "CPU ", i);
		count(out, ": exits ", m->vcpu[i]->exits);
		count(out, ", halts ", m->vcpu[i]->halts);
		rsp_text_add(out, "\n");
	}
	count_exits(m, out);
	count(out, "kicks without an answer: ", m->kick_misses);
	rsp_text_add(out, "\n");
	return RSP_OK;
}

/* Programs of breakpoints and tracepoints that could not be run. */
static void describe_errors(struct machine *m, struct rsp_text *out)
{
	unsigned int i;

	for (i = 0; i < m->breakpoints_top; i++) {
		if (!m->breakpoints[i].errors)
			continue;
		agent_describe_error(&m->breakpoints[i], out);
		rsp_text_add(out, "\n");
	}
	trace_describe(m, out);
}

static const struct command commands[] = {
	{ "symbols", "the add-symbol-file line for hvgdb.ko as it is loaded", run_symbols },
	{ "step-others", "on|off: whether other CPUs run while one steps", run_step_others },
	{ "stop-on", "panic,oops on|off: whether a kernel in trouble stops first",
	  last_words_command },
	{ "stats", "exits and halts of each CPU, exits by reason", run_stats },
};

static bool core_online(void *ctx, u32 core)
{
	struct machine *m = ctx;

	return core < m->nr_cpus && m->vcpu[core] && m->vcpu[core]->life >= VCPU_RUNNING;
}

/* The CPU of the last stop, if it still holds its event. */
static struct held_event *held_now(struct machine *m)
{
	struct vcpu *vcpu = m->last_stop.thread ? m->vcpu[m->last_stop.thread - 1] : NULL;

	return vcpu && vcpu->held.active ? &vcpu->held : NULL;
}

static bool event_sc(void *ctx, bool on)
{
	struct held_event *held = held_now(ctx);

	if (!held || held->event.stage == EVENT_POST)
		return false;
	held->state.override = on ? EVENT_SC_ON : EVENT_SC_OFF;
	return true;
}

static void event_show(void *ctx, struct rsp_text *out)
{
	static const char *const answers[] = {
		[EVENT_DELIVER] = "; it was delivered",
		[EVENT_SUPPRESS] = "; it was suppressed",
		[EVENT_SUPPRESS_SKIP] = "; it was suppressed, and its instruction skipped",
	};
	struct machine *m = ctx;
	unsigned int thread;
	const struct held_event *held;

	if (rsp_general_thread(&m->rsp, &thread)) {
		rsp_text_add(out, "there has been no event\n");
		return;
	}
	held = &m->vcpu[thread - 1]->held;
	if (!held->known) {
		rsp_text_add(out, "there has been no event on CPU ");
		rsp_text_dec(out, thread - 1);
		rsp_text_add(out, "\n");
		return;
	}
	event_describe(&held->event, out);
	if (!held->active)
		rsp_text_add(out, answers[held->last]);
	else if (!held->state.reported)
		rsp_text_add(out, "; it waits to be told");
	else
		rsp_text_add(out, held->event.stage == EVENT_PRE ? "; gdb decides about it"
								 : "; it is on its way");
	rsp_text_add(out, "\n");
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static const char no_break[] = "this rule would stop gdb, but no debug line is armed that a gdb "
			       "could be on: give the rule "
			       "a script { } or an output { }, or arm a line (hvgdbctl attach TTY)";

/* Lines about rules and events, gdb's and hvgdbctl's; enum command_result. */
u32 monitor_rules(struct machine *m, enum rule_origin origin, const char *line, size_t len,
		  struct rsp_text *out)
{
	struct command_env env = {
		.parse = { .unsafe_code = m->unsafe_code, .core_online = core_online, .ctx = m },
		.origin = origin,
		.outputs = &m->outputs,
		.ctx = m,
		.process_name = tasks_name,
		.compile = script_compile_rule,
		.event_sc = origin == RULE_MONITOR ? event_sc : NULL,
		.event_show = event_show,
		.no_break = origin == RULE_MONITOR || m->line.armed ? NULL : no_break,
	};

	if (len && line[0] == '?')
		return script_now(m, line + 1, len - 1, out) == RSP_OK ? COMMAND_OK : COMMAND_ERROR;
	return command_run(&m->rules, &env, line, len, out);
}

int monitor_command(struct machine *m, enum rule_origin origin, const char *command,
		    struct rsp_text *out)
{
	const char *arguments;
	unsigned int i;

	if (monitor_rules(m, origin, command, length(command), out) != COMMAND_UNKNOWN) {
		if (equals(command, "events"))
			describe_errors(m, out);
		return RSP_OK;
	}

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		arguments = after_word(command, commands[i].name);
		if (arguments)
			return commands[i].run(m, arguments, out);
	}
	return -1;
}

void monitor_help(struct machine *m, struct rsp_text *out)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		rsp_text_add(out, commands[i].name);
		rsp_text_add(out, "  ");
		rsp_text_add(out, commands[i].help);
		rsp_text_add(out, "\n");
	}
	rsp_text_add(out, "?  SCRIPT: runs a script now, on the CPU that stopped: ? print(@rip);\n");
	parse_help(out);
	script_help(out);
}
