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
static int expand(struct arena *arena, const struct sbx_spec *spec,
                  const struct facts *facts, const char *variable, char **out)
{
	char *text = arena_strdup(arena, ""), value[MARK_TEXT];

	while (text && *variable) {
		size_t len = 1 + strcspn(variable + 1, "{");
		const struct mark *mark = find_mark(variable);

		if (mark && !mark->value(spec, facts, value))
			return 0;
		if (mark)
			len = strlen(mark->name);
		text = arena_printf(arena, "%s%.*s", text,
		                    mark ? MARK_TEXT : (int)len,
		                    mark ? value : variable);
		variable += len;
	}
	*out = text;
	return text ? 1 : -ENOMEM;
}

/* "{package}" in the template stands for where each package is, one after
 * the other with colons between them, behind what the variable has. */
static int add_place(struct arena *arena, const struct sbx_spec *spec,
                     const char *variable, char **to)
{
	const char *equals = strchr(variable, '=');
	size_t key = (size_t)(equals - variable) + 1;
	char **at = to;

	while (*at && strncmp(*at, variable, key) != 0)
		at++;
	for (size_t i = 0; i < spec->packages.n; i++) {
		const char *part = equals + 1;
		char *text = arena_strdup(arena, *at ? *at : "");

		while (text && *part) {
			const char *mark = strstr(part, "{package}");
			size_t len =
				mark ? (size_t)(mark - part) : strlen(part);
			const char *open = !text[0] ? variable : ":";
			int n_open = !text[0] ? (int)key : part == equals + 1;

			text = arena_printf(
				arena, "%s%.*s%.*s%s%s", text, n_open, open,
				(int)len, part, mark ? PACKAGES_PLACE "/" : "",
				mark ? spec->packages.items[i] : "");
			part += len + (mark ? strlen("{package}") : 0);
		}
		if (!text)
			return -ENOMEM;
		*at = text;
	}
	return 0;
}

int plan_environment(const struct sbx_spec *spec, const struct facts *facts,
                     struct arena *arena, char ***envp, struct sbx_error *err)
{
	const struct strings *env = &spec->env, *more = &spec->package_path;
	char **list =
		arena_alloc(arena, (env->n + more->n + 1) * sizeof(*list));
	int r = list ? 0 : -ENOMEM;
	size_t n = 0;

	for (size_t i = 0; i < env->n && r >= 0; i++) {
		if (spec->env_origins[i] != ORIGIN_CALLER) {
			r = expand(arena, spec, facts, env->items[i], &list[n]);
			n += r > 0;
			continue;
		}
		list[n] = arena_strdup(arena, env->items[i]);
		r = list[n++] ? 1 : -ENOMEM;
	}
	for (size_t i = 0; i < more->n && r >= 0; i++)
		r = add_place(arena, spec, more->items[i], list);
	if (r < 0)
		return err_memory(err, SBX_STAGE_PLAN);
	*envp = list;
	return 0;
}

bool env_has(char *const *envp, const char *variable)
{
	for (; *envp; envp++)
		if (strcmp(*envp, variable) == 0)
			return true;
	return false;
}
