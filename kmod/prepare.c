// SPDX-License-Identifier: GPL-2.0
/*
 * Allocates all that root will ever touch, before the first VMXON: the CPUs' structures, root's
 * page tables, the EPT, bitmaps. Nothing here runs after the launch but memory_free(), after the
 * last VMXOFF. Guest kernel.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <asm/mtrr.h>
#include <asm/tlbflush.h>
#include "kmod.h"
#include "compat.h"
#include "faults.h"
#include "host.h"
#include "instr.h"
#include "pure/ept.h"
#include "pure/mtrr.h"
#include "root.h"

#define ROOT_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED)
/* Enough to split 64 regions of 1 GiB down to 4 KiB. */
#define EPT_SPARE_PAGES 256

/* Pages that memory_free() gives back one by one. */
struct page_list {
	void **page;
	size_t nr, size;
};

static struct page_list pages;
static u64 *root_pgd;
static u64 *ept_pages;

static void *new_page(void)
{
	void *page;

	if (pages.nr == pages.size) {
		size_t size = pages.size ? 2 * pages.size : 256;
		void **bigger =
			fault_here() ? NULL : kvmalloc_array(size, sizeof(void *), GFP_KERNEL);

		if (!bigger)
			return NULL;
		if (pages.nr)
			memcpy(bigger, pages.page, pages.nr * sizeof(void *));
		kvfree(pages.page);
		pages.page = bigger;
		pages.size = size;
	}
	page = fault_here() ? NULL : (void *)get_zeroed_page(GFP_KERNEL);
	if (page)
		pages.page[pages.nr++] = page;
	return page;
}

/* What is not in the map of RAM is neither mapped for root nor touched by it. */
static int add_ram(struct resource *res, void *data)
{
	struct ram_map *map = data;
	u64 start = PAGE_ALIGN(res->start);
	u64 end = min_t(u64, (res->end + 1) & PAGE_MASK, ROOT_RAM_LIMIT);
	u64 page;
	int error;

	if (end <= start)
		return 0;
	error = ram_map_add(map, start, end);
	for (page = start; page < end && !error; page += PAGE_SIZE)
		if (compat_page_poisoned(page >> PAGE_SHIFT))
			error = ram_map_remove(map, page, page + PAGE_SIZE);
	return error;
}

static int find_ram(struct machine *m)
{
	int error;

	memset(&m->ram, 0, sizeof(m->ram));
	error = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
				    -1ULL, &m->ram, add_ram);
	if (error)
		pr_err("the memory map has too many pieces\n");
	return error;
}

/* The table that entry points to, made if there is none. */
static u64 *next_table(u64 *entry)
{
	u64 *table;

	if (*entry & _PAGE_PRESENT)
		return phys_to_virt(*entry & PTE_PFN_MASK);
	table = new_page();
	if (table)
		*entry = virt_to_phys(table) | ROOT_TABLE;
	return table;
}

static u64 *root_pd_entry(bool la57, u64 va)
{
	u64 *table = root_pgd;

	if (la57)
		table = next_table(&table[0]);
	if (table)
		table = next_table(&table[va >> 39 & 511]);
	if (table)
		table = next_table(&table[va >> 30 & 511]);
	return table ? &table[va >> 21 & 511] : NULL;
}

int memory_map_root(const struct machine *m, u64 va, u64 pa, u64 flags)
{
	u64 *pde = root_pd_entry(m->la57, va);
	u64 *table = pde ? next_table(pde) : NULL;

	if (!table)
		return -ENOMEM;
	table[va >> 12 & 511] = pa | flags;
	return 0;
}

int memory_map_root_page(const struct machine *m, u64 va)
{
	void *page = new_page();

	return page ? memory_map_root(m, va, virt_to_phys(page), ROOT_PTE) : -ENOMEM;
}

static int map_2m(const struct machine *m, u64 pa)
{
	u64 page, *pde;
	int error = 0;

	if (ram_contains(&m->ram, pa, PMD_SIZE)) {
		pde = root_pd_entry(m->la57, ROOT_RAM_BASE + pa);
		if (!pde)
			return -ENOMEM;
		*pde = pa | ROOT_PTE | _PAGE_PSE;
		return 0;
	}
	for (page = pa; page < pa + PMD_SIZE && !error; page += PAGE_SIZE)
		if (ram_contains(&m->ram, page, PAGE_SIZE))
			error = memory_map_root(m, ROOT_RAM_BASE + page, page, ROOT_PTE);
	return error;
}

