/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <stdlib.h>

#include "base/clock.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void numbers_sort(uint64_t *values, size_t n)
{
	qsort(values, n, sizeof(values[0]), compare);
}

uint64_t numbers_quantile(const uint64_t *values, size_t n, size_t milli)
{
	size_t rank = (n * milli + 999) / 1000;

	return values[rank ? rank - 1 : 0];
}

uint64_t numbers_median(uint64_t *values, size_t n)
{
	numbers_sort(values, n);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

uint64_t numbers_cpu_ns(const struct rusage *usage)
{
	return clock_timeval_ns(usage->ru_utime) +
	       clock_timeval_ns(usage->ru_stime);
}
