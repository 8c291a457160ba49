// SPDX-License-Identifier: GPL-2.0
/* Resets the machine: what is left after a triple fault. Root. */
#include "root.h"
#include "instr.h"

#define RESET_CONTROL	     0xcf9
#define RESET_SYSTEM	     0x02
#define RESET_CPU	     0x04
#define KEYBOARD_COMMAND     0x64
#define KEYBOARD_PULSE_RESET 0xfe

void machine_reset(void)
{
	port_out8(RESET_CONTROL, RESET_SYSTEM);
	port_out8(RESET_CONTROL, RESET_SYSTEM | RESET_CPU);
	port_out8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
	for (;;)
		relax();
}
