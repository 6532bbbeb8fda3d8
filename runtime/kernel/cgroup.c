/* SPDX-License-Identifier: MIT */
#include "kernel/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "kernel/probe.h"

#define LEAF_PREFIX "sbx-run-"
#define SUPERVISOR  "sbx-supervisor"

/* Processes that fork while they are moved leave children behind; a few
 * rounds catch those. */
#define ROUNDS 16

uint64_t cgroup_number(const char *text, const char *key)
{
	size_t len = key ? strlen(key) : 0;

	while (key && (strncmp(text, key, len) != 0 || text[len] != ' ')) {
		text += strcspn(text, "\n");
		if (!*text++)
			return 0;
	}
	return strtoull(text + len, NULL, 10);
}

/* Moves what is in the parent into its child: every process, for one alone
 * that stays would keep the controllers out. */
static int move_down(int parent)
{
	CLEANUP_FD int child = -1;
	char pids[4096] = "";
	int r;

	if (mkdirat(parent, SUPERVISOR, 0755) < 0 && errno != EEXIST)
		return -errno;
	child = openat(parent, SUPERVISOR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (child < 0)
		return -errno;
	for (int round = 0; round < ROUNDS; round++) {
		r = file_get(parent, "cgroup.procs", pids, sizeof(pids));
		if (r <= 0)
			return r;
		for (char *end, *pid = pids; (end = strchr(pid, '\n'));
		     pid = end + 1) {
			*end = '\0';
			r = file_put(child, "cgroup.procs", pid);
			if (r < 0 && r != -ESRCH)
				return r;
		}
	}
	return 0;
}

static int enable(int parent, uint32_t controllers)
{
	char text[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < N_CONTROLLERS; i++)
		if (controllers & (1u << i))
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			                        " +%s", controller_names[i]);
	return file_put(parent, "cgroup.subtree_control", text);
}

int cgroup_prepare(const struct cgroup_parent *parent, struct sbx_error *err)
{
	CLEANUP_FD int fd = -1;
	int r = -EBUSY;

	if (!parent->missing)
		return 0;
	fd = open(parent->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, SBX_STAGE_CLONE, errno, "cgroup %s",
		               parent->path);
	for (int round = 0; round < ROUNDS && r == -EBUSY; round++) {
		r = parent->crowded ? move_down(fd) : 0;
		if (r == 0)
			r = enable(fd, parent->missing);
	}
	if (r < 0)
		return err_set(err, SBX_STAGE_CLONE, -r,
		               "enable the controllers of cgroup %s",
		               parent->path);
	return 0;
}

/* A leaf that is locked is in use. The sweep of another process may have
 * taken it before it was locked: then it is gone. */
static int make_locked(struct cgroup_leaf *leaf)
{
	char id[33];
	int r;

	r = probe_random_id(id);
	if (r < 0)
		return r;
	(void)snprintf(leaf->name, sizeof(leaf->name), LEAF_PREFIX "%s", id);
	if (mkdirat(leaf->parent, leaf->name, 0755) < 0)
		return -errno;
	leaf->fd = openat(leaf->parent, leaf->name,
	                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (leaf->fd >= 0 && flock(leaf->fd, LOCK_EX | LOCK_NB) == 0 &&
	    faccessat(leaf->fd, "cgroup.procs", F_OK, 0) == 0)
		return 0;
	r = -errno;
	cleanup_fd(&leaf->fd);
	leaf->fd = -1;
	return r;
}

int cgroup_leaf_make(const struct cgroup_parent *parent,
                     struct cgroup_leaf *leaf, struct sbx_error *err)
{
	struct cgroup_leaf made = CGROUP_LEAF_NONE;
	int r = -EAGAIN;

	made.parent = open(parent->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (made.parent < 0)
		return err_set(err, SBX_STAGE_CLONE, errno, "cgroup %s",
		               parent->path);
	for (int i = 0; i < ROUNDS && (r == -EAGAIN || r == -ENOENT); i++)
		r = make_locked(&made);
	if (r < 0) {
		(void)close(made.parent);
		return err_set(err, SBX_STAGE_CLONE, -r,
		               "make a cgroup below %s", parent->path);
	}
	*leaf = made;
	return 0;
}

/* A zygote's has its boxes' below it. */
static void remove_children(int cgroup)
{
	int fd = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int unread; /* keeps the leaf from going: the next try, or start */
	DIR *dir = file_list(fd < 0 ? -errno : fd, &unread);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = file_entry(dir, &unread)))
		if (entry->d_type == DT_DIR)
			(void)unlinkat(cgroup, entry->d_name, AT_REMOVEDIR);
	(void)closedir(dir);
}

/* 0 or -errno; -EBUSY while anything is in it. */
static int try_remove(const struct cgroup_leaf *leaf)
{
	if (leaf->divided)
		remove_children(leaf->fd);
	return unlinkat(leaf->parent, leaf->name, AT_REMOVEDIR) < 0 ? -errno
	                                                            : 0;
}

void cgroup_leaf_remove(struct cgroup_leaf *leaf)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	int r;

	if (leaf->fd < 0)
		return;
	r = try_remove(leaf);
	if (r == -EBUSY)
		(void)file_put(leaf->fd, "cgroup.kill", "1");
	/* What is dying has left the cgroup a moment later. */
	for (int i = 0; i < 100 && r == -EBUSY; i++) {
		(void)nanosleep(&moment, NULL);
		r = try_remove(leaf);
	}
	(void)close(leaf->fd);
	(void)close(leaf->parent);
	*leaf = (struct cgroup_leaf)CGROUP_LEAF_NONE;
}

static void sweep_one(int parent, const char *name)
{
	CLEANUP_FD int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	(void)file_put(fd, "cgroup.kill", "1");
	remove_children(fd);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

void cgroup_sweep(int parent)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int unread; /* is there for the next start's sweep */
	DIR *dir = file_list(fd < 0 ? -errno : fd, &unread);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = file_entry(dir, &unread)))
		if (strncmp(entry->d_name, LEAF_PREFIX, strlen(LEAF_PREFIX)) ==
		    0)
			sweep_one(parent, entry->d_name);
	(void)closedir(dir);
}
