/* SPDX-License-Identifier: MIT */
#ifndef SBX_BASE_CLOCK_H
#define SBX_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* Nanoseconds of CLOCK_MONOTONIC, which no one can set. */
uint64_t clock_ns(void);

/* A span of time as the kernel accounts it, in nanoseconds. */
uint64_t clock_timeval_ns(struct timeval time);

#endif
