// SPDX-License-Identifier: GPL-2.0
/*
 * Scripts of rules at work: what events/script.h asks of the machine, done by the CPU that has the
 * event, in its exit, while the others run on. Scripts are compiled here too, in the debug loop.
 * Root.
 */
#include "root.h"
#include "instr.h"
#include "script_context.h"
#include "script_compile.h"

/* One compilation at a time: all CPUs are halted. */
static struct script_compiler compiler;
static struct script_globals globals;

static u64 guest_cr3(const struct script_context *context)
{
	return script_is_halted(context) ? context->vcpu->snap.cr3 : vmread(GUEST_CR3);
}

static enum expr_result memory_result(int error)
{
	if (error == RSP_ENOTRAM)
		return EXPR_NOT_RAM;
	return error ? EXPR_UNMAPPED : EXPR_OK;
}

static enum expr_result op_read(void *ctx, bool physical, u64 addr, void *buf, size_t len)
{
	const struct script_context *context = ctx;
	const struct machine *m = context->vcpu->machine;
	size_t done;
	int error;

	if (physical) {
		if (!ram_contains(&m->ram, addr, len))
			return EXPR_NOT_RAM;
		memcpy(buf, ram(addr), len);
		return EXPR_OK;
	}
	error = memory_read(m, guest_cr3(context), addr, buf, len, &done);
	return !error && done < len ? EXPR_UNMAPPED : memory_result(error);
}

/* While CPUs execute a copy of a page with breakpoints in it, the original cannot be changed. */
static bool is_copied(struct machine *m, u64 gpa)
{
	return view_find(m, gpa & ~(u64)(HV_PAGE_SIZE - 1));
}

static enum expr_result write_physical(struct machine *m, u64 gpa, const void *buf, size_t len)
{
	if (!ram_contains(&m->ram, gpa, len))
		return EXPR_NOT_RAM;
	if (is_copied(m, gpa) || is_copied(m, gpa + len - 1))
		return EXPR_READ_ONLY;
	memcpy(ram(gpa), buf, len);
	return EXPR_OK;
}

static enum expr_result op_write(void *ctx, bool physical, u64 addr, const void *buf, size_t len)
{
	const struct script_context *context = ctx;
	struct machine *m = context->vcpu->machine;
	u64 cr3 = guest_cr3(context), first, last;

	if (physical)
		return write_physical(m, addr, buf, len);
	if (!memory_translate(m, cr3, addr, &first) ||
	    !memory_translate(m, cr3, addr + len - 1, &last))
		return EXPR_UNMAPPED;
	if (!script_is_halted(context) && (is_copied(m, first) || is_copied(m, last)))
		return EXPR_READ_ONLY;
	return memory_result(memory_write(m, cr3, addr, buf, len));
}

static enum expr_result op_atomic(void *ctx, u64 addr, enum script_atomic op, u64 a, u64 b,
				  u64 *old)
{
	const struct script_context *context = ctx;
	struct machine *m = context->vcpu->machine;
	u64 gpa;

	if (!memory_translate(m, guest_cr3(context), addr, &gpa))
		return EXPR_UNMAPPED;
	if (!ram_contains(&m->ram, gpa, script_atomic_size(op)))
		return EXPR_NOT_RAM;
	if (is_copied(m, gpa))
		return EXPR_READ_ONLY;
	*old = script_atomic_do(ram(gpa), op, a, b);
	return EXPR_OK;
}

static bool op_to_physical(void *ctx, u64 addr, u64 *physical)
{
	const struct script_context *context = ctx;

	return memory_translate(context->vcpu->machine, guest_cr3(context), addr, physical);
}

static bool op_to_virtual(void *ctx, u64 physical, u64 *addr)
{
	const struct machine *m = ((struct script_context *)ctx)->vcpu->machine;

	*addr = m->page_offset + physical;
	return ram_contains(&m->ram, physical, 1);
}

static void give_text(const struct script_context *context)
{
	struct vcpu *vcpu = context->vcpu;

	if (vcpu->print_len)
		output_text(vcpu, context->rule, vcpu->print, vcpu->print_len);
	vcpu->print_len = 0;
}

/* What one run prints is one message, if it is not too long for that. */
static enum expr_result op_print(void *ctx, const char *text, size_t len)
{
	const struct script_context *context = ctx;
	struct vcpu *vcpu = context->vcpu;

