/* SPDX-License-Identifier: MIT */
/* Which cgroup leaves can be made in. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/cgroup.h"

const char *const controller_names[N_CONTROLLERS] = {
	[CONTROLLER_CPU] = "cpu",
	[CONTROLLER_MEMORY] = "memory",
	[CONTROLLER_PIDS] = "pids",
};

/* Without these two a cgroup is of no use: what fills memory and what forks
 * without end is what takes a host down. */
#define NEEDED ((1u << CONTROLLER_MEMORY) | (1u << CONTROLLER_PIDS))

uint32_t cgroup_controllers(const char *text)
{
	uint32_t found = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		for (size_t i = 0; i < N_CONTROLLERS; i++)
			if (strlen(controller_names[i]) == len &&
			    strncmp(text, controller_names[i], len) == 0)
				found |= 1u << i;
		text += len;
		text += strspn(text, " \n");
	}
	return found;
}

/* The caller's cgroup as a path from the root of its cgroup namespace. */
static int own_path(char *path, size_t size)
{
	struct buffer text CLEANUP(buffer_free) = {0};
	int r = file_read_text("/proc/self/cgroup", 65536, &text), len;

	if (r < 0)
		return r;
	for (const char *line = text.data; *line;) {
		len = (int)strcspn(line, "\n");
		if (strncmp(line, "0::/", 4) == 0) {
			r = snprintf(path, size, "%.*s", len - 3, line + 3);
			return r < (int)size ? 0 : -ENAMETOOLONG;
		}
		line += len;
		line += *line == '\n';
	}
	return -ENOENT;
}

static bool is_marked(const char *path)
{
	static const char *const names[] = {"user.delegate",
	                                    "trusted.delegate"};
	char value;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (getxattr(path, names[i], &value, 1) == 1 && value == '1')
			return true;
	return false;
}

static bool may_manage(int cgroup)
{
	return faccessat(cgroup, "cgroup.procs", W_OK, AT_EACCESS) == 0 &&
	       faccessat(cgroup, "cgroup.subtree_control", W_OK, AT_EACCESS) ==
	               0;
}

/* The host's root cgroup may have processes and controllers at once. It alone
 * has no type. */
static bool is_crowded(int cgroup)
{
	char text[16];

	return faccessat(cgroup, "cgroup.type", F_OK, 0) == 0 &&
	       file_get(cgroup, "cgroup.procs", text, sizeof(text)) > 0;
}

static int look(const char *path, struct cgroup_parent *parent,
                struct sbx_error *err)
{
	CLEANUP_FD int cgroup = -1;
	char text[256];
	int r;

	cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "cgroup %s", path);
	if (!may_manage(cgroup))
		return err_say(err, SBX_STAGE_PLAN, EACCES,
		               "cgroup %s is not delegated to this user", path);
	r = file_get(cgroup, "cgroup.controllers", text, sizeof(text));
	if (r >= 0) {
		parent->controllers = cgroup_controllers(text);
		r = file_get(cgroup, "cgroup.subtree_control", text,
		             sizeof(text));
	}
	if (r < 0)
		return err_set(err, SBX_STAGE_PLAN, -r,
		               "controllers of cgroup %s", path);
	if ((parent->controllers & NEEDED) != NEEDED)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "cgroup %s has no memory or no pids controller",
		               path);
	parent->missing = parent->controllers & ~cgroup_controllers(text);
	parent->crowded = parent->missing && is_crowded(cgroup);
	return 0;
}

static bool is_given(const char *path)
{
	CLEANUP_FD int cgroup = -1;

	if (geteuid() == 0 || strstr(path, "/user@"))
		return false;
	cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cgroup >= 0 && may_manage(cgroup);
}

static bool is_delegated(const char *path)
{
	return strcmp(path, CGROUP_ROOT "/") == 0 || is_marked(path) ||
	       is_given(path);
}

static int find_own(char *path, size_t size, struct sbx_error *err)
{
	const size_t root = strlen(CGROUP_ROOT);
	char *slash;
	int r;

	memcpy(path, CGROUP_ROOT, root);
	r = own_path(path + root, size - root);
	if (r < 0)
		return err_set(err, SBX_STAGE_PLAN, -r,
		               "find the cgroup that sbx is in");
	if (is_delegated(path))
		return 0;
	/* The processes of a delegated cgroup may have moved down. */
	slash = strrchr(path, '/');
	slash[slash == path + root] = '\0';
	if (is_delegated(path))
		return 0;
	return err_say(err, SBX_STAGE_PLAN, ENOENT,
	               "no cgroup is delegated to sbx here");
}

int cgroup_find(const char *path, struct arena *arena,
                struct cgroup_parent *parent, struct sbx_error *err)
{
	struct cgroup_parent found = {0};
	char own[PATH_MAX];
	struct statfs fs;
	int r = 0;

	if (statfs(path ? path : CGROUP_ROOT, &fs) < 0)
		return err_set(err, SBX_STAGE_PLAN, errno, "cgroup %s",
		               path ? path : CGROUP_ROOT);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_say(err, SBX_STAGE_PLAN, ENOTSUP,
		               "%s is not a cgroup v2",
		               path ? path : CGROUP_ROOT);
	if (!path)
		r = find_own(own, sizeof(own), err);
	if (r == 0)
		r = look(path ? path : own, &found, err);
	if (r < 0)
		return r;
	found.path = arena_strdup(arena, path ? path : own);
	if (!found.path)
		return err_memory(err, SBX_STAGE_PLAN);
	*parent = found;
	return 0;
}
