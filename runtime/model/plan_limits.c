/* SPDX-License-Identifier: MIT */
/* Which limit is enforced by what: the cgroup where there is one, the kernel's
 * rlimits, the size of the tmpfs, the choice of processors, and the supervisor,
 * which measures and kills. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/parse.h"
#include "model/plan.h"

static const char *const enforcer_names[N_ENFORCERS] = {
	[ENFORCED_NOT] = "none",          [ENFORCED_CGROUP] = "cgroup",
	[ENFORCED_RLIMIT] = "rlimit",     [ENFORCED_TMPFS] = "tmpfs",
	[ENFORCED_AFFINITY] = "affinity", [ENFORCED_SUPERVISOR] = "supervisor",
	[ENFORCED_PMU] = "pmu",
};

/* Without a cgroup. */
static const enum enforcer enforcers[N_LIMITS] = {
	[LIMIT_WALL_TIME] = ENFORCED_SUPERVISOR,
	[LIMIT_CPU_TIME] = ENFORCED_SUPERVISOR,
	[LIMIT_IDLE_TIME] = ENFORCED_SUPERVISOR,
	[LIMIT_MEMORY] = ENFORCED_SUPERVISOR,
	[LIMIT_CPUS] = ENFORCED_AFFINITY,
	[LIMIT_PIDS] = ENFORCED_RLIMIT,
	[LIMIT_OUTPUT] = ENFORCED_SUPERVISOR,
	[LIMIT_DISK] = ENFORCED_TMPFS,
	[LIMIT_INODES] = ENFORCED_TMPFS,
	[LIMIT_OPEN_FILES] = ENFORCED_RLIMIT,
	[LIMIT_FILE_SIZE] = ENFORCED_RLIMIT,
	[LIMIT_STACK] = ENFORCED_RLIMIT,
	[LIMIT_FUEL] = ENFORCED_PMU,
};

const char *enforcer_name(enum enforcer enforcer)
{
	return enforcer_names[enforcer];
}

/* Every rlimit there is has a row, so that none of the caller's leaks in. A
 * row takes its value from a limit of the spec, or is fixed. */
struct rlimit_row {
	int resource;
	const char *name;
	int limit;    /* enum limit, or -1 */
	rlim_t fixed; /* without a limit */
	rlim_t unit;  /* divides the limit, rounding up */
	rlim_t more;  /* added to it */
};

