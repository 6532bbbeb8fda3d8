/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <errno.h>

#include "base/def.h"
#include "numbers.h"
#include "random.h"

#define RESAMPLES 2000

static struct spread spread_of(uint64_t *values, size_t n)
{
	numbers_sort(values, n);
	return (struct spread){values[0], numbers_quantile(values, n, 500),
	                       numbers_quantile(values, n, 900),
	                       numbers_quantile(values, n, 990), values[n - 1]};
}

/* values: n of them; scratch: as many, and RESAMPLES more. */
static struct ratio interval(const uint64_t *values, size_t n,
                             uint64_t *scratch)
{
	struct random random = random_seeded();
	uint64_t *medians = scratch + n;
	struct ratio ratio = {.n_blocks = n};

	if (n == 0)
		return ratio;
	for (size_t i = 0; i < RESAMPLES; i++) {
		for (size_t k = 0; k < n; k++)
			scratch[k] = values[random_below(&random, n)];
		medians[i] = numbers_median(scratch, n);
	}
	numbers_sort(medians, RESAMPLES);
	ratio.low = numbers_quantile(medians, RESAMPLES, 25);
	ratio.high = numbers_quantile(medians, RESAMPLES, 975);
	for (size_t k = 0; k < n; k++)
		scratch[k] = values[k];
	ratio.mid = numbers_median(scratch, n);
	return ratio;
}

/* The median wall time of an entrant in a block; 0: no sample counts. */
static uint64_t block_wall(const struct result *result,
                           const struct entrant *entrant, size_t block,
                           uint64_t *scratch)
{
	size_t k = result->order.n_samples, n = 0;

	for (size_t i = block * k; i < (block + 1) * k; i++)
		if (entrant->samples[i].wall_ns)
			scratch[n++] = entrant->samples[i].wall_ns;
	return n ? numbers_median(scratch, n) : 0;
}

/* The ratio of each block, of those not flagged only if clean. In millionths,
 * so that small ratios keep their digits while they are resampled. */
static struct ratio ratio_of(const struct result *result,
                             const struct entrant *entrant, bool clean,
                             uint64_t *memory)
{
	const struct entrant *reference = result_reference(result);
	uint64_t *values = memory, *scratch = memory + result->order.n_blocks;
	size_t n = 0;

	if (!reference->samples)
		return (struct ratio){0};
	for (size_t b = 0; b < result->order.n_blocks; b++) {
		uint64_t mine = block_wall(result, entrant, b, scratch);
		uint64_t its = block_wall(result, reference, b, scratch);

		if (mine && its && !(clean && result->blocks[b].flagged))
			values[n++] = mine * 1000000 / its;
	}
	struct ratio ratio = interval(values, n, scratch);
	ratio.mid = (ratio.mid + 500) / 1000;
	ratio.low = (ratio.low + 500) / 1000;
	ratio.high = (ratio.high + 500) / 1000;
	return ratio;
}

static void fill(const struct result *result, const struct entrant *entrant,
                 uint64_t *memory, struct stats *stats)
{
	size_t n_all = result->order.n_blocks * result->order.n_samples;
	uint64_t *wall = memory, *first = wall + n_all, *cpu = first + n_all;
	size_t n = 0;

	for (size_t i = 0; i < n_all; i++) {
		const struct sample *sample = &entrant->samples[i];

		if (!sample->wall_ns)
			continue;
		wall[n] = sample->wall_ns;
		first[n] = sample->first_ns;
		cpu[n++] = sample->cpu_ns;
	}
	stats->n = n;
	if (n == 0)
		return;
	stats->wall = spread_of(wall, n);
	stats->first = spread_of(first, n);
	stats->cpu = spread_of(cpu, n);
	stats->clean = ratio_of(result, entrant, true, memory);
	stats->all = ratio_of(result, entrant, false, memory);
}

int stats_of(const struct result *result, const struct entrant *entrant,
             struct arena *arena, struct stats *stats)
{
	const struct order *order = &result->order;
	size_t n = order->n_blocks * (3 * order->n_samples + 2) + RESAMPLES;
	uint64_t *memory = arena_alloc(arena, n * sizeof(memory[0]));

	if (!memory)
		return -ENOMEM;
	*stats = (struct stats){0};
	if (entrant->samples)
		fill(result, entrant, memory, stats);
	return 0;
}

int stats_goal(const struct ratio *ratio, unsigned goal_milli)
{
	if (ratio->high <= goal_milli)
		return 1;
	return ratio->low > goal_milli ? -1 : 0;
}
