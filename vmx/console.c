// SPDX-License-Identifier: GPL-2.0
/*
 * Text of scripts and of breakpoints' commands on its way to gdb's console. Each CPU keeps its own
 * until all are halted, which is when somebody may speak on the line. Root.
 */
#include "root.h"

/* The text goes to gdb at the end of this exit, unless this CPU stops for something else anyway. */
void console_flush(struct vcpu *vcpu)
{
	if (vcpu->console_len && vcpu->want == WANT_NOTHING)
		vcpu->want = WANT_TELL;
}

void console_add(struct vcpu *vcpu, const char *text, size_t len, bool now)
{
	size_t room = sizeof(vcpu->console) - 1 - vcpu->console_len;

	if (!vcpu->machine->rules.gdb_present)
		return;
	vcpu->console_lost += len > room;
	len = base_min(len, room);
	memcpy(vcpu->console + vcpu->console_len, text, len);
	vcpu->console_len += len;
	vcpu->console[vcpu->console_len] = '\0';
	if (now || vcpu->console_len > sizeof(vcpu->console) - 1 - OUTPUT_TEXT_MAX)
		console_flush(vcpu);
}

static void tell_lost(struct machine *m, struct vcpu *vcpu)
{
	char line[64];
	struct rsp_text text = { .buf = line, .size = sizeof(line) - 1 };

	if (!vcpu->console_lost)
		return;
	rsp_text_add(&text, "hvgdb: lost texts of scripts: ");
	rsp_text_dec(&text, vcpu->console_lost);
	rsp_text_add(&text, "\n");
	line[text.len] = '\0';
	vcpu->console_lost = 0;
	rsp_console(&m->rsp, line);
}

/* All CPUs are halted and the line is ours. gdb listens only while it waits for a stop. */
void console_tell(struct machine *m)
{
	struct vcpu *vcpu;
	unsigned int i;

	if (!rsp_awaits_stop(&m->rsp))
		return;
	for (i = 0; i < m->nr_cpus; i++) {
		vcpu = m->vcpu[i];
		if (!vcpu || !vcpu->console_len)
			continue;
		rsp_console(&m->rsp, vcpu->console);
		vcpu->console_len = 0;
		tell_lost(m, vcpu);
	}
}

/* Nobody listens any more. */
void console_forget(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->vcpu[i])
			m->vcpu[i]->console_len = m->vcpu[i]->console_lost = 0;
}
