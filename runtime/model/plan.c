/* SPDX-License-Identifier: MIT */
/* spec + facts -> plan. Every choice is made here or in plan_root.c and
 * plan_limits.c; after this the launch only makes system calls. */
#include "model/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int plan_strings(struct sbx_plan *plan, const struct strings *from,
                 struct strings *to, struct sbx_error *err)
{
	const char **items =
		arena_alloc(&plan->arena, (from->n + 1) * sizeof(*items));

	if (!items)
		return err_memory(err, SBX_STAGE_PLAN);
	for (size_t i = 0; i < from->n; i++) {
		items[i] = arena_strdup(&plan->arena, from->items[i]);
		if (!items[i])
			return err_memory(err, SBX_STAGE_PLAN);
	}
	*to = (struct strings){items, from->n};
	return 0;
}

/* The argument for the program's file: its name, never taken for an option;
 * with its directory where the program starts in another. */
static char *file_argument(struct arena *arena, const char *template,
                           const char *workdir, const char *name)
{
	static const char mark[] = "{file}";
	const char *at = strstr(template, mark), *directory = "";

	if (!at)
		return arena_strdup(arena, template);
	if (strcmp(workdir, "/workspace") != 0)
		directory = "/workspace/";
	else if (at == template && name[0] == '-')
		directory = "./";
	return arena_printf(arena, "%.*s%s%s%s", (int)(at - template), template,
	                    directory, name, at + strlen(mark));
}

int plan_arguments(const struct sbx_spec *spec, const char *code_name,
                   struct arena *arena, char ***argv, struct sbx_error *err)
{
	const struct program *program = &spec->program;
	const struct strings *command = &spec->command;
	size_t n = 0, n_command = command->n;
	char **list;

	if (program->kind == PROGRAM_NONE)
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "there is no program to run");
	if (program->kind == PROGRAM_COMMAND)
		n_command = 0;
	else if (n_command == 0)
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "profile %s has no command to run a file with; "
		               "give --command, or a profile of a language",
		               spec->profile ? spec->profile : "base");
	list = arena_alloc(arena, (n_command + program->arguments.n + 1) *
	                                  sizeof(*list));
	if (!list)
		return err_memory(err, SBX_STAGE_PLAN);
	for (size_t i = 0; i < n_command; i++)
		list[n++] = file_argument(arena, command->items[i],
		                          spec->workdir.text, code_name);
	for (size_t i = 0; i < program->arguments.n; i++)
		list[n++] = arena_strdup(arena, program->arguments.items[i]);
	for (size_t i = 0; i < n; i++)
		if (!list[i])
			return err_memory(err, SBX_STAGE_PLAN);
	*argv = list;
	return 0;
}

/* The kernel's own bounds on what execve takes (fs/exec.c): one text, and all
 * of them with their pointers in a quarter of the stack limit. */
#define MAX_ARGUMENT  (32 * 4096)
#define MAX_ARGUMENTS (UINT64_C(6) << 20)

static int check_arguments(const struct sbx_plan *plan, struct sbx_error *err)
{
	char *const *const lists[] = {plan->argv, plan->envp};
	static const char *const names[] = {"argument", "environment variable"};
	uint64_t stack = plan->limits[LIMIT_STACK].value;
	uint64_t room = MIN(stack / 4, MAX_ARGUMENTS);
	uint64_t used = strlen(plan->executable) + 1;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		for (size_t i = 0; lists[l][i]; i++) {
			size_t len = strlen(lists[l][i]) + 1;

			used += len + sizeof(char *);
			if (len > MAX_ARGUMENT)
				return err_say(err, SBX_STAGE_PLAN, E2BIG,
				               "%s %zu is %zu bytes long; the "
				               "kernel takes %d",
				               names[l], i, len, MAX_ARGUMENT);
		}
	}
	if (used > room)
		return err_say(
			err, SBX_STAGE_PLAN, E2BIG,
			"arguments and environment are %ju bytes "
			"together; a stack of this size takes %ju: raise "
			"--stack up to 24M, or pass them in a file",
			(uintmax_t)used, (uintmax_t)room);
	return 0;
}

static int plan_program(struct sbx_plan *plan, const struct sbx_spec *spec,
                        const struct facts *facts, struct sbx_error *err)
{
	int r;

	r = plan_arguments(spec, facts->code_name, &plan->arena, &plan->argv,
	                   err);
	if (r == 0)
		r = plan_environment(spec, facts, &plan->arena, &plan->envp,
		                     err);
	if (r < 0)
		return r;
	for (size_t i = 1; i < spec->command.n && facts->code_name; i++)
		if (strcmp(spec->command.items[i], "{file}") == 0)
			plan->file_at = i;
	plan->executable = arena_strdup(&plan->arena, facts->executable);
	plan->workdir = arena_strdup(&plan->arena, spec->workdir.text);
	plan->hostname = arena_strdup(&plan->arena, spec->hostname.text);
	if (!plan->executable || !plan->workdir || !plan->hostname)
		return err_memory(err, SBX_STAGE_PLAN);
	if (spec->stdin_path.text) {
		plan->stdin_path =
			arena_strdup(&plan->arena, spec->stdin_path.text);
		if (!plan->stdin_path)
			return err_memory(err, SBX_STAGE_PLAN);
	}
	if (spec->stdin_text) {
		plan->stdin_len = spec->stdin_len;
		plan->stdin_text = arena_memdup(&plan->arena, spec->stdin_text,
		                                spec->stdin_len);
		if (!plan->stdin_text)
			return err_memory(err, SBX_STAGE_PLAN);
	}
	if (facts->code)
		text_sha256(facts->code, facts->code_len, plan->code_sha256);
	return check_arguments(plan, err);
}

