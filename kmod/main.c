// SPDX-License-Identifier: GPL-2.0
/*
 * Module init and exit: the order in which the machine is probed, prepared, taken over and given
 * back. Guest kernel.
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include "kmod.h"
#include "compat.h"
#include "faults.h"
#include "host.h"
#include "target.h"

struct machine machine = {
#ifdef HVGDB_FAULTS
	.deaf = -1,
#endif
};

static char *uart = "";
module_param(uart, charp, 0444);
MODULE_PARM_DESC(uart, "debug line used without a controller, as in uart=io,0x2f8 or uart=mmio32,0xfedc9000");

static uint orphan_timeout = 30;
module_param(orphan_timeout, uint, 0444);
MODULE_PARM_DESC(orphan_timeout,
		 "seconds after which a stop that no gdb acknowledges is resumed; 0: never");

static char *exec_file = "";
module_param(exec_file, charp, 0444);
MODULE_PARM_DESC(exec_file, "path of vmlinux on the developer's machine, told to gdb");

static ushort debug_port;
module_param(debug_port, ushort, 0444);
MODULE_PARM_DESC(debug_port, "I/O port that gets root's last words when it meets the unknown");

#ifdef HVGDB_CHECKING
module_param_named(forget_invept, machine.forget_invept, bool, 0644);
MODULE_PARM_DESC(forget_invept, "test only: leave out INVEPTs, which has to be noticed");
#endif

static bool test_vectors;
module_param(test_vectors, bool, 0400);
MODULE_PARM_DESC(test_vectors, "for tests: other modules may queue interrupts and NMIs in root");

/* In a sleep the TSC may stop, or begin anew. No other CPU is in root. */
void note_time(struct machine *m)
{
	m->wall_us = ktime_get_real_ns() / NSEC_PER_USEC;
	m->wall_tsc = rdtsc();
}

static void set_parameters(struct machine *m)
{
	m->orphan_timeout = orphan_timeout;
	m->debug_port = debug_port;
	m->test_vectors = test_vectors;
	m->tsc_khz = tsc_khz;
	note_time(m);
	m->text_address = symbols_text_address();
	m->panic_address = (u64)panic;
	m->module_text = (u64)module_text_begin;
	m->module_data = (u64)module_data_begin;
	m->module_bss = (u64)module_bss_begin;
	m->module_rodata = (u64)module_rodata_begin;
	m->master = -1;
#ifdef CONFIG_MODULE_UNLOAD
	m->module_uses = &THIS_MODULE->refcnt.counter;
#endif
	if (*exec_file)
		strscpy(m->exec_file, exec_file, sizeof(m->exec_file));
	else
		snprintf(m->exec_file, sizeof(m->exec_file), "/usr/lib/debug/boot/vmlinux-%s",
			 init_uts_ns.name.release);
	vmx_clear_branch_history = compat_must_clear_branch_history();
}

static int take_over(void)
{
	int error;

	cpus_read_lock();
	error = launch_all();
	if (!error) {
		error = life_register();
		if (error)
			leave_all();
	}
	cpus_read_unlock();
	return error;
}

static void give_back(void)
{
	cpus_read_lock();
	life_unregister();
	plant_hold();
	leave_all();
	cpus_read_unlock();
}

static int open_to_the_world(void)
{
	int error = chardev_register();

	if (!error && *uart) {
		error = chardev_arm_parameter(uart);
		if (error)
			chardev_unregister();
	}
	return error;
}

static int load(void)
{
	int error = pools_check();

	if (!error)
		error = probe_machine(&machine);
	if (error)
		return error;
	error = memory_prepare(&machine);
	if (error)
		return error;
	set_parameters(&machine);
	target_init(&machine);
	error = nmi_register();
	if (error)
		goto free;
	error = take_over();
	if (error)
		goto nmi;
	error = open_to_the_world();
	if (error)
		goto leave;
	log_start();
	pr_info("%u CPUs are guests now%s\n", num_online_cpus(),
		machine.vcpu[0]->timer_period
			? ""
			: "; no VMX preemption timer: a dead kernel cannot be broken into");
	return 0;
leave:
	give_back();
nmi:
	nmi_unregister();
free:
	memory_free(&machine);
	return error;
}

static int __init hvgdb_init(void)
{
	return fault_load(load);
}

static void __exit hvgdb_exit(void)
{
	chardev_unregister();
	/* gdb may have attached between rmmod's look and this. */
	root_call(HYPERCALL_DISARM, 1, 0);
	give_back();
	log_stop();
	nmi_unregister();
	memory_free(&machine);
	pr_info("all CPUs run natively again\n");
}

module_init(hvgdb_init);
module_exit(hvgdb_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A debugger below the running kernel: VMX root speaks the GDB remote protocol");
