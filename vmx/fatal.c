// SPDX-License-Identifier: GPL-2.0
/*
 * What hvgdb does not know it does not pass over: the VMCS is written out, and the CPU stops to gdb (if
 * there is a line) and is never resumed. Root.
 */
#include "root.h"
#include "instr.h"

static void debug_char(const struct machine *m, char c)
{
	if (m->debug_port)
		port_out8(m->debug_port, c);
}

void last_words(const struct machine *m, const char *text, u64 value)
{
	char digits[20];
	struct rsp_text number = { .buf = digits, .size = sizeof(digits) };
	size_t i;

	rsp_text_hex(&number, value);
	while (*text)
		debug_char(m, *text++);
	for (i = 0; i < number.len; i++)
		debug_char(m, digits[i]);
	debug_char(m, '\n');
}

/* One console line a field, which gdb shows if it waits for a stop. */
static void dump_field(struct machine *m, const struct vmcs_field_name *field)
{
	char line[80];
	struct rsp_text text = { .buf = line, .size = sizeof(line) - 1 };
	u64 value = vmread(field->field);

	last_words(m, field->name, value);
	rsp_text_add(&text, field->name);
	rsp_text_add(&text, " ");
	rsp_text_hex(&text, value);
	rsp_text_add(&text, "\n");
	line[text.len] = '\0';
	if (rsp_awaits_stop(&m->rsp))
		rsp_console(&m->rsp, line);
}

void vmx_fatal(struct vcpu *vcpu, const char *why)
{
	struct machine *m = vcpu->machine;
	unsigned int i;

	m->fatal = true;
	root_log(m, why);
	root_log_number(m, "  is an exit that hvgdb does not know: this CPU stops; reason ",
			vcpu->exit_reason);
	last_words(m, why, vcpu->exit_reason);
	line_take(m);
	for (i = 0; i < vmcs_dump_nr; i++)
		dump_field(m, &vmcs_dump_fields[i]);
	debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGABRT, 0);
}
