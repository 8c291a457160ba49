/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place that knows whether we are compiled into the kernel module or into a user-space
 * program (unit tests, fuzzers, hvgdbctl). Types and memory primitives only: code that includes
 * this header runs in VMX root too and may call nothing else of the kernel's.
 */
#ifndef HVGDB_BASE_H
#define HVGDB_BASE_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
#endif

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

#define BIT64(n) (1ULL << (n))

static inline u64 base_min(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 base_max(u64 a, u64 b)
{
	return a > b ? a : b;
}

#endif