static int map_ram(const struct machine *m)
{
	unsigned int i;
	u64 pa, end, next = 0;
	int error;

	for (i = 0; i < m->ram.nr; i++) {
		end = m->ram.range[i].end;
		pa = max(m->ram.range[i].start & PMD_MASK, next);
		for (; pa < end; pa += PMD_SIZE) {
			error = map_2m(m, pa);
			if (error)
				return error;
			next = pa + PMD_SIZE;
		}
	}
	return 0;
}

/*
 * Root's page tables: the kernel half as Linux has it (its top-level entries never change), without
 * the slot that PTI keeps for one process's LDT, and a user half of our own (D16).
 */
static int prepare_root_tables(struct machine *m)
{
	u64 *linux_pgd = phys_to_virt(__read_cr3() & CR3_ADDR_MASK);
	u64 apic_base;
	int error;

	root_pgd = new_page();
	if (!root_pgd)
		return -ENOMEM;
	memcpy(root_pgd + PTRS_PER_PGD / 2, linux_pgd + PTRS_PER_PGD / 2, PAGE_SIZE / 2);
	if (boot_cpu_has(X86_FEATURE_PTI))
		root_pgd[compat_ldt_slot(m->la57)] = 0;
	error = map_ram(m);
	if (error)
		return error;
	rdmsrl(MSR_IA32_APICBASE, apic_base);
	error = memory_map_root(m, ROOT_APIC_VA, apic_base & MSR_IA32_APICBASE_BASE & PTE_PFN_MASK,
				ROOT_DEVICE_PTE);
	m->host_cr3 = virt_to_phys(root_pgd);
	return error;
}

/* Without execute-only pages breakpoints are planted for all to see. */
static int prepare_debug_view(struct machine *m)
{
	unsigned int i;

	if (!(m->caps.ept_vpid_cap & VMX_EPT_EXECUTE_ONLY_BIT))
		return 0;
	for (i = 0; i < HIDDEN_MAX; i++) {
		void *page = new_page();

		if (!page)
			return -ENOMEM;
		m->hidden[i].copy = virt_to_phys(page);
	}
	if (ept_fork(&m->ept, &m->debug_ept))
		return -ENOSPC;
	m->debug_eptp = ept_pointer(&m->debug_ept);
	return 0;
}

static int prepare_ept(struct machine *m)
{
	bool has_1g = m->caps.ept_vpid_cap & VMX_EPT_1GB_PAGE_BIT;
	size_t i, nr;

	mtrrs_read(&m->mtrr, m->caps.maxphyaddr);
	nr = ept_count_pages(&m->mtrr, m->caps.maxphyaddr, has_1g) + EPT_SPARE_PAGES;
	ept_pages = fault_here() ? NULL : kvcalloc(nr, sizeof(ept_pages[0]), GFP_KERNEL);
	if (!ept_pages)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		void *page = new_page();

		if (!page)
			return -ENOMEM;
		ept_pages[i] = virt_to_phys(page);
	}
	m->ept_pool = (struct ept_pool){ .phys = ept_pages, .nr = nr };
	m->ept.pool = &m->ept_pool;
	m->ept.virt_offset = PAGE_OFFSET;
	if (ept_build(&m->ept, &m->mtrr, m->caps.maxphyaddr, has_1g))
		return -EINVAL;
	m->eptp = ept_pointer(&m->ept);
	return prepare_debug_view(m);
}

