/* SPDX-License-Identifier: MIT */
/*
 * A group's run: blocks, in each of which every entrant runs k times in random
 * order, after a calibration.
 *
 * The calibration is work that is always the same: a loop, and runs of the
 * bare probe. Something else was using the machine when it takes longer than
 * its best by more than a set factor, or when tasks had to wait long for a
 * processor meanwhile, which ours alone do not; the block is flagged then. The
 * rule is fixed here, before any number is seen.
 */
#ifndef BENCH_GROUP_H
#define BENCH_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entrant.h"

#define FLAG_LOOP_MILLI   1150 /* times the best loop */
#define FLAG_SPAWN_MILLI  1500 /* times the best spawn, which varies more */
#define FLAG_STALL_MILLI  250  /* of the time of the calibration */
#define FLAGGED_MAX_MILLI 300  /* of the blocks; more is no verdict */

struct block {
	uint64_t loop_ns, spawn_ns;
	uint64_t stall_milli; /* share of the time in which a task waited */
	bool flagged;
};

struct order {
	size_t n_blocks;
	size_t n_samples; /* of an entrant in a block */
	uint64_t gap_ns;  /* mean of the pause before a sample; 0: none */
	uint64_t time_ns; /* of a loop, where that is a sample */
};

struct result {
	const struct group *group;
	struct order order;
	struct entrant *entrants; /* as group->contenders */
	struct block *blocks;
	size_t n_flagged;
};

/* Runs group. An entrant whose first runs fail gets no further ones. 0 or
 * -errno; what is in result is the arena's. */
int group_run(const struct group *group, const struct order *order,
              const struct site *site, struct arena *arena,
              struct result *result);

/* Whether a verdict can be read off it: few blocks are flagged, and the
 * reference ran. */
bool result_is_clear(const struct result *result);

/* The entrant that the others are held against. */
const struct entrant *result_reference(const struct result *result);

#endif
