/* SPDX-License-Identifier: MIT */
/* Order statistics, and sums. */
#ifndef BENCH_NUMBERS_H
#define BENCH_NUMBERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

void numbers_sort(uint64_t *values, size_t n);

/* The least value that milli thousandths of them are not above. values are
 * sorted, n is not 0. */
uint64_t numbers_quantile(const uint64_t *values, size_t n, size_t milli);

/* Sorts values; n is not 0. */
uint64_t numbers_median(uint64_t *values, size_t n);

/* Of the user's and the system's processor time. */
uint64_t numbers_cpu_ns(const struct rusage *usage);

#endif
