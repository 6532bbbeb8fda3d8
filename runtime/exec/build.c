/* SPDX-License-Identifier: MIT */
#include "exec/build.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"
#include "exec/run.h"

/* The caller's own directory for what is kept: false where there is none, as
 * for a user without a home. */
static bool find_cache(char path[PATH_MAX])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	static const char *const below[] = {"", "/sbx", "/build"};
	struct stat st;
	int len = 0;

	if (cache && cache[0] == '/')
		len = snprintf(path, PATH_MAX, "%s", cache);
	else if (home && home[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/.cache", home);
	if (len <= 0 || len > PATH_MAX - 16)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		(void)strcat(path, below[i]);
		(void)mkdir(path, 0700);
		/* The environment may name somebody else's. */
		if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    st.st_uid != geteuid() || access(path, W_OK) < 0)
			return false;
	}
	return true;
}

int building_plan(struct building *building, const struct sbx_spec *spec,
                  struct sbx_error *err)
{
	int r = sbx_spec_build(spec, &building->spec, err);

	if (r < 0 || !building->spec)
		return r;
	return sbx_plan_make(building->spec, &building->plan, err);
}

int building_run(struct building *building, bool capture, struct sbx_error *err)
{
	const struct sbx_stdio stdio = {
		.in = -1,
		.out = capture ? -1 : STDERR_FILENO,
		.err = capture ? -1 : STDERR_FILENO,
	};
	char cache[PATH_MAX];
	bool keep = find_cache(cache);
	int r = 0;

	if (keep)
		r = sbx_built_find(building->plan, cache, &building->built,
		                   err);
	if (r < 0 || building->built)
		return r;
	r = run_box(building->plan, &stdio, NULL, &building->box, err);
	if (r != 0)
		return r;
	if (strcmp(sbx_box_outcome(building->box).status, "success") != 0)
		return 125; /* it was over before it could be ended */
	r = sbx_built_take(building->box, &building->built, err);
	if (r == 0 && keep)
		r = sbx_built_keep(building->plan, cache, building->built, err);
	return r;
}

void building_free(struct building *building)
{
	sbx_built_free(building->built);
	sbx_box_close(building->box);
	sbx_plan_free(building->plan);
	sbx_spec_free(building->spec);
}
