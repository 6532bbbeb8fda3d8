/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <unistd.h>

#include "base/clock.h"

/* The clock goes forward and counts nanoseconds. */
Test(clock, goes_forward)
{
	uint64_t before = clock_ns(), after;

	usleep(2000);
	after = clock_ns();
	cr_expect_geq(after - before, 2 * NS_PER_MS);
	cr_expect_lt(after - before, 10 * NS_PER_S);
}
