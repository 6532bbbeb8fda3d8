/* SPDX-License-Identifier: MIT */
/* Where things of the box are on the host. */
#include "box/find.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "kernel/probe.h"
#include "model/plan.h"

static const char *const closed_trees[] = {"/proc", "/sys", "/dev",
                                           IDMAP_STATE_DIR};

/* path is root itself or below it. */
static bool is_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/');
}

bool bind_source_ok(const char *path)
{
	if (strcmp(path, "/") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(closed_trees); i++)
		if (is_below(path, closed_trees[i]))
			return false;
	return !is_below(IDMAP_STATE_DIR, path);
}

/* The host's path of a path inside, or false where the host has none: what
 * the box makes itself. */
static bool host_path(const struct sbx_spec *spec, const char *inside,
                      char *path, size_t size)
{
	const struct bind *bind, *best = NULL;

	for (bind = spec->binds; bind; bind = bind->next)
		if (is_below(inside, bind->target) &&
		    (!best || strlen(bind->target) >= strlen(best->target)))
			best = bind;
	if (best) {
		(void)snprintf(path, size, "%s%s", best->source,
		               inside + strlen(best->target));
		return true;
	}
	for (size_t i = 0; i < N_ROOT_ENTRIES; i++) {
		char root[16];

		(void)snprintf(root, sizeof(root), "/%s", root_entries[i]);
		if (is_below(inside, root)) {
			(void)snprintf(path, size, "%s", inside);
			return true;
		}
	}
	return false;
}

/* 0: it is there; 1: only the exec can tell; or why not, -ENOENT where there is
 * none. */
static int try_path(const struct sbx_spec *spec, const char *inside)
{
	char path[PATH_MAX];

	if (!host_path(spec, inside, path, sizeof(path)))
		return 1;
	return probe_executable(path);
}

static int no_memory(struct sbx_error *err)
{
	return err_say(err, SBX_STAGE_PLAN, ENOMEM, "no memory left");
}

static const char *path_variable(const struct sbx_spec *spec)
{
	for (size_t i = 0; i < spec->env.n; i++)
		if (strncmp(spec->env.items[i], "PATH=", 5) == 0)
			return spec->env.items[i] + 5;
	return "/usr/bin:/bin"; /* as execvp(3) without one */
}

static int missing(const struct sbx_spec *spec, const char *name,
                   const char *where, struct sbx_error *err)
{
	if (spec->package && spec->program.kind != PROGRAM_COMMAND)
		return err_say(err, SBX_STAGE_EXEC, ENOENT,
		               "%s: not found in %s: install it, on Debian "
		               "with \"apt-get install %s\"",
		               name, where, spec->package);
	return err_say(err, SBX_STAGE_EXEC, ENOENT, "%s: not found in %s", name,
	               where);
}

static int search(const struct sbx_spec *spec, struct arena *arena,
                  const char *name, const char **found, struct sbx_error *err)
{
	const char *path = path_variable(spec), *part = path;
	int other = 0; /* than that it is not there; the first */

	while (*part) {
		size_t len = strcspn(part, ":");
		char *inside =
			arena_printf(arena, "%.*s/%s", (int)len, part, name);
		int r;

		if (!inside)
			return no_memory(err);
		r = try_path(spec, inside);
		if (r == 0) {
			*found = inside;
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
		return search(spec, arena, name, &facts->executable, err);
	inside = name[0] == '/' ? name
	                        : arena_printf(arena, "%s/%s",
	                                       spec->workdir.text, name);
	if (!inside)
		return no_memory(err);
	r = try_path(spec, inside);
	if (r == -ENOENT)
		return missing(spec, name, "the root tree", err);
	if (r < 0)
		return err_set(err, SBX_STAGE_EXEC, -r, "%s", name);
	facts->executable = inside;
	return 0;
}
