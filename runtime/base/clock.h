/* SPDX-License-Identifier: MIT */
#ifndef SBX_BASE_CLOCK_H
#define SBX_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC, which no one can set. */
uint64_t clock_ns(void);

#endif
