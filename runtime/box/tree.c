/* SPDX-License-Identifier: MIT */
#include "box/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/def.h"
#include "base/file.h"
#include "kernel/sys.h"

#define OPAQUE "user.overlay.opaque"

static int open_beneath(int dir, const char *name, uint64_t flags)
{
	const uint64_t opens = flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY;
	const struct open_how how = {
		.flags = flags | opens | O_NOFOLLOW | O_CLOEXEC,
		.resolve =
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	int fd = sys_openat2(dir, name, &how);

	return fd < 0 ? -errno : fd;
}

/* Opens what is the caller's own, but closed to it by its mode. */
static int open_anyway(int dir, const char *name, uint64_t flags, mode_t mode)
{
	int fd = open_beneath(dir, name, flags);

	if (fd == -EACCES && fchmodat(dir, name, mode, 0) == 0)
		fd = open_beneath(dir, name, flags);
	return fd;
}

int tree_open(int dir, const char *name)
{
	return open_anyway(dir, name, O_RDONLY | O_DIRECTORY, 0700);
}

int tree_enter(int *dir, const char *name)
{
	int next = tree_open(*dir, name);

	if (next < 0)
		return next;
	(void)close(*dir);
	*dir = next;
	return 0;
}

int tree_stat(int dir, const char *path, struct stat *st)
{
	CLEANUP_FD int fd = open_beneath(dir, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, st) < 0 ? -errno : 0;
}

bool tree_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

bool tree_is_opaque(int fd)
{
	char value = 0;

	return fgetxattr(fd, OPAQUE, &value, 1) == 1 && value == 'y';
}

/* What holds for a file and a directory alike, at the end. */
static int settle(struct tree_job *job, int fd, const struct stat *st,
                  mode_t least)
{
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};

	if (job->owned && fchown(fd, job->id, job->id) < 0)
		return -errno;
	if (fchmod(fd, (st->st_mode & 0777) | least) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	/* Written out at the end, when one commit of the journal serves all;
	 * a large file begins now. */
	if (job->n_made < TREE_FEW) {
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		job->written[job->n_made] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (job->written[job->n_made] < 0)
			return -errno;
	}
	job->n_made++;
	return 0;
}

/* All that was made is on the disk, or there was a failure before. */
static int finish(struct tree_job *job, int to, int r)
{
	for (size_t i = 0; i < MIN(job->n_made, TREE_FEW); i++) {
		if (r == 0 && job->n_made <= TREE_FEW &&
		    fsync(job->written[i]) < 0)
			r = -errno;
		(void)close(job->written[i]);
	}
	if (r == 0 && job->n_made > TREE_FEW && syncfs(to) < 0)
		r = -errno;
	return r;
}

static int copy_anew(struct tree_job *job, int from, int to, const char *name,
                     const struct stat *st)
{
	CLEANUP_FD int source = -1, target = -1;
	int r;

	source = open_anyway(from, name, O_RDONLY, 0600);
	if (source < 0)
		return source;
	target = openat(to, name,
	                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                0600);
	if (target < 0)
		return -errno;
	r = tree_copy_data(source, target, st->st_size);
	return r < 0 ? r : settle(job, target, st, 0400);
}

static int link_to(int from, const char *name, int to, const char *new_name)
{
	return linkat(from, name, to, new_name, 0) < 0 ? -errno : 0;
}

/* A file of many names is copied once: all of them together may be far more
 * than the run had room for. */
static int copy_file(struct tree_job *job, int from, int to, const char *name,
                     const struct stat *st)
{
	char known[24];
	int r;

	if (job->link)
		return link_to(from, name, to, name);
	if (st->st_nlink < 2 || !job->known)
		return copy_anew(job, from, to, name, st);
	(void)snprintf(known, sizeof(known), "f%ju", (uintmax_t)st->st_ino);
	r = link_to(*job->known, known, to, name);
	if (r != -ENOENT)
		return r;
	r = copy_anew(job, from, to, name, st);
	return r < 0 ? r : link_to(to, name, *job->known, known);
}

static int copy_link(struct tree_job *job, int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return -errno;
	if (job->owned &&
	    fchownat(to, name, job->id, job->id, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_level(struct tree_job *job, const int *from, size_t n_from,
                      int to);

struct parts {
	int *fds; /* newest first */
	size_t n;
	bool hide; /* what is below all of them */
};

/* The directories of that name which make one together. */
static int open_parts(const int *from, size_t n_from, const char *name,
                      struct parts *parts)
{
	struct stat st;
	int fd;

	for (size_t i = 0; i < n_from && !parts->hide; i++) {
		if (fstatat(from[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		parts->hide = !S_ISDIR(st.st_mode);
		if (parts->hide)
			break;
		fd = tree_open(from[i], name);
		if (fd < 0)
			return fd;
		parts->fds[parts->n++] = fd;
		parts->hide = tree_is_opaque(fd);
	}
	return 0;
}

static int copy_directory(struct tree_job *job, const int *from, size_t n_from,
                          int to, const char *name)
{
	CLEANUP_FREE int *fds = calloc(n_from, sizeof(*fds));
	struct parts parts = {.fds = fds};
	CLEANUP_FD int made = -1;
	struct stat st;
	int r;

	if (!fds)
		return -ENOMEM;
	r = open_parts(from, n_from, name, &parts);
	if (r == 0 && (fstat(fds[0], &st) < 0 || mkdirat(to, name, 0700) < 0))
		r = -errno;
	if (r == 0) {
		made = tree_open(to, name);
		r = made < 0 ? made : copy_level(job, fds, parts.n, made);
	}
	if (r == 0 && job->keep && parts.hide &&
	    fsetxattr(made, OPAQUE, "y", 1, 0) < 0)
		r = -errno;
	if (r == 0)
		r = settle(job, made, &st, 0700);
	for (size_t i = 0; i < parts.n; i++)
		(void)close(fds[i]);
	return r;
}

static int copy_entry(struct tree_job *job, const int *from, size_t n_from,
                      int to, const char *name)
{
	struct stat st;

	if (fstatat(from[0], name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (job->see && !S_ISDIR(st.st_mode))
		job->see(job, &st, false);
	if (S_ISDIR(st.st_mode))
		return copy_directory(job, from, n_from, to, name);
	if (S_ISREG(st.st_mode))
		return copy_file(job, from[0], to, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(job, from[0], to, name);
	if (job->keep && tree_is_whiteout(&st))
		return mknodat(to, name, S_IFCHR, makedev(0, 0)) < 0 ? -errno
		                                                     : 0;
	return 0;
}

/* Whether a newer directory says what is there under that name. */
static bool is_hidden(const int *from, size_t n_newer, const char *name)
{
	struct stat st;

	for (size_t i = 0; i < n_newer; i++)
		if (fstatat(from[i], name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

static int push(struct tree_job *job, const char *name)
{
	size_t len = strlen(name);

	if (job->len + len + 2 > sizeof(job->path))
		return -ENAMETOOLONG;
	if (job->len > 0)
		job->path[job->len++] = '/';
	memcpy(job->path + job->len, name, len + 1);
	job->len += len;
	return 0;
}

/* All entries of one of the directories, from[at]. */
static int copy_one(struct tree_job *job, const int *from, size_t n_from,
                    size_t at, int to)
{
	int r = 0;
	DIR *list = file_list(tree_open(from[at], "."), &r);
	size_t len = job->len;
	struct dirent *entry;

	if (!list)
		return r;
	while (r == 0 && (entry = file_entry(list, &r))) {
		if (is_hidden(from, at, entry->d_name))
			continue;
		r = push(job, entry->d_name);
		if (r == 0)
			r = copy_entry(job, from + at, n_from - at, to,
			               entry->d_name);
		job->len = len;
		job->path[len] = '\0';
	}
	(void)closedir(list);
	return r;
}

static int copy_level(struct tree_job *job, const int *from, size_t n_from,
                      int to)
{
	struct stat st;
	int r = 0;

	if (++job->depth > TREE_DEPTH)
		return -ENAMETOOLONG;
	if (job->see && job->depth > 1 && fstat(from[0], &st) == 0)
		job->see(job, &st, tree_is_opaque(from[0]));
	for (size_t i = 0; i < n_from && r == 0; i++)
		r = copy_one(job, from, n_from, i, to);
	job->depth--;
	return r;
}

int tree_copy(struct tree_job *job, const int *from, size_t n_from, int to)
{
	struct stat st;
	int r;

	job->n_made = job->len = job->depth = 0;
	job->path[0] = '\0';
	r = copy_level(job, from, n_from, to);
	if (r == 0 && fstat(from[0], &st) < 0)
		r = -errno;
	if (r == 0)
		r = settle(job, to, &st, 0700);
	return finish(job, to, r);
}
