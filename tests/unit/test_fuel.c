/* SPDX-License-Identifier: MIT */
/* What counters say and what becomes of it; files stand in for the counters. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/def.h"
#include "box/box.h"
#include "support/facts.h"
#include "support/scratch.h"

TestSuite(fuel, .init = scratch_make, .fini = scratch_remove);

#define LIMIT 1000000

/* A box whose counters say each of the samples once, and then no more. */
static struct sbx_box make_box(const uint64_t (*samples)[3], size_t n)
{
	struct facts facts = facts_root;
	struct sbx_box box = box_closed;

	facts.pmu = (struct pmu){.n = 1};
	box.plan = made_plan(&facts, SETTINGS("limits.fuel", "1000000"));
	box.counters[0] = open(
		scratch_file("counter", samples, n * sizeof(*samples), 0644),
		O_RDONLY | O_CLOEXEC);
	box.run.counted = box.run.started = true;
	box.processors = 2;
	return box;
}

static void drop_box(struct sbx_box *box)
{
	(void)close(box->counters[0]);
	sbx_plan_free((struct sbx_plan *)box->plan);
}

/* A row is what the counter says, the CPU time of the box, and what is made of
 * it. */
struct row {
	uint64_t sample[3]; /* count, time with a counter, time counted */
	uint64_t cpu_ns, fuel;
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sbx_box box = make_box(&rows[i].sample, 1);

		fuel_measure(&box, rows[i].cpu_ns);
		cr_expect_eq(box.run.fuel, rows[i].fuel, "row %zu: %ju", i,
		             (uintmax_t)box.run.fuel);
		cr_expect_eq(fuel_is_spent(&box), rows[i].fuel > LIMIT);
		cr_expect_eq(box.run.cause == CAUSE_FUEL, rows[i].fuel > LIMIT);
		cr_expect_not(box.failed);
		drop_box(&box);
	}
}

/* A count is exact where a counter has seen it all. To use all that there is,
 * is to stay within the limit. */
Test(fuel, takes_counts_as_they_are)
{
	static const struct row rows[] = {
		{{0, 0, 0}, 0, 0},
		{{0, 0, 0}, 50 * NS_PER_MS, 0},
		{{12345, 1000, 1000}, 1000, 12345},
		{{LIMIT, 1000, 1000}, 1000, LIMIT},
		{{LIMIT + 1, 1000, 1000}, 1000, LIMIT + 1},
		{{UINT64_MAX, 1000, 1000}, 1000, UINT64_MAX},
	};

	check(rows, ARRAY_SIZE(rows));
}

/* Who shares a counter with others is charged for the turns of these as for its
 * own; who never has a turn, the most. */
Test(fuel, fills_up_what_was_missed)
{
	static const struct row rows[] = {
		{{1000, 400, 200}, 400, 2000},
		{{1000, 300, 100}, 300, 3000},
		{{0, 1000, 0}, 1000, 48000},
	};

	check(rows, ARRAY_SIZE(rows));
}

/* A moment without a counter is nothing, nor is half of the time; more is
 * charged, all of it. */
Test(fuel, charges_what_is_hidden)
{
	static const struct row rows[] = {
		{{7, NS_PER_MS, NS_PER_MS}, 51 * NS_PER_MS, 7},
		{{7, NS_PER_S, NS_PER_S}, 2 * NS_PER_S, 7},
		{{7, NS_PER_S, NS_PER_S}, 3 * NS_PER_S, 7 + 96 * NS_PER_S},
		{{0, 0, 0}, NS_PER_S, 48 * NS_PER_S},
		{{0, 0, 0}, UINT64_MAX, UINT64_MAX / 48 * 48},
	};

	check(rows, ARRAY_SIZE(rows));
}

/* What was used does not grow less, and the first cause stays. */
Test(fuel, only_grows)
{
	static const uint64_t samples[][3] = {
		{500, 10, 10}, {400, 10, 10}, {LIMIT + 9, 10, 10}};
	struct sbx_box box = make_box(samples, ARRAY_SIZE(samples));

	fuel_measure(&box, 10);
	fuel_measure(&box, 10);
	cr_expect_eq(box.run.fuel, 500);
	box.run.cause = CAUSE_WALL_TIME;
	fuel_last(&box);
	cr_expect_eq(box.run.fuel, LIMIT + 9);
	cr_expect(fuel_is_spent(&box));
	cr_expect_eq(box.run.cause, CAUSE_WALL_TIME);
	drop_box(&box);
}

/* What cannot be counted is not let go on. */
Test(fuel, fails_closed)
{
	struct sbx_box box = make_box(NULL, 0);

	fuel_measure(&box, 10);
	cr_expect(box.failed);
	cr_expect_str_eq(box.failure.text,
	                 "count instructions: Input/output error");
	drop_box(&box);
}

/* The next look is due before the rest can be used up, by all processors at
 * their fastest, and not all the time. */
Test(fuel, looks_again_in_time)
{
	static const struct {
		uint64_t limit, used, ns;
	} rows[] = {
		{UINT64_C(9600000000), 0, 100 * NS_PER_MS},
		{UINT64_C(9600000000), UINT64_C(4800000000), 50 * NS_PER_MS},
		{UINT64_C(9600000000), UINT64_C(9600000000), NS_PER_MS},
		{UINT64_C(9600000000), UINT64_C(9900000000), NS_PER_MS},
		{1, 0, NS_PER_MS},
	};
	struct sbx_box box = make_box(NULL, 0);
	struct sbx_plan *plan = (struct sbx_plan *)box.plan;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		plan->limits[LIMIT_FUEL].value = rows[i].limit;
		box.run.fuel = rows[i].used;
		cr_expect_eq(fuel_time_left(&box), rows[i].ns, "row %zu", i);
	}
	box.run.counted = false;
	cr_expect_eq(fuel_time_left(&box), UINT64_MAX, "no such limit");
	drop_box(&box);
}
