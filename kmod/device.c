// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/hvgdb: how the controller arms the debug line and rings. Guest kernel, process context.
 * One open file at a time holds the line; closing it, however that happens, disarms.
 */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "faults.h"
#include "kmod.h"
#include "uapi/hvgdb.h"

/* Whoever has the device open. */
struct device_user {
	struct list_head list;
	struct pid *process;
};

static DEFINE_MUTEX(users_lock);
static LIST_HEAD(users);
static bool shut;

static DEFINE_MUTEX(line_lock);
static struct holder line_holder;
static u32 line_baud;
static char line_tty[HVGDB_NAME_MAX];
static struct uart_regs parameter_line; /* of uart= */
static bool has_parameter_line;

/*
 * A newer user space may have a longer structure, if what we do not know of is zero; an older one
 * a shorter, down to the least that the call needs. The first field is the size that it has.
 */
int struct_take(void *to, size_t size, size_t least, const void __user *from)
{
	u32 theirs;

	if (get_user(theirs, (const u32 __user *)from))
		return -EFAULT;
	if (theirs < least || theirs > PAGE_SIZE)
		return -EINVAL;
	return copy_struct_from_user(to, size, from, theirs);
}

/* Behind struct_take(), with what that has filled in. */
int struct_give(void __user *to, const void *from, size_t size)
{
	u32 theirs = *(const u32 *)from;

	return copy_to_user(to, from, min_t(size_t, theirs, size)) ? -EFAULT : 0;
}

static int add_user(struct file *file)
{
	struct device_user *user = kmalloc(sizeof(*user), GFP_KERNEL);

	if (!user)
		return -ENOMEM;
	user->process = get_pid(task_tgid(current));
	list_add(&user->list, &users);
	file->private_data = user;
	return 0;
}

static int device_open(struct inode *inode, struct file *file)
{
	int error;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	mutex_lock(&users_lock);
	error = shut ? -ESHUTDOWN : add_user(file);
	mutex_unlock(&users_lock);
	return error ? error : nonseekable_open(inode, file);
}

static void remove_user(struct device_user *user)
{
	mutex_lock(&users_lock);
	list_del(&user->list);
	mutex_unlock(&users_lock);
	put_pid(user->process);
	kfree(user);
}

static void set_shut(bool now)
{
	mutex_lock(&users_lock);
	shut = now;
	mutex_unlock(&users_lock);
}

void chardev_shut(void)
{
	set_shut(true);
}

bool chardev_is_shut(void)
{
	return READ_ONCE(shut);
}

void chardev_signal_users(int signal)
{
	struct device_user *user;

	mutex_lock(&users_lock);
	list_for_each_entry(user, &users, list)
		kill_pid(user->process, signal, 1);
	mutex_unlock(&users_lock);
}

/* The line of uart= is nobody's but for the time of a controller. */
static void arm_parameter_line(void)
{
	if (has_parameter_line && !chardev_is_shut())
		uart_arm(&parameter_line, 0, false);
}

/* Where its registers are. */
static struct uart_regs regs_of(const struct hvgdb_attach *attach)
{
	if (attach->io_port)
		return (struct uart_regs){ .port = attach->io_port };
	return (struct uart_regs){
		.phys = attach->memory, .width = attach->width, .shift = attach->shift
	};
}

static long attach_locked(struct file *file, struct hvgdb_attach *attach)
{
	struct uart_regs regs = regs_of(attach);
	int error;

	if (line_holder.file) {
		holder_show(&line_holder, &attach->holder);
		return -EBUSY;
	}
	error = uart_arm(&regs, attach->fifo, true);
	if (error)
		return error;
	holder_set(&line_holder, file);
	line_baud = attach->baud;
	strscpy(line_tty, attach->tty, sizeof(line_tty));
	attach->consumed = READ_ONCE(machine.line.consumed);
	return 0;
}

