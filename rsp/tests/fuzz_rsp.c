// SPDX-License-Identifier: GPL-2.0
/* Entry for libFuzzer and AFL: any bytes at all on the line. User space only. */
#include "fake_target.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	fake_suffer(data, size);
	return 0;
}
