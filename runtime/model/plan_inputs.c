/* SPDX-License-Identifier: MIT */
/*
 * What is in the workspace before the program starts: its own text, and its
 * inputs. They come after the budget of the root tree is set, so they are the
 * program's: they count against its disk and its inodes.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/checks.h"
#include "model/plan_steps.h"

#define WORKSPACE "/workspace/"

/* A bind at the place of a file, above it or below it would be in its way, or
 * have it written on the host. */
static int check_binds(const struct sbx_spec *spec, const char *name,
                       const char *what, struct sbx_error *err)
{
	for (const struct bind *bind = spec->binds; bind; bind = bind->next) {
		const char *target = bind->target;

		if (!path_is_below(target, "/workspace"))
			continue;
		target += strlen(WORKSPACE);
		if (path_is_below(target, name) || path_is_below(name, target))
			return err_say(err, SBX_STAGE_PLAN, EEXIST,
			               "bind %s on %s: that is where %s "
			               "goes; name another target",
			               bind->source, bind->target, what);
	}
	return 0;
}

/* An input may be neither the program nor a directory of another. */
static int check_names(const struct sbx_spec *spec, const struct facts *facts,
                       const struct input *input, struct sbx_error *err)
{
	const struct input *other;

	if (facts->code && !spec->built &&
	    (path_is_below(input->name, facts->code_name) ||
	     path_is_below(facts->code_name, input->name)))
		return err_say(err, SBX_STAGE_PLAN, EEXIST,
		               "inputs: %s: that is where the program itself "
		               "goes; name it otherwise",
		               input->name);
	for (other = spec->inputs; other; other = other->next)
		if (other != input && path_is_below(other->name, input->name))
			return err_say(err, SBX_STAGE_PLAN, EEXIST,
			               "inputs: %s is a file, and cannot hold "
			               "%s",
			               input->name, other->name);
	return check_binds(spec, input->name, "an input", err);
}

static int add_code(struct sbx_plan *plan, const struct facts *facts,
                    struct sbx_error *err)
{
	const char *path =
		arena_printf(&plan->arena, WORKSPACE "%s", facts->code_name);
	void *code = arena_memdup(&plan->arena, facts->code, facts->code_len);

	if (!path || (!code && facts->code_len))
		return err_memory(err, SBX_STAGE_PLAN);
	add_file(plan, path, code, facts->code_len);
	return 0;
}

static int add_input(struct sbx_plan *plan, const struct input *input,
                     const struct input_file *file, struct sbx_error *err)
{
	struct step step = {
		.kind = input->source ? STEP_COPY : STEP_FILE,
		.path = arena_printf(&plan->arena, WORKSPACE "%s", input->name),
		.len = (size_t)file->size,
		.mode = file->executable ? 0755 : 0644,
	};

	if (!step.path || add_parents(plan, step.path) < 0)
		return err_memory(err, SBX_STAGE_PLAN);
	if (input->source) {
		step.source = arena_strdup(&plan->arena, input->source);
	} else {
		step.data = arena_memdup(&plan->arena, input->data, input->len);
		step.len = input->len;
	}
	if (!step.source && !step.data)
		return err_memory(err, SBX_STAGE_PLAN);
	add_step(plan, step);
	return 0;
}

/* Whether the limits have room for what the steps from first on make. */
static int check_room(const struct sbx_plan *plan, size_t first,
                      struct sbx_error *err)
{
	uint64_t disk = plan->tmpfs_bytes - plan->base_bytes;
	uint64_t inodes = plan->tmpfs_inodes - plan->base_inodes;
	uint64_t bytes = 0, n = 0;

	for (size_t i = first; i < MIN(plan->n_steps, plan->max_steps); i++) {
		bytes += plan_pages(plan->steps[i].len);
		n++;
	}
	if (plan->tmpfs_bytes && bytes > disk)
		return err_say(err, SBX_STAGE_PLAN, EFBIG,
		               "the program and its inputs are %ju bytes in "
		               "all, and limits.disk is %ju; --disk raises it",
		               (uintmax_t)bytes, (uintmax_t)disk);
	if (plan->tmpfs_inodes && n > inodes)
		return err_say(err, SBX_STAGE_PLAN, EFBIG,
		               "the program and its inputs are %ju files and "
		               "directories, and limits.inodes is %ju; "
		               "--inodes raises it",
		               (uintmax_t)n, (uintmax_t)inodes);
	return 0;
}

int plan_inputs(struct sbx_plan *plan, const struct sbx_spec *spec,
                const struct facts *facts, struct sbx_error *err)
{
	const struct input_file *file = facts->inputs;
	size_t first = plan->n_steps;
	int r = plan_strings(plan, &spec->collect, &plan->collect, err);

	if (r < 0)
		return r;
	if (facts->code && !spec->built) {
		r = check_binds(spec, facts->code_name, "the program itself",
		                err);
		if (r == 0)
			r = add_code(plan, facts, err);
	}
	for (const struct input *input = spec->inputs; input && r == 0;
	     input = input->next) {
		r = check_names(spec, facts, input, err);
		if (r == 0)
			r = add_input(plan, input, file++, err);
	}
	return r < 0 ? r : check_room(plan, first, err);
}
