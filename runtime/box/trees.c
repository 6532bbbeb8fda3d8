/* SPDX-License-Identifier: MIT */
#include "box/trees.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/probe.h"

#define MAX_ETC 96

/* The first directory of the caller's that has it. *dir is NULL: none. */
static int find(const struct sbx_spec *spec, struct arena *arena,
                const char *name, const char **dir, struct sbx_error *err)
{
	*dir = NULL;
	for (size_t i = 0; spec->tree_dirs && spec->tree_dirs[i]; i++) {
		const char *path =
			arena_printf(arena, "%s/%s", spec->tree_dirs[i], name);

		if (!path)
			return err_memory(err, SBX_STAGE_PLAN);
		int kind = probe_kind(path);
		if (kind < 0)
			return err_set(err, SBX_STAGE_PLAN, -kind, "look at %s",
			               path);
		if (kind == PROBE_DIRECTORY) {
			*dir = path;
			return 0;
		}
	}
	return 0;
}

/* The path of the tree in it, or NULL and why. */
static const char *look(const struct sbx_spec *spec, struct arena *arena,
                        const char *dir, const char *what,
                        struct sbx_error *err)
{
	const char *tree = arena_printf(arena, "%s/tree", dir);

	if (!tree)
		(void)err_memory(err, SBX_STAGE_PLAN);
	else if (probe_kind(tree) != PROBE_DIRECTORY)
		(void)err_say(err, SBX_STAGE_PLAN, ENOENT,
		              "%s: %s is not what sbx-rootfs makes", what, dir);
	else if (!(spec->require & (1u << LAYER_VERIFIED)) ||
	         tree_verify(dir, what, err) == 0)
		return tree;
	return NULL;
}

/* What of the tree's etc is not the box's own. */
static bool is_wanted(const char *name)
{
	static const char *const own[] = {
		"passwd",      "group",        "shadow",      "gshadow",
		"hosts",       "hostname",     "resolv.conf", "nsswitch.conf",
		"protocols",   "services",     "localtime",   "mtab",
		"ld.so.cache", "alternatives",
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(name, own[i]) == 0)
			return false;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct etc_entry *)a)->name,
	              ((const struct etc_entry *)b)->name);
}

static int add_etc(struct arena *arena, const char *tree, const char *name,
                   struct etc_entry *entry)
{
	char path[PATH_MAX], target[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/etc/%s", tree, name);
	*entry = (struct etc_entry){.name = arena_strdup(arena, name),
	                            .kind = probe_kind(path)};
	if (!entry->name)
		return -ENOMEM;
	if (entry->kind != PROBE_LINK)
		return 0;
	int r = probe_link(path, target, sizeof(target));
	if (r == 0)
		entry->link = arena_strdup(arena, target);
	return r < 0 || entry->link ? r : -ENOMEM;
}

static int collect_etc(struct arena *arena, struct facts *facts,
                       struct sbx_error *err)
{
	const char *path = arena_printf(arena, "%s/etc", facts->tree);
	struct etc_entry *list =
		arena_alloc(arena, (MAX_ETC + 1) * sizeof(*list));
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;
	int r = 0;

	if (!path || !list)
		return err_memory(err, SBX_STAGE_PLAN);
	facts->etc = list;
	dir = opendir(path);
	if (!dir && errno != ENOENT)
		r = -errno;
	while (dir && r == 0 && (entry = file_entry(dir, &r))) {
		if (!is_wanted(entry->d_name))
			continue;
		r = n < MAX_ETC ? add_etc(arena, facts->tree, entry->d_name,
		                          &list[n++])
		                : -E2BIG;
	}
	if (dir)
		(void)closedir(dir);
	qsort(list, n, sizeof(*list), by_name);
	return r < 0 ? err_set(err, SBX_STAGE_PLAN, -r, "look at %s", path) : 0;
}

static int collect_root(const struct sbx_spec *spec, struct arena *arena,
                        struct facts *facts, struct sbx_error *err)
{
	const char *name = spec->rootfs, *dir, *what;
	int r;

	if (strcmp(name, "host") == 0)
		return spec->require & (1u << LAYER_VERIFIED)
		               ? err_say(err, SBX_STAGE_PLAN, EINVAL,
		                         "verified is required, and the root "
		                         "tree is the host's own, which has no "
		                         "manifest: name a tree of sbx-rootfs, "
		                         "as with --rootfs")
		               : 0;
	what = arena_printf(arena, "root tree %s", name);
	if (!what)
		return err_memory(err, SBX_STAGE_PLAN);
	r = find(spec, arena, arena_printf(arena, "rootfs/%s", name), &dir,
	         err);
	if (r == 0 && !dir)
		return err_say(err, SBX_STAGE_PLAN, ENOENT,
		               "%s: is not there: make it with \"sbx-rootfs "
		               "build %s\"; sbx-rootfs list shows what is",
		               what, name);
	if (r < 0)
		return r;
	facts->tree = look(spec, arena, dir, what, err);
	return facts->tree ? collect_etc(arena, facts, err) : -EINVAL;
}

static int collect_layers(const struct sbx_spec *spec, struct arena *arena,
                          struct facts *facts, struct sbx_error *err)
{
	const struct strings *names = &spec->packages;
	const char **trees =
		arena_alloc(arena, (names->n + 1) * sizeof(*trees));
	int r = trees ? 0 : err_memory(err, SBX_STAGE_PLAN);

	facts->layers = trees;
	for (size_t i = 0; i < names->n && r == 0; i++) {
		const char *name = names->items[i], *dir;
		const char *what = arena_printf(arena, "package %s", name);
		const char *below = arena_printf(arena, "layers/%s", name);

		if (!what || !below)
			return err_memory(err, SBX_STAGE_PLAN);
		r = find(spec, arena, below, &dir, err);
		if (r == 0 && !dir)
			return err_say(err, SBX_STAGE_PLAN, ENOENT,
			               "%s: there is no such layer: make it "
			               "with \"sbx-rootfs layer %s --pip|--npm|"
			               "--deb PACKAGE\"",
			               what, name);
		if (r < 0)
			return r;
		trees[i] = look(spec, arena, dir, what, err);
		r = trees[i] ? 0 : -EINVAL;
	}
	return r;
}

int trees_collect(const struct sbx_spec *spec, struct arena *arena,
                  struct facts *facts, struct sbx_error *err)
{
	int r = collect_root(spec, arena, facts, err);

	return r < 0 ? r : collect_layers(spec, arena, facts, err);
}

void sbx_spec_trees(struct sbx_spec *spec, const char *const *dirs)
{
	spec->tree_dirs = dirs;
}