static int prepare_cpu(struct machine *m, unsigned int cpu)
{
	struct vcpu *vcpu =
		fault_here() ? NULL : alloc_pages_exact(sizeof(*vcpu), GFP_KERNEL | __GFP_ZERO);

	if (!vcpu)
		return -ENOMEM;
	m->vcpu[cpu] = vcpu;
	vcpu->machine = m;
	vcpu->cpu = cpu;
	vcpu->life = VCPU_ABSENT;
	vcpu->vmxon_page = new_page();
	vcpu->vmcs_page = new_page();
	if (!vcpu->vmxon_page || !vcpu->vmcs_page)
		return -ENOMEM;
	vcpu->vmxon_phys = virt_to_phys(vcpu->vmxon_page);
	vcpu->vmcs_phys = virt_to_phys(vcpu->vmcs_page);
	vcpu->current_task = compat_current_task(cpu);
	host_prepare_cpu(vcpu);
	return 0;
}

static int prepare_bitmaps(struct machine *m)
{
	void *msr = new_page();

	m->idt = new_page();
	m->io_bitmap[0] = new_page();
	m->io_bitmap[1] = new_page();
	if (!msr || !m->idt || !m->io_bitmap[0] || !m->io_bitmap[1])
		return -ENOMEM;
	m->msr_bitmap = msr;
	m->msr_bitmap_phys = virt_to_phys(msr);
	m->io_bitmap_a_phys = virt_to_phys(m->io_bitmap[0]);
	m->io_bitmap_b_phys = virt_to_phys(m->io_bitmap[1]);
	msr_bitmap_prepare(m->msr_bitmap);
	host_prepare_idt(m->idt);
	return 0;
}

/* Constants: no FPU traps, no SMAP or CET of Linux's, but what FXSAVE and XSETBV need (E4.7). */
static void prepare_host_registers(struct machine *m)
{
	u64 cr4 = __read_cr4(), debugctl;

	m->host_cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_PG;
	m->host_cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_VMXE |
		      (cr4 & (X86_CR4_OSXSAVE | X86_CR4_LA57 | X86_CR4_MCE));
	m->host_efer = EFER_LME | EFER_LMA | EFER_NX;
	rdmsrl(MSR_IA32_CR_PAT, m->host_pat);
	m->has_debugctl = !rdmsrl_safe(MSR_IA32_DEBUGCTLMSR, &debugctl);
}

/* How root finds out which process a CPU runs (D18), and what scripts can ask for. */
static void prepare_tasks(struct machine *m)
{
	m->task_tgid = offsetof(struct task_struct, tgid);
	m->task_pid = offsetof(struct task_struct, pid);
	m->task_comm = offsetof(struct task_struct, comm);
	m->task_list = offsetof(struct task_struct, tasks);
	m->init_task = (u64)&init_task;
	m->task_leader = offsetof(struct task_struct, group_leader);
	m->page_offset = PAGE_OFFSET;
}

static int prepare_all(struct machine *m)
{
	unsigned int cpu;
	int error = find_ram(m);

	if (!error)
		error = prepare_root_tables(m);
	if (!error)
		error = prepare_ept(m);
	if (!error)
		error = prepare_bitmaps(m);
	if (!error)
		error = trace_prepare(m);
	for_each_possible_cpu(cpu) if (!error) error = prepare_cpu(m, cpu);
	if (!error)
		error = pools_prepare(m);
	if (!error)
		error = rings_prepare(m);
	return error;
}

int memory_prepare(struct machine *m)
{
	int error;

	if (nr_cpu_ids > HV_MAX_CPUS) {
		pr_err("this kernel can have %u CPUs, hvgdb at most %u\n", nr_cpu_ids, HV_MAX_CPUS);
		return -E2BIG;
	}
	m->nr_cpus = nr_cpu_ids;
	prepare_host_registers(m);
	prepare_tasks(m);
	error = prepare_all(m);
	if (error) {
		pr_err("memory could not be prepared (error %d)\n", error);
		memory_free(m);
	}
	return error;
}

void memory_free(struct machine *m)
{
	unsigned int cpu;

	rings_free(m);
	pools_free(m);
	for (cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (m->vcpu[cpu])
			free_pages_exact(m->vcpu[cpu], sizeof(struct vcpu));
		m->vcpu[cpu] = NULL;
	}
	while (pages.nr)
		free_page((unsigned long)pages.page[--pages.nr]);
	kvfree(pages.page);
	memset(&pages, 0, sizeof(pages));
	trace_free(m);
	kvfree(ept_pages);
	ept_pages = NULL;
	memset(&m->ept, 0, sizeof(m->ept));
}
