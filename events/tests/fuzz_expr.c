// SPDX-License-Identifier: GPL-2.0
/* Entry for libFuzzer and AFL: the first byte is what is allowed, the rest a program. User space
 * only. */
#include "expr_random.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (size)
		expr_suffer(data + 1, size - 1, data[0] & 31);
	return 0;
}