	if (context->answer) {
		len = base_min(len, context->answer->size - context->answer->len);
		memcpy(context->answer->buf + context->answer->len, text, len);
		context->answer->len += len;
		return EXPR_OK;
	}
	if (vcpu->print_len + len >= sizeof(vcpu->print))
		give_text(context);
	memcpy(vcpu->print + vcpu->print_len, text, len);
	vcpu->print_len += len;
	vcpu->print[vcpu->print_len] = '\0';
	return EXPR_OK;
}

static void op_flush(void *ctx)
{
	const struct script_context *context = ctx;

	if (!context->rule)
		return;
	give_text(context);
	output_flush(context->vcpu);
}

/* Types as in VM_ENTRY_INTR_INFO. What RIP is to be behind a software event the CPU has to tell. */
static bool inject_exception_of(struct script_context *context, u8 type, u8 vector, bool has_error,
				u32 error)
{
	struct inject_event event = {
		.vector = vector,
		.type = (u32)type << 8,
		.has_error = has_error,
		.error = error,
		.length = context->event->length,
	};

	if (vector >= EVENT_NR_EXCEPTIONS || vector == EVENT_VECTOR_NMI)
		return false;
	if (type == 3 && has_error != inject_has_error_code(vector))
		return false;
	if (type != 3 && (has_error || !event.length))
		return false;
	inject_exception(vmx_inject(context->vcpu), &event);
	return true;
}

static bool op_inject(void *ctx, u8 type, u8 vector, bool has_error, u32 error)
{
	struct script_context *context = ctx;
	struct vcpu *vcpu = context->vcpu;

	if (script_is_halted(context))
		return false;
	switch (type) {
	case 0:
		if (vector < EVENT_NR_EXCEPTIONS || has_error)
			return false;
		inject_queue_irq(vmx_inject(vcpu), vector);
		return true;
	case 2:
		vcpu->nmi.due = base_min(vcpu->nmi.due + 1, 2);
		return true;
	case 3:
	case 5:
	case 6:
		return inject_exception_of(context, type, vector, has_error, error);
	default:
		return false;
	}
}

static bool op_rule_enable(void *ctx, u32 id, bool on)
{
	struct machine *m = ((struct script_context *)ctx)->vcpu->machine;

	return rules_enable(&m->rules, id, on) == RULES_OK;
}

/* The rule itself goes when all CPUs are halted; it does nothing any more. */
static bool op_rule_clear(void *ctx, u32 id)
{
	struct machine *m = ((struct script_context *)ctx)->vcpu->machine;

	return rules_doom(&m->rules, id) == RULES_OK;
}

static u64 op_task(void *ctx, bool leader)
{
	const struct vcpu *vcpu = ((struct script_context *)ctx)->vcpu;

	return leader ? tasks_leader(vcpu) : tasks_current(vcpu);
}

static u64 op_buffer(void *ctx)
{
	const struct script_context *context = ctx;
	const struct event_rule *rule = context->rule;

	if (!rule || !rule->buffer.len)
		return 0;
	return (u64)context->vcpu->machine->rules.memory.buffers + rule->buffer.at;
}

static u64 op_seconds(void *ctx)
{
	const struct machine *m = ((struct script_context *)ctx)->vcpu->machine;

	return (m->wall_us + (read_tsc() - m->wall_tsc) / m->tsc_khz * 1000) / 1000000;
}

static u64 op_tsc(void *ctx)
{
	return read_tsc();
}

static void op_microsleep(void *ctx, u32 microseconds)
{
	const struct machine *m = ((struct script_context *)ctx)->vcpu->machine;
	u64 since = read_tsc();

	while (read_tsc() - since < microseconds * m->tsc_khz / 1000)
		relax();
}

static const struct script_ops machine_ops = {
	.get = script_get_register,
	.set = script_set_register,
	.read = op_read,
	.write = op_write,
	.atomic = op_atomic,
	.to_physical = op_to_physical,
	.to_virtual = op_to_virtual,
	.print = op_print,
	.flush = op_flush,
	.inject = op_inject,
	.rule_enable = op_rule_enable,
	.rule_clear = op_rule_clear,
	.task = op_task,
	.buffer = op_buffer,
	.seconds = op_seconds,
	.tsc = op_tsc,
	.microsleep = op_microsleep,
};

