/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

uint64_t clock_ns(void)
{
	struct timespec now;

	/* It cannot fail: the clock is there and the address is ours. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_timeval_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * NS_PER_S +
	       (uint64_t)time.tv_usec * NS_PER_US;
}
