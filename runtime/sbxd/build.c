/* SPDX-License-Identifier: MIT */
#include "sbxd/build.h"

#include <errno.h>

#include "base/error.h"
#include "exec/cache.h"

struct build {
	struct sbx_spec *spec;
	struct sbx_plan *plan;
	struct sbx_box *box; /* once it is over, for the report */
	struct sbx_built *built;
};

int build_make(struct sbx_spec *spec, struct build **build,
               struct sbx_error *err)
{
	struct sbx_spec *own = NULL;
	struct build *made;
	int r = sbx_spec_build(spec, &own, err);

	if (r < 0 || !own)
		return r;
	made = calloc(1, sizeof(*made));
	if (!made) {
		sbx_spec_free(own);
		return err_memory(err, SBX_STAGE_PLAN);
	}
	made->spec = own;
	r = sbx_plan_make(own, &made->plan, err);
	if (r < 0)
		build_free(made);
	else
		*build = made;
	return r;
}

bool build_is_due(const struct build *build)
{
	return build && !build->built;
}

int build_find(struct build *build, struct sbx_spec *spec,
               const struct who *who, struct sbx_error *err)
{
	char name[WHO_PLACE];
	int r = cache_find(build->plan, who_place(who, name), &build->built,
	                   err);

	if (build->built)
		sbx_spec_built(spec, build->built, NULL);
	return r;
}

int build_start(const struct build *build, int output, struct sbx_box **box,
                struct sbx_error *err)
{
	const struct sbx_stdio stdio = {-1, output, output};
	int r = sbx_box_open(build->plan, box, err);

	return r < 0 ? r : sbx_box_start(*box, &stdio, err);
}

int build_take(struct build *build, struct sbx_spec *spec,
               const struct who *who, struct sbx_box *box,
               struct sbx_error *err)
{
	char name[WHO_PLACE];
	int r;

	build->box = box;
	r = sbx_built_take(box, &build->built, err);
	if (r == 0)
		r = cache_keep(build->plan, who_place(who, name), &build->built,
		               err);
	if (r == 0)
		sbx_spec_built(spec, build->built, build->box);
	return r;
}

void build_free(struct build *build)
{
	if (!build)
		return;
	sbx_built_free(build->built);
	sbx_box_close(build->box);
	sbx_plan_free(build->plan);
	sbx_spec_free(build->spec);
	free(build);
}
