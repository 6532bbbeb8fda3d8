/* SPDX-License-Identifier: MIT */
/* Where things of the box are on the host. */
#include "box/find.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernel/probe.h"
#include "model/checks.h"
#include "model/plan.h"

/* The bind that a path inside is in, or NULL. */
static const struct bind *bind_of(const struct sbx_spec *spec,
                                  const char *inside)
{
	const struct bind *bind, *best = NULL;

	for (bind = spec->binds; bind; bind = bind->next)
		if (path_is_below(inside, bind->target) &&
		    (!best || strlen(bind->target) >= strlen(best->target)))
			best = bind;
	return best;
}

/* Whether the path is one of the root tree's, and not of what the box makes
 * itself. */
static bool is_shown(const struct facts *facts, const char *inside)
{
	size_t n = facts->tree ? N_ROOT_ENTRIES : N_HOST_ENTRIES;

	for (size_t i = 0; i < n; i++) {
		char root[16];

		(void)snprintf(root, sizeof(root), "/%s", root_entries[i]);
		if (path_is_below(inside, root))
			return true;
	}
	return false;
}

/* 0: it is there; 1: only the exec can tell; or why not, -ENOENT where there is
 * none. */
static int try_path(const struct sbx_spec *spec, const struct facts *facts,
                    const char *inside)
{
	const struct bind *bind = bind_of(spec, inside);
	char path[PATH_MAX];

	if (bind) {
		(void)snprintf(path, sizeof(path), "%s%s", bind->source,
		               inside + strlen(bind->target));
		return probe_executable(path);
	}
	for (size_t i = 0; i < spec->packages.n; i++) {
		(void)snprintf(path, sizeof(path), PACKAGES_PLACE "/%s",
		               spec->packages.items[i]);
		if (path_is_below(inside, path))
			return probe_executable_in(facts->layers[i],
			                           inside + strlen(path));
	}
	if (!is_shown(facts, inside))
		return 1;
	return facts->tree ? probe_executable_in(facts->tree, inside)
	                   : probe_executable(inside);
}

static const char *path_variable(char *const *envp)
{
	for (; *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return "/usr/bin:/bin"; /* as execvp(3) without one */
}

static int missing(const struct sbx_spec *spec, const char *name,
                   const char *where, struct sbx_error *err)
{
	if (strcmp(spec->rootfs, "host") != 0)
		return err_say(err, SBX_STAGE_EXEC, ENOENT,
		               "%s: not found in %s of the root tree %s: "
		               "build one that has it, or name another",
		               name, where, spec->rootfs);
	if (spec->package && spec->program.kind != PROGRAM_COMMAND)
		return err_say(err, SBX_STAGE_EXEC, ENOENT,
		               "%s: not found in %s: install it, on Debian "
		               "with \"apt-get install %s\"",
		               name, where, spec->package);
	return err_say(err, SBX_STAGE_EXEC, ENOENT, "%s: not found in %s", name,
	               where);
}

static int search(const struct sbx_spec *spec, struct arena *arena,
                  const char *name, struct facts *facts, struct sbx_error *err)
{
	const char *path, *part;
	char **envp;
	int other = 0; /* than that it is not there; the first */

	if (plan_environment(spec, facts, arena, &envp, err) < 0)
		return -ENOMEM;
	path = part = path_variable(envp);
	while (*part) {
		size_t len = strcspn(part, ":");
		char *inside =
			arena_printf(arena, "%.*s/%s", (int)len, part, name);
		int r;

		if (!inside)
			return err_memory(err, SBX_STAGE_PLAN);
		r = try_path(spec, facts, inside);
		if (r == 0) {
			facts->executable = inside;
			return 0;
		}
		if (r < 0 && r != -ENOENT && r != -EISDIR && other == 0)
			other = -r;
		part += len + (part[len] == ':');
	}
	if (other)
		return err_set(err, SBX_STAGE_EXEC, other, "%s", name);
	return missing(spec, name, *path ? path : "an empty PATH", err);
}

int find_executable(const struct sbx_spec *spec, struct arena *arena,
                    struct facts *facts, struct sbx_error *err)
{
	const char *name, *inside;
	char **argv;
	int r;

	r = plan_arguments(spec, facts->code_name, arena, &argv, err);
	if (r < 0)
		return r;
	name = argv[0];
	if (!strchr(name, '/'))
		return search(spec, arena, name, facts, err);
	inside = name[0] == '/' ? name
	                        : arena_printf(arena, "%s/%s",
	                                       spec->workdir.text, name);
	if (!inside)
		return err_memory(err, SBX_STAGE_PLAN);
	r = try_path(spec, facts, inside);
	if (r == -ENOENT)
		return missing(spec, name, "the root tree", err);
	if (r < 0)
		return err_set(err, SBX_STAGE_EXEC, -r, "%s", name);
	facts->executable = inside;
	return 0;
}
