// SPDX-License-Identifier: GPL-2.0
/*
 * The memory in which root records (uapi/hvgdb_ring.h), and its one reader: claim, mmap, poll. Root
 * can wake nobody, so a timer looks for news while somebody sleeps in poll(). Guest kernel.
 */
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include "kmod.h"
#include "compat.h"
#include "faults.h"
#include "uapi/hvgdb.h"

/* 2 GiB for 256 CPUs. */
#define RING_PAGES_MAX 2048

static uint ring_pages = 256;
module_param(ring_pages, uint, 0444);
MODULE_PARM_DESC(ring_pages, "pages of each CPU's ring of recorded events, 32 records a page");

/* Messages of a CPU that wait for gdb: 128 KiB of text, and of events. */
#define GDB_SLOTS  1024
#define GDB_STRIDE (HVGDB_RING_HEADER + GDB_SLOTS * HVGDB_RECORD_SIZE)

static void *gdb_memory;

static DEFINE_MUTEX(reader_lock);
static struct file *reader_file;
static u64 rings_size, reader_size;

static DECLARE_WAIT_QUEUE_HEAD(sleepers);
static struct hrtimer look_timer;
static DEFINE_SPINLOCK(look_lock);
static bool looking; /* the timer will come: not while its last run is just ending */

static void prepare_area(struct machine *m, u64 slots)
{
	struct hvgdb_area *area = m->area;
	unsigned int cpu;

	*area = (struct hvgdb_area){
		.version = HVGDB_RING_VERSION,
		.size = sizeof(*area),
		.record_size = HVGDB_RECORD_SIZE,
		.nr_rings = m->nr_cpus,
		.ring_offset = PAGE_ALIGN(sizeof(*area)),
		.ring_stride = HVGDB_RING_HEADER + slots * HVGDB_RECORD_SIZE,
		.slots = slots,
		.tsc_khz = tsc_khz,
		.nr_outputs = HVGDB_NR_OUTPUTS,
	};
	for_each_possible_cpu(cpu)
		record_ring_init(&m->vcpu[cpu]->ring, cpu,
				 (void *)area + area->ring_offset + cpu * area->ring_stride, slots,
				 &m->reader->cursor[cpu].tail);
}

static void prepare_gdb(struct machine *m)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
	{
		record_ring_init(&m->vcpu[cpu]->console, cpu, gdb_memory + 2 * cpu * GDB_STRIDE,
				 GDB_SLOTS, &m->vcpu[cpu]->console_tail);
		record_ring_init(&m->vcpu[cpu]->kept, cpu, gdb_memory + (2 * cpu + 1) * GDB_STRIDE,
				 GDB_SLOTS, &m->vcpu[cpu]->kept_tail);
	}
}

int rings_prepare(struct machine *m)
{
	u64 slots;

	if (!ring_pages || ring_pages > RING_PAGES_MAX) {
		pr_err("ring_pages=%u: 1 to %u are possible\n", ring_pages, RING_PAGES_MAX);
		return -EINVAL;
	}
	slots = rounddown_pow_of_two(ring_pages) * (PAGE_SIZE / HVGDB_RECORD_SIZE);
	rings_size = PAGE_ALIGN(sizeof(struct hvgdb_area)) +
		     m->nr_cpus * (HVGDB_RING_HEADER + slots * HVGDB_RECORD_SIZE);
	reader_size = PAGE_ALIGN(sizeof(struct hvgdb_reader));
	gdb_memory = fault_here() ? NULL : vzalloc(2 * m->nr_cpus * GDB_STRIDE);
	m->area = fault_here() ? NULL : vmalloc_user(rings_size);
	m->reader = fault_here() ? NULL : vmalloc_user(reader_size);
	if (!gdb_memory || !m->area || !m->reader) {
		pr_err("no memory for the rings: load with a smaller ring_pages=\n");
		rings_free(m);
		return -ENOMEM;
	}
	prepare_area(m, slots);
	prepare_gdb(m);
	return 0;
}

void rings_free(struct machine *m)
{
	vfree(gdb_memory);
	gdb_memory = NULL;
	vfree(m->area);
	vfree(m->reader);
	m->area = NULL;
	m->reader = NULL;
}

static bool rings_have_news(void)
{
	const struct machine *m = &machine;
	unsigned int cpu;

	if (READ_ONCE(m->area->generation) != READ_ONCE(m->reader->generation))
		return true;
	for_each_possible_cpu(cpu) if (READ_ONCE(m->vcpu[cpu]->ring.shared->head) !=
				       READ_ONCE(m->reader->cursor[cpu].tail)) return true;
	return false;
}

/* Text for gdb, and the packet before it is on the line. */
static bool console_has_news(void)
{
	const struct console *console = &machine.console;

	return READ_ONCE(console->news) && READ_ONCE(console->driven) >= READ_ONCE(console->length);
}

static bool somebody_sleeps(void)
{
	unsigned long flags;
	bool sleeps;

	spin_lock_irqsave(&look_lock, flags);
	sleeps = looking = wq_has_sleeper(&sleepers);
	spin_unlock_irqrestore(&look_lock, flags);
	return sleeps;
}

