/* SPDX-License-Identifier: MIT */
/*
 * Instructions of user mode, of everything in the box together. Its first
 * process opens the counters and gives them away before the program is there;
 * the kernel hands them down at each fork, and adds up.
 *
 * There is a signal for a counter that overflows, but of each process for
 * itself. So the sum is looked at, as CPU time is (measure.c), and the next
 * look is due when what is left could be used up at the most that processors
 * retire. A run is stopped late by what it retires in a millisecond or so; one
 * that has ended by then is judged by the same number.
 *
 * Where counters do not see, time does. Others may take turns with a counter:
 * what it missed is filled up in proportion. And the kernel takes the counters
 * from who executes a file that it may not read (begin_new_exec()), which a
 * program can make. CPU time without a counter is charged as the most that it
 * can have been worth.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/def.h"
#include "box/box.h"

/* No processor retires more: instructions a nanosecond, 8 a cycle at 6 GHz. */
#define RATE 48

#define SHORTEST NS_PER_MS

/* A process that begins or ends has no counter for a moment: a quarter of the
 * CPU time of a program that does nothing but fork. */
#define BLIND (50 * NS_PER_MS)

static bool is_hidden(uint64_t unseen_ns, uint64_t cpu_ns)
{
	return unseen_ns > BLIND + cpu_ns / 2;
}

static uint64_t most(uint64_t ns)
{
	return MIN(ns, UINT64_MAX / RATE) * RATE;
}

/* What the counters say, and at the most did not say. */
static uint64_t used(const struct pmu_sample *sample, uint64_t cpu_ns)
{
	uint64_t unseen = cpu_ns - MIN(cpu_ns, sample->seen_ns);
	uint64_t count = sample->count;

	if (sample->counted_ns == 0)
		count = most(sample->seen_ns);
	else if (sample->counted_ns < sample->seen_ns)
		count = (uint64_t)((double)count * (double)sample->seen_ns /
		                   (double)sample->counted_ns);
	return is_hidden(unseen, cpu_ns) ? count + most(unseen) : count;
}

static int look(struct sbx_box *box, uint64_t cpu_ns)
{
	struct pmu_sample sample;
	int r = pmu_read(box->counters, box->plan->pmu.n, &sample);

	if (r == 0)
		box->run.fuel = MAX(box->run.fuel, used(&sample, cpu_ns));
	return r;
}

void fuel_measure(struct sbx_box *box, uint64_t cpu_ns)
{
	int r;

	if (!box->run.counted)
		return;
	r = look(box, cpu_ns);
	if (r < 0)
		box_fail(box, -r, "count instructions");
	else if (fuel_is_spent(box))
		box_kill(box, CAUSE_FUEL);
}

bool fuel_is_spent(const struct sbx_box *box)
{
	return box->run.counted &&
	       box->run.fuel > box->plan->limits[LIMIT_FUEL].value;
}

uint64_t fuel_time_left(const struct sbx_box *box)
{
	uint64_t limit = box->plan->limits[LIMIT_FUEL].value;

	if (!box->run.counted)
		return UINT64_MAX;
	return MAX((limit - MIN(limit, box->run.fuel)) /
	                   (RATE * (uint64_t)box->processors),
	           SHORTEST);
}

void fuel_last(struct sbx_box *box)
{
	int r;

	if (!box->run.counted || !box->run.started)
		return;
	r = look(box, box->run.user_ns + box->run.system_ns);
	if (r < 0)
		box_fail(box, -r, "count instructions");
}
