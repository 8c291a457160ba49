// SPDX-License-Identifier: GPL-2.0
/*
 * What kmod/ asks of root by VMCALL. One row an operation: some answer at once, some run with every
 * CPU halted. Anybody else's VMCALL is #UD, as on a CPU without a hypervisor. Root.
 */
#include "root.h"
#include "instr.h"
#include "command.h"

static u64 call_arm(struct vcpu *vcpu, u64 address, u64 unused)
{
	const struct hypercall_arm *arm = (const void *)address;
	struct machine *m = vcpu->machine;
	enum line_result result = line_arm(m, &arm->regs, arm->fifo, arm->controller);

	if (result == LINE_ARMED)
		session_continue(m);
	return result;
}

/* A session can end for good when its line has gone before. */
static u64 call_disarm(struct vcpu *vcpu, u64 for_good, u64 unused)
{
	if (for_good)
		debug_close(vcpu->machine);
	else
		session_suspend(vcpu->machine);
	line_give(vcpu->machine);
	line_disarm(vcpu->machine);
	return 0;
}

static u64 call_plant_hold(struct vcpu *vcpu, u64 unused1, u64 unused2)
{
	vcpu->machine->plant_holds++;
	breakpoint_unplant_all(vcpu->machine);
	return 0;
}

static u64 call_plant_release(struct vcpu *vcpu, u64 unused1, u64 unused2)
{
	vcpu->machine->plant_holds--;
	return 0;
}

static u64 call_drop_range(struct vcpu *vcpu, u64 start, u64 end)
{
	breakpoint_remove_range(vcpu->machine, start, end);
	return 0;
}

static u64 call_line_awake(struct vcpu *vcpu, u64 unused1, u64 unused2)
{
	line_awake(vcpu->machine);
	return 0;
}

static u64 call_notice(struct vcpu *vcpu, u64 text, u64 unused)
{
	struct machine *m = vcpu->machine;

	if (!rsp_awaits_stop(&m->rsp))
		return 0;
	line_take(m);
	console_settle(m);
	rsp_console(&m->rsp, (const char *)text);
	return 1;
}

static u64 call_command(struct vcpu *vcpu, u64 address, u64 unused)
{
	struct hypercall_command *command = (void *)address;
	struct rsp_text text = { .buf = command->text, .size = sizeof(command->text) };

	command->result = monitor_rules(vcpu->machine, RULE_IOCTL, command->line,
					command->line_length, &text);
	if (command->result == COMMAND_UNKNOWN)
		rsp_text_add(&text, "this is no command about rules, events or outputs\n");
	command->text_length = text.len;
	return 0;
}

static u64 call_local(struct vcpu *vcpu, u64 address, u64 unused)
{
	local_serve(vcpu, (struct hypercall_local *)address);
	return 0;
}

static u64 call_nothing(struct vcpu *vcpu, u64 unused1, u64 unused2)
{
	return 0;
}

/* The operations that need all CPUs halted. */
static const vcpu_call_fn halted_calls[HYPERCALL_NR] = {
	[HYPERCALL_ARM] = call_arm,
	[HYPERCALL_DISARM] = call_disarm,
	[HYPERCALL_PLANT_HOLD] = call_plant_hold,
	[HYPERCALL_PLANT_RELEASE] = call_plant_release,
	[HYPERCALL_LINE_AWAKE] = call_line_awake,
	[HYPERCALL_NOTICE] = call_notice,
	[HYPERCALL_DROP_RANGE] = call_drop_range,
	[HYPERCALL_HALT_ALL] = call_nothing,
	[HYPERCALL_COMMAND] = call_command,
	[HYPERCALL_LOCAL] = call_local,
};

static enum vmx_verdict call_halted(struct vcpu *vcpu, u64 op)
{
	vcpu->call = halted_calls[op];
	vcpu->call_arg1 = vcpu->regs.rsi;
	vcpu->call_arg2 = vcpu->regs.rdx;
	vcpu->want = WANT_CALL;
	return VERDICT_HALT;
}

static enum vmx_verdict call_doorbell(struct vcpu *vcpu)
{
	bool called = line_forget_noise(vcpu->machine);

	if (!called && vcpu->regs.rsi) {
		called = true;
		store_release(&vcpu->machine->line.unseen, true);
	}
	vcpu->regs.rax = called;
	if (!called)
		return VERDICT_RESUME;
	vcpu->want = WANT_ATTENTION;
	return VERDICT_HALT;
}

/*
 * Any state of blocking with any vector (D10): as if the vector had been acknowledged, or an NMI
 * had come, in that state.
 */
static enum vmx_verdict call_queue(struct vcpu *vcpu)
{
	struct inject_in *in = vmx_inject(vcpu);
	u8 vector = vcpu->regs.rsi;

	in->interruptibility |= vcpu->regs.rdx & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS |
						  GUEST_INTR_STATE_NMI);
	if (vector == HV_VECTOR_NMI)
		nmi_queue(vcpu, 1);
	else
		inject_queue_irq(in, vector);
	vcpu->regs.rax = 0;
	return VERDICT_RESUME;
}

static enum vmx_verdict call_quiet(struct vcpu *vcpu)
{
	vcpu->leaving = true;
	events_intercept(vcpu);
	vcpu->regs.rax = 0;
	return VERDICT_RESUME;
}

static enum vmx_verdict call_leave(struct vcpu *vcpu)
{
	if (leave_must_wait(vcpu) && !vcpu->regs.rsi) {
		vcpu->regs.rax = LEAVE_NOT_YET;
		return VERDICT_RESUME;
	}
	return VERDICT_LEAVE;
}

enum vmx_verdict exit_vmcall(struct vcpu *vcpu)
{
	u64 op = vcpu->regs.rdi;

	if (vmread(GUEST_CS_SELECTOR) & 3 || vcpu->regs.rax != HYPERCALL_MAGIC ||
	    op >= HYPERCALL_NR || (op == HYPERCALL_QUEUE && !vcpu->machine->test_vectors))
		return exit_vmx_instruction(vcpu);
	vmx_skip(vcpu);
	switch (op) {
	case HYPERCALL_PING:
		return VERDICT_RESUME;
	case HYPERCALL_QUIET:
		return call_quiet(vcpu);
	case HYPERCALL_LEAVE:
		return call_leave(vcpu);
	case HYPERCALL_OOPS:
		return last_words_oops(vcpu, vcpu->regs.rsi);
	case HYPERCALL_DOORBELL:
		return call_doorbell(vcpu);
	case HYPERCALL_QUEUE:
		return call_queue(vcpu);
	case HYPERCALL_TEXT:
		vcpu->regs.rax = console_fetch(vcpu->machine, (u8 *)vcpu->regs.rsi,
					       vcpu->regs.rdx);
		return VERDICT_RESUME;
	default:
		return call_halted(vcpu, op);
	}
}
