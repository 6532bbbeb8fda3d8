/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include "base/clock.h"
#include "base/def.h"

#define HEADROOM 2

/* Of an eighth of the value are the steps that it is rounded to. */
#define STEPS 8

#define MIB ((uint64_t)1 << 20)

/* The least that is given, and the smallest step. What runs in a fraction of a
 * second takes many times that on a busy host. */
static const struct limits_row {
	uint64_t least, unit;
} rows[N_LIMITS] = {
	[LIMIT_WALL_TIME] = {5 * NS_PER_S, NS_PER_S},
	[LIMIT_CPU_TIME] = {2 * NS_PER_S, NS_PER_S},
	[LIMIT_MEMORY] = {64 * MIB, MIB},
	[LIMIT_PIDS] = {4, 1},
	[LIMIT_OUTPUT] = {MIB / 16, MIB / 256},
	[LIMIT_DISK] = {MIB, MIB},
};

bool limits_learned(enum limit limit)
{
	return rows[limit].unit != 0;
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	uint64_t step = unit;

	while (step <= value / STEPS / 2)
		step *= 2;
	return (value + step - 1) / step * step;
}

uint64_t limits_fit(enum limit limit, uint64_t used, uint64_t own)
{
	const struct limits_row *row = &rows[limit];

	if (!limits_learned(limit) || used >= LIMIT_OFF / HEADROOM / 2)
		return own;
	return MIN(own, MAX(row->least, round_up(used * HEADROOM, row->unit)));
}
