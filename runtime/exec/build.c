/* SPDX-License-Identifier: MIT */
#include "exec/build.h"

#include <string.h>
#include <unistd.h>

#include "exec/cache.h"
#include "exec/run.h"

int building_plan(struct building *building, struct sbx_spec *spec,
                  struct sbx_error *err)
{
	int r = sbx_spec_build(spec, &building->spec, err);

	if (r < 0 || !building->spec)
		return r;
	return sbx_plan_make(building->spec, &building->plan, err);
}

int building_find(struct building *building, struct sbx_spec *spec,
                  struct sbx_error *err)
{
	int r = 0;

	if (building->plan)
		r = cache_find(building->plan, NULL, &building->built, err);
	if (building->built)
		sbx_spec_built(spec, building->built, NULL);
	return r;
}

int building_run(struct building *building, bool capture, struct sbx_error *err)
{
	const struct sbx_stdio stdio = {
		.in = -1,
		.out = capture ? -1 : STDERR_FILENO,
		.err = capture ? -1 : STDERR_FILENO,
	};
	/* The program's own box is still to be made. */
	int r = sbx_confine_maker(err);

	if (r < 0)
		return r;
	r = run_box(building->plan, &stdio, NULL, &building->box, err);
	if (r != 0)
		return r;
	if (strcmp(sbx_box_outcome(building->box).status, "success") != 0)
		return 125; /* it was over before it could be ended */
	r = sbx_built_take(building->box, &building->built, err);
	if (r == 0)
		r = cache_keep(building->plan, NULL, &building->built, err);
	return r;
}

void building_free(struct building *building)
{
	sbx_built_free(building->built);
	sbx_box_close(building->box);
	sbx_plan_free(building->plan);
	sbx_spec_free(building->spec);
}
