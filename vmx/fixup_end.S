/* SPDX-License-Identifier: GPL-2.0 */
/* Ends the table that entry.S begins: linked after everything that adds to it. */
	.section hvgdb_fixup, "a"
	.globl	fixup_end
fixup_end:

	.section .note.GNU-stack, "", @progbits
