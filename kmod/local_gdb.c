// SPDX-License-Identifier: GPL-2.0
/*
 * HVGDB_LOCAL: carries the bytes of a gdb on this machine to root and its answers back. One open
 * file at a time holds the session. Guest kernel, process context.
 */
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include "kmod.h"

static DEFINE_MUTEX(local_lock);
static struct holder holder;
/* In the module's memory, where root finds it; local_lock. */
static struct hypercall_local call;

static_assert(sizeof(call.in) == HVGDB_LOCAL_IN_MAX);
static_assert(sizeof(call.out) == HVGDB_LOCAL_OUT_MAX);

static long run(struct hvgdb_local *local)
{
	if (copy_from_user(call.in, u64_to_user_ptr(local->in), local->in_length))
		return -EFAULT;
	call.in_length = local->in_length;
	call.reset = local->reset;
	if (root_call(HYPERCALL_LOCAL, (u64)&call, 0) == ROOT_GONE)
		return -ENODEV;
	log_flush();
	local->in_taken = call.in_taken;
	local->out_length = call.out_length;
	local->running = call.running;
	if (copy_to_user(u64_to_user_ptr(local->out), call.out, call.out_length))
		return -EFAULT;
	return 0;
}

static long bytes_locked(struct file *file, struct hvgdb_local *local)
{
	if (!holder.file) {
		holder_set(&holder, file);
		local->reset = 1;
	}
	if (holder.file != file) {
		holder_show(&holder, &local->holder);
		return -EBUSY;
	}
	return run(local);
}

long local_bytes(struct file *file, struct hvgdb_local __user *arg)
{
	struct hvgdb_local local;
	long result = struct_take(&local, sizeof(local), sizeof(local), arg);

	if (result)
		return result;
	if (local.in_length > HVGDB_LOCAL_IN_MAX || local.reset > 1 || local.reserved)
		return -EINVAL;
	if (mutex_lock_interruptible(&local_lock))
		return -EINTR;
	result = bytes_locked(file, &local);
	mutex_unlock(&local_lock);
	if ((!result || result == -EBUSY) && struct_give(arg, &local, sizeof(local)))
		return -EFAULT;
	return result;
}

void local_release(struct file *file)
{
	mutex_lock(&local_lock);
	if (holder.file == file)
		holder_clear(&holder);
	mutex_unlock(&local_lock);
}

void local_show(struct hvgdb_holder *shown)
{
	mutex_lock(&local_lock);
	holder_show(&holder, shown);
	mutex_unlock(&local_lock);
}
