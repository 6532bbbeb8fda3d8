/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/def.h"
#include "box/session.h"
#include "kernel/mount.h"
#include "kernel/sys.h"

int session_layers(const struct sbx_plan *plan, pid_t pid)
{
	CLEANUP_FD int userns = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	return userns < 0 ? -errno : mount_mapped(plan->layers, userns);
}

int session_mount(const struct step *step, int tree)
{
	(void)tree;
	/* The mark that hides what a directory held before it was removed and
	 * made again. */
	if (setxattr(SESSION_UPPER, "user.sbx", "", 0, 0) < 0 ||
	    removexattr(SESSION_UPPER, "user.sbx") < 0)
		return -errno;
	/* Short names: the kernel takes 255 bytes of them. */
	if (chdir(SESSION_LAYERS) < 0)
		return -errno;
	tree = mount_overlay(step->source, SESSION_UPPER, SESSION_WORK);
	if (chdir("/") < 0)
		return -errno;
	return tree < 0 ? tree : mount_attach(tree, step->path);
}

int session_directory(const struct step *step)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	CLEANUP_FD int fd = -1;

	if (mkdir(step->path, step->mode) < 0 && errno != EEXIST)
		return -errno;
	fd = sys_openat2(AT_FDCWD, step->path, &how);
	return fd < 0 ? -errno : 0;
}
