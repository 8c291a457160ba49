// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that panics or oopses stops to an attached gdb before it goes on (D20, `monitor
 * stop-on`). panic() has a breakpoint of hvgdb's own; of an oops kmod/ tells, from the die
 * notifier, and what gdb is shown then is the place of the fault. Root.
 */
#include "root.h"
#include "instr.h"
#include "pure/stop_on.h"

static bool wanted(const struct machine *m, u32 what)
{
	return m->stop_on & what && m->rules.gdb_present;
}

/* The first argument, as it is: nobody expands what stands for values. */
static void read_format(struct vcpu *vcpu)
{
	char *text = vcpu->oops.text;
	size_t i, done = 0;

	memory_read(vcpu->machine, vcpu->machine->host_cr3, vcpu->regs.rdi, (u8 *)text,
		    sizeof(vcpu->oops.text) - 1, &done);
	text[done] = '\0';
	for (i = 0; text[i]; i++)
		if (text[i] == '\n')
			text[i] = ' ';
}

/*
 * At panic()'s first instruction. False if nobody wants to know, or if this is the call that gdb
 * has been told of: a continue executes the same instruction again.
 */
bool last_words_panic(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	u64 sp = vmread(GUEST_RSP);

	if (!wanted(m, STOP_ON_PANIC))
		return false;
	if (vcpu->panic_told == sp) {
		vcpu->panic_told = 0;
		return false;
	}
	vcpu->panic_told = sp;
	vcpu->stop_why = "the kernel panics";
	read_format(vcpu);
	debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGABRT, 0);
	return true;
}

/* gdb has a breakpoint of its own there, and has just been told of it. */
void last_words_panic_told(struct vcpu *vcpu)
{
	vcpu->panic_told = vmread(GUEST_RSP);
}

enum vmx_verdict last_words_oops(struct vcpu *vcpu, u64 address)
{
	struct machine *m = vcpu->machine;
	struct oops_state *oops = &vcpu->oops;
	size_t done;

	vcpu->regs.rax = 0;
	if (!wanted(m, STOP_ON_OOPS) ||
	    memory_read(m, m->host_cr3, address, (u8 *)oops, sizeof(*oops), &done) ||
	    done != sizeof(*oops))
		return VERDICT_RESUME;
	oops->text[sizeof(oops->text) - 1] = '\0';
	vcpu->shows_oops = true;
	vcpu->stop_why = "the kernel oopses; this is where (its registers cannot be changed)";
	debug_stop(vcpu, RSP_STOP_PLAIN, RSP_SIGABRT, 0);
	return VERDICT_HALT;
}

/* The snapshot becomes that of the fault. What it was is still in the VMCS and vcpu->regs. */
void last_words_show(struct vcpu *vcpu)
{
	const struct oops_state *oops = &vcpu->oops;
	struct snapshot *snap = &vcpu->snap;

	if (!vcpu->shows_oops)
		return;
	snap->regs = oops->regs;
	snap->rip = oops->rip;
	snap->rsp = oops->rsp;
	snap->rflags = oops->rflags;
	snap->cs = oops->cs;
	snap->ss = oops->ss;
}

/* Console text before the stop is told, while gdb listens. */
void last_words_say(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	char line[200];
	struct rsp_text text = { .buf = line, .size = sizeof(line) - 2 };

	if (!vcpu->stop_why)
		return;
	rsp_text_add(&text, "hvgdb: ");
	rsp_text_add(&text, vcpu->stop_why);
	rsp_text_add(&text, ": ");
	rsp_text_add(&text, vcpu->oops.text);
	line[text.len] = '\n';
	line[text.len + 1] = '\0';
	vcpu->stop_why = NULL;
	if (rsp_awaits_stop(&m->rsp))
		rsp_console(&m->rsp, line);
}

static void say_state(const struct machine *m, struct rsp_text *out)
{
	rsp_text_add(out, "panic ");
	rsp_text_add(out, m->stop_on & STOP_ON_PANIC ? "on" : "off");
	rsp_text_add(out, ", oops ");
	rsp_text_add(out, m->stop_on & STOP_ON_OOPS ? "on\n" : "off\n");
}

/* The breakpoint follows the switch. */
static bool settle_panic(struct machine *m, u32 set, struct rsp_text *out)
{
	if (!(set & STOP_ON_PANIC)) {
		breakpoint_remove_own(m, m->panic_address);
		return true;
	}
	if (m->stop_on & STOP_ON_PANIC || !breakpoint_insert_own(m, m->panic_address))
		return true;
	rsp_text_add(out, "panic() cannot have a breakpoint: all are in use (at most 256)\n");
	return false;
}

int last_words_command(struct machine *m, const char *arguments, struct rsp_text *out)
{
	static const char usage[] = "usage: stop-on panic,oops on|off, or one of the two\n";
	u32 set = m->stop_on;

	switch (stop_on_parse(arguments, &set)) {
	case STOP_ON_NO_SUCH:
		rsp_text_add(out, "stop-on knows panic and oops, with a comma between them. ");
		rsp_text_add(out, usage);
		return RSP_OK;
	case STOP_ON_NO_SWITCH:
		rsp_text_add(out, "stop-on wants on or off at the end. ");
		rsp_text_add(out, usage);
		return RSP_OK;
	default:
		break;
	}
	if (settle_panic(m, set, out))
		m->stop_on = set;
	say_state(m, out);
	return RSP_OK;
}