static const struct rlimit_row rlimit_rows[N_PLAN_RLIMITS] = {
	/* The supervisor adds up the whole tree; this stops one process of it
         * even if the supervisor is late. */
	{RLIMIT_CPU, "RLIMIT_CPU", LIMIT_CPU_TIME, 0, NS_PER_S, 1},
	{RLIMIT_FSIZE, "RLIMIT_FSIZE", LIMIT_FILE_SIZE, 0, 1, 0},
	{RLIMIT_DATA, "RLIMIT_DATA", -1, RLIM_INFINITY, 1, 0},
	{RLIMIT_STACK, "RLIMIT_STACK", LIMIT_STACK, 0, 1, 0},
	/* Not 0: a handler that core_pattern pipes to runs, as root, for 0;
         * 1 byte keeps it and every core file away. */
	{RLIMIT_CORE, "RLIMIT_CORE", -1, 1, 1, 0},
	{RLIMIT_RSS, "RLIMIT_RSS", -1, RLIM_INFINITY, 1, 0},
	/* Counted in the box's own user namespace, pid 1 among them. */
	{RLIMIT_NPROC, "RLIMIT_NPROC", LIMIT_PIDS, 0, 1, 1},
	{RLIMIT_NOFILE, "RLIMIT_NOFILE", LIMIT_OPEN_FILES, 0, 1, 0},
	{RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", -1, 64 * 1024, 1, 0},
	/* Address space is not memory: node, go and java reserve far more
         * than they use. */
	{RLIMIT_AS, "RLIMIT_AS", -1, RLIM_INFINITY, 1, 0},
	{RLIMIT_LOCKS, "RLIMIT_LOCKS", -1, RLIM_INFINITY, 1, 0},
	{RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING", -1, 1024, 1, 0},
	{RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE", -1, 819200, 1, 0},
	{RLIMIT_NICE, "RLIMIT_NICE", -1, 0, 1, 0},
	{RLIMIT_RTPRIO, "RLIMIT_RTPRIO", -1, 0, 1, 0},
	{RLIMIT_RTTIME, "RLIMIT_RTTIME", -1, RLIM_INFINITY, 1, 0},
};

/* What a limit is as the value of an rlimit. One that the cgroup enforces is
 * left to it: its refusals are counted. */
static rlim_t rlimit_of(const struct plan_limit *limit,
                        const struct rlimit_row *row)
{
	if (limit->enforced_by == ENFORCED_NOT ||
	    limit->enforced_by == ENFORCED_CGROUP)
		return RLIM_INFINITY;
	return (limit->value + row->unit - 1) / row->unit + row->more;
}

static bool may_degrade(const struct sbx_spec *spec, enum limit limit)
{
	return spec->degraded_limits & (1u << limit);
}

/* Nobody can go above the hard limits that sbx was started with: an error of
 * the caller's who asked for more by name, and else a lower limit. */
static int lower(struct sbx_plan *plan, const struct rlimit_row *row,
                 const struct sbx_spec *spec, rlim_t hard,
                 struct sbx_error *err)
{
	struct plan_limit *limit = &plan->limits[row->limit];
	rlim_t most = MAX(hard, row->more) - row->more;
	const char *name = limit_name((enum limit)row->limit);

	if (limit->enforced_by == ENFORCED_NOT ||
	    limit->enforced_by == ENFORCED_CGROUP)
		return 0;
	if (most == 0)
		return err_say(err, SBX_STAGE_PLAN, EPERM,
		               "limits.%s: the hard limit that sbx itself was "
		               "started with (ulimit -H) leaves nothing: it is "
		               "%ju, and has to be %ju or more",
		               name, (uintmax_t)hard, (uintmax_t)row->more + 1);
	if (spec->limits[row->limit].origin == ORIGIN_CALLER &&
	    !may_degrade(spec, row->limit))
		return err_say(err, SBX_STAGE_PLAN, EPERM,
		               "limits.%s is above the hard limit that sbx "
		               "itself was started with (ulimit -H): give %ju "
		               "or less, or --allow-degraded %s",
		               name, (uintmax_t)most, name);
	limit->value = most * row->unit;
	return 0;
}

static int plan_rlimit(struct sbx_plan *plan, size_t i,
                       const struct sbx_spec *spec, const struct facts *facts,
                       struct sbx_error *err)
{
	const struct rlimit_row *row = &rlimit_rows[i];
	rlim_t value = row->fixed, hard = facts->hard[row->resource];
	int r = 0;

	if (row->limit >= 0)
		value = rlimit_of(&plan->limits[row->limit], row);
	if (row->limit >= 0 && value > hard)
		r = lower(plan, row, spec, hard, err);
	plan->rlimits[i] = (struct plan_rlimit){row->resource, row->name,
	                                        MIN(value, hard)};
	return r;
}

/* There are not more than there are: an error of the caller's who asked for
 * more by name, and else a lower limit. */
static int bound_cpus(struct sbx_plan *plan, const struct sbx_spec *spec,
                      const struct facts *facts, struct sbx_error *err)
{
	uint64_t most = (uint64_t)facts->n_cpus * 1000;
	struct plan_limit *limit = &plan->limits[LIMIT_CPUS];
	char text[24];

	if (limit->value == LIMIT_OFF || limit->value <= most)
		return 0;
	if (spec->limits[LIMIT_CPUS].origin == ORIGIN_CALLER &&
	    !may_degrade(spec, LIMIT_CPUS))
		return err_say(err, SBX_STAGE_PLAN, ERANGE,
		               "limits.cpus: %s is more than there are here, "
		               "%u: give that or less, none for all, or "
		               "--allow-degraded cpus",
		               format_milli(limit->value, text), facts->n_cpus);
	limit->value = most;
	return 0;
}

/* Whole processors are chosen, also for programs that count them. A part of
 * one takes a cgroup: without, an error, or rounded up where the caller said
 * that it may be. */
static int plan_cpus(struct sbx_plan *plan, const struct sbx_spec *spec,
                     const struct facts *facts, struct sbx_error *err)
{
	struct plan_limit *limit = &plan->limits[LIMIT_CPUS];
	uint64_t milli = limit->value;
	char text[24];

	if (milli == LIMIT_OFF)
		return 0;
	if (limit->enforced_by != ENFORCED_CGROUP && milli % 1000 &&
	    !may_degrade(spec, LIMIT_CPUS))
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "limits.cpus: %s needs a cgroup with the cpu "
		               "controller, and %s: give whole processors, or "
		               "--allow-degraded cpus to round it up",
		               format_milli(milli, text),
		               facts->no_cgroup ? facts->no_cgroup
		                                : "this one has none");
	milli = (milli + 999) / 1000 * 1000;
	if (limit->enforced_by != ENFORCED_CGROUP)
		limit->value = milli;
	plan->n_cpus = (unsigned)(milli / 1000);
	return 0;
}

/* There is nothing else to count instructions with: an error of whoever asked,
 * or a run without the limit where the caller said that it may be. */
static int plan_fuel(struct sbx_plan *plan, const struct sbx_spec *spec,
                     const struct facts *facts, struct sbx_error *err)
{
	struct plan_limit *limit = &plan->limits[LIMIT_FUEL];

	if (limit->value == LIMIT_OFF)
		return 0;
	if (facts->pmu.n > 0)
		plan->pmu = facts->pmu;
	else if (may_degrade(spec, LIMIT_FUEL))
		*limit = (struct plan_limit){LIMIT_OFF, ENFORCED_NOT};
	else
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "limits.fuel: %s, or --allow-degraded fuel to "
		               "run without this limit",
		               facts->no_pmu);
	return 0;
}

/* What a zygote's cgroup held would be held of all of its boxes together; and
 * they choose their processors of all there are. */
static void lift(struct sbx_plan *plan)
{
	plan->limits[LIMIT_CPUS] = (struct plan_limit){LIMIT_OFF, ENFORCED_NOT};
	plan->n_cpus = 0;
	plan->n_settings = 0;
}

int plan_limits(struct sbx_plan *plan, const struct sbx_spec *spec,
                const struct facts *facts, struct sbx_error *err)
{
	int r;

	for (size_t i = 0; i < N_LIMITS; i++) {
		uint64_t value = spec->limits[i].value;

		plan->limits[i].value = value;
		plan->limits[i].enforced_by =
			value == LIMIT_OFF ? ENFORCED_NOT : enforcers[i];
	}
	r = bound_cpus(plan, spec, facts, err);
	if (r == 0)
		r = plan_cgroup(plan, spec, facts, err);
	for (size_t i = 0; r == 0 && i < N_PLAN_RLIMITS; i++)
		r = plan_rlimit(plan, i, spec, facts, err);
	if (r == 0)
		r = plan_cpus(plan, spec, facts, err);
	if (r == 0)
		r = plan_fuel(plan, spec, facts, err);
	if (r == 0 && plan->zygote)
		lift(plan);
	return r;
}