/* Rule sets that open a way round a limit or a wall, unless something else
 * closes it: in every run where that is so, in no other. */
struct conditional_set {
	const char *name;
	bool (*is_safe)(const struct sbx_plan *plan,
	                const struct sbx_spec *spec);
	const char *why_not;
};

static bool has_no_bind(const struct sbx_plan *plan,
                        const struct sbx_spec *spec)
{
	(void)plan;
	return !spec->binds;
}

static bool has_no_writable_bind(const struct sbx_plan *plan,
                                 const struct sbx_spec *spec)
{
	(void)plan;
	for (const struct bind *bind = spec->binds; bind; bind = bind->next)
		if (bind->writable)
			return false;
	return true;
}

static bool sees_all_memory(const struct sbx_plan *plan,
                            const struct sbx_spec *spec)
{
	(void)spec;
	return plan->limits[LIMIT_MEMORY].enforced_by != ENFORCED_SUPERVISOR;
}

static bool chooses_no_cpus(const struct sbx_plan *plan,
                            const struct sbx_spec *spec)
{
	(void)spec;
	return plan->limits[LIMIT_CPUS].enforced_by != ENFORCED_AFFINITY;
}

static const struct conditional_set conditional_sets[] = {
	{"unix", has_no_bind,
         "a socket of the host's below a bind would answer"},
	{"setid", has_no_writable_bind,
         "another user of the host could run a setuid file below a bind"},
	{"memfd", sees_all_memory,
         "its memory shows in no process, so limits.memory would not hold"},
	{"affinity", chooses_no_cpus,
         "the program could lift limits.cpus, which affinity enforces"},
};

static int plan_filter(struct sbx_plan *plan, const struct sbx_spec *spec,
                       struct sbx_error *err)
{
	const char **names, *usual[] = {"base", "threads"};
	struct strings sets = spec->seccomp;
	size_t n = 0;

	if (sets.n == 0)
		sets = (struct strings){usual, ARRAY_SIZE(usual)};
	if (!strings_have(&sets, "base"))
		return err_say(err, SBX_STAGE_PLAN, EINVAL,
		               "seccomp: \"base\" is missing: without its "
		               "calls no program starts");
	names = arena_alloc(&plan->arena,
	                    (sets.n + ARRAY_SIZE(conditional_sets) + 1) *
	                            sizeof(*names));
	if (!names)
		return err_memory(err, SBX_STAGE_PLAN);
	for (; n < sets.n; n++) {
		names[n] = arena_strdup(&plan->arena, sets.items[n]);
		if (!names[n])
			return err_memory(err, SBX_STAGE_PLAN);
	}
	for (size_t i = 0; i < ARRAY_SIZE(conditional_sets); i++) {
		const struct conditional_set *set = &conditional_sets[i];
		bool asked = strings_have(&sets, set->name);

		if (set->is_safe(plan, spec)) {
			if (!asked)
				names[n++] = set->name;
		} else if (asked) {
			return err_say(err, SBX_STAGE_PLAN, EINVAL,
			               "seccomp: \"%s\" may not be in this "
			               "run: %s",
			               set->name, set->why_not);
		}
	}
	plan->seccomp = (struct strings){names, n};
	return plan->zygote ? filter_compile_zygote(names, plan->filter,
	                                            &plan->n_filter, err)
	                    : filter_compile(names, plan->filter,
	                                     &plan->n_filter, err);
}

static int build(struct sbx_plan *plan, const struct sbx_spec *spec,
                 const struct facts *facts, struct sbx_error *err)
{
	int r;

	plan->privileged = facts->privileged;
	plan->range = facts->range;
	plan->uid = facts->uid;
	plan->gid = facts->gid;
	plan->network = spec->network;
	plan->output_action = spec->output_action;
	plan->zygote = spec->zygote;
	plan->role = spec->role;
	plan->has_binds = spec->binds;
	plan->is_built = spec->built;
	plan->first_plan = spec->first_plan;
	plan->first_run = spec->first_run;
	plan->rootfs = arena_strdup(&plan->arena, spec->rootfs);
	if (spec->profile)
		plan->profile = arena_strdup(&plan->arena, spec->profile);
	if (!plan->rootfs || (spec->profile && !plan->profile))
		return err_memory(err, SBX_STAGE_PLAN);
	r = plan_strings(plan, &spec->preload, &plan->preload, err);
	if (r == 0)
		r = plan_limits(plan, spec, facts, err);
	if (r == 0)
		r = plan_program(plan, spec, facts, err);
	if (r == 0)
		r = plan_check(plan, spec, facts, err);
	if (r == 0)
		r = plan_filter(plan, spec, err);
	if (r == 0)
		r = plan_root(plan, spec, facts, err);
	return r;
}

int plan_build(const struct sbx_spec *spec, const struct facts *facts,
               struct sbx_plan **plan, struct sbx_error *err)
{
	struct sbx_plan *made;
	int r;

	made = calloc(1, sizeof(*made));
	if (!made)
		return err_memory(err, SBX_STAGE_PLAN);
	r = build(made, spec, facts, err);
	if (r < 0) {
		sbx_plan_free(made);
		return r;
	}
	*plan = made;
	return 0;
}

void sbx_plan_free(struct sbx_plan *plan)
{
	if (!plan)
		return;
	arena_free(&plan->arena);
	free(plan);
}
