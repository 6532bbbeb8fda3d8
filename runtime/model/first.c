/* SPDX-License-Identifier: MIT */
/* The spec of what comes before a run: of a build, which is the run's with
 * limits of its own, or of a check (check.c). */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "model/check.h"
#include "model/spec.h"

/* A build sees what the run sees and may write nothing of it. */
static int copy_binds(struct sbx_spec *build, const struct bind *bind)
{
	build->binds = NULL;
	build->last_bind = &build->binds;
	for (; bind; bind = bind->next) {
		struct bind *copy;

		if (bind->writable)
			continue;
		copy = arena_memdup(&build->arena, bind, sizeof(*bind));
		if (!copy)
			return -ENOMEM;
		copy->next = NULL;
		*build->last_bind = copy;
		build->last_bind = &copy->next;
	}
	return 0;
}

/* Whether a build or a check comes before the run. */
static bool goes_first(const struct sbx_spec *spec)
{
	if (spec->program.kind != PROGRAM_FILE &&
	    spec->program.kind != PROGRAM_CODE)
		return false;
	return spec->build.command.n || check_is_due(&spec->check);
}

int spec_first(const struct sbx_spec *spec, struct sbx_spec **first,
               struct sbx_error *err)
{
	struct sbx_spec *made;
	int r = check_usable(spec, err);

	*first = NULL;
	if (r < 0 || !goes_first(spec))
		return r;
	made = malloc(sizeof(*made));
	if (!made)
		return err_set(err, SBX_STAGE_SPEC, ENOMEM, "a spec");
	*made = *spec;
	made->arena = (struct arena){0};
	made->build.command = (struct strings){0};
	made->program.arguments = (struct strings){0};
	made->workdir.text = "/workspace";
	made->stdin_path.text = NULL;
	made->stdin_text = NULL;
	made->network = NETWORK_NONE;
	made->collect = (struct strings){0};
	made->session.text = NULL;
	made->session_state = NULL;
	if (spec->build.command.n) {
		made->role = ROLE_BUILD;
		made->command = spec->build.command;
		memcpy(made->limits, spec->build.limits, sizeof(made->limits));
	} else {
		r = check_spec(spec, made);
	}
	if (r == 0)
		r = copy_binds(made, spec->binds);
	if (r < 0) {
		sbx_spec_free(made);
		return err_set(err, SBX_STAGE_SPEC, ENOMEM, "a spec");
	}
	*first = made;
	return 0;
}
