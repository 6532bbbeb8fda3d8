/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "support/facts.h"

TestSuite(plan_limits);

static rlim_t rlimit_of(const struct sbx_plan *plan, int resource)
{
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++)
		if (plan->rlimits[i].resource == resource)
			return plan->rlimits[i].value;
	return 12345;
}

/* Every resource that the kernel has is set, once, so that nothing of the
 * caller's leaks in. */
Test(plan_limits, sets_every_rlimit)
{
	struct sbx_plan *plan = made_plan(&facts_root, NULL);
	bool seen[RLIM_NLIMITS] = {false};

	cr_assert_eq(N_PLAN_RLIMITS, RLIM_NLIMITS);
	for (size_t i = 0; i < N_PLAN_RLIMITS; i++) {
		cr_assert_lt(plan->rlimits[i].resource, (int)RLIM_NLIMITS);
		cr_expect_not(seen[plan->rlimits[i].resource]);
		seen[plan->rlimits[i].resource] = true;
		cr_expect_eq(strncmp(plan->rlimits[i].name, "RLIMIT_", 7), 0);
	}
	cr_expect_eq(rlimit_of(plan, RLIMIT_CORE), 1);
	cr_expect_eq(rlimit_of(plan, RLIMIT_NICE), 0);
	cr_expect_eq(rlimit_of(plan, RLIMIT_RTPRIO), 0);
	cr_expect_eq(rlimit_of(plan, RLIMIT_AS), RLIM_INFINITY);
	sbx_plan_free(plan);
}

