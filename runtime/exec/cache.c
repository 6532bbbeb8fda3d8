/* SPDX-License-Identifier: MIT */
#include "exec/cache.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/def.h"

/* The directory for this owner's builds, made where it is not there. */
static bool find_place(const char *owner, char path[PATH_MAX])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const char *const below[] = {"",
	                             "/sbx",
	                             owner ? "/build-of" : "/build",
	                             owner ? "/" : NULL,
	                             owner,
	                             NULL};
	struct stat st;
	int len = 0;

	if (cache && cache[0] == '/')
		len = snprintf(path, PATH_MAX, "%s", cache);
	else if (home && home[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/.cache", home);
	if (len <= 0 || len > PATH_MAX - 64)
		return false;
	for (size_t i = 0; below[i]; i++) {
		(void)strcat(path, below[i]);
		(void)mkdir(path, 0700);
		/* The environment may name somebody else's; and who may write
		 * there has no link followed below. */
		if ((i ? lstat : stat)(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    st.st_uid != geteuid() || access(path, W_OK) < 0)
			return false;
	}
	return true;
}

int cache_find(const struct sbx_plan *plan, const char *owner,
               struct sbx_built **built, struct sbx_error *err)
{
	char path[PATH_MAX];

	*built = NULL;
	return find_place(owner, path) ? sbx_built_find(plan, path, built, err)
	                               : 0;
}

int cache_keep(const struct sbx_plan *plan, const char *owner,
               struct sbx_built **built, struct sbx_error *err)
{
	char path[PATH_MAX];

	return find_place(owner, path) ? sbx_built_keep(plan, path, built, err)
	                               : 0;
}
