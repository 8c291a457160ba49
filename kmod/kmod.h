/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of kmod/ need of each other. Guest kernel only. */
#ifndef HVGDB_KMOD_H
#define HVGDB_KMOD_H

#include <linux/kernel.h>
#include <linux/types.h>
#include "vcpu.h"
#include "hypercall.h"
#include "uapi/hvgdb.h"

struct file;
struct vm_area_struct;
struct hvgdb_ring_claim;
struct poll_table_struct;

#undef pr_fmt
#define pr_fmt(fmt) "hvgdb: " fmt

/* probe.c: refuses (with one sentence in the log) a machine that hvgdb cannot run on. */
int probe_machine(struct machine *m);

/* prepare.c: everything that root will ever touch, allocated before the launch. */
int memory_prepare(struct machine *m);
void memory_free(struct machine *m);
/* Root's own page tables, in the half that is not the kernel's; before the launch. */
#define ROOT_PTE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_NX)
#define ROOT_DEVICE_PTE (ROOT_PTE | _PAGE_PCD | _PAGE_PWT) /* uncached */
int memory_map_root(const struct machine *m, u64 va, u64 pa, u64 flags);
int memory_map_root_page(const struct machine *m, u64 va); /* a new page, for data */

/* pools.c: what rules need, as the module parameters say. */
int pools_check(void);
int pools_prepare(struct machine *m);
void pools_free(struct machine *m);

/* trace.c: the buffer of tracepoints. */
int trace_prepare(struct machine *m);
void trace_free(struct machine *m);

/* symbols.c: where the kernel's text is, for qOffsets. */
u64 symbols_text_address(void);

/* main.c: which time of day belongs to which TSC, for root. */
void note_time(struct machine *m);

/* launch.c */
int launch_all(void);
void leave_all(void);
int launch_this_cpu(void);
void leave_this_cpu(void);
void leave_now(void);

/* root_call.c: asks root for something, from any CPU. ROOT_GONE: no CPU is in the guest. */
#define ROOT_GONE (~0ULL)
u64 root_call(enum hypercall op, u64 arg1, u64 arg2);

/* life.c: hotplug, reboot, modules that come and go. */
int life_register(void);
void life_unregister(void);
/* Planted bytes stay out of memory until as many releases. */
void plant_hold(void);
void plant_release(void);

/* oops.c */
int oops_register(void);
void oops_unregister(void);

/* sleep.c */
void sleep_register(void);
void sleep_unregister(void);
/* A CPU that cannot be taken over after a sleep stays native, and false if this is no sleep. */
bool sleep_leaves_native(unsigned int cpu);
bool sleep_left_native(void); /* any */
/* It is in the guest again, or offline. */
void sleep_forget_native(unsigned int cpu);

/* device.c: /dev/hvgdb */
int chardev_register(void);
void chardev_unregister(void);
/* Nobody may use the device any more; those who do get a signal. */
void chardev_shut(void);
void chardev_reopen(void);
bool chardev_is_shut(void);
void chardev_signal_users(int signal);
/* Arms the line that the module parameter names. */
int chardev_arm_parameter(const char *uart);

/* arm.c: -EOPNOTSUPP hvgdb cannot drive it, -ENODEV nothing answers, -ENOSPC no room to watch it. */
int uart_arm(const struct uart_regs *regs, u8 fifo, bool controller);
/* "io,0x2f8": the forms of console=uart8250. */
int uart_parse(const char *text, struct uart_regs *regs);

/* rings.c: the memory in which root records, and its reader. */
int rings_prepare(struct machine *m);
void rings_free(struct machine *m);
void rings_start(void);
void rings_stop(void);
long rings_claim(struct file *file, struct hvgdb_ring_claim __user *arg);
int rings_mmap(struct file *file, struct vm_area_struct *vma);
__poll_t rings_poll(struct file *file, struct poll_table_struct *wait, bool is_line);
void rings_release(struct file *file);
void rings_wake(void);

/* device.c: structures of either side's version, see uapi/hvgdb.h. */
int struct_take(void *to, size_t size, size_t least, const void __user *from);
int struct_give(void __user *to, const void *from, size_t size);

/* holder.c: who uses what only one may use. The owner of the structure locks. */
struct holder {
	struct file *file; /* NULL: nobody */
	struct pid *pid;
	char name[HVGDB_NAME_MAX];
};

void holder_set(struct holder *holder, struct file *file);
void holder_clear(struct holder *holder);
void holder_show(const struct holder *holder, struct hvgdb_holder *shown);

/* local_gdb.c: the session of a gdb on this machine. */
long local_bytes(struct file *file, struct hvgdb_local __user *arg);
void local_release(struct file *file);
void local_show(struct hvgdb_holder *shown);

/* nmi.c: NMIs that root injects for its own reasons. */
int nmi_register(void);
void nmi_unregister(void);
void nmi_after_halt(void);

/* log.c: root's messages on their way to the kernel log. */
void log_start(void);
void log_stop(void);
void log_flush(void);

#endif