/* The caller is in the queue already. */
static void look_for_sleepers(void)
{
	unsigned long flags;

	spin_lock_irqsave(&look_lock, flags);
	if (!looking)
		hrtimer_start(&look_timer, ms_to_ktime(HVGDB_POLL_MS), HRTIMER_MODE_REL);
	looking = true;
	spin_unlock_irqrestore(&look_lock, flags);
}

static bool trace_file_wanted(void)
{
	return smp_load_acquire(&machine.trace_file_wanted);
}

static enum hrtimer_restart look(struct hrtimer *timer)
{
	if (!somebody_sleeps())
		return HRTIMER_NORESTART;
	if (rings_have_news() || console_has_news() || trace_file_wanted())
		wake_up_interruptible(&sleepers);
	hrtimer_forward_now(timer, ms_to_ktime(HVGDB_POLL_MS));
	return HRTIMER_RESTART;
}

/* An output is open that only a reader can drive. */
static bool outputs_want_reader(void)
{
	const struct hvgdb_output *output = machine.area->output;
	unsigned int i;

	for (i = 0; i < HVGDB_NR_OUTPUTS; i++)
		if (output[i].open && output[i].kind != HVGDB_OUTPUT_GDB)
			return !READ_ONCE(reader_file);
	return false;
}

/* To be called when commands may have changed the outputs. */
void rings_wake(void)
{
	wake_up_interruptible(&sleepers);
}

/* is_line: the file holds the debug line, and is asked to bring text to gdb while gdb waits. */
__poll_t rings_poll(struct file *file, poll_table *wait, bool is_line)
{
	bool is_reader = READ_ONCE(reader_file) == file;

	poll_wait(file, &sleepers, wait);
	if (is_line && trace_file_wanted())
		return EPOLLRDBAND;
	if ((is_reader && rings_have_news()) || (is_line && console_has_news()))
		return EPOLLIN | EPOLLRDNORM;
	if (!is_reader && outputs_want_reader())
		return EPOLLPRI;
	if (!is_reader && !(is_line && READ_ONCE(machine.rsp.awaits_stop)))
		return 0;
	look_for_sleepers();
	return 0;
}

/* Whatever the last reader left behind: the next one begins with what root can still vouch for. */
static void mend_cursors(void)
{
	unsigned int cpu;

	WRITE_ONCE(machine.reader->watch, 0);
	WRITE_ONCE(machine.reader->generation, machine.area->generation - 1);
	for_each_possible_cpu(cpu)
	{
		struct hvgdb_cursor *cursor = &machine.reader->cursor[cpu];
		u64 head = READ_ONCE(machine.vcpu[cpu]->ring.shared->head);

		if (head - READ_ONCE(cursor->tail) > machine.area->slots)
			smp_store_release(&cursor->tail, head);
	}
}

static void unclaim(void)
{
	WRITE_ONCE(reader_file, NULL);
	machine.area->reader = 0;
	mend_cursors();
	rings_wake();
}

static long claim(struct file *file, struct hvgdb_ring_claim *ask)
{
	u32 version = ask->version;

	if (ask->size != sizeof(*ask) || ask->reserved)
		return -EINVAL;
	ask->version = HVGDB_RING_VERSION;
	ask->rings_size = rings_size;
	ask->reader_size = reader_size;
	ask->holder = reader_file ? machine.area->reader : task_tgid_nr(current);
	if (version != HVGDB_RING_VERSION)
		return -EPROTO;
	if (reader_file)
		return -EBUSY;
	mend_cursors();
	machine.area->reader = task_tgid_nr(current);
	WRITE_ONCE(reader_file, file);
	return 0;
}

long rings_claim(struct file *file, struct hvgdb_ring_claim __user *arg)
{
	struct hvgdb_ring_claim ask;
	long result;

	if (copy_from_user(&ask, arg, sizeof(ask)))
		return -EFAULT;
	mutex_lock(&reader_lock);
	result = claim(file, &ask);
	/* A caller that cannot be told does not become the reader. */
	if (result != -EINVAL && copy_to_user(arg, &ask, sizeof(ask))) {
		if (!result)
			unclaim();
		result = -EFAULT;
	}
	mutex_unlock(&reader_lock);
	return result;
}

int rings_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;

	if (READ_ONCE(reader_file) != file)
		return -EPERM;
	if (offset == HVGDB_MAP_READER)
		return remap_vmalloc_range(vma, machine.reader, 0);
	if (offset != HVGDB_MAP_RINGS)
		return -EINVAL;
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	compat_never_writable(vma);
	return remap_vmalloc_range(vma, machine.area, 0);
}

void rings_release(struct file *file)
{
	mutex_lock(&reader_lock);
	if (reader_file == file) {
		unclaim();
	}
	mutex_unlock(&reader_lock);
}

void rings_start(void)
{
	compat_hrtimer_setup(&look_timer, look);
}

/* Nobody has the device open any more. */
void rings_stop(void)
{
	hrtimer_cancel(&look_timer);
}
