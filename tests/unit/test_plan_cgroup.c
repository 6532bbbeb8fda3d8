/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/facts.h"

TestSuite(plan_cgroup);

static const char *setting(const struct sbx_plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->n_settings; i++)
		if (strcmp(plan->settings[i].file, file) == 0)
			return plan->settings[i].text;
	return "(none)";
}

/* A limit, and what it makes of the cgroup and of the rlimit that would
 * enforce it without one. */
Test(plan_cgroup, makes_settings)
{
	static const struct {
		const char *path, *value, *file, *text;
	} rows[] = {
		{"hostname", "x", "memory.max", "536870912"},
		{"hostname", "x", "memory.swap.max", "0"},
		{"hostname", "x", "memory.oom.group", "1"},
		{"hostname", "x", "pids.max", "65"},
		{"hostname", "x", "cpu.max", "100000 100000"},
		{"limits.memory", "64M", "memory.max", "67108864"},
		{"limits.memory", "none", "memory.max", "(none)"},
		{"limits.memory", "none", "memory.swap.max", "0"},
		{"limits.pids", "1", "pids.max", "2"},
		{"limits.pids", "none", "pids.max", "(none)"},
		{"limits.cpus", "0.5", "cpu.max", "50000 100000"},
		{"limits.cpus", "0.01", "cpu.max", "1000 100000"},
		{"limits.cpus", "0.001", "cpu.max", "1000 1000000"},
		{"limits.cpus", "4", "cpu.max", "400000 100000"},
		{"limits.cpus", "none", "cpu.max", "(none)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_plan *plan = made_plan(
			&facts_cgroup, SETTINGS(rows[i].path, rows[i].value));

		cr_expect_str_eq(setting(plan, rows[i].file), rows[i].text,
		                 "%s %s", rows[i].path, rows[i].value);
		sbx_plan_free(plan);
	}
}

/* It takes over what is enforced less well without it, and nothing else. A
 * part of a processor is a limit then, of a program that sees one whole. */
Test(plan_cgroup, enforces)
{
	struct sbx_plan *without = made_plan(&facts_user, NULL);
	struct sbx_plan *with =
		made_plan(&facts_cgroup, SETTINGS("limits.cpus", "1.5"));

	for (size_t i = 0; i < N_LIMITS; i++) {
		bool taken =
			i == LIMIT_MEMORY || i == LIMIT_CPUS || i == LIMIT_PIDS;

		cr_expect_eq(with->limits[i].enforced_by,
		             taken ? ENFORCED_CGROUP
		                   : without->limits[i].enforced_by,
		             "%s", limit_name((enum limit)i));
	}
	cr_expect_eq(with->limits[LIMIT_CPUS].value, 1500);
	cr_expect_eq(with->n_cpus, 2);
	sbx_plan_free(without);
	sbx_plan_free(with);
}

static bool has_set(const struct sbx_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->seccomp.n; i++)
		if (strcmp(plan->seccomp.items[i], name) == 0)
			return true;
	return false;
}

/* What only a cgroup accounts for is allowed with one. */
Test(plan_cgroup, allows_what_it_accounts_for)
{
	static const char *const sets[] = {"memfd", "affinity"};
	struct sbx_plan *without = made_plan(&facts_user, NULL);
	struct sbx_plan *with = made_plan(&facts_cgroup, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		cr_expect(has_set(with, sets[i]), "%s", sets[i]);
		cr_expect_not(has_set(without, sets[i]), "%s", sets[i]);
	}
	sbx_plan_free(without);
	sbx_plan_free(with);
}

/* A cgroup without the cpu controller: processors are chosen as without one. */
Test(plan_cgroup, does_without_cpu)
{
	struct facts facts = facts_cgroup;
	struct sbx_plan *plan;

	facts.cgroup.controllers &= ~(1u << CONTROLLER_CPU);
	plan = made_plan(&facts, NULL);
	cr_expect_str_eq(setting(plan, "cpu.max"), "(none)");
	cr_expect_eq(plan->limits[LIMIT_CPUS].enforced_by, ENFORCED_AFFINITY);
	cr_expect_not(has_set(plan, "affinity"));
	sbx_plan_free(plan);
}

/* What was asked for by name and is not there is refused, unless the caller
 * said that it may be weaker. */
Test(plan_cgroup, is_required)
{
	static const struct {
		const char *cgroup, *require, *degraded;
		const char *fault; /* NULL: it runs */
	} rows[] = {
		{"auto", "namespaces", "cpus", NULL},
		{"none", "seccomp", "cpus", NULL},
		{"systemd", "namespaces", "cgroup", NULL},
		{"/sys/fs/cgroup/x", "namespaces", "cgroup", NULL},
		{"auto", "cgroup", "cpus",
	         "cgroup is required: no cgroup is delegated to sbx here. "
	         "Start it with systemd-run --user --scope -p Delegate=yes, "
	         "or name one with --cgroup; sbx-check cgroup says what is in "
	         "the "
	         "way"},
		{"auto", "cgroup", "cgroup",
	         "cgroup is required: no cgroup is delegated to sbx here. "
	         "Start it with systemd-run --user --scope -p Delegate=yes, "
	         "or name one with --cgroup; sbx-check cgroup says what is in "
	         "the "
	         "way"},
		{"systemd", "namespaces", "cpus",
	         "cgroup is asked for: no cgroup is delegated to sbx here. "
	         "Start it with systemd-run --user --scope -p Delegate=yes, "
	         "or name one with --cgroup; sbx-check cgroup says what is in "
	         "the "
	         "way"},
		{"none", "cgroup", "cpus",
	         "cgroup is required, and --cgroup none rules it out: drop "
	         "one of the two"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_spec *spec = made_spec(SETTINGS(
			"cgroup", rows[i].cgroup, "require", rows[i].require,
			"allow_degraded", rows[i].degraded));
		struct facts facts = facts_user;
		struct sbx_plan *plan = NULL;
		struct sbx_error err = {0};

		facts.executable = "/usr/bin/ls";
		cr_expect_eq(plan_build(spec, &facts, &plan, &err) == 0,
		             !rows[i].fault, "row %zu: %s", i, err.text);
		cr_expect_str_eq(err.text, rows[i].fault ? rows[i].fault : "");
		sbx_plan_free(plan);
		sbx_spec_free(spec);
	}
}
