// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/hvgdb: how the controller arms the debug line and rings. Guest kernel, process context.
 * One open file at a time holds the line; closing it, however that happens, disarms.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "kmod.h"
#include "hypercall.h"
#include "uapi/hvgdb.h"

static DEFINE_MUTEX(line_lock);
static struct file *line_holder;

static int device_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_RAWIO) ? nonseekable_open(inode, file) : -EPERM;
}

/* Which ports may be a 16550 of the debug line; legacy ports of the chipset are not. */
static bool port_allowed(u16 port)
{
	return port >= 0x100 && port <= 0xfff8 && !(port & 7);
}

static int arm(u16 port, bool controller)
{
	if (!port_allowed(port))
		return -EOPNOTSUPP;
	hypercall(HYPERCALL_ARM, port, controller);
	return 0;
}

static long do_attach(struct file *file, struct hvgdb_attach __user *arg)
{
	struct hvgdb_attach attach;
	int error;

	if (copy_from_user(&attach, arg, sizeof(attach)))
		return -EFAULT;
	if (attach.size != sizeof(attach) ||
	    memchr_inv(attach.reserved, 0, sizeof(attach.reserved)))
		return -EINVAL;
	if (line_holder)
		return -EBUSY;
	error = arm(attach.io_port, true);
	if (error)
		return error;
	line_holder = file;
	attach.consumed = READ_ONCE(machine.line.consumed);
	return copy_to_user(arg, &attach, sizeof(attach)) ? -EFAULT : 0;
}

static long do_detach(struct file *file)
{
	if (line_holder != file)
		return -EINVAL;
	hypercall(HYPERCALL_DISARM, 0, 0);
	line_holder = NULL;
	return 0;
}

static long do_doorbell(struct file *file, struct hvgdb_doorbell __user *arg)
{
	struct hvgdb_doorbell bell;

	if (copy_from_user(&bell, arg, sizeof(bell)))
		return -EFAULT;
	if (bell.size != sizeof(bell) || READ_ONCE(line_holder) != file)
		return -EINVAL;
	bell.halted = hypercall(HYPERCALL_DOORBELL, 0, 0);
	bell.consumed = READ_ONCE(machine.line.consumed);
	log_flush();
	return copy_to_user(arg, &bell, sizeof(bell)) ? -EFAULT : 0;
}

static long run_command(struct hvgdb_command *command, struct hypercall_command *buffer)
{
	if (copy_from_user(buffer->line, u64_to_user_ptr(command->line), command->line_length))
		return -EFAULT;
	buffer->line_length = command->line_length;
	hypercall(HYPERCALL_COMMAND, (u64)buffer, 0);
	command->text_length = buffer->text_length;
	command->result = buffer->result != 0;
	if (copy_to_user(u64_to_user_ptr(command->text), buffer->text, buffer->text_length))
		return -EFAULT;
	return 0;
}

static long do_command(struct hvgdb_command __user *arg)
{
	struct hypercall_command *buffer;
	struct hvgdb_command command;
	long result;

	if (copy_from_user(&command, arg, sizeof(command)))
		return -EFAULT;
	if (command.size != sizeof(command) || command.line_length > HVGDB_LINE_MAX)
		return -EINVAL;
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	result = run_command(&command, buffer);
	kfree(buffer);
	if (!result && copy_to_user(arg, &command, sizeof(command)))
		result = -EFAULT;
	return result;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	long result;

	/* Not under the lock: it may take as long as somebody debugs. */
	if (command == HVGDB_DOORBELL)
		return do_doorbell(file, (void __user *)arg);
	if (command == HVGDB_RING)
		return rings_claim(file, (void __user *)arg);
	mutex_lock(&line_lock);
	switch (command) {
	case HVGDB_ATTACH:
		result = do_attach(file, (void __user *)arg);
		break;
	case HVGDB_DETACH:
		result = do_detach(file);
		break;
	case HVGDB_COMMAND:
		result = do_command((void __user *)arg);
		break;
	default:
		result = -ENOTTY;
	}
	mutex_unlock(&line_lock);
	return result;
}

static int device_release(struct inode *inode, struct file *file)
{
	mutex_lock(&line_lock);
	do_detach(file);
	mutex_unlock(&line_lock);
	rings_release(file);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.mmap = rings_mmap,
	.poll = rings_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hvgdb",
	.mode = 0600,
	.fops = &device_fops,
};

/* "io,0x2f8": the form that console=uart8250 uses. */
int chardev_arm_parameter(const char *uart)
{
	u16 port;

	if (strncmp(uart, "io,", 3) || kstrtou16(uart + 3, 0, &port) || arm(port, false)) {
		pr_err("uart=%s is not understood: give the 16550's first I/O port, as in "
		       "uart=io,0x2f8\n",
		       uart);
		return -EINVAL;
	}
	return 0;
}

int chardev_register(void)
{
	rings_start();
	return misc_register(&device);
}

void chardev_unregister(void)
{
	misc_deregister(&device);
	rings_stop();
}
