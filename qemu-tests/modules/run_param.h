/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parameter `run` of a test module: set_run() takes what is written, result is what is read.
 * Included once, by the module's one source file, which owns both. Guest kernel, for tests.
 */
#ifndef RUN_PARAM_H
#define RUN_PARAM_H

#include <linux/module.h>

static char result[120] = "nothing has run\n";

static int set_run(const char *text, const struct kernel_param *kp);

static int get_run(char *text, const struct kernel_param *kp)
{
	return sprintf(text, "%s", result);
}

static const struct kernel_param_ops run_ops = { .set = set_run, .get = get_run };

module_param_cb(run, &run_ops, NULL, 0600);

#endif
