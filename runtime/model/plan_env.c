/* SPDX-License-Identifier: MIT */
/*
 * The environment of a plan. What a profile says may have marks in it that
 * stand for what the run may use, so that runtimes which look at the host
 * learn of the limits instead:
 *
 *   {cpus}        whole processors, at least 1
 *   {memory}      bytes, and {memory_mib} the same in 1024 * 1024 of them
 *
 * A variable that asks for a memory without a limit is left out. What the
 * caller says is never changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/plan.h"

#define MARK_TEXT 24

struct mark {
	const char *name;
	/* Writes the value to text; false where there is none. */
	bool (*value)(const struct sbx_spec *spec, const struct facts *facts,
	              char *text);
};

static bool put_number(uint64_t number, char *text)
{
	(void)snprintf(text, MARK_TEXT, "%ju", (uintmax_t)number);
	return true;
}

static bool mark_cpus(const struct sbx_spec *spec, const struct facts *facts,
                      char *text)
{
	uint64_t milli = spec->limits[LIMIT_CPUS].value;
	uint64_t most = MAX(facts->n_cpus, 1);

	if (milli == LIMIT_OFF)
		return put_number(most, text);
	return put_number(MIN((milli + 999) / 1000, most), text);
}

static bool mark_memory(const struct sbx_spec *spec, const struct facts *facts,
                        char *text)
{
	uint64_t memory = spec->limits[LIMIT_MEMORY].value;

	(void)facts;
	return memory != LIMIT_OFF && put_number(memory, text);
}

static bool mark_memory_mib(const struct sbx_spec *spec,
                            const struct facts *facts, char *text)
{
	uint64_t memory = spec->limits[LIMIT_MEMORY].value;

	(void)facts;
	return memory != LIMIT_OFF && put_number(memory >> 20, text);
}

static const struct mark marks[] = {
	{"{cpus}", mark_cpus},
	{"{memory}", mark_memory},
	{"{memory_mib}", mark_memory_mib},
};

static const struct mark *find_mark(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strncmp(text, marks[i].name, strlen(marks[i].name)) == 0)
			return &marks[i];
	return NULL;
}

/* 1: *out is the variable; 0: it is left out; -ENOMEM. */
static int expand(struct sbx_plan *plan, const struct sbx_spec *spec,
                  const struct facts *facts, const char *variable, char **out)
{
	char *text = arena_strdup(&plan->arena, ""), value[MARK_TEXT];

	while (text && *variable) {
		size_t len = 1 + strcspn(variable + 1, "{");
		const struct mark *mark = find_mark(variable);

		if (mark && !mark->value(spec, facts, value))
			return 0;
		if (mark)
			len = strlen(mark->name);
		text = arena_printf(&plan->arena, "%s%.*s", text,
		                    mark ? MARK_TEXT : (int)len,
		                    mark ? value : variable);
		variable += len;
	}
	*out = text;
	return text ? 1 : -ENOMEM;
}

int plan_environment(struct sbx_plan *plan, const struct sbx_spec *spec,
                     const struct facts *facts, struct sbx_error *err)
{
	size_t n = 0;
	int r = 0;

	plan->envp = arena_alloc(&plan->arena,
	                         (spec->env.n + 1) * sizeof(*plan->envp));
	for (size_t i = 0; plan->envp && i < spec->env.n && r >= 0; i++) {
		const char *variable = spec->env.items[i];

		if (spec->env_origins[i] != ORIGIN_CALLER) {
			r = expand(plan, spec, facts, variable, &plan->envp[n]);
			n += r > 0;
			continue;
		}
		plan->envp[n] = arena_strdup(&plan->arena, variable);
		r = plan->envp[n++] ? 1 : -ENOMEM;
	}
	if (!plan->envp || r < 0)
		return err_say(err, SBX_STAGE_PLAN, ENOMEM, "no memory left");
	return 0;
}
