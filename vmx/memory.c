// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory for the debugger: walked through the guest's own page tables, touched through root's
 * map of RAM, never by a guest address, so it cannot fault. Root.
 */
#include "root.h"
#include "pure/walk.h"

#define KERNEL_HALF BIT64(63)

static bool read_phys(void *ctx, u64 gpa, u64 *value)
{
	const struct machine *m = ctx;

	if (!ram_contains(&m->ram, gpa, sizeof(*value)))
		return false;
	*value = *(volatile u64 *)ram(gpa);
	return true;
}

static bool walk(const struct machine *m, u64 cr3, u64 addr, struct walk_out *out)
{
	struct walk_in in = {
		.cr3 = cr3,
		.la57 = m->la57,
		.maxphyaddr = m->caps.maxphyaddr,
		.read_phys = read_phys,
		.ctx = (void *)m,
	};

	return walk_guest(&in, addr, out) == WALK_OK;
}

/*
 * The kernel half is the same in all page tables, but with page-table isolation a CPU in user mode
 * does not have it, and a process that has ended has none at all: root's own copy is always right.
 * What differs there (the LDT with isolation) is found in the CPU's.
 */
static bool walk_either(const struct machine *m, u64 cr3, u64 addr, struct walk_out *out)
{
	if ((addr & KERNEL_HALF) && walk(m, m->host_cr3, addr, out))
		return true;
	return walk(m, cr3, addr, out);
}

bool memory_translate(const struct machine *m, u64 cr3, u64 addr, u64 *gpa)
{
	struct walk_out out;

	if (!walk_either(m, cr3, addr, &out))
		return false;
	*gpa = out.gpa;
	return true;
}

bool memory_no_execute(const struct machine *m, u64 cr3, u64 addr)
{
	struct walk_out out;

	return walk_either(m, cr3, addr, &out) && out.nx;
}

static size_t page_rest(u64 addr, size_t len)
{
	return base_min(len, HV_PAGE_SIZE - (addr & (HV_PAGE_SIZE - 1)));
}

/* Where the bytes from addr to the end of its page are; enum rsp_error. */
static int locate(const struct machine *m, u64 cr3, u64 addr, size_t len, u64 *gpa)
{
	if (!memory_translate(m, cr3, addr, gpa))
		return RSP_EUNMAPPED;
	return ram_contains(&m->ram, *gpa, len) ? RSP_OK : RSP_ENOTRAM;
}

int memory_read(const struct machine *m, u64 cr3, u64 addr, u8 *buf, size_t len, size_t *done)
{
	u64 gpa;
	size_t n;
	int error;

	for (*done = 0; *done < len; *done += n) {
		n = page_rest(addr + *done, len - *done);
		error = locate(m, cr3, addr + *done, n, &gpa);
		if (error)
			return *done ? RSP_OK : error;
		memcpy(buf + *done, ram(gpa), n);
	}
	return RSP_OK;
}

/* All pages are looked up before the first byte is written. */
int memory_write(struct machine *m, u64 cr3, u64 addr, const u8 *buf, size_t len)
{
	size_t done, n;
	u64 gpa;
	int error;

	for (done = 0; done < len; done += n) {
		n = page_rest(addr + done, len - done);
		error = locate(m, cr3, addr + done, n, &gpa);
		if (error)
			return error;
	}
	for (done = 0; done < len; done += n) {
		n = page_rest(addr + done, len - done);
		locate(m, cr3, addr + done, n, &gpa);
		memcpy(ram(gpa), buf + done, n);
		view_written(m, gpa);
	}
	return RSP_OK;
}
