// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel module that goes wrong on demand: `echo null > /proc/crashme` writes through a null pointer,
 * `echo bug` meets a BUG(). In a process that holds no lock, so that it can be done again.
 */
#include <linux/bug.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

static noinline void crashme_null(int *where, int depth)
{
	if (depth)
		crashme_null(where, depth - 1);
	else
		*where = 0x1234;
	barrier();
}

static noinline void crashme_bug(void)
{
	BUG();
}

static ssize_t crashme_write(struct file *file, const char __user *text, size_t len, loff_t *offset)
{
	char first;

	if (!len || get_user(first, text))
		return -EFAULT;
	if (first == 'n')
		crashme_null(NULL, 2);
	else if (first == 'b')
		crashme_bug();
	return -EINVAL;
}

static const struct proc_ops crashme_ops = { .proc_write = crashme_write };

static int __init crashme_init(void)
{
	return proc_create("crashme", 0200, NULL, &crashme_ops) ? 0 : -ENOMEM;
}

static void __exit crashme_exit(void)
{
	remove_proc_entry("crashme", NULL);
}

module_init(crashme_init);
module_exit(crashme_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Crashes the kernel on demand, for tests");
