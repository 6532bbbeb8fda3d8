/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "host.h"
#include "loop.h"
#include "numbers.h"
#include "random.h"
#include "take.h"

#define LOOP_TURNS   400000 /* about a millisecond */
#define CALIBRATIONS 5      /* the median of them counts */
#define TRIALS       3      /* before anything is measured */

static uint64_t loop_once(void)
{
	struct random random = {1};
	uint64_t start = clock_ns();

	for (int i = 0; i < LOOP_TURNS; i++)
		random_next(&random);
	/* The result is used, so that the loop stays. */
	__asm__ volatile("" : : "r"(random.state));
	return clock_ns() - start;
}

/* The work that is always the same. */
static int calibrate(const struct site *site, struct block *block)
{
	uint64_t loops[CALIBRATIONS], spawns[CALIBRATIONS];
	char word[] = "calibration";
	uint64_t stalled = host_stall_ns(), start = clock_ns();
	struct take take;

	for (size_t i = 0; i < CALIBRATIONS; i++) {
		char *argv[] = {(char *)site->probe, word, NULL};
		int r = take_run(argv, &take);

		if (r < 0)
			return r;
		spawns[i] = take.wall_ns;
		loops[i] = loop_once();
	}
	stalled = host_stall_ns() - stalled;
	block->stall_milli = stalled * 1000 / (clock_ns() - start);
	block->loop_ns = numbers_median(loops, CALIBRATIONS);
	block->spawn_ns = numbers_median(spawns, CALIBRATIONS);
	return 0;
}

/* Which blocks were disturbed. Returns how many are. */
static size_t flag(struct block *blocks, size_t n)
{
	uint64_t loop = UINT64_MAX, spawn = UINT64_MAX;
	size_t n_flagged = 0;

	for (size_t i = 0; i < n; i++) {
		loop = MIN(loop, blocks[i].loop_ns);
		spawn = MIN(spawn, blocks[i].spawn_ns);
	}
	for (size_t i = 0; i < n; i++) {
		struct block *block = &blocks[i];

		block->flagged =
			block->loop_ns * 1000 > loop * FLAG_LOOP_MILLI ||
			block->spawn_ns * 1000 > spawn * FLAG_SPAWN_MILLI ||
			block->stall_milli > FLAG_STALL_MILLI;
		n_flagged += block->flagged;
	}
	return n_flagged;
}

/* Uniform between nothing and twice the mean: no beat with any timer. */
static void take_pause(uint64_t mean_ns, struct random *random)
{
	uint64_t ns = mean_ns ? random_below(random, 2 * mean_ns) : 0;
	struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

	if (ns)
		nanosleep(&time, NULL);
}

/* Each entrant that takes part, n_samples times, in random order. Returns how
 * many there are. */
static size_t shuffle(const struct result *result, size_t *order,
                      struct random *random)
{
	size_t n = 0;

	for (size_t i = 0; i < result->group->n_contenders; i++)
		if (result->entrants[i].samples)
			for (size_t k = 0; k < result->order.n_samples; k++)
				order[n++] = i;
	for (size_t i = n; i > 1; i--) {
		size_t j = random_below(random, i);
		size_t moved = order[i - 1];

		order[i - 1] = order[j];
		order[j] = moved;
	}
	return n;
}

static void take_sample(const struct result *result, struct entrant *entrant,
                        const struct site *site, struct sample *sample)
{
	if (result->group->clients)
		loop_run(entrant, site, result->group->clients,
		         result->order.time_ns, sample);
	else
		entrant_run(entrant, site, sample);
}

static int run_blocks(struct result *result, const struct site *site,
                      struct arena *arena)
{
	const struct order *order = &result->order;
	size_t n_entrants = result->group->n_contenders;
	size_t *turns = arena_alloc(arena, n_entrants * order->n_samples *
	                                           sizeof(turns[0]));
	size_t *taken = arena_alloc(arena, n_entrants * sizeof(taken[0]));
	struct random random = random_seeded();

	if (!turns || !taken)
		return -ENOMEM;
	for (size_t b = 0; b < order->n_blocks; b++) {
		size_t n_turns = shuffle(result, turns, &random);
		int r = calibrate(site, &result->blocks[b]);

		if (r < 0)
			return r;
		for (size_t i = 0; i < n_turns; i++) {
			size_t e = turns[i];
			struct entrant *entrant = &result->entrants[e];

			take_pause(order->gap_ns, &random);
			take_sample(result, entrant, site,
			            &entrant->samples[taken[e]++]);
		}
	}
	return 0;
}

/* Prepares an entrant, and lets it show that it works; that also brings its
 * files into memory. */
static int try_entrant(struct result *result, size_t i, const struct site *site,
                       struct arena *arena)
{
	struct entrant *entrant = &result->entrants[i];
	size_t n = result->order.n_blocks * result->order.n_samples;
	struct sample unused;
	int r = entrant_init(entrant, &result->group->contenders[i], site,
	                     arena);

	if (r < 0 || !entrant->argv)
		return r;
	for (int k = 0; k < TRIALS && !entrant->n_failed; k++)
		entrant_run(entrant, site, &unused);
	if (entrant->n_failed)
		return 0;
	entrant->samples = arena_alloc(arena, n * sizeof(unused));
	return entrant->samples ? 0 : -ENOMEM;
}

int group_run(const struct group *group, const struct order *order,
              const struct site *site, struct arena *arena,
              struct result *result)
{
	struct result run = {.group = group, .order = *order};
	int r = 0;

	run.entrants = arena_alloc(arena, group->n_contenders *
	                                          sizeof(run.entrants[0]));
	run.blocks =
		arena_alloc(arena, order->n_blocks * sizeof(run.blocks[0]));
	if (!run.entrants || !run.blocks)
		return -ENOMEM;
	for (size_t i = 0; i < group->n_contenders && r == 0; i++)
		r = try_entrant(&run, i, site, arena);
	if (r == 0)
		r = run_blocks(&run, site, arena);
	if (r < 0)
		return r;
	run.n_flagged = flag(run.blocks, order->n_blocks);
	*result = run;
	return 0;
}

const struct entrant *result_reference(const struct result *result)
{
	const struct group *group = result->group;
	size_t i = 0;

	while (strcmp(group->contenders[i].name, group->reference) != 0)
		i++;
	return &result->entrants[i];
}

bool result_is_clear(const struct result *result)
{
	return result_reference(result)->samples &&
	       result->n_flagged * 1000 <=
	               result->order.n_blocks * FLAGGED_MAX_MILLI;
}
