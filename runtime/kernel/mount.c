/* SPDX-License-Identifier: MIT */
#include "kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/def.h"
#include "kernel/sys.h"

/* <sys/mount.h> and <linux/mount.h> of some releases clash, so only the
 * second is included and the calls are made by number. */
static int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static int sys_mount_setattr(int fd, const char *path, unsigned flags,
                             struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, fd, path, flags, attr,
	                    sizeof(*attr));
}

static int sys_fsconfig(int fd, unsigned command, const char *key,
                        const void *value)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}

#define MS_PRIVATE_ (1 << 18) /* MS_PRIVATE of <sys/mount.h> */
#define MNT_DETACH_ 2

static int copy_tree(int dirfd, const char *path, unsigned flags, uint64_t set)
{
	struct mount_attr attr = {
		.attr_set = set,
		.propagation = MS_PRIVATE_,
	};
	CLEANUP_FD int fd = -1;

	fd = sys_open_tree(dirfd, path,
	                   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (flags & AT_RECURSIVE),
	                      &attr) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* No symbolic link on the way: the path was resolved when the plan was made,
 * and whoever puts a link there since then gets an error. */
static int open_resolved(const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd = sys_openat2(AT_FDCWD, path, &how);

	return fd < 0 ? -errno : fd;
}

int mount_tree(const char *path, bool writable)
{
	uint64_t set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	CLEANUP_FD int fd = -1;

	if (!writable)
		set |= MOUNT_ATTR_RDONLY;
	fd = open_resolved(path);
	return fd < 0 ? fd
	              : copy_tree(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, set);
}

int mount_exact(const char *path, dev_t device, ino_t inode)
{
	CLEANUP_FD int fd = open_resolved(path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_dev != device || st.st_ino != inode)
		return -ESTALE;
	return copy_tree(fd, "", AT_EMPTY_PATH,
	                 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
	                         MOUNT_ATTR_NODEV);
}

int mount_mapped(const char *path, int userns)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns,
	};
	CLEANUP_FD int fd = -1, tree = -1;

	fd = open_resolved(path);
	if (fd < 0)
		return fd;
	tree = copy_tree(fd, "", AT_EMPTY_PATH,
	                 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
	                         MOUNT_ATTR_NODEV);
	if (tree < 0)
		return tree;
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		return -errno;
	return TAKE_FD(tree);
}

int mount_device(const char *path, dev_t device)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	fd = copy_tree(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW,
	               MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
	                       MOUNT_ATTR_RDONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != device)
		return -ENXIO;
	return TAKE_FD(fd);
}

int mount_own(const char *path)
{
	int fd = sys_open_tree(AT_FDCWD, path,
	                       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

struct fs_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

static int new_filesystem(const char *type, const struct fs_option *options,
                          unsigned attributes)
{
	CLEANUP_FD int fs = -1;
	int fd;

	fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	for (; options->key; options++)
		if (sys_fsconfig(fs,
		                 options->value ? FSCONFIG_SET_STRING
		                                : FSCONFIG_SET_FLAG,
		                 options->key, options->value) < 0)
			return -errno;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
	return fd < 0 ? -errno : fd;
}

int mount_tmpfs(uint64_t bytes, uint64_t inodes)
{
	char size[32], count[32];
	const struct fs_option options[] = {
		{"size", size}, {"nr_inodes", count}, {"mode", "0755"}, {0}};

	(void)snprintf(size, sizeof(size), "%ju", (uintmax_t)bytes);
	(void)snprintf(count, sizeof(count), "%ju", (uintmax_t)inodes);
	return new_filesystem("tmpfs", options,
	                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

int mount_proc(void)
{
	const struct fs_option options[] = {{0}};

	return new_filesystem("proc", options,
	                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
	                              MOUNT_ATTR_NOEXEC);
}

int mount_pts(void)
{
	const struct fs_option options[] = {
		{"ptmxmode", "0666"}, {"mode", "0620"}, {"max", "64"}, {0}};

	return new_filesystem("devpts", options,
	                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

int mount_overlay(const char *lower, const char *upper, const char *work)
{
	const struct fs_option options[] = {{"userxattr", NULL},
	                                    {"lowerdir", lower},
	                                    {"upperdir", upper},
	                                    {"workdir", work},
	                                    {0}};

	return new_filesystem("overlay", options,
	                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

int mount_attach(int tree, const char *path)
{
	/* Without MOVE_MOUNT_T_SYMLINKS the last component is not followed,
	 * and what lies before it is ours: the root is already the box's. */
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, path,
	            MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mount_enter(int tree)
{
	int r;

	/* The tree goes on top of the root, pivot_root swaps the two, and the
	 * old root, now on top of the new one, is taken off. */
	r = mount_attach(tree, "/");
	if (r < 0)
		return r;
	if (fchdir(tree) < 0 || sys_pivot_root(".", ".") < 0 ||
	    syscall(SYS_umount2, ".", MNT_DETACH_) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

int mount_seal(const char *path)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (sys_mount_setattr(AT_FDCWD, path, 0, &attr) < 0)
		return -errno;
	return 0;
}
