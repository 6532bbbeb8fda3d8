/* SPDX-License-Identifier: MIT */
/* Each kind of mount that a run's root is made of, by the functions that make
 * it there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "check.h"
#include "kernel/mount.h"
#include "kernel/sys.h"

#define BYTES  (1 << 20)
#define INODES 64

/* A tmpfs of our own as the root: what all others are attached to. */
static int enter_root(struct finding *found)
{
	CLEANUP_FD int tmpfs = mount_tmpfs(BYTES, INODES);
	int r = tmpfs < 0 ? tmpfs : mount_enter(tmpfs);

	return r < 0 ? found_errno(found, -r, "enter a tmpfs as the root") : 0;
}

/* Attached to a directory of the new root. */
static int attach(int tree, const char *what, struct finding *found)
{
	int r;

	if (mkdir("/at", 0755) < 0)
		return found_errno(found, errno, "mkdir in a tmpfs");
	r = mount_attach(tree, "/at");
	return r < 0 ? found_errno(found, -r, "attach a %s", what) : 0;
}

/* Whether a file can be made there. */
static bool can_write(const char *path)
{
	CLEANUP_FD int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0;
}

int work_api(const struct probe *probe, struct finding *found)
{
	CLEANUP_FD int tree = mount_tree("/usr", false);

	(void)probe;
	if (tree < 0)
		return found_errno(found, -tree,
		                   "open_tree and mount_setattr of /usr");
	return found_good(found, "a detached, read-only copy of a tree");
}

int work_tmpfs(const struct probe *probe, struct finding *found)
{
	char byte[4096] = {0};
	CLEANUP_FD int fd = -1;
	ssize_t n = 0;

	(void)probe;
	if (enter_root(found) < 0)
		return -found->code;
	fd = open("/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return found_errno(found, errno, "make a file in a tmpfs");
	for (int i = 0; n >= 0 && i < 2 * BYTES / (int)sizeof(byte); i++)
		n = write(fd, byte, sizeof(byte));
	if (n >= 0 || errno != ENOSPC)
		return found_wrong(found, 0, "its size does not hold");
	return found_good(found, "mounted, and its size holds");
}

int work_bind(const struct probe *probe, struct finding *found)
{
	CLEANUP_FD int tree = mount_tree("/usr", false);

	(void)probe;
	if (tree < 0)
		return found_errno(found, -tree, "take a copy of /usr");
	if (enter_root(found) < 0 || attach(tree, "bind of /usr", found) < 0)
		return -found->code;
	if (access("/at/bin", F_OK) < 0)
		return found_errno(found, errno, "look at /usr/bin in a bind");
	/* Nothing is changed, whatever the answer: there is no such name. */
	if (rmdir("/at/.sbx-check-none") == 0 || errno != EROFS)
		return found_wrong(found, 0, "a read-only bind is writable");
	return found_good(found, "/usr, read-only");
}

/* As /dev/null gets into a run: one node, which stays a device. */
int work_device(const struct probe *probe, struct finding *found)
{
	CLEANUP_FD int tree = mount_device("/dev/null", makedev(1, 3));
	CLEANUP_FD int fd = -1;

	(void)probe;
	if (tree < 0)
		return found_errno(found, -tree, "take a copy of /dev/null");
	if (enter_root(found) < 0)
		return -found->code;
	if (!can_write("/null"))
		return found_errno(found, errno, "make a file in a tmpfs");
	if (mount_attach(tree, "/null") < 0)
		return found_errno(found, errno, "attach a device");
	fd = open("/null", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "", 1) != 1)
		return found_errno(found, errno, "write to /dev/null");
	return found_good(found, "/dev/null, and it takes bytes");
}

int work_proc(const struct probe *probe, struct finding *found)
{
	CLEANUP_FD int tree = mount_proc();
	char self[16] = "";

	(void)probe;
	if (tree < 0)
		return found_errno(found, -tree, "mount a new /proc");
	if (enter_root(found) < 0 || attach(tree, "proc", found) < 0)
		return -found->code;
	if (readlink("/at/self", self, sizeof(self) - 1) < 0)
		return found_errno(found, errno, "read it");
	if (strcmp(self, "1") != 0)
		return found_wrong(found, 0, "it is of another pid namespace");
	return found_good(found, "mounted, and shows the sandbox alone");
}

int work_pts(const struct probe *probe, struct finding *found)
{
	CLEANUP_FD int tree = mount_pts();
	CLEANUP_FD int fd = -1;

	(void)probe;
	if (tree < 0)
		return found_errno(found, -tree, "mount a devpts");
	if (enter_root(found) < 0 || attach(tree, "devpts", found) < 0)
		return -found->code;
	fd = open("/at/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return found_errno(found, errno, "open a terminal in it");
	return found_good(found, "mounted, and a terminal opened");
}

int work_seal(const struct probe *probe, struct finding *found)
{
	int r;

	(void)probe;
	if (enter_root(found) < 0)
		return -found->code;
	if (!can_write("/before"))
		return found_errno(found, errno, "make a file in a tmpfs");
	r = mount_seal("/");
	if (r < 0)
		return found_errno(found, -r, "make the root read-only");
	if (can_write("/after") || errno != EROFS)
		return found_wrong(found, 0, "sealed, and still writable");
	return found_good(found, "nothing can be written any more");
}

int work_pivot_root(const struct probe *probe, struct finding *found)
{
	struct stat before, after;

	(void)probe;
	if (stat("/", &before) < 0)
		return found_errno(found, errno, "look at the root");
	if (enter_root(found) < 0)
		return -found->code;
	if (stat("/", &after) < 0)
		return found_errno(found, errno, "look at the new root");
	if (before.st_dev == after.st_dev || access("/usr", F_OK) == 0)
		return found_wrong(found, 0, "the host's root is still there");
	return found_good(found, "the host's root is gone");
}

/* Mounted on a directory that is empty in every /proc, it hides nothing. */
static bool is_harmless(const char *path)
{
	return strcmp(path, "/proc/sys/fs/binfmt_misc") == 0 ||
	       strncmp(path, "/proc/fs/", 9) == 0;
}

/* The parts of this process's own /proc that are covered: the kernel makes no
 * new one that would show what they hide. */
static void list_covers(char *list, size_t size)
{
	struct buffer mounts = {0};
	char *line, *next, at[256];
	size_t len = 0;

	list[0] = '\0';
	if (file_read_text("/proc/self/mountinfo", 4 << 20, &mounts) < 0)
		mounts.len = 0;
	for (line = mounts.len ? mounts.data : NULL; line && *line;
	     line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : line + strlen(line);
		if (sscanf(line, "%*s %*s %*s %*s %255s", at) == 1 &&
		    strncmp(at, "/proc/", 6) == 0 && !is_harmless(at) &&
		    len < size)
			len += (size_t)snprintf(list + len, size - len, "%s%s",
			                        len ? " " : "", at);
	}
	buffer_free(&mounts);
}

int try_proc(const struct probe *probe, const struct host *host,
             struct finding *found)
{
	int r = inside_try(probe, host, found);
	char covers[256];

	if (r != -EPERM && r != -EACCES)
		return r;
	list_covers(covers, sizeof(covers));
	if (access("/proc/self", F_OK) < 0) {
		found_remedy(found, REMEDY_PROC_NONE, NULL);
		return found_wrong(found, -r, "no /proc is mounted here");
	}
	if (!covers[0])
		return r;
	found_remedy(found, REMEDY_PROC_MASK, covers);
	return found_wrong(found, -r,
	                   "parts of this host's own /proc are covered: %s",
	                   covers);
}
