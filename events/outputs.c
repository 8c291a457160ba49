// SPDX-License-Identifier: GPL-2.0
/*
 * The table of outputs. See outputs.h.
 *
 * Runs in VMX root while every CPU is halted, and in user-space tests. Calls memset, memcpy,
 * rsp_text_*().
 */
#include "outputs.h"

static const char *const kinds[] = { "", "file", "namedpipe", "tcp", "unix", "gdb" };
static const char *const formats[] = { "text", "json", "trace" };

static bool fails(struct rsp_text *out, const char *sentence)
{
	rsp_text_add(out, sentence);
	rsp_text_add(out, "\n");
	return false;
}

static bool has_name(const struct hvgdb_output *output, const struct rule_span *name)
{
	return output->kind && name->len < HVGDB_NAME_SIZE &&
	       !memcmp(output->name, name->p, name->len) && !output->name[name->len];
}

/* HVGDB_NR_OUTPUTS: there is none. */
static unsigned int find(const struct outputs *outputs, const struct rule_span *name)
{
	unsigned int i;

	for (i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (has_name(&outputs->area->output[i], name))
			break;
	return i;
}

static unsigned int find_free(const struct outputs *outputs)
{
	unsigned int i;

	for (i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (!outputs->area->output[i].kind)
			break;
	return i;
}

static void changed(struct outputs *outputs)
{
	unsigned int i;

	outputs->open = outputs->gdb = 0;
	for (i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		if (!outputs->area->output[i].open)
			continue;
		outputs->open |= 1u << i;
		if (outputs->area->output[i].kind == HVGDB_OUTPUT_GDB)
			outputs->gdb |= 1u << i;
	}
	__atomic_fetch_add(&outputs->area->generation, 1, __ATOMIC_RELEASE);
}

static bool create(struct outputs *outputs, const struct output_command *command,
		   struct rsp_text *out)
{
	struct hvgdb_output *output;
	unsigned int i = find_free(outputs);

	if (command->name.len >= HVGDB_NAME_SIZE)
		return fails(out, "the name of an output has at most 31 characters");
	if (command->address.len >= HVGDB_ADDRESS_SIZE)
		return fails(out, "the address of an output has at most 199 characters");
	if (find(outputs, &command->name) < HVGDB_NR_OUTPUTS)
		return fails(out, "there is an output with this name: output remove NAME");
	if (i == HVGDB_NR_OUTPUTS)
		return fails(out, "there are 32 outputs, and no more can be: output remove NAME");
	output = &outputs->area->output[i];
	memset(output, 0, sizeof(*output));
	output->kind = command->kind;
	output->format = command->format;
	output->serial = ++outputs->serial;
	memcpy(output->name, command->name.p, command->name.len);
	if (command->address.len)
		memcpy(output->address, command->address.p, command->address.len);
	changed(outputs);
	return true;
}

/* A rule that writes to a number would find somebody else there. */
static bool in_use(const struct event_rules *rules, unsigned int i, struct rsp_text *out)
{
	const struct event_rule *rule;
	u32 n;

	for (n = 0; (rule = rules_nth(rules, n)); n++) {
		if (!(rule->outputs >> i & 1))
			continue;
		rsp_text_add(out, "rule 0x");
		rsp_text_hex(out, rule->id);
		fails(out, " names this output: clear the rule first, or close the output");
		return true;
	}
	return false;
}

static bool change(struct outputs *outputs, const struct event_rules *rules,
		   const struct output_command *command, struct rsp_text *out)
{
	unsigned int i = find(outputs, &command->name);
	struct hvgdb_output *output;

	if (i == HVGDB_NR_OUTPUTS)
		return fails(out, "there is no output with this name: `output` lists them");
	output = &outputs->area->output[i];
	if (command->verb == OUTPUT_REMOVE && in_use(rules, i, out))
		return false;
	switch (command->verb) {
	case OUTPUT_REMOVE:
		memset(output, 0, sizeof(*output));
		break;
	case OUTPUT_ROTATE:
		if (output->kind != HVGDB_OUTPUT_FILE)
			return fails(out, "only files can be rotated");
		output->rotations++;
		break;
	default:
		output->open = command->verb == OUTPUT_OPEN;
	}
	changed(outputs);
	return true;
}

static void number(struct rsp_text *out, const char *what, u64 value)
{
	rsp_text_add(out, what);
	rsp_text_dec(out, value);
}

/* What the reader does with it. */
static void list_status(const struct outputs *outputs, unsigned int i, struct rsp_text *out)
{
	static const char *const states[] = { "not opened yet", "open", "waiting for a receiver",
					      "failed" };
	const struct hvgdb_output_status *status = &outputs->reader->output[i];
	u64 sent = status->progress[status->progress_at & 1].sent;

	if (!outputs->area->reader) {
		rsp_text_add(out, ", nobody forwards: start hvgdbctl forward");
		return;
	}
	if (status->serial != outputs->area->output[i].serial) {
		rsp_text_add(out, ", not seen by the controller yet");
		return;
	}
	rsp_text_add(out, ", ");
	rsp_text_add(out, states[status->state % ARRAY_SIZE(states)]);
	if (status->error)
		number(out, ", errno ", status->error);
	number(out, ", sent ", sent);
	number(out, ", waiting ", status->taken - sent - status->lost);
	number(out, ", lost ", status->lost);
}

static void list_one(const struct outputs *outputs, unsigned int i, struct rsp_text *out)
{
	const struct hvgdb_output *output = &outputs->area->output[i];

	rsp_text_add(out, output->name);
	rsp_text_add(out, "  ");
	rsp_text_add(out, kinds[output->kind]);
	rsp_text_add(out, *output->address ? " " : "");
	rsp_text_add(out, output->address);
	rsp_text_add(out, "  ");
	rsp_text_add(out, formats[output->format]);
	rsp_text_add(out, output->open ? "  opened" : "  closed");
	if (output->kind == HVGDB_OUTPUT_GDB)
		number(out, ", number ", i);
	if (output->open && output->kind != HVGDB_OUTPUT_GDB)
		list_status(outputs, i, out);
	rsp_text_add(out, "\n");
}

static void list(const struct outputs *outputs, struct rsp_text *out)
{
	unsigned int i, nr = 0;

	for (i = 0; i < HVGDB_NR_OUTPUTS; i++) {
		if (!outputs->area->output[i].kind)
			continue;
		list_one(outputs, i, out);
		nr++;
	}
	if (!nr)
		rsp_text_add(out, "no outputs\n");
	if (outputs->area->reader)
		number(out, "forwarded by process ", outputs->area->reader);
	if (outputs->area->reader)
		rsp_text_add(out, "\n");
}

bool outputs_run(struct outputs *outputs, const struct event_rules *rules,
		 const struct output_command *command, struct rsp_text *out)
{
	if (!outputs || !outputs->area)
		return fails(out, "there are no outputs here");
	switch (command->verb) {
	case OUTPUT_LIST:
		list(outputs, out);
		return true;
	case OUTPUT_CREATE:
		return create(outputs, command, out);
	default:
		return change(outputs, rules, command, out);
	}
}

static void missing(const struct rule_span *name, struct rsp_text *out)
{
	char c[2] = { 0 };
	size_t i;

	rsp_text_add(out, "there is no output \"");
	for (i = 0; i < name->len && i < HVGDB_NAME_SIZE; i++) {
		c[0] = name->p[i] >= ' ' && name->p[i] <= '~' ? name->p[i] : '?';
		rsp_text_add(out, c);
	}
	rsp_text_add(out, "\": make it with output create NAME KIND ADDRESS\n");
}

bool outputs_resolve(const struct outputs *outputs, struct rule_spec *spec, struct rsp_text *out)
{
	unsigned int n, i;

	if (spec->nr_outputs && (!outputs || !outputs->area))
		return fails(out, "there are no outputs here");
	spec->outputs = 0;
	for (n = 0; n < spec->nr_outputs; n++) {
		i = find(outputs, &spec->output[n]);
		if (i == HVGDB_NR_OUTPUTS) {
			missing(&spec->output[n], out);
			return false;
		}
		spec->outputs |= 1u << i;
	}
	return true;
}
