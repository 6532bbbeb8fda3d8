/* SPDX-License-Identifier: MIT */
/* The numbers of a run. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"

struct spread {
	uint64_t min, p50, p90, p99, max;
};

/* A median and the 95 % interval that resampling the blocks gives it, in
 * thousandths. n_blocks 0: there is none. */
struct ratio {
	size_t n_blocks;
	uint64_t mid, low, high;
};

struct stats {
	size_t n; /* samples that count; 0: the rest is not filled */
	struct spread wall, first, cpu;
	struct ratio clean; /* to the reference, over blocks not flagged */
	struct ratio all;   /* over all blocks */
};

/* 0 or -ENOMEM; arena lends what it works in. */
int stats_of(const struct result *result, const struct entrant *entrant,
             struct arena *arena, struct stats *stats);

/* Whether a goal is reached: 1 yes, -1 no, 0 the interval holds it. */
int stats_goal(const struct ratio *ratio, unsigned goal_milli);

#endif
