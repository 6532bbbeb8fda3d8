/* SPDX-License-Identifier: MIT */
/* Times are nanoseconds. */
#ifndef SBX_BASE_CLOCK_H
#define SBX_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)

/* Nanoseconds of CLOCK_MONOTONIC, which no one can set. */
uint64_t clock_ns(void);

/* A span of time as the kernel accounts it, in nanoseconds. */
uint64_t clock_timeval_ns(struct timeval time);

#endif