static long do_attach(struct file *file, struct hvgdb_attach __user *arg)
{
	struct hvgdb_attach attach;
	long result = struct_take(&attach, sizeof(attach), sizeof(attach), arg);

	if (result)
		return result;
	if (attach.fifo > 16 || memchr_inv(attach.reserved, 0, sizeof(attach.reserved)) ||
	    memchr_inv(attach.reserved3, 0, sizeof(attach.reserved3)) || attach.reserved2 ||
	    (attach.io_port && (attach.memory || attach.width || attach.shift)) || strnlen(attach.tty, sizeof(attach.tty)) == sizeof(attach.tty))
		return -EINVAL;
	result = attach_locked(file, &attach);
	if ((!result || result == -EBUSY) && struct_give(arg, &attach, sizeof(attach)))
		return -EFAULT;
	return result;
}

static long do_detach(struct file *file)
{
	if (line_holder.file != file)
		return -EINVAL;
	root_call(HYPERCALL_DISARM, 0, 0);
	holder_clear(&line_holder);
	arm_parameter_line();
	return 0;
}

/* After chardev_shut(): as if nothing had been. */
void chardev_reopen(void)
{
	set_shut(false);
	mutex_lock(&line_lock);
	if (!line_holder.file)
		arm_parameter_line();
	mutex_unlock(&line_lock);
}

static void count_cpus(struct hvgdb_status *status)
{
	unsigned int cpu;

	status->cpus = machine.nr_cpus;
	for (cpu = 0; cpu < machine.nr_cpus; cpu++) {
		if (!machine.vcpu[cpu])
			continue;
		status->cpus_online += READ_ONCE(machine.vcpu[cpu]->life) >= VCPU_RUNNING;
		status->exits += READ_ONCE(machine.vcpu[cpu]->exits);
		status->halts += READ_ONCE(machine.vcpu[cpu]->halts);
	}
}

static long do_status(struct hvgdb_status __user *arg)
{
	struct hvgdb_status status;
	long result = struct_take(&status, sizeof(status), sizeof(status), arg);
	u32 size;

	if (result)
		return result;
	size = status.size;
	memset(&status, 0, sizeof(status));
	status.size = size;
	count_cpus(&status);
	if (READ_ONCE(machine.line.armed)) {
		status.line_port = READ_ONCE(machine.line.regs.port);
		status.line_memory = READ_ONCE(machine.line.regs.phys);
	}
	status.rules = READ_ONCE(machine.rules.nr);
	status.gdb = READ_ONCE(machine.rules.gdb_present);
	holder_show(&line_holder, &status.line);
	if (line_holder.file) {
		status.line_baud = line_baud;
		strscpy(status.line_tty, line_tty, sizeof(status.line_tty));
	}
	local_show(&status.local);
	return struct_give(arg, &status, sizeof(status));
}

static long do_doorbell(struct file *file, struct hvgdb_doorbell __user *arg)
{
	struct hvgdb_doorbell bell;
	u64 halted;
	int error = struct_take(&bell, sizeof(bell), sizeof(bell), arg);

	if (error)
		return error;
	if (READ_ONCE(line_holder.file) != file)
		return -EINVAL;
	halted = root_call(HYPERCALL_DOORBELL, sleep_left_native(), 0);
	if (halted == ROOT_GONE)
		return -ENODEV;
	bell.halted = halted;
	bell.consumed = READ_ONCE(machine.line.consumed);
	log_flush();
	rings_wake();
	return struct_give(arg, &bell, sizeof(bell));
}

static_assert(HVGDB_LINE_MAX == HYPERCALL_LINE_MAX);

static long run_command(struct hvgdb_command *command, struct hypercall_command *buffer)
{
	if (copy_from_user(buffer->line, u64_to_user_ptr(command->line), command->line_length))
		return -EFAULT;
	buffer->line_length = command->line_length;
	if (root_call(HYPERCALL_COMMAND, (u64)buffer, 0) == ROOT_GONE)
		return -ENODEV;
	rings_wake();
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

	result = struct_take(&command, sizeof(command), sizeof(command), arg);
	if (result)
		return result;
	if (command.line_length > HVGDB_LINE_MAX)
		return -EINVAL;
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	result = run_command(&command, buffer);
	kfree(buffer);
	return result ? result : struct_give(arg, &command, sizeof(command));
}

