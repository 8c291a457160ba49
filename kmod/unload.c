// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/module/hvgdb/parameters/force_unload. While gdb is attached or a controller runs, the module
 * is in use and rmmod is refused. Writing 1 ends both, and keeps new ones away until 0 is written.
 * Guest kernel, process context.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include "kmod.h"

#define PATIENCE_MS 1000

static bool is_unused_soon(void)
{
	unsigned int waited;

	for (waited = 0; waited < PATIENCE_MS && module_refcount(THIS_MODULE); waited += 10)
		msleep(10);
	return !module_refcount(THIS_MODULE);
}

/* The controller gives the line back when it is asked to end; one that is stopped cannot. */
static int end_all_use(void)
{
	chardev_shut();
	root_call(HYPERCALL_DISARM, 1, 0);
	chardev_signal_users(SIGTERM);
	if (is_unused_soon())
		return 0;
	chardev_signal_users(SIGKILL);
	if (is_unused_soon())
		return 0;
	pr_err("force_unload: somebody else still has /dev/hvgdb open\n");
	return -EBUSY;
}

static int set_force_unload(const char *text, const struct kernel_param *kp)
{
	bool on;
	int error = kstrtobool(text, &on);

	if (error)
		return error;
	if (THIS_MODULE->state != MODULE_STATE_LIVE) {
		pr_err("force_unload is no parameter of insmod: write 1 to it before rmmod\n");
		return -EINVAL;
	}
	if (on)
		return end_all_use();
	chardev_reopen();
	return 0;
}

static int get_force_unload(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%c\n", chardev_is_shut() ? 'Y' : 'N');
}

static const struct kernel_param_ops force_unload_ops = {
	.set = set_force_unload,
	.get = get_force_unload,
};

module_param_cb(force_unload, &force_unload_ops, NULL, 0600);
MODULE_PARM_DESC(force_unload,
		 "write 1: ends gdb's session and the controller, so that rmmod works");
