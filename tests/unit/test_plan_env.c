/* SPDX-License-Identifier: MIT */
/* What a profile's environment says of limits is filled in; what the caller
 * says is not touched. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/def.h"
#include "model/fields.h"
#include "support/facts.h"

static const char *variable(const struct sbx_plan *plan, const char *key)
{
	size_t len = strlen(key);

	for (char **at = plan->envp; *at; at++)
		if (strncmp(*at, key, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return "(none)";
}

/* The plan of a spec with X=value said by a profile, or by the caller. */
static struct sbx_plan *plan_of(const char *x, enum origin origin,
                                const char *const *settings)
{
	struct sbx_spec *spec = made_spec(settings);
	struct sbx_plan *plan;
	struct sbx_error err = {0};
	struct facts facts = facts_root;

	facts.executable = "/usr/bin/ls";
	facts.n_cpus = 8;
	cr_assert_eq(sbx_spec_set(spec, "allow_degraded", "cpus", &err), 0);
	cr_assert_eq(field_set_text(spec, "env", x, origin, &err), 0, "%s",
	             err.text);
	cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s", err.text);
	sbx_spec_free(spec);
	return plan;
}

/* Each mark stands for what the run may use: whole processors of those that
 * the host has, and memory; nothing else between braces is one. */
Test(plan_env, marks_are_filled_in)
{
	static const struct {
		const char *text, *path, *limit, *expected;
	} rows[] = {
		{"X={cpus}", "limits.cpus", "2", "2"},
		{"X={cpus}", "limits.cpus", "99", "8"},
		{"X={cpus}", "limits.cpus", "none", "8"},
		{"X={memory}", "limits.memory", "64M", "67108864"},
		{"X={memory_mib}", "limits.memory", "64M", "64"},
		{"X=-m{memory_mib}M -j{cpus}", "limits.cpus", "3",
	         "-m512M -j3"},
		{"X={memory}", "limits.memory", "none", "(none)"},
		{"X={cpus}{cpus}", "limits.cpus", "1", "11"},
		{"X={file}{ {cpu} {", "limits.cpus", "1", "{file}{ {cpu} {"},
		{"X=", "limits.cpus", "1", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_plan *plan =
			plan_of(rows[i].text, ORIGIN_PROFILE,
		                SETTINGS(rows[i].path, rows[i].limit));

		cr_expect_str_eq(variable(plan, "X"), rows[i].expected,
		                 "row %zu: %s", i, variable(plan, "X"));
		cr_expect_str_eq(variable(plan, "HOME"), "/workspace");
		sbx_plan_free(plan);
	}
}

/* What the caller gives comes in byte for byte. */
Test(plan_env, the_callers_is_left_alone)
{
	struct sbx_plan *plan = plan_of("X={cpus} {memory}", ORIGIN_CALLER,
	                                SETTINGS("limits.memory", "none"));

	cr_expect_str_eq(variable(plan, "X"), "{cpus} {memory}");
	sbx_plan_free(plan);
}

/* Packages go behind what a variable has, each where its layer is; a variable
 * that nobody has set begins with them, and without packages there is none. */
Test(plan_env, says_where_packages_are)
{
	static const struct {
		const char *path, *packages[3], *expected;
	} rows[] = {
		{"X={package}/lib", {"a"}, "old:/packages/a/lib"},
		{"X={package}/lib",
	         {"a", "b"},
	         "old:/packages/a/lib:/packages/b/lib"},
		{"X={package}/a:{package}/b",
	         {"p"},
	         "old:/packages/p/a:/packages/p/b"},
		{"Y={package}", {"a", "b"}, "/packages/a:/packages/b"},
		{"X={package}/lib", {NULL}, "old"},
		{"Y={package}/lib", {NULL}, "(none)"},
	};
	struct sbx_error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbx_spec *spec = made_spec(NULL);
		const char *const layers[] = {"/srv/a", "/srv/b", NULL};
		struct facts facts = facts_root;
		struct sbx_plan *plan;
		char key[2] = {rows[i].path[0], '\0'};

		facts.executable = "/usr/bin/ls";
		facts.layers = layers;
		cr_assert_eq(sbx_spec_set(spec, "env", "X=old", &err), 0);
		cr_assert_eq(field_set_text(spec, "package_path", rows[i].path,
		                            ORIGIN_PROFILE, &err),
		             0, "%s", err.text);
		for (size_t k = 0; k < 3 && rows[i].packages[k]; k++)
			cr_assert_eq(sbx_spec_set(spec, "packages",
			                          rows[i].packages[k], &err),
			             0);
		cr_assert_eq(plan_build(spec, &facts, &plan, &err), 0, "%s",
		             err.text);
		cr_expect_str_eq(variable(plan, key), rows[i].expected,
		                 "row %zu: %s", i, variable(plan, key));
		sbx_plan_free(plan);
		sbx_spec_free(spec);
	}
}
