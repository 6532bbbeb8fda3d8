/* SPDX-License-Identifier: MIT */
/* Numbers that nobody guards a secret with: order, resampling. */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>

struct random {
	uint64_t state; /* not 0 */
};

static inline struct random random_seeded(void)
{
	struct random random = {0};

	if (getrandom(&random.state, sizeof(random.state), 0) < 0 ||
	    !random.state)
		random.state = 1;
	return random;
}

/* xorshift64*, after Vigna. */
static inline uint64_t random_next(struct random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 ... n - 1. */
static inline size_t random_below(struct random *random, size_t n)
{
	return (size_t)(((__uint128_t)random_next(random) * n) >> 64);
}

#endif
