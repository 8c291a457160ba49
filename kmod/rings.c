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

static DEFINE_MUTEX(reader_lock);
static struct file *reader_file;
static u64 rings_size, reader_size;

static DECLARE_WAIT_QUEUE_HEAD(sleepers);
static struct hrtimer look_timer;

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
	m->area = fault_here() ? NULL : vmalloc_user(rings_size);
	m->reader = fault_here() ? NULL : vmalloc_user(reader_size);
	if (!m->area || !m->reader) {
		pr_err("no memory for the rings: load with a smaller ring_pages=\n");
		rings_free(m);
		return -ENOMEM;
	}
	prepare_area(m, slots);
	return 0;
}

void rings_free(struct machine *m)
{
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

static enum hrtimer_restart look(struct hrtimer *timer)
{
	if (!wq_has_sleeper(&sleepers))
		return HRTIMER_NORESTART;
	if (rings_have_news())
		wake_up_interruptible(&sleepers);
	hrtimer_forward_now(timer, ms_to_ktime(HVGDB_POLL_MS));
	return HRTIMER_RESTART;
}

__poll_t rings_poll(struct file *file, poll_table *wait)
{
	poll_wait(file, &sleepers, wait);
	if (READ_ONCE(reader_file) == file && rings_have_news())
		return EPOLLIN | EPOLLRDNORM;
	if (!hrtimer_active(&look_timer))
		hrtimer_start(&look_timer, ms_to_ktime(HVGDB_POLL_MS), HRTIMER_MODE_REL);
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

void rings_stop(void)
{
	hrtimer_cancel(&look_timer);
}
