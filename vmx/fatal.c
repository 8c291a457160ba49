// SPDX-License-Identifier: GPL-2.0
/*
 * What hvgdb does not know, or what must not be, it does not pass over: the VMCS is written out,
 * and the CPU stops to gdb (if there is a line) and is never resumed. Root.
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

/* Reads the VMCS on the CPU whose it is; the master shows it (it has the line). */
static void keep_vmcs(struct vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i < vmcs_dump_nr && i < VMCS_DUMP_MAX; i++) {
		vcpu->dump[i] = vmread(vmcs_dump_fields[i].field);
		last_words(vcpu->machine, vmcs_dump_fields[i].name, vcpu->dump[i]);
	}
}

static void show_line(struct machine *m, const char *name, u64 value)
{
	char line[120];
	struct rsp_text text = { .buf = line, .size = sizeof(line) - 2 };

	rsp_text_add(&text, name);
	rsp_text_add(&text, " 0x");
	rsp_text_hex(&text, value);
	line[text.len] = '\n';
	line[text.len + 1] = '\0';
	if (rsp_awaits_stop(&m->rsp))
		rsp_console(&m->rsp, line);
}

/* Once, before the stop is told: console text between a resume and its stop reply. */
void fatal_show(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	unsigned int i;

	if (!vcpu->dump_why)
		return;
	show_line(m, vcpu->dump_what, vcpu->exit_reason);
	show_line(m, vcpu->dump_why, vcpu->exit_reason);
	for (i = 0; i < vmcs_dump_nr && i < VMCS_DUMP_MAX; i++)
		show_line(m, vmcs_dump_fields[i].name, vcpu->dump[i]);
	vcpu->dump_why = NULL;
}

/* what: a sentence that ends in a colon; why: the name of the exit, or of the rule. Both are
 * constants. */
void vmx_fatal(struct vcpu *vcpu, const char *what, const char *why)
{
	struct machine *m = vcpu->machine;

	m->fatal = true;
	root_log(m, what);
	root_log(m, why);
	root_log_number(m, "  this CPU stops; exit reason ", vcpu->exit_reason);
	last_words(m, why, vcpu->exit_reason);
	keep_vmcs(vcpu);
	vcpu->dump_what = what;
	vcpu->dump_why = why;
	debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGABRT, 0);
}
