/* SPDX-License-Identifier: MIT */
#include "model/plan_steps.h"

#include <errno.h>
#include <string.h>

#include "model/built.h"

/* Room for one more; a plan without room stays as it is, and plan_root() sees
 * that n_steps has outgrown max_steps. */
static bool make_room(struct sbx_plan *plan)
{
	size_t max = plan->max_steps ? 2 * plan->max_steps : 64;
	struct step *steps;

	if (plan->n_steps < plan->max_steps)
		return true;
	if (plan->n_steps > plan->max_steps || max > PLAN_MAX_STEPS)
		return false;
	steps = arena_alloc(&plan->arena, max * sizeof(*steps));
	if (!steps)
		return false;
	if (plan->n_steps)
		memcpy(steps, plan->steps, plan->n_steps * sizeof(*steps));
	plan->steps = steps;
	plan->max_steps = max;
	return true;
}

void add_step(struct sbx_plan *plan, struct step step)
{
	step.replace =
		plan->session && strncmp(step.path, "/workspace/", 11) == 0;
	if (make_room(plan))
		plan->steps[plan->n_steps++] = step;
	else
		plan->n_steps = plan->max_steps + 1;
}

void add_directory(struct sbx_plan *plan, const char *path, mode_t mode)
{
	add_step(plan, (struct step){.kind = STEP_DIRECTORY,
	                             .path = path,
	                             .mode = mode});
}

void add_file(struct sbx_plan *plan, const char *path, const void *data,
              size_t len)
{
	add_step(plan, (struct step){.kind = STEP_FILE,
	                             .path = path,
	                             .data = data,
	                             .len = len,
	                             .mode = 0644});
}

void add_link(struct sbx_plan *plan, const char *path, const char *target)
{
	add_step(plan, (struct step){.kind = STEP_LINK,
	                             .path = path,
	                             .source = target});
}

void add_simple(struct sbx_plan *plan, enum step_kind kind, const char *path)
{
	add_step(plan, (struct step){.kind = kind, .path = path});
}

void add_bind(struct sbx_plan *plan, const char *source, const char *target,
              bool writable)
{
	add_step(plan, (struct step){.kind = STEP_BIND,
	                             .path = target,
	                             .source = source,
	                             .writable = writable});
}

/* Whether some step has made path, or attached a tree at or above it. A link
 * leads into one. */
static bool is_there(const struct sbx_plan *plan, const char *path)
{
	for (size_t i = 0; i < MIN(plan->n_steps, plan->max_steps); i++) {
		const struct step *step = &plan->steps[i];
		size_t len = strlen(step->path);

		if (strcmp(step->path, path) == 0)
			return true;
		if ((step->kind == STEP_BIND || step->kind == STEP_LINK) &&
		    strncmp(path, step->path, len) == 0 && path[len] == '/')
			return true;
	}
	return false;
}

uint64_t plan_pages(uint64_t len)
{
	const uint64_t page = 4096;

	return (len + page - 1) / page * page;
}

int add_parents(struct sbx_plan *plan, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		const char *parent = arena_strndup(&plan->arena, path,
		                                   (size_t)(slash - path));

		if (!parent)
			return -ENOMEM;
		if (!is_there(plan, parent))
			add_directory(plan, parent, 0755);
	}
	return 0;
}

/* The place for a bind: its parents and itself, where they are not there. A
 * place inside another tree of the host must be there already: the box makes
 * nothing in the host's directories. */
static int add_place(struct sbx_plan *plan, const char *path, bool directory)
{
	if (add_parents(plan, path) < 0)
		return -ENOMEM;
	if (is_there(plan, path))
		return 0;
	if (directory)
		add_directory(plan, path, 0755);
	else
		add_file(plan, path, NULL, 0);
	return 0;
}

/* A bind of the spec, and what it names. */
struct pair {
	const struct bind *bind;
	const struct bind_source *from;
};

/* A path sorts before all that is below it. */
static int compare_targets(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	return strcmp(left->bind->target, right->bind->target);
}

static int add_pair(struct sbx_plan *plan, const struct pair *pair)
{
	const char *source = arena_strdup(&plan->arena, pair->from->path);
	const char *target = arena_strdup(&plan->arena, pair->bind->target);

	if (!source || !target ||
	    add_place(plan, target, pair->from->directory) < 0)
		return -ENOMEM;
	add_bind(plan, source, target, pair->bind->writable);
	return 0;
}

int add_binds(struct sbx_plan *plan, const struct sbx_spec *spec,
              const struct bind_source *from)
{
	CLEANUP_FREE struct pair *pairs = NULL;
	const struct bind *bind;
	size_t n = 0;
	int r = 0;

	for (bind = spec->binds; bind; bind = bind->next)
		n++;
	pairs = calloc(n + 1, sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	n = 0;
	for (bind = spec->binds; bind; bind = bind->next, n++)
		pairs[n] = (struct pair){bind, &from[n]};
	qsort(pairs, n, sizeof(*pairs), compare_targets);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_pair(plan, &pairs[i]);
	return r;
}

/* A copy is on the root's own part of the tmpfs, which is sealed: nothing of
 * it can be written to. Its data stays where it is. */
static int add_built_copy(struct sbx_plan *plan, const struct sbx_built *built)
{
	for (size_t i = 0; i < built->n_entries; i++) {
		const struct built_entry *entry = &built->entries[i];
		const char *path = arena_printf(&plan->arena, BUILT_PLACE "/%s",
		                                entry->path);

		if (!path)
			return -ENOMEM;
		add_step(plan,
		         (struct step){.kind = entry->kind == BUILT_DIRECTORY
		                                       ? STEP_DIRECTORY
		                                       : STEP_FILE,
		                       .path = path,
		                       .data = entry->data,
		                       .len = entry->len,
		                       .mode = built_modes[entry->kind]});
	}
	return 0;
}

int add_built(struct sbx_plan *plan, const struct sbx_built *built)
{
	const char *place;

	if (!built)
		return 0;
	add_directory(plan, BUILT_PLACE, 0755);
	if (!built->place[0])
		return add_built_copy(plan, built);
	place = arena_strdup(&plan->arena, built->place);
	if (!place)
		return -ENOMEM;
	add_step(plan, (struct step){.kind = STEP_BIND,
	                             .path = BUILT_PLACE,
	                             .source = place,
	                             .device = built->device,
	                             .inode = built->inode});
	return 0;
}

void add_zygote(struct sbx_plan *plan, const struct zygote_files *files)
{
	if (!files)
		return;
	add_directory(plan, ZYGOTE_PLACE, 0755);
	add_file(plan, ZYGOTE_MODULE, files->module, files->module_len);
	add_file(plan, ZYGOTE_PLAN, files->plan, files->plan_len);
}