/* The first failure of a rule's script is told; the rest are counted. */
static void report(struct script_context *context, enum expr_result result, u32 line)
{
	struct machine *m = context->vcpu->machine;
	struct event_rule *rule = rules_find(&m->rules, context->rule->id);
	char sentence[192];
	struct rsp_text text = { .buf = sentence, .size = sizeof(sentence) };

	if (!rule || !rules_script_failed(rule, result, line))
		return;
	rsp_text_add(&text, "hvgdb: rule 0x");
	rsp_text_hex(&text, rule->id);
	rsp_text_add(&text, ": ");
	rules_describe_script(rule, &text);
	rsp_text_add(&text, "\n");
	op_print(context, sentence, text.len);
}

/* Of struct rules_ops. */
bool script_action(void *ctx, const struct event_rule *rule, const struct event *event,
		   struct rule_verdict *verdict, struct rule_failure *why)
{
	struct vcpu *vcpu = ctx;
	struct script_context context = { .vcpu = vcpu, .rule = rule, .event = event };
	struct script_run run = {
		.ops = &machine_ops,
		.ctx = &context,
		.machine = &vcpu->expr,
		.globals = &globals,
		.event = event,
		.rule_id = rule->id,
		.max_steps = SCRIPT_STEPS,
		.suppress = verdict->suppress,
	};
	enum expr_result result;
	u32 line;

	vcpu->print_len = 0;
	result = script_run(&run, vcpu->machine->rules.memory.scripts + rule->program.at,
			    rule->program.len, &line);
	verdict->suppress = run.suppress;
	verdict->pause = run.pause;
	if (result && !script_is_hopeless(result))
		report(&context, result, line);
	give_text(&context);
	if (!script_is_hopeless(result))
		return true;
	why->what = RULE_SCRIPT;
	why->at = line;
	why->sentence = expr_result_text(result);
	return false;
}

/* Of struct command_env. */
bool script_compile_rule(void *ctx, struct rule_spec *spec, struct rsp_text *error)
{
	struct machine *m = ctx;

	if (!script_compile(&compiler, &m->expr_check, &globals, spec->script.p, spec->script.len,
			    error))
		return false;
	spec->program = script_image(&compiler, &spec->program_len);
	return true;
}

/* The CPU of the last stop; before the first one, any. */
static struct vcpu *chosen_cpu(struct machine *m)
{
	struct vcpu *vcpu = m->last_stop.thread ? m->vcpu[m->last_stop.thread - 1] : NULL;
	unsigned int i;

	for (i = 0; i < m->nr_cpus && (!vcpu || !halt_is_halted(vcpu)); i++)
		vcpu = m->vcpu[i];
	return vcpu && halt_is_halted(vcpu) ? vcpu : NULL;
}

static void tell_result(struct rsp_text *out, enum expr_result result, u32 line)
{
	rsp_text_add(out, "script:");
	rsp_text_dec(out, line);
	rsp_text_add(out, ": ");
	rsp_text_add(out, expr_result_text(result));
	rsp_text_add(out, "\n");
}

/*
 * What $pid and its like mean at gdb's prompt: those of the event that is held, or of the task that
 * the CPU runs.
 */
static void identify(struct vcpu *vcpu, struct script_run *run, struct event *now)
{
	if (vcpu->held.active) {
		run->event = &vcpu->held.event;
		run->rule_id = rules_first_breaking(&vcpu->machine->rules, &vcpu->held.outcome);
		return;
	}
	now->cpu = vcpu->cpu;
	tasks_identify(vcpu, now);
	run->task = now;
}

/* `monitor ? ...`: a script at gdb's prompt. */
int script_now(struct machine *m, const char *text, size_t len, struct rsp_text *out)
{
	struct vcpu *vcpu = chosen_cpu(m);
	struct script_context context = { .vcpu = vcpu, .answer = out };
	struct script_run run = {
		.ops = &machine_ops,
		.ctx = &context,
		.globals = &globals,
		.max_steps = SCRIPT_STEPS,
	};
	struct event now = { 0 };
	enum expr_result result;
	const u8 *image;
	u32 image_len, line;

	if (!vcpu)
		return RSP_ENOTANSWERING;
	if (!script_compile(&compiler, &m->expr_check, &globals, text, len, out))
		return -EINVAL;
	run.machine = &vcpu->expr;
	identify(vcpu, &run, &now);
	image = script_image(&compiler, &image_len);
	result = script_run(&run, image, image_len, &line);
	if (result)
		tell_result(out, result, line);
	return result ? -EINVAL : RSP_OK;
}
