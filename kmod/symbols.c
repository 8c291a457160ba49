// SPDX-License-Identifier: GPL-2.0
/*
 * Finds where KASLR put the kernel, from the VMCOREINFO note that the kernel keeps for kdump (D17).
 * Guest kernel, at load.
 */
#include <linux/io.h>
#include "compat.h"
#include "kmod.h"
#include "pure/vmcoreinfo.h"

/* The link address of _text: what the first PT_LOAD of vmlinux says. */
#define LINK_TEXT (__START_KERNEL_map + ALIGN(CONFIG_PHYSICAL_START, CONFIG_PHYSICAL_ALIGN))

u64 symbols_text_address(void)
{
	const char *text;
	size_t len;
	u64 offset;

	if (!vmcoreinfo_note_text(phys_to_virt(paddr_vmcoreinfo_note()), VMCOREINFO_NOTE_SIZE,
				  &text, &len) ||
	    !vmcoreinfo_hex(text, len, "KERNELOFFSET", &offset))
		return 0;
	return LINK_TEXT + offset;
}
