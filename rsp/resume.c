// SPDX-License-Identifier: GPL-2.0
/*
 * c, C, s, S and vCont. A resume is first understood and checked for all threads, then done for
 * all. Runs in VMX root and in user-space tests.
 */
#include "commands.h"

/* What a resume packet says, asked again for each thread: no room is needed for a list. */
struct rsp_plan {
	bool vcont;
	struct rsp_in items;	  /* of vCont, known to be well formed */
	unsigned int thread;	  /* of the other packets: this one acts, */
	struct rsp_action action; /* the others continue */
};

static bool rsp_in_signal(struct rsp_in *in, struct rsp_action *action)
{
	action->has_signal = true;
	return rsp_in_byte(in, &action->signal);
}

static bool rsp_in_step_range(struct rsp_in *in, struct rsp_action *action)
{
	if (!rsp_in_u64(in, &action->start) || !rsp_in_char(in, ',') ||
	    !rsp_in_u64(in, &action->end) || action->start > action->end)
		return false;
	/* Empty: the protocol wants it to be a plain step. */
	action->kind = action->start == action->end ? RSP_STEP : RSP_RANGE;
	return true;
}

static bool rsp_in_action(struct rsp_in *in, struct rsp_action *action)
{
	memset(action, 0, sizeof(*action));
	if (rsp_in_char(in, 'r'))
		return rsp_in_step_range(in, action);
	action->kind = RSP_CONT;
	if (rsp_in_char(in, 'c'))
		return true;
	if (rsp_in_char(in, 'C'))
		return rsp_in_signal(in, action);
	action->kind = RSP_STEP;
	if (rsp_in_char(in, 's'))
		return true;
	return rsp_in_char(in, 'S') && rsp_in_signal(in, action);
}

/* `;action[:thread]`. */
static bool rsp_in_item(struct rsp_in *in, struct rsp_action *action, int *thread)
{
	*thread = RSP_THREAD_ALL;
	if (!rsp_in_char(in, ';') || !rsp_in_action(in, action))
		return false;
	return !rsp_in_char(in, ':') || rsp_in_thread(in, thread);
}

static int rsp_check_items(struct rsp *rsp, struct rsp_in in)
{
	struct rsp_action action;
	int thread;

	if (rsp_in_end(&in))
		return RSP_EINVAL;
	while (!rsp_in_end(&in)) {
		if (!rsp_in_item(&in, &action, &thread))
			return RSP_EINVAL;
		if (thread > 0 && !rsp_thread_valid(rsp, thread))
			return RSP_ENOTHREAD;
	}
	return RSP_OK;
}

/* The leftmost item that fits; "any thread" is the current one. */
static void rsp_match_items(const struct rsp_plan *plan, unsigned int thread,
			    struct rsp_action *action)
{
	struct rsp_in in = plan->items;
	int id;

	while (!rsp_in_end(&in) && rsp_in_item(&in, action, &id)) {
		if (id == RSP_THREAD_ANY)
			id = plan->thread;
		if (id == RSP_THREAD_ALL || (unsigned int)id == thread)
			return;
	}
	memset(action, 0, sizeof(*action));
}

static void rsp_plan_action(const struct rsp_plan *plan, unsigned int thread,
			    struct rsp_action *action)
{
	if (plan->vcont) {
		rsp_match_items(plan, thread, action);
	} else if (thread == plan->thread) {
		*action = plan->action;
	} else {
		memset(action, 0, sizeof(*action));
		action->kind = RSP_CONT;
	}
}

static int rsp_check_plan(struct rsp *rsp, const struct rsp_plan *plan)
{
	unsigned int thread, moving = 0, nr = rsp->ops->nr_threads(rsp->target);
	struct rsp_action action;
	int error;

	for (thread = 1; thread <= nr; thread++) {
		if (!rsp->ops->thread_alive(rsp->target, thread))
			continue;
		rsp_plan_action(plan, thread, &action);
		moving += action.kind != RSP_STAY;
		if (!rsp->ops->check_resume)
			continue;
		error = rsp->ops->check_resume(rsp->target, thread, &action);
		if (error)
			return error;
	}
	return moving ? RSP_OK : RSP_ENOTHREAD;
}

/* CPUs that are not there get their action too: one may be on its way to the halt. */
static int rsp_resume(struct rsp *rsp, const struct rsp_plan *plan)
{
	unsigned int thread, nr = rsp->ops->nr_threads(rsp->target);
	struct rsp_action action;

	for (thread = 1; thread <= nr; thread++) {
		rsp_plan_action(plan, thread, &action);
		rsp->ops->set_action(rsp->target, thread, &action);
	}
	rsp->trace_frame = RSP_NO_FRAME;
	rsp->verdict = RSP_RESUME;
	return RSP_SILENT;
}

int rsp_cmd_vcont(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_plan plan = { .vcont = true, .items = *in };
	int error = rsp_check_items(rsp, *in);

	if (error)
		return error;
	/* Without a valid current thread, `:0` matches none. */
	if (rsp_resume_thread(rsp, &plan.thread))
		plan.thread = 0;
	error = rsp_check_plan(rsp, &plan);
	return error ? error : rsp_resume(rsp, &plan);
}

int rsp_cmd_vcont_query(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp_reply_str(rsp, "vCont;c;C;s;S;r");
	return RSP_OK;
}

static int rsp_write_rip(struct rsp *rsp, unsigned int thread, u64 addr)
{
	u8 value[8];
	int i;

	for (i = 0; i < 8; i++)
		value[i] = addr >> (8 * i);
	return rsp->ops->write_reg(rsp->target, thread, RSP_RIP, value);
}

/* `c [ADDR]`, `C SIG[;ADDR]` and the same for s. The address is the last thing that may fail. */
static int rsp_resume_one(struct rsp *rsp, struct rsp_in *in, enum rsp_resume_kind kind,
			  bool has_signal)
{
	struct rsp_plan plan = { .action.kind = kind };
	bool jump;
	u64 addr;
	int error;

	if (has_signal && !rsp_in_signal(in, &plan.action))
		return RSP_EINVAL;
	jump = !rsp_in_end(in);
	if (jump && has_signal && !rsp_in_char(in, ';'))
		return RSP_EINVAL;
	if (jump && (!rsp_in_u64(in, &addr) || !rsp_in_end(in)))
		return RSP_EINVAL;
	error = rsp_resume_thread(rsp, &plan.thread);
	if (!error)
		error = rsp_check_plan(rsp, &plan);
	if (!error && jump)
		error = rsp_write_rip(rsp, plan.thread, addr);
	return error ? error : rsp_resume(rsp, &plan);
}

int rsp_cmd_continue(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_resume_one(rsp, in, RSP_CONT, false);
}

int rsp_cmd_continue_signal(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_resume_one(rsp, in, RSP_CONT, true);
}

int rsp_cmd_step(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_resume_one(rsp, in, RSP_STEP, false);
}

int rsp_cmd_step_signal(struct rsp *rsp, struct rsp_in *in)
{
	return rsp_resume_one(rsp, in, RSP_STEP, true);
}
