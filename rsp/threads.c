// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs as gdb's threads: which exist, which one a packet is about. Runs in VMX root and in
 * user-space tests.
 */
#include "commands.h"

bool rsp_thread_valid(struct rsp *rsp, int thread)
{
	return thread > 0 && (unsigned int)thread <= rsp->ops->nr_threads(rsp->target) &&
	       rsp->ops->thread_alive(rsp->target, thread);
}

/* Hg0 and Hg-1 leave the choice to us: gdb means the thread that stopped. */
int rsp_general_thread(struct rsp *rsp, unsigned int *thread)
{
	struct rsp_stop stop;
	int chosen = rsp->general_thread;

	if (chosen <= 0) {
		rsp->ops->last_stop(rsp->target, &stop);
		chosen = stop.thread;
	}
	*thread = chosen;
	return rsp_thread_valid(rsp, chosen) ? RSP_OK : RSP_ENOTHREAD;
}

/* For s, S and C, which act on one thread. */
int rsp_resume_thread(struct rsp *rsp, unsigned int *thread)
{
	if (rsp->resume_thread <= 0)
		return rsp_general_thread(rsp, thread);
	*thread = rsp->resume_thread;
	return rsp_thread_valid(rsp, rsp->resume_thread) ? RSP_OK : RSP_ENOTHREAD;
}

int rsp_cmd_set_thread(struct rsp *rsp, struct rsp_in *in)
{
	bool general = rsp_in_char(in, 'g');
	int thread;

	if (!general && !rsp_in_char(in, 'c'))
		return RSP_UNKNOWN;
	if (!rsp_in_thread(in, &thread) || !rsp_in_end(in))
		return RSP_EINVAL;
	if (thread > 0 && !rsp_thread_valid(rsp, thread))
		return RSP_ENOTHREAD;
	if (general)
		rsp->general_thread = thread;
	else
		rsp->resume_thread = thread;
	return rsp_reply_ok(rsp);
}

static int rsp_in_valid_thread(struct rsp *rsp, struct rsp_in *in, int *thread)
{
	if (!rsp_in_thread(in, thread) || !rsp_in_end(in))
		return RSP_EINVAL;
	return rsp_thread_valid(rsp, *thread) ? RSP_OK : RSP_ENOTHREAD;
}

int rsp_cmd_thread_alive(struct rsp *rsp, struct rsp_in *in)
{
	int thread, error = rsp_in_valid_thread(rsp, in, &thread);

	return error ? error : rsp_reply_ok(rsp);
}

int rsp_cmd_current_thread(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int thread;
	int error = rsp_general_thread(rsp, &thread);

	(void)in;
	if (error)
		return error;
	rsp_reply_str(rsp, "QC");
	rsp_reply_number(rsp, thread);
	return RSP_OK;
}

/* All in one packet: gdb asks at every stop, and a turn of the line costs more than the bytes. */
int rsp_cmd_first_threads(struct rsp *rsp, struct rsp_in *in)
{
	unsigned int thread, nr = rsp->ops->nr_threads(rsp->target);
	char separator = 'm';

	(void)in;
	for (thread = 1; thread <= nr; thread++) {
		if (!rsp->ops->thread_alive(rsp->target, thread))
			continue;
		rsp_reply_char(rsp, separator);
		rsp_reply_number(rsp, thread);
		separator = ',';
	}
	if (separator == 'm')
		rsp_reply_char(rsp, 'l');
	return RSP_OK;
}

int rsp_cmd_more_threads(struct rsp *rsp, struct rsp_in *in)
{
	(void)in;
	rsp_reply_char(rsp, 'l');
	return RSP_OK;
}

/* Never empty: gdb would then ask each thread again by a packet of the last century. */
int rsp_cmd_thread_info(struct rsp *rsp, struct rsp_in *in)
{
	char buf[96];
	struct rsp_text text = { buf, 0, sizeof(buf) };
	int thread, error = rsp_in_valid_thread(rsp, in, &thread);

	if (error)
		return error;
	if (rsp->ops->thread_info)
		rsp->ops->thread_info(rsp->target, thread, &text);
	if (!text.len) {
		rsp_text_add(&text, "CPU ");
		rsp_text_dec(&text, thread - 1);
	}
	rsp_reply_bytes(rsp, buf, text.len);
	return RSP_OK;
}

/* What outputs of gdb's own have recorded, for its Python; "none" if that is all. */
int rsp_cmd_records(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_text text = { rsp->text, 0, sizeof(rsp->text) };
	size_t i;

	(void)in;
	if (!rsp->ops->records)
		return RSP_UNKNOWN;
	rsp->ops->records(rsp->target, &text);
	if (!text.len)
		rsp_text_add(&text, "none");
	for (i = 0; i < text.len; i++)
		rsp_reply_char(rsp, text.buf[i]);
	return RSP_OK;
}

/*
 * qHvgdb.Event[:THREAD]. gdb hides unknown fields of stop replies from scripts: they ask with this
 * packet of our own.
 */
int rsp_cmd_event(struct rsp *rsp, struct rsp_in *in)
{
	struct rsp_text text = { rsp->text, 0, sizeof(rsp->text) };
	int named, error;
	unsigned int thread;
	size_t i;

	if (!rsp->ops->event_fields)
		return RSP_UNKNOWN;
	if (rsp_in_char(in, ':')) {
		error = rsp_in_valid_thread(rsp, in, &named);
		thread = named;
	} else {
		error = rsp_in_end(in) ? rsp_general_thread(rsp, &thread) : RSP_EINVAL;
	}
	if (error)
		return error;
	rsp->ops->event_fields(rsp->target, thread, &text);
	if (!text.len)
		rsp_text_add(&text, "none");
	for (i = 0; i < text.len; i++)
		rsp_reply_char(rsp, text.buf[i]);
	return RSP_OK;
}