/* A limit and what it makes of an rlimit. */
Test(plan_limits, makes_rlimits)
{
	static const struct {
		const char *path, *value;
		int resource;
		rlim_t rlimit;
	} rows[] = {
		{"limits.cpu_time", "1s", RLIMIT_CPU, 2},
		{"limits.cpu_time", "1.001s", RLIMIT_CPU, 3},
		{"limits.cpu_time", "1ms", RLIMIT_CPU, 2},
		{"limits.cpu_time", "none", RLIMIT_CPU, RLIM_INFINITY},
		{"limits.pids", "1", RLIMIT_NPROC, 2},
		{"limits.pids", "none", RLIMIT_NPROC, RLIM_INFINITY},
		{"limits.open_files", "100", RLIMIT_NOFILE, 100},
		{"limits.file_size", "0", RLIMIT_FSIZE, 0},
		{"limits.file_size", "none", RLIMIT_FSIZE, RLIM_INFINITY},
		{"limits.disk", "1M", RLIMIT_FSIZE, 1 << 20},
		{"limits.stack", "64K", RLIMIT_STACK, 65536},
		{"limits.stack", "none", RLIMIT_STACK, RLIM_INFINITY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_plan *plan = made_plan(
			&facts_root, SETTINGS(rows[i].path, rows[i].value));

		cr_expect_eq(rlimit_of(plan, rows[i].resource), rows[i].rlimit,
		             "%s %s", rows[i].path, rows[i].value);
		sbx_plan_free(plan);
	}
}

/* Who enforces what; and nobody what is off. */
Test(plan_limits, says_who_enforces)
{
	static const char *const names[N_LIMITS] = {
		[LIMIT_WALL_TIME] = "supervisor",
		[LIMIT_CPU_TIME] = "supervisor",
		[LIMIT_IDLE_TIME] = "none",
		[LIMIT_MEMORY] = "supervisor",
		[LIMIT_CPUS] = "affinity",
		[LIMIT_PIDS] = "rlimit",
		[LIMIT_OUTPUT] = "supervisor",
		[LIMIT_DISK] = "tmpfs",
		[LIMIT_INODES] = "tmpfs",
		[LIMIT_OPEN_FILES] = "rlimit",
		[LIMIT_FILE_SIZE] = "rlimit",
		[LIMIT_STACK] = "rlimit",
		[LIMIT_FUEL] = "none",
	};
	struct sbx_plan *plan = made_plan(&facts_root, NULL);

	for (size_t i = 0; i < N_LIMITS; i++) {
		cr_expect_str_eq(enforcer_name(plan->limits[i].enforced_by),
		                 names[i], "%s", limit_name((enum limit)i));
		cr_expect_eq(plan->limits[i].enforced_by == ENFORCED_NOT,
		             plan->limits[i].value == LIMIT_OFF);
	}
	for (size_t i = 0; i < N_ENFORCERS; i++)
		cr_expect_not_null(enforcer_name((enum enforcer)i));
	sbx_plan_free(plan);
}

/* What may be weaker is lowered, as a default is. */
Test(plan_limits, degrades_to_hard_limits)
{
	struct sbx_spec *spec = made_spec(SETTINGS(
		"limits.open_files", "101", "allow_degraded", "open-files"));
	struct facts facts = facts_root;
	struct sbx_error err = {0};
	struct sbx_plan *plan = NULL;

	facts.executable = "/usr/bin/ls";
	facts.hard[RLIMIT_NOFILE] = 100;
	cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s", err.text);
	cr_expect_eq(rlimit_of(plan, RLIMIT_NOFILE), 100);
	cr_expect_eq(plan->limits[LIMIT_OPEN_FILES].value, 100);
	sbx_plan_free(plan);
	sbx_spec_free(spec);
}

/* Limits that sbx itself was started with: a default gives way to them, the
 * caller's own word is an error. */
Test(plan_limits, keeps_below_hard_limits)
{
	static const struct {
		const char *path, *value;
		int resource;
		rlim_t hard, rlimit;
		const char *fault;
	} rows[] = {
		{"hostname", "x", RLIMIT_CORE, 0, 0, NULL},
		{"hostname", "x", RLIMIT_AS, 1 << 30, 1 << 30, NULL},
		{"limits.open_files", "none", RLIMIT_NOFILE, 100, 100, NULL},
		{"limits.open_files", "100", RLIMIT_NOFILE, 100, 100, NULL},
		{"limits.open_files", "101", RLIMIT_NOFILE, 100, 0,
	         "limits.open_files is above the hard limit that sbx itself "
	         "was started with (ulimit -H): give 100 or less, or "
	         "--allow-degraded open_files"},
		{"limits.cpu_time", "20s", RLIMIT_CPU, 10, 0,
	         "limits.cpu_time is above the hard limit that sbx itself was "
	         "started with (ulimit -H): give 9 or less, or "
	         "--allow-degraded cpu_time"},
		{"limits.cpu_time", "1500ms", RLIMIT_CPU, 2, 0,
	         "limits.cpu_time is above the hard limit that sbx itself was "
	         "started with (ulimit -H): give 1 or less, or "
	         "--allow-degraded cpu_time"},
		{"limits.cpu_time", "500ms", RLIMIT_CPU, 1, 0,
	         "limits.cpu_time: the hard limit that sbx itself was started "
	         "with (ulimit -H) leaves nothing: it is 1, and has to be 2 or "
	         "more"},
		/* Not by name: there is nothing to be lowered to. */
		{"hostname", "x", RLIMIT_NPROC, 1, 0,
	         "limits.pids: the hard limit that sbx itself was started with "
	         "(ulimit -H) leaves nothing: it is 1, and has to be 2 or "
	         "more"},
		{"limits.file_size", "4097", RLIMIT_FSIZE, 4096, 0,
	         "limits.file_size is above the hard limit that sbx itself "
	         "was started with (ulimit -H): give 4096 or less, or "
	         "--allow-degraded file_size"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_spec *spec =
			made_spec(SETTINGS(rows[i].path, rows[i].value));
		struct facts facts = facts_root;
		struct sbx_error err = {0};
		struct sbx_plan *plan = NULL;

		facts.executable = "/usr/bin/ls";
		facts.hard[rows[i].resource] = rows[i].hard;
		cr_expect_eq(plan_build(spec, &facts, &plan, &err),
		             rows[i].fault ? -EPERM : 0, "row %zu", i);
		if (plan)
			cr_expect_eq(rlimit_of(plan, rows[i].resource),
			             rows[i].rlimit, "row %zu", i);
		cr_expect_str_eq(err.text, rows[i].fault ? rows[i].fault : "");
		sbx_plan_free(plan);
		sbx_spec_free(spec);
	}
}

/* Processors are chosen whole, as many as are asked for. More than there are,
 * and a part of one, are errors, unless they may be degraded, and then the plan
 * says what really holds. */
Test(plan_limits, chooses_processors)
{
	static const struct {
		const char *asked;
		bool degraded;
		unsigned there, chosen;
		uint64_t milli; /* 0: an error */
		int error;
	} rows[] = {
		{"1", false, 4, 1, 1000, 0},
		{"4", false, 4, 4, 4000, 0},
		{"0.5", true, 4, 1, 1000, 0},
		{"1.001", true, 4, 2, 2000, 0},
		{"2", true, 4, 2, 2000, 0},
		{"8", true, 4, 4, 4000, 0},
		{"none", false, 4, 0, LIMIT_OFF, 0},
		{"0.5", false, 4, 0, 0, -ENOTSUP},
		{"1.5", false, 4, 0, 0, -ENOTSUP},
		{"8", false, 4, 0, 0, -ERANGE},
		{"4.001", false, 4, 0, 0, -ERANGE},
		{"2", false, 1, 0, 0, -ERANGE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_spec *spec =
			made_spec(SETTINGS("limits.cpus", rows[i].asked));
		struct facts facts = facts_root;
		struct sbx_error err = {0};
		struct sbx_plan *plan = NULL;

		if (rows[i].degraded)
			cr_assert_eq(sbx_spec_set(spec, "allow_degraded",
			                          "cpus", &err),
			             0);
		facts.executable = "/usr/bin/ls";
		facts.n_cpus = rows[i].there;
		cr_expect_eq(plan_build(spec, &facts, &plan, &err),
		             rows[i].error, "row %zu", i);
		if (plan) {
			cr_expect_eq(plan->n_cpus, rows[i].chosen, "row %zu",
			             i);
			cr_expect_eq(plan->limits[LIMIT_CPUS].value,
			             rows[i].milli, "row %zu", i);
		} else {
			cr_expect_eq(strncmp(err.text, "limits.cpus: ", 13), 0);
			cr_expect_not_null(
				strstr(err.text, "--allow-degraded cpus"));
		}
		sbx_plan_free(plan);
		sbx_spec_free(spec);
	}
}

/* A profile is written for other hosts, too: what it asks for is lowered to
 * what there is. */
Test(plan_limits, lowers_the_processors_of_a_profile)
{
	struct sbx_spec *spec = made_spec(NULL);
	struct facts facts = facts_root;
	struct sbx_plan *plan = NULL;
	struct sbx_error err = {0};

	spec->limits[LIMIT_CPUS].value = 8000;
	facts.executable = "/usr/bin/ls";
	facts.n_cpus = 4;
	cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s", err.text);
	cr_expect_eq(plan->n_cpus, 4);
	cr_expect_eq(plan->limits[LIMIT_CPUS].value, 4000);
	sbx_plan_free(plan);
	sbx_spec_free(spec);
}

/* A default that gives way is reported as what holds. */
Test(plan_limits, says_what_holds_below_hard_limits)
{
	static const struct {
		int resource;
		rlim_t hard;
		enum limit limit;
		uint64_t value;
	} rows[] = {
		{RLIMIT_NOFILE, 100, LIMIT_OPEN_FILES, 100},
		{RLIMIT_NPROC, 10, LIMIT_PIDS, 9}, /* pid 1 is one */
		{RLIMIT_NPROC, 2, LIMIT_PIDS, 1},
		{RLIMIT_STACK, 1 << 20, LIMIT_STACK, 1 << 20},
		{RLIMIT_FSIZE, 4096, LIMIT_FILE_SIZE, 4096},
		{RLIMIT_CPU, 10, LIMIT_CPU_TIME, 9 * NS_PER_S},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct facts facts = facts_root;
		struct sbx_plan *plan;

		facts.hard[rows[i].resource] = rows[i].hard;
		plan = made_plan(&facts, NULL);
		cr_expect_eq(rlimit_of(plan, rows[i].resource), rows[i].hard,
		             "row %zu", i);
		cr_expect_eq(plan->limits[rows[i].limit].value, rows[i].value,
		             "row %zu", i);
		sbx_plan_free(plan);
	}
}

/* Instructions are counted by what the host has for it, of each kind of core.
 * Without, the limit is an error with the remedy, or is given up where it may
 * be; and where none is asked for, nothing is counted. */
Test(plan_limits, counts_instructions)
{
	static const char fault[] =
		"limits.fuel: this host is made up: mend it, or "
		"--allow-degraded fuel to run without this limit";
	static const struct {
		const char *asked;
		bool degraded;
		unsigned there, counted;
		uint64_t value;
		const char *by; /* NULL: an error */
	} rows[] = {
		{"7", false, 1, 1, 7, "pmu"},
		{"7", true, 2, 2, 7, "pmu"},
		{"none", false, 1, 0, LIMIT_OFF, "none"},
		{"none", false, 0, 0, LIMIT_OFF, "none"},
		{"7", true, 0, 0, LIMIT_OFF, "none"},
		{"7", false, 0, 0, 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_spec *spec =
			made_spec(SETTINGS("limits.fuel", rows[i].asked));
		struct facts facts = facts_root;
		struct sbx_error err = {0};
		struct sbx_plan *plan = NULL;

		if (rows[i].degraded)
			cr_assert_eq(sbx_spec_set(spec, "allow_degraded",
			                          "fuel", &err),
			             0, "%s", err.text);
		facts.executable = "/usr/bin/ls";
		facts.pmu = (struct pmu){rows[i].there, {8, 9}};
		facts.no_pmu = "this host is made up: mend it";
		cr_expect_eq(plan_build(spec, &facts, &plan, &err),
		             rows[i].by ? 0 : -ENOTSUP, "row %zu", i);
		cr_expect_str_eq(err.text, rows[i].by ? "" : fault);
		if (plan) {
			const struct plan_limit *fuel =
				&plan->limits[LIMIT_FUEL];

			cr_expect_eq(fuel->value, rows[i].value);
			cr_expect_str_eq(enforcer_name(fuel->enforced_by),
			                 rows[i].by);
			cr_expect_eq(plan->pmu.n, rows[i].counted, "row %zu",
			             i);
			cr_expect_eq(plan->pmu.types[0],
			             rows[i].counted ? 8 : 0);
		}
		sbx_plan_free(plan);
		sbx_spec_free(spec);
	}
}
