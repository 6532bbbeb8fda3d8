/* SPDX-License-Identifier: MIT */
/* The run's cgroup: what is written to it, and which limits it takes over from
 * those that enforce them without one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/plan.h"

static void put_plain(uint64_t value, char text[32])
{
	(void)snprintf(text, 32, "%ju", (uintmax_t)value);
}

/* Pid 1 of the sandbox is in the cgroup, too. */
static void put_pids(uint64_t value, char text[32])
{
	put_plain(value + 1, text);
}

/* Microseconds in a period; the kernel takes no quota below 1 ms and no period
 * above 1 s. */
static void put_cpus(uint64_t milli, char text[32])
{
	uint64_t period = milli < 10 ? 1000000 : 100000;

	(void)snprintf(text, 32, "%ju %ju", (uintmax_t)(milli * period / 1000),
	               (uintmax_t)period);
}

/* One limit, one file. */
struct cgroup_row {
	enum limit limit;
	enum controller controller;
	const char *file;
	void (*put)(uint64_t value, char text[32]);
};

static const struct cgroup_row rows[] = {
	{LIMIT_MEMORY, CONTROLLER_MEMORY, "memory.max", put_plain},
	{LIMIT_PIDS, CONTROLLER_PIDS, "pids.max", put_pids},
	{LIMIT_CPUS, CONTROLLER_CPU, "cpu.max", put_cpus},
};

static void add_setting(struct sbx_plan *plan, const char *file,
                        const char *text)
{
	struct plan_setting *setting = &plan->settings[plan->n_settings++];

	setting->file = file;
	(void)snprintf(setting->text, sizeof(setting->text), "%s", text);
}

static void take_over(struct sbx_plan *plan, const struct cgroup_row *row)
{
	struct plan_limit *limit = &plan->limits[row->limit];
	char text[32];

	if (!(plan->cgroup.controllers & (1u << row->controller)) ||
	    limit->enforced_by == ENFORCED_NOT)
		return;
	limit->enforced_by = ENFORCED_CGROUP;
	row->put(limit->value, text);
	add_setting(plan, row->file, text);
}

static int no_cgroup(const struct sbx_spec *spec, const struct facts *facts,
                     struct sbx_error *err)
{
	const char *asked = spec->cgroup.text;
	bool required = spec->require & (1u << LAYER_CGROUP);
	bool named = strcmp(asked, "auto") != 0 && strcmp(asked, "none") != 0;

	if (!required &&
	    (!named || spec->degraded_layers & (1u << LAYER_CGROUP)))
		return 0;
	if (strcmp(asked, "none") == 0)
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "cgroup is required, and --cgroup none rules "
		               "it out: drop one of the two");
	return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
	               "cgroup is %s: %s. Start it with systemd-run --user "
	               "--scope -p Delegate=yes, or name one with --cgroup; "
	               "sbx-check cgroup says what is in the way",
	               required ? "required" : "asked for", facts->no_cgroup);
}

int plan_cgroup(struct sbx_plan *plan, const struct sbx_spec *spec,
                const struct facts *facts, struct sbx_error *err)
{
	if (!facts->cgroup.path)
		return no_cgroup(spec, facts, err);
	plan->cgroup = facts->cgroup;
	plan->cgroup.path = arena_strdup(&plan->arena, facts->cgroup.path);
	if (!plan->cgroup.path)
		return err_memory(err, SBX_STAGE_PLAN);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		take_over(plan, &rows[i]);
	/* What does not fit is not put elsewhere; who exceeds the limit dies
	 * with all that belongs to it. */
	add_setting(plan, "memory.swap.max", "0");
	add_setting(plan, "memory.oom.group", "1");
	return 0;
}