static_assert(HVGDB_TRACE_FILE_MAX == TRACE_FILE_MAX);

static long do_trace_file(struct file *file, struct hvgdb_trace_file __user *arg)
{
	struct hvgdb_trace_file wanted;
	long result = struct_take(&wanted, sizeof(wanted), sizeof(wanted), arg);

	if (result)
		return result;
	if (line_holder.file != file)
		return -EINVAL;
	if (!smp_load_acquire(&machine.trace_file_wanted))
		return -EAGAIN;
	strscpy(wanted.name, machine.trace_file, sizeof(wanted.name));
	WRITE_ONCE(machine.trace_file_wanted, false);
	return struct_give(arg, &wanted, sizeof(wanted));
}

/* Some characters, nothing that a terminal would act on, and a zero. */
static bool is_line_of_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size), i;

	for (i = 0; i < len; i++)
		if (!isascii(text[i]) || !isprint(text[i]))
			return false;
	return len && len < size;
}

static long do_notice(struct hvgdb_notice __user *arg)
{
	static struct hvgdb_notice notice;
	static char line[sizeof(notice.text) + 16];
	long result = struct_take(&notice, sizeof(notice), sizeof(notice), arg);

	if (result)
		return result;
	if (!is_line_of_text(notice.text, sizeof(notice.text)))
		return -EINVAL;
	snprintf(line, sizeof(line), "hvgdb: %s\n", notice.text);
	if (!root_call(HYPERCALL_NOTICE, (u64)line, 0))
		pr_info("%s\n", notice.text);
	return 0;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	long result;

	/* Not under the lock: it may take as long as somebody debugs. */
	if (command == HVGDB_DOORBELL)
		return do_doorbell(file, (void __user *)arg);
	if (command == HVGDB_RING)
		return rings_claim(file, (void __user *)arg);
	if (command == HVGDB_LOCAL)
		return local_bytes(file, (void __user *)arg);
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
	case HVGDB_TRACE_FILE:
		result = do_trace_file(file, (void __user *)arg);
		break;
	case HVGDB_NOTICE:
		result = do_notice((void __user *)arg);
		break;
	case HVGDB_STATUS:
		result = do_status((void __user *)arg);
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
	local_release(file);
	remove_user(file->private_data);
	return 0;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	return rings_poll(file, wait, READ_ONCE(line_holder.file) == file);
}

/* A packet of text for gdb, which the controller puts on the line as it is. */
static ssize_t device_read(struct file *file, char __user *to, size_t size, loff_t *offset)
{
	static u8 packet[CONSOLE_PACKET];
	ssize_t length = -EINVAL;

	mutex_lock(&line_lock);
	if (line_holder.file == file && size >= sizeof(packet)) {
		u64 got = root_call(HYPERCALL_TEXT, (u64)packet, sizeof(packet));

		length = got == ROOT_GONE ? -ENODEV : got;
		if (!length)
			length = -EAGAIN;
		else if (length > 0 && copy_to_user(to, packet, length))
			length = -EFAULT;
	}
	mutex_unlock(&line_lock);
	return length;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.mmap = rings_mmap,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hvgdb",
	.mode = 0600,
	.fops = &device_fops,
};

int chardev_arm_parameter(const char *uart)
{
	struct uart_regs regs;
	int error = uart_parse(uart, &regs);

	if (!error)
		error = uart_arm(&regs, 0, false);
	if (!error) {
		parameter_line = regs;
		has_parameter_line = true;
		return 0;
	}
	if (error == -ENODEV)
		pr_err("uart=%s: no UART answers there\n", uart);
	else
		pr_err("uart=%s is not understood: give the 16550's first I/O port or the address "
		       "of its registers, as in uart=io,0x2f8 or uart=mmio32,0xfedc9000\n",
		       uart);
	return error == -ENODEV ? error : -EINVAL;
}

int chardev_register(void)
{
	rings_start();
	return fault_here() ? -ENOMEM : misc_register(&device);
}

void chardev_unregister(void)
{
	misc_deregister(&device);
	rings_stop();
}
